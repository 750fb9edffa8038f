#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# System calls of a session: what must not grow with the maildrop, and in which
# order QUIT does things.
load ../helper

setup() {
	strace -o /dev/null true 2>/dev/null || skip "no ptrace here"
	TRACE=$BATS_TEST_TMPDIR/trace
}

# folder NAME N [SIZES [FLAGS]]: a Maildir of N messages, with these words in
# their names.
folder() {
	export MAILDIR=$BATS_TEST_TMPDIR/$1
	mkdir -p "$MAILDIR"/{cur,new,tmp}
	python3 - "$MAILDIR/cur" "$2" "${3-}" "${4-S}" <<-'E'
		import sys
		for i in range(int(sys.argv[2])):
		    name = f"{1700000000 + i}.M{i}P1.host{sys.argv[3]}:2,{sys.argv[4]}"
		    with open(f"{sys.argv[1]}/{name}", "w") as f:
		        f.write("Subject: x\n\nx\n")
	E
}

# traced COMMAND…: a session that says these and QUIT, in $TRACE; its answers.
traced() {
	printf '%s\r\n' "$@" QUIT |
	    strace -o "$TRACE" "${STRACE[@]}" yubin-pop3d \
	        2>>"$BATS_TEST_TMPDIR/log" | tr -d '\r'
}

# Sessions have been here; the list of UIDs is so old that nobody syncs it again.
warm() {
	traced STAT >/dev/null
	touch -d '1 minute ago' "$MAILDIR/dovecot-uidlist"
	traced STAT >/dev/null
}

# count CALLS: how many of these there are in $TRACE.
count() {
	grep -cE "^($1)\(" "$TRACE" || :
}

# more CALLS: how many more than a session with an empty maildrop makes, for the
# libraries of this build among other things.
more() {
	local n trace=$TRACE
	n=$(count "$1")
	folder empty 0
	TRACE=$BATS_TEST_TMPDIR/trace.empty
	traced STAT >/dev/null
	traced STAT >/dev/null
	echo $((n - $(count "$1")))
	TRACE=$trace
}

PER_MESSAGE='open|openat|stat|lstat|newfstatat|fstatat64|statx|read|pread64|close|fcntl|rename|renameat|renameat2'

@test "the first LIST opens and asks for no message whose name tells its sizes" {
	folder new 1000 ,S=14,W=17
	run -0 traced STAT LIST UIDL
	[[ $output == *$'\n+OK 1000 17000\n'* ]]
	[[ $output == *$'\n1000 17\n.\n'* ]]
	calls=$(more "$PER_MESSAGE")
	echo "$calls calls"
	[ "$calls" -lt 100 ]
}

@test "messages without sizes in their names are read once, by the first" {
	folder new 200
	run -0 traced LIST
	[[ $output == *$'\n200 17\n.\n'* ]]
	[ "$(count 'read|pread64')" -ge 200 ]
	run -0 traced STAT LIST UIDL
	[[ $output == *$'\n200 17\n.\n'* ]]
	calls=$(more "$PER_MESSAGE")
	echo "$calls calls"
	[ "$calls" -lt 60 ]
}

@test "a warm session costs as much in a large maildrop as in a small one" {
	local n
	for n in 100 1500; do
		folder "f$n" $n ,S=14,W=17
		traced STAT >/dev/null
	done
	for n in 100 1500; do
		MAILDIR=$BATS_TEST_TMPDIR/f$n traced STAT 'LIST 7' 'UIDL 7' \
		    'RETR 7' >/dev/null
		grep -v '^\(write\|sendto\|poll\)' "$TRACE" | wc -l \
		    >"$BATS_TEST_TMPDIR/calls$n"
	done
	read -r small <"$BATS_TEST_TMPDIR/calls100"
	read -r large <"$BATS_TEST_TMPDIR/calls1500"
	echo "small $small, large $large"
	[ "$small" -gt 20 ]
	[ "$large" -le $((small + 10)) ]
}

@test "RETR of an unseen message: one open, one rename, no look at others" {
	folder new 1000 ,S=14,W=17 ''
	traced STAT >/dev/null
	# The client's part: until nobody is there any more.
	traced 'RETR 1' 'RETR 2' 'RETR 3' 'RETR 4' 'RETR 5' >/dev/null
	sed -i '/^close(0)/,$d' "$TRACE"
	[ "$(count 'rename|renameat|renameat2')" -eq 5 ]
	calls=$(more "$PER_MESSAGE|getdents64")
	echo "$calls calls"
	[ "$calls" -le 100 ]
}

@test "QUIT answers when all is removed, and that is on disk" {
	folder new 20
	warm
	run -0 traced 'DELE 3' 'DELE 5' 'DELE 8'
	[[ $output == *$'\n+OK Goodbye' ]]
	# Calls of interest since the commands were read, in their order, the
	# same ones of a row as one.  (strace may be denied what they point to.)
	sed -n '/^read(0,/,/^close(1)/p' "$TRACE" |
	    sed -nE -e 's/^(unlink|unlinkat)\(.*= 0$/remove/p' \
	        -e 's/^(fsync|fdatasync)\(.*= 0$/sync/p' \
	        -e 's/^(write|sendto)\(1,.*/answer/p' \
	        -e 's/^close\(1\).*/end/p' | uniq |
	    tr '\n' ' ' >"$BATS_TEST_TMPDIR/order"
	[ "$(cat "$BATS_TEST_TMPDIR/order")" = 'remove sync answer end ' ]
	[ "$(find "$MAILDIR/cur" -type f | wc -l)" -eq 17 ]
}

@test "without DELE, QUIT neither removes nor syncs" {
	folder new 20
	warm
	traced 'DELE 3' RSET 'RETR 2' >/dev/null
	[ "$(count 'fsync|fdatasync')" -eq 0 ]
	[ "$(find "$MAILDIR/cur" -type f | wc -l)" -eq 20 ]
}

@test "a disk that does not confirm the removal: -ERR [SYS/TEMP]" {
	folder new 3
	warm
	STRACE=(-e inject=fsync,fdatasync:error=EIO)
	run -0 traced 'DELE 2'
	[[ $output == *$'\n-ERR [SYS/TEMP] Some deleted messages were not removed' ]]
	STRACE=(-e 'inject=unlink,unlinkat:error=EACCES:when=2')
	run -0 traced 'DELE 1' 'DELE 2'
	[[ $output == *$'\n-ERR [SYS/TEMP] Some deleted messages were not removed' ]]
	STRACE=()
	run -0 traced STAT
	[[ $output == *$'\n+OK 1 '* ]]
}
