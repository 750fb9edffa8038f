#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# yubin queue: looking at the queue and changing it, with a runner and without.
load ../helper

setup() {
	new_root
	export TZ=UTC-2 QUEUE_SLOTS=16
	# A program that wants another try later.
	yubin alias add busy@example.test '|exit 111'
}

teardown() {
	stop_all
}

put() { # [-t S] SENDER RECIPIENT…
	printf 'Subject: test\nX-Tab: \ta\n\nhello\n' | queue_put "$@"
}

# One look at the queue, logged as the service does.
run_once() {
	mkdir -p "$YUBIN_ROOT/log/queue"
	timeout 60 yubin-queue-runner --once 2>>"$YUBIN_ROOT/log/queue/current"
}

start_runner() {
	start yubin-queue-runner
	wait_for test -S "$YUBIN_ROOT/queue/nudge"
}

# json EXPRESSION: of each object o in the lines of the input.
json() {
	python3 -c '
import json, sys
for line in sys.stdin.buffer:
    o = json.loads(line.decode())
    print(('"$1"'))'
}

ids() { # OPTION…: the ids in the queue, oldest first
	yubin queue list --json "$@" | json 'o["id"]' | tr '\n' ' '
}

@test "list: oldest first, recipients with their status, the next try" {
	local a b
	yubin queue list
	a=$(put -t 7500 x@else.test busy@example.test ann@example.test)
	b=$(put '' far@away.test)
	run -0 yubin queue list
	[[ ${lines[0]} == "$a  2 h 5 min "*"  x@else.test  due" ]]
	[ "${lines[1]}" = "    new       busy@example.test" ]
	[[ ${lines[3]} =~ ^"$b  "[0-9]+" s  ".*"  <>  due"$ ]]
	[ "${lines[5]}" = "2 messages" ]
	yubin queue hold "$b"
	run_once
	run -0 yubin queue list
	[[ ${lines[0]} == "$a "*"  next try in "*" min" ]]
	[ "${lines[1]}" = "    waiting   busy@example.test" ]
	[ "${lines[2]}" = "    delivered ann@example.test" ]
	[[ ${lines[3]} == "$b "*"  held" ]]
	yubin queue list --json >"$BATS_TEST_TMPDIR/out"
	json 'o["id"], o["from"], o["held"], 0 < o.get("next", -1) <= 3960,
	    [(r["address"], r["status"]) for r in o["recipients"]]' \
	    <"$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/json"
	diff "$BATS_TEST_TMPDIR/json" - <<-X
		('$a', 'x@else.test', False, True, [('busy@example.test', 'waiting'), ('ann@example.test', 'delivered')])
		('$b', '', True, False, [('far@away.test', 'new')])
	X
}

@test "list: filters by sender, recipient, domain, held" {
	local a b c
	a=$(put x@else.test one@host.test two@Other.Test)
	b=$(put y@else.test two@other.test)
	c=$(put '' one@host.test)
	[ "$(ids)" = "$a $b $c " ]
	[ "$(ids --from X@ELSE.test)" = "$a " ]
	[ "$(ids --from @else.test)" = "$a $b " ]
	[ "$(ids --from '<>')" = "$c " ]
	[ "$(ids --to one@host.test)" = "$a $c " ]
	[ "$(ids --to @other.test)" = "$a $b " ]
	[ "$(ids --domain other.test --from @else.test)" = "$a $b " ]
	[ "$(ids --domain nowhere.test)" = "" ]
	yubin queue hold --domain HOST.test
	[ "$(ids --held)" = "$a $c " ]
	[ "$(yubin queue list --held --to two@other.test | tail -n 1)" = "1 message" ]
}

