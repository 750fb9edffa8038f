# SPDX-License-Identifier: ISC
# Deliveries, appends, sessions and a foreign program on one Maildir at once:
# nothing is lost or doubled, UIDs rise and never mean two messages.
load ../helper

check_log() { # MAILDIR LOG
	# what a UID means, over all sessions
	[ -z "$(grep '^uid ' "$2" | sort -u | awk '
	    { key = $2 " " $3 " " $4 }
	    key in id && id[key] != $5 { print "UID of two:", key, id[key], $5 }
	    { id[key] = $5 }')" ]
	# UIDVALIDITY never changed
	[ "$(awk '$1 == "uid" { print $2, $3 }' "$2" | sort -u | wc -l)" -eq 2 ]
	# every message is in one place
	awk '
	    $1 == "final" { n[$3]++ }
	    $1 == "expunged" { e[$2] = 1 }
	    END {
		for (k = 0; k < 5; k++)
			for (i = 0; i < 120; i++) {
				id = (k < 3 ? "d" : "a") k "-" i
				if (n[id] > 1) { print id, "doubled"; bad = 1 }
				if (!n[id] && !e[id]) { print id, "lost"; bad = 1 }
			}
		exit bad
	    }' "$2"
	[ -z "$(find "$1/tmp" "$1/.Other/tmp" -type f)" ]
	[ ! -e "$1/dovecot-uidlist.lock" ]
}

@test "ten processes on one Maildir" {
	local dir=$BATS_TEST_TMPDIR/Maildir
	store_race "$dir" 120
	check_log "$dir" "$dir.log"
}

@test "and one that deletes, cuts off and scribbles over the indexes" {
	local dir=$BATS_TEST_TMPDIR/Maildir
	store_race "$dir" 120 damage
	check_log "$dir" "$dir.log"
}
