#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Who is told what (RFC 3461 4.1, 5.2, 6), from SMTP to the report in a mailbox,
# with remote deliveries played by worker.py.
load ../helper
load ../smtp/smtp

setup() {
	new_root
	LOG=$BATS_TEST_TMPDIR/log
	BOX=$YUBIN_ROOT/mail/example.test
	export CALLS=$BATS_TEST_TMPDIR/calls
	export YUBIN_LIBEXEC=$BATS_TEST_TMPDIR/libexec
	mkdir "$YUBIN_LIBEXEC"
	cp "$BIN"/yubin-{deliver-local,inject} "$YUBIN_LIBEXEC"
	cp "$TESTS/queue/worker.py" "$YUBIN_LIBEXEC/yubin-deliver-remote"
	chmod +x "$YUBIN_LIBEXEC/yubin-deliver-remote"
}

# submit MAIL-ARGUMENTS RCPT-ARGUMENTS…: queue a message by SMTP.
submit() {
	local mail=$1
	shift
	{
		printf 'EHLO x\r\nMAIL FROM:%s\r\n' "$mail"
		printf 'RCPT TO:%s\r\n' "$@"
		printf 'DATA\r\nSubject: test\r\n\r\nBODY\r\n.\r\nQUIT\r\n'
	} | RELAY_CLIENT=1 yubin-smtpd >"$BATS_TEST_TMPDIR/smtp" 2>>"$LOG"
	grep -q '^250 2.0.0 Ok' "$BATS_TEST_TMPDIR/smtp" || {
		cat "$BATS_TEST_TMPDIR/smtp"
		return 1
	}
}

runner() {
	timeout 60 yubin-queue-runner --once "$@" 2>>"$LOG"
}

# The reports that the sender, ann@example.test, got.
reports() {
	find "$BOX/ann/new" -type f | sort
}

# told: what the only report says: "ACTION ADDRESS" in the order of the report.
told() {
	[ "$(reports | wc -l)" -eq 1 ] || return 1
	tr -d '\r' <"$(reports)" | sed -n \
	    's/^Final-Recipient: [a-z0-9-]*; //p; s/^Action: //p' | paste -sd ' '
}

@test "nothing asked for: failures only" {
	submit '<ann@example.test>' '<oka@host.test>' '<expandedb@host.test>' \
	    '<relayedc@host.test>' '<transferredd@host.test>' '<bade@host.test>'
	runner
	[ "$(told)" = 'bade@host.test failed' ]
	queued 0
}

@test "NOTIFY=SUCCESS: delivered, expanded, relayed; not what was transferred" {
	submit '<ann@example.test>' '<oka@host.test> NOTIFY=SUCCESS' \
	    '<expandedb@host.test> NOTIFY=SUCCESS' '<relayedc@host.test> NOTIFY=SUCCESS' \
	    '<transferredd@host.test> NOTIFY=SUCCESS' '<bade@host.test> NOTIFY=SUCCESS'
	runner
	[ "$(told)" = 'oka@host.test delivered expandedb@host.test expanded relayedc@host.test relayed' ]
	queued 0
}

@test "NOTIFY=SUCCESS,FAILURE: both" {
	submit '<ann@example.test>' '<oka@host.test> NOTIFY=SUCCESS,FAILURE' \
	    '<badb@host.test> NOTIFY=FAILURE,SUCCESS'
	runner
	[ "$(told)" = 'oka@host.test delivered badb@host.test failed' ]
	queued 0
}

@test "NOTIFY=NEVER, and FAILURE for what arrived: nobody is told" {
	submit '<ann@example.test>' '<bada@host.test> NOTIFY=NEVER' \
	    '<okb@host.test> NOTIFY=NEVER' '<okc@host.test> NOTIFY=FAILURE,DELAY'
	runner
	[ -z "$(reports)" ]
	queued 0
}

@test "the null sender is told nothing, whatever it asks for" {
	submit '<>' '<oka@host.test> NOTIFY=SUCCESS' \
	    '<expandedb@host.test> NOTIFY=SUCCESS,DELAY,FAILURE'
	runner
	[ -z "$(find "$BOX" -path '*/new/*')" ]
	queued 0
}

@test "ENVID and ORCPT come back decoded" {
	submit '<ann@example.test> ENVID=QQ+20314' \
	    '<bada@host.test> ORCPT=rfc822;A+2Bb@example.test'
	runner
	tr -d '\r' <"$(reports)" >"$BATS_TEST_TMPDIR/report"
	grep -qx 'Original-Envelope-Id: QQ 314' "$BATS_TEST_TMPDIR/report"
	grep -qx 'Original-Recipient: rfc822;A+b@example.test' \
	    "$BATS_TEST_TMPDIR/report"
	grep -q 'you wrote to <A+b@example.test>' "$BATS_TEST_TMPDIR/report"
}

