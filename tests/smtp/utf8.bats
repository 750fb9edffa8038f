#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Addresses in UTF-8: SMTPUTF8 (RFC 6531).
load ../helper
load smtp

setup() {
	new_root
	sed "s/^bob:/j\xc3\xb6rg:/" "$YUBIN_ROOT/domains/example.test/users" |
	    grep $'^j\xc3\xb6rg:' >>"$YUBIN_ROOT/domains/example.test/users"
}

@test "with SMTPUTF8 in MAIL both addresses may be UTF-8, in values too" {
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO x
		S* 250-SMTPUTF8
		S* 250 *
		C~ MAIL FROM:<\xe6\x9d\xb1@\xe4\xba\xac.test> BODY=8BITMIME SMTPUTF8\r\n
		S: 250 2.1.0 *
		C~ RCPT TO:<j\xc3\xb6rg@EXAMPLE.test> ORCPT=utf-8;j\xc3\xb6rg@x.test\r\n
		S: 250 2.1.5 *
		C~ RCPT TO:<"ann"@example.test> ORCPT=utf-8;\\x{6771}@x.test\r\n
		S: 250 2.1.5 *
		C: DATA
		S: 354 *
		C~ Subject: L\xc3\xb6we\r\n\r\nx\r\n.\r\n
		S: 250 2.0.0 *
	X
	[ "$(envelope sender)" = $'\xe6\x9d\xb1@xn--1lq.test' ]
	[ "$(envelope rcpt | head -n 1)" = $'j\xc3\xb6rg@example.test' ]
	[ "$(envelope orcpt | head -n 1)" = $'utf-8;j\xc3\xb6rg@x.test' ]
	[ "$(envelope orcpt | tail -n 1)" = 'utf-8;\x{6771}@x.test' ]
	[ "$(envelope utf8)" = 1 ]
	message | grep -q 'by mx.example.test with UTF8SMTP id '
}

@test "Received says how: UTF8SMTPA with a login (RFC 6531 4.3)" {
	dialog yubin-smtpd yubin-checkpw <<-'X'
		S: 220 *
		C: EHLO x
		S* 250 *
		C: AUTH PLAIN AGFubkBleGFtcGxlLnRlc3QAc2VjcmV0
		S: 235 *
		C: MAIL FROM:<ann@example.test> SMTPUTF8
		S: 250 *
		C~ RCPT TO:<\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd@elsewhere.test>\r\n
		S: 250 *
		C: DATA
		S: 354 *
		C: x
		C: .
		S: 250 *
	X
	message | grep -q 'with UTF8SMTPA id '
	message | grep -q $'for <\xd0\xb8\xd0\xb2\xd0\xb0\xd0\xbd@elsewhere.test>'
}

@test "domains are known by their ASCII form too (RFC 6531 3.2)" {
	yubin domain add xn--bcher-kva.test
	yubin user add ann@xn--bcher-kva.test <<<xann
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO x
		S* 250 *
		C~ MAIL FROM:<a@b\xc3\xbccher.test> SMTPUTF8\r\n
		S: 250 *
		C~ RCPT TO:<ann@B\xc3\x9cCHER.test>\r\n
		S: 250 *
		C: RCPT TO:<ann@xn--bcher-kva.test>
		S: 250 *
		C: DATA
		S: 354 *
		C: x
		C: .
		S: 250 *
	X
	[ "$(envelope sender)" = a@xn--bcher-kva.test ]
	[ "$(envelope rcpt)" = ann@xn--bcher-kva.test ]
}

@test "without it they are 553 5.6.7, and only there" {
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO x
		S* 250 *
		C~ MAIL FROM:<\xe6\x9d\xb1@x.test>\r\n
		S: 553 5.6.7 *
		C~ MAIL FROM:<a@\xe4\xba\xac.test> BODY=8BITMIME\r\n
		S: 553 5.6.7 *
		C: MAIL FROM:<a@b.test>
		S: 250 *
		C~ RCPT TO:<j\xc3\xb6rg@example.test>\r\n
		S: 553 5.6.7 *
		C~ RCPT TO:<ann@example.test> ORCPT=utf-8;j\xc3\xb6rg@x.test\r\n
		S: 501 5.5.4 *
		C: RCPT TO:<ann@example.test> ORCPT=utf-8;j\x{F6}rg@x.test
		S: 250 *
		C~ VRFY j\xc3\xb6rg SMTPUTF8\r\n
		S: 252 *
		C~ NOOP \xc3\xb6\r\n
		S: 500 5.5.2 *
		C: DATA
		S: 354 *
		C: x
		C: .
		S: 250 *
	X
	[ -z "$(envelope utf8)" ]
}

@test "what is not UTF-8 is a syntax error; SMTPUTF8 has no value" {
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO x
		S* 250 *
		C~ MAIL FROM:<j\xf6rg@x.test> SMTPUTF8\r\n
		S: 500 5.5.2 *
		C~ MAIL FROM:<\xc0\xaf@x.test> SMTPUTF8\r\n
		S: 500 5.5.2 *
		C~ MAIL FROM:<\xed\xa0\x80@x.test> SMTPUTF8\r\n
		S: 500 5.5.2 *
		C: MAIL FROM:<a@b.test> SMTPUTF8=1
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test> SMTPUTF8 SMTPUTF8
		S: 501 5.5.4 *
		C~ MAIL FROM:<a@[\xc3\xb6]> SMTPUTF8\r\n
		S: 501 5.1.7 *
		C~ MAIL FROM:<a@b.test> SMTPUTF8 ENVID=\xc3\xb6\r\n
		S: 501 5.5.4 *
		C: MAIL FROM:<a@b.test> SMTPUTF8
		S: 250 *
		C~ RCPT TO:<nob\xc3\xb6dy@example.test>\r\n
		S: 550 5.1.1 *
		C~ RCPT TO:<a@\xe4\xba\xac.test>\r\n
		S: 550 5.7.1 *
	X
	queued 0
}
