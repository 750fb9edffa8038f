# SPDX-License-Identifier: ISC
# APPEND (RFC 3501 6.3.11), APPENDUID (RFC 4315 3), MULTIAPPEND (RFC 3502),
# LITERAL+ (RFC 7888).
load ../helper
load common

@test "APPEND with flags, keyword and date; APPENDUID" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a APPEND INBOX (\Seen $Junk) "17-Jul-1996 02:44:25 -0700" {24}
		S: + *
		C~ Subject: x\r\n\r\nText ok.\r\n\r\n
		S: a OK [APPENDUID * 1] *
		C: b SELECT INBOX
		S* * 1 EXISTS
		S* b OK *
		C: c FETCH 1 (FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])
		S: * 1 FETCH (FLAGS (\Seen* $Junk) INTERNALDATE "17-Jul-1996 09:44:25 +0000" RFC822.SIZE 24 BODY[] {24}
		S: Subject: x
		S: 
		S: Text ok.
		S: )
		S: c OK *
	EOS
}

@test "APPEND to the selected mailbox shows EXISTS at once" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b APPEND INBOX {5+}
		C~ A: b\n\r\n
		S: * 1 EXISTS
		S: * * RECENT
		S: b OK [APPENDUID * 1] *
		C: c APPEND inbox {10+}
		C~ C: d\r\n\r\nx\r\r\n
		S: * 2 EXISTS
		S* c OK [APPENDUID * 2] *
	EOS
}

@test "no such mailbox: TRYCREATE, and no literal is asked for (6.3.11)" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a APPEND nothere {5}
		S: a NO [TRYCREATE] *
		C: b APPEND nothere {5+}
		C~ x: y\n\r\n
		S: b NO [TRYCREATE] *
		C: c NOOP
		S: c OK *
	EOS
}

@test "the mailbox may be a literal itself" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a APPEND {5}
		S: + *
		C: INBOX (\Draft) {6}
		S: + *
		C~ A: b\r\n\r\n
		S: a OK [APPENDUID * 1] *
		C: b APPEND {5+}
		C~ INBOX {6+}\r\nA: b\r\n\r\n
		S: b OK [APPENDUID * 2] *
	EOS
}

@test "several messages are appended together (RFC 3502)" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a APPEND INBOX (\Seen) {6}
		S: + *
		C~ A: 1\r\n (\Draft) {6}\r\n
		S: + *
		C~ A: 2\r\n {6+}\r\nA: 3\r\n\r\n
		S: a OK [APPENDUID * 1:3] *
		C: b SELECT INBOX
		S* * 3 EXISTS
		S* b OK *
		C: c APPEND INBOX {6+}
		C~ A: 4\r\n {0+}\r\n\r\n
		S: c NO *
		C: d STATUS INBOX (MESSAGES)
		S: * STATUS INBOX (MESSAGES 3)
		S: d OK *
	EOS
}

@test "what APPEND refuses leaves nothing" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a APPEND INBOX {0}
		S: a NO *
		C: b APPEND INBOX (\Foo) {5}
		S: b BAD *
		C: c APPEND INBOX "yesterday" {5}
		S: c BAD *
		C: d APPEND INBOX
		S: d BAD *
		C: e APPEND INBOX (\Seen)
		S: e BAD *
		C: f APPEND INBOX {99999999999}
		S: f NO [TOOBIG] *
		C: g APPEND INBOX {3+}
		C~ a\0b\r\n
		S: g NO *
		C: h APPEND INBOX {6+}
		C~ A: b\r\n x\r\n
		S: h BAD *
		C: i STATUS INBOX (MESSAGES)
		S: * STATUS INBOX (MESSAGES 0)
		S: i OK *
	EOS
	[ -z "$(ls "$MAILDIR/tmp")" ]
}

@test "an APPEND that is cut off leaves no message" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a APPEND INBOX {100}
		S: + *
		C~ Subject: x\r\n
		C.
		S.
	EOS
	[ -z "$(ls "$MAILDIR"/{tmp,new,cur})" ] ||
		[ -z "$(find "$MAILDIR"/{tmp,new,cur} -type f)" ]
}

@test "a large message comes back octet by octet" {
	python3 - <<-'EOS'
		import os
		d = os.environ["BATS_TEST_TMPDIR"]
		body = b"Subject: big\r\n\r\n" + b"".join(b"%07d %s\r\n" % (i, b"x" * (i % 70)) for i in range(60000))
		open(d + "/msg", "wb").write(body)
		open(d + "/size", "w").write(str(len(body)))
	EOS
	size=$(cat "$BATS_TEST_TMPDIR/size")
	{
		printf 'a APPEND INBOX {%d+}\r\n' "$size"
		cat "$BATS_TEST_TMPDIR/msg"
		printf '\r\nb SELECT INBOX\r\nc FETCH 1 BODY.PEEK[]\r\nd LOGOUT\r\n'
	} | yubin-imapd >"$BATS_TEST_TMPDIR/out"
	python3 - <<-'EOS'
		import os
		d = os.environ["BATS_TEST_TMPDIR"]
		body = open(d + "/msg", "rb").read()
		assert b"BODY[] {%d}\r\n%s)\r\nc OK" % (len(body), body) in open(d + "/out", "rb").read()
	EOS
}
