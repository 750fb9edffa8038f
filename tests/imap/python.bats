# SPDX-License-Identifier: ISC
# Python's imaplib over a pipe, as a client that was not written here.
load ../helper
load common

@test "imaplib: list, append, search, fetch, store, copy, expunge" {
	python3 - <<-'EOS'
		import imaplib, time
		m = imaplib.IMAP4_stream("yubin-imapd 2>/dev/null")
		assert m.state == "AUTH", m.state
		def ok(r):
		    assert r[0] == "OK", r
		    return r[1]
		ok(m.create("Archive"))
		assert len(ok(m.list())) == 2
		msg = b"From: a@x\r\nSubject: =?UTF-8?Q?caf=C3=A9?=\r\n\r\nbody\r\n"
		for i in range(3):
		    ok(m.append("INBOX", "(\\Flagged)", imaplib.Time2Internaldate(time.time()), msg))
		assert ok(m.select()) == [b"3"]
		# RFC 5051: "e" is found in "é".
		assert ok(m.search(None, "SUBJECT", '"cafe"')) == [b"1 2 3"]
		assert ok(m.search(None, "SUBJECT", '"cafes"')) == [b""]
		assert ok(m.uid("SEARCH", "FLAGGED")) == [b"1 2 3"]
		r = ok(m.fetch("2", "(UID RFC822)"))
		assert r[0][1] == msg, r
		ok(m.copy("1:2", "Archive"))
		ok(m.store("1", "+FLAGS", "\\Deleted"))
		assert ok(m.expunge()) == [b"1"]
		assert ok(m.status("Archive", "(MESSAGES UIDNEXT)")) == [b"Archive (MESSAGES 2 UIDNEXT 3)"]
		ok(m.namespace())
		ok(m.noop())
		ok(m.close())
		assert m.logout()[0] == "BYE"
	EOS
}
