#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# yubin trace: the story of a message from the logs.
load ../helper

A=1j0tamuctgt8k3nsa1p3j
B=1j0tamuctgt8k3nsa1p3k
C=1j0tamuctgt8k3nsa1p3l

setup() {
	new_root
	export TZ=UTC-2 TCPREMOTEIP=192.0.2.7 PROTO=TCP
	QUEUE=$YUBIN_ROOT/log/queue
}

# submit FROM TO…: a message by SMTP, logged as the services do.
submit() {
	local from=$1 to
	shift
	{
		printf 'EHLO me\r\nMAIL FROM:<%s>\r\n' "$from"
		for to in "$@"; do printf 'RCPT TO:<%s>\r\n' "$to"; done
		printf 'DATA\r\nSubject: x\r\n\r\ny\r\n.\r\nQUIT\r\n'
	} | yubin-smtpd 2>&1 >"$BATS_TEST_TMPDIR/smtp" |
	    s6-log t "$YUBIN_ROOT/log/smtp"
	sed -n 's/^250 2.0.0 Ok //p' "$BATS_TEST_TMPDIR/smtp" | tr -d '\r'
}

deliver() {
	yubin-queue-runner --once 2>&1 | s6-log t "$QUEUE"
}

# stamp SECONDS: as s6-log writes them: TAI is 37 s ahead.
stamp() {
	printf '@4%015x075bcd15' $(($1 + 37))
}

# log FOLDER/FILE SECONDS TEXT
log() {
	mkdir -p "$YUBIN_ROOT/log/${1%/*}"
	echo "$(stamp "$2") $3" >>"$YUBIN_ROOT/log/$1"
}

# json FILTER: each line of the input is an object; prints its expression o.
json() {
	python3 -c '
import json, sys
for line in sys.stdin.buffer:
    o = json.loads(line.decode())
    print(('"$1"'))'
}

# The lines with control characters.
controls() {
	LC_ALL=C grep -a '[^ -~'$'\x80-\xff'']'
}

need_s6() {
	command -v s6-log >/dev/null || skip "s6 is not installed"
}

@test "the story of a message and its bounce, as the programs log it" {
	need_s6
	yubin alias add gone@example.test ':fail: no more'
	local id bounce
	id=$(submit ann@example.test gone@example.test)
	deliver
	bounce=$(sed -n "s/.*ev=bounced id=\([^ ]*\) orig=$id.*/\1/p" "$QUEUE/current")
	run -0 yubin trace "$id"
	[ "${lines[0]}" = "$id" ]
	[[ ${lines[1]} == *" accepted from ann@example.test to gone@example.test (1 recipient, "*", client me 192.0.2.7" ]]
	[[ ${lines[2]} == *" gone@example.test: failed 5.7.1: no more ("*" ms)" ]]
	[[ ${lines[3]} == *" ann@example.test was told (failed): message $bounce" ]]
	[[ ${lines[4]} == *" done, "*" after it was accepted" ]]
	[ "${lines[5]}" = "$bounce" ]
	[[ ${lines[6]} == *" is a report (failed) about $id, to ann@example.test" ]]
	[[ $output == *" ann@example.test: delivered 2.0.0: stored"* ]]
	# The bounce alone is a story too.
	run -0 yubin trace "$bounce"
	[ "${lines[0]}" = "$bounce" ]
	[[ $output != *"gone@example.test: failed"* ]]
	yubin trace --json "$id" | json 'o["ev"], o["id"], o["prog"]' |
	    grep -F "('failed', '$id', 'queue-runner')"
}

