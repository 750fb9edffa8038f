#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# imap-login as the handler of a UCSPI-TLS server (RFC 3501 6.2.1).
load ../helper

setup() {
	new_root
	export CLEARTEXT_LOGIN=0
	session=$BATS_TEST_TMPDIR/session
	cat >"$session" <<'SH'
#!/bin/sh
printf '%s OK %s %s\r\n' "$IMAPLOGINTAG" "$USER" "$SSL_PROTOCOL$SSLCTLFD"
exec cat
SH
	chmod 755 "$session"
}

rig() {
	python3 "$TESTS/imap/login_tls.py" imap "$1" yubin-imap-login \
	    yubin-checkpw "$session" 2>>"$BATS_TEST_TMPDIR/log"
}

@test "STARTTLS starts TLS, and login and session happen there" {
	rig start
	grep 'ev=session .*tls=yes' "$BATS_TEST_TMPDIR/log"
	grep 'ev=login-ok .*service=imap tls=TLSv1.3 cipher=X' "$BATS_TEST_TMPDIR/log"
}

@test "what is sent behind STARTTLS is refused, and TLS not started (CVE-2011-0411)" {
	rig inject
	grep ev=injection "$BATS_TEST_TMPDIR/log"
	run ! grep ev=login-ok "$BATS_TEST_TMPDIR/log"
}

@test "a failed handshake is the end" {
	rig fail
}
