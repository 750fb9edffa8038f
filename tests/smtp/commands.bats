#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Commands, their order and their replies (RFC 5321 4.1 and 4.3.2).
load ../helper
load smtp

setup() {
	new_root
}

@test "greeting, EHLO and what it announces (RFC 5321 4.1.1.1, 1870, 2034, 2920, 3461, 6152, 6531)" {
	dialog yubin-smtpd <<-'X'
		S: 220 mx.example.test ESMTP yubin
		C: EHLO client.test
		S: 250-mx.example.test
		S: 250-PIPELINING
		S: 250-SIZE 52428800
		S: 250-8BITMIME
		S: 250-SMTPUTF8
		S: 250-DSN
		S: 250 ENHANCEDSTATUSCODES
		C: HELO client.test
		S: 250 mx.example.test
		C: QUIT
		S: 221 2.0.0 *
		S.
		E: 0
	X
}

@test "no AUTH without a checker, no STARTTLS without UCSPI-TLS" {
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO x
		S* 250 *
		C: AUTH PLAIN AGFubgBzZWNyZXQ=
		S: 502 5.5.1 *
		C: STARTTLS
		S: 502 5.5.1 *
	X
}

@test "names in EHLO: domains, literals, and those of PCs; others are refused" {
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO
		S: 501 *
		C: EHLO a b
		S: 501 *
		C: EHLO a(b)
		S: 501 *
		C: MAIL FROM:<a@b.test>
		S: 503 5.5.1 *
		C: EHLO [192.0.2.1]
		S* 250 *
		C: EHLO [IPv6:2001:db8::1]
		S* 250 *
		C: ehlo MY_PC
		S* 250 *
	X
}

@test "VRFY, EXPN, HELP, NOOP, RSET (RFC 5321 3.5.3, 4.1.1.5 to 4.1.1.9)" {
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: NOOP
		S: 250 2.0.0 *
		C: NOOP anything at all
		S: 250 2.0.0 *
		C: VRFY ann
		S: 252 2*
		C: VRFY
		S: 501 5.5.4 *
		C: EXPN all
		S: 502 5.5.1 *
		C: HELP
		S* 214 2.0.0 *
		C: RSET
		S: 250 2.0.0 *
		C: RSET now
		S: 501 5.5.4 *
		C: noop
		S: 250 2.0.0 *
		C: NOOP   
		S: 250 2.0.0 *
	X
}

@test "wrong order is 503 (RFC 5321 4.1.4)" {
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: MAIL FROM:<a@b.test>
		S: 503 5.5.1 *
		C: EHLO x
		S* 250 *
		C: RCPT TO:<ann@example.test>
		S: 503 5.5.1 *
		C: DATA
		S: 503 5.5.1 *
		C: MAIL FROM:<a@b.test>
		S: 250 2.1.0 *
		C: MAIL FROM:<a@b.test>
		S: 503 5.5.1 *
		C: DATA
		S: 503 5.5.1 *
		C: RCPT TO:<nobody@example.test>
		S: 550 5.1.1 *
		C: DATA
		S: 554 5.5.1 *
		C: RSET
		S: 250 *
		C: RCPT TO:<ann@example.test>
		S: 503 5.5.1 *
		C: MAIL FROM:<a@b.test>
		S: 250 *
		C: EHLO x
		S* 250 *
		C: RCPT TO:<ann@example.test>
		S: 503 5.5.1 *
	X
	queued 0
}

@test "arguments of MAIL: blanks, null sender, parameters (RFC 5321 4.1.1.2, 4.1.1.11)" {
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO x
		S* 250 *
		C: MAIL FROM: <a@b.test>
		S: 250 2.1.0 *
		C: RSET
		S: 250 *
		C: mail from:<> body=7bit
		S: 250 2.1.0 *
		C: RSET
		S: 250 *
		C: MAIL FROM:<@relay.test:a@b.test> SIZE=10 BODY=8BITMIME
		S: 250 2.1.0 *
		C: RSET
		S: 250 *
		C: MAIL FROM:<a@b.test> BY=120;R
		S: 555 5.5.4 *
		C: MAIL FROM:<a@b.test> AUTH=<>
		S: 555 5.5.4 *
		C: MAIL FROM:<a@b.test> SIZE=x
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test> SIZE
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test> SIZE=1 SIZE=1
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test> SIZE=99999999999999999999999
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test> BODY=BINARYMIME
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test> SIZE=
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test>SIZE=1
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test> SIZE=52428801
		S: 552 5.3.4 *
		C: MAIL FROM:a@b.test
		S: 501 5.1.7 *
		C: MAIL FROM:<a>
		S: 501 5.1.7 *
		C: MAIL TO:<a@b.test>
		S: 501 5.1.7 *
		C: MAIL
		S: 501 5.1.7 *
		C: RCPT TO:<ann@example.test>
		S: 503 *
		C: MAIL FROM:<a@b.test> SIZE=52428800
		S: 250 2.1.0 *
	X
}

