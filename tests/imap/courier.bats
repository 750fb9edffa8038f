#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A Maildir that Debian's Courier has had: the same UIDs, UIDVALIDITY, keywords,
# subscriptions and POP3 unique-ids from us.
load ../helper
load common

LAYER=$TESTS/../build/peers/courier-imap+courier-pop

setup_file() {
	"$TESTS/../tools/peers" courier-imap+courier-pop >/dev/null 2>&1 || {
		echo "Courier cannot be fetched from the Debian archive" \
		    >"$BATS_FILE_TMPDIR/skip"
		return
	}
	# It asks gamin what has changed, and would wait seconds for its server
	# in each session.
	export GAM_CLIENT_ID=yubin-$$
	find_courier
	[ ! -x "$USR/libexec/gam_server" ] ||
	    LD_LIBRARY_PATH=$LIBS BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR start \
	        "$USR/libexec/gam_server" --notimeout "$GAM_CLIENT_ID"
}

teardown_file() {
	stop_all
}

# As it is unpacked, or as it is installed.
find_courier() {
	USR=$(cd "$LAYER/usr" && pwd)
	[ -x "$USR/bin/imapd" ] || USR=/usr
	LIBS=$USR/lib:$USR/lib/$(gcc -print-multiarch)
}

need_courier() {
	[ ! -e "$BATS_FILE_TMPDIR/skip" ] || skip "$(cat "$BATS_FILE_TMPDIR/skip")"
	find_courier
}

# A message under a name that no message had before.
deliver() {
	local name
	name=1700000000.M$(date +%s%N)P1.host
	cat >"$MAILDIR/tmp/$name"
	mv "$MAILDIR/tmp/$name" "$MAILDIR/new/$name"
}

courier_env() {
	LD_LIBRARY_PATH="$LIBS" AUTHENTICATED=ann TCPREMOTEIP=127.0.0.1 \
	    IMAP_KEYWORDS=1 IMAP_ACL=1 IMAP_CAPABILITY="IMAP4rev1 UIDPLUS" \
	    HOME="$BATS_TEST_TMPDIR" "$@" 2>>"$BATS_TEST_TMPDIR/log"
}

courier() {
	courier_env "$@" "$MAILDIR"
}

# courier_imap LINE…: a session; the lines get tags.
courier_imap() {
	local i=0 line
	for line; do printf 'a%d %s\r\n' $((++i)) "$line"; done |
	    courier "$USR/bin/imapd" >>"$BATS_TEST_TMPDIR/courier"
}

courier_state() {
	courier_env python3 "$TESTS/imap/state.py" INBOX. "$USR/bin/imapd" \
	    "$MAILDIR"
}

yubin_state() {
	python3 "$TESTS/imap/state.py" "" yubin-imapd \
	    2>>"$BATS_TEST_TMPDIR/log"
}

# uidls COMMAND…: the answer of a POP3 server to UIDL.
uidls() {
	printf 'UIDL\r\nQUIT\r\n' | "$@" | grep -E '^[0-9]+ '
}

# A Maildir with something of everything, by Courier itself.
courier_fill() {
	mails 4
	courier_imap 'CREATE INBOX.Work' 'CREATE INBOX.Work.2024' \
	    'CREATE INBOX.Work.&kE1Pew-' 'SUBSCRIBE INBOX.Work.2024' \
	    'SUBSCRIBE INBOX' 'SUBSCRIBE INBOX.Work.&kE1Pew-' 'SELECT INBOX' \
	    'STORE 1 +FLAGS (\Seen $Forwarded work)' \
	    'STORE 2 +FLAGS (work later)' 'COPY 1:3 INBOX.Work' \
	    'STORE 3 +FLAGS (\Deleted)' 'EXPUNGE' 'LOGOUT'
	uidls courier "$USR/lib/courier/courier/courierpop3d" >/dev/null
	mails 2
	# The second time older keywords go into :list, and some are changed.
	courier_imap 'SELECT INBOX' 'STORE 2 FLAGS (\Flagged)' \
	    'STORE 4:5 +FLAGS ($Junk)' 'SELECT INBOX.Work' \
	    'STORE 2 +FLAGS (\Answered work)' 'SELECT INBOX' 'LOGOUT'
	uidls courier "$USR/lib/courier/courier/courierpop3d" >/dev/null
	courier_state >before
	grep -q '^Work UID .*work' before
	grep -q '^INBOX UID .*Junk' before
}

@test "opened: UIDs, UIDVALIDITY, flags, keywords and subscriptions stay" {
	need_courier
	cd "$BATS_TEST_TMPDIR"
	courier_fill
	yubin_state >after
	diff before after
	[ "$(find "$MAILDIR" -name 'courierimapuiddb.old' | wc -l)" -eq 4 ]
	yubin_state >again
	diff before again
}

