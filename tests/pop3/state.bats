#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What a client says before the login counts after it: capabilities (RFC 2449),
# language and UTF-8 (RFC 6856).
load ../helper

setup() {
	new_root
	MAILDIR=$YUBIN_ROOT/mail/example.test/ann
}

# The whole of POP3: login program, checker, session.
pop3() {
	dialog yubin-pop3-login yubin-checkpw yubin-pop3d
}

# One session.
session() {
	MAILDIR=$MAILDIR dialog yubin-pop3d
}

@test "CAPA says the same before and after the login (RFC 2449 6)" {
	printf 'CAPA\r\nUSER ann\r\nPASS secret\r\nCAPA\r\nQUIT\r\n' |
	    yubin-pop3-login yubin-checkpw yubin-pop3d 2>/dev/null |
	    tr -d '\r' >"$BATS_TEST_TMPDIR/out"
	awk '/^\+OK Capabilities/ { n++; next }
	    /^\.$/ { on = 0 }
	    /^\+OK/ { next }
	    !/^\.$/ { print > (DIR "/capa" n) }' DIR="$BATS_TEST_TMPDIR" \
	    "$BATS_TEST_TMPDIR/out"
	diff "$BATS_TEST_TMPDIR/capa1" "$BATS_TEST_TMPDIR/capa2"
	for word in TOP UIDL USER 'SASL .*PLAIN' PIPELINING RESP-CODES \
	    AUTH-RESP-CODE UTF8 LANG 'EXPIRE NEVER' 'IMPLEMENTATION yubin'; do
		grep -q "^$word" "$BATS_TEST_TMPDIR/capa2"
	done
	# What cannot be is not said (no TLS here, no delay of logins).
	run ! grep -E '^(STLS|LOGIN-DELAY|APOP)' "$BATS_TEST_TMPDIR/capa1"
}

@test "STLS is announced where it is permitted, before the login (RFC 2595 4)" {
	mkfifo "$BATS_TEST_TMPDIR/tls"
	printf 'CAPA\r\nUSER ann\r\nPASS secret\r\nCAPA\r\nQUIT\r\n' |
	    SSLCTLFD=3 SSLREADFD=4 SSLWRITEFD=4 yubin-pop3-login yubin-checkpw \
	    yubin-pop3d 2>/dev/null 3<>"$BATS_TEST_TMPDIR/tls" \
	    4<>"$BATS_TEST_TMPDIR/tls" | tr -d '\r' >"$BATS_TEST_TMPDIR/out"
	[ "$(grep -c '^+OK Capabilities' "$BATS_TEST_TMPDIR/out")" -eq 2 ]
	sed '/^+OK Logged in/q' "$BATS_TEST_TMPDIR/out" | grep -x STLS
	run ! grep -x STLS <(sed '1,/^+OK Logged in/d' "$BATS_TEST_TMPDIR/out")
}

@test "LANG lists languages, in both states" {
	pop3 <<-'E'
		S: +OK*
		C: LANG
		S: +OK Languages
		S: i-default English
		S: en English
		S: ja 日本語
		S: .
		C: USER ann
		S: +OK*
		C: PASS secret
		S: +OK Logged in, 0 messages
		C: LANG
		S: +OK Languages
		S: i-default*
		S: en*
		S: ja*
		S: .
		C: QUIT
		S: +OK Goodbye
	E
}

@test "LANG before the login: the session goes on in it" {
	pop3 <<-'E'
		S: +OK*
		C: LANG en-GB
		S: +OK en This is the language
		C: LANG uga
		S: -ERR There is no such language
		C: lang JA
		S: +OK ja 日本語になりました
		C: LANG mul
		S: -ERR その言語はありません
		C: XYZZY
		S: -ERR 知らないコマンドです
		C: USER ann
		S: +OK パスワードをどうぞ
		C: PASS wrong
		S: -ERR [AUTH] 名前またはパスワードが違います
		C: USER ann
		S: +OK*
		C: PASS secret
		S: +OK ログインしました。 0 通
		C: RETR 1
		S: -ERR そのメールはありません
		C: STAT
		S: +OK 0 0
		C: LANG *
		S: +OK en This is the language
		C: RETR 1
		S: -ERR There is no such message
		C: LANG i-default
		S: +OK i-default This is the language
		C: QUIT
		S: +OK Goodbye
	E
}

