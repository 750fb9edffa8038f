#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# kill -9 of the runner and of deliveries at random moments: afterwards every
# message is in every Maildir exactly once.  COUNT messages, KILLS at least.
load ../helper

setup() {
	new_root
	BOX=$YUBIN_ROOT/mail/example.test
	LOG=$BATS_TEST_TMPDIR/log
	# Deliveries that are slow enough to be hit; every third dies by itself,
	# half of these when all is done but not yet said.
	export LIBEXEC=$BATS_TEST_TMPDIR/libexec REAL=$BIN
	mkdir "$LIBEXEC"
	cat >"$LIBEXEC/yubin-deliver-local" <<-'EOT'
		#!/bin/bash
		case $((RANDOM % 6)) in
		0) kill -9 $$ ;;
		1) "$REAL/yubin-deliver-local" "$@" >/dev/null; kill -9 $$ ;;
		2) sleep 0.0$((RANDOM % 5)) ;;
		esac
		exec "$REAL/yubin-deliver-local" "$@"
	EOT
	chmod +x "$LIBEXEC/yubin-deliver-local"
}

@test "kill -9 of runner and deliveries: nothing lost, nothing twice" {
	n=${COUNT:-40}
	for i in $(seq "$n"); do
		printf 'Subject: m%d\n\nbody %d\n' "$i" "$i" |
		    queue_put "" ann@example.test bob@example.test >/dev/null
	done
	for i in $(seq "${KILLS:-15}"); do
		YUBIN_LIBEXEC=$LIBEXEC yubin-queue-runner --once --all \
		    2>>"$LOG" 3>&- &
		pid=$!
		sleep 0.$((RANDOM % 3))$((RANDOM % 10))
		kill -9 "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
		# What it started may still run; readers move mail meanwhile.
		for f in $(ls "$BOX/ann/new" | head -n 3); do
			mv "$BOX/ann/new/$f" "$BOX/ann/cur/$f:2,S"
		done
	done
	sleep 0.3
	yubin-queue-runner --once --all 2>>"$LOG"
	[ -z "$(find "$YUBIN_ROOT/queue/new" "$YUBIN_ROOT/queue/bad" -type f)" ]
	for user in ann bob; do
		got=$(find "$BOX/$user/new" "$BOX/$user/cur" -type f |
		    xargs grep -h '^Subject: m' | sort | uniq -c | awk '$1 == 1' | wc -l)
		all=$(find "$BOX/$user/new" "$BOX/$user/cur" -type f | wc -l)
		echo "$user: $got of $n once, $all files"
		[ "$got" -eq "$n" ]
		[ "$all" -eq "$n" ]
	done

}

@test "kill -9 of writers at random: what was confirmed is there and whole" {
	confirmed=$BATS_TEST_TMPDIR/confirmed
	: >"$confirmed"
	export confirmed
	for i in $(seq "${KILLS:-15}"); do
		# A session of its own, so that writers die with the loop.
		setsid bash -c 'while :; do
			head -c $((RANDOM * 3)) /dev/zero | tr "\0" x |
			    queue_put "" bob@example.test >>"$confirmed" || exit
		done' 3>&- &
		pid=$!
		sleep 0.$((RANDOM % 10))
		kill -9 -- "-$pid" 2>/dev/null || kill -9 "$pid" || true
		wait "$pid" 2>/dev/null || true
	done
	sleep 0.2
	yubin-queue-runner --once 2>>"$LOG"
	[ -s "$confirmed" ]
	[ -z "$(ls "$YUBIN_ROOT/queue/bad")" ]
	while read -r id; do
		ls "$BOX/bob/new" | grep -q "Q${id}R0" || { echo "lost $id"; false; }
	done <"$confirmed"
}
