#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# DATA: every octet kept, one end, one reply (RFC 5321 4.1.1.4, 4.5.2).
load ../helper
load smtp

setup() {
	new_root
	START='EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<ann@example.test>\r\nDATA\r\n'
}

# send RAW: one message, then NOOP and QUIT; prints the last three codes.
send() {
	pipe "$START" "$1" 'NOOP\r\nQUIT\r\n' >"$BATS_TEST_TMPDIR/out"
	tail -n 3 "$BATS_TEST_TMPDIR/out" | cut -c 1-9 | tr -d '\r'
}

@test "the reply names the id of the queue file, Received and the log" {
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: EHLO client.test
		S* 250 *
		C: MAIL FROM:<a@b.test> BODY=8BITMIME
		S: 250 *
		C: RCPT TO:<ann@example.test>
		S: 250 *
		C: DATA
		S: 354 *
		C: Subject: hi
		C: 
		C: hello
		C: .
		S: 250 2.0.0 Ok 1*
		C: QUIT
		S: 221 *
	X
}

@test "Received: who, where, how, id, recipient, date (RFC 5321 4.4, RFC 3848)" {
	PROTO=TCP TCPREMOTEIP=192.0.2.7 pipe "$START" 'Subject: hi\r\n\r\nhello\r\n.\r\nQUIT\r\n' >"$BATS_TEST_TMPDIR/out"
	id=$(sed -n 's/^250 2.0.0 Ok \([0-9a-v]\{21\}\)\r$/\1/p' "$BATS_TEST_TMPDIR/out")
	[ -n "$id" ]
	[ "$(basename "$(queue_files)")" = "$id" ]
	[ "$(message | sed -n 1p)" = $'Received: from x ([192.0.2.7])\r' ]
	[ "$(message | sed -n 2p)" = $'\tby mx.example.test with ESMTP id '"$id"$'\r' ]
	[ "$(message | sed -n 3p)" = $'\tfor <ann@example.test>;\r' ]
	message | sed -n 4p | grep -Eq $'^\t(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [ 0-9]{1,2} ... [0-9]{4} ..:..:.. \\+0000\r$'
	[ "$(message | sed -n 5p)" = $'Subject: hi\r' ]
	logged "ev=accepted.*id=$id.*from=a@b.test"
	[ "$(envelope id)" = "$id" ]
	[ "$(envelope sender)" = a@b.test ]
	[ "$(envelope client)" = 192.0.2.7 ]
	[ "$(envelope helo)" = x ]
}

@test "two recipients are not told to each other in Received; HELO is SMTP" {
	PROTO=TCP TCPREMOTEIP=2001:db8::7 pipe 'HELO y\r\nMAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\n' \
	    'RCPT TO:<bob@example.test>\r\nDATA\r\n\r\n.\r\n'
	message | tr -d '\r' | head -n 2 | tail -n 1 | grep -Eq 'with SMTP id [0-9a-v]{21};$'
	message | head -n 1 | grep -Fq '([IPv6:2001:db8::7])'
	! message | grep -q 'for <' || false
	[ "$(envelope sender)" = "" ]
	[ "$(envelope rcpt | xargs)" = "ann@example.test bob@example.test" ]
}

@test "all octets but NUL pass unchanged; dots are undone; lines of 998" {
	python3 - "$BATS_TEST_TMPDIR" <<-'X'
		import sys
		rest = bytes(c for c in range(1, 256) if c not in (10, 13))
		m = b"Subject: bytes\r\n\r\n" + rest + b"\r\n.\r\n..\r\n...x\r\n\r\n"
		m += b"a" * 998 + b"\r\n." + b"b" * 997 + b"\r\n"
		d = sys.argv[1]
		open(d + "/want", "wb").write(m)
		wire = m.replace(b"\r\n.", b"\r\n..") + b".\r\n"
		open(d + "/wire", "wb").write(wire)
	X
	dialog yubin-smtpd <<-X
		S: 220 *
		C: EHLO x
		S* 250 *
		C: MAIL FROM:<a@b.test> BODY=8BITMIME
		S: 250 *
		C: RCPT TO:<ann@example.test>
		S: 250 *
		C: DATA
		S: 354 *
		C< $BATS_TEST_TMPDIR/wire
		S: 250 2.0.0 *
	X
	as_sent "$BATS_TEST_TMPDIR/want"
}

