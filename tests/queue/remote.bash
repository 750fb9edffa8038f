# SPDX-License-Identifier: ISC
# What the tests of deliver-remote share: a scripted server (scripted.py) and a
# root whose routes lead to it.
load ../helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	export YUBIN_ROOT=$BATS_TEST_TMPDIR/root REMOTE_TIMEOUT=10
	mkdir root
	mkfifo port
	printf 'Subject: x\r\n\r\none\r\n.two\r\n..three\r\n' >msg
}

teardown() {
	stop_all
}

# server [CERTDIR] <script: all mail goes to it, in the manner of $KEYS.
server() {
	python3 "$TESTS/queue/scripted.py" port heard "$@" 2>>log <<<"$(cat)" &
	STARTED+=($!)
	read -r PORT <port
	echo "* [127.0.0.1]:$PORT ${KEYS-}" >root/routes
}

# remote ARGS… RECIPIENT…: deliver msg, results in "result".
remote() {
	timeout 60 yubin-deliver-remote -i 0abc -f ann@example.test "$@" \
	    <msg >result 2>>log
}
