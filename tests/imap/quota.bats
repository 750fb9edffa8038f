# SPDX-License-Identifier: ISC
# Quota: maildirsize, GETQUOTA, GETQUOTAROOT (RFC 9208), OVERQUOTA (RFC 5530).
load ../helper
load common

# message OCTETS: a message of that many octets, LF ends, S= in its name.
message() {
	mkdir -p "$MAILDIR/${2:-.}"/{cur,new,tmp}
	n=$((n + 1))
	head -c "$1" /dev/zero | tr '\0' x \
	    >"$MAILDIR/${2:-.}/new/$n.host,S=$1"
}

@test "no quota: no root (4.1.2)" {
	imap <<-'EOS'
		S: * PREAUTH [*QUOTA QUOTA=RES-STORAGE QUOTA=RES-MESSAGE*] *
		C: a GETQUOTAROOT INBOX
		S: * QUOTAROOT INBOX
		S: a OK *
		C: b GETQUOTA user
		S: b NO [NONEXISTENT] *
		C: c SETQUOTA user (STORAGE 10)
		S: c NO [NOPERM] *
	EOS
	[ ! -e "$MAILDIR/maildirsize" ]
}

@test "GETQUOTA and GETQUOTAROOT: all folders count, in units of 1024 octets" {
	n=0
	message 1000
	message 1000 .Trash
	export MAILDIRQUOTA=10240S,20C
	imap <<-'EOS'
		S: * PREAUTH *
		C: a GETQUOTAROOT "not there"
		S: * QUOTAROOT "not there" user
		S: * QUOTA user (STORAGE 2 10 MESSAGE 2 20)
		S: a OK *
		C: b GETQUOTA "user"
		S: * QUOTA user (STORAGE 2 10 MESSAGE 2 20)
		S: b OK *
		C: c GETQUOTA other
		S: c NO [NONEXISTENT] *
		C: d GETQUOTA
		S: d BAD *
	EOS
	[ "$(cat "$MAILDIR/maildirsize")" = '10240S,20C
2000 2' ]
}

@test "APPEND, COPY, EXPUNGE, MOVE, RENAME and DELETE are counted" {
	export MAILDIRQUOTA=10240S
	imap <<-'EOS'
		S: * PREAUTH *
		C: a CREATE x
		S: a OK *
		C: b GETQUOTA user
		S: * QUOTA user (STORAGE 0 10)
		S: b OK *
		C: c APPEND INBOX {12+}
		C~ a: b\r\n\r\nhi\r\n\r\n
		S: c OK *
		C: d SELECT INBOX
		S* d OK *
		C: e COPY 1 x
		S: e OK *
		C: f RENAME x y
		S: f OK *
		C: g MOVE 1 y
		S* g OK *
		X: test "$(tail -n +2 "$MAILDIR/maildirsize" | tr '\n' ' ')" = '0 0 9 1 9 1 '
		C: h SELECT y
		S* h OK *
		C: i STORE 1 +FLAGS.SILENT (\Deleted)
		S: i OK *
		C: j STATUS y (DELETED DELETED-STORAGE)
		S: * STATUS y (DELETED 1 DELETED-STORAGE 9)
		S: j OK *
		C: k EXPUNGE
		S* k OK *
		X: test "$(tail -n 1 "$MAILDIR/maildirsize")" = '-9 -1'
		C: l GETQUOTA user
		S: * QUOTA user (STORAGE 1 10)
		S: l OK *
		C: m DELETE y
		S: m OK *
		C: n GETQUOTA user
		S: * QUOTA user (STORAGE 0 10)
		S: n OK *
	EOS
}

@test "[OVERQUOTA] for APPEND before the text is sent, and for COPY; MOVE goes" {
	n=0
	message 600
	export MAILDIRQUOTA=1000S
	imap <<-'EOS'
		S: * PREAUTH *
		C: a APPEND INBOX {500}
		S: a NO [OVERQUOTA] *
		C: b APPEND INBOX {300+}
		C~ xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n\r\n {200+}\r\n
		C~ yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n\r\n\r\n
		S: b NO [OVERQUOTA] *
		C: c CREATE x
		S: c OK *
		C: d SELECT INBOX
		S* d OK *
		C: e COPY 1 x
		S: e NO [OVERQUOTA] *
		C: f MOVE 1 x
		S* f OK *
		C: g STATUS x (MESSAGES)
		S: * STATUS x (MESSAGES 1)
		S: g OK *
		C: h APPEND INBOX {5}
		S: + *
		C~ a: b\n\r\n
		S* h OK *
	EOS
	[ -z "$(cd "$MAILDIR" && find . -path '*/tmp/*' -type f)" ]
}

@test "a wrong count refuses nothing" {
	n=0
	message 100
	printf '1000S,5C\n999 5\n' >"$MAILDIR/maildirsize"
	export MAILDIRQUOTA=1000S,5C
	imap <<-'EOS'
		S: * PREAUTH *
		C: a APPEND INBOX {5}
		S: + *
		C~ a: b\n\r\n
		S: a OK *
	EOS
	[ "$(cat "$MAILDIR/maildirsize")" = '1000S,5C
100 1
5 1' ]
}

@test "without MAILDIRQUOTA the file's own limits hold; told 0S, none do" {
	n=0
	message 100
	printf '100S\n100 1\n' >"$MAILDIR/maildirsize"
	imap <<-'EOS'
		S: * PREAUTH *
		C: a APPEND INBOX {5}
		S: a NO [OVERQUOTA] *
	EOS
	MAILDIRQUOTA=0S imap <<-'EOS'
		S: * PREAUTH *
		C: a APPEND INBOX {5}
		S: + *
		C~ a: b\n\r\n
		S: a OK *
		C: b GETQUOTAROOT INBOX
		S: * QUOTAROOT INBOX
		S: b OK *
	EOS
}

@test "POP3: what QUIT removes is counted" {
	n=0
	message 600
	message 300
	printf '1000S\n900 2\n' >"$MAILDIR/maildirsize"
	printf 'DELE 1\r\nQUIT\r\n' | MAILDIRQUOTA=1000S yubin-pop3d >/dev/null
	[ "$(tail -n 1 "$MAILDIR/maildirsize")" = '-600 -1' ]
}
