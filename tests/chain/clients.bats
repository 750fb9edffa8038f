#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Programs nobody here wrote, against the whole chain.
load ../helper
load servers

setup_file() {
	servers_start
}

teardown_file() {
	servers_stop
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	export HOME=$BATS_TEST_TMPDIR
}

teardown() {
	show_log
}

need() {
	command -v "$1" >/dev/null || skip "$1 is not installed"
}

# mail SUBJECT: a small message with LF ends on standard output.
mail() {
	printf 'From: ann@example.test\nTo: bob@example.test\nSubject: %s\n\nBody of %s.\n' \
	    "$1" "$1"
}

@test "swaks: plain SMTP to a local user" {
	need swaks
	swaks --server "127.0.0.1:$SMTP" --from x@elsewhere.test \
	    --to bob@example.test --header "Subject: swaks-plain"
	wait_for arrived bob swaks-plain
}

@test "swaks: unknown user refused before DATA with 550" {
	need swaks
	run swaks --server "127.0.0.1:$SMTP" --from x@elsewhere.test \
	    --to nobody@example.test
	[ "$status" -ne 0 ]
	[[ $output == *"550 5.1.1"* ]]
	[[ $output != *" -> DATA"* ]]
}

@test "swaks: relaying refused without login" {
	need swaks
	run swaks --server "127.0.0.1:$SMTP" --from x@elsewhere.test \
	    --to y@elsewhere.test
	[ "$status" -ne 0 ]
	[[ $output == *"550 5.7.1"* ]]
}

@test "swaks: STARTTLS and AUTH PLAIN" {
	need swaks
	swaks --server "127.0.0.1:$SUBMISSION" --tls --auth PLAIN \
	    --auth-user ann@example.test --auth-password secret \
	    --from ann@example.test --to bob@example.test \
	    --header "Subject: swaks-starttls"
	wait_for arrived bob swaks-starttls
}

@test "swaks: implicit TLS and AUTH LOGIN" {
	need swaks
	swaks --server "127.0.0.1:$SUBMISSIONS" --tlsc --auth LOGIN \
	    --auth-user ann@example.test --auth-password secret \
	    --from ann@example.test --to bob@example.test \
	    --header "Subject: swaks-tlsc"
	wait_for arrived bob swaks-tlsc
}

@test "swaks: AUTH is not offered without TLS; a wrong password is refused" {
	need swaks
	run swaks --server "127.0.0.1:$SUBMISSION" --auth PLAIN \
	    --auth-user ann@example.test --auth-password secret \
	    --from ann@example.test --to bob@example.test
	[ "$status" -ne 0 ]
	run swaks --server "127.0.0.1:$SUBMISSION" --tls --auth PLAIN \
	    --auth-user ann@example.test --auth-password wrong \
	    --from ann@example.test --to bob@example.test
	[ "$status" -ne 0 ]
	[[ $output == *"535 5.7.8"* ]]
}

@test "swaks: pipelining" {
	need swaks
	swaks --server "127.0.0.1:$SMTP" --pipeline --from x@elsewhere.test \
	    --to bob@example.test,ann@example.test \
	    --header "Subject: swaks-pipe"
	wait_for arrived bob swaks-pipe
	wait_for arrived ann swaks-pipe
}

@test "swaks: MAIL before login on submission is refused with 530" {
	need swaks
	run swaks --server "127.0.0.1:$SUBMISSION" --tls \
	    --from ann@example.test --to bob@example.test
	[ "$status" -ne 0 ]
	[[ $output == *"530 5.7.0"* ]]
}

@test "msmtp: submission over STARTTLS and over TLS" {
	need msmtp
	cat >msmtprc <<-X
		defaults
		auth on
		user ann@example.test
		password secret
		tls on
		tls_trust_file $CA
		from ann@example.test
		host 127.0.0.1
		account starttls
		port $SUBMISSION
		account tls
		port $SUBMISSIONS
		tls_starttls off
	X
	chmod 600 msmtprc
	mail msmtp-starttls | msmtp -C msmtprc -a starttls bob@example.test
	mail msmtp-tls | msmtp -C msmtprc -a tls bob@example.test
	wait_for arrived bob msmtp-starttls
	wait_for arrived bob msmtp-tls
}

