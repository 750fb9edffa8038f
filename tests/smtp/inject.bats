#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The sendmail command line.
load ../helper
load smtp

setup() {
	new_root
	ME=$(id -un)@mx.example.test
}

# inject RAW ARGS…: printf's RAW into yubin-inject ARGS.
inject() {
	local raw=$1
	shift
	printf '%b' "$raw" | yubin-inject "$@" 2>>"$BATS_TEST_TMPDIR/log"
}

@test "a plain message: Received in front, From, Date and Message-ID added, LF is CRLF" {
	run inject 'Subject: hi\n\nhello\n' ann@example.test
	[ "$status" -eq 0 ] && [ -z "$output" ]
	id=$(envelope id)
	[ "$(message | head -n 1)" = $'Received: by mx.example.test (uid '"$(id -u)) id $id"$';\r' ]
	[ "$(sent | head -n 2)" = $'Subject: hi\r\nFrom: '"$ME"$'\r' ]
	sent | sed -n 3p | grep -Eq $'^Date: ..., .*\\+0000\r$'
	[ "$(sent | sed -n 4p)" = "Message-ID: <$id@mx.example.test>"$'\r' ]
	[ "$(sent | sed -n '5,$p')" = $'\r\nhello\r' ]
	[ "$(envelope sender)" = "$ME" ]
	[ "$(envelope rcpt)" = ann@example.test ]
	queued 1
}

@test "what is there already is not added again" {
	m='From: x@y.test\r\ndate: z\r\nMESSAGE-ID: <a>\r\n\r\nb\r\n'
	inject "$m" ann@example.test
	printf '%b' "$m" >"$BATS_TEST_TMPDIR/want"
	as_sent "$BATS_TEST_TMPDIR/want"
}

@test "-t: To, Cc and Bcc, lists, comments, groups; Bcc is removed" {
	inject 'To: Ann <ann@example.test>, "B, C" <bob@example.test>,\n\tdan\nCc: friends: e@x.test,\n f@x.test;\nBCC: g@x.test\nSubject: s\n\nTo: no@x.test\n' -t
	[ "$(envelope rcpt | xargs)" = "ann@example.test bob@example.test dan@mx.example.test e@x.test f@x.test g@x.test" ]
	! sent | grep -qi '^bcc' || false
	sent | grep -q '^Cc: friends'
	inject 'To: a@x.test\nResent-To: b@x.test\nResent-Bcc: c@x.test\n\nx\n' -t d@x.test
	[ "$(envelope rcpt | xargs)" = "d@x.test b@x.test c@x.test" ]
	! sent | grep -qi '^resent-bcc' || false
}

@test "what cron sends: addresses without a domain get one" {
	inject 'From: root (Cron Daemon)\nTo: ann\nCc: Ann B <ann>\nReply-To: a, b\nSender: x@y\nSubject: root\n\nx\n' -t -i -FCronDaemon -odi -oem -oi
	[ "$(sent | sed -n 1p)" = $'From: root@mx.example.test (Cron Daemon)\r' ]
	[ "$(sent | sed -n 2p)" = $'To: ann@mx.example.test\r' ]
	[ "$(sent | sed -n 3p)" = $'Cc: Ann B <ann@mx.example.test>\r' ]
	[ "$(sent | sed -n 4p)" = $'Reply-To: a, b\r' ]
	[ "$(sent | sed -n 5p)" = $'Sender: x@y\r' ]
	[ "$(sent | sed -n 6p)" = $'Subject: root\r' ]
	[ "$(envelope rcpt)" = ann@mx.example.test ]
}

@test "-f and -r: the sender; <> is nobody" {
	inject '\nx\n' -f bob@example.test ann@example.test
	[ "$(envelope sender)" = bob@example.test ]
	sent | grep -q $'^From: bob@example.test\r$'
	inject '\nx\n' -fbob ann@example.test
	[ "$(envelope sender)" = bob@mx.example.test ]
	inject '\nx\n' -f '<>' ann@example.test
	[ "$(envelope sender)" = "" ]
	inject '\nx\n' -r '' ann@example.test
	[ "$(envelope sender)" = "" ]
	inject '\nx\n' -f 'Bob <bob@example.test>' ann@example.test
	[ "$(envelope sender)" = bob@example.test ]
}

