# SPDX-License-Identifier: ISC
# UCSPI-TLS as a foreign program sees it, under tlsserver and under tlsd with
# other super-servers.  The handler is a Python script that follows the
# published interface and shares no code with ours.
load ../helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	export YUBIN_ROOT=$BATS_TEST_TMPDIR/root TLS_USER=65534:65534
	mkdir -p root/tls
	self_signed root/tls
	mkfifo port
	cat >handler <<-'END'
		#!/usr/bin/env python3
		import os, sys
		def line(fd):
		    got = b""
		    while not got.endswith(b"\n"):
		        c = os.read(fd, 1)
		        if not c:
		            return None
		        got += c
		    return got.strip().upper()
		wish = sys.argv[1].encode()
		ctl, r, w = (int(os.environ[n]) for n in
		    ("SSLCTLFD", "SSLREADFD", "SSLWRITEFD"))
		os.write(1, b"220 hello\r\n")
		i, o = 0, 1
		while True:
		    l = line(i)
		    if l is None:
		        break
		    elif l.startswith(b"EHLO"):
		        os.write(o, b"250-me\r\n250 STARTTLS\r\n")
		    elif l == b"STARTTLS":
		        os.write(o, b"220 go\r\n")
		        os.write(ctl, wish)
		        data = b""
		        while wish == b"Y" and not data.endswith(b"\0\0"):
		            part = os.read(ctl, 100)
		            if not part:
		                sys.exit(9)
		            data += part
		        os.write(2, b"VARS " + data.replace(b"\0", b" ") + b"\n")
		        i, o = r, w
		    elif l == b"QUIT":
		        os.write(o, b"221 bye\r\n")
		        break
		    else:
		        os.write(o, b"250 " + l + b"\r\n")
	END
	chmod +x handler
}

teardown() {
	stop_all
}

# talk: an SMTP client with STARTTLS that sends its input.
talk() {
	timeout 15 openssl s_client -quiet -ign_eof -starttls smtp \
	    -connect "127.0.0.1:$PORT" "$@" 2>client
}

# What every server must give.
check_session() {
	[ "$(printf 'NOOP\r\nQUIT\r\n' | talk -servername mx.test)" = \
	    $'250 NOOP\r\n221 bye\r' ]
	grep -q 'VARS SSL_PROTOCOL=TLSv1.3 SSL_CIPHER=TLS' log
	grep -q 'SSL_TLS_SNI_SERVERNAME=mx.test' log
	[ "$(printf 'QUIT\r\n' | timeout 15 socat -t 10 - "TCP:127.0.0.1:$PORT")" \
	    = $'220 hello\r\n221 bye\r' ]
}

@test "tlsserver -t starttls serves a foreign UCSPI-TLS program" {
	start yubin-tlsserver -t starttls -p port 127.0.0.1 0 ./handler Y
	read -r _ PORT <port
	check_session
}

@test "the request y brings TLS without variables" {
	start yubin-tlsserver -t starttls -p port 127.0.0.1 0 ./handler y
	read -r _ PORT <port
	[ "$(printf 'QUIT\r\n' | talk)" = $'221 bye\r' ]
	grep -q '^VARS $' log
}

@test "any other request ends the connection" {
	start yubin-tlsserver -t starttls -p port 127.0.0.1 0 ./handler x
	read -r _ PORT <port
	printf 'QUIT\r\n' | talk || true
	wait_for grep -q 'ev=tls-failed.*unknown request' log
}

@test "clear text behind STARTTLS never reaches the program (RFC 3207 4.2)" {
	start yubin-tlsserver -t starttls -p port 127.0.0.1 0 ./handler Y
	read -r _ PORT <port
	printf 'STARTTLS\r\nNOOP injected\r\nQUIT\r\n' |
		timeout 15 socat -t 10 - "TCP:127.0.0.1:$PORT" >got
	wait_for grep -q ev=tls-failed log
	run ! grep -q 250 got
}