@test "every answer is in the table of translations, codes in front the same" {
	python3 - "$TESTS/.." <<-'E'
		import glob, re, sys
		top = sys.argv[1]
		literal = r'"((?:[^"\\]|\\.)*)"'
		text = lambda path: open(path, encoding="utf-8").read()
		table = dict(re.findall(r"\{%s,\s*%s\}" % (literal, literal),
		                        text(top + "/lib/proto/pop3_lang.c")))
		said = set()
		for path in glob.glob(top + "/bin/pop3-login.c") + \
		        glob.glob(top + "/bin/pop3d/*.c"):
		    for args in re.findall(
		            r"\b(?:ok|err|bad|say|pop3_lang_text)\((.{0,200}?)\)(?:;|,)",
		            text(path), re.S):
		        said |= set(re.findall(literal, args))
		said = {s for s in said if s and "%" not in s and s != s.upper()}
		assert len(said) > 35, said
		missing = said - set(table)
		assert not missing, f"not translated: {missing}"
		unused = set(table) - said
		assert not unused, f"nobody says: {unused}"
		code = lambda s: re.match(r"(\[[^]]*\] )?", s)[0]
		wrong = {e for e, j in table.items() if code(e) != code(j)}
		assert not wrong, wrong
	E
}

put() {
	cat >"$MAILDIR/new/$1"
}

@test "UTF8: messages are sent as they are, and with POP3_UTF8=refuse only then" {
	printf 'Subject: Gr\303\274\303\237e\n\n\303\244\n' | put 1.utf8
	printf 'Subject: plain\n\n\303\244\n' | put 2.body
	printf 'Subject: Gr\374\337e\n\nx\n' | put 3.latin1
	session <<-'E'
		S: +OK*
		C: RETR 1
		S: +OK 24 octets
		S: Subject: Grüße
		S:
		S: ä
		S: .
		C: QUIT
		S: +OK*
	E
	export POP3_UTF8=refuse
	session <<-'E'
		S: +OK*
		C: LIST
		S: +OK 3 messages*
		S: 1 24
		S* .
		C: RETR 1
		S: -ERR [UTF8] *
		C: TOP 1 0
		S: -ERR [UTF8] *
		C: RETR 2
		S: +OK*
		S* .
		C: RETR 3
		S: +OK*
		S* .
		C: UTF8 now
		S: -ERR*
		C: UTF8
		S: +OK*
		C: RETR 1
		S: +OK 24 octets
		S* .
		C: QUIT
		S: +OK*
	E
	pop3 <<-'E'
		S: +OK*
		C: UTF8
		S: +OK*
		C: USER ann
		S: +OK*
		C: PASS secret
		S: +OK*
		C: RETR 1
		S: +OK*
		S: Subject: Grüße
		S* .
		C: QUIT
		S: +OK*
	E
}

@test "a session by hand takes no state but its own; garbage in it is ignored" {
	export POP3_STATE=$'LANG xx\nCAPA SASL FOO\nCAPA \nBAR\nCAPA\n\nUTF8x'
	session <<-'E'
		S: +OK yubin ready, 0 messages
		C: CAPA
		S: +OK Capabilities
		S: SASL FOO
		S: TOP
		S* .
		C: QUIT
		S: +OK Goodbye
	E
	unset POP3_STATE
	session <<-'E'
		S: +OK*
		C: CAPA
		S: +OK*
		S: TOP
		S* .
		C: QUIT
		S: +OK*
	E
	# A variable from outside never reaches a session behind a login.
	POP3_STATE=$'LANG ja\n' pop3 <<-'E'
		S: +OK*
		C: USER ann
		S: +OK*
		C: PASS secret
		S: +OK Logged in, 0 messages
		C: QUIT
		S: +OK Goodbye
	E
}
