#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# STARTTLS through UCSPI-TLS (RFC 3207): a script stands in for the TLS server,
# so that every octet and its moment are known.
load ../helper
load smtp

setup() {
	new_root
	export CLEARTEXT_LOGIN=0
}

# tls SCRIPT: Python with a client's socket `c`, its lines `say` and `hear`, and
# `tls()`, which plays the TLS server and moves the client inside.
tls() {
	python3 - "$@" <<-X
		import os, socket, subprocess, sys
		class Chat:
		    def __init__(self, s):
		        self.s, self.f = s, s.makefile("rb")
		    def say(self, raw):
		        self.s.sendall(raw)
		    def hear(self, start=b""):
		        while True:
		            line = self.f.readline()
		            if line[3:4] != b"-":
		                break
		            self.more.append(line)
		        assert line.startswith(start), (start, line)
		        return line
		    more = []
		c, out = socket.socketpair()
		ctl, ctl_child = socket.socketpair()
		data, data_child = socket.socketpair()
		for s in (c, ctl, data):
		    s.settimeout(10)
		n = str(data_child.fileno())
		env = dict(os.environ, SSLCTLFD=str(ctl_child.fileno()),
		    SSLREADFD=n, SSLWRITEFD=n)
		p = subprocess.Popen(["yubin-smtpd"] + sys.argv[1:], stdin=out,
		    stdout=out, env=env, pass_fds=(ctl_child.fileno(), int(n)))
		for s in (out, ctl_child, data_child):
		    s.close()
		plain = Chat(c)
		def tls():
		    assert ctl.recv(1) == b"Y"
		    ctl.sendall(b"SSL_PROTOCOL=TLSv1.3\0SSL_CIPHER=TLS_X\0\0")
		    return Chat(data)
		plain.hear(b"220 ")
		$SCRIPT
	X
}

@test "STARTTLS: offered, accepted, everything before it forgotten" {
	SCRIPT='
plain.say(b"EHLO x\r\n"); plain.hear(b"250 ")
assert b"250-STARTTLS\r\n" in plain.more and not any(b"AUTH" in l for l in plain.more)
plain.say(b"STARTTLS now\r\n"); plain.hear(b"501 5.5.4")
plain.say(b"AUTH PLAIN AGFubkBleGFtcGxlLnRlc3QAc2VjcmV0\r\n"); plain.hear(b"538 ")
plain.say(b"STARTTLS\r\n"); plain.hear(b"220 2.0.0")
t = tls(); t.more = []
t.say(b"MAIL FROM:<ann@example.test>\r\n"); t.hear(b"530 5.7.0")
t.say(b"EHLO x\r\n"); t.hear(b"250 ")
assert b"250-AUTH SCRAM-SHA-256 PLAIN LOGIN\r\n" in t.more and b"250-STARTTLS\r\n" not in t.more
t.say(b"STARTTLS\r\n"); t.hear(b"503 ")
t.say(b"AUTH PLAIN AGFubkBleGFtcGxlLnRlc3QAc2VjcmV0\r\n"); t.hear(b"235 2.7.0")
t.say(b"MAIL FROM:<ann@example.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\n")
t.hear(b"250"); t.hear(b"250"); t.hear(b"354")
t.say(b"Subject: x\r\n\r\nx\r\n.\r\nQUIT\r\n"); t.hear(b"250 2.0.0"); t.hear(b"221")
assert t.f.readline() == b"" and p.wait(10) == 0
assert plain.f.readline() == b""'
	tls yubin-checkpw
	message | sed -n 2p | grep -q 'with ESMTPSA id'
	[ "$(message | sed -n 3p)" = $'\t(version=TLSv1.3 cipher=TLS_X)\r' ]
}

@test "a transaction begun in clear text does not go on inside TLS" {
	SCRIPT='
plain.say(b"EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\n")
plain.hear(b"250 "); plain.hear(b"250 "); plain.hear(b"250 ")
plain.say(b"STARTTLS\r\n"); plain.hear(b"220 ")
t = tls()
t.say(b"DATA\r\n"); t.hear(b"503 ")
t.say(b"EHLO x\r\nDATA\r\n"); t.hear(b"250 "); t.hear(b"503 ")'
	tls
	queued 0
}