@test "RET: the message, its header; of what arrived its header always" {
	submit '<ann@example.test> RET=FULL' '<bada@host.test>'
	runner
	grep -q '^BODY' "$(reports)"
	rm "$(reports)"
	submit '<ann@example.test> RET=HDRS' '<bada@host.test>'
	runner
	grep -q '^Content-Type: text/rfc822-headers' "$(reports)"
	run ! grep -q '^BODY' "$(reports)"
	rm "$(reports)"
	submit '<ann@example.test> RET=FULL' '<oka@host.test> NOTIFY=SUCCESS'
	runner
	grep -q '^Subject: test' "$(reports)"
	run ! grep -q '^BODY' "$(reports)"
}

@test "RET=FULL returns a big message too, without it the header comes" {
	for ret in ' RET=FULL' ''; do
		rm -f "$BOX"/ann/new/*
		{
			printf 'EHLO x\r\nMAIL FROM:<ann@example.test>%s\r\n' "$ret"
			printf 'RCPT TO:<bada@host.test>\r\nDATA\r\nSubject: big\r\n\r\n'
			printf '%070d\r\n' {1..3000}
			printf 'LAST\r\n.\r\nQUIT\r\n'
		} | RELAY_CLIENT=1 yubin-smtpd >/dev/null 2>>"$LOG"
		runner
		[ "$(grep -c '^LAST' "$(reports)")" -eq "$([ -z "$ret" ]; echo $?)" ]
	done
}

@test "a delay is told once, to who asked for it" {
	printf 'Subject: test\n\nBODY\n' | queue_put -t 20000 -N 8 \
	    ann@example.test busya@host.test
	printf 'Subject: test\n\nBODY\n' | queue_put -t 20000 -N 4 \
	    bob@example.test busyb@host.test
	runner --all
	[ "$(told)" = 'busya@host.test delayed' ]
	tr -d '\r' <"$(reports)" >"$BATS_TEST_TMPDIR/report"
	grep -q '^Will-Retry-Until: ' "$BATS_TEST_TMPDIR/report"
	grep -q '^Status: 4.2.2' "$BATS_TEST_TMPDIR/report"
	grep -q 'need not send it again' "$BATS_TEST_TMPDIR/report"
	runner --all
	[ "$(reports | wc -l)" -eq 1 ]
	[ -z "$(ls "$BOX/bob/new")" ]
	queued 2
}

@test "no delay notice before its time, nor with DELAY_NOTICE=0" {
	printf 'Subject: test\n\nBODY\n' | queue_put -t 10000 -N 8 \
	    ann@example.test busya@host.test
	runner --all
	DELAY_NOTICE=0 runner --all
	[ -z "$(reports)" ]
}

@test "tried for too long: failed, and why" {
	printf 'Subject: test\n\nBODY\n' | queue_put -t 500000 \
	    ann@example.test busya@host.test
	runner --all
	[ "$(told)" = 'busya@host.test failed' ]
	tr -d '\r' <"$(reports)" | tr '\n' ' ' | tr -s ' ' \
	    >"$BATS_TEST_TMPDIR/flat"
	grep -q 'Status: 5.4.7' "$BATS_TEST_TMPDIR/flat"
	grep -q 'tried for a long time, in vain. .*Details: full' "$BATS_TEST_TMPDIR/flat"
}

@test "a report that fails is not reported to its sender" {
	printf 'postmaster: bob\n' >"$YUBIN_ROOT/domains/example.test/aliases"
	submit '<bad@elsewhere.test>' '<bada@host.test> NOTIFY=SUCCESS,FAILURE'
	runner
	[ "$(grep -c 'ev=bounced' "$LOG")" -eq 2 ]
	[ "$(ls "$BOX/bob/new" | wc -l)" -eq 1 ]
	grep -q 'Final-Recipient: rfc822; bad@elsewhere.test' "$BOX"/bob/new/*
	queued 0
}

@test "our own deliveries: a mailbox delivers, an alias expands" {
	printf 'team: bob@example.test, okx@host.test\n' \
	    >"$YUBIN_ROOT/domains/example.test/aliases"
	submit '<ann@example.test>' '<bob@example.test> NOTIFY=SUCCESS' \
	    '<team@example.test> NOTIFY=SUCCESS'
	runner
	[ "$(told)" = 'bob@example.test delivered team@example.test expanded' ]
	queued 0
}

@test "a crash before the report: it says what the marks say (RFC 3461 6.3)" {
	runner
	submit '<ann@example.test>' '<oka@host.test> NOTIFY=SUCCESS' \
	    '<okb@host.test> NOTIFY=SUCCESS' '<okc@host.test> NOTIFY=SUCCESS'
	printf XRS | dd of="$(grep -l okb@ "$YUBIN_ROOT"/queue/slot/0*)" bs=1 \
	    conv=notrunc status=none seek=128
	runner
	[ ! -s "$CALLS" ]
	[ "$(told)" = 'oka@host.test expanded okb@host.test relayed okc@host.test delivered' ]
}
