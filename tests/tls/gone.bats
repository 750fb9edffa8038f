#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Clients that go away while the program still has much to say.
load ../helper

setup() {
	export YUBIN_ROOT=$BATS_TEST_TMPDIR
	mkdir "$YUBIN_ROOT/tls"
	self_signed "$YUBIN_ROOT/tls"
	cat >"$YUBIN_ROOT/talker" <<-'SH'
		#!/bin/sh
		read -r line
		exec yes 'a line of a long answer'
	SH
	chmod 755 "$YUBIN_ROOT/talker"
	start yubin-tlsserver -t tls -p "$YUBIN_ROOT/port" 127.0.0.1 0 \
	    "$YUBIN_ROOT/talker"
	wait_for test -s "$YUBIN_ROOT/port"
	PORT=$(awk '{ print $NF }' "$YUBIN_ROOT/port")
}

teardown() {
	local relay
	# A relay that never ends would keep the server.
	for relay in $(pgrep -P "${STARTED[0]}"); do
		kill -KILL "$relay"
	done
	stop_all
}

# go_away HOW: a client that has read a little of the answer.
go_away() {
	python3 - "$PORT" "$1" <<-'E'
		import socket, ssl, struct, sys
		context = ssl.create_default_context()
		context.check_hostname = False
		context.verify_mode = ssl.CERT_NONE
		raw = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
		c = context.wrap_socket(raw, suppress_ragged_eofs=False)
		c.sendall(b"go\r\n")
		assert c.recv(100)
		if sys.argv[2] == "half":     # the end of TCP, then silence
		    c.shutdown(socket.SHUT_WR)
		    c = raw = None
		elif sys.argv[2] == "notify": # close_notify, nothing read after it
		    c.setblocking(False)
		    try:
		        c.unwrap()
		    except ssl.SSLError:
		        pass
		elif sys.argv[2] == "reset":
		    c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
		                 struct.pack("ii", 1, 0))
	E
}

closed() {
	[ "$(grep -c 'ev=close' "$BATS_TEST_TMPDIR/log")" -eq "$1" ]
}

@test "a client that ends, resets or says goodbye amidst an answer leaves no process" {
	local how n=0
	for how in half notify reset; do
		go_away $how
		wait_for closed $((++n))
	done
	# The server, and no relay of a connection.
	[ "$(pgrep -c -P "${STARTED[0]}" || :)" -eq 0 ]
}