@test "unknown verbs are 500; too many errors are 421 and the end" {
	MAX_ERRORS=3 dialog yubin-smtpd <<-'X'
		S: 220 *
		C: GARBAGE x
		S: 500 5.5.1 *
		C: X
		S: 500 5.5.1 *
		C: Y
		S: 421 4.7.0 *
		S.
		E: 0
	X
	logged 'ev=errors'
}

@test "lines up to 512 octets are read, longer ones are 500 5.5.2 (RFC 5321 4.5.3.1.4)" {
	a505=$(printf 'a%.0s' {1..505})
	dialog yubin-smtpd <<-X
		S: 220 *
		C: NOOP $a505
		S: 250 *
		C: NOOP ${a505}a
		S: 500 5.5.2 *
		C: $a505$a505
		S: 500 5.5.2 *
		C: NOOP
		S: 250 *
	X
	{ head -c 3000000 /dev/zero | tr '\0' a; printf '\r\nNOOP\r\n'; } |
	    yubin-smtpd 2>/dev/null >"$BATS_TEST_TMPDIR/out"
	sed -n 2p "$BATS_TEST_TMPDIR/out" | grep -q '^500 5.5.2'
	sed -n 3p "$BATS_TEST_TMPDIR/out" | grep -q '^250 '
}

@test "silence is 421 4.4.2 after SMTP_TIMEOUT, in commands and in data" {
	SMTP_TIMEOUT=1 dialog yubin-smtpd <<-'X'
		S: 220 *
		S: 421 4.4.2 *
		S.
	X
	SMTP_TIMEOUT=1 dialog yubin-smtpd <<-'X'
		S: 220 *
		C: HELO x
		S: 250 *
		C: MAIL FROM:<>
		S: 250 *
		C: RCPT TO:<ann@example.test>
		S: 250 *
		C: DATA
		S: 354 *
		C: half a message
		S: 421 4.4.2 *
		S.
	X
	queued 0
	logged 'ev=timeout.*at=data'
}

@test "one session from a pipe, everything sent at once (RFC 2920)" {
	run pipe 'EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<ann@example.test>\r\n' \
	    'RCPT TO:<nobody@example.test>\r\nDATA\r\nSubject: 1\r\n\r\nx\r\n.\r\n' \
	    'MAIL FROM:<>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\nSubject: 2\r\n\r\ny\r\n.\r\nQUIT\r\n'
	[ "$status" -eq 0 ]
	codes=$(printf '%s\n' "$output" | grep -v '^...-' | cut -c 1-3 | xargs)
	[ "$codes" = "220 250 250 250 550 354 250 250 250 354 250 221" ]
	queued 2
}

@test "pipelined replies leave in one write (RFC 2920 3.2)" {
	command -v strace >/dev/null || skip "no strace"
	printf 'EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<ann@example.test>\r\nRSET\r\nQUIT\r\n' |
	    strace -f -o "$BATS_TEST_TMPDIR/trace" -e trace=write,writev yubin-smtpd \
	    >/dev/null 2>&1 || skip "strace is not allowed"
	writes=$(grep -c 'writev\?(1,' "$BATS_TEST_TMPDIR/trace")
	# The greeting before the first read, everything else before the end.
	[ "$writes" -le 2 ]
}

@test "usage: one checker at most, unknown settings' values are refused" {
	run -100 yubin-smtpd one two
	SMTP_TIMEOUT=never run -100 yubin-smtpd
	run -0 yubin-smtpd -h
	[[ $output == *SMTP_TIMEOUT* ]]
}
