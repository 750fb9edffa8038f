# SPDX-License-Identifier: ISC
# SELECT, EXAMINE, CLOSE, UNSELECT (RFC 3501 6.3.1, 6.3.2, 6.4.2; RFC 3691).
load ../helper
load common

@test "SELECT gives FLAGS, EXISTS, RECENT, UNSEEN, UIDs, READ-WRITE (6.3.1)" {
	mails 2
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT inbox
		S: * FLAGS (\Seen \Answered \Flagged \Deleted \Draft)
		S: * OK [PERMANENTFLAGS (*\*)] *
		S: * 2 EXISTS
		S: * 2 RECENT
		S: * OK [UNSEEN 1] *
		S: * OK [UIDVALIDITY *] *
		S: * OK [UIDNEXT 3] *
		S: * OK [MAILBOXID (*)] *
		S: a OK [READ-WRITE] *
	EOS
}

@test "an empty mailbox has no UNSEEN" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* * 0 EXISTS
		S: * 0 RECENT
		S: * OK [UIDVALIDITY *] *
		S: * OK [UIDNEXT 1] *
		S: * OK [MAILBOXID (*)] *
		S: a OK *
	EOS
}

@test "EXAMINE is read-only and leaves \\Recent (6.3.2)" {
	mails 1
	imap <<-'EOS'
		S: * PREAUTH *
		C: a EXAMINE INBOX
		S* * OK [PERMANENTFLAGS ()] *
		S* * 1 RECENT
		S* a OK [READ-ONLY] *
		C: b STORE 1 +FLAGS (\Seen)
		S: b NO *
		C: c EXPUNGE
		S: c NO *
		C: d FETCH 1 (BODY[TEXT] FLAGS)
		S: * 1 FETCH (FLAGS (\Recent) BODY[TEXT] {17}
		S: Text of mail 1.
		S: )
		S: d OK *
		C: e FETCH 1 FLAGS
		S: * 1 FETCH (FLAGS (\Recent))
		S: e OK *
		C: f SELECT INBOX
		S* * 1 RECENT
		S* f OK *
	EOS
	[ -n "$(ls "$MAILDIR/cur")" ]
}

@test "\\Recent is seen by one session only" {
	mails 1
	imap <<-'EOS'
		1S: * PREAUTH *
		1C: a SELECT INBOX
		1S* * 1 RECENT
		1S* a OK *
		2S: * PREAUTH *
		2C: a SELECT INBOX
		2S* * 0 RECENT
		2S* a OK *
	EOS
}

@test "a failing SELECT leaves no mailbox selected (6.3.1)" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b SELECT nothere
		S: b NO *
		C: c FETCH 1 FLAGS
		S: c BAD *
		C: d SELECT ..
		S: d NO *
		C: e SELECT "/etc"
		S: e NO *
	EOS
}

@test "CLOSE expunges without telling (6.4.2)" {
	mails 2
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b STORE 1 +FLAGS.SILENT (\Deleted)
		S: b OK *
		C: c CLOSE
		S: c OK *
		C: d CHECK
		S: d BAD *
		C: e SELECT INBOX
		S* * 1 EXISTS
		S* e OK *
	EOS
}

@test "CLOSE behind EXAMINE and UNSELECT remove nothing" {
	mails 1
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b STORE 1 +FLAGS.SILENT (\Deleted)
		S: b OK *
		C: c UNSELECT
		S: c OK *
		C: d EXAMINE INBOX
		S* * 1 EXISTS
		S* d OK *
		C: e CLOSE
		S: e OK *
		C: f SELECT INBOX
		S* * 1 EXISTS
		S* f OK *
		C: g CHECK
		S: g OK *
	EOS
}