@test "tlsd -t starttls under tcpserver" {
	command -v tcpserver >/dev/null || skip "no tcpserver"
	PORT=$(free_port)
	start tcpserver -HRl0 127.0.0.1 "$PORT" yubin-tlsd -t starttls ./handler Y
	wait_for port_open "$PORT"
	check_session
}

@test "tlsd under tcpserver: TLS from the start" {
	command -v tcpserver >/dev/null || skip "no tcpserver"
	PORT=$(free_port)
	start tcpserver -HRl0 127.0.0.1 "$PORT" yubin-tlsd \
	    sh -c 'echo $TCPREMOTEIP $SSL_PROTOCOL; exec cat'
	wait_for port_open "$PORT"
	[ "$(echo hi | timeout 15 socat -t 10 - \
	    "OPENSSL:127.0.0.1:$PORT,verify=0" 2>client)" = "127.0.0.1 TLSv1.3
hi" ]
}

@test "tlsd without UCSPI variables tells the peer's address (inetd)" {
	python3 - port yubin-tlsd sh -c 'echo $TCPREMOTEIP; exec cat' \
	    2>>log <<-'END' &
		import os, socket, sys
		s = socket.socket()
		s.bind(("127.0.0.1", 0))
		s.listen()
		open(sys.argv[1], "w").write("%d\n" % s.getsockname()[1])
		c, _ = s.accept()
		os.dup2(c.fileno(), 0)
		os.dup2(c.fileno(), 1)
		os.execvp(sys.argv[2], sys.argv[2:])
	END
	STARTED+=($!)
	read -r PORT <port
	[ "$(echo hi | timeout 15 socat -t 10 - \
	    "OPENSSL:127.0.0.1:$PORT,verify=0" 2>client)" = "127.0.0.1
hi" ]
}

@test "tlsd needs a certificate: 111" {
	rm root/tls/cert.pem
	run -111 yubin-tlsd cat </dev/null
	[[ $output == *cert.pem* ]]
	run -100 yubin-tlsd
}

# RFC 3848 2, RFC 8314 4.3: what OpenSSL says it is, at each kind of port.
@test "Received of smtps, STARTTLS and submission says version and suite" {
	new_root
	for mode in tls starttls; do
		for checker in "" yubin-checkpw; do
			# The last server may have the pipe open still.
			rm port
			mkfifo port
			start yubin-tlsserver -t "$mode" -p port 127.0.0.1 0 \
			    yubin-smtpd $checker
			read -r _ PORT <port
			echo "$mode ${checker:-none} $PORT"
		done
	done >ports
	python3 - ports >expected <<-'END'
		import smtplib, ssl, sys
		for line in open(sys.argv[1]):
		    mode, checker, port = line.split()
		    for version in ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
		        c = ssl.create_default_context()
		        c.check_hostname, c.verify_mode = False, ssl.CERT_NONE
		        c.minimum_version = c.maximum_version = version
		        if mode == "tls":
		            s = smtplib.SMTP_SSL("127.0.0.1", port, context=c)
		        else:
		            s = smtplib.SMTP("127.0.0.1", port)
		            s.starttls(context=c)
		        s.ehlo()
		        if checker != "none":
		            s.login("ann@example.test", "secret")
		        s.sendmail("ann@example.test", "bob@example.test", "Subject: x\r\n\r\n")
		        name, version, _ = s.sock.cipher()
		        print("ESMTPS" if checker == "none" else "ESMTPSA",
		            "(version=%s cipher=%s)" % (s.sock.version(), name))
		        s.quit()
	END
	find root/queue/new -type f -printf '%f %p\n' | sort | cut -d ' ' -f 2 |
	    while read -r file; do
		tr -d '\r\0' <"$file" | sed -n '/^Received:/,/^Subject:/{
		    s/.* with \(ESMTP[SA]*\) id .*/\1/p
		    s/^.\((version=.*)\)$/\1/p}' | paste -sd' '
	done >got
	[ "$(wc -l <expected)" -eq 8 ]
	diff expected got
	[ "$(cat $(find root/queue/new -type f) | grep -ac $'^\ttls TLS_[A-Z0-9_]*;\r$')" -eq 8 ]
}
