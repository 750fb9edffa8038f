#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The queue runner with deliveries played by a script.
load ../helper

# Both programs are one script: the local part says what happens.
setup() {
	export YUBIN_ROOT=$BATS_TEST_TMPDIR/root
	export YUBIN_LIBEXEC=$BATS_TEST_TMPDIR/libexec
	export CALLS=$BATS_TEST_TMPDIR/calls
	LOG=$BATS_TEST_TMPDIR/log
	mkdir -p "$YUBIN_LIBEXEC" "$YUBIN_ROOT/domains/example.test"
	: >"$CALLS"
	cat >"$YUBIN_LIBEXEC/yubin-deliver-local" <<-'EOT'
		#!/bin/bash
		echo "${0##*/} $*" >>"$CALLS"
		while [ "$1" != -- ]; do shift; done
		shift
		case $0 in *remote) shift ;; esac
		for a; do
			case $a in
			ok*) echo "K 2.0.0 fine" ;;
			body*) cat >"$CALLS.body"; echo "K 2.0.0 read" ;;
			bad*) echo "D 5.1.1 mx.host.test[192.0.2.1]: 550 5.1.1 nobody" ;;
			busy*) echo "Z 4.2.2 full" ;;
			down*) echo "Z 4.4.1 refused" ;;
			crash*) kill -9 $$ ;;
			half*) printf 'K 2.0.0 cut'; exit 0 ;;
			once*) if [ -e "$CALLS.once" ]; then echo "K 2.0.0 at last"
				else : >"$CALLS.once"; echo "Z 4.2.1 not yet"; fi ;;
			slow*) sleep 0.3; echo "K 2.0.0 slow" ;;
			hang*) echo $$ >"$CALLS.pid"; echo hanging >>"$CALLS"; exec sleep 60 ;;
			*) echo "D 5.1.1 no such user" ;;
			esac
		done
	EOT
	cp "$YUBIN_LIBEXEC/yubin-deliver-local" "$YUBIN_LIBEXEC/yubin-deliver-remote"
	chmod +x "$YUBIN_LIBEXEC"/*
}

teardown() {
	stop_all
}

put() { # SENDER RECIPIENT…
	printf 'Subject: test\n\nhello\n' | queue_put "$@"
}

runner() {
	timeout 60 yubin-queue-runner --once "$@" 2>>"$LOG"
}

file_of() {
	find "$YUBIN_ROOT/queue/new" -name "$1"
}

status_of() { # ID: the octets of the recipients
	sed -n 2p "$(file_of "$1")"
}

@test "an empty root: the queue is made, nothing to do" {
	rm -rf "$YUBIN_ROOT"
	runner
	[ -d "$YUBIN_ROOT/queue/new/f" ]
}

@test "the message arrives byte for byte on descriptor 0" {
	printf 'Subject: x\r\n\r\n.\r\n\xff\x00\r\n' >"$BATS_TEST_TMPDIR/m"
	queue_put a@b.test body@example.test <"$BATS_TEST_TMPDIR/m"
	runner
	cmp "$CALLS.body" "$BATS_TEST_TMPDIR/m"
}

@test "one local delivery a recipient, one remote a domain" {
	id=$(put a@b.test ok1@example.test ok2@host.test ok3@HOST.test \
	    ok4@example.test ok5@other.test)
	runner
	[ "$(wc -l <"$CALLS")" -eq 4 ]
	grep -q "local -i $id -n 0 -f a@b.test -- ok1@example.test" "$CALLS"
	grep -q "local -i $id -n 3 -f a@b.test -- ok4@example.test" "$CALLS"
	grep -q "remote -i $id -f a@b.test -- host.test ok2@host.test ok3@HOST.test" \
	    "$CALLS"
	grep -q "remote -i $id -f a@b.test -- other.test ok5@other.test" "$CALLS"
	[ -z "$(file_of "$id")" ]
}

@test "8BITMIME is passed on; 250 recipients go in three parts" {
	rcpts=()
	for i in $(seq 250); do rcpts+=("ok$i@host.test"); done
	put -8 a@b.test "${rcpts[@]}"
	runner
	[ "$(wc -l <"$CALLS")" -eq 3 ]
	[ "$(grep -c -- '-8 -- host.test' "$CALLS")" -eq 3 ]
	[ "$(grep -o 'ok[0-9]*@' "$CALLS" | sort -u | wc -l)" -eq 250 ]
}

@test "temporary failures stay and are not due at once" {
	id=$(put a@b.test busy@example.test ok@example.test)
	runner
	[ "$(status_of "$id")" = AD ]
	runner
	[ "$(wc -l <"$CALLS")" -eq 2 ]
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
	grep -q -- '-r -f a@b.test -- once@' "$CALLS"
}

@test "--all tries what is not due, once" {
	id=$(put a@b.test busy@example.test)
	runner
	runner --all
	[ "$(wc -l <"$CALLS")" -eq 2 ]
	[ "$(status_of "$id")" = A ]
}

@test "a delivery that dies, or says half a line, has failed for now" {
	id=$(put a@b.test crash@example.test half@example.test ok@example.test)
	runner
	[ "$(status_of "$id")" = AAD ]
	grep -q "ev=trouble id=$id exit=137" "$LOG"
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
	grep -q "ev=bounced id=.* orig=$id to=ok@example.test n=2" "$LOG"
}

@test "a host that is down is left alone for a while" {
	for i in 1 2 3 4 5 6; do
		put a@b.test "down$i@host.test" >/dev/null
	done
	DOMAIN_JOBS=1 runner
	[ "$(wc -l <"$CALLS")" -eq 1 ]
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
	[ "$(wc -l <"$CALLS")" -eq 6 ]
	for i in 1 2 3; do put a@b.test "slow$i@example.test" >/dev/null; done
	start=$(date +%s%N)
	LOCAL_JOBS=1 runner
	[ $((($(date +%s%N) - start) / 1000000)) -ge 900 ]
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

@test "many messages for one slow domain do not hold up the others" {
	for i in $(seq 350); do
		put a@b.test "hang$i@host.test" >/dev/null
	done
	DOMAIN_JOBS=1 start yubin-queue-runner
	wait_for grep -q hanging "$CALLS"
	id=$(put a@b.test ok@example.test)
	wait_for grep -q "ev=done id=$id" "$LOG"
	kill -9 "${STARTED[0]}"
	{ wait "${STARTED[0]}" || true; } 2>/dev/null
	STARTED=()
	kill "$(cat "$CALLS.pid")"
}