@test "messages without a header, empty ones, and odd headers are kept as they are" {
	for m in '' '\r\n' 'text\r\n' ' fold\r\n' ': x\r\n\r\n' 'From me\r\nA: b\r\n\r\n' \
	    'A: b\r\n c\r\n' 'Received: x\r\nNo colon\r\n\r\n'; do
		[ "$(send "$m.\r\n" | head -n 1)" = '250 2.0.0' ]
		printf '%b' "$m" >"$BATS_TEST_TMPDIR/want"
		as_sent "$BATS_TEST_TMPDIR/want"
	done
}

@test "nothing but CRLF.CRLF ends a message; bare CR, LF and NUL are 550 (smuggling)" {
	for m in 'a\n.\nb\r\n.\r\n' 'a\n.\r\nb\r\n.\r\n' 'a\r\n.\nb\r\n.\r\n' \
	    'a\r.\rb\r\n.\r\n' 'a\r.\r\nb\r\n.\r\n' 'a\r\n.\rb\r\n.\r\n' \
	    'a\r\n\r.\r\n.\r\n' 'a\n\n.\r\nb\r\n.\r\n' 'a\r\r\n.\r\n' \
	    'a\r\n\x00.\r\n.\r\n' 'a\r\n.\x00\r\n.\r\n' '\n.\r\nb\r\n.\r\n' \
	    '\r.\r\nb\r\n.\r\n' 'a\r\n.\r\r\nb\r\n.\r\n' 'a\r\n.\n\r\n.\r\n' \
	    'a\nb\r\n.\r\n' 'a\rb\r\n.\r\n' 'a\x00b\r\n.\r\n' 'a\r\n\n.\n.\r\n.\r\n' \
	    'a\n.\r\nMAIL FROM:<evil@b.test>\r\nRCPT TO:<ann@example.test>\r\nDATA\r\nx\r\n.\r\n'; do
		run send "$m"
		echo "$m: $output"
		[ "$output" = $'550 5.6.0\n250 2.0.0\n221 2.0.0' ]
		[ "$(grep -c '^354' "$BATS_TEST_TMPDIR/out")" -eq 1 ]
		queued 0
	done
}

@test "a dot split over packets, in every place" {
	python3 - <<-'X'
		import os, socket, subprocess, time
		wire = b"a\r\n..b\r\n.\r\nNOOP\r\n"
		for cut in range(1, len(wire)):
		    a, b = socket.socketpair()
		    p = subprocess.Popen(["yubin-smtpd"], stdin=b, stdout=b,
		        stderr=subprocess.DEVNULL)
		    b.close()
		    f = a.makefile("rb")
		    f.readline()
		    a.sendall(b"HELO x\r\nMAIL FROM:<>\r\n"
		        b"RCPT TO:<ann@example.test>\r\nDATA\r\n")
		    for i in range(4):
		        line = f.readline()
		    assert line.startswith(b"354"), line
		    a.sendall(wire[:cut])
		    time.sleep(0.005)
		    a.sendall(wire[cut:])
		    got = f.readline(), f.readline()
		    assert got[0].startswith(b"250 2.0.0 Ok") and got[1].startswith(b"250"), got
		    f.close()
		    a.close()
		    p.wait()
	X
	n=$(queue_files | wc -l)
	[ "$n" -eq 16 ]
	for f in $(queue_files); do
		tail -c 7 "$f" | cmp - <(printf 'a\r\n.b\r\n')
	done
}

@test "lines over 998 octets are refused, never cut (RFC 5321 4.5.3.1.6)" {
	run send "$(printf 'a%.0s' {1..999})"'\r\n.\r\n'
	[ "$output" = $'550 5.6.0\n250 2.0.0\n221 2.0.0' ]
	queued 0
}