@test "opened by POP3: the unique-ids stay" {
	need_courier
	cd "$BATS_TEST_TMPDIR"
	courier_fill
	uidls courier "$USR/lib/courier/courier/courierpop3d" >before
	grep -q '^5 UID' before
	uidls yubin-pop3d >after
	diff before after
	mails 1
	uidls yubin-pop3d >after
	diff before <(head -n 5 after)
	[ "$(wc -l <after)" -eq 6 ]
}

@test "Courier used by POP3 only: the unique-ids stay" {
	need_courier
	cd "$BATS_TEST_TMPDIR"
	mails 3
	uidls courier "$USR/lib/courier/courier/courierpop3d" >before
	grep -q '^3 UID' before
	[ ! -e "$MAILDIR/courierimapuiddb" ]
	uidls yubin-pop3d >after
	diff before after
}

@test "a message after the conversion gets the next UID" {
	need_courier
	cd "$BATS_TEST_TMPDIR"
	courier_fill
	mails 1
	yubin_state >after

	[ "$(grep -c '^INBOX UID ' after)" -eq 6 ]
	local last
	last=$(grep '^INBOX UID ' before | tail -n 1 | cut -d ' ' -f 3)
	grep -q "^INBOX UID $((last + 1))\$" after
}

@test "lost lists are not replaced by Courier's old one" {
	need_courier
	cd "$BATS_TEST_TMPDIR"
	courier_fill
	yubin_state >after
	mails 1
	rm "$MAILDIR/dovecot-uidlist"
	yubin_state >after
	[ "$(grep '^INBOX UIDVALIDITY' before)" != \
	    "$(grep '^INBOX UIDVALIDITY' after)" ]
	grep -q '^INBOX UID [0-9]*$' after
}

@test "qmail-pop3d kept no state: file names stay the unique-ids" {
	mails 2
	local one two
	one=$(cd "$MAILDIR/new" && echo * | cut -d ' ' -f 1)
	two=$(cd "$MAILDIR/new" && echo * | cut -d ' ' -f 2)
	mv "$MAILDIR/new/$one" "$MAILDIR/cur/$one:2,"
	# Whatever else is opened first.
	mkdir -p "$MAILDIR/.Sent"/{cur,new,tmp}
	printf 'a SELECT Sent\r\nb LOGOUT\r\n' | yubin-imapd >/dev/null 2>&1
	printf '1 %s\r\n2 %s\r\n' "$one" "$two" >"$BATS_TEST_TMPDIR/before"
	cd "$BATS_TEST_TMPDIR"
	uidls yubin-pop3d | diff before -
	mails 1
	uidls yubin-pop3d >after
	head -n 2 after | diff before -
	grep '^3 ' after
	run ! grep '^3 .*host' after
}

@test "nobody had it before: unique-ids are ours" {
	mails 2
	cd "$BATS_TEST_TMPDIR"
	uidls yubin-pop3d >after
	grep -Eq $'^1 00000001[0-9a-f]{8}\r$' after
}

@test "touched first by APPEND, or asked for its id: the same" {
	need_courier
	cd "$BATS_TEST_TMPDIR"
	courier_fill
	printf 'a APPEND Work {14+}\r\nSubject: x\r\n\r\n\r\nb STATUS INBOX (MAILBOXID)\r\nc LOGOUT\r\n' |
	    yubin-imapd >out 2>/dev/null
	grep -q '^a OK .APPENDUID [0-9]* 4' out
	grep -q MAILBOXID out
	yubin_state >after
	grep -qx 'Work UID 4' after
	grep -vx 'Work UID 4' after | diff before -
}

# Each step of a conversion may be the last before a crash.
@test "a conversion cut off is done once more, to the same end" {
	need_courier
	cd "$BATS_TEST_TMPDIR"
	courier_fill
	yubin_state >after
	# The keywords are in names, the list is not there yet.
	rm "$MAILDIR/dovecot-uidlist"
	mv "$MAILDIR/courierimapuiddb.old" "$MAILDIR/courierimapuiddb"
	yubin_state >after
	diff before after
	# The list is there, Courier's has not been renamed.
	mv "$MAILDIR/courierimapuiddb.old" "$MAILDIR/courierimapuiddb"
	yubin_state >after
	diff before after
	chmod 700 "$MAILDIR"
	run -0 yubin maildir check "$MAILDIR"
	[[ $output == *"courierimapuiddb: is not used"* ]]
}

