#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The queue runner with deliveries played by a script.
load ../helper
load runner

file_of() { # ID: its file or slot; nothing when it is gone
	find "$YUBIN_ROOT/queue/new" -name "$1"
	grep -l "^2:id,21:$1," "$YUBIN_ROOT"/queue/slot/0* 2>/dev/null |
	    while read -r f; do
		    head -c 14 "$f" | grep -q "yubin-queue 1 " && echo "$f"
	    done
	true
}

jobs() { # how many were given
	grep -cE '^(local|remote) ' "$CALLS"
}

status_of() { # ID: the octets of the recipients
	sed -n 2p "$(file_of "$1")"
}

@test "an empty root: the queue is made, nothing to do" {
	rm -rf "$YUBIN_ROOT"
	runner
	[ -d "$YUBIN_ROOT/queue/new/f" ]
}

@test "the message arrives byte for byte" {
	printf 'Subject: x\r\n\r\n.\r\n\xff\x00\r\n' >"$BATS_TEST_TMPDIR/m"
	queue_put a@b.test body@example.test <"$BATS_TEST_TMPDIR/m"
	runner
	cmp "$CALLS.body" "$BATS_TEST_TMPDIR/m"
	: >"$CALLS.body"
	queue_put a@b.test body@example.test <"$BATS_TEST_TMPDIR/m" # a slot
	[ -z "$(find "$YUBIN_ROOT/queue/new" -type f)" ]
	runner
	cmp "$CALLS.body" "$BATS_TEST_TMPDIR/m"
}

@test "one job for our own addresses, one for each other domain" {
	id=$(put a@b.test ok1@example.test ok2@host.test ok3@HOST.test \
	    ok4@example.test ok5@other.test)
	runner
	[ "$(jobs)" -eq 3 ]
	grep -q "^local $id a@b.test 0:again:ok1@example.test 3:again:ok4@" "$CALLS"
	grep -q "^remote $id a@b.test to=host.test .*1:.*ok2@.* 2:.*ok3@HOST.test" \
	    "$CALLS"
	grep -q "^remote $id a@b.test to=other.test .*4:.*ok5@other.test" "$CALLS"
	[ -z "$(file_of "$id")" ]
}

@test "8BITMIME is passed on; 250 recipients go in three parts" {
	put -8 a@b.test ok{1..250}@host.test
	runner
	[ "$(jobs)" -eq 3 ]
	[ "$(grep -c -- 'to=host.test 8bit' "$CALLS")" -eq 3 ]
	[ "$(grep -o 'ok[0-9]*@' "$CALLS" | sort -u | wc -l)" -eq 250 ]
}

@test "temporary failures stay and are not due at once" {
	id=$(put a@b.test busy@example.test ok@example.test)
	runner
	[ "$(status_of "$id")" = AD ]
	runner
	[ "$(jobs)" -eq 1 ]
	grep -q "ev=deferred id=$id to=busy@example.test status=4.2.2 err=full" "$LOG"
	grep -q "ev=waiting id=$id next_s=6[0-9]" "$LOG"
}

@test "by its modification time a message is due again" {
	id=$(put -t 300 a@b.test once@example.test)
	runner
	[ "$(status_of "$id")" = A ]
	touch -d '20 minutes ago' "$(file_of "$id")"
	runner
	[ -z "$(file_of "$id")" ]
	grep -q -- 'again:once@' "$CALLS"
}

@test "--all tries what is not due, once" {
	id=$(put a@b.test busy@example.test)
	runner
	runner --all
	[ "$(jobs)" -eq 2 ]
	[ "$(status_of "$id")" = A ]
}

@test "a worker that dies has failed for now, what it said before counts" {
	id=$(SYNCED=1 put a@b.test ok@host.test crash@host.test)
	runner
	[ "$(status_of "$id")" = DA ]
	grep -q "ev=trouble .*err=\"a delivery program has died\"" "$LOG"
}

@test "a recipient that a worker forgets has failed for now" {
	id=$(put a@b.test mute@example.test ok@example.test)
	runner
	[ "$(status_of "$id")" = AD ]
	grep -q "ev=deferred id=$id to=mute@example.test status=4.3.0" "$LOG"
}

@test "what was stored counts when it is synced, and not before" {
	: >"$CALLS.syncfails"
	id=$(put a@b.test ok@example.test)
	runner
	[ "$(grep -c "^sync" "$CALLS")" -eq 2 ]
	[ "$(jobs)" -eq 2 ]
	grep -q "^local $id .*rewrite .*again:ok@" "$CALLS"
	[ "$(grep -c "ev=delivered id=$id" "$LOG")" -eq 1 ]
	[ -z "$(file_of "$id")" ]
}

