#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# imap-login: RFC 3501 "not authenticated", and what strangers may not do.
load ../helper

setup() {
	new_root
	# What the session would be: it shows what it has been given.
	session=$BATS_TEST_TMPDIR/session
	cat >"$session" <<'SH'
#!/bin/sh
printf '%s OK %s\r\n' "$IMAPLOGINTAG" "$USER"
printf '%s' "$CLIENT_INPUT" | base64 -d
exec cat
SH
	chmod 755 "$session"
	log=$BATS_TEST_TMPDIR/log
	: >"$log"
}

login() {
	dialog yubin-imap-login yubin-checkpw "$session"
}

@test "the greeting carries the capabilities (RFC 3501 7.1)" {
	login <<-'EOF'
		S: * OK [CAPABILITY IMAP4rev1 *] mx.example.test ready
		C: a CAPABILITY
		S: * CAPABILITY IMAP4rev1 *AUTH=PLAIN*
		S: a OK*
		C: b NOOP
		S: b OK*
		C: c LOGOUT
		S: * BYE*
		S: c OK*
		S.
	EOF
}

@test "LOGIN starts the session, which answers the command" {
	login <<-'EOF'
		S: * OK*
		C: a LOGIN ann@example.test secret
		S: a OK ann@example.test
	EOF
	grep 'ev=login-ok .*user=ann@example.test' "$log"
	grep 'ev=session .*user=ann@example.test' "$log"
	run ! grep secret "$log"
}

@test "the only domain is the default; names match in any case" {
	login <<-'EOF'
		S: * OK*
		C: a LOGIN Ann secret
		S: a OK ann@example.test
	EOF
}

@test "LOGIN with quoted strings and both kinds of literals (RFC 7888)" {
	login <<-'EOF'
		S: * OK*
		C: a LOGIN "ann@example.test" "wrong \"quoted\\ one"
		S: a NO [AUTHENTICATIONFAILED]*
		C: b LOGIN {16}
		S: + *
		C~ ann@example.test {5}\r\n
		S: + *
		C~ wrong\r\n
		S: b NO [AUTHENTICATIONFAILED]*
		C~ c LOGIN {16+}\r\nann@example.test {6+}\r\nsecret\r\n
		S: c OK ann@example.test
	EOF
}

@test "what is pipelined behind LOGIN reaches the session" {
	login <<-'EOF'
		S: * OK*
		C~ a LOGIN ann secret\r\nb NOOP\r\nc LOGOUT\r\n
		S: a OK ann@example.test
		S: b NOOP
		S: c LOGOUT
		C: d LIST
		S: d LIST
	EOF
}

@test "AUTHENTICATE PLAIN, with and without initial response (RFC 4959)" {
	good=$(printf '\0ann\0secret' | base64)
	login <<-EOF
		S: * OK*
		C: a AUTHENTICATE PLAIN
		S: +*
		C: $good
		S: a OK ann@example.test
	EOF
	login <<-EOF
		S: * OK*
		C: a authenticate plain $good
		S: a OK ann@example.test
	EOF
}

@test "AUTHENTICATE LOGIN asks for name and password" {
	login <<-'EOF'
		S: * OK*
		C: a AUTHENTICATE LOGIN
		S: + VXNlcm5hbWU6
		C: YW5u
		S: + UGFzc3dvcmQ6
		C: c2VjcmV0
		S: a OK ann@example.test
	EOF
}

@test "AUTHENTICATE: cancelling, nonsense, other mechanisms, other identity" {
	other=$(printf 'bob\0ann\0secret' | base64)
	login <<-EOF
		S: * OK*
		C: a AUTHENTICATE PLAIN
		S: +*
		C: *
		S: a BAD*
		C: b AUTHENTICATE PLAIN !!!!
		S: b BAD*
		C: c AUTHENTICATE PLAIN =
		S: c BAD*
		C: d AUTHENTICATE CRAM-MD5
		S: d NO*
		C: e AUTHENTICATE
		S: e BAD*
		C: f AUTHENTICATE PLAIN $other
		S: f NO [AUTHORIZATIONFAILED]*
		C: g NOOP
		S: g OK*
	EOF
}

