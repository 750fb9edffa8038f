#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# yubin maildir check, repair, stats: what is wrong is told in plain words, and
# what can be mended safely is; mail is never removed.
load ../helper
load common

# age FILE…: as if it was three days old.
age() {
	touch -d '3 days ago' "$@"
}

# everything: names, sizes and octets of all that is below the Maildir.
everything() {
	(cd "$MAILDIR" && find . -printf '%p %m %s %T@ %A@\n' | sed 's/ [^ ]*$//' | sort &&
	    find . -type f | sort | xargs -d '\n' cat) | sha256sum
}

check() {
	run -"$1" yubin maildir check "$MAILDIR"
}

repair() {
	run -"$1" yubin maildir repair "$MAILDIR"
}

# octets: the sorted sums of all message files, aside ones too.
octets() {
	find "$MAILDIR" -type f \( -path '*/cur/*' -o -path '*/new/*' -o \
	    -path '*/..aside/*' \) -exec sha256sum {} + | cut -c -64 | sort
}

open_all() {
	printf 'a SELECT INBOX\r\nb LOGOUT\r\n' | yubin-imapd >/dev/null 2>&1
}

@test "a sound Maildir: nothing is wrong, nothing is changed" {
	chmod 700 "$MAILDIR"
	mails 3
	open_all
	mails 1
	local before
	before=$(everything)
	check 0
	[[ $output == *"nothing is wrong in 1 folders" ]]
	run -0 yubin maildir stats "$MAILDIR"
	[ "$before" = "$(everything)" ]
}

@test "usage and what is no Maildir" {
	run -100 yubin maildir
	run -100 yubin maildir mend "$MAILDIR"
	run -100 yubin maildir check --json "$MAILDIR"
	run -100 yubin maildir check "$BATS_TEST_TMPDIR"
	[[ $output == *"is no Maildir: it has no cur/" ]]
	run -100 yubin maildir check "$BATS_TEST_TMPDIR/none"
}

@test "an address names the account's Maildir" {
	new_root
	run -0 yubin maildir stats ann@example.test
	[[ $output == *Archive* ]]
	run -100 yubin maildir stats nobody@example.test
}

@test "files: names without flags, flags in new/, hidden ones" {
	chmod 700 "$MAILDIR"
	printf 'Subject: a\n\na\n' >"$MAILDIR/cur/1.a.host"
	printf 'Subject: b\n\nb\n' >"$MAILDIR/new/1.b.host:2,FS"
	printf 'x' >"$MAILDIR/cur/.hidden"
	printf 'Subject: long\n\n' >"$MAILDIR/cur/$(printf '%0252d' 1)"
	local before
	before=$(octets)
	check 100
	[[ $output == *'cur/1.a.host: lies in cur/ without ":2,"'* ]]
	[[ $output == *'new/1.b.host:2,FS: has flags and lies in new/'* ]]
	[[ $output == *'note: INBOX: cur/.hidden: is hidden'* ]]
	[[ $output == *'has a name that cannot be listed'* ]]
	repair 0
	[[ $output == *"3 of 3 faults mended" ]]
	[ -e "$MAILDIR/cur/1.a.host:2," ]
	[ -e "$MAILDIR/cur/1.b.host:2,FS" ]
	[ -e "$MAILDIR/cur/.hidden" ]
	[ "$before" = "$(octets)" ]
	check 0
	dialog yubin-imapd <<-'X'
	S: * PREAUTH *
	C: a SELECT INBOX
	S* * 3 EXISTS
	S* a OK *
	C: b LOGOUT
	S* b OK *
	X
}

@test "files: empty ones, folders and links among them" {
	chmod 700 "$MAILDIR"
	mails 1
	: >"$MAILDIR/new/2.empty.host"
	age "$MAILDIR/new/2.empty.host"
	: >"$MAILDIR/new/3.young.host"
	mkdir "$MAILDIR/cur/dir"
	ln -s /etc/passwd "$MAILDIR/cur/4.link.host:2,"
	check 100
	[[ $output == *'2.empty.host: is empty'* ]]
	[[ $output != *young* ]]
	[[ $output == *'cur/dir: is no file'* ]]
	[[ $output == *'cur/4.link.host:2,: is no file'* ]]
	repair 0
	[ "$(find "$MAILDIR/..aside" -mindepth 1 | wc -l)" -eq 3 ]
	check 0
	[[ $output == *'note: ..aside: is what repair put there'* ]]
}

@test "two files of one name: the same message, another message" {
	chmod 700 "$MAILDIR"
	printf 'Subject: a\n\na\n' >"$MAILDIR/cur/1.a.host:2,"
	printf 'Subject: a\n\na\n' >"$MAILDIR/cur/1.a.host:2,S"
	printf 'Subject: b\n\nb\n' >"$MAILDIR/cur/2.b.host:2,S"
	printf 'Subject: B\n\nb\n' >"$MAILDIR/new/2.b.host"
	local before
	before=$(octets)
	check 100
	[[ $output == *'1.a.host:2,: has the name of another, and is the same'* ]]
	[[ $output == *'2.b.host: has the name of another, and is another'* ]]
	repair 0
	[ "$before" = "$(octets)" ]
	[ -e "$MAILDIR/cur/1.a.host:2,S" ]
	[ "$(find "$MAILDIR/..aside" -type f | wc -l)" -eq 1 ]
	[ "$(find "$MAILDIR"/{new,cur} -type f | wc -l)" -eq 3 ]
	check 0
}

