# SPDX-License-Identifier: ISC
# What deliver-remote makes of the extensions that a server offers.
load remote

# The last of a session: one recipient gets the message.
rest() {
	cat <<-'END'
		< MAIL
		> 250 ok
		< RCPT
		> 250 ok
		< DATA
		> 354 go
		<data
		> 250 2.0.0 ok
		< QUIT
		> 221 bye
	END
}

played() {
	wait_for grep -q ^END heard
	run ! grep -E 'EXPECTED|ERROR' heard
}

@test "PIPELINING: the envelope and DATA are one packet (RFC 2920 3.1)" {
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250 PIPELINING
		< MAIL
		< RCPT TO:<a@r.test>
		< RCPT TO:<b@r.test>
		< DATA
		> 250 ok
		> 250 ok
		> 550 5.1.1 no
		> 354 go
		<data
		> 250 2.0.0 ok
		< QUIT
	END
	remote r.test a@r.test b@r.test
	[ "$(cut -c1 result | tr -d '\n')" = RD ]
	sed 's/^\./../' msg | cmp - heard.msg1
	played
}

@test "CHUNKING: BDAT, octet by octet, no dots doubled (RFC 3030 2)" {
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250 CHUNKING
		< MAIL
		> 250 ok
		< RCPT
		> 250 ok
		<bdat
		> 250 2.0.0 ok
		< QUIT
	END
	remote r.test a@r.test
	grep -q '^R 2.0.0' result
	cmp msg heard.bdat
	grep -qx 'BDAT 34 LAST' heard
	played
}

@test "CHUNKING: large messages in several chunks, the last line ended" {
	{ cat msg; seq 300000 | sed 's/$/\r/'; printf 'no end'; } >large
	mv large msg
	local size
	size=$(stat -c %s msg)
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250-PIPELINING
		> 250 CHUNKING
		< MAIL
		< RCPT
		> 250 ok
		> 250 ok
		<bdat
		<bdat
		<bdat
		> 250 ok
		> 250 ok
		> 250 2.0.0 ok
		< QUIT
	END
	remote r.test a@r.test
	grep -q '^R 2.0.0' result
	{ cat msg; printf '\r\n'; } | cmp - heard.bdat
	grep -qx 'BDAT 1048576' heard
	grep -qx "BDAT $((size + 2 - 2097152)) LAST" heard
	played
}

# Two servers may have it then: one surely, one perhaps.
@test "CHUNKING: lost behind the last chunk, no other host is asked" {
	{ cat msg; seq 300000 | sed 's/$/\r/'; } >large
	mv large msg
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250-PIPELINING
		> 250 CHUNKING
		< MAIL
		< RCPT
		> 250 ok
		> 250 ok
		<bdat
		<bdat
		<bdat
		drop
		--
		> 220 there
	END
	rm root/routes
	printf '%s\n' 'r.test MX 1 a.r.test' 'r.test MX 2 b.r.test' \
	    'a.r.test A 127.0.0.1' 'b.r.test A 127.0.0.1' >zone
	fakedns zone >dnsport 2>/dev/null &
	STARTED+=($!)
	wait_for test -s dnsport
	DNS_SERVER=127.0.0.1:$(cat dnsport) REMOTE_PORT=$PORT \
	    remote r.test a@r.test
	cmp msg heard.bdat
	grep -q '^Z 4.4.2' result
	grep -q 'a.r.test.*closed' result
	[ "$(grep -c 'ev=remote ' log)" -eq 1 ]
}

@test "CHUNKING: nobody accepted, no BDAT; a chunk refused is the verdict" {
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250-PIPELINING
		> 250 CHUNKING
		< MAIL
		< RCPT
		> 250 ok
		> 550 5.1.1 no
		< QUIT
		--
		> 220 there
		< EHLO
		> 250-there
		> 250 CHUNKING
		< MAIL
		> 250 ok
		< RCPT
		> 250 ok
		<bdat
		> 554 5.6.0 we do not like it
		< QUIT
	END
	remote r.test a@r.test
	grep -q '^D 5.1.1' result
	remote r.test a@r.test
	grep -q '^D 5.6.0 .*do not like' result
	wait_for test "$(grep -c ^END heard)" -eq 2
	run ! grep EXPECTED heard
}

@test "CHUNKING announced by a server that does not know BDAT: DATA after all" {
	server <<-END
		> 220 there
		< EHLO
		> 250-there
		> 250 CHUNKING
		< MAIL
		> 250 ok
		< RCPT
		> 250 ok
		<bdat
		> 502 5.5.1 what
		hold
		--
		> 220 there
		< EHLO
		> 250-there
		> 250 CHUNKING
		$(rest)
	END
	remote r.test a@r.test
	grep -q '^R 2.0.0' result
	sed 's/^\./../' msg | cmp - heard.msg1
}

