#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# smtpd -w under tlsserver -w: one parent, a child for each connection.
load ../helper
load smtp

setup() {
	new_root
	self_signed "$YUBIN_ROOT/tls"
	# A copy that the tests may replace.
	mkdir "$BATS_TEST_TMPDIR/bin"
	cp "$BIN/yubin-smtpd" "$BATS_TEST_TMPDIR/bin/"
	export PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

teardown() {
	# The server waits for its sessions.
	exec 5>&- 6>&-
	stop_all
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 20 "$BATS_TEST_TMPDIR/log"
}

# serve MODE OPTIONS…: sets $PORT.
serve() {
	local mode=$1
	shift
	start yubin-tlsserver -w -t "$mode" "$@" \
	    -p "$BATS_TEST_TMPDIR/port" 127.0.0.1 0 yubin-smtpd -w
	wait_for test -s "$BATS_TEST_TMPDIR/port"
	PORT=$(awk '{ print $2 }' "$BATS_TEST_TMPDIR/port")
}

# The workers that were started, oldest first.
workers() {
	sed -n 's/.*ev=worker pid=//p' "$BATS_TEST_TMPDIR/log"
}

children() {
	cat "/proc/$1/task/$1/children"
}

# The sessions of the only worker: its children without the last, the spare.
sessions() {
	children "$(workers)" | sed 's/[0-9]* *$//'
}

# as_many N: there are N sessions and a spare.
as_many() {
	[ "$(children "$(workers)" | wc -w)" -eq $(($1 + 1)) ]
}

# hello: a session on descriptor 5, up to the greeting.
hello() {
	exec 5<>"/dev/tcp/127.0.0.1/$PORT"
	answer 220
}

# answer CODE: the next line of that session.
answer() {
	local line
	read -r -t 10 -u 5 line
	[[ $line == "$1"* ]] || { echo "not $1: $line"; return 1; }
}

say() {
	printf '%s\r\n' "$1" >&5
}

# other: one more session, on descriptor 6.
other() {
	local line
	exec 6<>"/dev/tcp/127.0.0.1/$PORT"
	read -r -t 10 -u 6 line
}

letter() {
	dialog -c "127.0.0.1:$PORT" <<-'X'
		S: 220 mx.example.test *
		C: EHLO me
		S* 250 *
		C: MAIL FROM:<x@elsewhere.test>
		S: 250 *
		C: RCPT TO:<nobody@example.test>
		S: 550 5.1.1 *
		C: RCPT TO:<ann@example.test>
		S: 250 *
		C: DATA
		S: 354 *
		C: Subject: one
		C:
		C: hello
		C: .
		S: 250 2.0.0 Ok *
		C: QUIT
		S: 221 *
		S.
	X
}

@test "letters of several connections, all by one worker" {
	serve plain
	letter
	letter
	queued 2
	message | head -n 1 | grep -F '[127.0.0.1]'
	[ "$(workers | wc -l)" -eq 1 ]
	[ "$(grep -c 'ev=accepted ip=127.0.0.1' "$BATS_TEST_TMPDIR/log")" -eq 2 ]
	wait_for logged 'ev=close .* n=0/'
}

@test "a session has no descriptor of another one" {
	serve starttls
	other
	hello
	wait_for as_many 2
	local pid all
	for pid in $(sessions); do
		all=$(cd "/proc/$pid/fd" && echo *) ||
		    skip "only root may look at them"
		# Connection, log, monitor, UCSPI-TLS.
		[ "$all" = "0 1 2 3 4 5" ]
	done
}

@test "TLS on demand, and no process for it before" {
	serve starttls
	hello
	[ "$(children "${STARTED[0]}")" = "$(workers) " ]
	timeout 15 openssl s_client -quiet -crlf -starttls smtp \
	    -connect "127.0.0.1:$PORT" >"$BATS_TEST_TMPDIR/got" 2>/dev/null <<-'X'
		EHLO me
		MAIL FROM:<x@elsewhere.test>
		RCPT TO:<ann@example.test>
		DATA
		Subject: tls

		hello
		.
		QUIT
	X
	grep -q '^250 2.0.0 Ok' "$BATS_TEST_TMPDIR/got"
	queued 1
	message | head -n 3 | grep -F ESMTPS
	# The other session went on, and is still counted.
	say NOOP
	answer 250
	logged 'ev=close .* n=1/'
}

@test "the limit by source, and room comes back" {
	serve plain -C 1 -b '421 4.7.0 too many'
	hello
	dialog -c "127.0.0.1:$PORT" <<-'X'
		S: 421 4.7.0 too many
		S.
	X
	say QUIT
	answer 221
	wait_for logged 'ev=close'
	letter
}

# from ADDRESS LINES…: a session of a client of that address; prints the pid
# that its log lines have.
from() {
	local address=$1
	shift
	python3 - "$address" "$PORT" "$@" <<-'X'
		import socket, sys
		c = socket.create_connection(("127.0.0.1", int(sys.argv[2])), 10,
		    (sys.argv[1], 0))
		f = c.makefile("rwb")
		assert f.readline()[:3] == b"220"
		for line in sys.argv[3:]:
		    f.write(line.encode() + b"\r\n")
		    f.flush()
		    while (answer := f.readline())[3:4] == b"-":
		        pass
		    print(answer.decode().strip())
		assert f.read() == b""
	X
}

# visits ADDRESS=N…: a client of each in turn, the next as soon as the server
# knows that the last one has gone; prints after each of them which N sessions'
# processes there are.
visits() {
	python3 - "$PORT" "$BATS_TEST_TMPDIR/log" "$@" <<-'X'
		import re, socket, sys, time

		def log(what):
		    return re.findall(what, open(sys.argv[2]).read())

		def wait(condition):
		    end = time.monotonic() + 10
		    while not condition():
		        assert time.monotonic() < end
		        time.sleep(0.002)

		def children():
		    worker = log(r"ev=worker pid=(\d+)")[-1]
		    return open(f"/proc/{worker}/task/{worker}/children"
		        ).read().split()

		for visit, what in enumerate(sys.argv[3:]):
		    address, sessions = what.split("=")
		    with socket.create_connection(("127.0.0.1",
		            int(sys.argv[1])), 10, (address, 0)) as c:
		        f = c.makefile("rwb")
		        assert f.readline()[:3] == b"220"
		        f.write(b"HELO a\r\nQUIT\r\n")
		        f.flush()
		        assert f.readline()[:3] == b"250"
		        assert f.readline()[:3] == b"221"
		        assert f.read() == b""
		    wait(lambda: len(log("ev=close")) == visit + 1)
		    # And the spare.
		    wait(lambda: len(children()) == int(sessions) + 1)
		    print(*children()[:-1])
	X
}

@test "a client that comes again has the same process, no other client has" {
	local seen
	serve starttls
	mapfile -t seen < <(visits 127.0.0.1={1,1} 127.0.0.2={2,2})
	[ "${seen[1]}" = "${seen[0]}" ]
	[[ ${seen[2]} == "${seen[0]} "* ]]
	[ "${#seen[@]}" -eq 4 ]
	[ "${seen[3]}" = "${seen[2]}" ]
	# And they do not wait for ever.
	wait_for as_many 0
}

@test "nothing of a session is left for the next one of the same process" {
	local got
	serve starttls
	from 127.0.0.1 'EHLO one' 'MAIL FROM:<x@elsewhere.test>' \
	    'RCPT TO:<ann@example.test>' QUIT
	got=$(from 127.0.0.1 'MAIL FROM:<>' 'HELO two' 'RCPT TO:<>' 'DATA' QUIT)
	[ "$(cut -c 1-3 <<<"$got" | paste -sd' ')" = "503 250 503 503 221" ]
	from 127.0.0.1 'HELO a' QUIT
	timeout 15 openssl s_client -quiet -crlf -starttls smtp \
	    -connect "127.0.0.1:$PORT" >"$BATS_TEST_TMPDIR/got" 2>/dev/null <<-'X'
		EHLO me
		QUIT
	X
	grep -q '^250-SIZE' "$BATS_TEST_TMPDIR/got"
	# Whoever has seen errors or TLS serves nobody else.
	wait_for as_many 0
}

@test "processes that rest: not over an update, a crash or the server's end" {
	local first
	serve plain
	other
	wait_for as_many 1
	first=$(sessions)
	from 127.0.0.1 'HELO a' QUIT
	# shellcheck disable=SC2086
	kill -SYS $first
	wait_for logged 'ev=retired'
	from 127.0.0.1 'HELO a' QUIT
	[ "$(workers | wc -l)" -eq 2 ]
	sleep 1.1 # programs are looked at once a second
	from 127.0.0.1 'HELO a' QUIT
	cp "$BIN/yubin-smtpd" "$BATS_TEST_TMPDIR/bin/new"
	mv "$BATS_TEST_TMPDIR/bin/new" "$BATS_TEST_TMPDIR/bin/yubin-smtpd"
	sleep 1.1
	letter
	[ "$(workers | wc -l)" -eq 3 ]
	from 127.0.0.1 'HELO a' QUIT
	kill "${STARTED[0]}"
	wait "${STARTED[0]}"
	STARTED=()
}

# again N: a short session; whether N workers were started until now.
again() {
	from 127.0.0.1 'HELO a' QUIT
	[ "$(workers | wc -l)" -eq "$1" ]
}

@test "an update is seen by a client that comes again and again" {
	serve plain
	again 1
	cp "$BIN/yubin-smtpd" "$BATS_TEST_TMPDIR/bin/new"
	mv "$BATS_TEST_TMPDIR/bin/new" "$BATS_TEST_TMPDIR/bin/yubin-smtpd"
	wait_for again 2
}

@test "clients at their limit: those that rest give way" {
	serve plain -c 2
	from 127.0.0.2 'HELO a' QUIT
	from 127.0.0.3 'HELO a' QUIT
	from 127.0.0.4 'HELO a' QUIT
	hello
	other
	say NOOP
	answer 250
}

@test "a replaced program serves the next connection, the old one its own" {
	serve plain
	hello
	cp "$BIN/yubin-smtpd" "$BATS_TEST_TMPDIR/bin/new"
	mv "$BATS_TEST_TMPDIR/bin/new" "$BATS_TEST_TMPDIR/bin/yubin-smtpd"
	letter
	[ "$(workers | wc -l)" -eq 2 ]
	say NOOP
	answer 250
	local old
	old=$(workers | head -n 1)
	kill -0 "$old"
	say QUIT
	answer 221
	wait_for eval "! kill -0 $old"
}

@test "a session killed by a signal: the next one has another worker" {
	serve plain
	local first
	other
	wait_for as_many 1
	first=$(sessions)
	hello
	# shellcheck disable=SC2086
	kill -SYS $first
	wait_for logged 'ev=retired'
	letter
	[ "$(workers | wc -l)" -eq 2 ]
	say NOOP
	answer 250
}

@test "a killed spare is replaced" {
	serve plain
	hello
	wait_for as_many 1
	kill -KILL "$(children "$(workers)" | awk '{ print $NF }')"
	wait_for as_many 1
	letter
	say NOOP
	answer 250
}

@test "a worker that dies takes its sessions along, and is replaced" {
	serve plain
	hello
	kill -KILL "$(workers)"
	run -1 answer 250
	wait_for logged 'ev=close'
	letter
	[ "$(workers | wc -l)" -eq 2 ]
}

@test "SIGTERM: the session goes on, then server and worker end" {
	serve plain
	hello
	kill "${STARTED[0]}"
	wait_for logged ev=stopping
	say NOOP
	answer 250
	say QUIT
	answer 221
	wait "${STARTED[0]}"
	STARTED=()
	wait_for eval "! kill -0 $(workers)"
}

@test "a program that cannot be started, and bad usage" {
	start yubin-tlsserver -w -b '421 4.3.0 later' \
	    -p "$BATS_TEST_TMPDIR/port" 127.0.0.1 0 no-such-program -w
	wait_for test -s "$BATS_TEST_TMPDIR/port"
	PORT=$(awk '{ print $2 }' "$BATS_TEST_TMPDIR/port")
	dialog -c "127.0.0.1:$PORT" <<-'X'
		S: 421 4.3.0 later
		S.
	X
}

@test "not with TLS from the start" {
	serve tls
	[ -z "$(timeout 15 openssl s_client -quiet \
	    -connect "127.0.0.1:$PORT" 2>/dev/null </dev/null)" ]
	grep ev=misused "$BATS_TEST_TMPDIR/log"
}

@test "a domain with many users, and many domains: no session suffers" {
	seq -f 'u%.0f:{PLAIN}x::::::' 30000 \
	    >"$YUBIN_ROOT/domains/example.test/users"
	(cd "$YUBIN_ROOT/domains" && seq -f 'z%.0f.test' 50000 | xargs mkdir)
	serve plain
	hello
	dialog -t 60 -c "127.0.0.1:$PORT" <<-'X'
		S: 220 *
		C: EHLO me
		S* 250 *
		C: MAIL FROM:<>
		S: 250 *
		C: RCPT TO:<postmaster@example.test>
		S: 250 *
		C: RCPT TO:<postmaster>
		S: 250 *
	X
	say NOOP
	answer 250
}

@test "no room for another session: those there go on, a new worker has more" {
	start yubin-tlsserver -w -p "$BATS_TEST_TMPDIR/port" 127.0.0.1 0 \
	    prlimit --nofile=14:14 yubin-smtpd -w
	wait_for test -s "$BATS_TEST_TMPDIR/port"
	PORT=$(awk '{ print $2 }' "$BATS_TEST_TMPDIR/port")
	python3 - "$PORT" <<-'X'
		import socket, sys
		served = []
		for _ in range(24):
		    c = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
		    c.settimeout(10)
		    try:
		        if c.recv(100)[:3] == b"220":
		            served.append(c)
		    except ConnectionResetError:
		        pass
		# Those on their way when a worker fails are lost.
		assert len(served) > 16, len(served)
		for c in served:
		    c.sendall(b"NOOP\r\n")
		    assert c.recv(100)[:3] == b"250"
	X
	[ "$(workers | wc -l)" -gt 1 ]
	letter
}

@test "an account that was removed is unknown a second later" {
	serve plain
	rcpt() {
		from 127.0.0.1 'HELO a' 'MAIL FROM:<>' \
		    'RCPT TO:<ann@example.test>' QUIT |
		    sed -n 3p | cut -c 1-3
	}
	[ "$(rcpt)" = 250 ]
	: >"$YUBIN_ROOT/domains/example.test/users"
	sleep 1.1
	[ "$(rcpt)" = 550 ]
}
