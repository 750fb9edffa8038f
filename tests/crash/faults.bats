#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# One system call goes wrong: see crash.py.  `make crash` tries them all; here
# some that change from run to run.  SEED=n repeats a run.
load ../helper

@test "a call fails or is the last one: nothing lost, torn or left over" {
	run env SECONDS_MAX="${SECONDS_MAX:-15}" \
	    python3 "$TESTS/crash/crash.py" "$BUILD" 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} =~ ^crash:\ [1-9] ]]
	echo "# ${lines[-1]}" >&3
}

@test "faults: the call that is named is the one that goes wrong" {
	cd "$BATS_TEST_TMPDIR"
	printf 'one\ntwo\nthree\n' >in
	faults -o counts count cat in
	grep -qx 'cat write 1' counts
	run -137 faults -o report kill cat:write:1 cat in
	[ -z "$output" ]
	[ "$(cut -d ' ' -f 1-4 report)" = "hit cat write 1" ]
	run -1 faults -o report errno cat:write:1 ENOSPC cat in
	[[ $output == *"No space left on device"* ]]
	# What is cut short is done in two.
	faults -o report short cat:write:1 1 cat in >out
	cmp in out
	# No such point: nothing happens.
	faults -o report kill cat:write:99 cat in >out
	cmp in out
	[ ! -s report ]
}

@test "faults: what a program starts is under it too, and deadlines end all" {
	cd "$BATS_TEST_TMPDIR"
	run faults -o report kill cat:read:1 \
	    sh -c 'cat /etc/passwd; echo "status $?"'
	[[ $output == *"status 137" ]]
	grep -q '^hit cat read 1' report
	run -124 faults -t 1 -o report count sh -c 'sleep 60; :'
	grep -qx 'late sleep' report
	[ "$(grep -c '^late ' report)" -eq 2 ]
}

@test "a program that may or may not have been started is not waited for" {
	new_root
	printf 'EHLO x\r\nAUTH PLAIN AGFubkBleGFtcGxlLnRlc3QAc2VjcmV0\r\n' \
	    >"$BATS_TEST_TMPDIR/in"
	for i in {1..8}; do
		faults -t 10 -o "$BATS_TEST_TMPDIR/report" errno "smtpd:read:$i" \
		    EIO yubin-smtpd yubin-checkpw <"$BATS_TEST_TMPDIR/in" ||
		    [ $? -eq 127 ] # a library could not be read
	done
}

@test "a worker that cannot read its jobs is no crash" {
	new_root
	printf 'Subject: x\n\nhi\n' | queue_put "" ann@example.test
	cd "$BATS_TEST_TMPDIR"
	faults -o report errno deliver-local:recvmsg:1 EMFILE \
	    yubin-queue-runner --once --all
	grep -q '^hit deliver-local recvmsg 1 ' report
	run ! grep '^signal' report
	yubin-queue-runner --once --all
	[ "$(ls "$YUBIN_ROOT/mail/example.test/ann/new" | wc -l)" -eq 1 ]
}

@test "a worker that cannot answer ends, and all is tried again" {
	new_root
	cd "$BATS_TEST_TMPDIR"
	for i in 1 2 3; do
		printf 'Subject: x\n\nhi\n' | queue_put "" ann@example.test
		faults -t 20 -o report errno "deliver-local:sendmsg:$i" \
		    ENOMEM yubin-queue-runner --once --all
		yubin-queue-runner --once --all
		[ "$(ls "$YUBIN_ROOT/mail/example.test/ann/new" | wc -l)" -eq "$i" ]
	done
}

@test "a starter of deliveries that cannot answer ends, and all is tried again" {
	new_root
	cd "$BATS_TEST_TMPDIR"
	printf 'Subject: x\n\nhi\n' | queue_put "" ann@example.test
	run -111 faults -t 20 -o report errno queue-runner+:sendmsg:1 ENOMEM \
	    yubin-queue-runner --once --all
	grep -q '^hit queue-runner+ sendmsg 1 ' report
	yubin-queue-runner --once --all
	[ "$(ls "$YUBIN_ROOT/mail/example.test/ann/new" | wc -l)" -eq 1 ]
}

@test "a message in a slot is read whole, however little a read returns" {
	new_root
	cd "$BATS_TEST_TMPDIR"
	export QUEUE_SLOTS=2
	yubin-queue-runner --once
	for i in {1..12}; do
		printf 'Subject: x\n\nhi\n' | queue_put "" ann@example.test
		faults -o report short "queue-runner:pread64:$i" 1 \
		    yubin-queue-runner --once --all || [ $? -eq 127 ] # libc
		yubin-queue-runner --once --all
	done
	[ -z "$(ls "$YUBIN_ROOT/queue/bad")" ]
	[ "$(ls "$YUBIN_ROOT/mail/example.test/ann/new" | wc -l)" -eq 12 ]
}

@test "a slot that is given back in two writes is free" {
	new_root
	cd "$BATS_TEST_TMPDIR"
	export QUEUE_SLOTS=2
	yubin-queue-runner --once
	for call in write pwrite64; do
		for i in {1..10}; do
			printf 'Subject: x\n\nhi\n' |
			    queue_put "" ann@example.test
			faults -o report short "queue-runner:$call:$i" half \
			    yubin-queue-runner --once --all
			yubin-queue-runner --once --all
		done
	done
	[ -z "$(ls "$YUBIN_ROOT/queue/bad")" ]
	[ "$(ls "$YUBIN_ROOT/mail/example.test/ann/new" | wc -l)" -eq 20 ]
}

@test "a message in a slot that is read in parts is whole" {
	new_root
	cd "$BATS_TEST_TMPDIR"
	export QUEUE_SLOTS=2
	yubin-queue-runner --once
	for i in {1..12}; do
		printf 'Subject: x\n\nhi\n' | queue_put "" ann@example.test
		# The C library's loader reads, too, and gives up.
		faults -o report short "queue-runner:pread64:$i" 1 \
		    yubin-queue-runner --once --all || [ $? -eq 127 ]
		yubin-queue-runner --once --all
		[ "$(ls "$YUBIN_ROOT/mail/example.test/ann/new" | wc -l)" -eq "$i" ]
	done
	[ -z "$(ls "$YUBIN_ROOT/queue/bad")" ]
}

@test "what is forwarded is whole or not there, wherever deliver-local dies" {
	new_root
	cd "$BATS_TEST_TMPDIR"
	printf 'f: x@host.test\n' >"$YUBIN_ROOT/domains/example.test/aliases"
	printf 'Subject: x\r\n\r\nhi\r\nEND\r\n' >in
	forward() {
		faults -o report "$@" yubin-deliver-local -f eve@host.test \
		    f@example.test <in || [ $? -eq 137 ]
	}
	forward count
	grep '^deliver-local+* ' report >calls
	while read -r name call n; do
		for ((i = 1; i <= n; i++)); do
			forward kill "$name:$call:$i"
		done
	done <calls
	find "$YUBIN_ROOT/queue/new" -type f >files
	[ "$(wc -l <files)" -gt 5 ]
	[ -z "$(xargs grep -L '^END' <files)" ]
}
