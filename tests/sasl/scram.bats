#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677) in IMAP (RFC 3501 6.2.2,
# RFC 4959), POP3 (RFC 5034) and SMTP (RFC 4954).
load ../helper
load sasl

setup() {
	sasl_root
}

@test "SCRAM in IMAP: what is right, what is wrong, and who exists" {
	python3 "$TESTS/sasl/scram.py" imap yubin-imap-login yubin-checkpw \
	    "$SESSION" 2>"$BATS_TEST_TMPDIR/log"
	local why
	for why in downgrade wrong-nonce wrong-binding binding-expected \
	    another-identity wrong-password unknown-user unknown-domain locked \
	    no-scram-keys password-scope allow-nets; do
		grep "ev=login-failed .*reason=$why" "$BATS_TEST_TMPDIR/log"
	done
	grep 'ev=session .*user=ann@example.test' "$BATS_TEST_TMPDIR/log"
}

@test "SCRAM in POP3" {
	export SASL_MECHANISMS="SCRAM-SHA-256-PLUS SCRAM-SHA-256"
	python3 "$TESTS/sasl/scram.py" pop3 yubin-pop3-login yubin-checkpw \
	    "$SESSION" 2>"$BATS_TEST_TMPDIR/log"
}

@test "SCRAM in SMTP" {
	export SASL_MECHANISMS="SCRAM-SHA-256-PLUS SCRAM-SHA-256"
	python3 "$TESTS/sasl/scram.py" smtp yubin-smtpd yubin-checkpw \
	    2>"$BATS_TEST_TMPDIR/log"
}
