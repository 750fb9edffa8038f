# SPDX-License-Identifier: ISC
# STORE (RFC 3501 6.4.6) and EXPUNGE (6.4.3; RFC 4315 2.1).
load ../helper
load common

@test "set, add, remove, silent, by UID" {
	mails 2
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b STORE 1 FLAGS (\Seen \Draft)
		S: * 1 FETCH (FLAGS (\Seen \Draft \Recent))
		S: b OK *
		C: c STORE 1:2 +FLAGS \Flagged
		S: * 1 FETCH (FLAGS (\Seen \Flagged \Draft \Recent))
		S: * 2 FETCH (FLAGS (\Flagged \Recent))
		S: c OK *
		C: d STORE 1 -FLAGS (\Draft \Seen)
		S: * 1 FETCH (FLAGS (\Flagged \Recent))
		S: d OK *
		C: e STORE 1 FLAGS.SILENT ()
		S: e OK *
		C: f UID STORE 1 +flags.silent (\Answered)
		S: f OK *
		C: g UID STORE 1:* +FLAGS (\Deleted)
		S: * 1 FETCH (UID 1 FLAGS (\Answered \Deleted \Recent))
		S: * 2 FETCH (UID 2 FLAGS (\Flagged \Deleted \Recent))
		S: g OK *
		C: h UID STORE 77 +FLAGS (\Seen)
		S: h OK *
	EOS
}

@test "keywords are announced before they are used (7.2.6), and last" {
	mails 1
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b STORE 1 +FLAGS ($Forwarded NotJunk)
		S: * FLAGS (* $Forwarded NotJunk)
		S: * OK [PERMANENTFLAGS (*$Forwarded NotJunk \*)] *
		S: * 1 FETCH (FLAGS (\Recent $Forwarded NotJunk))
		S: b OK *
		C: c STORE 1 -FLAGS (notjunk unknown)
		S: * 1 FETCH (FLAGS (\Recent $Forwarded))
		S: c OK *
	EOS
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S: * FLAGS (* $Forwarded*)
		S* a OK *
		C: b FETCH 1 FLAGS
		S: * 1 FETCH (FLAGS ($Forwarded))
		S: b OK *
	EOS
}

@test "more keywords than fit: NO, and PERMANENTFLAGS loses \\*" {
	mails 1
	{
		printf 'a SELECT INBOX\r\n'
		for c in {1..64}; do
			printf 'b STORE 1 +FLAGS.SILENT (kw-%s)\r\n' "$c"
		done
		printf 'c STORE 1 +FLAGS.SILENT (one-more)\r\nd SELECT INBOX\r\n'
	} >"$BATS_TEST_TMPDIR/in"
	run -0 yubin-imapd <"$BATS_TEST_TMPDIR/in"
	grep -q '^c NO \[LIMIT\]' <<<"$output"
	grep '^\* OK \[PERMANENTFLAGS' <<<"$output" | tail -n 1 |
		grep -q 'kw-64)\]'
}

@test "keywords beyond the letters stay with their message" {
	mails 2
	{
		printf 'a SELECT INBOX\r\n'
		for c in {1..28}; do
			printf 'b STORE 1 +FLAGS.SILENT (kw-%s)\r\n' "$c"
		done
		printf 'c STORE 1 FLAGS.SILENT (kw-2 kw-28)\r\n'
		printf 'd STORE 2 FLAGS.SILENT (kw-27 kw-28)\r\n'
		printf 'e STORE 2 -FLAGS.SILENT (kw-28)\r\n'
		printf 'f CREATE Box\r\ng COPY 1 Box\r\nh MOVE 2 Box\r\n'
		printf 'i APPEND Box (kw-28 other) {3+}\r\nx\r\n\r\n'
	} >"$BATS_TEST_TMPDIR/in"
	run -0 yubin-imapd <"$BATS_TEST_TMPDIR/in"
	! grep -E '^. (NO|BAD)' <<<"$output"
	# another program marks it as read; the index is lost
	for f in "$MAILDIR"/cur/*; do mv "$f" "${f}S"; done
	rm -f "$MAILDIR/yubin-index" "$MAILDIR/.Box/yubin-index"
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b FETCH 1 FLAGS
		S: * 1 FETCH (FLAGS (\Seen kw-2 kw-28))
		S: b OK *
		C: c SELECT Box
		S* c OK *
		C: d FETCH 1:3 FLAGS
		S: * 1 FETCH (FLAGS (kw-2 kw-28))
		S: * 2 FETCH (FLAGS (kw-27))
		S: * 3 FETCH (FLAGS (kw-28 other))
		S: d OK *
	EOS
}

@test "what STORE refuses" {
	mails 1
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b STORE 1 +FLAGS (\Foo)
		S: b BAD *
		C: c STORE 2 +FLAGS (\Seen)
		S: c BAD *
		C: d STORE 1 FLAG (\Seen)
		S: d BAD *
		C: e STORE 1 +FLAGS
		S: e BAD *
		C: f STORE 1 +FLAGS (\Seen
		S: f BAD *
		C: g FETCH 1 FLAGS
		S: * 1 FETCH (FLAGS (\Recent))
		S: g OK *
	EOS
}

@test "EXPUNGE renumbers the messages that remain (7.4.1)" {
	mails 4
	run -0 yubin-imapd < <(printf 'a SELECT INBOX\r\nb STORE 1,3 +FLAGS.SILENT (\\Deleted)\r\nc EXPUNGE\r\nd FETCH 1:* UID\r\n')
	# Whatever the order, numbers count at the time they are sent.
	python3 - "$output" <<-'EOS'
		import re, sys
		uids = [1, 2, 3, 4]
		for n in re.findall(r"^\* (\d+) EXPUNGE", sys.argv[1], re.M):
		    del uids[int(n) - 1]
		assert uids == [2, 4], uids
	EOS
	grep -q '^\* 1 FETCH (UID 2)' <<<"$output"
	grep -q '^\* 2 FETCH (UID 4)' <<<"$output"
}

@test "UID EXPUNGE removes only what it names (RFC 4315 2.1)" {
	mails 3
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b STORE 1:2 +FLAGS.SILENT (\Deleted)
		S: b OK *
		C: c UID EXPUNGE 2:3
		S: * 2 EXPUNGE
		S: c OK *
		C: d FETCH 1:* (UID FLAGS)
		S: * 1 FETCH (UID 1 FLAGS (\Deleted \Recent))
		S: * 2 FETCH (UID 3 FLAGS (\Recent))
		S: d OK *
		C: e EXPUNGE 1
		S: e BAD *
		C: f UID EXPUNGE
		S: f BAD *
	EOS
}
