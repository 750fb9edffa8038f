# SPDX-License-Identifier: ISC
# Names of folders that others made, and ids and special uses of folders.
load ../helper
load common

# folder DIRECTORY: made by hand.
folder() {
	mkdir -p "$MAILDIR/$1"/{cur,new,tmp}
	printf 'Subject: x\n\nhi\n' >"$MAILDIR/$1/new/1.M1P1.host"
}

@test "UTF-8 and other names made by hand are listed and can be used" {
	folder .Entwürfe
	folder .Entwürfe.alt
	folder .R\&D
	folder $'.Gel\xf6scht'
	folder $'.a\nb'
	imap <<-'EOS'
		S: * PREAUTH *
		C: a LIST "" *
		S: * LIST (*) "." INBOX
		S: * LIST (\HasChildren) "." Entw&APw-rfe
		S: * LIST (*) "." Entw&APw-rfe.alt
		S: * LIST (*) "." Gel&9,Y-scht
		S: * LIST (*) "." R&-D
		S: * LIST (*) "." a&9wo-b
		S: a OK *
		C: b SELECT Entw&APw-rfe
		S: * FLAGS *
		S: * OK *
		S: * 1 EXISTS
		S* b OK *
		C: c STATUS Gel&9,Y-scht (MESSAGES)
		S: * STATUS Gel&9,Y-scht (MESSAGES 1)
		S: c OK *
		C: d APPEND a&9wo-b {4+}
		C~ a\r\nb\r\n
		S: d OK *
		C: e STATUS a&9wo-b (MESSAGES)
		S: * STATUS a&9wo-b (MESSAGES 2)
		S: e OK *
		C: f CREATE Entw&APw-rfe
		S: f NO [ALREADYEXISTS] *
		C: g RENAME Entw&APw-rfe neu
		S: g OK *
		C: h DELETE R&-D
		S: h OK *
		C: i LIST "" *
		S: * LIST (*) "." INBOX
		S: * LIST (*) "." Gel&9,Y-scht
		S: * LIST (*) "." a&9wo-b
		S: * LIST (*) "." neu
		S: * LIST (*) "." neu.alt
		S: i OK *
	EOS
	[ -d "$MAILDIR/.neu.alt/cur" ]
	[ ! -e "$MAILDIR/.Entw&APw-rfe" ]
}

@test "two spellings of one name are one folder" {
	folder .Entwürfe
	folder '.Entw&APw-rfe'
	imap <<-'EOS'
		S: * PREAUTH *
		C: a LIST "" *
		S: * LIST (*) "." INBOX
		S: * LIST (*) "." Entw&APw-rfe
		S: a OK *
	EOS
}

@test "INBOX in any case, as the first level too (RFC 3501 5.1)" {
	folder .inbox.x
	imap <<-'EOS'
		S: * PREAUTH *
		C: a LIST "" inbox*
		S: * LIST (\HasChildren) "." INBOX
		S: * LIST (*) "." INBOX.x
		S: a OK *
		C: b STATUS iNbOx.x (MESSAGES)
		S: * STATUS INBOX.x (MESSAGES 1)
		S: b OK *
		C: c STATUS iNbOx (MESSAGES)
		S: * STATUS INBOX (MESSAGES 0)
		S: c OK *
	EOS
}

@test "CREATE … (USE (…)) marks a folder, and RENAME keeps it (RFC 6154 3, 5.2)" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a CREATE Gesendet (USE (\Sent))
		S: a OK *
		C: b CREATE Zwei (USE (\Drafts \archive))
		S: b OK *
		C: c CREATE Drei (USE (\All))
		S: c NO [USEATTR] *
		C: d CREATE Vier (USE (\Sent)
		S: d BAD *
		C: e CREATE Vier (FOO)
		S: e BAD *
		C: f CREATE Vier (USE (Sent))
		S: f BAD *
		C: g CREATE Vier (USE ())
		S: g OK *
		C: h RENAME Gesendet a.Gesendet
		S: h OK *
		C: i LIST "" *
		S: * LIST (*) "." INBOX
		S: * LIST (\HasNoChildren) "." Vier
		S: * LIST (\HasNoChildren \Archive \Drafts) "." Zwei
		S: * LIST (\Noselect*) "." a
		S: * LIST (\HasNoChildren \Sent) "." a.Gesendet
		S: i OK *
		C: j LIST (SPECIAL-USE) "" * RETURN (SPECIAL-USE)
		S: * LIST (*) "." Zwei
		S: * LIST (*) "." a.Gesendet
		S: j OK *
	EOS
	[ "$(cat "$MAILDIR/.a.Gesendet/yubin-special-use")" = '\Sent' ]
}