@test "show: the envelope, why it waits, header and body" {
	local id
	id=$(put -t 100 ann@example.test busy@example.test)
	run_once
	run -0 yubin queue show "$id"
	[ "${lines[0]}" = "$id" ]
	[[ ${lines[1]} == "  received  "*" +0200, 1 min ago" ]]
	[ "${lines[2]}" = "  from      ann@example.test" ]
	[[ ${lines[5]} == "  next try  "*" +0200, in "*" min" ]]
	[ "${lines[6]}" = "  to        busy@example.test: waiting" ]
	[[ ${lines[7]} == "            "*": 4.3.0 "* ]]
	[ "${lines[8]}" = "Subject: test" ]
	[ "${lines[9]}" = $'X-Tab: \ta' ]
	[ "${#lines[@]}" -eq 10 ]
	[[ $(yubin queue show -b "$id") == *$'\n\nhello' ]]
	[ "$(yubin queue show -r "$id" | od -c)" = \
	    "$(printf 'Subject: test\r\nX-Tab: \ta\r\n\r\nhello\r\n' | od -c)" ]
	yubin queue show -b --json "$id" | json 'o["header"], o["body"],
	    o["recipients"][0]["code"]' >"$BATS_TEST_TMPDIR/json"
	diff "$BATS_TEST_TMPDIR/json" - <<-'X'
		('Subject: test\r\nX-Tab: \ta\r\n', '\r\nhello\r\n', '4.3.0')
	X
	run -100 yubin queue show 1j0tamuctgt8k3nsa1p3j
	[[ $output == *"is not in the queue"* ]]
}

@test "what strangers wrote cannot harm a terminal or break JSON" {
	local id
	id=$(printf 'Subject: \e]0;x\a\xff\xe2\x80\xae\n\n\e[2J\x00\n' |
	    queue_put $'\e[31m"\xff@else.test' $'"\e[31m\\"@host.test')
	yubin queue list >"$BATS_TEST_TMPDIR/out"
	yubin queue show -b "$id" >>"$BATS_TEST_TMPDIR/out"
	yubin queue list --json >"$BATS_TEST_TMPDIR/json"
	yubin queue show -b --json "$id" >>"$BATS_TEST_TMPDIR/json"
	cat "$BATS_TEST_TMPDIR/json" >>"$BATS_TEST_TMPDIR/out"
	[ -z "$(LC_ALL=C grep -a '[^ -~]' "$BATS_TEST_TMPDIR/out" |
	    grep -av $'\xef\xbf\xbd')" ]
	grep -F 'Subject: \x1b]0;x\x07\xff\xe2\x80\xae' "$BATS_TEST_TMPDIR/out"
	[ "$(json 'ascii(o["from"])' <"$BATS_TEST_TMPDIR/json" | sort -u)" = \
	    "'\\x1b[31m\"\\ufffd@else.test'" ]
}