@test "MAX_MESSAGE: read to the end, one 552 5.3.4, and the session goes on (RFC 1870 6.3)" {
	long=$(printf 'a%.0s\\r\\n' {1..700})
	MAX_MESSAGE=1000 run send "$long"'.\r\n'
	[ "$output" = $'552 5.3.4\n250 2.0.0\n221 2.0.0' ]
	queued 0
	MAX_MESSAGE=3000 run send "$long"'.\r\n'
	[ "${lines[0]}" = '250 2.0.0' ]
}

@test "a loop is 554 5.4.6 at MAX_RECEIVED fields; other lines do not count" {
	nine=$(printf 'received: x\\r\\n\ty%.0s\\r\\n' {1..9})
	MAX_RECEIVED=10 run send "${nine}Received: x\\r\\n\\r\\nz\\r\\n.\\r\\n"
	[ "${lines[0]}" = '554 5.4.6' ]
	queued 0
	MAX_RECEIVED=10 run send "${nine}\\r\\nReceived: x\\r\\n.\\r\\n"
	[ "${lines[0]}" = '250 2.0.0' ]
}

@test "on port 25 nothing but Received is added" {
	send 'X: y\r\n\r\nz\r\n.\r\n'
	printf 'X: y\r\n\r\nz\r\n' >"$BATS_TEST_TMPDIR/want"
	as_sent "$BATS_TEST_TMPDIR/want"
}

@test "with RELAY_CLIENT=1 a missing Date and Message-ID are added (RFC 6409 8)" {
	export RELAY_CLIENT=1
	send 'X: y\r\n\r\nDate: no\r\n.\r\n'
	id=$(envelope id)
	[ "$(sent | head -n 1)" = $'X: y\r' ]
	sent | sed -n 2p | grep -Eq $'^Date: .*\r$'
	[ "$(sent | sed -n 3p)" = $'Message-ID: <'"$id"$'@mx.example.test>\r' ]
	[ "$(sent | sed -n 4,5p)" = $'\r\nDate: no\r' ]
	m='date: x\r\nMESSAGE-ID: <a@b>\r\n\r\nz\r\n'
	send "$m.\r\n"
	printf '%b' "$m" >"$BATS_TEST_TMPDIR/want"
	as_sent "$BATS_TEST_TMPDIR/want"
	send 'only text\r\n.\r\n'
	[ "$(sent | tail -n 2)" = $'\r\nonly text\r' ]
	send 'A: b\r\n.\r\n'
	[ "$(sent | wc -l)" -eq 3 ]
}

@test "a queue that cannot be written is 451 4.3.0" {
	rm -r "$YUBIN_ROOT/queue"
	touch "$YUBIN_ROOT/queue"
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C: HELO x
		S: 250 *
		C: MAIL FROM:<>
		S: 250 *
		C: RCPT TO:<ann@example.test>
		S: 250 *
		C: DATA
		S: 451 4.3.0 *
		C: MAIL FROM:<>
		S: 503 *
		C: RSET
		S: 250 *
	X
}

@test "mail that comes faster than it leaves waits a second, then is taken" {
	export QUEUE_SLOTS=1
	yubin-queue-runner --once
	submit() {
		printf '%s\r\n' "EHLO x" "MAIL FROM:<a@b.test>" \
		    "RCPT TO:<ann@example.test>" DATA "" x . QUIT |
		    yubin-smtpd 2>/dev/null | grep -q "^250 2.0.0 Ok"
	}
	submit # into the only slot
	start=$(date +%s%N)
	submit
	[ $((($(date +%s%N) - start) / 1000000)) -lt 900 ] # nobody delivers
	# A runner that is there and takes nothing out.
	start python3 -c '
import os, socket, sys, time
os.chdir(sys.argv[1])
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("nudge")
open("ready", "w")
time.sleep(60)' "$YUBIN_ROOT/queue"
	wait_for test -e "$YUBIN_ROOT/queue/ready"
	start=$(date +%s%N)
	submit
	[ $((($(date +%s%N) - start) / 1000000)) -ge 900 ]
	[ "$(find "$YUBIN_ROOT/queue/new" -type f | wc -l)" -eq 2 ]
}
