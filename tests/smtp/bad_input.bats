#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Bad input in every place gets a clear answer and leaves nothing behind.
load ../helper
load smtp

setup() {
	new_root
}

@test "bare LF and bare CR in commands: 500 5.5.2, nothing is executed, the end" {
	for raw in 'NOOP\nRSET\r\n' 'NO\rOP\r\nNOOP\r\n' '\nNOOP\r\n' 'NOOP\r\rX\r\n' \
	    'EHLO a\nMAIL FROM:<>\r\n'; do
		run pipe "$raw" 'NOOP\r\n'
		[ "$status" -eq 0 ]
		[ "${#lines[@]}" -eq 2 ]
		[[ ${lines[1]} == '500 5.5.2 '* ]]
	done
}

@test "NUL, control octets and 8-bit octets in commands are 500, and the session goes on" {
	dialog yubin-smtpd <<-'X'
		S: 220 *
		C~ NOOP\0\r\n
		S: 500 5.5.2 *
		C~ \0\0\0\r\n
		S: 500 5.5.2 *
		C~ EHLO a\0b\r\n
		S: 500 5.5.2 *
		C~ EHLO \x1b[2J\r\n
		S: 500 5.5.2 *
		C~ EHLO \xc3\xa4.test\r\n
		S: 500 5.5.2 *
		C~ \r\n
		S: 500 5.5.2 *
		C:  NOOP
		S: 500 5.5.2 *
		C: EHLO x
		S* 250 *
		C: MAIL FROM:<>
		S: 250 *
		C~ RCPT TO:<ann\0@example.test>\r\n
		S: 500 5.5.2 *
		C~ RCPT TO:<"ann\\\x01"@example.test>\r\n
		S: 500 5.5.2 *
		C: RCPT TO:<ann@example.test>
		S: 250 *
	X
}

@test "every octet as a verb and inside an address: one reply each" {
	python3 - <<-'X'
		import subprocess
		skip = (10, 13)
		lines = [bytes([c]) for c in range(256) if c not in skip]
		lines += [b"RCPT TO:<a" + bytes([c]) + b"@example.test>"
		    for c in range(256) if c not in skip]
		wire = b"HELO x\r\nMAIL FROM:<>\r\n" + b"\r\n".join(lines) + b"\r\nQUIT\r\n"
		import os
		env = dict(os.environ, MAX_ERRORS="1000")
		p = subprocess.run(["yubin-smtpd"], input=wire, env=env,
		    stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
		got = p.stdout.split(b"\r\n")[3:-2]
		assert p.returncode == 0 and len(got) == len(lines), len(got)
		for l, g in zip(lines, got):
		    assert g[:3] in (b"500", b"501", b"550"), (l, g)
	X
}

@test "end of input at every octet of a session: no message, no leftovers, exit 0" {
	python3 - <<-'X'
		import subprocess
		wire = (b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<ann@example.test>\r\n"
		    b"DATA\r\nSubject: x\r\n\r\nhello\r\n.\r\n")
		for n in range(len(wire)):
		    p = subprocess.run(["yubin-smtpd"], input=wire[:n],
		        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
		    assert p.returncode == 0, (n, p.returncode)
		    assert b"250 2.0.0" not in p.stdout, n
	X
	queued 0
}

@test "the client goes away while it is answered: nothing breaks" {
	python3 - <<-'X'
		import os, socket, struct, subprocess
		wire = b"EHLO x\r\n" + b"NOOP\r\n" * 50000
		for n in (0, 10, 1000, 300000):
		    a, b = socket.socketpair()
		    p = subprocess.Popen(["yubin-smtpd"], stdin=b, stdout=b,
		        stderr=subprocess.DEVNULL)
		    b.close()
		    a.settimeout(0.2)
		    try:
		        a.sendall(wire[:n])
		    except OSError:
		        pass
		    a.close()
		    assert p.wait(20) in (0, 111), p.returncode
	X
}

@test "a client that reads nothing is dropped after SMTP_TIMEOUT" {
	SMTP_TIMEOUT=1 python3 - <<-'X'
		import socket, subprocess
		a, b = socket.socketpair()
		p = subprocess.Popen(["yubin-smtpd"], stdin=b, stdout=b,
		    stderr=subprocess.DEVNULL)
		b.close()
		a.settimeout(0.5)
		try:
		    while True:
		        a.sendall(b"NOOP\r\n" * 10000)
		except OSError:
		    pass
		assert p.wait(15) in (0, 111)
	X
}

@test "a garbage stream ends by MAX_ERRORS, soon" {
	head -c 2000000 /dev/urandom | timeout 10 yubin-smtpd >"$BATS_TEST_TMPDIR/out" 2>/dev/null
	[ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -le 22 ]
}

@test "a log line is one line whatever the client says" {
	pipe 'EHLO x\r\nMAIL FROM:<"a b\\"c"@b.test>\r\nRCPT TO:<"x y z"@example.test>\r\nX\x1by\r\nQUIT\r\n' >/dev/null
	! LC_ALL=C grep -q "$(printf '\033')" "$BATS_TEST_TMPDIR/log" || false
	! grep -v '^smtpd\[[0-9]*\]: ev=' "$BATS_TEST_TMPDIR/log" || false
}
