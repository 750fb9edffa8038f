#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# OAUTHBEARER (RFC 7628) and XOAUTH2 with an OAUTH_CHECKER.
load ../helper
load sasl

setup() {
	sasl_root
	export OAUTH_CHECKER=$BATS_TEST_TMPDIR/oauth OAUTH_SCOPE=mail
	export OAUTH_CONFIGURATION=https://id.example.test/.well-known/x
	cat >"$OAUTH_CHECKER" <<'SH'
#!/bin/bash
read -r -d '' user <&3; read -r -d '' token <&3
read -r -d '' host <&3; read -r -d '' port <&3
printf '%s|%s|%s\n' "$user" "$host" "$port" >>"${0%/*}/asked"
case $token in
good-*) token=${token#good-}; name=${token#*~}
	printf '%s@%s\nmore\n' "${token%%~*}" "${name%%~*}" ;;
service) ;;
trouble) exit 111 ;;
much) printf '%01000d\n' 1 ;;
*) exit 1 ;;
esac
SH
	chmod 755 "$OAUTH_CHECKER"
}

@test "OAuth in IMAP" {
	python3 "$TESTS/sasl/oauth.py" imap yubin-imap-login yubin-checkpw \
	    "$SESSION" 2>"$BATS_TEST_TMPDIR/log"
	grep -Fx 'ann@example.test|mx.example.test|143' "$BATS_TEST_TMPDIR/asked"
	grep 'user=gus@example.test reason=allow-nets' "$BATS_TEST_TMPDIR/log"
	run ! grep good- "$BATS_TEST_TMPDIR/log"
}

@test "OAuth in POP3" {
	python3 "$TESTS/sasl/oauth.py" pop3 yubin-pop3-login yubin-checkpw \
	    "$SESSION" 2>"$BATS_TEST_TMPDIR/log"
}

@test "OAuth in SMTP" {
	python3 "$TESTS/sasl/oauth.py" smtp yubin-smtpd yubin-checkpw \
	    2>"$BATS_TEST_TMPDIR/log"
}

@test "without a checker for tokens they are not offered" {
	unset OAUTH_CHECKER
	dialog yubin-imap-login yubin-checkpw "$SESSION" <<-'EOF'
		S: * OK [CAPABILITY *ID AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN]*
		C: a AUTHENTICATE OAUTHBEARER
		S: a NO No such mechanism
	EOF
}
