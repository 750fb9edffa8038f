# SPDX-License-Identifier: ISC
# FETCH and UID FETCH (RFC 3501 6.4.5, 6.4.8, 7.4.2).
load ../helper
load common

mixed() {
	deliver <<-'EOS'
		From: Ann <ann@example.test>
		To: bob@example.test
		Subject: mixed
		Date: Wed, 17 Jul 1996 02:23:25 -0700
		Message-ID: <m@example.test>
		MIME-Version: 1.0
		Content-Type: multipart/mixed; boundary=b

		preamble
		--b
		Content-Type: text/plain

		one
		--b
		Content-Type: message/rfc822

		Subject: inner
		From: c@example.test

		inner text
		--b
		Content-Type: image/png; name=x.png
		Content-Transfer-Encoding: base64
		Content-Disposition: attachment; filename=x.png

		AAAA
		--b--
	EOS
}

@test "FLAGS, UID, sizes and dates; macros; \\Seen is set by BODY[]" {
	mails 2
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b FETCH 1:2 (UID FLAGS RFC822.SIZE)
		S: * 1 FETCH (UID 1 FLAGS (\Recent) RFC822.SIZE 146)
		S: * 2 FETCH (UID 2 FLAGS (\Recent) RFC822.SIZE 146)
		S: b OK *
		C: c FETCH 1 FAST
		S: * 1 FETCH (FLAGS (\Recent) INTERNALDATE "*" RFC822.SIZE 146)
		S: c OK *
		C: d FETCH 2 ALL
		S: * 2 FETCH (FLAGS (\Recent) INTERNALDATE "*" RFC822.SIZE 146 ENVELOPE ("Mon, 2 Feb 2021 10:00:00 +0000" "mail 2" ((NIL NIL "a" "example.test")) ((NIL NIL "a" "example.test")) ((NIL NIL "a" "example.test")) ((NIL NIL "b" "example.test")) NIL NIL NIL "<2@example.test>"))
		S: d OK *
		C: e FETCH 2 FULL
		S: * 2 FETCH (*BODY ("text" "plain" * NIL NIL "7BIT" 17 1))
		S: e OK *
		C: f FETCH 1 BODY.PEEK[TEXT]
		S: * 1 FETCH (BODY[TEXT] {17}
		S: Text of mail 1.
		S: )
		S: f OK *
		C: g FETCH 1 BODY[TEXT]
		S: * 1 FETCH (FLAGS (\Seen \Recent) BODY[TEXT] {17}
		S: Text of mail 1.
		S: )
		S: g OK *
		C: h FETCH 1 BODY[TEXT]
		S: * 1 FETCH (BODY[TEXT] {17}
		S: Text of mail 1.
		S: )
		S: h OK *
		C: i FETCH 2 (BODY.PEEK[HEADER.FIELDS (Subject X-None)] BODY.PEEK[TEXT]<5.2>)
		S: * 2 FETCH (BODY[HEADER.FIELDS (Subject X-None)] {19}
		S: Subject: mail 2
		S: 
		S:  BODY[TEXT]<5> {2}
		S: of)
		S: i OK *
	EOS
}

@test "RFC822, RFC822.HEADER, RFC822.TEXT answer under these names" {
	mails 1
	imap <<-'EOS'
		S: * PREAUTH *
		C: a EXAMINE INBOX
		S* a OK *
		C: b FETCH 1 RFC822.TEXT
		S: * 1 FETCH (RFC822.TEXT {17}
		S: Text of mail 1.
		S: )
		S: b OK *
		C: c FETCH 1 RFC822.HEADER
		S: * 1 FETCH (RFC822.HEADER {129}
		S* 
		S: )
		S: c OK *
		C: d FETCH 1 RFC822
		S: * 1 FETCH (RFC822 {146}
		S* Text of mail 1.
		S: )
		S: d OK *
	EOS
}

@test "partial fetches: any cut of CRLF, past the end (6.4.5)" {
	printf 'A: b\n\nx\ny\n' | deliver
	python3 - <<-'EOS'
		import subprocess
		text = b"A: b\r\n\r\nx\r\ny\r\n"
		cmds = b"a EXAMINE INBOX\r\n"
		want = []
		for i in range(len(text) + 3):
		    for n in range(1, len(text) + 3):
		        cmds += b"b FETCH 1 BODY[]<%d.%d>\r\n" % (i, n)
		        part = text[i:i + n]
		        want.append(b"* 1 FETCH (BODY[]<%d> {%d}\r\n%s)\r\nb OK FETCH completed\r\n" % (i, len(part), part))
		cmds += b"c LOGOUT\r\n"
		out = subprocess.run(["yubin-imapd"], input=cmds, stdout=subprocess.PIPE).stdout
		out = out[out.index(b"a OK"):]
		out = out[out.index(b"\n") + 1:out.index(b"* BYE")]
		for w in want:
		    assert out.startswith(w), (out[:200], w)
		    out = out[len(w):]
	EOS
}

@test "stored CRLF and bare CR come out once" {
	printf 'A: b\r\n\r\nx\r\ny\nz\rq\r\r\n' | deliver
	run -0 yubin-imapd < <(printf 'a EXAMINE INBOX\r\nb FETCH 1 (RFC822.SIZE BODY[])\r\n')
	printf '%s\n' "$output" | grep -q 'RFC822.SIZE 20 BODY\[\] {20}'
}

