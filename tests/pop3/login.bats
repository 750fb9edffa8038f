#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# pop3-login: the AUTHORIZATION state of RFC 1939.
load ../helper

setup() {
	new_root
	session=$BATS_TEST_TMPDIR/session
	cat >"$session" <<'SH'
#!/bin/sh
printf '+OK %s %s\r\n' "$AUTHENTICATED" "$IMAPLOGINTAG"
printf '%s' "$CLIENT_INPUT" | base64 -d
exec cat
SH
	chmod 755 "$session"
	log=$BATS_TEST_TMPDIR/log
	: >"$log"
}

login() {
	dialog yubin-pop3-login yubin-checkpw "$session"
}

@test "greeting, CAPA (RFC 2449), QUIT" {
	login <<-'EOF'
		S: +OK mx.example.test ready
		C: CAPA
		S: +OK*
		S: USER
		S: SASL SCRAM-SHA-256 PLAIN LOGIN
		S: TOP
		S: UIDL
		S: PIPELINING
		S: RESP-CODES
		S: AUTH-RESP-CODE
		S: UTF8
		S: LANG
		S: EXPIRE NEVER
		S: IMPLEMENTATION yubin
		S: .
		C: QUIT
		S: +OK*
		S.
	EOF
}

@test "USER and PASS start the session; the password may hold blanks" {
	login <<-'EOF'
		S: +OK*
		C: USER ann@example.test
		S: +OK*
		C: PASS secret
		S: +OK ann@example.test 
	EOF
	sed -i 's/^bob:[^:]*/bob:{PLAIN} a b /' \
	    "$YUBIN_ROOT/domains/example.test/users"
	login <<-'EOF'
		S: +OK*
		C: user bob
		S: +OK*
		C~ pass  a b \r\n
		S: +OK bob@example.test 
	EOF
	run ! grep secret "$log"
}

@test "a checker that leaves something running holds nobody up" {
	cat >"$BATS_TEST_TMPDIR/checker" <<-'SH'
		#!/bin/sh
		sleep 8 >/dev/null 2>&1 &
		exec "$@"
	SH
	chmod 755 "$BATS_TEST_TMPDIR/checker"
	SECONDS=0
	dialog yubin-pop3-login "$BATS_TEST_TMPDIR/checker" "$session" <<-'EOF'
		S: +OK*
		C: USER ann@example.test
		S: +OK*
		C: PASS secret
		S: +OK *
	EOF
	[ "$SECONDS" -lt 5 ]
}

@test "the session starts without ignored signals" {
	cat >"$session" <<-'SH'
		#!/bin/sh
		ignored=$(awk '/^SigIgn/ { print $2 }' /proc/$$/status)
		printf '+OK SIGPIPE %d\r\n' $((0x$ignored >> 12 & 1))
	SH
	login <<-'EOF'
		S: +OK*
		C: USER ann@example.test
		S: +OK*
		C: PASS secret
		S: +OK SIGPIPE 0
	EOF
}

@test "what is pipelined behind PASS reaches the session" {
	login <<-'EOF'
		S: +OK*
		C~ USER ann\r\nPASS secret\r\nSTAT\r\nQUIT\r\n
		S: +OK*
		S: +OK ann@example.test 
		S: STAT
		S: QUIT
	EOF
}

@test "PASS without USER, USER and PASS without argument, after a failure" {
	login <<-'EOF'
		S: +OK*
		C: PASS secret
		S: -ERR*
		C: USER
		S: -ERR*
		C: USER ann
		S: +OK*
		C: PASS
		S: -ERR*
		C: USER ann
		S: +OK*
		C: PASS wrong
		S: -ERR [AUTH]*
		C: PASS secret
		S: -ERR*
	EOF
}

@test "wrong password, unknown user, unknown domain: one answer, three log lines" {
	LOGIN_TRIES=5 login <<-'EOF'
		S: +OK*
		C: USER ann
		S: +OK Now the password
		C: PASS wrong
		S: -ERR [AUTH] Wrong name or password
		C: USER nobody
		S: +OK Now the password
		C: PASS secret
		S: -ERR [AUTH] Wrong name or password
		C: USER ann@elsewhere.test
		S: +OK Now the password
		C: PASS secret
		S: -ERR [AUTH] Wrong name or password
	EOF
	grep 'ev=login-failed .*user=ann reason=wrong-password' "$log"
	grep 'ev=login-failed .*user=nobody reason=unknown-user' "$log"
	grep 'ev=login-failed .*user=ann@elsewhere.test reason=unknown-domain' "$log"
}