@test "octets behind STARTTLS in clear text: 5xx, the end, never executed (CVE-2011-0411)" {
	for tail in 'NOOP\r\n' 'R' '\r\n' 'EHLO y\r\nMAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\nDATA\r\nx\r\n.\r\n'; do
		SCRIPT="
plain.say(b'EHLO x\r\n'); plain.hear(b'250 ')
plain.say(b'STARTTLS\r\n$tail'); plain.hear(b'503 5.5.1')
assert plain.f.readline() == b''
assert p.wait(10) == 0
assert ctl.recv(1) == b''"
		tls
	done
	queued 0
}

@test "a handshake that fails ends the session, never back to clear text" {
	SCRIPT='
plain.say(b"EHLO x\r\nSTARTTLS\r\n"); plain.hear(b"250 "); plain.hear(b"220 ")
assert ctl.recv(1) == b"Y"
ctl.close(); data.close()
try:
    plain.say(b"NOOP\r\n")
except OSError:
    pass
try:
    assert plain.f.readline() == b""
except ConnectionError:
    pass
p.wait(10)'
	tls
}

@test "UCSPITLS=! refuses mail until TLS is on (RFC 3207 4)" {
	SCRIPT='
plain.say(b"EHLO x\r\nMAIL FROM:<>\r\nNOOP\r\n")
plain.hear(b"250 "); plain.hear(b"530 5.7.0"); plain.hear(b"250 ")'
	UCSPITLS='!' tls
}

# said VERSION CIPHER: what Received says of a session with these.
said() {
	printf 'EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<ann@example.test>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\nSubject: x\r\n\r\n.\r\n' |
	    SSL_PROTOCOL=$1 SSL_CIPHER=$2 yubin-smtpd >got 2>>log
	grep -q '^250 2.0.0 Ok' got
	message | sed '1d;/^Subject:/,$d;s/\r$//;s/^\t//;s/ id .*//'
}

# RFC 3848 2, RFC 8314 4.3: the suite's registered name in a clause of its own.
@test "Received tells version and suite" {
	local version cipher name
	cd "$BATS_TEST_TMPDIR"
	while read -r version cipher name; do
		[ "$(said "$version" "$cipher" | sed '$d')" = \
		    "by mx.example.test with ESMTPS
(version=$version cipher=$cipher)${name:+
tls $name;}" ]
	done <<-'X'
		TLSv1.3 TLS_AES_128_GCM_SHA256 TLS_AES_128_GCM_SHA256
		TLSv1.3 TLS_AES_256_GCM_SHA384 TLS_AES_256_GCM_SHA384
		TLSv1.3 TLS_CHACHA20_POLY1305_SHA256 TLS_CHACHA20_POLY1305_SHA256
		TLSv1.2 ECDHE-ECDSA-AES128-GCM-SHA256 TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
		TLSv1.2 ECDHE-RSA-AES128-GCM-SHA256 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
		TLSv1.2 ECDHE-ECDSA-AES256-GCM-SHA384 TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
		TLSv1.2 ECDHE-RSA-AES256-GCM-SHA384 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384
		TLSv1.2 ECDHE-ECDSA-CHACHA20-POLY1305 TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
		TLSv1.2 ECDHE-RSA-CHACHA20-POLY1305 TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
	X
	# A suite whose name we do not know, and nothing that would be a header.
	[ "$(said TLSv1.2 OTHER-AES | sed -n 2p)" = \
	    "(version=TLSv1.2 cipher=OTHER-AES);" ]
	for cipher in $'X\r\nEvil: 1' 'X) from evil (' 'X;' ''; do
		said TLSv1.3 "$cipher"
		[ "$(said TLSv1.3 "$cipher" | sed '$d')" = \
		    "by mx.example.test with ESMTPS" ]
	done
	[ "$(said "" TLS_X | sed '$d')" = "by mx.example.test with ESMTP" ]
}
