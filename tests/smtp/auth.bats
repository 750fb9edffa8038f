#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# AUTH PLAIN and LOGIN (RFC 4954, 4616), and what needs a login.
load ../helper
load smtp

setup() {
	new_root
	# ann@example.test, secret
	USER64=YW5uQGV4YW1wbGUudGVzdA==
	PASS64=c2VjcmV0
	PLAIN64=AGFubkBleGFtcGxlLnRlc3QAc2VjcmV0
	WRONG64=AGFubkBleGFtcGxlLnRlc3QAd3Jvbmc=
}

@test "PLAIN with an initial response; then mail may go anywhere" {
	dialog yubin-smtpd yubin-checkpw <<-X
		S: 220 *
		C: EHLO x
		S: 250-mx.example.test
		S: 250-PIPELINING
		S: 250-SIZE *
		S: 250-8BITMIME
		S: 250-SMTPUTF8
		S: 250-DSN
		S: 250-AUTH SCRAM-SHA-256 PLAIN LOGIN
		S: 250 ENHANCEDSTATUSCODES
		C: AUTH PLAIN $PLAIN64
		S: 235 2.7.0 *
		C: MAIL FROM:<ann@example.test> SIZE=20 AUTH=<>
		S: 250 *
		C: RCPT TO:<a@elsewhere.test>
		S: 250 *
		C: RCPT TO:<carol@example.test>
		S: 550 5.1.1 *
		C: DATA
		S: 354 *
		C: Subject: hi
		C: 
		C: hello
		C: .
		S: 250 2.0.0 *
		C: QUIT
		S: 221 *
		S.
		E: 0
	X
	[ "$(envelope auth)" = ann@example.test ]
	message | sed -n 2p | grep -q 'with ESMTPA id'
	message | grep -q '^Date: '
	message | grep -q "^Message-ID: <$(envelope id)@mx.example.test>"
	logged 'ev=accepted.*auth=ann@example.test'
	! grep -q 'secret\|c2VjcmV0' "$BATS_TEST_TMPDIR/log" || false
}

@test "PLAIN without an initial response, LOGIN with and without one" {
	dialog yubin-smtpd yubin-checkpw <<-X
		S: 220 *
		C: EHLO x
		S* 250 *
		C: AUTH plain
		S: 334 
		C: $PLAIN64
		S: 235 2.7.0 *
	X
	dialog yubin-smtpd yubin-checkpw <<-X
		S: 220 *
		C: EHLO x
		S* 250 *
		C: AUTH LOGIN
		S: 334 VXNlcm5hbWU6
		C: $USER64
		S: 334 UGFzc3dvcmQ6
		C: $PASS64
		S: 235 2.7.0 *
	X
	dialog yubin-smtpd yubin-checkpw <<-X
		S: 220 *
		C: EHLO x
		S* 250 *
		C: auth login $USER64
		S: 334 UGFzc3dvcmQ6
		C: $PASS64
		S: 235 2.7.0 *
		C: AUTH LOGIN
		S: 503 5.5.1 *
	X
	dialog yubin-smtpd yubin-checkpw <<-X
		S: 220 *
		C: EHLO x
		S* 250 *
		C: AUTH PLAIN $(printf 'ann@example.test\0ann@example.test\0secret' | base64 -w0)
		S: 235 2.7.0 *
	X
}

@test "before login, MAIL and RCPT are 530 5.7.0" {
	dialog yubin-smtpd yubin-checkpw <<-X
		S: 220 *
		C: EHLO x
		S* 250 *
		C: MAIL FROM:<ann@example.test>
		S: 530 5.7.0 *
		C: RCPT TO:<ann@example.test>
		S: 530 5.7.0 *
		C: DATA
		S: 530 5.7.0 *
		C: VRFY ann
		S: 530 5.7.0 *
		C: NOOP
		S: 250 *
	X
}

@test "wrong passwords are 535 5.7.8; LOGIN_TRIES of them end the session" {
	LOGIN_TRIES=3 dialog yubin-smtpd yubin-checkpw <<-X
		S: 220 *
		C: EHLO x
		S* 250 *
		C: AUTH PLAIN $WRONG64
		S: 535 5.7.8 *
		C: AUTH LOGIN $(printf 'nobody@example.test' | base64 -w0)
		S: 334 UGFzc3dvcmQ6
		C: $PASS64
		S: 535 5.7.8 *
		C: MAIL FROM:<ann@example.test>
		S: 530 5.7.0 *
		C: AUTH PLAIN $WRONG64
		S: 421 4.7.0 *
		S.
	X
	logged 'ev=login-failed'
}

