#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Acknowledged means kept, whatever dies.  COUNT and CLIENTS may be set.
load ../helper

@test "kill -9 of any process during 600 submissions from 20 clients" {
	new_root
	export LOGIN_DELAY=0 MAX_CLIENTS=100 BIN LOG=$BATS_TEST_TMPDIR/log
	BIN=$(readlink -f "$BIN")
	YUBIN_ROOT=$(readlink -f "$YUBIN_ROOT")
	PORT=$(free_port)
	export PORT
	run python3 "$TESTS/crash/kill9.py" "${COUNT:-600}" "${CLIENTS:-20}" 3>&-
	echo "$output"
	[ "$status" -eq 0 ] || tail -n 30 "$LOG"
	[ "$status" -eq 0 ]
	echo "# $output" >&3
}
