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
		C: l CREATE xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
		S: l NO [CANNOT] *
		C: la CREATE "a&b"
		S: la NO [CANNOT] *
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
		S: d NO [NONEXISTENT] *
		C: e DELETE a
		S: e NO *
		C: f DELETE INBOX
		S: f NO [CANNOT] *
		C: g DELETE nothere
		S: g NO [NONEXISTENT] *
		C: h DELETE a.b
		S: h OK *
		C: i LIST "" *
		S: * LIST (*) "." INBOX
		S: i OK *
	EOS
}

@test "DELETE and CREATE of the same name: a new UIDVALIDITY (2.3.1.1)" {
	mails 2 a
	run -0 yubin-imapd < <(printf 'a STATUS a (UIDVALIDITY)\r\nb DELETE a\r\nc CREATE a\r\nd STATUS a (UIDVALIDITY)\r\n')
	mapfile -t st < <(grep '^\* STATUS' <<<"$output" | tr -d '\r')
	[ "${#st[@]}" -eq 2 ]
	local old=${st[0]//[!0-9]/} new=${st[1]//[!0-9]/}
	[ "$new" -gt "$old" ]
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
		S: c NO [ALREADYEXISTS] *
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
		S: g NO [NONEXISTENT] *
		C: h RENAME c INBOX
		S: h NO [ALREADYEXISTS] *
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

@test "RENAME into itself, onto a parent, onto a child of a taken name" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a CREATE a
		S: a OK *
		C: b CREATE a.c
		S: b OK *
		C: c RENAME a a.b
		S: c OK *
		C: d LIST "" *
		S: * LIST (*) "." INBOX
		S: * LIST (\Noselect*) "." a
		S: * LIST (*) "." a.b
		S: * LIST (*) "." a.b.c
		S: d OK *
		C: e CREATE x
		S: e OK *
		C: f RENAME x a
		S: f OK *
		C: g CREATE y.b
		S: g OK *
		C: h RENAME a y
		S: h NO [ALREADYEXISTS] *
		C: i LIST "" *
		S: * LIST (*) "." INBOX
		S: * LIST (\HasChildren) "." a
		S: * LIST (*) "." a.b
		S: * LIST (*) "." a.b.c
		S: * LIST (\Noselect*) "." y
		S: * LIST (*) "." y.b
		S: i OK *
	EOS
}

@test "RENAME that makes a child's name too long changes nothing" {
	local long=$(printf 'x%.0s' {1..150})
	imap <<-EOS
		S: * PREAUTH *
		C: a CREATE a
		S: a OK *
		C: b CREATE a.$long
		S: b OK *
		C: c RENAME a $long
		S: c NO [CANNOT] *
		C: d LIST "" *
		S: * LIST (*) "." INBOX
		S: * LIST (*) "." a
		S: * LIST (*) "." a.$long
		S: d OK *
	EOS
}

@test "RENAME keeps subscriptions as they are, and INBOX's children (6.3.5, 6.3.6)" {
	mails 1
	imap <<-'EOS'
		S: * PREAUTH *
		C: a CREATE INBOX.x
		S: a OK *
		C: b SUBSCRIBE old
		S: b OK *
		C: c CREATE old
		S: c OK *
		C: d RENAME old new
		S: d OK *
		C: e RENAME InBox was
		S: e OK *
		C: f RENAME inbox.x INBOX.y
		S: f OK *
		C: g LIST "" *
		S: * LIST (\HasChildren) "." INBOX
		S: * LIST (*) "." INBOX.y
		S: * LIST (*) "." new
		S: * LIST (*) "." was
		S: g OK *
		C: h LSUB "" *
		S: * LSUB () "." old
		S: h OK *
	EOS
}

# What a session lists, sorted: names only.
listing() {
	printf 'a LIST "" *\r\n' | yubin-imapd 2>/dev/null | tr -d '\r' |
	    sed -n 's/^\* LIST ([^)]*) "." //p' | LC_ALL=C sort | tr '\n' ' '
}

@test "RENAME with children, killed at each rename: finished at next use" {
	for i in {1..12}; do
		rm -rf "$MAILDIR"
		mkdir -p "$MAILDIR"/{cur,new,tmp}
		mails 1 a.b
		printf 'a CREATE a\r\nb CREATE a.c\r\nc CREATE z.a\r\n' |
		    yubin-imapd >/dev/null 2>&1
		faults -o "$BATS_TEST_TMPDIR/report" kill "imapd:renameat:$i" \
		    yubin-imapd < <(printf 'a RENAME a z.n\r\n') \
		    >"$BATS_TEST_TMPDIR/out" 2>/dev/null || true
		# What a client may see then: before, or after.
		local got=$(listing)
		if [ ! -s "$BATS_TEST_TMPDIR/report" ]; then
			grep -q '^a OK' "$BATS_TEST_TMPDIR/out"
			[ "$got" = "INBOX z z.a z.n z.n.b z.n.c " ]
			break
		fi
		[ "$got" = "INBOX a a.b a.c z z.a " ] ||
		    [ "$got" = "INBOX z z.a z.n z.n.b z.n.c " ]
		[ ! -e "$MAILDIR/yubin-rename" ]
		[ "$(find "$MAILDIR" -name '17*' | wc -l)" -eq 1 ]
	done
	[ "$i" -gt 4 ]
	[ "$i" -lt 12 ]
}

@test "an interrupted RENAME is finished for who opens a new name, too" {
	mails 1 a.b
	mkdir -p "$MAILDIR"/.z/{cur,new,tmp}
	printf 'a\tz\na.b\tz.b\n' >"$MAILDIR/yubin-rename"
	imap <<-'EOS'
		S: * PREAUTH *
		C: a STATUS z.b (MESSAGES)
		S: * STATUS z.b (MESSAGES 1)
		S: a OK *
	EOS
	[ ! -e "$MAILDIR/yubin-rename" ]
}

@test "a journal of RENAME that is wrong harms nothing" {
	mails 1 a
	mkdir -p "$MAILDIR"/.b/{cur,new,tmp}
	printf 'a\tb\na\n../x\ty\nc\td\na\t../../x\na\tINBOX\nINBOX\tq\n\n' \
	    >"$MAILDIR/yubin-rename"
	[ "$(listing)" = "INBOX a b " ]
	[ ! -e "$MAILDIR/yubin-rename" ]
}

@test "RENAME with children, each rename failing: all or nothing" {
	mails 1 a.b
	printf 'a CREATE a\r\nb CREATE a.c\r\n' | yubin-imapd >/dev/null 2>&1
	for i in {1..12}; do
		faults -o "$BATS_TEST_TMPDIR/report" \
		    errno "imapd:renameat:$i" EIO \
		    yubin-imapd < <(printf 'a RENAME a z\r\n') \
		    >"$BATS_TEST_TMPDIR/out" 2>/dev/null
		[ -s "$BATS_TEST_TMPDIR/report" ] || break
		# Some renames are of files that may be done without.
		if grep -q '^a OK' "$BATS_TEST_TMPDIR/out"; then
			[ "$(listing)" = "INBOX z z.b z.c " ]
			printf 'a RENAME z a\r\n' | yubin-imapd >/dev/null 2>&1
		else
			grep -q '^a NO' "$BATS_TEST_TMPDIR/out"
		fi
		[ "$(listing)" = "INBOX a a.b a.c " ]
		[ ! -e "$MAILDIR/yubin-rename" ]
	done
	[ "$i" -gt 3 ]
	[ "$i" -lt 12 ]
}

@test "CREATE and DELETE, killed at each step: the whole folder or none" {
	local call i step=1
	for call in mkdirat renameat unlinkat openat; do
		# There are many of these.
		[ $call != openat ] || step=4
		for ((i = 1; i < 90; i += step)); do
			rm -rf "$MAILDIR"
			mkdir -p "$MAILDIR"/{cur,new,tmp}
			mails 1 old
			faults -o "$BATS_TEST_TMPDIR/report" \
			    kill "imapd:$call:$i" yubin-imapd < \
			    <(printf 'a CREATE x (USE (\\Sent))\r\nb DELETE old\r\n') \
			    >/dev/null 2>&1 || true
			[ -s "$BATS_TEST_TMPDIR/report" ] || break
			case $(listing) in
			"INBOX old "|"INBOX old x "|"INBOX x ") ;;
			*) false ;;
			esac
			[ ! -d "$MAILDIR/.x" ] || {
				[ -d "$MAILDIR/.x/cur" ]
				[ -d "$MAILDIR/.x/new" ]
				[ "$(cat "$MAILDIR/.x/yubin-special-use")" = '\Sent' ]
			}
			# what is left is out of sight, and goes with the next
			printf 'a CREATE q\r\nb DELETE q\r\n' |
			    yubin-imapd >/dev/null 2>&1
			[ -z "$(find "$MAILDIR" -name '..deleted.*')" ]
		done
		[ "$i" -lt 90 ]
	done
}

