#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# imap-login -w and pop3-login -w under tlsserver -w: one parent, a network side
# and a monitor for each connection.
load ../helper

setup() {
	new_root
	export TLS_USER=65534:65534
	self_signed "$YUBIN_ROOT/tls"
	cd "$BATS_TEST_TMPDIR"
	# A copy that the tests may replace, and a session that tells all.
	mkdir bin
	cp "$BIN"/yubin-{imap,pop3}-login bin/
	cat >bin/session <<-'SH'
		#!/bin/sh
		fds=$(ls /proc/self/fd | paste -sd' ') # 3 is the folder
		printf '%s OK %s\r\n' "$IMAPLOGINTAG" \
		    "$USER $TCPREMOTEIP $SSL_PROTOCOL$SSLCTLFD$TLSWAIT($fds)"
		[ -z "$CLIENT_INPUT" ] || exit 0 # the client has said more
		while read -r line; do
			case $line in
			pid*) echo $$ ;;
			*) exit ;;
			esac
		done
	SH
	chmod 755 bin/session "$BATS_RUN_TMPDIR" . bin 2>/dev/null || :
	export PATH=$PWD/bin:$PATH
}

teardown() {
	exec 5>&- 6>&-
	stop_all
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 20 log
}

# serve MODE OPTIONS…: sets $PORT.
serve() {
	local mode=$1
	shift
	start yubin-tlsserver -w -t "$mode" "$@" -p port 127.0.0.1 0 \
	    yubin-imap-login -w yubin-checkpw "$PWD/bin/session"
	wait_for test -s port
	PORT=$(awk '{ print $2 }' port)
}

workers() {
	sed -n 's/.*ev=worker pid=//p' log
}

# children N: the newest worker has that many.
children() {
	[ "$(wc -w <"/proc/$(workers | tail -n 1)/task/$(workers |
	    tail -n 1)/children")" -eq "$1" ]
}

# hello: a connection on descriptor 5, up to the greeting.
hello() {
	exec 5<>"/dev/tcp/127.0.0.1/$PORT"
	hear '* OK'
}

hear() {
	local line
	read -r -t 10 -u 5 line
	[[ $line == "$1"* ]] || { echo "not $1: $line"; return 1; }
}

login() {
	hello
	echo $'a LOGIN ann@example.test secret\r' >&5
	hear 'a OK ann@example.test 127.0.0.1'
}

# tls ARGS…: an IMAP client over TLS that logs in.
tls() {
	printf 'a LOGIN ann@example.test secret\r\nend\r\n' |
	    timeout 15 openssl s_client -quiet -ign_eof \
	    -connect "127.0.0.1:$PORT" "$@" 2>client
}

# side: the worker's only child, on descriptor 5 a connection.
side() {
	tr -d ' ' <"/proc/$(workers)/task/$(workers)/children"
}

@test "in clear: one worker, and nothing of other connections" {
	serve plain
	hello
	exec 6<&5
	hello
	echo $'a LOGIN ann@example.test secret\r' >&5
	# The fourth tells tlsserver of the end.
	hear 'a OK ann@example.test 127.0.0.1 (0 1 2 3 4)'
	echo end >&5
	run ! read -r -t 10 -u 5
	exec 5>&- 6>&-
	wait_for children 0
	[ "$(workers | wc -l)" -eq 1 ]
}

@test "TLS from the start: variables reach the session, and only those" {
	serve tls
	[[ "$(tls)" == *"a OK ann@example.test 127.0.0.1 TLSv1.3(0 1 2 3)"* ]]
	[[ "$(tls -tls1_2)" == *" TLSv1.2("* ]]
	grep -q 'ev=session .*tls=yes' log
	[ "$(workers | wc -l)" -eq 1 ]
	wait_for children 0
}

@test "a failed handshake is no business of the worker's" {
	serve tls
	exec 5<>"/dev/tcp/127.0.0.1/$PORT"
	wait_for grep ev=worker log
	children 0 # nobody waits for the hands to be shaken
	echo 'this is no TLS' >&5
	wait_for grep ev=tls-failed log
	wait_for grep ev=close log
	children 0
	[[ "$(tls)" == *"a OK "* ]]
}

@test "TLS on demand: STARTTLS, then login" {
	serve starttls
	export CLEARTEXT_LOGIN=0
	[[ "$(tls -starttls imap)" == *"a OK ann@example.test 127.0.0.1 TLSv1.3(0 1 2 3)"* ]]
	login # this worker takes passwords in clear
	echo end >&5
	run ! read -r -t 10 -u 5
	wait_for children 0
	closed() { [ "$(grep -c ev=close log)" -eq 2 ]; }
	wait_for closed
}