@test "killed at each rename of the conversion: done at the next opening" {
	need_courier
	cd "$BATS_TEST_TMPDIR"
	courier_fill
	sed '/^subscribed/d' before | grep '^INBOX' >want
	cp -a "$MAILDIR" kept
	local i
	for i in {1..20}; do
		rm -rf "$MAILDIR"
		cp -a kept "$MAILDIR"
		printf 'a SELECT INBOX\r\n' >in
		faults -o report kill "imapd:renameat:$i" yubin-imapd <in \
		    >out 2>/dev/null || true
		yubin_state | grep '^INBOX' | diff want -
		[ -s report ] || break
	done
	[ "$i" -gt 4 ]
	[ "$i" -lt 20 ]
}

@test "import courier: says what it does, does it, and finds nothing the second time" {
	need_courier
	cd "$BATS_TEST_TMPDIR"
	courier_fill
	echo '#shared.team' >>"$MAILDIR/courierimapsubscribed"
	mkdir "$MAILDIR/shared-folders" "$MAILDIR/.odd"
	(cd "$MAILDIR" && find . | sort) >files
	run -0 yubin import -n courier "$MAILDIR"
	echo "$output"
	local v
	v=$(sed -n 's/^INBOX UIDVALIDITY //p' before)
	[[ $output == *"is a Maildir of Courier: 4 folders (nothing is changed)"* ]]
	[[ $output == *"INBOX: UIDVALIDITY $v and 5 UIDs are kept, keywords of 3 messages, 5 POP3 unique-ids"* ]]
	[[ $output == *"Work: UIDVALIDITY "*" and 3 UIDs are kept, keywords of 2 messages"* ]]
	[[ $output == *"subscriptions: 3 are kept"* ]]
	[[ $output == *"left: #shared.team: no folder of this Maildir"* ]]
	[[ $output == *"left: shared-folders: other people"* ]]
	[[ $output == *"left: .odd: no folder"* ]]
	(cd "$MAILDIR" && find . | sort) | diff files -
	local said=$output
	run -0 yubin import courier "$MAILDIR"
	[ "${said/ (nothing is changed)/}" = "$output" ]
	grep -qx 'Work.2024' "$MAILDIR/subscriptions"
	[ "$(find "$MAILDIR" -name dovecot-uidlist | wc -l)" -eq 4 ]
	yubin_state | diff before -
	run -0 yubin import courier "$MAILDIR"
	[[ $output == *"INBOX: has UIDVALIDITY $v and 5 UIDs; nothing to convert"* ]]
	[[ $output == *"subscriptions: there are some; nothing to convert"* ]]
	yubin_state | diff before -
}

@test "import courier while a session of ours is open" {
	need_courier
	cd "$BATS_TEST_TMPDIR"
	courier_fill
	mkfifo in
	yubin-imapd <in >out 2>/dev/null 3>&- &
	local pid=$!
	exec 7>in
	printf 'a SELECT INBOX\r\n' >&7
	wait_for grep -q '^a OK' out
	run -0 yubin import courier "$MAILDIR"
	mails 1
	printf 'b NOOP\r\nc UID FETCH 1:* FLAGS\r\nd LOGOUT\r\n' >&7
	exec 7>&-
	wait $pid
	grep -q '^\* 6 EXISTS' out
	run ! grep EXPUNGE out
	grep -v '^INBOX UID 7' <(yubin_state) | diff before -
}

@test "import: a Maildir of another kind is refused, and says of which" {
	run -100 yubin import courier "$MAILDIR"
	[[ $output == *"is a Maildir of a server that keeps nothing beside mail" ]]
	run -100 yubin import dovecot "$MAILDIR"
	run -0 yubin import qmail "$MAILDIR"
	run -100 yubin import vpopmail "$MAILDIR"
	[[ $output == *"is a Maildir of Dovecot or of ours" ]]
	run -0 yubin import dovecot "$MAILDIR"
	[[ $output == *"INBOX: has UIDVALIDITY "*"nothing to convert"* ]]
	run -100 yubin import mbox "$MAILDIR"
	run -100 yubin import courier
	: >"$MAILDIR/courierimapsubscribed"
	run -0 yubin import -n courier "$MAILDIR"
}

@test "import vpopmail: read as it is, with its unique-ids" {
	mails 2
	local one
	one=$(cd "$MAILDIR/new" && echo * | cut -d ' ' -f 1)
	mv "$MAILDIR/new/$one" "$MAILDIR/cur/$one:2,S"
	echo 1000000S,100C >"$MAILDIR/maildirsize"
	run -0 yubin import vpopmail "$MAILDIR"
	[[ $output == *"INBOX: new to IMAP: it gets a UIDVALIDITY and UIDs; POP3 unique-ids are file names"* ]]
	cd "$BATS_TEST_TMPDIR"
	uidls yubin-pop3d >after
	grep -q "^1 $one"$'\r' after
	[[ $output == *"quota: 1000000S,100C, the first line of maildirsize"* ]]
	[ "$(head -n 1 "$MAILDIR/maildirsize")" = 1000000S,100C ]
}
