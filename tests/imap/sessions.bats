# SPDX-License-Identifier: ISC
# What other sessions and programs do (RFC 3501 5.2, 7; RFC 2177).
load ../helper
load common

@test "IDLE tells of a delivery within a second (RFC 2177)" {
	mail="$BATS_TEST_TMPDIR/mail"
	printf 'Subject: new\n\nx\n' >"$mail"
	dialog -t 3 yubin-imapd <<-EOS
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b IDLE
		S: + *
		X: cp $mail $MAILDIR/tmp/17.M1.x && mv $MAILDIR/tmp/17.M1.x $MAILDIR/new/17.M1.x
		S: * 1 EXISTS
		S: * 1 RECENT
		C: DONE
		S: b OK *
	EOS
}

@test "IDLE tells of flags and expunges of another session" {
	mails 2
	imap <<-'EOS'
		1S: * PREAUTH *
		1C: a SELECT INBOX
		1S* a OK *
		1C: b IDLE
		1S: + *
		2S: * PREAUTH *
		2C: a SELECT INBOX
		2S* a OK *
		2C: b STORE 1 +FLAGS (\Flagged)
		2S* b OK *
		1S: * 1 FETCH (*FLAGS (\Flagged \Recent))
		2C: c STORE 2 +FLAGS.SILENT (\Deleted)
		2S* c OK *
		1S: * 2 FETCH (*FLAGS (\Deleted \Recent))
		2C: d EXPUNGE
		2S: * 2 EXPUNGE
		2S: d OK *
		1S: * 2 EXPUNGE
		1C: DONE
		1S: b OK *
	EOS
}

@test "NOOP tells what another session did; FETCH and STORE never expunge" {
	mails 3
	imap <<-'EOS'
		1S: * PREAUTH *
		1C: a SELECT INBOX
		1S* a OK *
		2S: * PREAUTH *
		2C: a SELECT INBOX
		2S* a OK *
		2C: b STORE 1 +FLAGS.SILENT (\Deleted)
		2S: b OK *
		2C: c EXPUNGE
		2S: * 1 EXPUNGE
		2S: c OK *
		2C: d STORE 1 +FLAGS.SILENT (\Seen)
		2S: d OK *
		1C: e FETCH 2:3 UID
		1S: * 2 FETCH (UID 2)
		1S: * 3 FETCH (UID 3)
		1S* e OK *
		1C: f SEARCH SUBJECT "mail 3"
		1S: * SEARCH 3
		1S: f OK *
		1C: g STORE 3 +FLAGS.SILENT (\Flagged)
		1S: g OK *
		1C: h FETCH 1 BODY[]
		1S: h NO *
		1C: i NOOP
		1S: * 1 EXPUNGE
		1S* i OK *
		1C: j FETCH 1:* (UID FLAGS)
		1S: * 1 FETCH (UID 2 FLAGS (*\Seen*))
		1S: * 2 FETCH (UID 3 FLAGS (*\Flagged*))
		1S: j OK *
	EOS
}

@test "pipelining: answers in order, also behind DONE in one packet" {
	mails 1
	imap <<-'EOS'
		S: * PREAUTH *
		C~ a SELECT INBOX\r\nb IDLE\r\nDONE\r\nc NOOP\r\nd FETCH 1 UID\r\ne LOGOUT\r\n
		S* a OK *
		S: + *
		S: b OK *
		S: c OK *
		S: * 1 FETCH (UID 1)
		S: d OK *
		S: * BYE *
		S: e OK *
		S.
	EOS
}

@test "IDLE without a mailbox, and ended by something else" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a IDLE
		S: + *
		C: done
		S: a OK *
		C: b IDLE
		S: + *
		C: c NOOP
		S: b BAD *
		C: d NOOP
		S: d OK *
		C: e IDLE x
		S: e BAD *
	EOS
}

@test "a mailbox deleted elsewhere ends the session cleanly" {
	mails 1 a
	imap <<-'EOS'
		1S: * PREAUTH *
		1C: a SELECT a
		1S* a OK *
		2S: * PREAUTH *
		2C: a DELETE a
		2S: a OK *
		1C: b NOOP
		1S: * BYE *
		1S.
		1E: 0
	EOS
}

@test "deleting the selected mailbox leaves it" {
	mails 1 a
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT a
		S* a OK *
		C: b DELETE a
		S: b OK *
		C: c FETCH 1 FLAGS
		S: c BAD *
		C: d LIST "" *
		S: * LIST (*) "." INBOX
		S: d OK *
	EOS
}

@test "UIDs stay while another program renames the files" {
	mails 2
	dialog yubin-imapd <<-EOS
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		X: cd $MAILDIR/cur && for f in *M1P*; do mv "\$f" "\${f%%:2,*}:2,FS"; done
		C: b NOOP
		S: * 1 FETCH (FLAGS (\Seen \Flagged \Recent))
		S: b OK *
		C: c UID FETCH 1:* FLAGS
		S: * 1 FETCH (UID 1 FLAGS (\Seen \Flagged \Recent))
		S: * 2 FETCH (UID 2 FLAGS (\Recent))
		S: c OK *
		X: rm $MAILDIR/cur/*M2P*
		C: d NOOP
		S: * 2 EXPUNGE
		S: d OK *
	EOS
}

@test "silence ends the session with BYE (5.4)" {
	IMAP_TIMEOUT=1 imap <<-'EOS'
		S: * PREAUTH *
		S: * BYE *
		S.
		E: 0
	EOS
	IMAP_TIMEOUT=1 imap <<-'EOS'
		S: * PREAUTH *
		C: a IDLE
		S: + *
		S: * BYE *
		S.
	EOS
}

# 64 messages, for which a view has room at first, and a command that renames
# the first one and brings another one.
full_view() {
	local i
	for i in {1..64}; do
		printf 'Subject: mail %d\n\nx\n' "$i" >"$MAILDIR/cur/$((1000 + i)).M1.x:2,"
	done
	grow="cd $MAILDIR && mv cur/1001.M1.x:2, cur/1001.M1.x:2,F &&
	    printf 'Subject: new\n\nx\n' >new/2000.M1.x"
	grow=${grow//$'\n'/ }
}

@test "FETCH of a renamed message while the mailbox grows" {
	full_view
	dialog yubin-imapd <<-EOS
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		X: $grow
		C: b FETCH 1 (UID FLAGS RFC822.SIZE BODY.PEEK[TEXT])
		S: * 1 FETCH (UID 1 FLAGS (\Flagged) RFC822.SIZE 22 BODY[TEXT] {3}
		S* b OK *
		C: c LOGOUT
		S* c OK *
	EOS
}

@test "SEARCH of a renamed message while the mailbox grows" {
	full_view
	dialog yubin-imapd <<-EOS
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		X: $grow
		C: b SEARCH 1 TEXT "x" SMALLER 23 LARGER 21
		S: * SEARCH 1
		S* b OK *
		C: c LOGOUT
		S* c OK *
	EOS
}
