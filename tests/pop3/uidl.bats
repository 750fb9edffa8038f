#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Unique-ids (RFC 1939 7): the formats of other servers, and what never changes
# them.
load ../helper

V=1234567890

setup() {
	export MAILDIR=$BATS_TEST_TMPDIR/Maildir
	mkdir -p "$MAILDIR"/{cur,new,tmp}
	printf 'one\n' >"$MAILDIR/cur/100.M1P2.host,S=4,W=5:2,S"
	printf 'two\n' >"$MAILDIR/new/101.M1P3.host"
	printf '3 V%s N9 G0123456789abcdef0123456789abcdef\n' $V \
	    >"$MAILDIR/dovecot-uidlist"
	printf '%s\n' '4 :100.M1P2.host,S=4,W=5' '12 :101.M1P3.host' \
	    >>"$MAILDIR/dovecot-uidlist"
}

# uidls [FORMAT]: what UIDL says of all, one a line.
uidls() {
	printf 'UIDL\r\nQUIT\r\n' |
	    POP3_UIDL=${1-} yubin-pop3d 2>>"$BATS_TEST_TMPDIR/log" |
	    tr -d '\r' | sed -n 's/^[0-9][0-9]* //p' | grep -v '^messages'
}

@test "the formats of Dovecot, Cyrus, Courier, qmail-pop3d and others" {
	[ "$(uidls)" = $'00000004499602d2\n0000000c499602d2' ]
	[ "$(uidls %08Xu%08Xv)" = $'00000004499602d2\n0000000c499602d2' ]
	[ "$(uidls %v.%u)" = $V.4$'\n'$V.12 ]
	[ "$(uidls %u)" = $'4\n12' ]
	[ "$(uidls UID%u-%v)" = UID4-$V$'\n'UID12-$V ]
	[ "$(uidls %v-%u)" = $V-4$'\n'$V-12 ]
	[ "$(uidls %08Xv%08Xu)" = $'499602d200000004\n499602d20000000c' ]
	[ "$(uidls %f)" = $'100.M1P2.host,S=4,W=5\n101.M1P3.host' ]
}

@test "UIDL with a number says the same as the list" {
	POP3_UIDL=%f dialog yubin-pop3d <<-'E'
	S: +OK*
	C: UIDL 2
	S: +OK 2 101.M1P3.host
	C: QUIT
	S: +OK*
	E
}

@test "flags, moves from new to cur, deletions and lost caches change none" {
	local format
	for format in %08Xu%08Xv %f UID%u-%v; do
		uidls $format >>"$BATS_TEST_TMPDIR/before"
	done
	mv "$MAILDIR/cur/100.M1P2.host,S=4,W=5:2,S" \
	    "$MAILDIR/cur/100.M1P2.host,S=4,W=5:2,FRS"
	rm -f "$MAILDIR/yubin-index"
	printf 'a SELECT INBOX\r\nb STORE 2 +FLAGS (\\Answered work)\r\nc LOGOUT\r\n' |
	    yubin-imapd >/dev/null 2>&1
	printf 'RETR 1\r\nRETR 2\r\nQUIT\r\n' | yubin-pop3d >/dev/null 2>&1
	for format in %08Xu%08Xv %f UID%u-%v; do
		uidls $format >>"$BATS_TEST_TMPDIR/after"
	done
	diff "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/after"
	printf 'DELE 1\r\nQUIT\r\n' | yubin-pop3d >/dev/null 2>&1
	[ "$(uidls)" = 0000000c499602d2 ]
}

@test "P in dovecot-uidlist goes first; empty it means the file name (Dovecot)" {
	sed -i -e 's/^4 :/4 Pold-server:77 :/' -e 's/^12 :/12 S4 P :/' \
	    "$MAILDIR/dovecot-uidlist"
	local want=$'old-server:77\n101.M1P3.host'
	[ "$(uidls)" = "$want" ]
	[ "$(uidls UID%u-%v)" = "$want" ]
	# It stays when others write to the list, and when it is written anew.
	for i in {100..199}; do
		printf 'x\n' >"$MAILDIR/new/2$i.M1P1.host"
	done
	[ "$(uidls | head -n 2)" = "$want" ]
	[ "$(wc -l <"$MAILDIR/dovecot-uidlist")" -gt 100 ]
	rm "$MAILDIR"/*/2*
	printf 'x\n' >"$MAILDIR/new/3000.M1P1.host"
	[ "$(uidls | head -n 2)" = "$want" ]
	[ "$(wc -l <"$MAILDIR/dovecot-uidlist")" -lt 10 ]
	grep -q '^12 S4 P :' "$MAILDIR/dovecot-uidlist"
}

@test "names of more than 70 octets: as the server before has sent them" {
	local long
	long=400.M1P2.$(printf '%080d' 7).host
	printf 'x\n' >"$MAILDIR/new/$long"
	printf '%s\n' "20 Pq$long :$long" >>"$MAILDIR/dovecot-uidlist"
	uidls | grep -qx "q$long"
	sed -i 's/^20 P[^ ]*/20 P/' "$MAILDIR/dovecot-uidlist"
	rm "$MAILDIR/yubin-index"
	uidls | grep -qx "$long"
	sed -i 's/^20 P /20 /' "$MAILDIR/dovecot-uidlist"
	rm "$MAILDIR/yubin-index"
	uidls %f | grep -qx "$long"
}

@test "a blank in a file name is no blank in a unique-id" {
	printf 'x\n' >"$MAILDIR/new/500 é.host"
	uidls %f | grep -qx '500+20+C3+A9.host'
}

@test "a format that is none: [SYS/TEMP] and a word in the log" {
	for format in %v %08 '%u %v' %m; do
		POP3_UIDL=$format dialog yubin-pop3d <<-'E'
		S: -ERR [SYS/TEMP]*
		S.
		E: 111
		E
	done
	grep -q POP3_UIDL "$BATS_TEST_TMPDIR/log"
}
