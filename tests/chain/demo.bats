#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The README's first command: the demo under s6, its own pasted commands, a
# clean end on Ctrl-C, and mail that is still there the next time.
load ../helper

setup() {
	command -v s6-svscan >/dev/null || skip "s6 is not installed"
	export YUBIN_DEMO=$BATS_TEST_TMPDIR/demo
	export PORT_BASE=$((20000 + RANDOM % 20000))
	unset YUBIN_ROOT YUBIN_HOSTNAME
	# Root's demo runs as a user of its own, who must reach the folder.
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$BATS_TEST_TMPDIR" \
	    2>/dev/null || :
}

teardown() {
	[ -z "${demo-}" ] || kill "$demo" 2>/dev/null || :
	[ -z "${demo-}" ] || wait "$demo" 2>/dev/null || :
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 40 "$BATS_TEST_TMPDIR/out"
}

start_demo() {
	# A background job of a shell ignores SIGINT; Ctrl-C must work here.
	python3 -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$TESTS/../tools/demo" run "$BUILD" \
	    >"$BATS_TEST_TMPDIR/out" 2>&1 3>&- &
	demo=$!
	wait_for grep -q 'Ctrl-C stops everything' "$BATS_TEST_TMPDIR/out"
}

stop_demo() {
	kill -INT "$demo"
	wait "$demo"
	demo=
	grep -q '^Stopped' "$BATS_TEST_TMPDIR/out"
	run ! port_open $((PORT_BASE + 143))
}

# The command the demo printed behind a label.
printed() {
	sed -n "s/^  $1: *//p" "$BATS_TEST_TMPDIR/out" | head -n 1
}

@test "make run: welcome message, pasted commands, Ctrl-C, twice" {
	start_demo
	grep -q 'has arrived in' "$BATS_TEST_TMPDIR/out"
	[ "$(readlink "$YUBIN_DEMO/root/queue/slot/count")" -eq 64 ]
	run -0 bash -c "$(printed 'Read POP3')"
	[[ $output == *"Welcome to yubin"* ]]
	run -0 bash -c "$(printed Send)"
	wait_for grep -rq 'Hello Bob' "$YUBIN_DEMO/root/mail/example.test/bob/new"
	run -0 bash -c "$(printed 'Read IMAP')"
	[[ $output == *"Hello Bob"* ]]
	stop_demo
	start_demo
	run -0 bash -c "$(printed 'Read IMAP')"
	[[ $output == *"Hello Bob"* ]]
	stop_demo
}
