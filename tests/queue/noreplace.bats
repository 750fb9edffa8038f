#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# File systems whose rename(2) knows no flags, as NFS: link(2) and unlink(2) do
# instead, which the sandboxes allow.
load ../helper

setup() {
	new_root
	BOX=$YUBIN_ROOT/mail/example.test
	LOG=$BATS_TEST_TMPDIR/log
	# A file of the queue's own for each message.
	export QUEUE_SLOTS=0
}

old() { # PROGRAM ARGS…
	without renameat2 EINVAL "$@" 2>>"$LOG"
}

# In the queue there is this one message and nothing else.
one_queued() { # TEXT
	[ "$(find "$YUBIN_ROOT/queue/new" -type f | wc -l)" -eq 1 ]
	grep -qr "$1" "$YUBIN_ROOT/queue/new"
	[ -z "$(find "$YUBIN_ROOT/queue/tmp" -type f)" ]
}

@test "without: the call fails so, for what is started too" {
	cd "$BATS_TEST_TMPDIR"
	run -1 without getcwd ENOSYS sh -c 'python3 -c "import os; os.getcwd()"'
	[[ $output == *"Function not implemented"* ]]
	run -2 without nosuch ENOSYS true
	run -2 without getcwd ENOWHAT true
	run -3 without getcwd ENOSYS sh -c 'exit 3'
}

@test "smtpd accepts" {
	printf 'EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\nDATA\r\nSubject: one\r\n\r\nhi\r\n.\r\nQUIT\r\n' |
	    old yubin-smtpd >"$BATS_TEST_TMPDIR/out"
	grep -q '^250 2.0.0 Ok 1' "$BATS_TEST_TMPDIR/out"
	one_queued 'Subject: one'
}

@test "inject accepts" {
	printf 'Subject: two\n\nhi\n' | old yubin-inject ann@example.test
	one_queued 'Subject: two'
}

@test "the runner queues a report, and delivers it" {
	printf 'Subject: x\n\nhi\n' |
	    queue_put ann@example.test nobody@example.test
	old yubin-queue-runner --once
	grep -q nobody@example.test "$BOX"/ann/new/*
	[ -z "$(find "$YUBIN_ROOT/queue/new" "$YUBIN_ROOT/queue/tmp" -type f)" ]
}

# deliver TEXT RECIPIENT……: a new delivery of the same message.
deliver() {
	local m=$BATS_TEST_TMPDIR/m
	printf 'Subject: x\r\n\r\nhi\r\n' >"$m"
	printf 'job 1 1j0tamuctgt8k3nsa1p3h <> %s %s\nwait 1\n' "$m" "$*" |
	    old job yubin-deliver-local -w
}

@test "deliver-local stores, and replaces a torn file" {
	run deliver bob@example.test ann@example.test
	[ "$(grep -c 'K 2.0.0 stored' <<<"$output")" -eq 2 ]
	rm "$BOX"/bob/new/*
	[ -z "$(find "$BOX" -path "$BOX/*/tmp/*")" ]
	local file
	file=$(echo "$BOX"/ann/new/*)
	cp "$file" "$BATS_TEST_TMPDIR/whole"
	truncate -s 10 "$file"
	run deliver 'ann@example.test#1!'
	[[ $output == *"K 2.0.0 stored"* ]]
	cmp "$file" "$BATS_TEST_TMPDIR/whole"
	[ -z "$(find "$BOX" -path "$BOX/*/tmp/*")" ]
}

@test "imapd appends" {
	printf 'a APPEND INBOX {17+}\r\nSubject: x\r\n\r\nhi\n\r\nb LOGOUT\r\n' |
	    MAILDIR=$BOX/ann old yubin-imapd >"$BATS_TEST_TMPDIR/out"
	grep -q '^a OK \[APPENDUID' "$BATS_TEST_TMPDIR/out"
	[ "$(find "$BOX/ann/cur" "$BOX/ann/new" -type f | wc -l)" -eq 1 ]
	[ -z "$(find "$BOX/ann/tmp" -type f)" ]
}