@test "wrong password, unknown user, unknown domain: one answer, three log lines" {
	export LOGIN_TRIES=5
	login <<-'EOF'
		S: * OK*
		C: a LOGIN ann wrong
		S: a NO [AUTHENTICATIONFAILED] Wrong name or password
		C: b LOGIN nobody secret
		S: b NO [AUTHENTICATIONFAILED] Wrong name or password
		C: c LOGIN ann@elsewhere.test secret
		S: c NO [AUTHENTICATIONFAILED] Wrong name or password
		C: d LOGIN ../ann secret
		S: d NO [AUTHENTICATIONFAILED] Wrong name or password
	EOF
	grep 'ev=login-failed .*user=ann reason=wrong-password' "$log"
	grep 'ev=login-failed .*user=nobody reason=unknown-user' "$log"
	grep 'ev=login-failed .*user=ann@elsewhere.test reason=unknown-domain' "$log"
	run ! grep -E 'secret|wrong"' "$log"
}

@test "LOGIN_TRIES wrong passwords end the connection" {
	LOGIN_TRIES=2 login <<-'EOF'
		S: * OK*
		C: a LOGIN ann x
		S: a NO*
		C: b LOGIN ann y
		S: b NO*
		S: * BYE*
		S.
	EOF
}

@test "an unreadable users file is temporary trouble, with a log line" {
	rm "$YUBIN_ROOT/domains/example.test/users"
	mkdir "$YUBIN_ROOT/domains/example.test/users"
	login <<-'EOF'
		S: * OK*
		C: a LOGIN ann secret
		S: a NO [UNAVAILABLE]*
		C: b NOOP
		S: b OK*
	EOF
	grep 'ev=login-error .*user=ann' "$log"
	grep 'ev=checker-failed' "$log"
}

@test "a checker that does not exist or is misconfigured is temporary trouble" {
	for checker in /nonexistent/checker 'false-checker'; do
		dialog yubin-imap-login "$checker" "$session" <<-'EOF'
			S: * OK*
			C: a LOGIN ann secret
			S: a NO [UNAVAILABLE]*
		EOF
	done
	grep 'ev=checker-failed' "$log"
}

@test "a session that does not exist is said so by the monitor" {
	dialog yubin-imap-login yubin-checkpw /nonexistent/imapd <<-'EOF'
		S: * OK*
		C: a LOGIN ann secret
		S: a NO [UNAVAILABLE]*
		S.
	EOF
}

@test "any checkpassword program will do" {
	cat >"$BATS_TEST_TMPDIR/foreign" <<'SH'
#!/bin/sh
[ "$(tr '\0' : <&3)" = "joe:pass::" ] || exit 1
cd / && USER=joe HOME=/ SHELL=/bin/sh exec "$@"
SH
	chmod 755 "$BATS_TEST_TMPDIR/foreign"
	dialog yubin-imap-login "$BATS_TEST_TMPDIR/foreign" "$session" <<-'EOF'
		S: * OK*
		C: a LOGIN joe wrong
		S: a NO [AUTHENTICATIONFAILED]*
		C: b LOGIN joe pass
		S: b OK joe
	EOF
	grep 'ev=login-denied .*user=joe' "$log"
}

@test "without TLS no password is taken (RFC 3501 6.2.3, RFC 5530)" {
	CLEARTEXT_LOGIN=0 login <<-'EOF'
		S: * OK [CAPABILITY *LOGINDISABLED]*
		C: a CAPABILITY
		S! *AUTH=*
		S: a OK*
		C: b LOGIN ann secret
		S: b NO [PRIVACYREQUIRED]*
		C: c AUTHENTICATE PLAIN
		S: c NO [PRIVACYREQUIRED]*
		C: d STARTTLS
		S: d BAD*
	EOF
	run ! grep ev=login-ok "$log"
}

