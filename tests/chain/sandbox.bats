#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What shows of the sandboxes from outside; tools/sandbox-check tries them from
# within.
load ../helper

setup() {
	new_root
	[ "$(yubin sandbox --json | grep -c '"seccomp":true')" -eq 1 ] ||
	    skip "this kernel has no seccomp"
	case $BUILD in *asan*) skip "a sanitizer's calls are on no list" ;; esac
}

teardown() {
	stop_all
}

# field NAME: of /proc/PID/status of the imapd on descriptors 5 and 6.
field() {
	sed -n "s/^$1:[[:space:]]*//p" "/proc/$IMAPD/status"
}

# An imapd that waits for commands.
open_session() {
	coproc S { exec yubin-imapd 2>>"$BATS_TEST_TMPDIR/log"; }
	IMAPD=$S_PID
	read -r -u "${S[0]}" line
	[[ $line == "* PREAUTH"* ]]
}

close_session() {
	printf 'x LOGOUT\r\n' >&"${S[1]}"
	wait "$IMAPD"
}

@test "yubin sandbox: all profiles, one program's, as JSON" {
	run -0 yubin sandbox
	[[ $output == *"imapd: the session"* ]]
	[[ $output == *"login: the process that speaks"* ]]
	run -0 yubin sandbox yubin-smtpd
	[[ $output == *"smtpd-parent"* ]]
	[[ $output != *imapd* ]]
	run -100 yubin sandbox nosuch
	yubin sandbox --json | python3 -c '
import json, sys
said = json.load(sys.stdin)
profiles = {p["profile"]: p for p in said["profiles"]}
assert said["YUBIN_SANDBOX"] == "on"
assert "execve" not in profiles["imapd"]["may_call"]
assert "socket" not in profiles["imapd"]["may_call"]
assert "execve" not in profiles["queue-runner"]["may_call"]
assert "ptrace" in profiles["starter"]["may_not"]
assert profiles["login"]["no_fork"] is True'
}

@test "every program has a profile, but for one that only becomes another" {
	for p in "$BIN"/yubin-*; do
		[ "${p##*/}" != yubin-env ] || continue
		[ "${p##*/}" = yubin-* ] || yubin sandbox "${p##*/}" >/dev/null
	done
}

@test "YUBIN_SANDBOX is on, and can be off; other values are refused" {
	export MAILDIR=$BATS_TEST_TMPDIR/Maildir
	open_session
	[ "$(field Seccomp)" = 2 ]
	[ "$(field NoNewPrivs)" = 1 ]
	grep -q '^Max core file size *0 *0' "/proc/$IMAPD/limits"
	close_session
	YUBIN_SANDBOX=off open_session
	[ "$(field NoNewPrivs)" = 0 ]
	close_session
	YUBIN_SANDBOX=log open_session
	[ "$(field Seccomp)" = 2 ]
	close_session
	YUBIN_SANDBOX=yes run -100 yubin-imapd </dev/null
	[[ $output == *"YUBIN_SANDBOX must be one of off log on"* ]]
}

@test "a session reaches no other Maildir, by whatever name" {
	local mail=$YUBIN_ROOT/mail/example.test
	mkdir -p "$mail/ann/.Ours/"{cur,new,tmp}
	# As if somebody had been able to put this there.
	ln -s "$mail/bob" "$mail/ann/.Theirs"
	printf 'a SELECT Ours\r\nb SELECT Theirs\r\nc STATUS Theirs (MESSAGES)\r\n' |
	    MAILDIR=$mail/ann yubin-imapd >"$BATS_TEST_TMPDIR/out" 2>/dev/null
	grep -q '^a OK' "$BATS_TEST_TMPDIR/out"
	grep -q '^b NO' "$BATS_TEST_TMPDIR/out"
	grep -q '^c NO' "$BATS_TEST_TMPDIR/out"
}

@test "a Maildir that is missing is made at the login" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	printf '%s\n' "eve:{PLAIN}secret:64010:64010::$BATS_TEST_TMPDIR/home/eve::" \
	    "kim:{PLAIN}secret:64011:64011::::" \
	    >>"$YUBIN_ROOT/domains/example.test/users"
	chmod 755 "$BATS_RUN_TMPDIR" "${BATS_FILE_TMPDIR%/*}" "$BATS_TEST_TMPDIR" \
	    "$YUBIN_ROOT" "$YUBIN_ROOT/mail" "$YUBIN_ROOT/mail/example.test"
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$BIN"/* "$BATS_TEST_TMPDIR/bin"
	for user in kim eve; do
		printf 'a LOGIN %s@example.test secret\r\nb SELECT INBOX\r\n' $user |
		    LOGIN_USER=64001:64001 yubin-imap-login \
		    "$BATS_TEST_TMPDIR/bin/yubin-checkpw" \
		    "$BATS_TEST_TMPDIR/bin/yubin-imapd" \
		    >"$BATS_TEST_TMPDIR/out" 2>>"$BATS_TEST_TMPDIR/log"
		grep -q '^b OK' "$BATS_TEST_TMPDIR/out"
	done
	[ "$(stat -c %u "$YUBIN_ROOT/mail/example.test/kim")" = 64011 ]
}

# smtp: one session of a new client; prints the answer to RCPT.
smtp() {
	python3 -c 'import smtplib, sys
s = smtplib.SMTP("127.0.0.1", int(sys.argv[1]), timeout=20)
s.ehlo("x")
s.mail("")
print(s.rcpt("ann@example.test")[0])' "$PORT"
}

@test "smtpd follows when the folder domains is another one" {
	PORT=$(free_port)
	start yubin-tlsserver -w -t plain -U 127.0.0.1 "$PORT" yubin-smtpd -w
	wait_for port_open "$PORT"
	[ "$(smtp)" = 250 ]
	cp -a "$YUBIN_ROOT/domains" "$YUBIN_ROOT/new"
	mv "$YUBIN_ROOT/domains" "$YUBIN_ROOT/old"
	mv "$YUBIN_ROOT/new" "$YUBIN_ROOT/domains"
	rm -r "$YUBIN_ROOT/old"
	found() { [ "$(smtp)" = 250 ]; }
	wait_for found
	grep -q 'ev=retired.*replaced' "$BATS_TEST_TMPDIR/log"
}

@test "a large message that is not finished leaves nothing" {
	{
		printf 'EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\n'
		printf 'DATA\r\n'
		head -c 400000 /dev/zero | tr '\0' a | fold -w 70 | sed 's/$/\r/'
	} | yubin-smtpd >"$BATS_TEST_TMPDIR/out" 2>/dev/null
	grep -q '^354' "$BATS_TEST_TMPDIR/out"
	[ -z "$(find "$YUBIN_ROOT/queue/tmp" "$YUBIN_ROOT/queue/new" -type f)" ]
	run -100 env MAX_MESSAGE=200000 yubin-inject ann@example.test < <(
	    head -c 400000 /dev/zero | tr '\0' a | fold -w 70)
	[ -z "$(find "$YUBIN_ROOT/queue/tmp" "$YUBIN_ROOT/queue/new" -type f)" ]
}
