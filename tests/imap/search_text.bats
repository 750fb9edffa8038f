# SPDX-License-Identifier: ISC
# SEARCH over text as people write it: character sets, scripts, forms
# (RFC 3501 6.4.4; what folds to what: lib/msg/fold.h).
load ../helper
load common

# found KEY TEXT WANT: messages in which TEXT, in UTF-8, is found.
found() {
	local got
	got=$(printf 'a EXAMINE INBOX\r\nb SEARCH CHARSET UTF-8 %s {%d+}\r\n%s\r\n' \
	    "$1" "$(printf %s "$2" | wc -c)" "$2" | yubin-imapd 2>/dev/null |
	    grep '^\* SEARCH' | tr -d '\r')
	[ "$got" = "* SEARCH${3:+ $3}" ] || {
		echo "SEARCH $1 $2: got '$got', want '$3'"
		return 1
	}
}

# part CHARSET: UTF-8 on standard input as the body of a message in it.
part() {
	printf 'Subject: x\nContent-Type: text/plain; charset=%s\n\n' "$1"
	iconv -f UTF-8 -t "$1"
}

@test "Japanese: a subject and a body in ISO-2022-JP, all widths" {
	deliver <"$BATS_TEST_DIRNAME/../msgs/iso2022jp.eml"
	{
		printf 'Subject: =?ISO-2022-JP?B?%s?=\n' \
		    "$(printf 'パソコンの件' | iconv -f UTF-8 -t ISO-2022-JP | base64)"
		echo 'テスト・ガイド（株）ＡＢＣ' | part ISO-2022-JP
	} | deliver
	echo 'ﾊﾟｿｺﾝのｶﾞｲﾄﾞ' | part SHIFT_JIS | deliver
	found SUBJECT 'パソコン' 2
	found SUBJECT 'ﾊﾟｿｺﾝ' 2
	found BODY 'ﾃｽﾄ･ｶﾞｲﾄﾞ' 2
	found BODY 'ガイド' '2 3'
	found BODY "$(printf 'カ\xe3\x82\x99イト\xe3\x82\x99')" '2 3'
	found BODY '(株)abc' 2
	found BODY '㈱ABC' 2
	# A letter is not the beginning of a voiced one.
	found BODY 'カイ' ''
	found BODY 'カ' ''
	found TEXT 'ﾊﾟｿｺﾝ' '2 3'
}

@test "every character set of mail" {
	local set text n=1700000000
	while read -r set text; do
		n=$((n + 1))
		echo "one $text two" | part "$set" >"$MAILDIR/new/$n.P1.host"
	done <<-'EOS'
		UTF-8 日本語
		ISO-2022-JP 日本語
		SHIFT_JIS 日本語
		EUC-JP 日本語
		GB18030 中国话
		GB2312 中国话
		BIG5 中國話
		EUC-KR 한국어
		KOI8-R Русский
		WINDOWS-1251 Русский
		WINDOWS-1250 Żółć
		WINDOWS-1252 Größe
		WINDOWS-1253 Ελλάς
		WINDOWS-1254 Türkçe
		WINDOWS-1255 עברית
		WINDOWS-1256 عربي
		WINDOWS-1257 Lietuviškai
		ISO-8859-2 Żółć
		UTF-7 日本語
		UTF-16BE 日本語
	EOS
	found BODY 'one 日本語 two' '1 2 3 4 19 20'
	found BODY '中国话' '5 6'
	found BODY '中國話' 7
	found BODY '한국어' 8
	found BODY 'РУССКИЙ' '9 10'
	found BODY 'żÓŁć' '11 18'
	found BODY 'GRÖSSE' 12
	found BODY 'ελλάσ' 13
	found BODY 'TÜRKÇE' 14
	found BODY 'עברית' 15
	found BODY 'عربي' 16
	found BODY 'LIETUVIŠKAI' 17
}

@test "letters without case, composed or not" {
	printf 'Subject: =?utf-8?q?Cafe=CC=81?= =?utf-8?q?_Stra=C3=9Fe?=\n\nﬁne\xc2\xa0İSTANBUL Isparta\n' | deliver
	printf 'Subject: CAFÉ\n\nΟΔΥΣΣΕΥΣ don\xe2\x80\x99t\n' | deliver
	found SUBJECT 'café' '1 2'
	found SUBJECT "$(printf 'cafe\xcc\x81 strasse')" 1
	found SUBJECT 'CAFÉ STRASSE' 1
	found SUBJECT 'cafè' ''
	found BODY 'FINE istanbul ısparta' 1
	found BODY 'οδυσσεύς' ''
	found BODY 'οδυσσευς' 2
	found BODY "DON'T" 2
}