@test "curl: smtps and smtp with STARTTLS" {
	need curl
	mail curl-smtps | curl -sS --cacert "$CA" --crlf --upload-file - \
	    --user ann@example.test:secret --mail-from ann@example.test \
	    --mail-rcpt bob@example.test "smtps://127.0.0.1:$SUBMISSIONS"
	mail curl-smtp | curl -sS --cacert "$CA" --crlf --upload-file - \
	    --ssl-reqd --user ann@example.test:secret \
	    --mail-from ann@example.test --mail-rcpt bob@example.test \
	    "smtp://127.0.0.1:$SUBMISSION"
	wait_for arrived bob curl-smtps
	wait_for arrived bob curl-smtp
}

@test "curl: imap and imaps, pop3 and pop3s" {
	need curl
	mail curl-read | yubin-inject -f ann@example.test bob@example.test
	wait_for arrived bob curl-read
	local url
	for url in "imaps://127.0.0.1:$IMAPS" "imap://127.0.0.1:$IMAP"; do
		run -0 curl -sS --cacert "$CA" --ssl-reqd \
		    --user bob@example.test:secret "$url/" -X 'LIST "" *'
		[[ $output == *INBOX* ]]
		run -0 curl -sS --cacert "$CA" --ssl-reqd \
		    --user bob@example.test:secret "$url/INBOX" \
		    -X 'SEARCH SUBJECT curl-read'
		local n=${output##* }
		n=${n%$'\r'}
		run -0 curl -sS --cacert "$CA" --ssl-reqd \
		    --user bob@example.test:secret "$url/INBOX;MAILINDEX=$n"
		[[ $output == *"Body of curl-read."* ]]
	done
	for url in "pop3s://127.0.0.1:$POP3S" "pop3://127.0.0.1:$POP3"; do
		run -0 curl -sS --cacert "$CA" --ssl-reqd \
		    --user bob@example.test:secret "$url/"
		run -0 curl -sS --cacert "$CA" --ssl-reqd \
		    --user bob@example.test:secret "$url/1"
		[[ $output == *"Delivered-To: bob@example.test"* ]]
	done
}

@test "curl: a wrong password is refused by IMAP and POP3" {
	need curl
	run curl -sS --cacert "$CA" --user bob@example.test:wrong \
	    "imaps://127.0.0.1:$IMAPS/"
	[ "$status" -eq 67 ]
	run curl -sS --cacert "$CA" --user bob@example.test:wrong \
	    "pop3s://127.0.0.1:$POP3S/"
	[ "$status" -eq 67 ]
}

@test "Python: smtplib, imaplib and poplib" {
	python3 "$TESTS/chain/pythonlibs.py"
}

@test "mbsync: two-way over 300 messages; the second run changes nothing" {
	need mbsync
	python3 "$TESTS/chain/fill.py" "$YUBIN_ROOT/mail/example.test/ann" 300
	mkdir -p local
	cat >mbsyncrc <<-X
		IMAPStore far
		Host 127.0.0.1
		Port $IMAPS
		User ann@example.test
		Pass secret
		SSLType IMAPS
		CertificateFile $CA

		MaildirStore near
		Inbox $PWD/local/INBOX
		SubFolders Maildir++

		Channel all
		Far :far:
		Near :near:
		Patterns *
		Create Both
		Expunge Both
		SyncState *
	X
	mbsync -c mbsyncrc -a
	local far=$YUBIN_ROOT/mail/example.test/ann
	[ "$(find local/INBOX/{cur,new} -type f | wc -l)" -eq \
	    "$(mail_count ann)" ]
	# A change on each side: a new message here, a flag and a deletion there.
	printf 'Subject: near-new\nMessage-ID: <near@x>\n\nnew\n' \
	    >local/INBOX/new/1.near.host
	local first base
	first=$(find local/INBOX/{cur,new} -name '*U=*' | sort | head -n 1)
	base=${first##*/}
	mv "$first" "local/INBOX/cur/${base%:2,*}:2,FS"
	mbsync -c mbsyncrc -a
	arrived ann near-new
	[ "$(find "$far/cur" -name '*:2,*F*' | wc -l)" -ge 1 ]
	find "$far"/{cur,new} local -type f ! -name 'dovecot*' \
	    ! -name '.mbsync*' | sort >before
	local i
	for i in 1 2; do
		run -0 mbsync -V -c mbsyncrc -a
	done
	find "$far"/{cur,new} local -type f ! -name 'dovecot*' \
	    ! -name '.mbsync*' | sort >after
	diff before after
}

@test "fetchmail: over POP3 and over IMAP" {
	need fetchmail
	[ "$(id -u)" -ne 0 ] || export FETCHMAILUSER=root
	cat >mda <<-'X'
		#!/bin/sh
		cat >>"$HOME/fetched"
		echo >>"$HOME/fetched"
	X
	chmod 755 mda
	local proto port
	for proto in pop3 imap; do
		[ $proto = pop3 ] && port=$POP3S || port=$IMAPS
		mail "fetch-$proto" |
		    yubin-inject -f ann@example.test bob@example.test
		wait_for arrived bob "fetch-$proto"
		cat >fetchmailrc <<-X
			poll 127.0.0.1 protocol $proto service $port
			  user "bob@example.test" password "secret"
			  ssl sslcertck sslcertfile $CA sslcommonname localhost
			  fetchall nokeep mda "$PWD/mda"
		X
		chmod 600 fetchmailrc
		run fetchmail -f fetchmailrc --pidfile "$PWD/pid" --nosyslog \
		    --idfile "$PWD/ids" -v
		echo "$output" | tail -n 40
		[ "$status" -eq 0 ]
		grep -q "Body of fetch-$proto" fetched
	done
	[ "$(mail_count bob)" -eq 0 ]
}

mutt_settings() {
	cat <<-X
		set folder="imaps://ann@example.test@127.0.0.1:$IMAPS/"
		set imap_user=ann@example.test imap_pass=secret
		set smtp_url="smtps://ann@example.test@127.0.0.1:$SUBMISSIONS"
		set smtp_pass=secret from=ann@example.test use_from=yes
		set spoolfile=+INBOX ssl_starttls=yes ssl_force_tls=yes
		set certificate_file=$CA ssl_verify_host=no
		set confirmappend=no delete=yes move=no quit=yes
		set header_cache= message_cachedir= mail_check=0
	X
}

@test "mutt: sends in batch mode by SMTP and files a copy by IMAP" {
	need mutt
	mutt_settings >muttrc
	echo 'set copy=yes record=+Sent' >>muttrc
	printf 'Body by mutt, Grüße.\n' >body
	head -c 300000 /dev/urandom >data.bin
	mutt -F muttrc -n -s mutt-batch -a data.bin -- bob@example.test <body
	wait_for arrived bob mutt-batch
	grep -rqF mutt-batch "$YUBIN_ROOT/mail/example.test/ann/.Sent/cur"
}

@test "mutt: reads and moves messages, its keys pushed by a script" {
	need mutt
	python3 -c 'import pty; pty.openpty()' 2>/dev/null ||
	    skip "no pseudo-terminals here"
	mail mutt-one | yubin-inject -f bob@example.test ann@example.test
	wait_for arrived ann mutt-one
	mutt_settings >muttrc
	cat >>muttrc <<-X
		set copy=no
		push "<limit>~s mutt-one<enter><tag-pattern>~s mutt-one<enter><tag-prefix><save-message>=Archive<enter><sync-mailbox><quit>"
	X
	TERM=xterm timeout 60 script -qec "mutt -F muttrc -n" /dev/null \
	    >screen 2>&1 </dev/null || :
	wait_for grep -rqF mutt-one "$YUBIN_ROOT/mail/example.test/ann/.Archive"
}
