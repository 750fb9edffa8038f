#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# pop3-login as the handler of a UCSPI-TLS server (RFC 2595 4).
load ../helper

setup() {
	new_root
	export CLEARTEXT_LOGIN=0
	session=$BATS_TEST_TMPDIR/session
	cat >"$session" <<'SH'
#!/bin/sh
printf '+OK %s %s\r\n' "$USER" "$SSL_PROTOCOL$SSLCTLFD"
exec cat
SH
	chmod 755 "$session"
}

rig() {
	python3 "$TESTS/imap/login_tls.py" pop3 "$1" yubin-pop3-login \
	    yubin-checkpw "$session" 2>>"$BATS_TEST_TMPDIR/log"
}

@test "STLS starts TLS, forgets USER, and login and session happen there" {
	rig start
	grep 'ev=session .*tls=yes' "$BATS_TEST_TMPDIR/log"
	grep 'ev=login-ok .*service=pop3 tls=TLSv1.3 cipher=X' "$BATS_TEST_TMPDIR/log"
}

@test "what is sent behind STLS is refused, and TLS not started (CVE-2011-0411)" {
	rig inject
	grep ev=injection "$BATS_TEST_TMPDIR/log"
	run ! grep ev=login-ok "$BATS_TEST_TMPDIR/log"
}

@test "a failed handshake is the end" {
	rig fail
}