@test "under TLS passwords are taken" {
	SSL_PROTOCOL=TLSv1.3 CLEARTEXT_LOGIN=0 login <<-'EOF'
		S: * OK [CAPABILITY *AUTH=PLAIN*
		C: a STARTTLS
		S: a BAD*
		C: b LOGIN ann secret
		S: b OK ann@example.test
	EOF
}

@test "ID (RFC 2971)" {
	login <<-'EOF'
		S: * OK*
		C: a ID NIL
		S: * ID ("name" "yubin"*
		S: a OK*
		C: b ID ("name" "x" "version" NIL)
		S: * ID*
		S: b OK*
		C: c ID ()
		S: * ID*
		S: c OK*
		C: d ID ("name")
		S: d BAD*
		C: e ID (((((((
		S: e BAD*
	EOF
}

@test "commands of other states, unknown ones, malformed ones" {
	login <<-'EOF'
		S: * OK*
		C: a SELECT INBOX
		S: a BAD Log in first
		C: b XYZZY
		S: b BAD Unknown command
		C: c
		S: c BAD*
		C: d NOOP now
		S: d BAD*
		C: e LOGIN ann
		S: e BAD*
		C: f LOGIN ann secret more
		S: f BAD*
		C:
		C: g NOOP
		S: g OK*
	EOF
}

@test "too many bad commands end the connection" {
	for i in 1 2 3 4 5 6 7 8 9 10; do
		printf 'a%s XYZZY\r\n' "$i"
	done >"$BATS_TEST_TMPDIR/bad"
	login <<-EOF
		S: * OK*
		C< $BATS_TEST_TMPDIR/bad
		S* * BYE*
		S.
	EOF
}

@test "over-long lines, bare CR and LF, NUL" {
	head -c 9000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/long"
	login <<-EOF
		S: * OK*
		C< $BATS_TEST_TMPDIR/long
		C:
		S: * BAD*
		C~ a NOOP\n
		S: * BAD*
		C~ a NO\rOP\r\n
		S: * BAD*
		C~ a LOGIN ann se\0cret\r\n
		S: a BAD*
		C: b NOOP
		S: b OK*
	EOF
}

@test "literals before login are small, whatever they say" {
	login <<-'EOF'
		S: * OK*
		C: a LOGIN {4097}
		S: a BAD*
		C: b LOGIN {99999999999999999999999}
		S: b BAD*
		C: c LOGIN {-1}
		S: c BAD*
		C: d LOGIN {}
		S: d BAD*
		C: e LOGIN ~{3}
		S: e BAD*
		C: f NOOP
		S: f OK*
		C: g LOGIN {1073741824+}
		S: g BAD*
		S: * BYE*
		S.
	EOF
}

@test "many literals together are no more" {
	login <<-'EOF'
		S: * OK*
		C: a LOGIN {4000}
		S: + *
		C.
		S.
	EOF
	head -c 4000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/lit"
	login <<-EOF
		S: * OK*
		C: a LOGIN {4000}
		S: + *
		C< $BATS_TEST_TMPDIR/lit
		C: {97}
		S: a BAD*
	EOF
}

@test "longer logins than the checkpassword interface allows are denied" {
	name=$(head -c 600 /dev/zero | tr '\0' x)
	login <<-EOF
		S: * OK*
		C: a LOGIN $name secret
		S: a NO [AUTHENTICATIONFAILED]*
	EOF
}

@test "LOGIN_TIMEOUT ends the connection" {
	LOGIN_TIMEOUT=1 login <<-'EOF'
		S: * OK*
		S: * BYE*
		S.
	EOF
	grep ev=timeout "$log"
}

@test "the end of input ends both halves, wherever it comes" {
	for part in '' 'a' 'a LOGIN ann secret' 'a LOGIN {5}\r\nan' \
	    'a AUTHENTICATE PLAIN\r\n' 'a AUTHENTICATE LOGIN\r\nYW5u\r\n'; do
		printf "$part" | timeout 10 yubin-imap-login yubin-checkpw \
		    "$session" >/dev/null 2>>"$log"
	done
}

@test "usage and bad settings are said at once" {
	run -100 yubin-imap-login
	run -100 yubin-imap-login yubin-checkpw
	LOGIN_TRIES=many run -100 yubin-imap-login yubin-checkpw true
	run -0 yubin-imap-login -h
	[[ $output == *LOGIN_TIMEOUT* ]]
}