@test "over the ends of lines, parts and nested messages" {
	deliver <<-'EOS'
		Subject: outer
		Content-Type: multipart/mixed; boundary=x

		--x
		Content-Type: text/plain; charset=utf-8
		Content-Transfer-Encoding: quoted-printable

		a soft li=
		ne, a hard
		  line and =e6=97=
		=a5=E6=9C=AC
		--x
		Content-Type: message/rfc822

		Subject: =?koi8-r?B?79TXxdQ=?=
		Content-Type: text/html; charset=utf-8
		Content-Transfer-Encoding: base64

		PHA+44OG44K5
		44OIPC9wPg==
		--x
		Content-Type: application/pdf; name*=utf-8''%e6%97%a5.pdf

		no text of any kind
		--x--
	EOS
	found BODY 'soft line, a hard line' 1
	found BODY '日本' 1
	found BODY 'ответ' 1
	found BODY 'テスト</p>' 1
	found BODY 'outer' ''
	found BODY 'no text of' ''
	found BODY 'line and subject' ''
	found TEXT 'OUTER' 1
}

@test "mail that breaks the rules is read as well as can be" {
	printf 'Subject: x\n\n\e$BF|K\\\e(B without a label\n' | deliver
	printf 'Subject: x\n\ncafé without a label\n' | deliver
	printf 'Content-Type: text/plain; charset=x-unheard-of\n\ncafé\n' | deliver
	printf 'Content-Type: text/plain; charset="ISO_8859-1:1987"\n\n\x93caf\xe9\x94\n' | deliver
	printf 'Content-Type: text/plain; charset=utf-8\n\n\xff\xfe ab\xe3\x81\n' | deliver
	printf 'Subject: =?utf-8?q?half a_?= =?broken\nTo: caf\xc3\xa9@x.test\n\n' | deliver
	printf 'Subject: \e$BF|K\\\e(B of old\n\n' | deliver
	found BODY '日本' 1
	found SUBJECT '日本 of' 7
	found TEXT '日本' '1 7'
	found BODY 'café' '2 3 4'
	found BODY '"café"' 4
	found BODY ' ab' 5
	found SUBJECT 'half a' 6
	found TO 'CAFÉ@' 6
}

@test "a header longer than what is read of it first" {
	{
		for i in {1..400}; do
			echo "Received: from host$i.example.test by mx.example.test"
		done
		printf 'Subject: behind it all\nDate: Tue, 1 Feb 1994 23:30:00 +0000\n\nbody\n'
	} | deliver
	printf 'Subject: only a header' | deliver
	found SUBJECT 'behind IT' 1
	found SUBJECT 'only' 2
	found 'SENTON 1-Feb-1994 TEXT' 'body' 1
	found 'HEADER Subject' '' '1 2'
}

@test "random mailboxes and searches, whatever is cached" {
	for seed in 101 102 103; do
		python3 "$BATS_TEST_DIRNAME/search_random.py" \
		    "$(command -v yubin-imapd)" "$BATS_TEST_TMPDIR/$seed" $seed
	done
}

@test "Dovecot finds the same in random mailboxes" {
	command -v doveadm >/dev/null || skip "doveadm is not installed"
	local home
	home=$(mktemp -d)
	chmod 755 "$home"
	cat >"$home/imapd" <<-X
		#!/bin/sh
		become= me=$(id -un)
		if [ "\$(id -u)" -eq 0 ]; then
			me=nobody
			chown -R nobody "\$MAILDIR"
			become="setpriv --reuid nobody --regid nogroup --clear-groups"
		fi
		HOME=$home USER=\$me MAIL=maildir:\$MAILDIR exec \$become \
		    /usr/lib/dovecot/imap -O
	X
	chmod 755 "$home/imapd"
	local seed status=0
	for seed in 201 202; do
		python3 "$BATS_TEST_DIRNAME/search_random.py" "$home/imapd" \
		    "$home/$seed" $seed common || status=1
		python3 "$BATS_TEST_DIRNAME/search_random.py" \
		    "$(command -v yubin-imapd)" "$home/ours$seed" $seed common ||
		    status=1
	done
	rm -rf "$home"
	[ "$status" -eq 0 ]
}