# validity FOLDER
validity() {
	printf 'a STATUS %s (UIDVALIDITY)\r\n' "$1" | yubin-imapd 2>/dev/null |
	    sed -n 's/^\* STATUS .*UIDVALIDITY \([0-9]*\).*/\1/p'
}

@test "a renamed folder keeps UIDs and UIDVALIDITY; its old name gets a greater one" {
	mails 2 a
	local old
	old=$(validity a)
	printf 'a RENAME a b\r\nb CREATE a\r\n' | yubin-imapd >/dev/null
	[ "$(validity b)" = "$old" ]
	[ "$(validity a)" -gt "$old" ]
	imap <<-'EOS'
		S: * PREAUTH *
		C: a STATUS b (UIDNEXT MESSAGES)
		S: * STATUS b (MESSAGES 2 UIDNEXT 3)
		S: a OK *
	EOS
	# and one that takes the name of a deleted folder, a greater one
	old=$(validity a)
	printf 'a DELETE a\r\nb CREATE c\r\nc RENAME c a\r\n' |
	    yubin-imapd >/dev/null
	[ "$(validity a)" -gt "$old" ]
}

@test "a folder made before INBOX is opened takes nothing from INBOX's past" {
	# as qmail-pop3d leaves it: file names are unique-ids
	mails 2
	local one
	one=$(cd "$MAILDIR/new" && ls | head -n 1)
	mv "$MAILDIR/new/$one" "$MAILDIR/cur/$one:2,S"
	mails 1 other
	printf 'a CREATE x\r\nb STATUS other (MESSAGES)\r\n' |
	    yubin-imapd >/dev/null
	printf 'UIDL\r\nQUIT\r\n' | yubin-pop3d 2>/dev/null | tr -d '\r' |
	    grep -qx "1 $one"
}
