# SPDX-License-Identifier: ISC
# What the SMTP tests share.

# A login over a pipe, without the delays that failures earn.
export LOGIN_DELAY=0

# The queue files, oldest first.
queue_files() {
	find "$YUBIN_ROOT/queue/new" -type f -printf '%f %p\n' | sort |
	    cut -d ' ' -f 2
}

# queued N: exactly N messages are in the queue, and nothing is left in tmp.
queued() {
	local n
	n=$(queue_files | wc -l)
	[ "$n" -eq "$1" ] || { echo "$n messages queued, not $1"; return 1; }
	[ -z "$(find "$YUBIN_ROOT/queue/tmp" "$YUBIN_ROOT/queue/bad" -type f)" ] ||
	    { echo "leftovers in tmp or bad"; return 1; }
}

# The text of the newest queued message, exactly.
message() {
	local file size
	file=$(queue_files | tail -n 1)
	size=$(head -n 1 "$file" | sed -n 's/.* body=\([0-9a-f]*\) .*/\1/p')
	tail -c "$((16#$size))" "$file"
}

# The same without the Received field in front (three lines at most).
sent() {
	message | sed '0,/; *\r*$/d' | sed 1d
}

# envelope KEY: its values in the newest queue file, a line each.
envelope() {
	sed -n "/^$(printf %s "$1" | wc -c):$1,/{s/^[0-9]*:[a-z0-9]*,[0-9]*://;s/,\$//;p}" \
	    < <(queue_files | tail -n 1 | xargs head -n 200)
}

# as_sent FILE: what was queued behind Received is FILE, octet by octet.
as_sent() {
	sent >"$BATS_TEST_TMPDIR/sent"
	cmp "$BATS_TEST_TMPDIR/sent" "$1"
}

# pipe RAW…: one session from a pipe: each argument is printf'd.
pipe() {
	printf '%b' "$@" | yubin-smtpd 2>>"$BATS_TEST_TMPDIR/log"
}

logged() {
	grep -Eq -- "$1" "$BATS_TEST_TMPDIR/log" || {
		echo "not in the log: $1"
		cat "$BATS_TEST_TMPDIR/log"
		return 1
	}
}
