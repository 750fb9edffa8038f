#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What is sent to other people's servers arrives there byte for byte, and what
# they refuse comes back as an RFC 3464 report.
load ../helper
load servers
load peers

setup_file() {
	export DIR=$BATS_FILE_TMPDIR LOGIN_DELAY=0
	BATS_TEST_TMPDIR=$DIR new_root
	peer_start postfix
	peer_start exim4-daemon-light
	peer_start opensmtpd
	runner_start
}

teardown_file() {
	local pid
	pid=$(cat "$DIR/runner.pid")
	kill "$pid" && wait "$pid" || :
	peers_stop
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	SUBJECT=x$BATS_TEST_NUMBER-$RANDOM
}

teardown() {
	stop_all
	[ -n "${BATS_TEST_COMPLETED-}" ] ||
	    tail -n 25 "$DIR/log" "${PEER:-$DIR/postfix}.log"
}

# A body with what transport can spoil: dots, blanks, long lines, octets.
make_body() {
	python3 - >body <<-'X'
		import sys
		lines = [b".", b"..", b".dot", b"", b"  blanks at the end  \t",
		         b"From the start", b"x" * 998, b"QUIT", b"DATA",
		         b"\xc3\xa4\xc3\xb6 UTF-8", b"\xe4\xf6 not UTF-8",
		         b"\x01\x7f\x1b[0m", b"=3D", b"--", b"", b""]
		sys.stdout.buffer.write(b"\n".join(lines) + b"\n")
	X
}

# send RECIPIENT…: the file "body", with $SUBJECT.
send() {
	{ printf 'From: ann@example.test\nTo: joe@peer.test\nSubject: %s\n\n' \
	    "$SUBJECT"; cat body; } | yubin-inject -i -f ann@example.test "$@" \
	    2>>"$DIR/log"
}

# same_body FILE: the body there, from the first empty line, is ours.
same_body() {
	sed '1,/^$/d' "$1" | cmp - body
}

# reported STATUS WORDS: the report about $SUBJECT in ann's mailbox.
reported() {
	wait_for arrived ann "$SUBJECT"
	python3 - "$YUBIN_ROOT/mail/example.test/ann/new" "$SUBJECT" "$@" <<-'X'
		import email, os, sys
		folder, subject, status, words = sys.argv[1:]
		for name in os.listdir(folder):
		    raw = open(os.path.join(folder, name), "rb").read()
		    if subject.encode() in raw:
		        break
		m = email.message_from_bytes(raw)
		assert m.get_content_type() == "multipart/report"
		assert m.get_param("report-type") == "delivery-status"
		assert m["Return-Path"] == "<>", m["Return-Path"]
		per = m.get_payload()[1].get_payload()[1:]
		assert len(per) == 1, per
		assert per[0]["Action"] == "failed"
		assert per[0]["Status"] == status, per[0]["Status"]
		assert per[0]["Diagnostic-Code"].startswith("smtp;")
		assert words in " ".join(per[0]["Diagnostic-Code"].split()), \
		    per[0]["Diagnostic-Code"]
		assert subject in m.get_payload()[2].as_string()
	X
}

arrives_over_tls() {
	make_body
	send joe@peer.test
	local f
	f=$(peer_file "$SUBJECT")
	same_body "$f"
	grep -q "$1" "$f"
	grep 'ev=sent\|ev=remote\|tls=' "$DIR/log" | tail -n 1 | grep 'tls=TLS'
}

big_arrives() {
	head -c 3000000 /dev/urandom | base64 >body
	send joe@peer.test
	same_body "$(peer_file "$SUBJECT")"
}

refused_after_data() {
	SUBJECT=refused-$SUBJECT
	make_body
	send joe@peer.test
	reported 5.7.1 "5.7.1 we do not like it"
}

one_of_two_is_refused() {
	make_body
	send no-such@peer.test joe@peer.test
	same_body "$(peer_file "$SUBJECT")"
	reported "$1" "$2"
}

@test "Postfix: the message arrives over TLS, byte for byte" {
	peer postfix
	arrives_over_tls 'with ESMTPS id'
}

@test "Postfix: four million octets" {
	peer postfix
	big_arrives
}

@test "Postfix: refused after the data, and the sender is told" {
	peer postfix
	refused_after_data
}

@test "Postfix: one of two is unknown; the other gets the message" {
	peer postfix
	one_of_two_is_refused 5.1.1 '550 5.1.1 <no-such@peer.test>'
}

@test "Exim: the message arrives over TLS, byte for byte" {
	peer exim4-daemon-light
	arrives_over_tls 'with esmtps'
}

@test "Exim: four million octets" {
	peer exim4-daemon-light
	big_arrives
}

@test "Exim: refused after the data, and the sender is told" {
	peer exim4-daemon-light
	refused_after_data
}

@test "Exim: one of two is unknown; the other gets the message" {
	peer exim4-daemon-light
	one_of_two_is_refused 5.1.1 '550 5.1.1 nobody of that name'
}

# That of Debian 12 offers STARTTLS and fails in each handshake: it was written
# for OpenSSL 1.
@test "OpenSMTPD: the message arrives byte for byte, by TLS if that works" {
	peer opensmtpd
	make_body
	send joe@peer.test
	same_body "$(peer_file "$SUBJECT")"
}

@test "OpenSMTPD: four million octets" {
	peer opensmtpd
	big_arrives
}

@test "OpenSMTPD: one of two is unknown; the other gets the message" {
	peer opensmtpd
	# No enhanced code in the reply: RFC 3463 3.1, X.0.0.
	one_of_two_is_refused 5.0.0 '550 Invalid recipient'
}

@test "smtp-sink: the message arrives byte for byte" {
	sink
	make_body
	send joe@peer.test
	sink_has "$SUBJECT"
}

@test "smtp-sink without ESMTP: HELO, and the message arrives" {
	sink -e
	make_body
	send joe@peer.test
	sink_has "$SUBJECT"
	grep -qx 'X-Client-Proto: SMTP' got
}

@test "smtp-sink without PIPELINING" {
	sink -p
	make_body
	send joe@peer.test ann@peer.test
	sink_has "$SUBJECT"
	[ "$(grep -c '^X-Rcpt-Args' got)" -eq 2 ]
}

@test "smtp-sink refuses MAIL, RCPT, DATA or the message: the sender is told" {
	make_body
	local step
	for step in mail rcpt data .; do
		sink -f "$step" -B "550 5.3.0 never"
		send joe@peer.test
		reported 5.3.0 never
		stop_all
		rm -r sink
	done
}