@test "stats: sizes, ages, recipients by status, the fullest domains" {
	put -t 400000 x@else.test a@big.test b@BIG.test c@small.test
	put -t 4000 x@else.test d@big.test
	put x@else.test ann@example.test busy@example.test
	yubin queue hold --domain small.test
	touch "$YUBIN_ROOT/queue/bad/x"
	yubin queue stats --json >"$BATS_TEST_TMPDIR/json"
	[ "$(json 'o["messages"], o["held"], o["bad"], o["slots_used"] <= o["slots"],
	    o["recipients"]["new"], o["ages"]["5min"], o["ages"]["6h"],
	    o["ages"]["older"]' <"$BATS_TEST_TMPDIR/json")" = \
	    "(3, 1, 1, True, 6, 1, 1, 1)" ]
	[ "$(json '[(d["domain"], d["waiting"]) for d in o["domains"]]' \
	    <"$BATS_TEST_TMPDIR/json")" = \
	    "[('big.test', 3), ('example.test', 2), ('small.test', 1)]" ]
	run -0 yubin queue stats
	[[ ${lines[0]} == "3 messages, "*" octets; 1 held, 1 damaged in bad/" ]]
	[[ $output == *"        3       0       0       1       0       0       2  big.test"* ]]
	run_once
	[ "$(yubin queue stats --json | json 'o["recipients"]["delivered"]')" = 1 ]
	[ "$(yubin queue stats --json --domain small.test | json 'o["messages"]')" = 1 ]
}

empty() {
	[ -z "$(ids)" ]
}

# change VERB ARGUMENT…: exactly one message is concerned and says so.
change() {
	run -0 yubin queue "$@"
	[ "${#lines[@]}" -eq 1 ]
}

# All verbs, in whichever way they are carried out.
all_verbs() {
	local a b
	a=$(put ann@example.test busy@example.test)
	b=$(put bob@example.test busy@example.test)
	change hold "$a"
	[ "$output" = "$a: held" ]
	[ -f "$YUBIN_ROOT/queue/hold/$a" ]
	[ "$(ids)" = "$a $b " ]
	run -0 yubin queue hold "$a"
	[ "$output" = "$a: is held" ] || [ "$output" = "yubin: $a: is held" ]
	run -100 yubin queue retry "$a"
	change release --from ann@example.test
	[ "$output" = "$a: released" ]
	[ ! -e "$YUBIN_ROOT/queue/hold/$a" ]
	change hold --json "$b"
	[ "$(json 'o["id"], o["done"], o["text"]' <<<"$output")" = "('$b', True, 'held')" ]
	change drop "$b"
	[ "$output" = "$b: dropped" ]
	[ "$(ids)" = "$a " ]
	change drop --all
	[ "$output" = "$a: dropped" ]
	[ "$(ids)" = "" ]
	run -100 yubin queue drop "$a" "$b"
	[[ $output == *"$a: is not in the queue"*"$b: is not in the queue"* ]]
	# Nobody is told of what was dropped.
	[ -z "$(find "$YUBIN_ROOT/mail" -path '*/new/*')" ]
}

@test "hold, release, drop without a runner" {
	all_verbs
	[ -z "$(find "$YUBIN_ROOT/queue/new" -type f)" ]
}

@test "hold, release, drop while a runner runs" {
	start_runner
	all_verbs
	# The runner has them in mind no longer.
	local id
	id=$(put x@else.test ann@example.test)
	wait_for empty
	stop_all
	run ! grep -E 'ev=(trouble|bad|fatal)' "$BATS_TEST_TMPDIR/log"
}

@test "small messages in slots: found, held, released, dropped" {
	yubin queue list
	start_runner
	wait_for test -L "$YUBIN_ROOT/queue/slot/count"
	stop_all
	local a b
	a=$(put ann@example.test busy@example.test)
	b=$(put bob@example.test busy@example.test)
	[ -z "$(find "$YUBIN_ROOT/queue/new" -type f)" ]
	[ "$(ids)" = "$a $b " ]
	[ "$(yubin queue stats --json | json 'o["slots_used"], o["slots"] > 2')" = "(2, True)" ]
	yubin queue show "$a" | grep -E 'octets in slot/[0-9]{4}$'
	change hold "$a"
	[ "$(yubin queue stats --json | json 'o["slots_used"]')" = 1 ]
	yubin queue show "$a" | grep -F "octets in hold/$a"
	change drop "$b"
	[ "$(yubin queue stats --json | json 'o["slots_used"]')" = 0 ]
	change release "$a"
	change drop "$a"
	# A runner works on them as on others.
	yubin alias del busy@example.test
	yubin alias add busy@example.test ann
	a=$(put bob@example.test busy@example.test)
	change hold "$a"
	change release "$a"
	run_once
	[ "$(ids)" = "" ]
	grep -rl "for <busy@example.test>\|Delivered-To" "$YUBIN_ROOT/mail/example.test/ann/new"
}

@test "a message that a dead runner left in two places is one" {
	yubin queue list
	run_once
	local a b verb slot
	for verb in drop hold; do
		a=$(put ann@example.test busy@example.test)
		slot=$(yubin queue list --json | json 'o["file"]')
		[[ $slot == slot/* ]]
		python3 - "$YUBIN_ROOT/queue" "$slot" "$a" <<-'X'
			import sys
			queue, slot, id = sys.argv[1:]
			text = open(queue + "/" + slot, "rb").read()
			env, body = (int(text.split(k)[1][:n], 16) for k, n in ((b"env=", 8), (b"body=", 16)))
			digit = "0123456789abcdefghijklmnopqrstuv".index(id[-1]) % 16
			open("%s/new/%x/%s" % (queue, digit, id), "wb").write(text[:128 + 2 + env + body])
		X
		[ "$(ids)" = "$a " ]
		change $verb "$a"
		[ "$(yubin queue stats --json | json 'o["slots_used"]')" = 0 ]
		[ -z "$(find "$YUBIN_ROOT/queue/new" -type f)" ]
	done
	[ "$(ids --held)" = "$a " ]
}

@test "retry: at once with a runner, when one starts without" {
	local id
	id=$(put ann@example.test busy@example.test)
	run_once
	yubin alias add busy@example.test bob
	run_once
	[ "$(ids)" = "$id " ]
	run -0 yubin queue retry "$id"
	[ "$output" = "$id: will be tried when a runner runs" ]
	run_once
	[ "$(ids)" = "" ]
	yubin alias add busy@example.test '|exit 111'
	start_runner
	id=$(put ann@example.test busy@example.test)
	wait_for grep "ev=deferred id=$id" "$BATS_TEST_TMPDIR/log"
	wait_for grep "ev=waiting id=$id" "$BATS_TEST_TMPDIR/log"
	yubin alias add busy@example.test bob
	run -0 yubin queue retry --to @example.test
	[ "$output" = "$id: will be tried now" ]
	wait_for grep "ev=done id=$id" "$BATS_TEST_TMPDIR/log"
}

@test "a runner that does not listen is waited for, but not for ever" {
	local id
	id=$(put ann@example.test busy@example.test)
	start_runner
	wait_for grep "ev=waiting id=$id" "$BATS_TEST_TMPDIR/log"
	kill -STOP "${STARTED[0]}"
	run -111 timeout 30 yubin queue hold "$id"
	kill -CONT "${STARTED[0]}"
	[[ $output == *"$id: the queue runner was asked"* ]]
}

@test "2,000 messages are listed quickly, and dropped all" {
	local id
	id=$(put -t 400000 ann@example.test x@away.test)
	python3 - "$YUBIN_ROOT/queue" "$id" <<-'X'
		import os, sys
		queue, id = sys.argv[1:]
		digits = "0123456789abcdefghijklmnopqrstuv"
		def place(i): return "%s/new/%x/%s" % (queue, digits.index(i[-1]) % 16, i)
		text = open(place(id), "rb").read()
		sys.path.insert(0, "")
		def crc(data, c=0):
		    c ^= 0xffffffff
		    for octet in data:
		        c = table[(c ^ octet) & 255] ^ (c >> 8)
		    return c ^ 0xffffffff
		table = []
		for n in range(256):
		    for _ in range(8):
		        n = n >> 1 ^ (0x82f63b78 if n & 1 else 0)
		    table.append(n)
		at = text.index(b"\n2:id") + 1
		head, size = text[:128], int(text.split(b"env=")[1][:8], 16)
		front = head[:head.index(b" envcrc=")]
		for n in range(1999):
		    new = id[:11] + "".join(digits[n >> s & 31] for s in (15, 10, 5, 0)) + id[15:]
		    env = text[at:at + size].replace(id.encode(), new.encode())
		    value = b"%08x" % crc(front, crc(env))
		    h = front + b" envcrc=" + value + head[len(front) + 16:]
		    open(place(new), "wb").write(h + text[128:at] + env + text[at + size:])
	X
	SECONDS=0
	yubin queue list >"$BATS_TEST_TMPDIR/out"
	[ "$(tail -n 1 "$BATS_TEST_TMPDIR/out")" = "2000 messages" ]
	[ "$(yubin queue list --json | wc -l)" -eq 2000 ]
	[ "$(yubin queue stats --json | json 'o["domains"][0]["waiting"]')" = 2000 ]
	[ "$SECONDS" -lt 20 ]
	yubin queue hold --all >"$BATS_TEST_TMPDIR/out"
	[ "$(grep -c ': held$' "$BATS_TEST_TMPDIR/out")" -eq 2000 ]
	start_runner
	yubin queue drop --held >"$BATS_TEST_TMPDIR/out"
	[ "$(grep -c ': dropped$' "$BATS_TEST_TMPDIR/out")" -eq 2000 ]
	[ "$(ids)" = "" ]
}

@test "wrong words, no queue: exit 100" {
	run -100 yubin queue
	run -100 yubin queue nothing
	run -100 yubin queue drop
	run -100 yubin queue hold
	run -100 yubin queue show
	run -100 yubin queue list --from
	run -100 yubin queue list -x
	run -100 yubin queue drop --all 1j0tamuctgt8k3nsa1p3j
	run -100 yubin queue show ../new
	[[ $output == *"is not an id"* ]]
	YUBIN_ROOT=$BATS_TEST_TMPDIR/nothing run -100 yubin queue list
	[ ! -e "$BATS_TEST_TMPDIR/nothing" ]
}
