# SPDX-License-Identifier: ISC
# Loaded by the runner's tests: both delivery programs are one script, in which
# the local part of a recipient says what happens (worker.py).
setup() {
	export YUBIN_ROOT=$BATS_TEST_TMPDIR/root
	export YUBIN_LIBEXEC=$BATS_TEST_TMPDIR/libexec
	export CALLS=$BATS_TEST_TMPDIR/calls
	LOG=$BATS_TEST_TMPDIR/log
	mkdir -p "$YUBIN_LIBEXEC" "$YUBIN_ROOT/domains/example.test"
	: >"$CALLS"
	for p in local remote; do
		cp "$TESTS/queue/worker.py" "$YUBIN_LIBEXEC/yubin-deliver-$p"
	done
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