@test "DSN: the wishes are handed on, and the letter is T (RFC 3461 5.2.1)" {
	server <<-END
		> 220 there
		< EHLO
		> 250-there
		> 250 DSN
		< MAIL FROM:<ann@example.test> RET=HDRS ENVID=a+20b+2Bc
		> 250 ok
		< RCPT TO:<a@r.test> NOTIFY=SUCCESS,DELAY
		> 250 ok
		< DATA
		> 354 go
		<data
		> 250 2.0.0 ok
	END
	remote -e 'a b+c' -r hdrs -n success,delay r.test a@r.test
	grep -q '^T 2.0.0' result
	played
}

@test "without DSN nothing of that is said, and the letter is R" {
	server < <(printf '> 220 there\n< EHLO\n> 250 there\n'; rest)
	remote -e 'a b+c' -r hdrs -n success,delay r.test a@r.test
	grep -q '^R 2.0.0' result
	grep -qx 'MAIL FROM:<ann@example.test>' heard
	grep -qx 'RCPT TO:<a@r.test>' heard
	run -100 yubin-deliver-remote -n sometimes -i 0abc -f '' r.test a@r.test
	run -100 yubin-deliver-remote -r some -i 0abc -f '' r.test a@r.test
}

@test "SMTPUTF8 missing: 5.6.7 for whom it is needed, and for nobody else" {
	server < <(printf '> 220 there\n< EHLO\n> 250 there\n'; rest)
	remote -u r.test jörg@r.test a@r.test
	[ "$(cut -c1-7 result | tr '\n' ' ')" = "D 5.6.7 R 2.0.0 " ]
}

@test "SMTPUTF8 missing: a header that needs it is everybody's, a body is not" {
	printf 'Subject: gr\303\274n\r\n\r\nx\r\n' >msg
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250 8BITMIME
		< QUIT
	END
	remote -u r.test a@r.test
	grep -q '^D 5.6.7' result
	stop_all
	printf 'Subject: x\r\n\r\ngr\303\274n\r\n' >msg
	server < <(printf '> 220 there\n< EHLO\n> 250-there\n> 250 8BITMIME\n'
		rest)
	remote -u r.test a@r.test
	grep -q '^R 2.0.0' result
}

@test "SMTPUTF8 offered: said where an address needs it (RFC 6531 3.4)" {
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250-8BITMIME
		> 250 SMTPUTF8
		< MAIL FROM:<ann@example.test> SMTPUTF8
		> 250 ok
		< RCPT TO:<jörg@r.test>
		> 250 ok
		< DATA
		> 354 go
		<data
		> 250 2.0.0 ok
	END
	remote r.test jörg@r.test
	grep -q '^R 2.0.0' result
}

@test "521 as the greeting of every host is final (RFC 7504)" {
	server <<-'END'
		> 521 mx.r.test takes no mail
	END
	remote r.test a@r.test
	grep -q '^D 5.3.2 .*521 mx.r.test takes no mail' result
}

# ------------------------------------------------------------------- routes

@test "tls=required: no STARTTLS, no mail; with it, all is well" {
	KEYS=tls=required
	server < <(printf '> 220 there\n< EHLO\n> 250 there\n< QUIT\n')
	remote r.test a@r.test
	grep -q '^Z 4.7.4 .*STARTTLS' result
	run ! grep -q MAIL heard
	stop_all
	self_signed .
	server . < <(printf '%s\n' '> 220 there' '< EHLO' '> 250-there' \
	    '> 250 STARTTLS' '< STARTTLS' '> 220 go' tls '< EHLO' '> 250 there'
		rest)
	remote r.test a@r.test
	grep -q '^R 2.0.0' result
}

@test "tls=required: a handshake that fails is not followed by clear text" {
	KEYS=tls=required
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250 STARTTLS
		< STARTTLS
		> 220 go
		tlsbad
		drop
		--
		> 220 there
	END
	remote r.test a@r.test
	grep -q '^Z 4.7.5' result
	run ! grep -q MAIL heard
}

@test "tls=none: STARTTLS is not used though offered" {
	KEYS=tls=none
	server < <(printf '> 220 there\n< EHLO\n> 250-there\n> 250 STARTTLS\n'
		rest)
	remote r.test a@r.test
	grep -q '^R 2.0.0' result
	run ! grep -q STARTTLS heard
}

@test "tls=implicit: TLS from the first octet (RFC 8314 3)" {
	self_signed .
	KEYS=tls=implicit
	server . < <(printf 'tls\n> 220 there\n< EHLO\n> 250 there\n'; rest)
	remote r.test a@r.test
	grep -q '^R 2.0.0' result
	grep -q tls=TLSv1.3 log
}

@test "tls=checked: the certificate counts" {
	self_signed .
	KEYS=tls=implicit,checked
	server . < <(printf 'tls\n> 220 there\n--\ntls\n> 220 there\n'
		printf '< EHLO\n> 250 there\n'; rest)
	remote r.test a@r.test
	grep -q '^Z 4.7.5 .*certificate verify failed' result
	SSL_CERT_FILE=$PWD/cert.pem remote r.test a@r.test
	grep -q '^R 2.0.0' result
}

