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

# messages FIRST LAST: with a subject each, and a name that tells which it is.
messages() {
	python3 - "$MAILDIR/cur" "$@" <<-'X'
		import sys
		for i in range(int(sys.argv[2]), int(sys.argv[3]) + 1):
		    name = f"{1700000000 + i}.M{i}P1.x:2,"
		    with open(f"{sys.argv[1]}/{name}", "w") as f:
		        f.write(f"Subject: {i}\n")
	X
}

setup() {
	# A session is not dumpable: only root sees its descriptors and maps.
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	strace -o /dev/null true 2>/dev/null || skip "no ptrace here"
	export MAILDIR=$BATS_TEST_TMPDIR/mail
	mkdir -p "$MAILDIR"/{cur,new,tmp}
	messages 1000 2999
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
	grep -q ' P :1700001000.M1000P1.x$' "$MAILDIR/dovecot-uidlist"
	# Once, at the end of the session: for changes in the same moment.
	[ "$(readings 'a SELECT INBOX' 'b STORE 1:* +FLAGS.SILENT (\Flagged)' \
	    'c STORE 1:* -FLAGS.SILENT (\Flagged)')" -eq 1 ]
}

@test "the index does not stay in the memory of a session that has read it" {
	messages 3000 7999
	python3 - "$TESTS" "$MAILDIR" 2>>"$BATS_TEST_TMPDIR/log" <<-'X'
		import os, socket, subprocess, sys
		sys.path.insert(0, sys.argv[1])
		from imap_session import Session
		ours, theirs = socket.socketpair()
		p = subprocess.Popen(["yubin-imapd"], stdin=theirs, stdout=theirs)
		theirs.close()
		s = Session(ours)

		def mapped():
		    """kB of the index in this session's memory, and of its file."""
		    ours = False
		    for line in open(f"/proc/{p.pid}/smaps"):
		        if "-" in line.split(" ", 1)[0]:
		            ours = "yubin-index" in line
		        elif ours and line.startswith("Rss:"):
		            return int(line.split()[1])

		s.command("SELECT INBOX")
		s.command("FETCH 1:* FLAGS")
		size = os.path.getsize(sys.argv[2] + "/yubin-index") // 1024
		assert size > 500 and mapped() < 100, (size, mapped())
		s.command("FETCH 1 FLAGS")
		s.close()
		p.wait()
	X
}
