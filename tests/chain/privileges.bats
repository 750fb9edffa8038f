#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Started by root, each process has the rights it needs and no more.
load ../helper
load servers

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	new_root
	export LOGIN_DELAY=0 LOGIN_USER=64001:64001 SMTP_USER=64002:64002
	export TLS_USER=64003:64003
	DIR=$BATS_TEST_TMPDIR
	# Wherever the checkout lies, other users must reach the programs.
	mkdir "$DIR/bin"
	cp "$BIN"/* "$DIR/bin"
	export PATH="$DIR/bin:$PATH"
	chmod 755 "$BATS_RUN_TMPDIR" "${BATS_FILE_TMPDIR%/*}" "$DIR" 2>/dev/null || :
	chmod 711 "$YUBIN_ROOT" "$YUBIN_ROOT/mail" "$YUBIN_ROOT/mail/example.test"
	sed -i 's/^ann:\([^:]*\):[^:]*:[^:]*:/ann:\1:64010:64010:/' \
	    "$YUBIN_ROOT/domains/example.test/users"
	chown -R 64010:64010 "$YUBIN_ROOT/mail/example.test/ann"
	chgrp -R 64002 "$YUBIN_ROOT/queue"
	find "$YUBIN_ROOT/queue" -type d -exec chmod 2770 {} +
	self_signed "$YUBIN_ROOT/tls"
	chmod 600 "$YUBIN_ROOT/tls/key.pem"
}

teardown() {
	[ ! -e "$DIR/pids" ] || kill $(cat "$DIR/pids") 2>/dev/null || :
	[ ! -e "$DIR/pids" ] || kill $(cat "$DIR/pids") 2>/dev/null || :
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 25 "$BATS_TEST_TMPDIR/log"
}

# cat_uids PROGRAM: the real uids of all processes of our copy of it, sorted.  No
# process is started for each that there is on this machine.
cat_uids() {
	local p key uid rest
	for p in /proc/[0-9]*; do
		[ "$p/exe" -ef "$DIR/bin/yubin-$1" ] || continue
		while read -r key uid rest; do
			[ "$key" != Uid: ] || echo "$uid"
		done <"$p/status"
	done 2>/dev/null | sort -n | paste -sd' '
}

@test "IMAP: TLS, the network side and the session are three users" {
	serve IMAPS tls -U yubin-imap-login yubin-checkpw yubin-imapd
	coproc CLIENT { openssl s_client -quiet -crlf \
	    -connect "127.0.0.1:$IMAPS" 2>/dev/null; }
	local line in
	exec {in}<&"${CLIENT[0]}" # bash closes it when the client has ended
	read -r -t 10 -u "$in" line
	[[ $line == "* OK "* ]]
	# The listener, the relay; the monitor, the child that speaks.
	[ "$(cat_uids tlsserver)" = "0 64003" ]
	[ "$(cat_uids imap-login)" = "0 64001" ]
	echo 'a LOGIN ann@example.test secret' >&"${CLIENT[1]}"
	read -r -t 10 -u "$in" line
	[[ $line == "a OK "* ]]
	[ "$(cat_uids imapd)" = 64010 ]
	[ "$(cat_uids imap-login)" = "" ]
	echo 'b LOGOUT' >&"${CLIENT[1]}"
	read -r -t 10 -u "$in" line
	[[ $line == "* BYE"* ]]
	wait "$CLIENT_PID" || :
}

@test "SMTP: the side that speaks is its own user and can write the queue" {
	serve SMTP starttls -U yubin-smtpd
	dialog -c "127.0.0.1:$SMTP" <<-'X'
		S: 220 *
		C: EHLO me
		S* 250 *
		C: MAIL FROM:<x@elsewhere.test>
		S: 250 *
		C: RCPT TO:<ann@example.test>
		S: 250 *
		C: DATA
		S: 354 *
		C: Subject: as-user
		C:
		C: hello
		C: .
		S: 250 2.0.0 Ok *
		C: QUIT
		S: 221 *
	X
	[ "$(find "$YUBIN_ROOT/queue/new" -type f -uid 64002 | wc -l)" -eq 1 ]
	yubin-queue-runner --once 2>>"$DIR/log"
	local f
	f=$(find "$YUBIN_ROOT/mail/example.test/ann/new" -type f)
	[ "$(stat -c %u "$f")" = 64010 ]
	[ -z "$(find "$YUBIN_ROOT/queue/new" -type f)" ]
}

@test "the runner is its own user; its starter and local deliveries are root" {
	export QUEUE_USER=64005:64002 REMOTE_USER=64006:64006
	chgrp 64002 "$YUBIN_ROOT/domains"
	find "$YUBIN_ROOT/queue" -exec chown 64005 {} +
	yubin-queue-runner 2>>"$DIR/log" 3>&- &
	local runner=$!
	echo "$runner" >>"$DIR/pids"
	printf 'Subject: here\n\nx\n' | yubin-inject -f x@elsewhere.test \
	    ann@example.test far@[127.0.0.1]
	wait_for grep -rq here "$YUBIN_ROOT/mail/example.test/ann/new"
	# The runner, its syncer; the starter.  The worker; ann's hand.
	[ "$(cat_uids queue-runner)" = "0 64005 64005" ]
	[ "$(cat_uids deliver-local)" = "0 64010" ]
	wait_for grep -q 'ev=failed' "$DIR/log"
	run ! grep -q 'ev=privileges' "$DIR/log"
	# A worker that dies is missed; the next one is started by the same.
	local worker
	worker=$(pgrep -o -P "$(pgrep -o -P "$runner")" -f deliver-local)
	kill -9 "$worker"
	printf 'Subject: again\n\nx\n' | yubin-inject ann@example.test
	wait_for grep -rq again "$YUBIN_ROOT/mail/example.test/ann/new"
	kill "$runner"
	wait "$runner"
	[ -e "$YUBIN_ROOT/queue/clean" ]
	[ "$(cat_uids queue-runner)$(cat_uids deliver-local)" = "" ]
}

@test "without its user, or one that cannot work, the runner says so and works" {
	local user
	for user in no-such-user 64007:64007; do
		: >"$DIR/log"
		printf 'Subject: %s\n\nx\n' $user | yubin-inject ann@example.test
		QUEUE_USER=$user yubin-queue-runner --once 2>>"$DIR/log"
		grep -rq "$user" "$YUBIN_ROOT/mail/example.test/ann/new"
		grep -q 'ev=privileges .*QUEUE_USER' "$DIR/log"
	done
}

@test "queue-runner started by root makes no queue of root's: it says who does" {
	mv "$YUBIN_ROOT/queue" "$YUBIN_ROOT/away"
	export QUEUE_USER=64005:64002
	run -111 yubin-queue-runner --once
	[[ $output == *"ev=fatal"*"yubin init"*"queue/new/f"* ]]
	[ ! -e "$YUBIN_ROOT/queue" ]
	# Where it is to be mounted.
	mkdir "$YUBIN_ROOT/queue"
	run -111 yubin-queue-runner --once
	[ -z "$(ls "$YUBIN_ROOT/queue")" ]
	rmdir "$YUBIN_ROOT/queue"
	mv "$YUBIN_ROOT/away" "$YUBIN_ROOT/queue"
	chmod 711 "$YUBIN_ROOT/domains"
	chown -R 64005:64002 "$YUBIN_ROOT/queue" "$YUBIN_ROOT/domains"
	run -0 yubin-queue-runner --once
	# Nobody is there to give it to: an empty root will do.
	QUEUE_USER=no-such-user YUBIN_ROOT=$DIR/empty run -0 \
	    yubin-queue-runner --once
	[ -d "$DIR/empty/queue/new/f" ]
}

@test "a session of one user cannot read another's Maildir" {
	chmod 700 "$YUBIN_ROOT/mail/example.test/bob"
	serve IMAP plain -U yubin-imap-login yubin-checkpw yubin-imapd
	dialog -c "127.0.0.1:$IMAP" <<-'X'
		S: * OK *
		C: a LOGIN ann@example.test secret
		S: a OK *
		C: b SELECT "../bob"
		S: b NO *
		C: c LIST "" "../%"
		S: c *
		C: d LOGOUT
		S* d OK*
	X
}
