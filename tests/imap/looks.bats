# SPDX-License-Identifier: ISC
# How often cur/ is read: as seldom as can be.
load ../helper
load common

# readings COMMAND…: how often imapd opens cur/ for reading while it does these.
readings() {
	printf '%s\r\n' "$@" 'z LOGOUT' |
	    strace -o "$BATS_TEST_TMPDIR/trace" -e trace=getdents64 -y \
	        yubin-imapd >/dev/null 2>>"$BATS_TEST_TMPDIR/log"
	grep -c 'getdents64(.*/cur>.* = 0$' "$BATS_TEST_TMPDIR/trace"
}

setup() {
	strace -o /dev/null true 2>/dev/null || skip "no ptrace here"
	export MAILDIR=$BATS_TEST_TMPDIR/mail
	mkdir -p "$MAILDIR"/{cur,new,tmp}
	for ((i = 1000; i < 3000; i++)); do
		echo "Subject: $i" >"$MAILDIR/cur/$((1700000000 + i)).M${i}P1.x:2,"
	done
	# What changed a moment ago would be looked at twice.
	touch -d '10 seconds ago' "$MAILDIR/cur" "$MAILDIR/new"
}

@test "a folder that is only files is read once" {
	[ "$(readings 'a SELECT INBOX')" -eq 1 ]
	[ "$(sed 1d "$MAILDIR/dovecot-uidlist" | wc -l)" -eq 2000 ]
	# By number and then by octets, whatever the directory's order is.
	sed -n 's/^[0-9]* .*M\([0-9]*\)P1.x$/\1/p' "$MAILDIR/dovecot-uidlist" \
	    >"$BATS_TEST_TMPDIR/order"
	sort -n -c "$BATS_TEST_TMPDIR/order"
}

@test "flags of all messages need no reading, with POP3 ids in the list too" {
	[ "$(readings 'a SELECT INBOX')" -eq 1 ]
	grep -q ' P1700001000.M1000P1.x ' "$MAILDIR/dovecot-uidlist"
	# Once, at the end of the session: for changes in the same moment.
	[ "$(readings 'a SELECT INBOX' 'b STORE 1:* +FLAGS.SILENT (\Flagged)' \
	    'c STORE 1:* -FLAGS.SILENT (\Flagged)')" -eq 1 ]
}
