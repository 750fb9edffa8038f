#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Root with users of its own for the programs: what they reach, what yubin
# check says when they do not, and root using a Maildir by hand.
load ../helper

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	export SMTP_USER=64002:64002 MAIL_USER=64004:64004
	export LOGIN_USER=64001:64001 TLS_USER=64003:64003
	export REMOTE_USER=64005:64005 QUEUE_USER=64006:64002
	new_root
	chown -R 64004:64004 "$YUBIN_ROOT/mail"
	chown -R 64006:64002 "$YUBIN_ROOT/queue"
	find "$YUBIN_ROOT/queue" -type d -exec chmod 2770 {} +
	chgrp 64002 "$YUBIN_ROOT/domains"
	echo '* -' >"$YUBIN_ROOT/routes"
	yubin cert
	# All above the root, so that its own mode decides.
	local d=$YUBIN_ROOT
	while d=${d%/*}; [ -n "$d" ] && [ "$d" != /tmp ]; do
		chmod o+x "$d"
	done
}

# What yubin check finds, but for the tests' cheap passwords.
findings() {
	yubin check | grep -v 'stored as clear text' || true
}

@test "check: the users reach their folders" {
	[ -z "$(findings)" ]
}

@test "check: a user outside the queue's group, a closed folder above" {
	SMTP_USER=64009:64009 run -100 yubin check
	[[ $output == *"64009:64009 (SMTP_USER) cannot write to "*/queue/tmp:* ]]
	chmod 600 "$YUBIN_ROOT/routes"
	run -100 yubin check
	[[ $output == *"(REMOTE_USER) cannot read "*/routes:* ]]
	chmod 700 "$YUBIN_ROOT"
	run -100 yubin check
	[[ $output == *"64004:64004 (MAIL_USER) cannot enter "*/mail:* ]]
	[[ $output == *"64002:64002 (SMTP_USER) cannot write to "* ]]
}

@test "check: the runner cannot list the domains" {
	chgrp 0 "$YUBIN_ROOT/domains"
	run -100 yubin check
	[[ $output == *"64006:64002 (QUEUE_USER) cannot list "*/domains:* ]]
}

@test "check: slots that only root can use" {
	yubin-queue-runner --once 2>>"$BATS_TEST_TMPDIR/log"
	[ -z "$(findings)" ]
	chgrp 0 "$YUBIN_ROOT"/queue/slot/0*
	run -100 yubin check
	[[ $output == *"(SMTP_USER) cannot read and write "*/slot/0000:* ]]
}

@test "check: a Maildir that belongs to somebody else" {
	chown 64007 "$YUBIN_ROOT/mail/example.test/ann"
	run -100 yubin check
	[[ $output == *"/ann belongs to uid 64007, but ann's mail to 64004"* ]]
}

@test "password hashes are for root alone" {
	local f
	for f in domains/example.test domains/example.test/users; do
		[ "$(stat -c %u:%g "$YUBIN_ROOT/$f")" = 0:0 ]
		[[ $(stat -c %A "$YUBIN_ROOT/$f") == *--- ]]
	done
	# The runner may list the domains, and what is made there is root's.
	[ "$(stat -c %A "$YUBIN_ROOT/domains")" = drwxr-x--- ]
}

@test "delivery does not need the folders above to be open to the owner" {
	chmod 700 "$YUBIN_ROOT"
	printf 'Subject: closed\n\nx\n' | yubin-inject ann@example.test
	yubin-queue-runner --once 2>>"$BATS_TEST_TMPDIR/log"
	local f
	f=$(find "$YUBIN_ROOT/mail/example.test/ann/new" -type f)
	[ "$(stat -c %u:%g "$f")" = 64004:64004 ]
}

@test "imapd and pop3d by hand: nothing in the Maildir becomes root's" {
	chmod 700 "$YUBIN_ROOT"
	printf 'Subject: closed\n\nx\n' | yubin-inject ann@example.test
	yubin-queue-runner --once 2>>"$BATS_TEST_TMPDIR/log"
	export MAILDIR=$YUBIN_ROOT/mail/example.test/ann
	printf 'a SELECT INBOX\r\nb FETCH 1 BODY[]\r\nc LOGOUT\r\n' |
	    yubin-imapd 2>>"$BATS_TEST_TMPDIR/log" | grep '^Subject: closed'
	printf 'STAT\r\nQUIT\r\n' | yubin-pop3d 2>>"$BATS_TEST_TMPDIR/log" |
	    grep '^+OK 1 '
	[ -e "$MAILDIR/dovecot-uidlist" ]
	[ -z "$(find "$MAILDIR" ! -user 64004)" ]
}
