#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The queue runner when something goes wrong, or ends at a bad moment.
load ../helper
load runner

slot_of() { # ID
	grep -l "^2:id,21:$1," "$YUBIN_ROOT"/queue/slot/0*
}

@test "a recipient that failed for now is not tried again while others wait" {
	DOMAIN_JOBS=1 start yubin-queue-runner
	wait_for test -S "$YUBIN_ROOT/queue/nudge"
	put a@b.test slow{1..20}@host.test >/dev/null
	wait_for grep -q "to=host.test" "$CALLS"
	id=$(put a@b.test ok@host.test busy@other.test bad@third.test)
	wait_for grep -q "ev=waiting id=$id" "$LOG"
	[ "$(grep -c "to=host.test" "$CALLS")" -eq 2 ]
	[ "$(grep -c "to=other.test" "$CALLS")" -eq 1 ]
	grep -q "ev=bounced .* orig=$id" "$LOG"
}

@test "what a failed sync covered is written anew, also when it had to wait" {
	: >"$CALLS.syncfails"
	for i in 1 2 3 4; do
		put a@b.test "ok$i@example.test" >/dev/null
	done
	LOCAL_JOBS=1 runner
	[ "$(grep -c "^local " "$CALLS")" -eq 8 ]
	[ "$(grep -c "^local .* rewrite " "$CALLS")" -eq 4 ]
}

@test "after an unclean end: what was not tried before the next end counts" {
	runner
	rm "$YUBIN_ROOT/queue/clean"
	for i in 1 2 3 4; do
		put a@b.test "slow$i@example.test" >/dev/null
	done
	LOCAL_JOBS=1 start yubin-queue-runner
	wait_for grep -q slow "$CALLS"
	kill "${STARTED[0]}"
	wait "${STARTED[0]}"
	STARTED=()
	[ "$(grep -c slow "$CALLS")" -lt 4 ]
	runner
	[ "$(grep -c slow "$CALLS")" -eq 4 ]
	[ "$(grep -c again:slow "$CALLS")" -eq 4 ]
}

@test "a released message is delivered as if tried before" {
	id=$(put a@b.test ok@example.test)
	runner # an ordinary end
	id=$(put a@b.test ok2@example.test)
	yubin queue hold "$id"
	start yubin-queue-runner
	wait_for test -S "$YUBIN_ROOT/queue/nudge"
	yubin queue release "$id"
	wait_for grep -q "ev=done id=$id" "$LOG"
	grep -q "again:ok2@" "$CALLS"
}

@test "an old message's failure is the network's too" {
	for i in 1 2 3 4 5 6; do
		put -t 400000 a@b.test "down$i@host.test" >/dev/null
	done
	QUEUE_LIFETIME=300000 DOMAIN_JOBS=1 runner
	[ "$(grep -c "to=host.test" "$CALLS")" -eq 1 ]
	grep -q "ev=dead domain=host.test" "$LOG"
}

@test "a damaged slot that cannot be set aside is left alone" {
	runner
	id=$(put a@b.test ok@example.test)
	slot=$(slot_of "$id")
	sed -i 's/hello/hallo/' "$slot"
	touch "$YUBIN_ROOT/queue/bad/$id"
	runner
	[ "$(grep -c "ev=trouble id=$id" "$LOG")" -eq 1 ]
	[ "$(grep -c ok@ "$CALLS")" -eq 0 ]
}

@test "a folder of slots with much in it" {
	runner
	id=$(put a@b.test ok@example.test)
	(cd "$YUBIN_ROOT/queue/slot" && seq -f x%.0f 66000 | xargs touch)
	runner
	grep -q "ev=done id=$id" "$LOG"
}

@test "when no second worker can be started the first goes on" {
	start yubin-queue-runner
	wait_for test -S "$YUBIN_ROOT/queue/nudge"
	put a@b.test slow@example.test >/dev/null
	wait_for grep -q slow@ "$CALLS"
	rm "$YUBIN_LIBEXEC/yubin-deliver-local"
	id=$(put a@b.test ok@example.test)
	wait_for grep -q "ev=\(done\|deferred\) id=$id" "$LOG"
	grep -q "ev=done id=$id" "$LOG"
}

@test "a held message does not come back out of the slot it was in" {
	runner
	id=$(put a@b.test ok@example.test)
	slot=$(slot_of "$id")
	cp "$slot" "$BATS_TEST_TMPDIR/slot"
	yubin queue hold "$id"
	cat "$BATS_TEST_TMPDIR/slot" >"$slot" # not given back before a crash
	runner
	[ "$(grep -c ok@ "$CALLS")" -eq 0 ]
	[ -e "$YUBIN_ROOT/queue/hold/$id" ]
	[ -z "$(grep -l "^yubin-queue 1" "$YUBIN_ROOT"/queue/slot/0*)" ]
}

@test "a failed sync: a slot keeps its message, and the runner ends" {
	runner
	id=$(put a@b.test busy@example.test)
	slot=$(slot_of "$id")
	timeout 60 faults errno queue-runner+:syncfs:1 EIO \
	    yubin-queue-runner --once 2>>"$LOG"
	grep -q "ev=trouble .*syncing the queue has failed" "$LOG"
	head -1 "$slot" | grep -q "^yubin-queue 1"
	[ -e "$YUBIN_ROOT"/queue/new/*/"$id" ]
	[ ! -e "$YUBIN_ROOT/queue/clean" ]
	runner
	[ -z "$(find "$YUBIN_ROOT/queue/new" -type f)" ]
	[ "$(sed -n 2p "$slot")" = A ]
	[ "$(grep -c busy@ "$CALLS")" -eq 1 ]
}

@test "without the process that starts deliveries the runner ends; another goes on" {
	start yubin-queue-runner
	wait_for test -S "$YUBIN_ROOT/queue/nudge"
	put a@b.test ok@example.test >/dev/null
	wait_for grep -q "^local .*ok@" "$CALLS"
	worker=$(pgrep -f "$YUBIN_LIBEXEC/yubin-deliver-local" | head -n 1)
	kill -9 "$(ps -o ppid= -p "$worker")"
	put a@b.test ok@host.test >/dev/null
	status=0
	wait "${STARTED[0]}" || status=$?
	STARTED=()
	[ "$status" -eq 111 ]
	grep -q 'ev=fatal err="the process that starts deliveries has ended"' "$LOG"
	runner
	grep -q "ok@host.test\|to=host.test" "$CALLS"
	[ -z "$(find "$YUBIN_ROOT/queue/new" -type f)" ]
	[ -e "$YUBIN_ROOT/queue/clean" ]
}