@test "tmp/: old leftovers, not what is written right now" {
	chmod 700 "$MAILDIR"
	echo x >"$MAILDIR/tmp/old"
	age "$MAILDIR/tmp/old"
	echo x >"$MAILDIR/tmp/young"
	check 100
	[[ $output == *'tmp/old: a delivery broke off 72 hours ago'* ]]
	[[ $output != *young* ]]
	repair 0
	[ -e "$MAILDIR/tmp/young" ]
	[ ! -e "$MAILDIR/tmp/old" ]
}

@test "dovecot-uidlist: torn, UIDs that fall, no header; UIDs that can be kept are" {
	chmod 700 "$MAILDIR"
	mails 4
	open_all
	local list=$MAILDIR/dovecot-uidlist
	printf '9 :torn' >>"$list"
	check 100
	[[ $output == *'dovecot-uidlist: the last line is torn'* ]]
	repair 0
	run ! grep torn "$list"
	[ "$(grep -c '^[1-4] :' "$list")" -eq 4 ]
	# Behind a higher one, a line with UID 2 says nothing.
	printf '2 :1.x.host\nrubbish\n' >>"$list"
	check 100
	[[ $output == *'2 lines that are none or whose UIDs do not rise'* ]]
	repair 0
	check 0
	[ "$(grep -c '^[1-4] :' "$list")" -eq 4 ]
	rm "$MAILDIR"/cur/*M1P*
	check 0
	[[ $output == *'note: INBOX: dovecot-uidlist: 1 lines of messages that are gone'* ]]
	sed -i '1s/.*/3 garbage/' "$list"
	check 100
	[[ $output == *'its first line is none'* ]]
	repair 0
	check 0
	rm "$list"
	check 0
	[[ $output == *'note: INBOX: dovecot-uidlist: there is none'* ]]
}

@test "dovecot-keywords: bad lines, letters without a keyword" {
	chmod 700 "$MAILDIR"
	echo x >"$MAILDIR/cur/1.a.host:2,Sac"
	printf '0 work\nx y\n' >"$MAILDIR/dovecot-keywords"
	open_all
	check 0
	[[ $output == *'dovecot-keywords: 1 lines that are none'* ]]
	[[ $output == *'have the letter c, which stands for no keyword'* ]]
	[[ $output != *'letter a'* ]]
}

@test "a size in the name that is not the file's" {
	chmod 700 "$MAILDIR"
	printf 'Subject: a\n\na\n' >"$MAILDIR/cur/1.a.host,S=99:2,"
	printf 'Subject: a\n\na\n' >"$MAILDIR/cur/1.b.host,S=14:2,"
	open_all
	check 0
	[[ $output == *'S=99:2,: has 14 octets, not what S= says'* ]]
	[[ $output != *S=14* ]]
}

@test "folders: inside others, without a dot, without cur/, subscribed and missing" {
	chmod 700 "$MAILDIR"
	mkdir -p "$MAILDIR"/.Work/{cur,new,.Sub/cur,deep/cur} "$MAILDIR/Fs/cur" \
	    "$MAILDIR/.nothing" "$MAILDIR/..new.x" "$MAILDIR/..deleted.y"
	printf 'Work\nGone\n' >"$MAILDIR/subscriptions"
	check 100
	[[ $output == *'.Work: has the folder ".Sub" inside'*'move it to ".Work.Sub"'* ]]
	[[ $output == *'.Work: has the folder "deep" inside'* ]]
	[[ $output == *'Fs: no client sees this folder'* ]]
	[[ $output == *'note: .nothing: is no folder'* ]]
	[[ $output == *'note: ..new.x: '* ]]
	[[ $output == *'note: ..deleted.y: '* ]]
	[[ $output == *'note: subscriptions: Gone, which is no folder'* ]]
	[[ $output == *'Work: tmp: is missing'* ]]
	[[ $output == *'Work: maildirfolder: is missing'* ]]
	repair 100
	[[ $output == *"2 of 5 faults mended" ]]
	[ -d "$MAILDIR/.Work/tmp" ]
	[ -e "$MAILDIR/.Work/maildirfolder" ]
}