@test "parts of a multipart message" {
	mixed
	imap <<-'EOS'
		S: * PREAUTH *
		C: a EXAMINE INBOX
		S* a OK *
		C: b FETCH 1 BODYSTRUCTURE
		S: * 1 FETCH (BODYSTRUCTURE (("text" "plain" *)("message" "rfc822" *)("image" "png" ("name" "x.png") NIL NIL "base64" *("attachment" ("filename" "x.png"))*) "mixed" ("boundary" "b")*))
		S: b OK *
		C: c FETCH 1 BODY.PEEK[1]
		S: * 1 FETCH (BODY[1] {3}
		S: one)
		S: c OK *
		C: d FETCH 1 BODY.PEEK[1.MIME]
		S: * 1 FETCH (BODY[1.MIME] {28}
		S: Content-Type: text/plain
		S: 
		S: )
		S: d OK *
		C: e FETCH 1 BODY.PEEK[2.HEADER]
		S: * 1 FETCH (BODY[2.HEADER] {40}
		S: Subject: inner
		S: From: c@example.test
		S: 
		S: )
		S: e OK *
		C: f FETCH 1 (BODY.PEEK[2.TEXT] BODY.PEEK[2.1])
		S: * 1 FETCH (BODY[2.TEXT] {10}
		S: inner text BODY[2.1] {10}
		S: inner text)
		S: f OK *
		C: g FETCH 1 BODY.PEEK[2.HEADER.FIELDS.NOT (From)]
		S: * 1 FETCH (BODY[2.HEADER.FIELDS.NOT (From)] {18}
		S: Subject: inner
		S: 
		S: )
		S: g OK *
		C: h FETCH 1 (BODY.PEEK[9] BODY.PEEK[1.HEADER] BODY.PEEK[3.1.1])
		S: * 1 FETCH (BODY[9] NIL BODY[1.HEADER] NIL BODY[3.1.1] NIL)
		S: h OK *
		C: i FETCH 1 BODY.PEEK[3]
		S: * 1 FETCH (BODY[3] {4}
		S: AAAA)
		S: i OK *
	EOS
}

@test "UID FETCH always gives the UID; n:* covers the last; unknown UIDs are OK" {
	mails 3
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b STORE 1 +FLAGS.SILENT \Deleted
		S: b OK *
		C: c EXPUNGE
		S: * 1 EXPUNGE
		S: c OK *
		C: d UID FETCH 1:2 FLAGS
		S: * 1 FETCH (UID 2 FLAGS (*))
		S: d OK *
		C: e UID FETCH 900:* (UID FLAGS)
		S: * 2 FETCH (UID 3 FLAGS (*))
		S: e OK *
		C: f UID FETCH 900 FLAGS
		S: f OK *
		C: g FETCH * UID
		S: * 2 FETCH (UID 3)
		S: g OK *
	EOS
}

@test "what FETCH refuses" {
	mails 1
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b FETCH 2 FLAGS
		S: b BAD *
		C: c FETCH 0 FLAGS
		S: c BAD *
		C: d FETCH 1 FOO
		S: d BAD *
		C: e FETCH 1
		S: e BAD *
		C: f FETCH 1 (FLAGS
		S: f BAD *
		C: g FETCH 1 BODY[HEADER
		S: g BAD *
		C: h FETCH 4294967296 FLAGS
		S: h BAD *
		C: i FETCH 1 FLAGS x
		S: i BAD *
		C: j UID FETCH x FLAGS
		S: j BAD *
		C: k UID NOOP
		S: k BAD *
		C: l UID
		S: l BAD *
	EOS
}

@test "in an empty mailbox no number exists, but UIDs may be asked for" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b FETCH 1:* FLAGS
		S: b BAD *
		C: c UID FETCH 1:* FLAGS
		S: c OK *
		C: d UID SEARCH ALL
		S: * SEARCH
		S: d OK *
	EOS
}

@test "a message in pieces of every size is the message" {
	printf 'Subject: x\nA: b\r\n\nc\n\n\r\nd\r\re\n' | deliver
	printf 'f: g\n\n\nhh' | deliver
	printf 'f: g\r\n\r\nh\r\ni\r\n' | deliver
	python3 - <<-'EOS'
		import glob, imaplib, os, re
		m = imaplib.IMAP4_stream('yubin-imapd')
		m.select(readonly=True)

		def get(i, what):
		    return m.fetch(str(i), 'BODY.PEEK[%s' % what)[1][0][1]

		for i in (1, 2, 3):
		    name = glob.glob('%s/*/*.M%dP1.*' % (os.environ['MAILDIR'], i))[0]
		    with open(name, 'rb') as f:
		        text = re.sub(rb'(?<!\r)\n', b'\r\n', f.read())
		    assert get(i, ']') == text, (i, text)
		    for section in (']', 'TEXT]', '1]', 'HEADER]'):
		        whole = get(i, section)
		        for size in range(1, len(whole) + 3):
		            # Forth, which goes on where the last one ended, and back.
		            for starts in (range(0, len(whole) + 3, size),
		                           range(len(whole) + 2, -1, -size)):
		                for at in starts:
		                    piece = get(i, '%s<%d.%d>' % (section, at, size))
		                    assert piece == whole[at:at + size], (
		                        i, section, at, size, piece)
		m.logout()
	EOS
}
