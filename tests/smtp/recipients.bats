#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Recipients are checked before DATA (RFC 5321 3.3, 3.6.2, 4.5.1).
load ../helper
load smtp

setup() {
	new_root
}

@test "who exists, who does not, and no relaying" {
	yubin alias set team@example.test ann@example.test ||
	    printf 'team: ann@example.test\n' >"$YUBIN_ROOT/domains/example.test/aliases"
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO x
		S* 250 *
		C: MAIL FROM:<a@b.test>
		S: 250 *
		C: RCPT TO:<ann@example.test>
		S: 250 2.1.5 *
		C: RCPT TO: <Ann@EXAMPLE.test>
		S: 250 2.1.5 *
		C: RCPT TO:<ann+lists@example.test>
		S: 250 2.1.5 *
		C: RCPT TO:<team@example.test>
		S: 250 2.1.5 *
		C: RCPT TO:<@relay.test:bob@example.test>
		S: 250 2.1.5 *
		C: RCPT TO:<"ann"@example.test>
		S: 250 2.1.5 *
		C: RCPT TO:<carol@example.test>
		S: 550 5.1.1 *
		C: RCPT TO:<a@elsewhere.test>
		S: 550 5.7.1 *
		C: RCPT TO:<ann%elsewhere.test@example.test>
		S: 550 5.1.1 *
		C: RCPT TO:<a@[192.0.2.1]>
		S: 550 5.7.1 *
		C: RCPT TO:<"../bob"@example.test>
		S: 550 5.1.1 *
		C: RCPT TO:<ann>
		S: 501 5.1.3 *
		C: RCPT TO:<>
		S: 501 5.1.3 *
		C: RCPT TO:<ann@example.test> RRVS=2014-04-03T23:01:00Z
		S: 555 5.5.4 *
		C: RCPT TO:<ann@example.test> =
		S: 501 5.5.4 *
	X
	logged 'ev=rejected.*to=carol@example.test'
}

@test "postmaster, with and without a domain (RFC 5321 4.5.1)" {
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO x
		S* 250 *
		C: MAIL FROM:<>
		S: 250 *
		C: RCPT TO:<Postmaster>
		S: 250 2.1.5 *
		C: RCPT TO:<POSTMASTER@example.test>
		S: 250 2.1.5 *
		C: DATA
		S: 354 *
		C: x
		C: .
		S: 250 2.0.0 *
	X
	envelope rcpt | grep -qx 'postmaster@example.test'
}

@test "the same recipient twice is stored once; a hundred are accepted (RFC 5321 4.5.3.1.8)" {
	for i in $(seq 100); do
		printf 'RCPT TO:<ann+%d@example.test>\r\n' "$i"
	done >"$BATS_TEST_TMPDIR/rcpts"
	dialog yubin-smtpd <<-X
		S: 220 *
		C: HELO x
		S: 250 *
		C: MAIL FROM:<>
		S: 250 *
		C< $BATS_TEST_TMPDIR/rcpts
		C< $BATS_TEST_TMPDIR/rcpts
		C: DATA
		S* 354 *
		C: x
		C: .
		S: 250 2.0.0 *
	X
	[ "$(envelope rcpt | wc -l)" -eq 100 ]
}

@test "more than MAX_RECIPIENTS are 452 4.5.3" {
	for i in $(seq 101); do
		printf 'RCPT TO:<ann+%d@example.test>\r\n' "$i"
	done >"$BATS_TEST_TMPDIR/rcpts"
	MAX_RECIPIENTS=100 dialog yubin-smtpd <<-X
		S: 220 *
		C: HELO x
		S: 250 *
		C: MAIL FROM:<>
		S: 250 *
		C< $BATS_TEST_TMPDIR/rcpts
		S* 452 4.5.3 *
		C: DATA
		S: 354 *
		C: x
		C: .
		S: 250 2.0.0 *
	X
	[ "$(envelope rcpt | wc -l)" -eq 100 ]
}

@test "RELAY_CLIENT=1 accepts every domain, but no unknown user of ours" {
	RELAY_CLIENT=1 dialog yubin-smtpd <<-'X'
		S: 220 *
		C: HELO x
		S: 250 *
		C: MAIL FROM:<ann@example.test>
		S: 250 *
		C: RCPT TO:<a@elsewhere.test>
		S: 250 *
		C: RCPT TO:<a@[192.0.2.1]>
		S: 250 *
		C: RCPT TO:<carol@example.test>
		S: 550 5.1.1 *
	X
}

@test "accounts that cannot be read are 451, never 550" {
	mv "$YUBIN_ROOT/domains/example.test/users" "$BATS_TEST_TMPDIR/"
	mkdir "$YUBIN_ROOT/domains/example.test/users"
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: HELO x
		S: 250 *
		C: MAIL FROM:<>
		S: 250 *
		C: RCPT TO:<carol@example.test>
		S: 451 4.3.0 *
	X
}
