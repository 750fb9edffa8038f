# SPDX-License-Identifier: ISC
# The folder's file of digests: no answer depends on what is in it.
load ../helper
load common

# Every kind of answer that digests give, about all messages of tests/msgs.
answers() {
	printf '%s\r\n' 'a EXAMINE INBOX' 'b FETCH 1:* (UID ENVELOPE BODY)' \
	    'c FETCH 1:* (BODYSTRUCTURE RFC822.SIZE)' \
	    'd FETCH 1:* (BODY[1] BODY[1.MIME] BODY[2] BODY[2.HEADER])' \
	    'e FETCH 1:* (BODY[2.1]<3.9> BODY[HEADER.FIELDS (Subject TO x-y)])' \
	    'f FETCH 1:* (BODY[HEADER.FIELDS (DATE FROM Content-Type)])' \
	    'g FETCH 1:* (BODY[HEADER.FIELDS (List-Id)]<0.5> BODY[])' \
	    'h FETCH 1:* (BODY[HEADER.FIELDS (CC)] ENVELOPE BODYSTRUCTURE)' \
	    'i LOGOUT' | yubin-imapd 2>/dev/null
}

samples() {
	local f
	for f in "$BATS_TEST_DIRNAME"/../msgs/*.eml; do
		deliver <"$f"
	done
	printf 'a SELECT INBOX\r\nb LOGOUT\r\n' | yubin-imapd >/dev/null 2>&1
}

@test "the same answers without the file, with it, and with what is left of it" {
	samples
	cache=$MAILDIR/yubin-digests
	[ ! -e "$cache" ]
	answers >"$BATS_TEST_TMPDIR/first"
	[ "$(grep -c '^[a-i] OK' "$BATS_TEST_TMPDIR/first")" -eq 9 ]
	[ -s "$cache" ]
	answers | cmp - "$BATS_TEST_TMPDIR/first"
	size=$(stat -c %s "$cache")
	truncate -s $((size / 2)) "$cache"
	answers | cmp - "$BATS_TEST_TMPDIR/first"
	head -c "$size" /dev/urandom >"$cache"
	answers | cmp - "$BATS_TEST_TMPDIR/first"
	answers | cmp - "$BATS_TEST_TMPDIR/first"
	dd if=/dev/urandom of="$cache" bs=1 seek=$((size / 3)) count=300 \
	    conv=notrunc status=none
	answers | cmp - "$BATS_TEST_TMPDIR/first"
	rm "$cache"
	mkdir "$cache"
	answers | cmp - "$BATS_TEST_TMPDIR/first"
	rmdir "$cache"
	ln -s /etc/passwd "$cache"
	answers | cmp - "$BATS_TEST_TMPDIR/first"
}

@test "the file is read: a known digest needs no message" {
	mails 2
	printf 'a SELECT INBOX\r\nb FETCH 1:2 ENVELOPE\r\nc LOGOUT\r\n' |
	    yubin-imapd 2>/dev/null
	# What nobody does: other text, the same name.
	sed -i 's/mail 1/MAIL 1/' "$MAILDIR"/cur/*.M1P1.host*
	imap <<-'EOS'
		S: * PREAUTH *
		C: a EXAMINE INBOX
		S* a OK *
		C: b FETCH 1 BODY.PEEK[HEADER.FIELDS (SUBJECT)]
		S: * 1 FETCH (BODY[HEADER.FIELDS (SUBJECT)] {19}
		S: Subject: mail 1
		S:
		S: )
		S: b OK *
		C: c LOGOUT
		S* c OK *
	EOS
}

@test "a name that a reader changed the flags of keeps its digest" {
	mails 1
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b FETCH 1 (BODYSTRUCTURE)
		S* b OK *
		C: c STORE 1 +FLAGS.SILENT (\Answered)
		S* c OK *
		C: d FETCH 1 (BODYSTRUCTURE)
		S* d OK *
		C: e LOGOUT
		S* e OK *
	EOS
	size=$(stat -c %s "$MAILDIR/yubin-digests")
	printf 'a SELECT INBOX\r\nb FETCH 1 BODY\r\nc LOGOUT\r\n' |
	    yubin-imapd 2>/dev/null
	[ "$(stat -c %s "$MAILDIR/yubin-digests")" -eq "$size" ]
}

@test "parts of a file that another program changed are those it has now" {
	deliver <<-'EOS'
		Content-Type: multipart/mixed; boundary=b

		--b

		one
		--b

		two
		--b--
	EOS
	printf 'a SELECT INBOX\r\nb FETCH 1 BODY\r\nc LOGOUT\r\n' |
	    yubin-imapd 2>/dev/null
	sed -i 's/^one/a longer one/' "$MAILDIR"/cur/*
	imap <<-'EOS'
		S: * PREAUTH *
		C: a EXAMINE INBOX
		S* a OK *
		C: b FETCH 1 BODY[2]
		S: * 1 FETCH (BODY[2] {3}
		S: two)
		S: b OK *
		C: c LOGOUT
		S* c OK *
	EOS
}

@test "digests of messages that are gone are dropped when most are" {
	printf -v refs '<%060d@example.test> ' {1..10}
	for i in {1..60}; do
		printf 'Subject: mail %d\nReferences: %s\n\n.\n' "$i" "$refs" |
		    deliver
	done
	cache=$MAILDIR/yubin-digests
	python3 - "$MAILDIR/cur" <<-'X'
		import os, subprocess, sys
		os.chdir(sys.argv[1])
		for i in range(1, 21):
		    subprocess.run(["yubin-imapd"], stdout=subprocess.DEVNULL,
		                   input=b"a SELECT INBOX\r\nb FETCH 1:* ENVELOPE\r\n"
		                         b"c LOGOUT\r\n", stderr=subprocess.DEVNULL)
		    for name in os.listdir():
		        os.rename(name, name.split(".host")[0] + f"{i}.host:2,S")
	X
	# 1,200 were added; above 1,000 and twice what is there it is rewritten.
	[ "$(grep -ac 'Subject: mail' "$cache")" -gt 0 ]
	[ "$(grep -ao 'Subject: mail 60' "$cache" | wc -l)" -lt 4 ]
	[ -z "$(ls "$MAILDIR"/yubin-digests.new 2>/dev/null)" ]
}

# session: what is asked of three messages, without the greeting's details.
session() {
	printf 'a EXAMINE INBOX\r\nb FETCH 1:3 (ENVELOPE BODYSTRUCTURE)\r\nc LOGOUT\r\n' |
	    "$@" yubin-imapd 2>/dev/null
}

@test "any call that goes wrong costs at most an answer, and the file stays good" {
	mails 3
	session >"$BATS_TEST_TMPDIR/right"
	cache=$MAILDIR/yubin-digests
	report=$BATS_TEST_TMPDIR/report
	rm "$cache"
	session faults -o "$BATS_TEST_TMPDIR/calls" count >/dev/null
	tried=0
	while read -r name call count; do
		case $call in
		openat | fstat | newfstatat | fcntl | pread64 | pwrite64 | \
		    read | close) ;;
		*) continue ;;
		esac
		for ((n = 1; n <= count; n++)); do
			rm -f "$cache"
			session faults -o "$report" errno "$name:$call:$n" EIO \
			    >"$BATS_TEST_TMPDIR/out" || true
			[ -z "$(grep '^signal' "$report")" ]
			# What is told is right.
			[ -z "$(grep '^\* [0-9]* FETCH' "$BATS_TEST_TMPDIR/out" |
			    grep -vxFf "$BATS_TEST_TMPDIR/right")" ]
			session | cmp - "$BATS_TEST_TMPDIR/right"
			tried=$((tried + 1))
		done
	done <"$BATS_TEST_TMPDIR/calls"
	[ "$tried" -gt 30 ]
}
