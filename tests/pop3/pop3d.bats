# SPDX-License-Identifier: ISC
# One logged-in POP3 session: RFC 1939 5 and 6, RFC 2449.
load ../helper

setup() {
	export MAILDIR=$BATS_TEST_TMPDIR/Maildir
	mkdir -p "$MAILDIR"/{cur,new,tmp}
}

# put NAME < text: a message, as any Maildir program would store it.
put() {
	cat >"$MAILDIR/new/$1"
}

two_messages() {
	printf 'Subject: one\n\nline 1\nline 2\nline 3\n' | put 100.a
	printf 'Subject: two\n\n.\n..dot\n' | put 101.b
}

uidvalidity_hex() {
	printf '%08x' "$(sed -n '1s/.* V\([0-9]*\) .*/\1/p' \
	    "$MAILDIR/dovecot-uidlist")"
}

@test "STAT, LIST, RETR, RSET, DELE and QUIT" {
	two_messages
	dialog yubin-pop3d <<-'E'
	S: +OK *
	C: STAT
	S: +OK 2 66
	C: LIST
	S: +OK 2 messages*
	S: 1 40
	S: 2 26
	S: .
	C: LIST 2
	S: +OK 2 26
	C: RETR 1
	S: +OK 40 octets
	S: Subject: one
	S:
	S: line 1
	S: line 2
	S: line 3
	S: .
	C: DELE 1
	S: +OK*
	C: STAT
	S: +OK 1 26
	C: LIST
	S: +OK 1 messages*
	S: 2 26
	S: .
	C: LIST 1
	S: -ERR*
	C: RETR 1
	S: -ERR*
	C: DELE 1
	S: -ERR*
	C: RSET
	S: +OK*
	C: STAT
	S: +OK 2 66
	C: NOOP
	S: +OK*
	C: DELE 2
	S: +OK*
	C: QUIT
	S: +OK*
	S.
	E: 0
	E
	[ "$(find "$MAILDIR/cur" "$MAILDIR/new" -type f | wc -l)" -eq 1 ]
	# RETR marks as seen
	[ -e "$MAILDIR/cur/100.a:2,S" ]
}

@test "an empty maildrop" {
	dialog yubin-pop3d <<-'E'
	S: +OK*
	C: STAT
	S: +OK 0 0
	C: LIST
	S: +OK*
	S: .
	C: UIDL
	S: +OK*
	S: .
	C: RETR 1
	S: -ERR*
	C: QUIT
	S: +OK*
	S.
	E: 0
	E
}

@test "the Maildir is made when it is missing" {
	rm -r "$MAILDIR"
	dialog yubin-pop3d <<-'E'
	S: +OK*
	C: STAT
	S: +OK 0 0
	C: QUIT
	S: +OK*
	E
	[ -d "$MAILDIR/new" ]
}

@test "byte stuffing and sizes: dots, CRLF stored, bare CR, no last line end" {
	two_messages
	printf 'A: b\r\n\r\n.x\r\n' | put 102.c
	printf 'A: b\n\na\rb\n.' | put 103.d
	dialog yubin-pop3d <<-'E'
	S: +OK*
	C: LIST
	S: +OK*
	S: 1 40
	S: 2 26
	S: 3 12
	S: 4 14
	S: .
	C: RETR 2
	S: +OK 26 octets
	S: Subject: two
	S:
	S: ..
	S: ...dot
	S: .
	C: RETR 3
	S: +OK 12 octets
	S: A: b
	S:
	S: ..x
	S: .
	C: RETR 4
	S: +OK 16 octets
	S: A: b
	S:
	S: a*b
	S: ..
	S: .
	C: QUIT
	S: +OK*
	E
}

@test "TOP sends the header and that many lines" {
	two_messages
	printf 'Only: header\n' | put 102.c
	dialog yubin-pop3d <<-'E'
	S: +OK*
	C: TOP 1 0
	S: +OK*
	S: Subject: one
	S:
	S: .
	C: TOP 1 2
	S: +OK*
	S: Subject: one
	S:
	S: line 1
	S: line 2
	S: .
	C: TOP 1 4294967295
	S: +OK*
	S* line 3
	S: .
	C: TOP 2 1
	S: +OK*
	S: Subject: two
	S:
	S: ..
	S: .
	C: TOP 3 10
	S: +OK*
	S: Only: header
	S: .
	C: TOP 1
	S: -ERR*
	C: TOP 1 -1
	S: -ERR*
	C: TOP 9 1
	S: -ERR*
	C: QUIT
	S: +OK*
	E
	# TOP does not mark as seen
	[ ! -e "$MAILDIR/cur/100.a:2,S" ]
}

