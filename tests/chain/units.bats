#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# The systemd units, read by Debian's systemd, without one that runs.
load ../helper

setup() {
	command -v systemd-analyze >/dev/null || skip "systemd is not installed"
	UNITS=$BATS_TEST_TMPDIR/units
	mkdir "$UNITS"
	cp "$TESTS"/../services/systemd/yubin-* "$UNITS"
	# They need not be installed here.
	sed -i "s,/usr/local/bin,$BIN,g" "$UNITS"/*.service
	cd "$UNITS"
}

@test "systemd finds nothing wrong with them" {
	run -0 systemd-analyze verify --man=no ./yubin-*.socket \
	    ./yubin-queue.service
	[ -z "$output" ] || { echo "$output"; false; }
	sed -i 's/^NoNewPrivileges/NoSuchThing/' yubin-queue.service
	run systemd-analyze verify --man=no ./yubin-queue.service
	[[ $output == *NoSuchThing* ]]
}

@test "systemd's own judgement of what they may do: 4.5 of 10 at most" {
	local f
	for f in ./*.service; do
		systemd-analyze security --offline=true --threshold=45 "$f" \
		    >"$BATS_TEST_TMPDIR/said" ||
		    { grep ✗ "$BATS_TEST_TMPDIR/said"; false; }
	done
}

# value UNIT SETTING
value() {
	sed -n "s/^$2=//p" "$1"
}

@test "all ports: a process a connection, and no burst closes them for good" {
	local s port=
	for s in *.socket; do
		[ "$(value "$s" Accept)" = yes ]
		[ "$(value "$s" TriggerLimitIntervalSec)" = 0 ]
		[ "$(value "$s" MaxConnections)" -gt 0 ]
		[ "$(value "$s" WantedBy)" = sockets.target ]
		[ -e "${s%.socket}@.service" ]
		port="$port $(value "$s" ListenStream)"
	done
	[ "$(printf '%s\n' $port | sort -n | paste -sd' ')" = \
	    "25 110 143 465 587 993 995" ]
	# But for the programs, who they are and smtp's fewer rights, the same.
	for s in *@.service; do
		grep -v '^Desc\|^Doc\|^ExecStart\|^Capab\|^#' "$s"
	done | sort | uniq -c | awk '$1 != 7 && NF > 1 { print; bad = 1 }
	    END { exit bad }'
}

@test "the queue runner is started again for ever, a second after it ended" {
	[ "$(value yubin-queue.service Restart)" = always ]
	[ "$(value yubin-queue.service RestartSec)" = 1 ]
	[ "$(value yubin-queue.service StartLimitIntervalSec)" = 0 ]
}

@test "the README names all users and units" {
	local users sockets
	users=$(sed -n 's/^ *for u in \(.*\); do/\1/p' "$TESTS/../README")
	[ "$(printf 'yubin-%s\n' $users | sort)" = "$(sed -n 's/^u \([^ ]*\).*/\1/p' \
	    "$TESTS/../services/systemd/yubin.sysusers" | sort)" ]
	sockets=$(eval "echo $(grep -o 'yubin-{[a-z0-9,]*}.socket' \
	    "$TESTS/../README" | paste -sd' ')")
	[ "$(printf '%s\n' $sockets | sort)" = "$(printf '%s\n' *.socket | sort)" ]
}

@test "every program of theirs is one of ours, with the same arguments as inetd's" {
	local name port unit
	grep -v '^#' "$TESTS/../services/inetd.conf" |
	    while read -r name _ _ _ _ program _ args; do
		port=$(getent services "$name/tcp" | sed 's/.* \([0-9]*\).tcp.*/\1/')
		unit=$(grep -lx "ListenStream=$port" ./*.socket)
		[ "$(value "${unit%.socket}@.service" ExecStart)" = \
		    "$(echo "$program $args" | sed "s,/usr/local/bin,$BIN,g")" ]
	done
	sed -n 's/^ExecStart=//p' ./*.service | tr ' ' '\n' | grep / |
	    sort -u | while read -r program; do
		[ -x "$program" ]
	done
}
