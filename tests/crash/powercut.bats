#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A short run of the power-cut rig; `make powercut` is the long one.
load ../helper

# rig SECONDS FILE_SYSTEM: skips where the rig cannot run.
rig() {
	command -v "mkfs.$2" >/dev/null || skip "no mkfs.$2"
	run powercut -b "$BIN" -s "$1" "$2"
	[ "$status" -ne 77 ] || skip "${lines[-1]}"
	echo "$output"
	[ "$status" -eq 0 ]
	# Something was cut, acknowledged and looked for.
	[[ ${lines[-1]} =~ ^powercut:\ ([0-9]+)\ cuts,\ ([0-9]+)\ images,\ ([0-9]+)\ ack ]]
	[ "${BASH_REMATCH[1]}" -ge 3 ]
	[ "${BASH_REMATCH[2]}" -ge 6 ]
	[ "${BASH_REMATCH[3]}" -ge 30 ]
	[ -z "$(find "$TMPDIR" -name 'powercut-*')" ]
}

setup() {
	export TMPDIR=$BATS_TEST_TMPDIR
}

@test "acknowledged mail survives power cuts: ext4" {
	rig 6 ext4
}

@test "what IMAP and POP3 sessions were told survives power cuts: ext4" {
	command -v mkfs.ext4 >/dev/null || skip "no mkfs.ext4"
	run powercut -S -b "$BIN" -s 5 ext4
	[ "$status" -ne 77 ] || skip "${lines[-1]}"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} =~ ^store:\ [1-9][0-9]*\ cuts,\ [1-9][0-9]*\ images,\ [1-9][0-9]*\ ack ]]
	[ -z "$(find "$TMPDIR" -name 'powercut-*')" ]
}

@test "powercut: what is no file system, and who is not root" {
	if [ "$(id -u)" -ne 0 ]; then
		run -77 powercut
		[[ $output == "powercut: skipped: only root"* ]]
		return
	fi
	run powercut vfat
	[ "$status" -eq 100 ] || [ "$status" -eq 77 ]
	if command -v setpriv >/dev/null; then
		run -77 setpriv --reuid 65534 --regid 65534 --clear-groups \
		    "$BUILD/tests/powercut"
		[[ $output == "powercut: skipped: only root"* ]]
	fi
}
