#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# POP3_LOCK: the maildrop shared by sessions, or one session's at a time
# (RFC 1939 4, RFC 2449 8.1.2).
load ../helper

setup() {
	export MAILDIR=$BATS_TEST_TMPDIR/Maildir
	mkdir -p "$MAILDIR"/{cur,new,tmp}
	printf 'one\n' >"$MAILDIR/cur/100.a:2,S"
}

teardown() {
	stop_all
}

@test "exclusive: another session gets [IN-USE] until QUIT is answered" {
	POP3_LOCK=exclusive dialog yubin-pop3d <<-'E'
	1S: +OK*
	2S: -ERR [IN-USE] *
	2S.
	1C: DELE 1
	1S: +OK*
	1C: QUIT
	1S: +OK*
	3S: +OK*
	3C: STAT
	3S: +OK 0 0
	3C: QUIT
	3S: +OK*
	E
}

@test "exclusive: deliveries and IMAP go on" {
	POP3_LOCK=exclusive dialog yubin-pop3d <<-E
	S: +OK*
	X: echo two >"$MAILDIR/new/101.b"
	X: printf 'a SELECT INBOX\\r\\nb LOGOUT\\r\\n' | yubin-imapd | grep -q '2 EXISTS'
	C: STAT
	S: +OK 1 5
	C: QUIT
	S: +OK*
	E
}

@test "exclusive: a session that ended anyhow has left no lock" {
	export POP3_LOCK=exclusive
	mkfifo "$BATS_TEST_TMPDIR/in"
	yubin-pop3d <"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 3>&- &
	local pid=$!
	exec 7>"$BATS_TEST_TMPDIR/in"
	wait_for grep -q '^+OK' "$BATS_TEST_TMPDIR/out"
	dialog yubin-pop3d <<-'E'
	S: -ERR [IN-USE] *
	S.
	E: 111
	E
	kill -KILL $pid
	exec 7>&-
	wait $pid || true
	dialog yubin-pop3d <<-'E'
	S: +OK*
	C: NOOP
	S: +OK*
	E
	# That one did not say QUIT either.
	dialog yubin-pop3d <<-'E'
	S: +OK*
	C: QUIT
	S: +OK*
	E
	grep -q 'ev=in-use' "$BATS_TEST_TMPDIR/log"
}

@test "shared, the default: no lock and no file of it" {
	dialog yubin-pop3d <<-'E'
	1S: +OK*
	2S: +OK*
	1C: QUIT
	1S: +OK*
	2C: QUIT
	2S: +OK*
	E
	[ ! -e "$MAILDIR/yubin-pop3.lock" ]
}

@test "exclusive: a lock that cannot be had is no permission" {
	mkdir "$MAILDIR/yubin-pop3.lock"
	POP3_LOCK=exclusive dialog yubin-pop3d <<-'E'
	S: -ERR [SYS/TEMP]*
	S.
	E: 111
	E
}