@test "malformed exchanges: 501, 504, and the session goes on" {
	dialog yubin-smtpd yubin-checkpw <<-X
		S: 220 *
		C: AUTH PLAIN $PLAIN64
		S: 503 5.5.1 *
		C: EHLO x
		S* 250 *
		C: AUTH
		S: 504 5.5.4 *
		C: AUTH CRAM-MD5
		S: 504 5.5.4 *
		C: AUTH PLAIN *
		S: 501 5.5.2 *
		C: AUTH LOGIN
		S: 334 *
		C: *
		S: 501 5.7.0 *
		C: AUTH PLAIN !!!!
		S: 501 5.5.2 *
		C: AUTH PLAIN =
		S: 501 5.5.2 *
		C: AUTH PLAIN YWJj
		S: 501 5.5.2 *
		C: AUTH PLAIN $(printf '\0\0' | base64 -w0)
		S: 501 5.5.2 *
		C: AUTH PLAIN $(printf '\0a\0b\0c' | base64 -w0)
		S: 501 5.5.2 *
		C: AUTH PLAIN $(printf 'bob@example.test\0ann@example.test\0secret' | base64 -w0)
		S: 535 5.7.8 *
		C: AUTH PLAIN $(head -c 300 /dev/zero | tr '\0' a | base64 -w0)
		S: 501 5.5.2 *
		C: AUTH PLAIN $(head -c 9300 /dev/zero | tr '\0' a | base64 -w0)
		S: 500 5.5.2 *
		C: AUTH PLAIN $PLAIN64
		S: 235 2.7.0 *
		C: MAIL FROM:<ann@example.test>
		S: 250 *
		C: AUTH PLAIN $PLAIN64
		S: 503 5.5.1 *
	X
}

@test "without TLS login is neither offered nor taken, unless CLEARTEXT_LOGIN=1" {
	CLEARTEXT_LOGIN=0 dialog yubin-smtpd yubin-checkpw <<-X
		S: 220 *
		C: EHLO x
		S: 250-*
		S: 250-PIPELINING
		S: 250-SIZE *
		S: 250-8BITMIME
		S: 250-SMTPUTF8
		S: 250-DSN
		S: 250 ENHANCEDSTATUSCODES
		C: AUTH PLAIN $PLAIN64
		S: 538 5.7.11 *
	X
	CLEARTEXT_LOGIN=0 PROTO=SSL SSL_PROTOCOL=TLSv1.3 dialog yubin-smtpd yubin-checkpw <<-X
		S: 220 *
		C: EHLO x
		S* 250-AUTH SCRAM-SHA-256 PLAIN LOGIN
		S: 250 *
		C: AUTH PLAIN $PLAIN64
		S: 235 2.7.0 *
		C: MAIL FROM:<ann@example.test>
		S: 250 *
		C: RCPT TO:<bob@example.test>
		S: 250 *
		C: DATA
		S: 354 *
		C: .
		S: 250 *
	X
	message | sed -n 2p | grep -q 'with ESMTPSA id'
}

@test "a checker that is missing or fails is 454 4.7.0, never a login" {
	for checker in /nonexistent/checker false; do
		[ "$checker" != false ] || checker=$BATS_TEST_TMPDIR/broken
		printf '#!/bin/sh\nexit 111\n' >"$BATS_TEST_TMPDIR/broken"
		chmod +x "$BATS_TEST_TMPDIR/broken"
		dialog yubin-smtpd "$checker" <<-X
			S: 220 *
			C: EHLO x
			S* 250 *
			C: AUTH PLAIN $PLAIN64
			S: 454 4.7.0 *
			C: MAIL FROM:<ann@example.test>
			S: 530 5.7.0 *
		X
		logged "ev=checker-failed .*checker=$checker user=ann.* err="
	done
}

@test "submission refuses bare LF as well" {
	dialog yubin-smtpd yubin-checkpw <<-X
		S: 220 *
		C: EHLO x
		S* 250 *
		C: AUTH PLAIN $PLAIN64
		S: 235 *
		C: MAIL FROM:<ann@example.test>
		S: 250 *
		C: RCPT TO:<bob@example.test>
		S: 250 *
		C: DATA
		S: 354 *
		C~ Subject: x\n\nhello\n\r\n.\r\n
		S: 550 5.6.0 *
	X
	queued 0
}
