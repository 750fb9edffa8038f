#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# POP3 clients that nobody here wrote, over STLS and over TLS: they fetch each
# message once, leave or remove what they are told to, and lose nothing when
# they are cut off.
load ../helper
load servers

setup_file() {
	export DIR=$BATS_FILE_TMPDIR
	BATS_TEST_TMPDIR=$DIR new_root
	unset CLEARTEXT_LOGIN
	export CA=$YUBIN_ROOT/tls/cert.pem LOGIN_DELAY=0
	self_signed "$YUBIN_ROOT/tls"
	serve POP3 starttls yubin-pop3-login yubin-checkpw yubin-pop3d
	serve POP3S tls yubin-pop3-login yubin-checkpw yubin-pop3d
	: >"$DIR/runner.pid"
}

teardown_file() {
	servers_stop
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	export HOME=$BATS_TEST_TMPDIR
	MAILDIR=$YUBIN_ROOT/mail/example.test/ann
	rm -rf "$MAILDIR"
	mkdir -p "$MAILDIR"/{cur,new,tmp}
	cat >mda <<-'X'
		#!/bin/sh
		cat >>"$HOME/fetched"
		echo >>"$HOME/fetched"
	X
	chmod 755 mda
	: >fetched
}

teardown() {
	show_log
}

need() {
	command -v "$1" >/dev/null || skip "$1 is not installed"
}

# put NAME…: messages.
put() {
	local name
	for name; do
		printf 'From: x@elsewhere.test\nTo: ann@example.test\nSubject: %s\nMessage-ID: <%s@x>\n\n.\n..Body of %s.\n' \
		    "$name" "$name" "$name" >"$MAILDIR/new/$((++MADE + 1700000000)).$name"
	done
}

# got: the names of messages that the client has handed over, sorted; and
# forget them.
got() {
	sed -n 's/^\.\.Body of \(.*\)\.\r*$/\1/p' fetched | sort | tr '\n' ' '
	: >fetched
}

fetchmail_run() {
	[ "$(id -u)" -ne 0 ] || export FETCHMAILUSER=root
	cat >fetchmailrc <<-X
		poll 127.0.0.1 protocol pop3 service $1 uidl
		  user "ann@example.test" password "secret" $2
		  sslcertck sslcertfile $CA sslcommonname localhost
		  $3 mda "$PWD/mda"
	X
	chmod 600 fetchmailrc
	run fetchmail -f fetchmailrc --pidfile "$PWD/pid" --nosyslog \
	    --idfile "$PWD/ids" -v
	[ "$status" -le 1 ] || { echo "$output"; return 1; }
}

@test "fetchmail --uidl: keeps and fetches once, then removes" {
	need fetchmail
	put a b c
	fetchmail_run "$POP3" '' keep
	[[ $output == *"STLS"* ]]
	[[ $output != *"not the expected length"* ]]
	[ "$(got)" = 'a b c ' ]
	fetchmail_run "$POP3S" ssl keep
	[ "$(got)" = '' ]
	put d
	fetchmail_run "$POP3S" ssl keep
	[[ $output != *"not the expected length"* ]]
	[ "$(got)" = 'd ' ]
	[ "$(mail_count ann)" -eq 4 ]
	put e
	fetchmail_run "$POP3" '' 'nokeep fetchall'
	[ "$(got)" = 'a b c d e ' ]
	[ "$(mail_count ann)" -eq 0 ]
}

# getmail knows no STLS.
@test "getmail: keeps and fetches once, then removes" {
	need getmail
	mkdir getmail
	getmail_run() {
		cat >getmail/getmailrc <<-X
			[retriever]
			type = SimplePOP3SSLRetriever
			server = 127.0.0.1
			port = $POP3S
			username = ann@example.test
			password = secret
			ca_certs = $CA
			[destination]
			type = MDA_external
			path = $PWD/mda
			[options]
			delete = $1
			read_all = false
			delivered_to = false
			received = false
		X
		# It takes no orders from root to run programs otherwise.
		[ "$(id -u)" -ne 0 ] || sed -i '/^path/a allow_root_commands = true' getmail/getmailrc
		getmail -g "$PWD/getmail" >said 2>&1 || { cat said; return 1; }
	}
	put a b
	getmail_run false
	[ "$(got)" = 'a b ' ]
	put c
	getmail_run false
	[ "$(got)" = 'c ' ]
	[ "$(mail_count ann)" -eq 3 ]
	put d
	getmail_run true
	[ "$(got)" = 'd ' ]
	[ "$(mail_count ann)" -eq 0 ]
}

