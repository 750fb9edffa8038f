# SPDX-License-Identifier: ISC
# CREATE, DELETE, RENAME, STATUS (RFC 3501 6.3.3 to 6.3.5, 6.3.10).
load ../helper
load common

@test "CREATE, with a delimiter at the end too; not twice (6.3.3)" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a CREATE one
		S: a OK *
		C: b CREATE two.
		S: b OK *
		C: c CREATE one
		S: c NO *
		C: d CREATE inbox
		S: d NO *
		C: e CREATE "with blank"
		S: e OK *
		C: f CREATE Entw&APw-rfe
		S: f OK *
		C: h CREATE {4+}
		C~ a&-b\r\n
		S: h OK *
		C: i LIST "" *
		S: * LIST (*) "." INBOX
		S: * LIST (*) "." Entw&APw-rfe
		S: * LIST (*) "." a&-b
		S: * LIST (*) "." one
		S: * LIST (*) "." two
		S: * LIST (*) "." "with blank"
		S: i OK *
	EOS
	[ -d "$MAILDIR/.Entw&APw-rfe/cur" ]
	[ -d "$MAILDIR/.with blank/cur" ]
}

@test "hostile names are refused with NO" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a CREATE ..
		S: a NO *
		C: b CREATE .
		S: b NO *
		C: c CREATE a..b
		S: c NO *
		C: d CREATE .a
		S: d NO *
		C: e CREATE a/b
		S: e NO *
		C: f CREATE /etc/passwd
		S: f NO *
		C: g CREATE ../../x
		S: g NO *
		C: h CREATE "a&b"
		S: h NO *
		C: i CREATE "a&AGE-"
		S: i NO *
		C: j CREATE {3+}
		C~ a\nb\r\n
		S: j NO *
		C: k CREATE {2+}
		C~ \xc3\xbc\r\n
		S: k NO *
		C: l CREATE xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
		S: l NO *
		C: m CREATE ""
		S: m NO *
		C: n SUBSCRIBE ..
		S: n NO *
		C: o RENAME .. x
		S: o NO *
		C: p DELETE ..
		S: p NO *
		C: q STATUS .. (MESSAGES)
		S: q NO *
		C: r LIST "" *
		S: * LIST (*) "." INBOX
		S: r OK *
	EOS
}

@test "DELETE leaves children; INBOX stays (6.3.4)" {
	mails 1 a
	imap <<-'EOS'
		S: * PREAUTH *
		C: a CREATE a.b
		S: a OK *
		C: b DELETE a
		S: b OK *
		C: c LIST "" *
		S: * LIST (*) "." INBOX
		S: * LIST (\Noselect \HasChildren) "." a
		S: * LIST (*) "." a.b
		S: c OK *
		C: d SELECT a
		S: d NO *
		C: e DELETE a
		S: e NO *
		C: f DELETE INBOX
		S: f NO *
		C: g DELETE nothere
		S: g NO *
	EOS
}

@test "DELETE and CREATE of the same name: a new UIDVALIDITY (2.3.1.1)" {
	mails 2 a
	run -0 yubin-imapd < <(printf 'a STATUS a (UIDVALIDITY)\r\nb DELETE a\r\nc CREATE a\r\nd STATUS a (UIDVALIDITY)\r\n')
	mapfile -t st < <(grep '^\* STATUS' <<<"$output" | tr -d '\r')
	[ "${#st[@]}" -eq 2 ]
	[ "${st[0]}" != "${st[1]}" ]
}

@test "RENAME takes children along (6.3.5)" {
	mails 1 a
	imap <<-'EOS'
		S: * PREAUTH *
		C: a CREATE a.b
		S: a OK *
		C: b CREATE c
		S: b OK *
		C: c RENAME a c
		S: c NO *
		C: d RENAME a d.e
		S: d OK *
		C: e LIST "" *
		S: * LIST (*) "." INBOX
		S: * LIST (*) "." c
		S: * LIST (\Noselect*) "." d
		S: * LIST (*) "." d.e
		S: * LIST (*) "." d.e.b
		S: e OK *
		C: f STATUS d.e (MESSAGES)
		S: * STATUS d.e (MESSAGES 1)
		S: f OK *
		C: g RENAME nothere x
		S: g NO *
		C: h RENAME c INBOX
		S: h NO *
	EOS
}

@test "RENAME INBOX moves its messages and leaves it empty (6.3.5)" {
	mails 2
	imap <<-'EOS'
		S: * PREAUTH *
		C: a RENAME INBOX old
		S: a OK *
		C: b STATUS INBOX (MESSAGES)
		S: * STATUS INBOX (MESSAGES 0)
		S: b OK *
		C: c STATUS old (MESSAGES)
		S: * STATUS old (MESSAGES 2)
		S: c OK *
	EOS
}

@test "STATUS: every item, of the selected mailbox too (6.3.10)" {
	mails 2
	imap <<-'EOS'
		S: * PREAUTH *
		C: a STATUS INBOX (MESSAGES RECENT UIDNEXT UIDVALIDITY UNSEEN)
		S: * STATUS INBOX (MESSAGES 2 RECENT 2 UIDNEXT 3 UIDVALIDITY * UNSEEN 2)
		S: a OK *
		C: b SELECT INBOX
		S* b OK *
		C: c STORE 1 +FLAGS.SILENT (\Seen)
		S: c OK *
		C: d STATUS INBOX (UNSEEN)
		S: * STATUS INBOX (UNSEEN 1)
		S: d OK *
		C: e STATUS INBOX (FOO)
		S: e BAD *
		C: f STATUS INBOX ()
		S: f BAD *
		C: g STATUS nothere (MESSAGES)
		S: g NO *
		C: h STATUS INBOX (SIZE)
		S: * STATUS INBOX (SIZE 292)
		S: h OK *
	EOS
}

@test "RENAME leaves directories alone that are no folders" {
	imap <<-EOS
		S: * PREAUTH *
		C: a CREATE foo
		S: a OK *
		X: mkdir -p "\$MAILDIR/xfoo/cur" "\$MAILDIR/xfoo/new" "\$MAILDIR/xfoo/tmp"
		C: b RENAME foo bar
		S: b OK *
		X: test -d "\$MAILDIR/xfoo/cur" && test -d "\$MAILDIR/.bar/cur"
	EOS
}
