# SPDX-License-Identifier: ISC
# Greeting, and the commands of any state (RFC 3501 6.1, 7.1.4).
load ../helper
load common

@test "a session without a login starts with PREAUTH (7.1.4)" {
	imap <<-'EOS'
		S: * PREAUTH [CAPABILITY IMAP4rev1 *] *
		C: a LOGOUT
		S: * BYE *
		S: a OK *
		S.
		E: 0
	EOS
}

@test "behind a login the tagged OK carries the capabilities" {
	IMAPLOGINTAG=A001 imap <<-'EOS'
		S: A001 OK [CAPABILITY IMAP4rev1 *] *
		C: a NOOP
		S: a OK *
	EOS
}

@test "input the login program had read comes first" {
	input=$(printf 'b NOOP\r\nc CAPABILITY\r\nd NO' | base64)
	CLIENT_INPUT=$input IMAPLOGINTAG=A001 imap <<-'EOS'
		S: A001 OK *
		S: b OK *
		S: * CAPABILITY *
		S: c OK *
		C: OP
		S: d OK *
	EOS
}

@test "CAPABILITY names IMAP4rev1 and what is there (6.1.1)" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a CAPABILITY
		S: * CAPABILITY IMAP4rev1 *LITERAL+ IDLE UIDPLUS NAMESPACE UNSELECT ID CHILDREN MOVE SPECIAL-USE * ENABLE *QUOTA=RES-STORAGE QUOTA=RES-MESSAGE
		S: a OK *
		C: b CAPABILITY x
		S: b BAD *
	EOS
}

@test "NOOP, ID, ENABLE, NAMESPACE" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a noop
		S: a OK *
		C: b ID NIL
		S: * ID ("name" "yubin"*)
		S: b OK *
		C: c ID ("name" "test" "version" NIL)
		S: * ID (*)
		S: c OK *
		C: d ID ("name")
		S: d BAD *
		C: e ENABLE CONDSTORE X-FOO
		S: * ENABLED
		S: e OK *
		C: f NAMESPACE
		S: * NAMESPACE (("" ".")) NIL NIL
		S: f OK *
	EOS
}

@test "logging in again is BAD (6.2)" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a LOGIN ann secret
		S: a BAD *
		C: b AUTHENTICATE PLAIN
		S: b BAD *
		C: c STARTTLS
		S: c BAD *
	EOS
}

@test "commands of the selected state are BAD before SELECT (3.2)" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a FETCH 1 FLAGS
		S: a BAD *
		C: b UID SEARCH ALL
		S: b BAD *
		C: c EXPUNGE
		S: c BAD *
		C: d CLOSE
		S: d BAD *
		C: e CHECK
		S: e BAD *
	EOS
}
