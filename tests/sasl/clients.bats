#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Debian's clients, each by the strongest mechanisms that it knows.
load ../helper
load sasl

setup_file() {
	export BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
	cd "$BATS_FILE_TMPDIR"
	sasl_root
	export CLEARTEXT_LOGIN=0 TLS_USER=65534:65534
	self_signed "$YUBIN_ROOT/tls"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -keyout ann.key -out ann.pem -days 30 -subj /CN=Ann \
	    -addext subjectAltName=email:ann@example.test 2>/dev/null
	export TLS_CLIENT_CA=$PWD/ann.pem CA=$YUBIN_ROOT/tls/cert.pem
	export OAUTH_CHECKER=$PWD/oauth
	printf '#!/bin/sh\ntr "\\0" "\\n" <&3 | grep -qx good\n' >oauth
	chmod 755 oauth
	serve starttls yubin-imap-login yubin-checkpw yubin-imapd && export IMAP=$PORT
	serve tls yubin-imap-login yubin-checkpw yubin-imapd && export IMAPS=$PORT
	serve tls yubin-pop3-login yubin-checkpw yubin-pop3d && export POP3S=$PORT
	serve starttls yubin-smtpd yubin-checkpw && export SUBMISSION=$PORT
	serve tls yubin-smtpd yubin-checkpw && export SUBMISSIONS=$PORT
	export SASL_MECHANISMS="SCRAM-SHA-256-PLUS PLAIN LOGIN"
	serve starttls yubin-smtpd yubin-checkpw && export SUBMISSION_PLUS=$PORT
	echo "${STARTED[*]}" >started
}

# serve MODE PROGRAM…: PORT is where.
serve() {
	rm -f port
	mkfifo port
	start yubin-tlsserver -t "$1" -p port 127.0.0.1 0 "${@:2}"
	read -r _ PORT <port
}

teardown_file() {
	kill $(cat "$BATS_FILE_TMPDIR/started")
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	export HOME=$BATS_TEST_TMPDIR
	log=$BATS_FILE_TMPDIR/log
	: >"$log"
}

need() {
	command -v "$1" >/dev/null || skip "$1 is not installed"
}

# by MECHANISM: that is how somebody has got in; empty: in any way.
by() {
	wait_for grep -E "ev=login-ok${1:+ .*mech=$1( |\$)}" "$log"
}

# msmtp_with SETTING…
msmtp_with() {
	printf '%s\n' defaults 'user ann@example.test' 'tls on' \
	    "tls_trust_file $CA" 'from ann@example.test' \
	    'account default' 'host 127.0.0.1' "$@" >msmtprc
	chmod 600 msmtprc
	printf 'Subject: x\n\nx\n' | msmtp -C msmtprc bob@example.test
}

# msmtp_by MECHANISM SETTING…
msmtp_by() {
	msmtp_with "${@:2}"
	by "$1"
}

@test "msmtp: its own choice, SCRAM-SHA-256, EXTERNAL, OAUTHBEARER, XOAUTH2" {
	need msmtp
	msmtp_by '' "port $SUBMISSION" 'auth on' 'password secret'
	msmtp_by SCRAM-SHA-256 "port $SUBMISSIONS" 'tls_starttls off' \
	    'auth scram-sha-256' 'password secret'
	msmtp_by EXTERNAL "port $SUBMISSION" 'auth external' \
	    "tls_cert_file $BATS_FILE_TMPDIR/ann.pem" \
	    "tls_key_file $BATS_FILE_TMPDIR/ann.key"
	msmtp_by OAUTHBEARER "port $SUBMISSION" 'auth oauthbearer' 'password good'
	msmtp_by XOAUTH2 "port $SUBMISSION" 'auth xoauth2' 'password good'
	: >"$log"
	run ! msmtp_with "port $SUBMISSION" 'auth oauthbearer' 'password bad'
	wait_for grep 'ev=login-failed .*mech=OAUTHBEARER' "$log"
	run ! grep ev=login-ok "$log"
}

@test "gsasl: SCRAM-SHA-256-PLUS by tls-exporter, and without it" {
	need gsasl
	local opt=(--x509-ca-file="$CA" -a ann@example.test -z ann@example.test -p secret -d)
	gsasl --imap --connect="localhost:$IMAP" "${opt[@]}" \
	    -m SCRAM-SHA-256-PLUS </dev/null
	by SCRAM-SHA-256-PLUS
	: >"$log"
	gsasl --smtp --connect="localhost:$SUBMISSION_PLUS" "${opt[@]}" \
	    -m SCRAM-SHA-256-PLUS </dev/null
	by SCRAM-SHA-256-PLUS
	gsasl --smtp --connect="localhost:$SUBMISSION" "${opt[@]}" \
	    -m SCRAM-SHA-256 --no-cb </dev/null
	by SCRAM-SHA-256
}

@test "mpop: SCRAM-SHA-256 and OAUTHBEARER" {
	need mpop
	local how
	for how in 'scram-sha-256:secret' oauthbearer:good xoauth2:good; do
		printf '%s\n' 'account default' 'host 127.0.0.1' "port $POP3S" \
		    'tls on' 'tls_starttls off' "tls_trust_file $CA" \
		    'user ann@example.test' "auth ${how%:*}" \
		    "password ${how#*:}" 'delivery mbox /dev/null' >mpoprc
		chmod 600 mpoprc
		mpop -C mpoprc -s
		by "$(tr a-z A-Z <<<"${how%:*}")"
	done
}

@test "mutt: its own choice of what is offered" {
	need mutt
	cat >muttrc <<-X
		set imap_user=ann@example.test imap_pass=secret
		set folder="imap://ann@example.test@127.0.0.1:$IMAP/" spoolfile=+INBOX
		set ssl_force_tls=yes certificate_file=$CA ssl_verify_host=no
		set from=ann@example.test use_from=yes copy=yes record=+Sent
		set smtp_url="smtp://ann@example.test@127.0.0.1:$SUBMISSION"
		set smtp_pass=secret
	X
	echo x | mutt -F muttrc -n -s x bob@example.test
	by SCRAM-SHA-256
	[ "$(grep -c ev=login-ok "$log")" -eq 2 ]
	run ! grep ev=login-failed "$log"
}

@test "mbsync: SCRAM by Cyrus SASL" {
	need mbsync
	ls /usr/lib/*/sasl2/libscram.so >/dev/null 2>&1 ||
	    skip "Cyrus SASL's SCRAM (libsasl2-modules) is not installed"
	mkdir mail
	cat >mbsyncrc <<-X
		IMAPAccount a
		Host 127.0.0.1
		Port $IMAPS
		User ann@example.test
		Pass secret
		SSLType IMAPS
		CertificateFile $CA
		AuthMechs SCRAM-SHA-256

		IMAPStore far
		Account a

		MaildirStore near
		Path $PWD/mail/
		Inbox $PWD/mail/INBOX

		Channel c
		Far :far:
		Near :near:
		Create Near
	X
	mbsync -c mbsyncrc c
	by SCRAM-SHA-256
}
