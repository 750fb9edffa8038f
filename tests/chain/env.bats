#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# yubin-env, and telling systemd of readiness.
load ../helper

setup() {
	new_root
}

@test "yubin-env: settings of the root; the environment goes before" {
	cd "$YUBIN_ROOT/env"
	unset YUBIN_HOSTNAME LOGIN_DELAY
	echo '  mx.elsewhere.test  ' >YUBIN_HOSTNAME
	printf '7\nmore\n' >LOGIN_DELAY
	: >MAX_CLIENTS
	echo 1 >NO_SETTING
	echo 3 >LOGIN_TRIES
	LOGIN_TRIES=9 run -0 yubin-env env
	[[ $'\n'$output$'\n' == *$'\nYUBIN_HOSTNAME=mx.elsewhere.test\n'* ]]
	[[ $'\n'$output$'\n' == *$'\nLOGIN_DELAY=7\n'* ]]
	[[ $'\n'$output$'\n' == *$'\nLOGIN_TRIES=9\n'* ]]
	[[ $output != *MAX_CLIENTS* && $output != *NO_SETTING* ]]
}

@test "yubin-env: the program's status, and what can go wrong" {
	run -7 yubin-env sh -c 'exit 7'
	run -100 yubin-env
	run -100 yubin-env -x
	run -111 yubin-env no-such-program
	[[ $output == *no-such-program* ]]
	YUBIN_ROOT=$BATS_TEST_TMPDIR/none yubin-env true
	# A setting that cannot be read is not left out.
	mkdir "$YUBIN_ROOT/env/MAX_MESSAGE"
	run -111 yubin-env true
	[[ $output == *MAX_MESSAGE* ]]
}

# notified NAME PROGRAM…: it says READY=1 there, and ends when asked to.
notified() {
	timeout 30 python3 -c '
import os, socket, subprocess, sys
name = sys.argv[1]
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("\0" + name[1:] if name[0] == "@" else name)
s.settimeout(20)
p = subprocess.Popen(sys.argv[2:], env=dict(os.environ, NOTIFY_SOCKET=name))
try:
    assert s.recv(100) == b"READY=1"
    if os.path.exists("port"):
        port = int(open("port").read().split()[-1])
        text = socket.create_connection(("127.0.0.1", port)).makefile().read()
        assert "TCPREMOTEIP=127.0.0.1" in text, text
        assert "NOTIFY_SOCKET" not in text, text
finally:
    p.terminate()
sys.exit(p.wait())' "$@" 2>>"$BATS_TEST_TMPDIR/log"
}

@test "systemd is told that the runner and tlsserver are ready, but not by others" {
	cd "$BATS_TEST_TMPDIR"
	notified "$PWD/notify" yubin-queue-runner
	notified "@$PWD/abstract" yubin-queue-runner
	notified "$PWD/notify2" yubin-tlsserver -p port 127.0.0.1 0 env
	# Nobody there: it works all the same, with a line in the log.
	printf 'Subject: x\n\nx\n' | yubin-inject ann@example.test
	NOTIFY_SOCKET=$PWD/nobody yubin-queue-runner --once 2>>log
	grep -q 'ev=trouble .*readiness to' log
	[ -n "$(ls "$YUBIN_ROOT/mail/example.test/ann/new")" ]
}