@test "an address: each message a line, newest last, and the story of one" {
	need_s6
	local first second
	first=$(submit x@else.test ann@example.test bob@example.test)
	second=$(submit ann@example.test bob@example.test)
	deliver
	run -0 yubin trace Ann@EXAMPLE.test
	[ "${#lines[@]}" -eq 2 ]
	[[ ${lines[0]} == *"  $first  x@else.test -> ann@example.test +1  delivered: stored" ]]
	[[ ${lines[1]} == *"  $second  ann@example.test -> bob@example.test  delivered: stored" ]]
	run -0 yubin trace @else.test
	[ "${lines[0]}" = "$first" ]
	run -0 yubin trace -v ann@example.test
	[[ $output == *"$first"*"$second"*"ev=delivered id=$second"* ]]
	[ "$(yubin trace --json ann@example.test |
	    json 'o["id"], o["from"], o["to"], o["recipients"], o["state"]')" = \
	    "('$first', 'x@else.test', 'ann@example.test', 2, 'delivered')
('$second', 'ann@example.test', 'bob@example.test', 1, 'delivered')" ]
	submit x@else.test nobody@example.test
	run -0 yubin trace nobody@example.test
	[[ $output == *"rejected from x@else.test to nobody@example.test: 550 5.1.1 "* ]]
}

