# SPDX-License-Identifier: ISC
# COPY (RFC 3501 6.4.7), COPYUID (RFC 4315 3), MOVE (RFC 6851).
load ../helper
load common

@test "COPY keeps flags, keywords and date, and tells the UIDs" {
	mails 3
	imap <<-'EOS'
		S: * PREAUTH *
		C: a CREATE dest
		S: a OK *
		C: b SELECT INBOX
		S* b OK *
		C: c STORE 2 +FLAGS.SILENT (\Seen $Label)
		S* c OK *
		C: d COPY 2:3 dest
		S: d OK [COPYUID * 2:3 1:2] *
		C: e UID COPY 1 dest
		S: e OK [COPYUID * 1 3] *
		C: f SELECT dest
		S* * 3 EXISTS
		S* f OK *
		C: g FETCH 1 (FLAGS BODY.PEEK[HEADER.FIELDS (Subject)])
		S: * 1 FETCH (FLAGS (\Seen* $Label) BODY[HEADER.FIELDS (Subject)] {19}
		S: Subject: mail 2
		S: 
		S: )
		S: g OK *
	EOS
}

@test "COPY to a mailbox that is not there: TRYCREATE; of nothing: OK" {
	mails 1
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b COPY 1 nothere
		S: b NO [TRYCREATE] *
		C: c COPY 1 ..
		S: c NO *
		C: d COPY 2 INBOX
		S: d BAD *
		C: e UID COPY 55 INBOX
		S: e OK *
		C: f UID MOVE 55 INBOX
		S: f OK *
		C: g COPY 1
		S: g BAD *
	EOS
}

@test "COPY into the same mailbox shows EXISTS" {
	mails 1
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b COPY 1 INBOX
		S: * 2 EXISTS
		S: * * RECENT
		S: b OK [COPYUID * 1 2] *
	EOS
}

@test "MOVE: COPYUID before EXPUNGE (RFC 6851 4.3)" {
	mails 3
	imap <<-'EOS'
		S: * PREAUTH *
		C: a CREATE dest
		S: a OK *
		C: b SELECT INBOX
		S* b OK *
		C: c MOVE 2 dest
		S: * OK [COPYUID * 2 1] *
		S: * 2 EXPUNGE
		S: c OK *
		C: d UID MOVE 3 dest
		S: * OK [COPYUID * 3 2] *
		S: * 2 EXPUNGE
		S: d OK *
		C: e FETCH 1:* UID
		S: * 1 FETCH (UID 1)
		S: e OK *
		C: f STATUS dest (MESSAGES)
		S: * STATUS dest (MESSAGES 2)
		S: f OK *
		C: g EXAMINE INBOX
		S* g OK *
		C: h MOVE 1 dest
		S: h NO *
		C: i MOVE 1 nothere
		S: i NO *
	EOS
}