@test "a session outlives its worker, and the next connection starts another" {
	serve plain
	login
	kill "$(workers)"
	wait_for test ! -e "/proc/$(workers)"
	echo pid >&5
	hear ""
	exec 6<&5
	login
	[ "$(workers | wc -l)" -eq 2 ]
	echo end >&6
	run ! read -r -t 10 -u 6
}

another_worker() {
	login
	[ "$(workers | wc -l)" -eq 2 ]
}

@test "an update of the program takes the next connection" {
	serve plain
	hello
	exec 6<&5
	cp bin/yubin-imap-login new
	mv new bin/yubin-imap-login
	wait_for another_worker # tlsserver looks once a second
	# The old one serves its connection to the end.
	echo $'a LOGIN ann@example.test secret\r' >&6
	read -r -t 10 -u 6
	[[ $REPLY == 'a OK '* ]]
	exec 6>&-
	wait_for test ! -e "/proc/$(workers | head -n 1)"
}

@test "who was killed by a signal gets no second try with the same layout" {
	serve plain
	hello
	kill -ABRT "$(side)"
	run ! read -r -t 10 -u 5
	wait_for grep ev=retired log
	login
	[ "$(workers | wc -l)" -eq 2 ]
}

@test "failures are counted for the true source" {
	export LOGIN_DELAY=1
	serve tls
	printf 'a LOGIN ann@example.test wrong\r\nb LOGOUT\r\n' |
	    timeout 15 openssl s_client -quiet -ign_eof \
	    -connect "127.0.0.1:$PORT" >out 2>/dev/null
	grep -q '^a NO \[AUTHENTICATIONFAILED\]' out
	[ -s "$YUBIN_ROOT/penalty/from-127.0.0.1" ]
	[ -s "$YUBIN_ROOT/penalty/user-ann@example.test" ]
}

@test "a session counts as a client until its end, also when stopping" {
	serve plain -b '* BYE full' -c 1
	login
	exec 6<&5 5<>"/dev/tcp/127.0.0.1/$PORT"
	hear '* BYE full'
	kill "${STARTED[0]}"
	wait_for grep ev=stopping log
	wait_for test ! -e "/proc/$(workers)"
	kill -0 "${STARTED[0]}"
	echo end >&6
	wait_for grep ev=stopped log
}

@test "LOGIN_TIMEOUT and a client that goes leave nobody" {
	export LOGIN_TIMEOUT=1
	serve plain
	hello
	wait_for children 1
	hear '* BYE'
	wait_for children 0
	hello
	exec 5>&-
	wait_for children 0
}

@test "POP3, too" {
	start yubin-tlsserver -w -t tls -p port 127.0.0.1 0 \
	    yubin-pop3-login -w yubin-checkpw yubin-pop3d
	wait_for test -s port
	PORT=$(awk '{ print $2 }' port)
	printf 'USER ann@example.test\r\nPASS secret\r\nSTAT\r\nQUIT\r\n' |
	    timeout 15 openssl s_client -quiet -ign_eof \
	    -connect "127.0.0.1:$PORT" >out 2>/dev/null
	[ "$(grep -c '^+OK' out)" -eq 5 ]
}

@test "privileges: TLS, the network side and the session are three users" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	export LOGIN_USER=64001:64001 TLS_USER=64003:64003
	chmod 711 "$YUBIN_ROOT" "$YUBIN_ROOT/mail" "$YUBIN_ROOT/mail/example.test"
	sed -i 's/^ann:\([^:]*\):[^:]*:[^:]*:/ann:\1:64010:64010:/' \
	    "$YUBIN_ROOT/domains/example.test/users"
	chown -R 64010:64010 "$YUBIN_ROOT/mail/example.test/ann"
	serve plain -U
	hello
	local pid
	grep -q '^Uid:.64001.64001.64001.64001' "/proc/$(side)/status"
	grep -q '^Uid:.0.0.0.0' "/proc/$(workers)/status"
	[[ $BUILD == *asan* ]] || grep -q '^Seccomp:.2' "/proc/$(side)/status"
	echo $'a LOGIN ann@example.test secret\r' >&5
	hear 'a OK '
	echo pid >&5
	read -r -t 10 -u 5 pid
	grep -q '^Uid:.64010.64010.64010.64010' "/proc/$pid/status"
}