@test "rotated files are read, times are shown in local time or UTC" {
	log "queue/@400000006b0772a21ace4916.s" 1795408174 \
	    "queue-runner[1]: ev=deferred id=$A to=b@c.test status=4.4.1 err=\"no route\" ms=7"
	log "queue/@400000006b0772a21ace4916.s" 1795408174 \
	    "queue-runner[1]: ev=waiting id=$A next_s=60"
	log "queue/@400000006b0773a21ace4916.u" 1795408240 \
	    "queue-runner[1]: ev=delivered id=$A to=b@c.test status=2.0.0 rsp=ok"
	log queue/current 1795408241 "queue-runner[1]: ev=done id=$A age=90000"
	log queue/state 0 "queue-runner[1]: ev=junk id=$A"
	log smtp/current 1795408170 \
	    "smtpd[2]: ev=accepted id=$A from=\"\" to=b@c.test rcpts=1 size=1 helo=h ip=::1"
	run -0 yubin trace "$A"
	[ "$output" = "$A
  2026-11-23 06:29:30 +0200  accepted from <> to b@c.test (1 recipient, 1 octet), client h ::1
  2026-11-23 06:29:34 +0200  b@c.test: put off 4.4.1: no route (7 ms)
  2026-11-23 06:29:34 +0200  next try at 2026-11-23 06:30:34 +0200
  2026-11-23 06:30:40 +0200  b@c.test: delivered 2.0.0: ok
  2026-11-23 06:30:41 +0200  done, 1 d 1 h after it was accepted" ]
	run -0 yubin trace -u "$A"
	[[ ${lines[1]} == "  2026-11-23 04:29:30Z  accepted"* ]]
	run -0 yubin trace -uv "$A"
	[[ $output == *"      @4"*" queue-runner[1]: ev=waiting id=$A next_s=60"* ]]
	yubin trace --json "$A" | json 'o["time"], o["ev"]' |
	    grep -F "('2026-11-23T04:29:30.123456Z', 'accepted')"
}

@test "files and the standard input, with journalctl's and syslog's prefixes" {
	local f=$BATS_TEST_TMPDIR/mail.log
	cat >"$f" <<-X
		Nov 23 06:29:34 mx yubin-queue[9]: queue-runner[9]: ev=done id=$A age=5
		2026-11-23T04:29:33.5+00:00 mx smtpd[3]: ev=accepted id=$A from=x@y.test rcpts=1 size=3 helo=h tls=0
		smtpd[3]: ev=tls id=$A
		nothing of ours
	X
	printf 'smtpd[4]: ev=lost id=%s at=DATA' "$A" >>"$f"
	export YUBIN_ROOT=$BATS_TEST_TMPDIR/nowhere
	run -0 yubin trace -u "$A" "$f"
	[[ ${lines[1]} == "  2026-11-23 04:29:33Z  accepted from x@y.test (1 recipient, 3 octets), client h" ]]
	[[ ${lines[2]} == "  2026-11-23 04:29:33Z  tls" ]]
	[[ ${lines[3]} == *"the client was gone at DATA" ]]
	[[ ${lines[4]} == *-11-23\ 04:29:34Z\ \ done* ]]
	[ "$(yubin trace -u "$A" - <"$f")" = "$output" ]
	run -0 yubin trace -u "$A" "$BATS_TEST_TMPDIR"
	[[ $output == *"done, 5 s"* ]]
	echo "smtpd[4]: ev=timeout id=$B at=MAIL" >"$f"
	run -0 yubin trace "$B" "$f"
	[[ ${lines[1]} == "  (when?)  the client said nothing at MAIL" ]]
}

@test "derived messages are followed, wherever their lines stand" {
	log local/current 1795408175 "inject[5]: ev=accepted id=$B orig=$A from=x@y.test rcpts=2 size=9"
	log a/current 1795408174 "queue-runner[1]: ev=delivered id=$B to=q@r.test status=2.0.0 rsp=ok"
	log a/current 1795408176 "queue-runner[1]: ev=bounced id=$C orig=$B to=x@y.test n=1"
	log a/current 1795408177 "queue-runner[1]: ev=delivered id=$C to=x@y.test status=2.0.0 rsp=stored"
	# However it came about: no endless story.
	log a/current 1795408178 "inject[5]: ev=accepted id=$A orig=$C from=x@y.test rcpts=1 size=9"
	run -0 yubin trace "$A"
	[ "$(grep -c '^1' <<<"$output")" -eq 3 ]
	[[ $output == "$A"*"sent on as $B (2 recipients)"*"
$B"*"q@r.test: delivered"*"accepted from x@y.test"*", sent on from $A"*"was told: message $C"*"
$C"*"x@y.test: delivered"* ]]
	[ "$(yubin trace --json "$A" | wc -l)" -eq 5 ]
}

@test "what strangers wrote cannot harm a terminal or break JSON" {
	local esc=$'\e]0;x\a' rtl=$'\xe2\x80\xae'
	log smtp/current 1795408174 "smtpd[1]: ev=rejected id=$A code=550 text=\"$esc$rtl caf\xc3\xa9 \\x1b[2J \\\"q\\\" id=$B\""
	log smtp/current 1795408175 "smtpd[1]: ev=new id=$A junk=$'\xff\x9b'"$'\xff\x9b'
	log smtp/current 1795408175 "smtpd[1]: ev=x$esc id=$A time=0 id=$B"
	run -0 yubin trace -v "$A"
	[[ $output == *'\x1b]0;x\x07\xe2'* ]]
	[ -z "$(controls <<<"$output")" ]
	[[ $output != *"$rtl"* ]]
	run -0 yubin trace --json "$A"
	[ -z "$(controls <<<"$output")" ]
	[ "$(json 'o["id"]' <<<"$output" | sort -u)" = "$A" ]
	json 'ascii(o.get("text"))' <<<"$output" | grep -F '\x1b]0;x\x07\u202e'
	run -100 yubin trace "$B"
}

@test "nothing found, no logs, wrong words: exit 100" {
	run -100 yubin trace
	run -100 yubin trace -x "$A"
	run -100 yubin trace ann
	[[ $output == *"neither an id nor an address"* ]]
	run -100 yubin trace "$A"
	[[ $output == *"log: nothing is logged there"* ]]
	log smtp/current 1 "smtpd[1]: ev=lost id=$B"
	run -100 yubin trace "$A"
	[[ $output == *"say nothing of $A"* ]]
	run -111 yubin trace "$A" "$BATS_TEST_TMPDIR/nothing"
	rm -r "$YUBIN_ROOT/log"
	run -100 yubin trace ann@example.test
	[[ $output == *"name the log files"* ]]
}

@test "long logs are read in little memory" {
	local f=$BATS_TEST_TMPDIR/big
	awk -v a="$A" 'BEGIN {
		for (i = 0; i < 200000; i++)
			printf "@400000006b04c8530%07x queue-runner[1]: ev=delivered id=1j0tamuc%013d to=u%d@x.test status=2.0.0 rsp=ok\n", i, i, i % 7
		print "queue-runner[1]: ev=done id=" a " age=1"
	}' >"$f"
	(
		[ -n "${ASAN_OPTIONS-}" ] || ulimit -v 150000
		run -0 yubin trace "$A" "$f"
		[[ $output == *"done, 1 s"* ]]
		run -0 yubin trace u3@x.test "$f"
		[ "$(grep -c delivered <<<"$output")" -eq 20000 ]
		[[ $output == *"only the newest 20000"* ]]
		[[ $output == *"1j0tamuc0000000199993 "* ]]
	)
}