@test "an unreadable users file is [SYS/TEMP] (RFC 3206)" {
	rm "$YUBIN_ROOT/domains/example.test/users"
	mkdir "$YUBIN_ROOT/domains/example.test/users"
	login <<-'EOF'
		S: +OK*
		C: USER ann
		S: +OK*
		C: PASS secret
		S: -ERR [SYS/TEMP]*
		C: QUIT
		S: +OK*
	EOF
	grep 'ev=login-error .*user=ann' "$log"
}

@test "AUTH PLAIN and LOGIN (RFC 5034)" {
	good=$(printf '\0ann\0secret' | base64)
	login <<-EOF
		S: +OK*
		C: AUTH PLAIN $good
		S: +OK ann@example.test 
	EOF
	login <<-EOF
		S: +OK*
		C: AUTH PLAIN
		S: + 
		C: $good
		S: +OK ann@example.test 
	EOF
	login <<-'EOF'
		S: +OK*
		C: AUTH LOGIN
		S: + VXNlcm5hbWU6
		C: YW5u
		S: + UGFzc3dvcmQ6
		C: c2VjcmV0
		S: +OK ann@example.test 
	EOF
}

@test "AUTH alone and with a blank lists the mechanisms (Outlook)" {
	login <<-'EOF'
		S: +OK*
		C: AUTH
		S: +OK*
		S: SCRAM-SHA-256
		S: PLAIN
		S: LOGIN
		S: .
		C~ AUTH \r\n
		S: +OK*
		S: SCRAM-SHA-256
		S: PLAIN
		S: LOGIN
		S: .
		C: AUTH PLAIN
		S: + 
		C: *
		S: -ERR*
		C: AUTH PLAIN !!
		S: -ERR*
		C: AUTH CRAM-MD5
		S: -ERR*
		C: NOOP
		S: -ERR Log in first
	EOF
}

@test "without TLS no password is taken" {
	CLEARTEXT_LOGIN=0 login <<-'EOF'
		S: +OK*
		C: CAPA
		S: +OK*
		S! USER
		S* .
		C: USER ann
		S: -ERR*
		C: PASS secret
		S: -ERR*
		C: AUTH PLAIN
		S: -ERR*
		C: AUTH
		S: +OK*
		S: .
		C: STLS
		S: -ERR*
	EOF
}

@test "unknown commands, long lines, bare LF, NUL, too many of them" {
	head -c 9000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/long"
	login <<-EOF
		S: +OK*
		C: XYZZY
		S: -ERR*
		C: STAT
		S: -ERR Log in first
		C< $BATS_TEST_TMPDIR/long
		C:
		S: -ERR*
		C~ CAPA\n
		S: -ERR*
		C~ USER a\0b\r\n
		S: +OK*
		C: PASS x
		S: -ERR [AUTH]*
		C: QUIT now
		S: -ERR*
		C: CAPA now
		S: -ERR*
		C: A
		S: -ERR*
		C: B
		S: -ERR*
		C:
		S: -ERR*
		C: D
		S: -ERR*
		S.
	EOF
	grep ev=too-many-errors "$log"
}

@test "LOGIN_TRIES and LOGIN_TIMEOUT (no answer: RFC 1939 3)" {
	LOGIN_TRIES=1 login <<-'EOF'
		S: +OK*
		C: USER ann
		S: +OK*
		C: PASS wrong
		S: -ERR [AUTH]*
		S.
	EOF
	LOGIN_TIMEOUT=1 login <<-'EOF'
		S: +OK*
		S.
	EOF
	grep ev=timeout "$log"
}

@test "the end of input ends both halves, wherever it comes" {
	for part in '' 'USER' 'USER ann\r\nPASS secret' 'AUTH PLAIN\r\n'; do
		printf "$part" | timeout 10 yubin-pop3-login yubin-checkpw \
		    "$session" >/dev/null 2>>"$log"
	done
}