@test "leftovers: locks, temporary files, a RENAME" {
	chmod 700 "$MAILDIR"
	mkdir -p "$MAILDIR/.Old"/{cur,new,tmp}
	touch "$MAILDIR/.Old/maildirfolder"
	: >"$MAILDIR/dovecot-uidlist.lock"
	: >"$MAILDIR/.dovecot-uidlist.77.tmp"
	printf 'Old\tRenamed\n' >"$MAILDIR/yubin-rename"
	age "$MAILDIR"/{dovecot-uidlist.lock,.dovecot-uidlist.77.tmp}
	: >"$MAILDIR/dovecot-keywords.lock"
	check 100
	[[ $output == *'a lock that somebody left'* ]]
	[[ $output == *'dovecot-uidlist.77.tmp: a crash left it'* ]]
	[[ $output == *'yubin-rename: a RENAME was cut off'* ]]
	[ -e "$MAILDIR/.Old" ]
	repair 0
	[ ! -e "$MAILDIR/dovecot-uidlist.lock" ]
	[ -e "$MAILDIR/dovecot-keywords.lock" ]
	[ -d "$MAILDIR/.Renamed" ]
}

@test "modes: open to everybody, a message its owner may not read" {
	chmod 755 "$MAILDIR"
	echo x >"$MAILDIR/cur/1.a.host:2,"
	chmod 0 "$MAILDIR/cur/1.a.host:2,"
	check 100
	[[ $output == *'open to everybody (mode 755)'* ]]
	[[ $output == *'its owner may not read it'* ]]
	repair 0
	[ "$(stat -c %a "$MAILDIR")" = 750 ]
	[ "$(stat -c %a "$MAILDIR/cur/1.a.host:2,")" = 600 ]
}

@test "owners: a file of somebody else is told" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	chmod 700 "$MAILDIR"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_TEST_TMPDIR"
	chown -R 8:8 "$MAILDIR"
	echo x >"$MAILDIR/cur/1.a.host:2,"
	check 100
	[[ $output == *'belongs to uid 0, the Maildir to 8: chown it, as root'* ]]
	repair 100
}

@test "repair while a session is open: its view holds" {
	chmod 700 "$MAILDIR"
	mails 2
	echo "Subject: x" >"$MAILDIR/cur/1.plain.host"
	cd "$BATS_TEST_TMPDIR"
	mkfifo in
	yubin-imapd <in >out 2>/dev/null 3>&- &
	local pid=$!
	exec 7>in
	printf 'a SELECT INBOX\r\n' >&7
	wait_for grep -q '^a OK' out
	printf '7 :torn' >>"$MAILDIR/dovecot-uidlist"
	repair 0
	printf 'b UID FETCH 1:* (UID FLAGS)\r\nc LOGOUT\r\n' >&7
	exec 7>&-
	wait $pid
	[ "$(grep -c 'FETCH (UID' out)" -eq 3 ]
	run ! grep EXPUNGE out
}

@test "stats: counts, octets, keywords, for people and as JSON" {
	mails 2
	mkdir -p "$MAILDIR/.Work"/{cur,new,tmp}
	printf 'Subject: a\n\na\n' >"$MAILDIR/.Work/cur/1.a.host:2,FSa"
	printf 'Subject: a\n\na\n' >"$MAILDIR/.Work/cur/1.b.host:2,T"
	touch -d '2001-02-03 12:00' "$MAILDIR/.Work/cur/1.a.host:2,FSa"
	touch -d '2002-02-03 12:00' "$MAILDIR/.Work/cur/1.b.host:2,T"
	echo '0 $Junk' >"$MAILDIR/.Work/dovecot-keywords"
	cd "$BATS_TEST_TMPDIR"
	yubin maildir stats "$MAILDIR" >text
	grep -Eq '^ +2 +1 +28  2001-02-03  2002-02-03  Work$' text
	grep -Eq '^ +1  with the keyword \$Junk$' text
	grep -Eq '^ +4 +3 +[0-9]+  2001-02-03  20[0-9-]+  together$' text
	yubin maildir stats --json "$MAILDIR" >json
	python3 - <<-'X'
	import json
	inbox, work = (json.loads(line) for line in open("json"))
	assert (inbox["folder"], inbox["messages"], inbox["unseen"]) == \
	    ("INBOX", 2, 2), inbox
	assert (work["folder"], work["messages"], work["unseen"],
	        work["flagged"], work["deleted"], work["octets"]) == \
	    ("Work", 2, 1, 1, 1, 28), work
	assert work["keywords"] == {"$Junk": 1}, work
	assert work["oldest"].startswith("2001-02-03T"), work
	assert work["newest"].startswith("2002-02-03T"), work
	X
}

@test "stats: keywords beyond the 26 letters, too" {
	mails 2
	for ((i = 0; i < 26; i++)); do
		echo "$i word$i"
	done >"$MAILDIR/dovecot-keywords"
	set -- "$MAILDIR"/new/*
	# Of two lines about a message the last one counts (keywords.h).
	printf '%s\n' '26 more' '27 other' "=1 ${1##*/}" "=3 ${2##*/}" \
	    "=2 ${1##*/}" '=3 gone.M1' >"$MAILDIR/yubin-keywords"
	yubin maildir stats "$MAILDIR" >"$BATS_TEST_TMPDIR/text"
	grep -Eq '^ +1  with the keyword more$' "$BATS_TEST_TMPDIR/text"
	grep -Eq '^ +2  with the keyword other$' "$BATS_TEST_TMPDIR/text"
	yubin maildir stats --json "$MAILDIR" | grep -q '"more":1,"other":2'
}
