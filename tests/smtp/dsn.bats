#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Asking for reports: NOTIFY, ORCPT, RET and ENVID (RFC 3461 4).
load ../helper
load smtp

setup() {
	new_root
}

@test "what is asked for is kept with the message" {
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO x
		S* 250 *
		C: MAIL FROM:<a@b.test> RET=HDRS ENVID=QQ+20314+2B159
		S: 250 2.1.0 *
		C: RCPT TO:<ann@example.test> NOTIFY=SUCCESS,delay ORCPT=rfc822;Ann+2Bx@Example.test
		S: 250 2.1.5 *
		C: RCPT TO:<bob@example.test> notify=never
		S: 250 2.1.5 *
		C: RCPT TO:<ann+none@example.test>
		S: 250 2.1.5 *
		C: RCPT TO:<ann+last@example.test> ORCPT=x400;/S+3DAnn/
		S: 250 2.1.5 *
		C: DATA
		S: 354 *
		C: x
		C: .
		S: 250 2.0.0 *
	X
	[ "$(envelope envid)" = 'QQ 314+159' ]
	[ "$(envelope ret)" = H ]
	[ "$(envelope notify | xargs)" = '10 1' ]
	[ "$(envelope orcpt | head -n 1)" = 'rfc822;Ann+x@Example.test' ]
	[ "$(envelope orcpt | tail -n 1)" = 'x400;/S=Ann/' ]
}

@test "nothing of it stays for the next message" {
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO x
		S* 250 *
		C: MAIL FROM:<a@b.test> RET=FULL ENVID=one SMTPUTF8
		S: 250 *
		C: RCPT TO:<ann@example.test> NOTIFY=NEVER ORCPT=rfc822;a@b
		S: 250 *
		C: RSET
		S: 250 *
		C: MAIL FROM:<a@b.test>
		S: 250 *
		C: RCPT TO:<ann@example.test>
		S: 250 *
		C: DATA
		S: 354 *
		C: x
		C: .
		S: 250 2.0.0 *
	X
	[ -z "$(envelope envid)$(envelope ret)$(envelope notify)" ]
	[ -z "$(envelope orcpt)$(envelope utf8)" ]
}

@test "the null sender may use the parameters (RFC 3461 4.1)" {
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO x
		S* 250 *
		C: MAIL FROM:<> ENVID=x
		S: 250 *
		C: RCPT TO:<ann@example.test> NOTIFY=NEVER
		S: 250 *
	X
}

@test "bad values are 501 5.5.4, twice the same too" {
	MAX_ERRORS=1000 dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO x
		S* 250 *
		C: MAIL FROM:<a@b.test> RET=ALL
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test> RET
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test> RET=FULL RET=FULL
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test> ENVID
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test> ENVID=a ENVID=b
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test> ENVID=a+
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test> ENVID=a+2b
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test> ENVID=a+0D+0AX
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test> NOTIFY=NEVER
		S: 555 5.5.4 *
		C: RCPT TO:<ann@example.test>
		S: 503 *
		C: MAIL FROM:<a@b.test>
		S: 250 *
		C: RCPT TO:<ann@example.test> NOTIFY
		S: 501 5.5.4 *
		C: RCPT TO:<ann@example.test> NOTIFY=NEVER,FAILURE
		S: 501 5.5.4 *
		C: RCPT TO:<ann@example.test> NOTIFY=SOMETIMES
		S: 501 5.5.4 *
		C: RCPT TO:<ann@example.test> NOTIFY=DELAY NOTIFY=DELAY
		S: 501 5.5.4 *
		C: RCPT TO:<ann@example.test> ORCPT
		S: 501 5.5.4 *
		C: RCPT TO:<ann@example.test> ORCPT=ann@example.test
		S: 501 5.5.4 *
		C: RCPT TO:<ann@example.test> ORCPT=rfc822;
		S: 501 5.5.4 *
		C: RCPT TO:<ann@example.test> ORCPT=rfc822;a+0Ab
		S: 501 5.5.4 *
		C: RCPT TO:<ann@example.test> ORCPT=rfc822;a ORCPT=rfc822;a
		S: 501 5.5.4 *
		C: RCPT TO:<ann@example.test> RET=FULL
		S: 555 5.5.4 *
		C: DATA
		S: 554 5.5.1 *
	X
	queued 0
}

@test "longer command lines: RCPT by 500, MAIL by 100 octets; no longer values" {
	l100=$(printf 'x%.0s' {1..100})
	l493=$(printf 'x%.0s' {1..493})
	l240=$(printf 'x%.0s' {1..240})
	dialog yubin-smtpd <<-X
		S: 220 *
		C: EHLO x
		S* 250 *
		C: MAIL FROM:<$l240@b.test> RET=FULL ENVID=$l100 SIZE=1000 BODY=8BITMIME
		S: 250 *
		C: RCPT TO:<ann+$l240@example.test> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;$l493
		S: 250 *
		C: RCPT TO:<ann@example.test> ORCPT=rfc822;x$l493
		S: 501 5.5.4 *
		C: RSET
		S: 250 *
		C: MAIL FROM:<a@b.test> ENVID=x$l100
		S: 501 5.5.4 *
	X
}

@test "refused recipients with long ORCPT need no memory" {
	{
		printf 'EHLO x\r\nMAIL FROM:<a@b.test>\r\n'
		seq 5000 | awk '{ printf "RCPT TO:<ann+%d@example.test> ORCPT=rfc822;%0480d\r\n", $1, 0 }'
		printf 'NOOP\r\nQUIT\r\n'
	} >"$BATS_TEST_TMPDIR/in"
	MAX_RECIPIENTS=100 yubin-smtpd <"$BATS_TEST_TMPDIR/in" \
	    >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/log"
	[ "$(grep -c '^250 2.1.5' "$BATS_TEST_TMPDIR/out")" -eq 100 ]
	[ "$(grep -c '^452 4.5.3' "$BATS_TEST_TMPDIR/out")" -eq 4900 ]
	tail -n 1 "$BATS_TEST_TMPDIR/out" | grep -q '^221 2.0.0'
}
