# SPDX-License-Identifier: ISC
# System calls of a session, counted: what must not grow with the folder.
load ../helper
load common

# folder NAME N: a Maildir of N messages that imapd has seen.
folder() {
	export MAILDIR=$BATS_FILE_TMPDIR/$1
	mkdir -p "$MAILDIR"/{cur,new,tmp}
	python3 - "$MAILDIR/cur" "$2" <<-'EOS'
		import sys
		for i in range(int(sys.argv[2])):
		    name = f"{sys.argv[1]}/{1700000000 + i}.M{i}P1.host,S=13,W=16:2,S"
		    with open(name, "w") as f:
		        f.write("Subject: x\n\nx")
	EOS
	printf 'a SELECT INBOX\r\nb LOGOUT\r\n' | yubin-imapd \
	    >/dev/null 2>>"$BATS_FILE_TMPDIR/log"
}

# calls NAME FIRST COMMAND: the system calls in which a session that has done
# FIRST answers COMMAND, one a line.
calls() {
	export MAILDIR=$BATS_FILE_TMPDIR/$1
	dialog strace -o "$BATS_TEST_TMPDIR/trace" yubin-imapd <<-EOS >"$BATS_TEST_TMPDIR/said" || tail -n 3 "$BATS_TEST_TMPDIR/said" >&2
		S: * PREAUTH *
		C: a $2
		S* a OK *
		C: b $3
		S* b OK *
		C: c LOGOUT
		S* c OK *
	EOS
	sed -n '/^read(0, "b /,/^read(0, "c /p' "$BATS_TEST_TMPDIR/trace" |
	    grep -v '^read(0, ' | grep -v "$(allocator)"
}

# What a sanitizer's allocator asks for, and when, is no work of ours.
allocator() {
	case $BUILD in
	*asan*) echo 'MAP_ANONYMOUS\|^munmap\|^madvise' ;;
	*) echo '^$' ;;
	esac
}

setup_file() {
	folder small 500
	folder large 2000
	# What changed within the last two seconds is looked at again.
	sleep 2.1
	for f in small large; do
		MAILDIR=$BATS_FILE_TMPDIR/$f yubin-imapd <<<$'a SELECT INBOX\r' \
		    >/dev/null 2>>"$BATS_FILE_TMPDIR/log"
	done
}

setup() {
	# A session is not dumpable: only root sees what it reads and writes.
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	strace -o /dev/null true 2>/dev/null || skip "no ptrace here"
}

@test "a warm SELECT takes at most 30 system calls, whatever the size" {
	small=$(calls small NOOP "SELECT INBOX" | wc -l)
	large=$(calls large NOOP "SELECT INBOX" | wc -l)
	echo "small $small, large $large"
	[ "$small" -gt 0 ]
	[ "$small" -le 30 ]
	[ "$large" -le 30 ]
	[ "$large" -le $((small + 3)) ]
}

@test "FETCH 1:* FLAGS takes none per message but to send the answer" {
	sends='^sendto\|^write\|^poll'
	for f in small large; do
		calls $f "SELECT INBOX" "FETCH 1:* FLAGS" \
		    >"$BATS_TEST_TMPDIR/$f.calls"
	done
	small=$(grep -vc "$sends" "$BATS_TEST_TMPDIR/small.calls") || true
	large=$(grep -vc "$sends" "$BATS_TEST_TMPDIR/large.calls") || true
	echo "small $small, large $large"
	# The list of the messages named may need some more memory.
	[ "$large" -le $((small + 10)) ]
	# 2,000 answers of about 30 octets, many of them in a packet.
	sent=$(grep -c "$sends" "$BATS_TEST_TMPDIR/large.calls")
	echo "sent in $sent"
	[ "$sent" -le 100 ]
}

# The last test: the folders are not warm any more.
@test "a message more costs a warm SELECT as many calls in any folder" {
	for f in small large; do
		export MAILDIR=$BATS_FILE_TMPDIR/$f
		deliver <<<$'Subject: new\n\nx'
		calls $f NOOP "SELECT INBOX" >"$BATS_TEST_TMPDIR/$f.calls"
	done
	small=$(wc -l <"$BATS_TEST_TMPDIR/small.calls")
	large=$(wc -l <"$BATS_TEST_TMPDIR/large.calls")
	echo "small $small, large $large"
	[ "$small" -gt 0 ]
	[ "$large" -le $((small + 10)) ]
}