@test "UIDL: UID and UIDVALIDITY, the same after flags change and deletions" {
	two_messages
	printf 'QUIT\r\n' | yubin-pop3d >/dev/null
	v=$(uidvalidity_hex)
	mv "$MAILDIR/cur/100.a:2," "$MAILDIR/cur/100.a:2,RS"
	rm "$MAILDIR/cur/101.b:2,"
	printf 'x\n' | put 102.c
	dialog yubin-pop3d <<-E
	S: +OK*
	C: UIDL
	S: +OK*
	S: 1 00000001$v
	S: 2 00000003$v
	S: .
	C: UIDL 2
	S: +OK 2 00000003$v
	C: UIDL 3
	S: -ERR*
	C: UIDL x
	S: -ERR*
	C: QUIT
	S: +OK*
	E
}

@test "UIDL: a P field of dovecot-uidlist is honoured" {
	two_messages
	printf '3 V1234567890 N9 G0123456789abcdef0123456789abcdef\n%s\n' \
	    '4 Pold-server-77 :100.a' >"$MAILDIR/dovecot-uidlist"
	dialog yubin-pop3d <<-'E'
	S: +OK*
	C: UIDL
	S: +OK*
	S: 1 old-server-77
	S: 2 00000009499602d2
	S: .
	C: QUIT
	S: +OK*
	E
}

@test "CAPA lists what works" {
	dialog yubin-pop3d <<-'E'
	S: +OK*
	C: CAPA
	S: +OK*
	S: TOP
	S: UIDL
	S: PIPELINING
	S: RESP-CODES
	S: AUTH-RESP-CODE
	S: UTF8
	S: LANG
	S: EXPIRE NEVER
	S: IMPLEMENTATION yubin
	S: .
	C: QUIT
	S: +OK*
	E
}

@test "commands of the AUTHORIZATION state are refused" {
	dialog yubin-pop3d <<-'E'
	S: +OK*
	C: USER ann
	S: -ERR*
	C: PASS secret
	S: -ERR*
	C: APOP ann 0
	S: -ERR*
	C: AUTH
	S: -ERR*
	C~ AUTH \r\n
	S: -ERR*
	C: STLS
	S: -ERR*
	C: noop
	S: +OK*
	C: QUIT
	S: +OK*
	E
}

@test "bad input gets -ERR and the session goes on" {
	two_messages
	{
		echo 'S: +OK*'
		echo 'C: XYZZY'; echo 'S: -ERR*'
		echo 'C: '; echo 'S: -ERR*'
		echo 'C~ NOOP\n'; echo 'S: -ERR*'
		echo 'C~ NOOP\rNOOP\r\n'; echo 'S: -ERR*'
		echo 'C~ \0\0\0\r\n'; echo 'S: -ERR*'
		echo 'C~ RETR 1\0\r\n'; echo 'S: -ERR*'
		echo 'C: STAT 1'; echo 'S: -ERR*'
		echo 'C: QUIT now'; echo 'S: -ERR*'
		echo 'C: DELE'; echo 'S: -ERR*'
		echo 'C: RETR 0'; echo 'S: -ERR*'
		echo 'C: RETR 3'; echo 'S: -ERR*'
		echo 'C: RETR -1'; echo 'S: -ERR*'
		echo 'C: RETR 4294967297'; echo 'S: -ERR*'
		echo 'C: RETR 99999999999999999999999999'; echo 'S: -ERR*'
		echo 'C: RETR one'; echo 'S: -ERR*'
		printf 'C: RETR %0300d\n' 1; echo 'S: -ERR*'
		printf 'C: %05000d\n' 0; echo 'S: -ERR*'
		# 255 octets with CRLF are allowed (RFC 2449 4)
		printf 'C: RETR %0248d\n' 1; echo 'S: +OK*'; echo 'S* .'
		echo 'C: STAT'; echo 'S: +OK 2 66'
		echo 'C: QUIT'; echo 'S: +OK*'; echo 'S.'
	} | dialog yubin-pop3d
}

