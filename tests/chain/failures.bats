#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What goes wrong gets the right answer in the protocol and a clear log line.
load ../helper
load servers

setup() {
	new_root
	export LOGIN_DELAY=0
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	stop_all
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 25 "$BATS_TEST_TMPDIR/log"
	[ -z "${SMALL-}" ] || umount "$SMALL"
}

logged() {
	grep -q -- "$1" "$BATS_TEST_TMPDIR/log"
}

@test "wrong password, unknown user, unknown domain: IMAP" {
	dialog yubin-imap-login yubin-checkpw yubin-imapd <<-'X'
		S: * OK *
		C: a LOGIN ann@example.test wrong
		S: a NO [AUTHENTICATIONFAILED]*
		C: b LOGIN nobody@example.test secret
		S: b NO [AUTHENTICATIONFAILED]*
		C: c LOGIN ann@elsewhere.test secret
		S* c NO [AUTHENTICATIONFAILED]*
	X
	logged 'ev=login-failed.*user=ann@example.test.*reason=wrong-password'
	logged 'ev=login-failed.*user=nobody@example.test.*reason=unknown-user'
	logged 'ev=login-failed.*user=ann@elsewhere.test.*reason=unknown-domain'
	! logged 'wrong"\|=secret\|pass=' || false
}

@test "wrong password, unknown user: POP3" {
	dialog yubin-pop3-login yubin-checkpw yubin-pop3d <<-'X'
		S: +OK*
		C: USER ann@example.test
		S: +OK*
		C: PASS wrong
		S: -ERR [AUTH]*
		C: USER nobody@example.test
		S: +OK*
		C: PASS wrong
		S: -ERR [AUTH]*
	X
	logged 'ev=login-failed.*user=ann@example.test.*reason=wrong-password'
	logged 'ev=login-failed.*user=nobody@example.test.*reason=unknown-user'
}

@test "wrong password, unknown user, unknown domain: SMTP" {
	dialog yubin-smtpd yubin-checkpw <<-X
		S: 220 *
		C: EHLO me
		S* 250 *
		C: AUTH PLAIN $(printf '\0ann@example.test\0wrong' | base64)
		S: 535 5.7.8*
		C: QUIT
		S: 221 *
	X
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO me
		S* 250 *
		C: MAIL FROM:<x@elsewhere.test>
		S: 250 *
		C: RCPT TO:<nobody@example.test>
		S: 550 5.1.1*
		C: RCPT TO:<y@elsewhere.test>
		S: 550 5.7.1*
		C: QUIT
		S: 221 *
	X
	logged 'ev=login-failed.*reason=wrong-password'
	logged 'ev=rejected.*to=nobody@example.test'
	logged 'ev=rejected.*to=y@elsewhere.test'
}

@test "an accounts file that cannot be read is a temporary failure, logged" {
	mv "$YUBIN_ROOT/domains/example.test/users" users.away
	mkdir "$YUBIN_ROOT/domains/example.test/users"
	dialog yubin-imap-login yubin-checkpw yubin-imapd <<-'X'
		S: * OK *
		C: a LOGIN ann@example.test secret
		S: a NO [UNAVAILABLE]*
	X
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO me
		S* 250 *
		C: MAIL FROM:<x@elsewhere.test>
		S: 250 *
		C: RCPT TO:<ann@example.test>
		S: 451 4.*
	X
	logged 'domains/example.test/users'
}

@test "a full disk: 452 before DATA, and nothing is lost" {
	[ "$(id -u)" -eq 0 ] || skip "needs root to mount a small file system"
	SMALL=$BATS_TEST_TMPDIR/small
	mkdir "$SMALL"
	mount -t tmpfs -o size=3m tmpfs "$SMALL" || { SMALL=; skip "no mount"; }
	mv "$YUBIN_ROOT/queue" "$SMALL/queue"
	ln -s "$SMALL/queue" "$YUBIN_ROOT/queue"
	head -c 4m /dev/zero >"$SMALL/fill" 2>/dev/null || :
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO me
		S* 250 *
		C: MAIL FROM:<x@elsewhere.test>
		S: 250 *
		C: RCPT TO:<ann@example.test>
		S: 250 *
		C: DATA
		S: 452 4.3.1*
	X
	logged 'ev=.*[Nn]o space'
	rm "$SMALL/fill"
	[ -z "$(find "$SMALL/queue" -name '0*' -type f)" ]
}

@test "a full mail store: the message stays queued, with a clear line" {
	[ "$(id -u)" -eq 0 ] || skip "needs root to mount a small file system"
	SMALL=$BATS_TEST_TMPDIR/small
	mkdir "$SMALL"
	mount -t tmpfs -o size=1m tmpfs "$SMALL" || { SMALL=; skip "no mount"; }
	mv "$YUBIN_ROOT/mail" "$SMALL/mail"
	ln -s "$SMALL/mail" "$YUBIN_ROOT/mail"
	printf 'Subject: later\n\nhi\n' | yubin-inject ann@example.test
	head -c 2m /dev/zero >"$SMALL/fill" 2>/dev/null || :
	yubin-queue-runner --once 2>>log
	logged 'ev=deferred'
	rm "$SMALL/fill"
	[ "$(find "$YUBIN_ROOT/queue/new" -type f | wc -l)" -eq 1 ]
}

@test "a certificate that cannot be read: tlsserver says so and exits 111" {
	rm -f "$YUBIN_ROOT/tls/"*.pem
	run -111 --separate-stderr yubin-tlsserver -t tls 127.0.0.1 0 yubin-smtpd
	[[ $stderr == *cert.pem* ]]
}

@test "yubin check names what is wrong in plain words" {
	self_signed "$YUBIN_ROOT/tls"
	echo 'broken line without fields' \
	    >>"$YUBIN_ROOT/domains/example.test/users"
	chmod 644 "$YUBIN_ROOT/tls/key.pem"
	echo x >"$YUBIN_ROOT/env/MAX_MESAGE"
	rm -rf "$YUBIN_ROOT/queue/bad"
	run yubin check
	[ "$status" -eq 100 ]
	[[ $output == *"users"* ]]
	[[ $output == *"key.pem"* ]]
	[[ $output == *"MAX_MESAGE"* ]]
	[[ $output == *"queue/bad"* ]]
}
