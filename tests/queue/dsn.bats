#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Who is told what (RFC 3461 4.1, 5.2, 6), from SMTP to the report, with
# deliveries played by tests/fates.c.
load ../helper
load ../smtp/smtp

setup() {
	new_root
	LOG=$BATS_TEST_TMPDIR/log
	export FATES=$BATS_TEST_TMPDIR/fates
	export YUBIN_LIBEXEC=$BATS_TEST_TMPDIR/libexec
	mkdir "$FATES" "$YUBIN_LIBEXEC"
	cp "$BUILD/tests/fates" "$YUBIN_LIBEXEC/yubin-deliver-local"
	cp "$BUILD/tests/fates" "$YUBIN_LIBEXEC/yubin-deliver-remote"
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

# The reports that the sender, ann@elsewhere.test, got.
reports() {
	find "$FATES" -name 'ann@elsewhere.test.*' | sort
}

# told: what the only report says: "ACTION ADDRESS" in the order of the report.
told() {
	[ "$(reports | wc -l)" -eq 1 ] || return 1
	tr -d '\r' <"$(reports)" | sed -n \
	    's/^Final-Recipient: [a-z0-9-]*; //p; s/^Action: //p' | paste -sd ' '
}

@test "nothing asked for: failures only" {
	submit '<ann@elsewhere.test>' '<K.a@host.test>' '<X.b@host.test>' \
	    '<R.c@host.test>' '<T.d@host.test>' '<D.e@host.test>'
	runner
	[ "$(told)" = 'D.e@host.test failed' ]
	queued 0
}

@test "NOTIFY=SUCCESS: delivered, expanded, relayed; not what was transferred" {
	submit '<ann@elsewhere.test>' '<K.a@host.test> NOTIFY=SUCCESS' \
	    '<X.b@host.test> NOTIFY=SUCCESS' '<R.c@host.test> NOTIFY=SUCCESS' \
	    '<T.d@host.test> NOTIFY=SUCCESS' '<D.e@host.test> NOTIFY=SUCCESS'
	runner
	[ "$(told)" = 'K.a@host.test delivered X.b@host.test expanded R.c@host.test relayed' ]
	queued 0
}

@test "NOTIFY=SUCCESS,FAILURE: both" {
	submit '<ann@elsewhere.test>' '<K.a@host.test> NOTIFY=SUCCESS,FAILURE' \
	    '<D.b@host.test> NOTIFY=FAILURE,SUCCESS'
	runner
	[ "$(told)" = 'K.a@host.test delivered D.b@host.test failed' ]
	queued 0
}

@test "NOTIFY=NEVER, and FAILURE for what arrived: nobody is told" {
	submit '<ann@elsewhere.test>' '<D.a@host.test> NOTIFY=NEVER' \
	    '<K.b@host.test> NOTIFY=NEVER' '<K.c@host.test> NOTIFY=FAILURE,DELAY'
	runner
	[ -z "$(reports)" ]
	queued 0
}

@test "the null sender is told nothing, whatever it asks for" {
	submit '<>' '<K.a@host.test> NOTIFY=SUCCESS' \
	    '<X.b@host.test> NOTIFY=SUCCESS,DELAY,FAILURE'
	runner
	[ -z "$(find "$FATES" -type f)" ]
	queued 0
}

@test "ENVID and ORCPT come back decoded" {
	submit '<ann@elsewhere.test> ENVID=QQ+20314' \
	    '<D.a@host.test> ORCPT=rfc822;A+2Bb@example.test'
	runner
	tr -d '\r' <"$(reports)" >"$BATS_TEST_TMPDIR/report"
	grep -qx 'Original-Envelope-Id: QQ 314' "$BATS_TEST_TMPDIR/report"
	grep -qx 'Original-Recipient: rfc822;A+b@example.test' \
	    "$BATS_TEST_TMPDIR/report"
	grep -q 'you wrote to <A+b@example.test>' "$BATS_TEST_TMPDIR/report"
}

@test "RET: the message, its header; of what arrived its header always" {
	submit '<ann@elsewhere.test> RET=FULL' '<D.a@host.test>'
	runner
	grep -q '^BODY' "$(reports)"
	rm "$FATES"/*
	submit '<ann@elsewhere.test> RET=HDRS' '<D.a@host.test>'
	runner
	grep -q '^Content-Type: text/rfc822-headers' "$(reports)"
	run ! grep -q '^BODY' "$(reports)"
	rm "$FATES"/*
	submit '<ann@elsewhere.test> RET=FULL' '<K.a@host.test> NOTIFY=SUCCESS'
	runner
	grep -q '^Subject: test' "$(reports)"
	run ! grep -q '^BODY' "$(reports)"
}

@test "RET=FULL returns a big message too, without it the header comes" {
	for ret in ' RET=FULL' ''; do
		rm -f "$FATES"/*
		{
			printf 'EHLO x\r\nMAIL FROM:<ann@elsewhere.test>%s\r\n' "$ret"
			printf 'RCPT TO:<D.a@host.test>\r\nDATA\r\nSubject: big\r\n\r\n'
			for i in $(seq 3000); do printf '%070d\r\n' "$i"; done
			printf 'LAST\r\n.\r\nQUIT\r\n'
		} | RELAY_CLIENT=1 yubin-smtpd >/dev/null 2>>"$LOG"
		runner
		[ "$(grep -c '^LAST' "$(reports)")" -eq "$([ -z "$ret" ]; echo $?)" ]
	done
}

@test "a delay is told once, to who asked for it" {
	printf 'Subject: test\n\nBODY\n' | queue_put -t 20000 -N 8 \
	    ann@elsewhere.test Z.a@host.test
	printf 'Subject: test\n\nBODY\n' | queue_put -t 20000 -N 4 \
	    bob@elsewhere.test Z.b@host.test
	runner --all
	[ "$(told)" = 'Z.a@host.test delayed' ]
	tr -d '\r' <"$(reports)" >"$BATS_TEST_TMPDIR/report"
	grep -q '^Will-Retry-Until: ' "$BATS_TEST_TMPDIR/report"
	grep -q '^Status: 4.2.2' "$BATS_TEST_TMPDIR/report"
	grep -q 'need not send it again' "$BATS_TEST_TMPDIR/report"
	runner --all
	[ "$(reports | wc -l)" -eq 1 ]
	[ -z "$(find "$FATES" -name 'bob@*')" ]
	queued 2
}

@test "no delay notice before its time, nor with DELAY_NOTICE=0" {
	printf 'Subject: test\n\nBODY\n' | queue_put -t 10000 -N 8 \
	    ann@elsewhere.test Z.a@host.test
	runner --all
	DELAY_NOTICE=0 runner --all
	[ -z "$(reports)" ]
}

@test "tried for too long: failed, and why" {
	printf 'Subject: test\n\nBODY\n' | queue_put -t 500000 \
	    ann@elsewhere.test Z.a@host.test
	runner --all
	[ "$(told)" = 'Z.a@host.test failed' ]
	tr -d '\r' <"$(reports)" | tr '\n' ' ' | tr -s ' ' \
	    >"$BATS_TEST_TMPDIR/flat"
	grep -q 'Status: 5.4.7' "$BATS_TEST_TMPDIR/flat"
	grep -q 'The mailbox is full' "$BATS_TEST_TMPDIR/flat"
}

@test "a report that fails is not reported to its sender" {
	submit '<D.gone@elsewhere.test>' '<D.a@host.test> NOTIFY=SUCCESS,FAILURE'
	runner
	[ "$(find "$FATES" -type f | wc -l)" -eq 1 ]
	grep -q 'Final-Recipient: rfc822; D.gone@elsewhere.test' \
	    "$FATES"/postmaster@example.test.*
	queued 0
}
