# SPDX-License-Identifier: ISC
# The index of a folder is only a cache: it may vanish or be damaged at any
# moment, and no client notices.
load ../helper
load common

# A session that has two messages, one of them flagged; then the index is
# treated by the command $1, a third comes, and the first is removed.
session_with() {
	mails 2
	mail="$BATS_TEST_TMPDIR/mail"
	printf 'Subject: new\n\nx\n' >"$mail"
	i=$MAILDIR/yubin-index
	imap <<-EOS
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b STORE 2 +FLAGS (\\Flagged)
		S* b OK *
		X: test -s $i
		X: $1
		C: c FETCH 1:* (UID FLAGS)
		S* * 1 FETCH (UID 1 FLAGS (\\Recent))
		S: * 2 FETCH (UID 2 FLAGS (\\Flagged \\Recent))
		S* c OK *
		X: $1
		C: d STORE 1 +FLAGS.SILENT (\\Deleted)
		S* d OK *
		X: $1
		X: cp $mail $MAILDIR/new/17.M9.x
		C: e EXPUNGE
		S* * 1 EXPUNGE
		S: * 2 EXISTS
		S: * 2 RECENT
		S* e OK *
		X: $1
		C: f UID FETCH 1:* (FLAGS)
		S* * 1 FETCH (UID 2 FLAGS (\\Flagged \\Recent))
		S: * 2 FETCH (UID 3 FLAGS (\\Recent))
		S* f OK *
	EOS
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* * 2 EXISTS
		S* * OK [UIDNEXT 4] *
		S* a OK *
	EOS
	[ "$(head -c 4 "$MAILDIR/dovecot-uidlist")" = "3 V$(uidvalidity | head -c 1)" ]
}

uidvalidity() {
	sed -n '1s/^3 V\([0-9]*\) .*/\1/p' "$MAILDIR/dovecot-uidlist"
}

@test "the index is removed under a session" {
	session_with "rm -f $MAILDIR/yubin-index"
}

@test "the index is cut off" {
	session_with "truncate -s 5000 $MAILDIR/yubin-index"
}

@test "the index is emptied" {
	session_with "truncate -s 0 $MAILDIR/yubin-index"
}

@test "the index is filled with random octets" {
	session_with "head -c 30000 /dev/urandom >$MAILDIR/yubin-index"
}

@test "some octets of the index are another" {
	session_with "printf xxxxxxxx | dd of=$MAILDIR/yubin-index bs=1 seek=4130 conv=notrunc"
}

@test "the index is of another version" {
	session_with "printf 9 | dd of=$MAILDIR/yubin-index bs=1 seek=7 conv=notrunc"
}

