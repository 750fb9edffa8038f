# SPDX-License-Identifier: ISC
# Other mail servers, as remote hosts for one .bats file: each serves peer.test
# on a port of its own, in a system of its own (tools/peer-root), with joe's
# Maildir in $BATS_FILE_TMPDIR/NAME/mail/joe.

PEERS=$(cd "$TESTS/../tools" && pwd)

# Fetch a package; says why when the tests with it have to be skipped.
peer_fetch() {
	"$PEERS/peers" "$1" >/dev/null 2>&1 ||
	    echo "$1 cannot be fetched from the Debian archive"
}

# Whether this system lets us lay a package over it; says why not.
peer_possible() {
	[ "$(id -u)" -eq 0 ] || { echo "needs root"; return; }
	"$PEERS/peer-root" "$1" "$2" true >/dev/null 2>&1 ||
	    echo "no overlay mounts in a namespace of one's own here"
}

# peer_start NAME: on success the port is in NAME.port, else the reason why not
# in NAME.skip, both in $BATS_FILE_TMPDIR.
peer_start() {
	local name=$1 dir=$BATS_FILE_TMPDIR/$1 port why
	mkdir -p "$dir"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR" "$dir"
	why=$(peer_fetch "$name")
	why=${why:-$(peer_possible "$name" "$dir")}
	if [ -n "$why" ]; then
		echo "$why" >"$dir.skip"
		return
	fi
	self_signed "$dir"
	port=$(free_port)
	"$PEERS/peer-root" "$name" "$dir" sh "$TESTS/chain/peer_$name.sh" \
	    "$dir" "$port" >"$dir.log" 2>&1 3>&- 4>&- &
	echo $! >>"$BATS_FILE_TMPDIR/peer_pids"
	wait_for port_open "$port" || cat "$dir.log"
	echo "$port" >"$dir.port"
}

# peer NAME: skip the test when it does not run, else send peer.test to it.
peer() {
	PEER=$BATS_FILE_TMPDIR/$1
	[ ! -e "$PEER.skip" ] || skip "$(cat "$PEER.skip")"
	echo "peer.test 127.0.0.1:$(cat "$PEER.port")" >"$YUBIN_ROOT/routes"
}

peers_stop() {
	local pid
	[ -e "$BATS_FILE_TMPDIR/peer_pids" ] || return 0
	for pid in $(cat "$BATS_FILE_TMPDIR/peer_pids"); do
		kill "$pid" 2>/dev/null || :
		wait "$pid" 2>/dev/null || :
	done
}

# peer_file TEXT: the message of joe's that has this text, once it has come.
peer_file() {
	wait_for grep -qrF -- "$1" "$PEER/mail/joe/new"
	grep -rlF -- "$1" "$PEER/mail/joe/new"
}

# sink ARGS…: Postfix's smtp-sink, for every domain; each message it takes is a
# file in $BATS_TEST_TMPDIR/sink.  It knows no STARTTLS.
sink() {
	local why port usr as=() program
	why=$(peer_fetch postfix)
	[ -z "$why" ] || skip "$why"
	usr=$(cd "$TESTS/../build/peers/postfix/usr" && pwd)
	program=$usr/sbin/smtp-sink
	[ -x "$program" ] || program=smtp-sink
	port=$(free_port)
	mkdir sink
	if [ "$(id -u)" -eq 0 ]; then
		as=(-u nobody)
		chmod 777 sink
		chmod 755 "$BATS_TEST_TMPDIR" "${BATS_TEST_TMPDIR%/*}"
	fi
	LD_LIBRARY_PATH=$usr/lib/postfix start "$program" "${as[@]}" \
	    -d "$PWD/sink/" "$@" "127.0.0.1:$port" 10
	wait_for port_open "$port"
	echo "peer.test 127.0.0.1:$port" >"$YUBIN_ROOT/routes"
}

# sink_has TEXT: the message that has this text is there as it should be (see
# same_body), in "got".  smtp-sink puts an empty line behind it.
sink_has() {
	wait_for grep -qrF -- "$1" sink
	wait_for sink_complete "$(grep -rlF -- "$1" sink)"
}

sink_complete() {
	sed '$d' "$1" >got
	same_body got
}