@test "-F: the name in From, quoted where it must be" {
	inject '\nx\n' -F 'Ann B' -f a@x.test ann@example.test
	sent | grep -q $'^From: Ann B <a@x.test>\r$'
	inject '\nx\n' -F 'Ann "B." <c>' -f a@x.test ann@example.test
	sent | grep -qF 'From: "Ann \"B.\" <c>" <a@x.test>'
}

@test "without -i a lone dot ends the message; with -i or -oi it is text" {
	inject 'A: b\n\nx\n.\ny\n' ann@example.test
	[ "$(sent | tail -n 1)" = $'x\r' ]
	inject 'A: b\n\nx\r\n.\r\ny\n' ann@example.test
	[ "$(sent | tail -n 1)" = $'x\r' ]
	for i in -i -oi; do
		inject 'A: b\n\nx\n.\n..y\n.' "$i" ann@example.test
		[ "$(sent | tail -n 4)" = $'x\r\n.\r\n..y\r\n.\r' ]
	done
	inject 'A: b\n\nx\n.y\n..\n. \n' ann@example.test
	[ "$(sent | tail -n 4)" = $'x\r\n.y\r\n..\r\n. \r' ]
}

@test "-n: octet for octet" {
	m='From x\r\nBcc: y@x.test\r\nA: b\r\n\r\nlong '$(printf 'a%.0s' {1..2000})'\r\n\r\n.\r\n\xff\r\n'
	inject "$m" -n -f '' -i -- ann@example.test bob@example.test
	printf '%b' "$m" >"$BATS_TEST_TMPDIR/want"
	message | cmp - "$BATS_TEST_TMPDIR/want"
	inject 'a\n\nb' -n -i ann@example.test
	[ "$(message)" = $'a\r\n\r\nb\r' ]
	inject '' -n -i ann@example.test
	[ -z "$(message)" ]
}

@test "text without a header, mbox lines, empty input" {
	inject 'hello\nA: b\n' ann@example.test
	[ "$(sent | tail -n 3)" = $'\r\nhello\r\nA: b\r' ]
	inject 'From ann Mon Nov 23 00:00:00 2026\nA: b\n\nx\n' ann@example.test
	[ "$(sent | head -n 1)" = $'A: b\r' ]
	inject '' ann@example.test
	[ "$(sent | tail -n 1)" = $'\r' ]
	inject 'Subject: no body' ann@example.test
	[ "$(sent | head -n 1)" = $'Subject: no body\r' ]
}

@test "large bodies and long lines pass unchanged" {
	python3 -c 'import random
r = random.Random(1)
b = bytes(r.choices([c for c in range(1, 256) if c != 13], k=300000))
open("'"$BATS_TEST_TMPDIR"'/m", "wb").write(b"A: b\n\n" + b + b"\n")'
	yubin-inject -n -i ann@example.test <"$BATS_TEST_TMPDIR/m"
	sed 's/$/\r/' "$BATS_TEST_TMPDIR/m" >"$BATS_TEST_TMPDIR/want"
	message | cmp - "$BATS_TEST_TMPDIR/want"
}

@test "refused with 100: bare CR, NUL, bad addresses, none, too large, unknown options" {
	run -100 inject 'A: b\n\nx\ry\n' ann@example.test
	run -100 inject 'A: b\n\nx\r' ann@example.test
	run -100 inject 'A: b\n\nx\0y\n' ann@example.test
	run -100 inject 'A: b\n\nx\n'
	run -100 inject 'A: b\n\nx\n' -t
	run -100 inject 'A: b\n\nx\n' 'a b@@c'
	run -100 inject 'A: b\n\nx\n' 'ann bob'
	run -100 inject 'A: b\n\nx\n' ''
	run -100 inject 'A: b\n\nx\n' -f 'a@b@c' ann@example.test
	run -100 inject 'A: b\n\nx\n' -y ann@example.test
	run -100 inject 'A: b\n\nx\n' -bd
	run -100 inject 'A: b\n\nx\n' ann@example.test -f
	MAX_MESSAGE=1000 run -100 inject "A: b\\n\\n$(printf 'x%.0s' {1..2000})\\n" ann@example.test
	MAX_RECIPIENTS=100 run -100 inject '\nx\n' $(seq -f 'a%g@x.test' 101)
	queued 0
}

@test "a queue that cannot be written is 111" {
	rm -r "$YUBIN_ROOT/queue"
	touch "$YUBIN_ROOT/queue"
	run -111 inject 'A: b\n\nx\n' ann@example.test
}