credentials() {
	printf '%s\n' "$1" >root/relay
	chmod "${2:-600}" root/relay
}

@test "auth: PLAIN over TLS (RFC 4954 4, RFC 4616)" {
	self_signed .
	credentials 'ann se cret'
	KEYS=auth=relay
	server . < <(printf '%s\n' '> 220 there' '< EHLO' '> 250-there' \
	    '> 250 STARTTLS' '< STARTTLS' '> 220 go' tls '< EHLO' \
	    '> 250-there' '> 250 AUTH GSSAPI LOGIN PLAIN' \
	    "< AUTH PLAIN $(printf '\0ann\0se cret' | base64)" '> 235 in'
		rest)
	remote r.test a@r.test
	grep -q '^R 2.0.0' result
	run ! grep -q 'cret' log
	played
}

@test "auth: LOGIN where there is no PLAIN" {
	credentials 'ann secret'
	KEYS="tls=none auth=relay"
	server < <(printf '%s\n' '> 220 there' '< EHLO' '> 250-there' \
	    '> 250 AUTH LOGIN' '< AUTH LOGIN' '> 334 VXNlcm5hbWU6' \
	    '< YW5u' '> 334 UGFzc3dvcmQ6' '< c2VjcmV0' '> 235 in'
		rest)
	remote r.test a@r.test
	grep -q '^R 2.0.0' result
	played
}

@test "auth: no password in clear text unless the route says so" {
	credentials 'ann secret'
	KEYS="tls=wanted auth=relay"
	server < <(printf '%s\n' '> 220 there' '< EHLO' '> 250-there' \
	    '> 250 AUTH PLAIN' '< QUIT')
	remote r.test a@r.test
	grep -q '^Z 4.7.4' result
	run ! grep -q AUTH heard
}

@test "auth refused, or not offered: the mail waits" {
	credentials 'ann wrong'
	KEYS="tls=none auth=relay"
	server < <(printf '%s\n' '> 220 there' '< EHLO' '> 250-there' \
	    '> 250 AUTH PLAIN' '< AUTH' '> 535 5.7.8 wrong' '< QUIT' -- \
	    '> 220 there' '< EHLO' '> 250 there' '< QUIT')
	remote r.test a@r.test
	grep -q '^Z 4.7.8 .*535 5.7.8 wrong' result
	remote r.test a@r.test
	grep -q '^Z 4.7.4 .*no login' result
}

@test "auth: credentials that others may read, or that are none: 4.3.5" {
	KEYS="tls=none auth=relay"
	server < <(printf '> 220 there\n< EHLO\n> 250-there\n> 250 AUTH PLAIN\n%.0s--\n' 1 2 3)
	credentials 'ann secret' 644
	remote r.test a@r.test
	grep -q '^Z 4.3.5 .*others may read' result
	credentials 'ann'
	remote r.test a@r.test
	grep -q '^Z 4.3.5 ' result
	rm root/relay
	remote r.test a@r.test
	grep -q '^Z 4.3.5 .*No such file' result
}

@test "auth: root reads what only root may, then gives root up" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	credentials 'ann secret'
	KEYS="tls=none auth=relay"
	export REMOTE_USER=65534:65534
	local above=$BATS_TEST_TMPDIR
	while [ "$above" != / ]; do
		chmod o+x "$above"
		above=$(dirname "$above")
	done
	chmod 755 root
	server < <(printf '%s\n' '> 220 there' '< EHLO' '> 250-there' \
	    '> 250 AUTH PLAIN' "< AUTH PLAIN $(printf '\0ann\0secret' | base64)" \
	    '> 235 in'; rest)
	chmod 644 root/routes
	remote r.test a@r.test
	grep -q '^R 2.0.0' result
}

@test "source: the address that a route or a setting names" {
	KEYS=source=127.0.0.9
	cat >peer.py <<-'X'
		import socket
		s = socket.socket()
		s.bind(("127.0.0.1", 0))
		s.listen()
		open("port", "w").write("%d\n" % s.getsockname()[1])
		for i in range(2):
		    c, peer = s.accept()
		    print(peer[0], flush=True)
		    c.sendall(b"421 bye\r\n")
		    c.close()
	X
	python3 peer.py >peers &
	STARTED+=($!)
	read -r PORT <port
	echo "* [127.0.0.1]:$PORT source=127.0.0.9" >root/routes
	remote r.test a@r.test
	echo "* [127.0.0.1]:$PORT" >root/routes
	SOURCE_IPV4=127.0.0.8 remote r.test a@r.test
	[ "$(tr '\n' ' ' <peers)" = "127.0.0.9 127.0.0.8 " ]
	SOURCE_IPV4=::1 run -100 yubin-deliver-remote -i 1 -f '' r.test a@r.test
}
