#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Other protocols than ours on our ports (ALPACA, USENIX Security 2021): a
# browser can be made to send commands in the body of a request.  Nothing
# behind the first line of it is ever a command, in clear text or inside TLS.
load ../helper
load ../smtp/smtp

setup() {
	cd "$BATS_TEST_TMPDIR"
	new_root
	self_signed root/tls
	export TLS_USER=65534:65534 MAX_ERRORS=5
	mkfifo port
}

teardown() {
	stop_all
}

# What an attacker would have a browser send: everything is allowed here, so
# that only the first line can be what stops it.
body() {
	case $1 in
	smtpd) printf 'EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\nDATA\r\nSubject: evil\r\n\r\n.\r\nQUIT\r\n' ;;
	imap-login) printf 'a LOGIN ann@example.test secret\r\nb LOGOUT\r\n' ;;
	pop3-login) printf 'USER ann@example.test\r\nPASS secret\r\nQUIT\r\n' ;;
	esac
}

# server PROTOCOL: its program and what stands behind it.
server() {
	case $1 in
	smtpd) echo yubin-smtpd ;;
	imap-login) echo yubin-imap-login yubin-checkpw yubin-imapd ;;
	pop3-login) echo yubin-pop3-login yubin-checkpw yubin-pop3d ;;
	esac
}

# refused PROTOCOL: the file got has a greeting and a goodbye, and the log says
# why; nothing was done.
refused() {
	local words
	case $1 in
	smtpd) words='421 4.7.0 mx.example.test speaks SMTP, not HTTP' ;;
	imap-login) words='* BYE This is IMAP, not HTTP' ;;
	pop3-login) words='-ERR This is POP3, not HTTP' ;;
	esac
	[ "$(wc -l <got)" -eq 2 ]
	[ "$(sed -n 2p got)" = "$words"$'\r' ]
	grep -q 'ev=foreign .*protocol=http' log
	run ! grep -q ev=login-ok log
	queued 0
	rm log
}

@test "the attack is one: without the first line each server does what is said" {
	body smtpd | yubin-smtpd >got 2>>log
	grep -q '^250 2.0.0 Ok ' got
	# shellcheck disable=SC2046
	body imap-login | $(server imap-login) >got 2>>log
	grep -q '^a OK' got
	# shellcheck disable=SC2046
	body pop3-login | $(server pop3-login) >got 2>>log
	grep -q '^+OK Logged in' got
}

@test "the first line of a request ends the session (RFC 9112 3)" {
	local p first
	for p in smtpd imap-login pop3-login; do
		for first in 'GET / HTTP/1.1' 'POST /x?y=z HTTP/1.1' 'HEAD / HTTP/1.0' \
		    'PUT /a HTTP/1.1' 'DELETE /a HTTP/1.1' 'PATCH / HTTP/1.1' \
		    'OPTIONS * HTTP/1.1' 'TRACE / HTTP/1.1' 'GET /' \
		    'GET http://mx.example.test:25/ HTTP/1.1' \
		    'CONNECT mx.example.test:25 HTTP/1.1' 'PRI * HTTP/2.0' \
		    'GET /%C3%A4{4} HTTP/1.1' 'POST /"(*" HTTP/1.1'; do
			{
				printf '%s\r\nHost: x\r\n\r\n' "$first"
				body "$p"
			} >in
			# shellcheck disable=SC2046
			$(server "$p") <in >got 2>>log
			refused "$p"
		done
	done
}

@test "a first line too long to be read: the first field ends it" {
	local p
	for p in smtpd imap-login pop3-login; do
		{
			printf 'POST /%s HTTP/1.1\r\nHost: x\r\n\r\n' \
			    "$(head -c 100000 /dev/zero | tr '\0' x)"
			body "$p"
		} >in
		# shellcheck disable=SC2046
		$(server "$p") <in >got 2>>log
		grep -q 'too long' got
		sed -i 2d got
		refused "$p"
	done
}