@test "folders of usual names have their use, unless another is marked" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a CREATE "Sent Items"
		S: a OK *
		C: b CREATE Sent
		S: b OK *
		C: c CREATE drafts
		S: c OK *
		C: d CREATE Spam
		S: d OK *
		C: e CREATE "Deleted Messages"
		S: e OK *
		C: f LIST (SPECIAL-USE) "" *
		S: * LIST (*\Trash) "." "Deleted Messages"
		S: * LIST (*\Sent) "." Sent
		S: * LIST (*\Junk) "." Spam
		S: * LIST (*\Drafts) "." drafts
		S: f OK *
		C: g CREATE Mine (USE (\Sent))
		S: g OK *
		X: : >"$MAILDIR/.Spam/yubin-special-use"
		C: h LIST (SPECIAL-USE) "" *
		S: * LIST (*\Trash) "." "Deleted Messages"
		S: * LIST (*\Sent) "." Mine
		S: * LIST (*\Drafts) "." drafts
		S: h OK *
		C: i DELETE Mine
		S: i OK *
		C: j LIST (SPECIAL-USE) "" Sent
		S: * LIST (*\Sent) "." Sent
		S: j OK *
	EOS
}

# id MAILBOX: as STATUS tells it.
id() {
	printf 'a STATUS %s (MAILBOXID)\r\n' "$1" | yubin-imapd 2>/dev/null |
	    sed -n 's/^\* STATUS .*(MAILBOXID (\([0-9A-Za-z_-]*\))).*/\1/p'
}

@test "MAILBOXID: in CREATE, STATUS, SELECT, LIST; kept by RENAME (RFC 8474 4)" {
	run -0 yubin-imapd < <(printf 'a CREATE one\r\nb SELECT one\r\nc LIST "" one RETURN (STATUS (MAILBOXID))\r\n')
	local id=$(id one)
	[[ $id =~ ^[0-9a-f]{32}$ ]]
	[[ $output == *"a OK [MAILBOXID ($id)]"* ]]
	[[ $output == *"* OK [MAILBOXID ($id)]"* ]]
	[[ $output == *"* STATUS one (MAILBOXID ($id))"* ]]
	printf 'a CREATE one.sub\r\nb RENAME one two\r\n' | yubin-imapd >/dev/null
	[ "$(id two)" = "$id" ]
	[ "$(id two.sub)" != "$id" ]
	# deleted and made again, it is another one
	printf 'a DELETE two\r\nb CREATE two\r\n' | yubin-imapd >/dev/null
	[[ $(id two) =~ ^[0-9a-f]{32}$ ]]
	[ "$(id two)" != "$id" ]
	# INBOX renamed is a new mailbox with its messages (RFC 8474 4.1)
	id=$(id INBOX)
	printf 'a RENAME INBOX was\r\n' | yubin-imapd >/dev/null
	[ "$(id INBOX)" = "$id" ]
	[ "$(id was)" != "$id" ]
}

@test "MAILBOXID: Dovecot's is taken; a list without one gets it, and keeps its UIDs" {
	folder .d
	printf '3 V12 N9 G0123456789abcdef0123456789abcdef\n7 :1.M1P1.host\n' \
	    >"$MAILDIR/.d/dovecot-uidlist"
	[ "$(id d)" = 0123456789abcdef0123456789abcdef ]
	folder .e
	printf '3 V12 N9\n7 :1.M1P1.host\n' >"$MAILDIR/.e/dovecot-uidlist"
	local id=$(id e)
	[[ $id =~ ^[0-9a-f]{32}$ ]]
	[ "$(id e)" = "$id" ]
	imap <<-'EOS'
		S: * PREAUTH *
		C: a STATUS e (UIDVALIDITY UIDNEXT)
		S: * STATUS e (UIDNEXT 9 UIDVALIDITY 12)
		S: a OK *
	EOS
	grep -q '^7 :1.M1P1.host' "$MAILDIR/.e/dovecot-uidlist"
}
