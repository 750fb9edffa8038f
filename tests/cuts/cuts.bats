#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Sessions that end in the middle: see cuts.py.  `make cuts` ends them at each
# octet, under sanitizers; here some that change from run to run.  SEED=n repeats
# a run.
load ../helper

@test "the end at any octet: nothing accepted that was not whole, none stays" {
	local n=60
	[[ $BUILD != *asan* ]] || n=200
	run env CUTS="${CUTS:-$n}" python3 "$TESTS/cuts/cuts.py" "$BUILD" 3>&-
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} =~ ^cuts:\ [1-9] ]]
	echo "# ${lines[-1]}" >&3
}
