#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The service folders as they are shipped, under s6 with their loggers.
load ../helper
load servers

setup() {
	command -v s6-svscan >/dev/null || skip "s6 is not installed"
	new_root
	export LOGIN_DELAY=0
	self_signed "$YUBIN_ROOT/tls"
	SCAN=$BATS_TEST_TMPDIR/scan
	mkdir "$SCAN"
	local s
	for s in smtp submission submissions pop3 pop3s imap imaps queue; do
		cp -R "$TESTS/../services/$s" "$SCAN/$s"
		[ $s = queue ] || {
			free_port >"$SCAN/$s/env/PORT"
			echo 127.0.0.1 >"$SCAN/$s/env/ADDRESS"
		}
	done
	s6-svscan "$SCAN" >"$BATS_TEST_TMPDIR/log" 2>&1 3>&- 4>&- &
	PID=$!
	wait_for s6-svwait -U -t 15000 "$SCAN"/*/
}

teardown() {
	[ -z "${PID-}" ] || s6-svscanctl -t "$SCAN" || kill "$PID"
	[ -z "${PID-}" ] || wait "$PID" || :
	[ -n "${BATS_TEST_COMPLETED-}" ] ||
	    tail -n 5 "$BATS_TEST_TMPDIR/log" "$YUBIN_ROOT"/log/*/current
}

logged() {
	grep -q -- "$2" "$YUBIN_ROOT/log/$1/current"
}

@test "all eight are ready, pass a letter on, and log to their own folders" {
	dialog -c "127.0.0.1:$(cat "$SCAN/smtp/env/PORT")" <<-'X'
		S: 220 *
		C: EHLO me
		S* 250 *
		C: MAIL FROM:<x@elsewhere.test>
		S: 250 *
		C: RCPT TO:<ann@example.test>
		S: 250 *
		C: DATA
		S: 354 *
		C: Subject: by-services
		C:
		C: hello
		C: .
		S: 250 2.0.0 Ok *
		C: QUIT
		S: 221 *
	X
	wait_for arrived ann by-services
	wait_for logged smtp ev=accepted
	wait_for logged queue ev=delivered
	local s
	for s in submission submissions pop3 pop3s imap imaps; do
		wait_for logged $s ev=listening
	done
	# One id in both logs; time stamps are the logger's.
	local id
	id=$(sed -n 's/.*ev=accepted.* id=\([0-9a-v]*\).*/\1/p' \
	    "$YUBIN_ROOT/log/smtp/current")
	logged queue "id=$id"
	grep -q '^@4' "$YUBIN_ROOT/log/smtp/current"
}

@test "a killed server is started again; a stopped one lets sessions finish" {
	local old port
	port=$(cat "$SCAN/imap/env/PORT")
	old=$(s6-svstat -o pid "$SCAN/imap")
	kill -9 "$old"
	wait_for eval "[ \"\$(s6-svstat -o pid '$SCAN/imap')\" != $old ]"
	wait_for port_open "$port"
	dialog -c "127.0.0.1:$port" <<-X
		S: * OK *
		C: a LOGIN ann@example.test secret
		S: a OK *
		X: s6-svc -d $SCAN/imap
		X: while bash -c ': </dev/tcp/127.0.0.1/$port' 2>/dev/null; do sleep 0.05; done
		C: b SELECT INBOX
		S* b OK *
		C: c LOGOUT
		S: * BYE*
		S: c OK*
		S.
	X
	s6-svwait -d -t 5000 "$SCAN/imap"
}
