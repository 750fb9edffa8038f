# SPDX-License-Identifier: ISC
# LIST and LSUB (RFC 3501 6.3.8, 6.3.9; RFC 5258, 5819, 6154, 3348).
load ../helper
load common

tree() {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a CREATE Sent
		S: a OK *
		C: b CREATE a.b.c
		S: b OK *
		C: c CREATE work
		S: c OK *
	EOS
}

@test "an empty pattern asks for the delimiter (6.3.8)" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a LIST "" ""
		S: * LIST (\Noselect) "." ""
		S: a OK *
	EOS
}

@test "* matches all levels, % one (6.3.8)" {
	tree
	imap <<-'EOS'
		S: * PREAUTH *
		C: a LIST "" *
		S: * LIST (\HasNoChildren) "." INBOX
		S: * LIST (*\HasNoChildren*\Sent) "." Sent
		S: * LIST (*\HasChildren) "." a
		S: * LIST (*\HasChildren) "." a.b
		S: * LIST (\HasNoChildren) "." a.b.c
		S: * LIST (\HasNoChildren) "." work
		S: a OK *
		C: b LIST "" %
		S: * LIST (*) "." INBOX
		S: * LIST (*) "." Sent
		S: * LIST (*) "." a
		S: * LIST (*) "." work
		S: b OK *
		C: c LIST a. %
		S: * LIST (*) "." a.b
		S: c OK *
		C: d LIST "" inbox
		S: * LIST (*) "." INBOX
		S: d OK *
		C: e LIST "" nothing
		S: e OK *
		C: f LIST "" {5}
		S: + *
		C~ a.b.c\r\n
		S: * LIST (*) "." a.b.c
		S: f OK *
	EOS
}

@test "special uses are asked for as iOS does it (RFC 6154)" {
	tree
	imap <<-'EOS'
		S: * PREAUTH *
		C: a LIST "" "*" RETURN (SPECIAL-USE)
		S: * LIST (*) "." INBOX
		S: * LIST (*\Sent*) "." Sent
		S* a OK *
		C: b LIST (SPECIAL-USE) "" "*"
		S: * LIST (*\Sent*) "." Sent
		S: b OK *
		C: c LIST (SPECIAL-USE) "" "*" RETURN (CHILDREN SPECIAL-USE)
		S: * LIST (*\Sent*) "." Sent
		S: c OK *
	EOS
}

@test "LIST … RETURN (STATUS …): LIST, then its STATUS (RFC 5819)" {
	tree
	mails 3 work
	imap <<-'EOS'
		S: * PREAUTH *
		C: a LIST "" (work Sent) RETURN (STATUS (MESSAGES UNSEEN))
		S: * LIST (*) "." Sent
		S: * STATUS Sent (MESSAGES 0 UNSEEN 0)
		S: * LIST (*) "." work
		S: * STATUS work (MESSAGES 3 UNSEEN 3)
		S: a OK *
	EOS
}

@test "subscriptions: LSUB, LIST (SUBSCRIBED), RECURSIVEMATCH" {
	tree
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SUBSCRIBE a.b.c
		S: a OK *
		C: b SUBSCRIBE work
		S: b OK *
		C: c SUBSCRIBE gone
		S: c OK *
		C: d LSUB "" *
		S: * LSUB () "." a.b.c
		S: * LSUB () "." gone
		S: * LSUB () "." work
		S: d OK *
		C: e LSUB "" %
		S: * LSUB (\Noselect) "." a
		S: * LSUB () "." gone
		S: * LSUB () "." work
		S: e OK *
		C: f LIST (SUBSCRIBED) "" *
		S: * LIST (*\Subscribed) "." a.b.c
		S: * LIST (*\Subscribed) "." work
		S: * LIST (\NonExistent \Subscribed) "." gone
		S: f OK *
		C: g LIST (SUBSCRIBED RECURSIVEMATCH) "" %
		S: * LIST (*) "." a ("CHILDINFO" ("SUBSCRIBED"))
		S: * LIST (*\Subscribed) "." work
		S* g OK *
		C: h LIST "" work RETURN (SUBSCRIBED)
		S: * LIST (*\Subscribed) "." work
		S: h OK *
		C: i UNSUBSCRIBE work
		S: i OK *
		C: j UNSUBSCRIBE work
		S: j OK *
		C: k LSUB "" work
		S: k OK *
		C: l LIST (RECURSIVEMATCH) "" *
		S: l BAD *
	EOS
}

@test "many wildcards end in time" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a CREATE aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
		S: a OK *
		C: b LIST "" *a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*ab
		S: b OK *
	EOS
}

@test "what LIST refuses" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a LIST
		S: a BAD *
		C: b LIST "" (
		S: b BAD *
		C: c LIST (FOO) "" *
		S: c BAD *
		C: d LIST "" * RETURN (FOO)
		S: d BAD *
		C: e LIST "" * RETURN
		S: e BAD *
		C: f LSUB ""
		S: f BAD *
	EOS
}

@test "RECURSIVEMATCH: parents of a subscription without mailbox (RFC 5258 3.1)" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SUBSCRIBE gone.x.y
		S: a OK *
		C: b LIST (SUBSCRIBED RECURSIVEMATCH) "" %
		S: * LIST (\NonExistent) "." gone ("CHILDINFO" ("SUBSCRIBED"))
		S: b OK *
		C: c SUBSCRIBE gone
		S: c OK *
		C: d LIST (SUBSCRIBED RECURSIVEMATCH) "" %
		S: * LIST (\NonExistent \Subscribed) "." gone ("CHILDINFO" ("SUBSCRIBED"))
		S: d OK *
	EOS
}