@test "inside TLS, too: curl, without ALPN" {
	local p
	for p in smtpd imap-login pop3-login; do
		body "$p" >in
		# shellcheck disable=SC2046
		start yubin-tlsserver -t tls -p port 127.0.0.1 0 $(server "$p")
		read -r _ PORT <port
		curl -sk --no-alpn --http0.9 --max-time 15 --data-binary @in \
		    "https://127.0.0.1:$PORT/" >got || true
		refused "$p"
		stop_all
	done
}

@test "curl as it is, with its ALPN: not even a handshake (RFC 7301 3.2)" {
	local p
	for p in smtpd imap-login pop3-login; do
		# shellcheck disable=SC2046
		start yubin-tlsserver -t tls -p port 127.0.0.1 0 $(server "$p")
		read -r _ PORT <port
		run curl -sk --max-time 15 "https://127.0.0.1:$PORT/"
		[ "$status" -eq 35 ]
		wait_for grep -q 'ev=tls-failed' log
		rm log
		stop_all
	done
}

@test "ALPN after STARTTLS: the same" {
	start yubin-tlsserver -t starttls -p port 127.0.0.1 0 yubin-smtpd
	read -r _ PORT <port
	client() {
		timeout 15 openssl s_client -starttls smtp -no_ign_eof \
		    -connect "127.0.0.1:$PORT" "$@" </dev/null >client 2>&1
	}
	client
	client -alpn smtp || true # no registered name; see certs.bats for ours
	run ! client -alpn http/1.1
	run ! client -alpn h2
}

@test "fields are no commands, ours are no fields" {
	printf 'EHLO x\r\nNOOP a:b\r\nMAIL FROM:<a@b>\r\nRCPT TO:<ann@example.test>\r\nRSET\r\nX-Evil: 1\r\nNOOP\r\n' |
	    yubin-smtpd >got 2>>log
	[ "$(grep -c '^250 ' got)" -eq 5 ]
	[ "$(tail -n 1 got)" = $'421 4.7.0 mx.example.test speaks SMTP, not HTTP\r' ]
	# A tag may be what a method is called, or end in a colon (RFC 3501 9).
	printf 'GET NOOP\r\nA1: NOOP\r\nPOST LOGOUT\r\n' |
	    yubin-imap-login yubin-checkpw yubin-imapd >got 2>>log
	[ "$(grep -c 'OK Done' got)" -eq 3 ]
}

@test "rubbish ends after a few lines, unanswered behind that" {
	head -c 3000 /dev/urandom | base64 -w 30 | sed 's/^/x/;s/$/\r/' >in
	yubin-smtpd <in >got 2>>log
	[ "$(grep -c ^500 got)" -eq 4 ]
	tail -n 1 got | grep -q '^421 4.7.0 .*too many errors'
	yubin-imap-login yubin-checkpw yubin-imapd <in >got 2>>log
	[ "$(wc -l <got)" -le 30 ]
	tail -n 1 got | grep -q '^\* BYE Too many'
	yubin-pop3-login yubin-checkpw yubin-pop3d <in >got 2>>log
	[ "$(wc -l <got)" -le 30 ]
	[ "$(grep -vc '^-ERR' got)" -eq 1 ]
	grep -q ev=too-many-errors log
}

@test "no reply repeats what was sent, but for the tag of IMAP" {
	printf '<script>alert(1)</script> x\r\nEHLO <script>\r\nMAIL FROM:<<script>>\r\nVRFY <script>\r\n' |
	    yubin-smtpd >got 2>>log
	run ! grep -q script got
	printf '<script>alert(1)</script>\r\nUSER <script>\r\nPASS <script>\r\nAUTH <script>\r\n' |
	    yubin-pop3-login yubin-checkpw yubin-pop3d >got 2>>log
	run ! grep -q script got
	printf 'a <script>alert(1)</script>\r\na LOGIN <script> x\r\na ID ("<script>" "x")\r\n' |
	    yubin-imap-login yubin-checkpw yubin-imapd >got 2>>log
	run ! grep -q script got
}