@test "mpop: pipelining over STLS and TLS; keeps and fetches once, then removes" {
	need mpop
	cat >mpoprc <<-X
		defaults
		host localhost
		user ann@example.test
		password secret
		tls on
		tls_trust_file $CA
		delivery mda $PWD/mda
		uidls_file $PWD/uidls
		pipelining on
		account stls
		port $POP3
		tls_starttls on
		account tls
		port $POP3S
		tls_starttls off
	X
	chmod 600 mpoprc
	put a b c
	run -0 mpop -C mpoprc --keep=on stls
	[ "$(got)" = 'a b c ' ]
	run -0 mpop -C mpoprc --keep=on tls
	[ "$(got)" = '' ]
	put d
	run -0 mpop -C mpoprc --keep=on tls
	[ "$(got)" = 'd ' ]
	[ "$(mail_count ann)" -eq 4 ]
	put e
	run -0 mpop -C mpoprc --keep=off stls
	[ "$(got)" = 'e ' ]
	[ "$(mail_count ann)" -eq 0 ]
	run -0 mpop -C mpoprc --serverinfo stls
	echo "$output"
	[[ $output == *PIPELINING* ]]
}

@test "curl: lists, fetches, removes; STLS and TLS" {
	need curl
	put a b
	local url
	for url in "pop3://127.0.0.1:$POP3" "pop3s://127.0.0.1:$POP3S"; do
		pop() {
			run -0 curl -sS --cacert "$CA" --ssl-reqd \
			    --user ann@example.test:secret "$url/$1" "${@:2}"
		}
		pop ''
		[[ $output == *'2 '[0-9]* ]]
		pop 2
		[[ $output == *$'\n..Body of b.'* ]]
		pop '' -X UIDL
		[[ $output == *'2 00000002'* ]]
		pop '' -X 'TOP 1 0'
		[[ $output != *Body* ]]
	done
	pop 1 -X DELE -I
	[ "$(mail_count ann)" -eq 1 ]
}

@test "mutt: reads a maildrop by POP3, its keys pushed by a script" {
	need mutt
	python3 -c 'import pty; pty.openpty()' 2>/dev/null ||
	    skip "no pseudo-terminals here"
	local url
	for url in "pop://ann@example.test@127.0.0.1:$POP3" \
	    "pops://ann@example.test@127.0.0.1:$POP3S"; do
		put first second
		cat >muttrc <<-X
			set pop_user=ann@example.test pop_pass=secret
			set pop_host="$url" ssl_starttls=yes ssl_force_tls=yes
			set certificate_file=$CA ssl_verify_host=no
			set header_cache= message_cachedir= delete=yes quit=yes
			set copy=no confirmappend=no mbox_type=Maildir
			set folder=$PWD sleep_time=0
			push "<limit>~s second<enter><copy-message>$PWD/copy<enter><enter><delete-message><sync-mailbox><quit>"
		X
		rm -rf copy
		TERM=xterm timeout 60 script -qec "mutt -F muttrc -n -f $url" \
		    /dev/null >screen 2>&1 </dev/null || :
		grep -rq '^\.\.Body of second' copy
		[ "$(mail_count ann)" -eq 1 ]
		grep -rq 'Body of first' "$MAILDIR"
		rm -f "$MAILDIR"/*/*
	done
}

@test "Python: poplib, STLS and TLS; a connection cut off removes nothing" {
	put a b c
	{
		printf 'Subject: long\n\n'
		printf 'line %d of a long one\n' {0..1999}
	} >"$MAILDIR/new/1800000000.long"
	python3 "$TESTS/chain/poplib_session.py"
	[ "$(mail_count ann)" -eq 3 ]
}
