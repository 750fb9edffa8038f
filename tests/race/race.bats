#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Everybody on one Maildir at once: see race.py.  `make race` takes ten
# minutes; here some seconds.  SEED=n throws the same dice.
load ../helper

@test "deliveries, sessions and a shell: nothing lost, doubled or misnumbered" {
	run env SECONDS_MAX="${SECONDS_MAX:-12}" TMPDIR="$BATS_TEST_TMPDIR" \
	    python3 "$TESTS/race/race.py" "$BUILD" 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
	# All of them were at work.
	[[ ${lines[-1]} =~ ^race:\ .*\ s(,\ [1-9][0-9]*\ [a-zA-Z0-9 ]+){9}, ]]
	echo "# ${lines[-1]}" >&3
}