@test "endless errors end the session" {
	yes XYZZY | head -n 1000 | sed 's/$/\r/' | yubin-pop3d \
	    >"$BATS_TEST_TMPDIR/out"
	[ "$(grep -c . "$BATS_TEST_TMPDIR/out")" -lt 60 ]
}

@test "pipelined commands, also behind QUIT" {
	two_messages
	dialog yubin-pop3d <<-'E'
	S: +OK*
	C~ STAT\r\nDELE 1\r\nRETR 2\r\nQUIT\r\nSTAT\r\n
	S: +OK 2 66
	S: +OK*
	S: +OK 26 octets
	S* .
	S: +OK*
	S.
	E: 0
	E
	[ "$(find "$MAILDIR/cur" -type f | wc -l)" -eq 1 ]
}

@test "the end of input at every step deletes nothing" {
	two_messages
	local text=$'DELE 1\r\nDELE 2\r\nQUIT' i
	for ((i = 0; i <= ${#text}; i++)); do
		printf '%s' "${text:0:i}" | yubin-pop3d >/dev/null
		[ "$(find "$MAILDIR/cur" -type f | wc -l)" -eq 2 ]
	done
	printf '%s\r\n' "$text" | yubin-pop3d >/dev/null
	[ "$(find "$MAILDIR/cur" -type f | wc -l)" -eq 0 ]
}

@test "messages that others remove or rename during the session" {
	two_messages
	printf 'three\n' | put 102.c
	dialog yubin-pop3d <<-E
	S: +OK*
	C: STAT
	S: +OK 3 73
	X: rm "$MAILDIR/cur/100.a:2,"
	X: mv "$MAILDIR/cur/101.b:2," "$MAILDIR/cur/101.b:2,F"
	X: echo late >"$MAILDIR/new/103.d"
	C: RETR 1
	S: -ERR*
	C: RETR 2
	S: +OK 26 octets
	S* .
	C: RETR 4
	S: -ERR*
	C: DELE 2
	S: +OK*
	C: QUIT
	S: +OK*
	S.
	E
	[ ! -e "$MAILDIR/cur/101.b:2,FS" ]
	[ -e "$MAILDIR/cur/102.c:2," ]
	[ -e "$MAILDIR/new/103.d" ] || [ -e "$MAILDIR/cur/103.d:2," ]
}

@test "two sessions at once" {
	two_messages
	dialog yubin-pop3d <<-'E'
	1S: +OK*
	2S: +OK*
	1C: DELE 1
	1S: +OK*
	2C: DELE 1
	2S: +OK*
	1C: QUIT
	1S: +OK*
	1S.
	2C: QUIT
	2S: +OK*
	2S.
	E
	[ "$(find "$MAILDIR/cur" -type f | wc -l)" -eq 1 ]
}

@test "behind a login program: the login's answer, then what came with it" {
	two_messages
	AUTHENTICATED=ann CLIENT_INPUT=$(printf 'STAT\r\nLI' | base64) \
	dialog yubin-pop3d <<-'E'
	S: +OK Logged in*
	S: +OK 2 66
	C: ST 2
	S: +OK 2 26
	C: QUIT
	S: +OK*
	S.
	E
}

@test "an unusable Maildir: [SYS/TEMP] and exit code 111" {
	rm -r "$MAILDIR"
	touch "$MAILDIR"
	dialog yubin-pop3d <<-'E'
	S: -ERR [SYS/TEMP]*
	S.
	E: 111
	E
}

@test "a killed session has deleted nothing" {
	two_messages
	mkfifo "$BATS_TEST_TMPDIR/in"
	yubin-pop3d <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 3>&- &
	local pid=$!
	exec 7>"$BATS_TEST_TMPDIR/in"
	printf 'DELE 1\r\n' >&7
	wait_for grep -q '^+OK Marked' "$BATS_TEST_TMPDIR/out"
	kill -KILL $pid
	exec 7>&-
	wait $pid || true
	[ "$(find "$MAILDIR/cur" "$MAILDIR/new" -type f | wc -l)" -eq 2 ]
}