@test "the index cannot be written" {
	[ "$(id -u)" -ne 0 ] || skip "root may write everywhere"
	mails 1
	mv "$MAILDIR"/new/* "$MAILDIR/cur/"
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
	EOS
	rm "$MAILDIR/yubin-index"
	chmod 500 "$MAILDIR"
	imap <<-'EOS'
		S: * PREAUTH *
		C: a EXAMINE INBOX
		S* * 1 EXISTS
		S* a OK *
	EOS
	chmod 700 "$MAILDIR"
}

@test "all of it is overwritten, and a message vanishes at that moment" {
	mails 6
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b STORE 2,4 +FLAGS.SILENT (\Deleted)
		S* b OK *
		C: c EXPUNGE
		S* c OK *
	EOS
	# A new one knows only from the UID list that there were six.
	rm "$MAILDIR/yubin-index"
	third=$(sed -n 's/^3 .*://p' "$MAILDIR/dovecot-uidlist")
	imap <<-EOS
		S: * PREAUTH *
		C: a SELECT INBOX
		S* * 4 EXISTS
		S* a OK *
		C: b FETCH 1:* (UID)
		S* * 2 FETCH (UID 3)
		S* b OK *
		X: rm $MAILDIR/cur/$third*
		X: yes | head -c \$(stat -c %s $MAILDIR/yubin-index) | dd of=$MAILDIR/yubin-index conv=notrunc 2>/dev/null
		C: c NOOP
		S: * 2 EXPUNGE
		S* c OK *
		C: d FETCH 1:* (UID)
		S: * 1 FETCH (UID 1)
		S: * 2 FETCH (UID 5)
		S: * 3 FETCH (UID 6)
		S: d OK *
	EOS
}

@test "indexes on another disk: YUBIN_CACHE" {
	mails 2
	export YUBIN_CACHE=$BATS_TEST_TMPDIR/cache/of/indexes
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* * 2 EXISTS
		S* a OK *
		C: b STORE 1 +FLAGS (\Seen)
		S* b OK *
	EOS
	[ ! -e "$MAILDIR/yubin-index" ]
	[ "$(find "$YUBIN_CACHE" -name 'yubin-index-*' | wc -l)" -eq 1 ]
	# In a directory that is this Maildir's alone; DELETE leaves nothing.
	own=$(stat -c '%D-%i' "$MAILDIR" | python3 -c \
	    'd, i = input().split("-"); print(f"{d}-{int(i):x}")')
	[ "$(stat -c %a "$YUBIN_CACHE/$own")" = 700 ]
	imap <<-'EOS'
		S: * PREAUTH *
		C: a CREATE Gone
		S* a OK *
		C: b COPY 1:2 Gone
		S* b BAD *
		C: c SELECT INBOX
		S* c OK *
		C: d COPY 1:2 Gone
		S* d OK *
		C: e SELECT Gone
		S* e OK *
		C: f FETCH 1:2 ENVELOPE
		S* f OK *
		C: g UNSELECT
		S* g OK *
	EOS
	[ "$(find "$YUBIN_CACHE/$own" -type f | wc -l)" -eq 3 ]
	imap <<-'EOS'
		S: * PREAUTH *
		C: a DELETE Gone
		S* a OK *
	EOS
	[ "$(find "$YUBIN_CACHE" -type f | wc -l)" -eq 1 ]
	rm -r "$YUBIN_CACHE"
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* * OK [UNSEEN 2] *
		S* a OK *
	EOS
	# a file where the directory should be: no index, nothing else missing
	rm -r "$BATS_TEST_TMPDIR/cache"
	touch "$BATS_TEST_TMPDIR/cache"
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* * OK [UNSEEN 2] *
		S* a OK *
		C: b STORE 1 -FLAGS (\Seen)
		S* b OK *
	EOS
}

@test "SELECT of an unchanged folder needs few system calls, FETCH FLAGS none a message" {
	# A session is not dumpable: only root sees what it reads and writes.
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	command -v strace >/dev/null || skip "no strace"
	mails 300
	printf 'a SELECT INBOX\r\nz LOGOUT\r\n' >"$BATS_TEST_TMPDIR/in"
	yubin-imapd <"$BATS_TEST_TMPDIR/in" >/dev/null 2>&1
	strace -o "$BATS_TEST_TMPDIR/one" yubin-imapd \
	    <"$BATS_TEST_TMPDIR/in" >/dev/null 2>&1 || skip "strace cannot trace"
	printf 'a SELECT INBOX\r\nb FETCH 1:* FLAGS\r\nz LOGOUT\r\n' \
	    >"$BATS_TEST_TMPDIR/in"
	strace -o "$BATS_TEST_TMPDIR/two" yubin-imapd \
	    <"$BATS_TEST_TMPDIR/in" >/dev/null 2>&1
	# from the command to the writing of its answer
	n=$(awk '/^read\(0.*SELECT/ { f = 1 } f { n++ } f && /^write\(1/ { print n; exit }' \
	    "$BATS_TEST_TMPDIR/one")
	[ "$n" -le 40 ]
	[ "$(($(wc -l <"$BATS_TEST_TMPDIR/two") - $(wc -l <"$BATS_TEST_TMPDIR/one")))" -lt 30 ]
}
