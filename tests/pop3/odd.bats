#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What real clients do that no RFC asks for, and bursts of commands.
load ../helper

setup() {
	new_root
	MAILDIR=$YUBIN_ROOT/mail/example.test/ann
	mkdir -p "$MAILDIR"/{cur,new,tmp}
	printf 'Subject: one\n\nline\n' >"$MAILDIR/new/100.a"
	printf 'Subject: two\n\n.\n' >"$MAILDIR/new/101.b"
}

pop3() {
	dialog yubin-pop3-login yubin-checkpw yubin-pop3d
}

# The same from a file, with its answers on standard output.
pop3_burst() {
	yubin-pop3-login yubin-checkpw yubin-pop3d 2>>"$BATS_TEST_TMPDIR/log" |
	    tr -d '\r'
}

@test "Outlook: asks AUTH for mechanisms, goes on with USER, says UTF8 unasked" {
	pop3 <<-'E'
		S: +OK*
		C~ AUTH \r\n
		S: +OK*
		S* .
		C: AUTH
		S: +OK*
		S* .
		C: USER ann
		S: +OK*
		C: PASS secret
		S: +OK*
		C: UTF8
		S: +OK*
		C: STAT
		S: +OK 2 *
		C: UIDL
		S: +OK*
		S* .
		C: LIST
		S: +OK*
		S* .
		C: AUTH
		S: -ERR*
		C~ AUTH \r\n
		S: -ERR*
		C: QUIT
		S: +OK*
		S.
	E
}

@test "any case, blanks behind commands, empty lines, leading zeros" {
	pop3 <<-'E'
		S: +OK*
		C:
		S: -ERR*
		C: capa
		S: +OK*
		S* .
		C: uSeR ann
		S: +OK*
		C: pAsS secret
		S: +OK*
		C~ stat \r\n
		S: +OK 2 *
		C:
		S: -ERR*
		C: lIsT   001
		S: +OK 1 *
		C~ top 1   0  \r\n
		S: +OK*
		S: Subject: one
		S:
		S: .
		C: noop
		S: +OK*
		C: LAST
		S: -ERR Unknown command
		C: quit
		S: +OK*
		S.
	E
}

@test "a message with NUL is sent as it is, and counted so" {
	printf 'Subject: nul\n\na\0b\n' >"$MAILDIR/new/102.c"
	printf 'USER ann\r\nPASS secret\r\nLIST 3\r\nRETR 3\r\nQUIT\r\n' |
	    yubin-pop3-login yubin-checkpw yubin-pop3d \
	        >"$BATS_TEST_TMPDIR/out" 2>/dev/null
	grep -aq '^+OK 3 21' "$BATS_TEST_TMPDIR/out"
	grep -aq '^+OK 21 octets' "$BATS_TEST_TMPDIR/out"
	tr '\0' 0 <"$BATS_TEST_TMPDIR/out" | grep -q '^a0b'
}

@test "a burst that begins before the login: every command is answered, in order" {
	{
		printf 'CAPA\r\nUSER ann\r\nPASS secret\r\n'
		printf 'LIST 2\r\nNOOP\r\nRETR 3\r\nTOP 1 0\r\n%.0s' {1..2000}
		printf 'DELE 1\r\nQUIT\r\nSTAT\r\n'
	} >"$BATS_TEST_TMPDIR/in"
	# 50 bad commands end a session: these have 2,000.
	grep -v RETR "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/good"
	pop3_burst <"$BATS_TEST_TMPDIR/good" >"$BATS_TEST_TMPDIR/out"
	sed -n '/Logged in/,$p' "$BATS_TEST_TMPDIR/out" | sed 1d |
	    head -n 12000 | sort | uniq -c | awk '{ $1 = $1; print }' \
	    >"$BATS_TEST_TMPDIR/counts"
	cat >"$BATS_TEST_TMPDIR/want" <<-'E'
		2000 
		2000 +OK 2 19
		2000 +OK Still here
		2000 +OK Top of the message follows
		2000 .
		2000 Subject: one
	E
	sed 's/ $//' "$BATS_TEST_TMPDIR/want" |
	    diff - <(sed 's/ $//' "$BATS_TEST_TMPDIR/counts")
	tail -n 2 "$BATS_TEST_TMPDIR/out" | tr '\n' ' ' |
	    grep -qx '+OK Marked for deletion +OK Goodbye '
	[ "$(find "$MAILDIR/cur" -type f | wc -l)" -eq 1 ]
	pop3_burst <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
	tail -n 1 "$BATS_TEST_TMPDIR/out" | grep -q '^-ERR Too many errors'
	[ "$(find "$MAILDIR/cur" -type f | wc -l)" -eq 1 ]
}

@test "a large message answers RETR in the midst of a burst" {
	python3 -c 'print("Subject: big\n\n" + ".\n" * 100000, end="")' \
	    >"$MAILDIR/new/103.d"
	printf 'USER ann\r\nPASS secret\r\nRETR 3\r\nTOP 3 2\r\nLIST 3\r\nQUIT\r\n' |
	    pop3_burst >"$BATS_TEST_TMPDIR/out"
	[ "$(grep -cx '\.\.' "$BATS_TEST_TMPDIR/out")" -eq 100002 ]
	[ "$(grep -cx '\.' "$BATS_TEST_TMPDIR/out")" -eq 2 ]
	grep -qx '+OK 3 300016' "$BATS_TEST_TMPDIR/out"
	grep -qx '+OK 300016 octets' "$BATS_TEST_TMPDIR/out"
}

@test "sizes in names that lie: RETR tells what it sends" {
	printf 'Subject: x\n\nlonger than it says\n' \
	    >"$MAILDIR/cur/104.e,S=14,W=17:2,S"
	pop3 <<-'E'
		S: +OK*
		C: USER ann
		S: +OK*
		C: PASS secret
		S: +OK*
		C: LIST 3
		S: +OK 3 17
		C: RETR 3
		S: +OK 35 octets
		S: Subject: x
		S:
		S: longer than it says
		S: .
		C: LIST 3
		S: +OK 3 35
		C: QUIT
		S: +OK*
	E
}
