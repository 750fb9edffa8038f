#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The same programs under Debian's tcpserver, inetd and systemd, and with no
# server, as whoever runs this; wiring.bats has them as root, as shipped.
load ../helper
load servers

setup() {
	new_root
	self_signed "$YUBIN_ROOT/tls"
	export CA=$YUBIN_ROOT/tls/cert.pem LOGIN_DELAY=0 HOME=$BATS_TEST_TMPDIR
	cd "$BATS_TEST_TMPDIR"
}

teardown() {
	stop_all
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 25 "$BATS_TEST_TMPDIR/log"
}

# Send through port $1, run the queue, read by IMAP ($2) and POP3 ($3).
use_chain() {
	printf 'Subject: through-%s\n\nhello\n' "$1" | curl -sS --cacert "$CA" \
	    --crlf --upload-file - --ssl-reqd --user ann@example.test:secret \
	    --mail-from ann@example.test --mail-rcpt bob@example.test \
	    "smtp://127.0.0.1:$1"
	yubin-queue-runner --once 2>>log
	run -0 curl -sS --cacert "$CA" --ssl-reqd \
	    --user bob@example.test:secret "imap://127.0.0.1:$2/INBOX;MAILINDEX=1"
	[[ $output == *"through-$1"* ]]
	run -0 curl -sS --cacert "$CA" --user bob@example.test:secret \
	    "pop3s://127.0.0.1:$3/1"
	[[ $output == *"through-$1"* ]]
}

@test "under tcpserver with tlsd" {
	local tcpserver smtp imap pop3s
	tcpserver=$(command -v tcpserver) || skip "tcpserver is not installed"
	smtp=$(free_port) imap=$(free_port) pop3s=$(free_port)
	start "$tcpserver" -HRl localhost 127.0.0.1 "$smtp" yubin-env yubin-tlsd \
	    -t starttls yubin-smtpd yubin-checkpw
	start "$tcpserver" -HRl localhost 127.0.0.1 "$imap" yubin-tlsd \
	    -t starttls yubin-imap-login yubin-checkpw yubin-imapd
	start "$tcpserver" -HRl localhost 127.0.0.1 "$pop3s" yubin-tlsd \
	    -t tls yubin-pop3-login yubin-checkpw yubin-pop3d
	wait_for port_open "$smtp"
	wait_for port_open "$imap"
	wait_for port_open "$pop3s"
	use_chain "$smtp" "$imap" "$pop3s"
}

@test "under inetd, whose standard error is the client's connection" {
	local inetd smtp imap pop3s user
	inetd=$(command -v inetd || command -v openbsd-inetd) ||
	    skip "inetd is not installed"
	smtp=$(free_port) imap=$(free_port) pop3s=$(free_port)
	user=$(id -un)
	# inetd hands down a bare environment.
	cat >env.sh <<-X
		#!/bin/sh
		export YUBIN_ROOT='$YUBIN_ROOT' LOGIN_DELAY=0 PATH='$PATH'
		export YUBIN_HOSTNAME=mx.example.test
		exec "\$@"
	X
	chmod 755 env.sh
	cat >inetd.conf <<-X
		127.0.0.1:$smtp stream tcp nowait $user $PWD/env.sh env $BIN/yubin-tlsd -t starttls $BIN/yubin-smtpd $BIN/yubin-checkpw
		127.0.0.1:$imap stream tcp nowait $user $PWD/env.sh env $BIN/yubin-tlsd -t starttls $BIN/yubin-imap-login $BIN/yubin-checkpw $BIN/yubin-imapd
		127.0.0.1:$pop3s stream tcp nowait $user $PWD/env.sh env $BIN/yubin-tlsd -t tls $BIN/yubin-pop3-login $BIN/yubin-checkpw $BIN/yubin-pop3d
	X
	start "$inetd" -d "$PWD/inetd.conf" >/dev/null
	wait_for port_open "$smtp"
	use_chain "$smtp" "$imap" "$pop3s"
}

@test "under systemd's socket activation: a process a connection, or tlsserver" {
	local smtp imap pop3s
	command -v systemd-socket-activate >/dev/null ||
	    skip "systemd-socket-activate is not installed"
	smtp=$(free_port) imap=$(free_port) pop3s=$(free_port)
	# It hands down a bare environment.
	local activate=(systemd-socket-activate --inetd -E YUBIN_ROOT -E PATH
	    -E LOGIN_DELAY -l)
	start "${activate[@]}" "127.0.0.1:$smtp" --accept yubin-env yubin-tlsd \
	    -t starttls yubin-smtpd yubin-checkpw
	start "${activate[@]}" "127.0.0.1:$imap" --accept yubin-env yubin-tlsd \
	    -t starttls yubin-imap-login yubin-checkpw yubin-imapd
	start "${activate[@]}" "127.0.0.1:$pop3s" yubin-env yubin-tlsserver -0 \
	    -t tls yubin-pop3-login yubin-checkpw yubin-pop3d
	wait_for port_open "$smtp"
	wait_for port_open "$imap"
	wait_for port_open "$pop3s"
	use_chain "$smtp" "$imap" "$pop3s"
}

@test "from a pipe: SMTP, the queue, IMAP and POP3 with no server at all" {
	printf '%s\r\n' 'EHLO me' 'MAIL FROM:<x@elsewhere.test>' \
	    'RCPT TO:<bob@example.test>' 'DATA' 'Subject: piped' '' 'hi' '.' \
	    'QUIT' | yubin-smtpd >smtp.out 2>>log
	grep -q '^250 2.0.0 Ok [0-9a-v]\{21\}' smtp.out
	yubin-queue-runner --once 2>>log
	export MAILDIR=$YUBIN_ROOT/mail/example.test/bob
	printf '%s\r\n' 'a SELECT INBOX' 'b FETCH 1 BODY.PEEK[TEXT]' \
	    'c LOGOUT' | yubin-imapd >imap.out 2>>log
	grep -q '^\* PREAUTH' imap.out
	grep -q '^hi' imap.out
	printf '%s\r\n' STAT 'RETR 1' QUIT | yubin-pop3d >pop3.out 2>>log
	grep -q '^Subject: piped' pop3.out
}