@test "a worker that dies before the sync: its messages go to another" {
	: >"$CALLS.syncdies"
	id=$(put a@b.test ok@example.test)
	runner
	[ "$(jobs)" -eq 2 ]
	grep -q "^local $id a@b.test 0:again:ok@" "$CALLS"
	[ "$(grep -c "ev=delivered id=$id" "$LOG")" -eq 1 ]
	[ -z "$(file_of "$id")" ]
}

@test "a slot is free again when its message is done, a file when it waits" {
	runner
	id=$(put a@b.test ok@example.test)
	late=$(put a@b.test busy@example.test)
	[ "$(grep -l "^yubin-queue 1" "$YUBIN_ROOT"/queue/slot/0* | wc -l)" -eq 2 ]
	runner
	[ -z "$(grep -l "^yubin-queue 1" "$YUBIN_ROOT"/queue/slot/0*)" ]
	[ -z "$(file_of "$id")" ]
	[ "$(status_of "$late")" = A ]
	[[ $(file_of "$late") == */new/* ]]
}

@test "a message in a slot and in a file: the marks of a whole file count" {
	runner
	a=$(put a@b.test ok1@example.test)
	b=$(put a@b.test ok2@example.test)
	for id in $a $b; do
		slot=$(file_of "$id")
		digit=$(tr 0-9a-v 0-9a-f0-9a-f <<<"${id: -1}")
		size=$(($(sed -n '1s/.*env=\([0-9a-f]*\).*/0x\1/p' "$slot") + 130))
		body=$(($(sed -n '1s/.*body=\([0-9a-f]*\).*/0x\1/p' "$slot")))
		head -c "$((size + body))" "$slot" >"$YUBIN_ROOT/queue/new/$digit/$id"
	done
	truncate -s 300 "$YUBIN_ROOT"/queue/new/*/"$b"
	printf D | dd of="$(echo "$YUBIN_ROOT"/queue/new/*/"$a")" bs=1 \
	    conv=notrunc status=none seek=128
	runner
	! grep -q ok1@ "$CALLS" || false # the file says that it was delivered
	[ "$(grep -c ok2@ "$CALLS")" -eq 1 ]
	[ -z "$(file_of "$a")$(file_of "$b")" ]
	[ -z "$(ls "$YUBIN_ROOT/queue/bad")" ]
}

@test "no delivery program at all: everything waits" {
	rm "$YUBIN_LIBEXEC"/*
	id=$(put a@b.test ok@example.test ok@host.test)
	runner
	[ "$(status_of "$id")" = AA ]
}

@test "after QUEUE_LIFETIME a temporary failure is final: 5.4.7" {
	id=$(put -t 400000 ok@example.test down@host.test busy@example.test)
	QUEUE_LIFETIME=300000 runner
	[ -z "$(file_of "$id")" ]
	grep -q "ev=failed id=$id to=down@host.test status=5.4.7 err=refused" "$LOG"
	grep -q "ev=bounced id=.* orig=$id to=ok@example.test n=2 what=failed" "$LOG"
}

@test "a host that is down is left alone for a while" {
	for i in 1 2 3 4 5 6; do
		put a@b.test "down$i@host.test" >/dev/null
	done
	DOMAIN_JOBS=1 runner
	[ "$(jobs)" -eq 1 ]
	grep -q "ev=dead domain=host.test pause_s=30" "$LOG"
	[ "$(grep -c 'ev=deferred' "$LOG")" -eq 6 ]
	put a@b.test ok@other.test
	runner
	[ "$(grep -c other.test "$CALLS")" -eq 1 ]
}

@test "limits of jobs are kept" {
	for i in 1 2 3 4 5 6; do put a@b.test "slow$i@host.test" >/dev/null; done
	start=$(date +%s%N)
	DOMAIN_JOBS=2 runner
	[ $((($(date +%s%N) - start) / 1000000)) -ge 900 ]
	[ "$(jobs)" -eq 6 ]
	for i in 1 2 3; do put a@b.test "slow$i@example.test" >/dev/null; done
	start=$(date +%s%N)
	LOCAL_JOBS=1 runner
	[ $((($(date +%s%N) - start) / 1000000)) -ge 900 ]
}

@test "many deliveries to one address at once, but not of programs" {
	export LOCAL_WORKERS=1 RUNNING=1
	for i in {1..80}; do put a@b.test crowd@example.test >/dev/null; done
	runner
	[ "$(grep -c 'ev=delivered .*to=crowd@' "$LOG")" -eq 80 ]
	for i in {1..80}; do put a@b.test program@example.test >/dev/null; done
	: >"$CALLS"
	runner
	[ "$(jobs)" -eq 80 ]
	[ "$(sed -n 's/running //p' "$CALLS" | sort -n | tail -n 1)" -le 16 ]
}

@test "a running runner is woken, is the only one, and stops when asked" {
	export READY=$BATS_TEST_TMPDIR/ready
	start bash -c 'exec yubin-queue-runner -d 5 5>"$READY"'
	wait_for test -s "$READY"
	run --separate-stderr yubin-queue-runner --once
	[ "$status" -eq 111 ]
	[[ $stderr == *"another queue-runner"* ]]
	id=$(put a@b.test ok@example.test)
	wait_for grep -q "ev=done id=$id" "$LOG"
	id=$(put a@b.test slow@example.test)
	wait_for grep -q -- "$id" "$CALLS"
	kill "${STARTED[0]}"
	wait "${STARTED[0]}"
	STARTED=()
	grep -q "ev=done id=$id" "$LOG"
}

@test "a message without a nudge is found" {
	start yubin-queue-runner
	wait_for test -S "$YUBIN_ROOT/queue/nudge"
	rm "$YUBIN_ROOT/queue/nudge"
	id=$(put a@b.test ok@example.test)
	wait_for grep -q "ev=done id=$id" "$LOG"
}

@test "a nudge makes a message due" {
	start yubin-queue-runner
	wait_for test -S "$YUBIN_ROOT/queue/nudge"
	id=$(put a@b.test once@example.test)
	wait_for grep -q "ev=waiting id=$id" "$LOG"
	cd "$YUBIN_ROOT/queue"
	python3 -c 'import socket
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"*", "nudge")'
	wait_for grep -q "ev=done id=$id" "$LOG"
}

@test "torn and foreign files go to bad, and are logged" {
	queue=$YUBIN_ROOT/queue
	a=$(put a@b.test ok@example.test)
	b=$(put a@b.test ok@example.test)
	c=$(put a@b.test ok@example.test)
	d=$(put a@b.test ok@example.test)
	e=$(put a@b.test ok@example.test)
	truncate -s -1 "$(file_of "$a")"
	printf X | dd of="$(file_of "$b")" bs=1 conv=notrunc status=none \
	    seek=$(($(stat -c %s "$(file_of "$b")") - 3))
	printf X | dd of="$(file_of "$c")" bs=1 conv=notrunc status=none seek=150
	truncate -s 0 "$(file_of "$d")"
	f=$(file_of "$e")
	mv "$f" "${f%?}$(tr 0-9a-v 1-9a-v0 <<<"${f: -1}")" # not its own name
	touch "$queue/new/0/not-an-id"
	runner
	[ "$(find "$queue/bad" -type f | wc -l)" -eq 5 ]
	[ "$(grep -c 'ev=bad' "$LOG")" -eq 5 ]
	[ ! -s "$CALLS" ]
}

@test "a link and a directory in the queue hurt nobody" {
	queue=$YUBIN_ROOT/queue
	id=$(put a@b.test ok@example.test)
	mv "$(file_of "$id")" "$BATS_TEST_TMPDIR/elsewhere"
	ln -s "$BATS_TEST_TMPDIR/elsewhere" "$queue/new/1/${id%?}1"
	mkdir "$queue/new/2/${id%?}2"
	mkfifo "$queue/new/3/${id%?}3"
	runner
	[ "$(ls "$queue/bad" | wc -l)" -eq 3 ]
	[ ! -s "$CALLS" ]
}

@test "old files in tmp are removed, new ones stay" {
	runner
	touch -d '2 days ago' "$YUBIN_ROOT/queue/tmp/old"
	touch "$YUBIN_ROOT/queue/tmp/young"
	runner
	[ ! -e "$YUBIN_ROOT/queue/tmp/old" ]
	[ -e "$YUBIN_ROOT/queue/tmp/young" ]
}

@test "all final but not removed: removed, nothing is sent" {
	id=$(put a@b.test ok@example.test bad@example.test)
	printf DB | dd of="$(file_of "$id")" bs=1 conv=notrunc status=none seek=128
	runner
	[ -z "$(file_of "$id")" ]
	[ ! -s "$CALLS" ]
}

@test "wrong options" {
	run yubin-queue-runner --twice
	[ "$status" -eq 100 ]
	LOCAL_JOBS=0 run yubin-queue-runner --once
	[ "$status" -eq 100 ]
}

@test "an administrator's wishes: hold, release, drop" {
	start yubin-queue-runner
	wait_for test -S "$YUBIN_ROOT/queue/nudge"
	tell() {
		python3 -c 'import os, socket, sys
os.chdir(sys.argv[1])
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(sys.argv[2].encode(), "nudge")' \
		    "$YUBIN_ROOT/queue" "$1"
	}
	id=$(put a@b.test once@example.test)
	wait_for grep -q "ev=waiting id=$id" "$LOG"
	tell "hold $id"
	wait_for grep -q "ev=held id=$id" "$LOG"
	[ -e "$YUBIN_ROOT/queue/hold/$id" ]
	tell "release $id"
	wait_for grep -q "ev=done id=$id" "$LOG"
	id=$(put a@b.test busy@example.test)
	wait_for grep -q "ev=waiting id=$id" "$LOG"
	tell "drop $id"
	wait_for grep -q "ev=dropped id=$id" "$LOG"
	[ -z "$(file_of "$id")" ]
}

@test "many messages for one slow domain do not hold up the others" {
	for i in $(seq 350); do
		put a@b.test "hang$i@host.test" >/dev/null
	done
	DOMAIN_JOBS=1 start yubin-queue-runner
	wait_for grep -q hanging "$CALLS"
	wait_for test "$(find "$YUBIN_ROOT/queue/new" -type f | wc -l)" -ge 340
	id=$(put a@b.test ok@example.test)
	wait_for grep -q "ev=done id=$id" "$LOG"
	kill -9 "${STARTED[0]}"
	{ wait "${STARTED[0]}" || true; } 2>/dev/null
	STARTED=()
}

@test "one sender's mailing to a slow domain does not hold up another's letter" {
	for i in $(seq 60); do
		put a@b.test "slow$i@host.test" >/dev/null
	done
	DOMAIN_JOBS=2 start yubin-queue-runner
	wait_for grep -q slow1@ "$CALLS"
	id=$(put other@x.test slow@host.test)
	before=$(grep -c ev=done "$LOG" || true)
	wait_for grep -q "ev=done id=$id" "$LOG"
	after=$(grep ev=done "$LOG" | grep -n "id=$id" | cut -d: -f1)
	[ "$((after - before))" -le 10 ]
}

@test "one message with thousands of recipients does not hold up another" {
	mapfile -t rcpts < <(seq 3000 |
	    awk '{ print "slow" $1 "@d" $1 % 50 ".test" }')
	big=$(put a@b.test "${rcpts[@]}")
	REMOTE_JOBS=4 start yubin-queue-runner
	wait_for grep -q "^remote $big" "$CALLS"
	id=$(put c@d.test ok@example.test)
	far=$(put c@d.test ok@elsewhere.test)
	wait_for grep -q "ev=done id=$id" "$LOG"
	wait_for grep -q "ev=done id=$far" "$LOG"
	! grep -q "ev=done id=$big" "$LOG" || false
}

@test "a dead domain's messages are all put off, the others go on" {
	runner # slots
	for i in $(seq 200); do
		put a@b.test "down$i@host.test" >/dev/null
	done
	id=$(put a@b.test ok@other.test)
	runner
	grep -q "ev=done id=$id" "$LOG"
	[ "$(grep -c ev=deferred "$LOG")" -eq 200 ]
	[ "$(grep -c "^remote .*to=host.test" "$CALLS")" -le 5 ]
}

@test "a replaced delivery program has the next message" {
	start yubin-queue-runner
	id=$(put a@b.test ok@example.test)
	wait_for grep -q "ev=done id=$id" "$LOG"
	sed 's/K 2.0.0 fine/K 2.0.0 better/' "$TESTS/queue/worker.py" \
	    >"$YUBIN_LIBEXEC/new"
	chmod +x "$YUBIN_LIBEXEC/new"
	mv "$YUBIN_LIBEXEC/new" "$YUBIN_LIBEXEC/yubin-deliver-local"
	id=$(put a@b.test ok@example.test)
	wait_for grep -q "ev=done id=$id" "$LOG"
	grep -q "ev=delivered id=$id .*rsp=better" "$LOG"
}
