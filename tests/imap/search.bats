# SPDX-License-Identifier: ISC
# SEARCH and UID SEARCH (RFC 3501 6.4.4), ESEARCH (RFC 4731).
load ../helper
load common

some() {
	printf 'From: Ann Smith <ann@example.test>\nTo: bob@example.test\nCc: carl@example.test\nBcc: dora@example.test\nSubject: Lunch today\nDate: Tue, 1 Feb 1994 23:30:00 -0500\nMessage-ID: <lunch@x>\n\nHello world.\n' | deliver
	printf 'From: bob@example.test\nSubject: =?UTF-8?Q?Gr=C3=BC=C3=9Fe?=\nDate: Thu, 3 Feb 1994 00:30:00 +0100\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\nTcO8bmNoZW4gaXN0IHNjaMO2bgo=\n' | deliver
	{
		printf 'From: eve@example.test\nX-Big: yes\n\n'
		head -c 5000 /dev/zero | tr '\0' 'x'
		echo
	} | deliver
	touch -d '1994-02-01 12:00:00 UTC' "$MAILDIR"/new/*M1P*
	touch -d '1994-02-02 12:00:00 UTC' "$MAILDIR"/new/*M2P*
	touch -d '1994-02-03 12:00:00 UTC' "$MAILDIR"/new/*M3P*
}

# found KEYS WANT: sequence numbers.
found() {
	run -0 yubin-imapd < <(printf 'a EXAMINE INBOX\r\nb SEARCH %s\r\n' "$1")
	local got
	got=$(grep '^\* SEARCH' <<<"$output" | tr -d '\r')
	[ "$got" = "* SEARCH${2:+ $2}" ] || {
		echo "SEARCH $1: got '$got', want '$2'"
		return 1
	}
}

@test "texts and fields" {
	some
	found 'FROM smith' 1
	found 'FROM "SMITH <ANN"' 1
	found 'TO bob' 1
	found 'CC carl' 1
	found 'BCC dora' 1
	found 'SUBJECT lunch' 1
	found 'BODY "hello WORLD"' 1
	found 'BODY lunch' ''
	found 'TEXT lunch' 1
	found 'TEXT carl@' 1
	found 'HEADER Message-ID lunch@x' 1
	found 'HEADER X-Big ""' 3
	found 'HEADER X-Big no' ''
	found 'HEADER X-None ""' ''
}

@test "UTF-8, decoded bodies and encoded words; unknown charsets" {
	some
	imap <<-'EOS'
		S: * PREAUTH *
		C: a EXAMINE INBOX
		S* a OK *
		C: c SEARCH CHARSET UTF-8 SUBJECT {6+}
		C~ gr\xc3\xbc\xc3\x9f\r\n
		S: * SEARCH 2
		S: c OK *
		C: d SEARCH CHARSET utf-8 BODY {8+}
		C~ M\xc3\x9cNCHEN\r\n
		S: * SEARCH 2
		S: d OK *
		C: e SEARCH CHARSET X-FOO ALL
		S: e NO [BADCHARSET (*)] *
		C: f SEARCH CHARSET US-ASCII FROM eve
		S: * SEARCH 3
		S: f OK *
	EOS
}

@test "dates and sizes" {
	some
	found 'ON 1-Feb-1994' 1
	found 'BEFORE 2-Feb-1994' 1
	found 'SINCE 2-Feb-1994' '2 3'
	found 'SENTON 1-Feb-1994' 1
	found 'SENTON 3-Feb-1994' 2
	found 'SENTBEFORE 3-Feb-1994' 1
	found 'SENTSINCE 1-Feb-1994' '1 2'
	found 'LARGER 5000' 3
	found 'SMALLER 5000' '1 2'
	found 'NOT LARGER 5000' '1 2'
}

@test "flags, keywords, sets, combinations" {
	some
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b STORE 2 +FLAGS.SILENT (\Seen \Flagged $Junk)
		S* b OK *
		C: c SEARCH SEEN
		S: * SEARCH 2
		S: c OK *
		C: d SEARCH UNSEEN
		S: * SEARCH 1 3
		S: d OK *
		C: e SEARCH KEYWORD $Junk
		S: * SEARCH 2
		S: e OK *
		C: f SEARCH UNKEYWORD $junk
		S: * SEARCH 1 3
		S: f OK *
		C: g SEARCH UNKEYWORD nothere
		S: * SEARCH 1 2 3
		S: g OK *
		C: h SEARCH NEW
		S: * SEARCH 1 3
		S: h OK *
		C: i SEARCH OLD
		S: * SEARCH
		S: i OK *
		C: j SEARCH 2:3 (OR FLAGGED FROM eve) NOT UID 3
		S: * SEARCH 2
		S: j OK *
		C: k UID SEARCH UNDELETED *
		S: * SEARCH 3
		S: k OK *
		C: l SEARCH OR OR 1 2 3
		S: * SEARCH 1 2 3
		S: l OK *
		C: m SEARCH 1:4
		S: m BAD *
		C: n SEARCH ((((((ALL))))))
		S: * SEARCH 1 2 3
		S: n OK *
		C: o UID SEARCH UID 900:*
		S: * SEARCH 3
		S: o OK *
	EOS
}

@test "SEARCH RETURN (RFC 4731 3.1)" {
	some
	imap <<-'EOS'
		S: * PREAUTH *
		C: a EXAMINE INBOX
		S* a OK *
		C: b SEARCH RETURN (MIN MAX COUNT) ALL
		S: * ESEARCH (TAG "b") MIN 1 MAX 3 COUNT 3
		S: b OK *
		C: c UID SEARCH RETURN () 1:2
		S: * ESEARCH (TAG "c") UID ALL 1:2
		S: c OK *
		C: d SEARCH RETURN (MIN COUNT) DELETED
		S: * ESEARCH (TAG "d") COUNT 0
		S: d OK *
		C: f UID SEARCH RETURN (MAX) NOT FROM eve
		S: * ESEARCH (TAG "f") UID MAX 2
		S: f OK *
		C: g SEARCH RETURN (MIN) NOT FROM ann
		S: * ESEARCH (TAG "g") MIN 2
		S: g OK *
		C: h SEARCH RETURN (MIN) FROM nobody
		S: * ESEARCH (TAG "h")
		S: h OK *
		C: e SEARCH RETURN (FOO) ALL
		S: e BAD *
	EOS
}

@test "deep and long searches are refused, not overflown" {
	mails 1
	open=$(head -c 5000 /dev/zero | tr '\0' '(')
	not=$(printf 'NOT %.0s' {1..3000})
	keys=$(printf 'ALL %.0s' {1..9000})
	run -0 yubin-imapd < <(printf 'a EXAMINE INBOX\r\nb SEARCH %s\r\nc SEARCH %sALL\r\nd SEARCH %sALL\r\ne SEARCH NOT NOT ((ALL))\r\n' "$open" "$not" "$keys")
	grep -q '^b BAD' <<<"$output"
	grep -q '^c BAD' <<<"$output"
	grep -q '^d BAD' <<<"$output"
	grep -q '^e OK' <<<"$output"
}

@test "an unknown charset is refused with the list of those known" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a EXAMINE INBOX
		S* a OK *
		C: b SEARCH CHARSET ISO-2022-JP TEXT x
		S: b NO [BADCHARSET (US-ASCII UTF-8)] *
		C: c SEARCH CHARSET "us-ascii" ALL
		S: * SEARCH
		S: c OK *
		C: d SEARCH CHARSET
		S: d BAD *
	EOS
}

# opened KEYS WANT: how many messages are opened to answer, when no digest is
# there yet.
opened() {
	rm -f "$MAILDIR"/yubin-digests*
	strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=open,openat \
	    "$BIN/yubin-imapd" < <(printf 'a EXAMINE INBOX\r\nb SEARCH %s\r\n' "$1") \
	    >"$BATS_TEST_TMPDIR/out" 2>&1
	grep -q '^b OK' "$BATS_TEST_TMPDIR/out"
	local n
	n=$(grep -c '"17[^"]*host' "$BATS_TEST_TMPDIR/trace") || :
	[ "$n" -eq "$2" ] || {
		echo "SEARCH $1: $n messages opened, want $2"
		return 1
	}
}

@test "messages are opened only when nothing cheaper decides" {
	command -v strace >/dev/null || skip "no strace"
	strace -o /dev/null true || skip "strace may not trace here"
	mails 3
	local f
	for f in "$MAILDIR"/new/*; do
		f=${f##*/}
		mv "$MAILDIR/new/$f" "$MAILDIR/cur/$f,S=150,W=157:2,"
	done
	mv "$MAILDIR"/cur/*M2P1* "$MAILDIR/cur/1700000000.M2P1.host,S=150,W=157:2,S"
	truncate -s 150 "$MAILDIR"/cur/*
	opened 'UNSEEN' 0
	opened 'SEEN' 0
	opened 'UID 2:* NOT KEYWORD x' 0
	opened 'SINCE 1-Jan-2000 LARGER 100' 0
	opened 'TEXT mail DELETED' 0
	opened 'TEXT mail SEEN' 1
	opened 'OR TEXT mail UNSEEN' 1
	opened 'NOT (TEXT mail SEEN)' 1
	opened '(OR BODY x (SUBJECT y DELETED)) 3 NOT DELETED' 1
	opened 'SUBJECT mail' 3
	opened 'RETURN (MIN) SUBJECT mail' 1
	opened 'RETURN (MAX) NOT SUBJECT "mail 3"' 2
	# For its header, and once more to its end when that matches.
	opened 'BODY text SUBJECT "mail 3" SENTSINCE 1-Jan-2000' 4
}

@test "a search ends when its client goes away" {
	# Minutes of searching; a second or two of it are done.
	truncate -s 32M "$BATS_TEST_TMPDIR/big"
	python3 - "$BATS_TEST_TMPDIR/big" "$MAILDIR/cur" <<-'X'
		import os, sys
		for i in range(3000):
		    os.link(sys.argv[1], "%s/%d.P1.host,S=33554432,W=33554432:2,"
		            % (sys.argv[2], 1700000000 + i))
	X
	printf 'a EXAMINE INBOX\r\nb SEARCH TEXT x\r\n' >"$BATS_TEST_TMPDIR/in"
	timeout 60 bash -c 'yubin-imapd <"$1" 2>"$2"; echo $? >"$3"' - \
	    "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/log" \
	    "$BATS_TEST_TMPDIR/status" | head -n 3
	grep -q 'why=lost' "$BATS_TEST_TMPDIR/log"
	[ "$(cat "$BATS_TEST_TMPDIR/status")" = 0 ]
}