@test "the other options of sendmail are borne" {
	inject 'A: b\n\nx\n' -oem -odb -oi -v -m -q -bm -B8BITMIME \
	    -O Opt=x -o x -G -- ann@example.test
	[ "$(envelope rcpt)" = ann@example.test ]
	inject 'A: b\n\nx\n' -ti ann@example.test
	run -0 yubin-inject -bi
	inject 'A: b\n\nx\n' -- -dash@example.test
	[ "$(envelope rcpt)" = -dash@example.test ]
	queued 3
}

@test "-t behind mbox's line, and options of sendmail's own" {
	inject 'From ann Mon Jan  1 00:00:00 2024\nTo: a@x.test\nBcc: b@x.test\n\nx\n' -t -Am -em
	[ "$(envelope rcpt | xargs)" = "a@x.test b@x.test" ]
}

@test "-t: addresses that ran together are not sent to anybody" {
	run -100 inject 'To: a@x.test, b@y.test c@z.test\n\nx\n' -t
	queued 0
	inject 'To: "b@y.test c"@z.test\n\nx\n' -t
	[ "$(envelope rcpt)" = '"b@y.test c"@z.test' ]
}

@test "-n: what was accepted goes on beyond the limits of acceptance" {
	long=$(printf 'X-%s: y\\n' {1..300})
	MAX_MESSAGE=1000 inject "$long\\nx\\n" -n ann@example.test
	queued 1
	MAX_RECIPIENTS=100 inject '\nx\n' -n $(seq -f 'a%g@x.test' 101)
	[ "$(envelope rcpt | wc -l)" -eq 101 ]
	python3 -c 'print(300000 * "X: y\n" + "\nx")' |
	    yubin-inject -n bob@example.test
	queued 3
}

@test "8-bit text asks for 8BITMIME" {
	inject 'Subject: \xc3\xa4\n\nx\n' ann@example.test
	[ "$(envelope 8bit)" = 1 ]
	inject 'Content-Transfer-Encoding: 8bit\n\nx\n' ann@example.test
	[ "$(envelope 8bit)" = 1 ]
}

@test "-N, -R and -V ask for reports (RFC 3461)" {
	inject 'A: b\n\nx\n' -N success,Failure -R hdrs -V 'QQ+2B1' \
	    ann@example.test bob@example.test
	[ "$(envelope notify | xargs)" = "6 6" ]
	[ "$(envelope ret)" = H ]
	[ "$(envelope envid)" = 'QQ+1' ]
	inject 'A: b\n\nx\n' -Nnever -Rfull ann@example.test
	[ "$(envelope notify)" = 1 ]
	[ "$(envelope ret)" = F ]
	[ -z "$(envelope envid)" ]
	inject 'A: b\n\nx\n' ann@example.test
	[ -z "$(envelope notify)$(envelope ret)" ]
	for bad in -Nnever,delay -Nalways -Rall -Va=b -V"$(printf 'x%.0s' {1..101})"; do
		run -100 inject '\nx\n' "$bad" ann@example.test
	done
	run -100 inject '\nx\n' -N
	queued 3
}

@test "addresses in UTF-8 ask for SMTPUTF8 (RFC 6531)" {
	inject 'To: <j\xc3\xb6rg@example.test>\n\nx\n' -t
	[ "$(envelope rcpt)" = $'j\xc3\xb6rg@example.test' ]
	[ "$(envelope utf8)" = 1 ]
	inject '\nx\n' -f $'\xe6\x9d\xb1@\xe4\xba\xac.test' ann@example.test
	[ "$(envelope sender)" = $'\xe6\x9d\xb1@xn--1lq.test' ]
	[ "$(envelope utf8)" = 1 ]
	inject '\nx\n' $'a@\xe4\xba\xac.test'
	[ "$(envelope rcpt)" = a@xn--1lq.test ]
	[ -z "$(envelope utf8)" ]
	inject 'Subject: \xc3\xa4\n\nx\n' ann@example.test
	[ -z "$(envelope utf8)" ]
	run -100 inject '\nx\n' $'j\xf6rg@example.test'
	queued 4
}

@test "-bs speaks SMTP and relays" {
	dialog yubin-inject -bs <<-'X'
		S: 220 mx.example.test ESMTP yubin
		C: HELO x
		S: 250 *
		C: MAIL FROM:<ann@example.test>
		S: 250 *
		C: RCPT TO:<a@elsewhere.test>
		S: 250 *
		C: DATA
		S: 354 *
		C: x
		C: .
		S: 250 2.0.0 *
	X
	queued 1
}
