# SPDX-License-Identifier: ISC
# deliver-remote against scripted servers: the ordinary course of things.
load remote

@test "a plain server gets the message byte for byte, with dots doubled" {
	server <<-'END'
		> 220 there
		< EHLO mx.example.test
		> 250-there
		> 250 SIZE 1000
		< MAIL FROM:<ann@example.test> SIZE=34
		> 250 2.1.0 ok
		< RCPT TO:<joe@remote.test>
		> 250 2.1.5 ok
		< DATA
		> 354 go
		<data
		> 250 2.0.0 taken as 77
		< QUIT
		> 221 bye
	END
	remote remote.test joe@remote.test
	grep -q '^R 2.0.0 127.0.0.1\[127.0.0.1\] said: 250 2.0.0 taken as 77$' \
	    result
	sed 's/^\./../' msg | cmp - heard.msg1
	grep -q 'id=0abc.*decided=1' log
	wait_for grep -q ^END heard
	run ! grep EXPECTED heard
}

@test "each recipient has its own verdict, in order" {
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250 PIPELINING
		< MAIL
		< RCPT TO:<a@r.test>
		< RCPT TO:<b@r.test>
		< RCPT TO:<c@r.test>
		> 250 ok
		> 550 5.1.1 no such user
		> 250 ok
		> 451 4.7.1 come back
		< DATA
		> 354 go
		<data
		> 250 ok
		< QUIT
	END
	remote r.test a@r.test b@r.test c@r.test
	diff -u - result <<-'END'
		D 5.1.1 127.0.0.1[127.0.0.1] said: 550 5.1.1 no such user
		R 2.0.0 127.0.0.1[127.0.0.1] said: 250 ok
		Z 4.7.1 127.0.0.1[127.0.0.1] said: 451 4.7.1 come back
	END
}

@test "HELO when EHLO is unknown, and no parameters then (RFC 5321 3.2)" {
	server <<-'END'
		> 220 old
		< EHLO
		> 502 what
		< HELO mx.example.test
		> 250 old
		< MAIL FROM:<ann@example.test>
		> 250 ok
		< RCPT
		> 250 ok
		< DATA
		> 354 go
		<data
		> 250 ok
	END
	remote r.test a@r.test
	grep -q ^R result
	grep -qx 'MAIL FROM:<ann@example.test>' heard
}

@test "8BITMIME is asked for when the message needs it (RFC 6152)" {
	printf 'Subject: x\r\n\r\ngr\303\274n\r\n' >msg
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250 8BITMIME
		< MAIL FROM:<ann@example.test> BODY=8BITMIME
		> 250 ok
		< RCPT
		> 250 ok
		< DATA
		> 354 go
		<data
		> 250 ok
	END
	remote r.test a@r.test
	grep -q ^R result
	cmp msg heard.msg1
}

@test "a message over the announced SIZE is refused here: 5.3.4" {
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250 SIZE 20
		< QUIT
	END
	remote r.test a@r.test
	grep -q '^D 5.3.4' result
}

@test "STARTTLS is used when offered, EHLO is said again (RFC 3207 4.2)" {
	self_signed .
	server . <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250 STARTTLS
		< STARTTLS
		> 220 go
		tls
		< EHLO
		> 250 there
		< MAIL
		> 250 ok
		< RCPT
		> 250 ok
		< DATA
		> 354 go
		<data
		> 250 2.6.0 ok
		< QUIT
		> 221 bye
	END
	remote r.test a@r.test
	grep -q '^R 2.6.0' result
	grep -q TLS heard
	grep -q 'tls=TLSv1.3' log
	sed 's/^\./../' msg | cmp - heard.msg1
}

@test "a failed handshake leads to a second connection without TLS" {
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
		< EHLO
		> 250-there
		> 250 STARTTLS
		< MAIL
		> 250 ok
		< RCPT
		> 250 ok
		< DATA
		> 354 go
		<data
		> 250 ok
	END
	remote r.test a@r.test
	grep -q ^R result
	grep -q ev=tls-failed log
}

@test "STARTTLS refused: the session goes on in clear text" {
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250 STARTTLS
		< STARTTLS
		> 454 4.7.0 not now
		< MAIL
		> 250 ok
		< RCPT
		> 250 ok
		< DATA
		> 354 go
		<data
		> 250 ok
	END
	remote r.test a@r.test
	grep -q ^R result
}

@test "452 after some recipients: the others go in a second transaction" {
	server <<-'END'
		> 220 there
		< EHLO
		> 250 there
		< MAIL
		> 250 ok
		< RCPT TO:<a@
		> 250 ok
		< RCPT TO:<b@
		> 452 4.5.3 too many
		< DATA
		> 354 go
		<data
		> 250 first
		< MAIL
		> 250 ok
		< RCPT TO:<b@
		> 250 ok
		< DATA
		> 354 go
		<data
		> 250 second
		< QUIT
	END
	remote r.test a@r.test b@r.test
	diff -u - <(cut -d' ' -f1,6 result) <<-'END'
		R first
		R second
	END
	cmp heard.msg1 heard.msg2
}

@test "DATA refused for some: RSET before the others' transaction" {
	server <<-'END'
		> 220 there
		< EHLO
		> 250 there
		< MAIL
		> 250 ok
		< RCPT TO:<a@
		> 250 ok
		< RCPT TO:<b@
		> 452 4.5.3 too many
		< DATA
		> 452 4.3.1 full
		< RSET
		> 250 ok
		< MAIL
		> 250 ok
		< RCPT TO:<b@
		> 250 ok
		< DATA
		> 354 go
		<data
		> 250 second
		< QUIT
	END
	remote r.test a@r.test b@r.test
	diff -u - <(cut -d' ' -f1,6 result) <<-'END'
		Z 4.3.1
		R second
	END
}

@test "the null sender, and a message through a pipe" {
	server <<-'END'
		> 220 there
		< EHLO
		> 250 there
		< MAIL FROM:<>
		> 250 ok
		< RCPT
		> 250 ok
		< DATA
		> 354 go
		<data
		> 250 ok
	END
	cat msg | timeout 60 yubin-deliver-remote -i 0abc -f '' r.test \
	    a@r.test >result 2>>log
	grep -q ^R result
	sed 's/^\./../' msg | cmp - heard.msg1
}

@test "the message starts where descriptor 0 stands" {
	server <<-'END'
		> 220 there
		< EHLO
		> 250 there
		< MAIL
		> 250 ok
		< RCPT
		> 250 ok
		< DATA
		> 354 go
		<data
		> 250 ok
	END
	{ printf 'envelope to skip'; cat msg; } >queued
	python3 -c 'import os, sys
os.lseek(0, 16, 0)
os.execvp(sys.argv[1], sys.argv[1:])' yubin-deliver-remote -i 0abc -f '' \
	    r.test a@r.test <queued >result 2>>log
	grep -q ^R result
	sed 's/^\./../' msg | cmp - heard.msg1
}

@test "a message SMTP cannot carry is refused, not altered: 5.6.0" {
	printf 'Subject: x\r\n\r\nbare\nLF\r\n' >msg
	server <<-'END'
		> 220 there
		< EHLO
		> 250 there
		< MAIL
		> 250 ok
		< RCPT
		> 250 ok
		< DATA
		> 354 go
		<data
		hold
	END
	remote r.test a@r.test
	grep -q '^D 5.6.0' result
}

@test "an address that could not stand in a command is refused" {
	remote r.test $'a@r.test>\r\nRCPT TO:<evil@r.test' 'b c@r.test'
	[ "$(cut -c1-7 result | tr '\n' ' ')" = "D 5.1.3 D 5.1.3 " ]
	[ "$(wc -l <result)" -eq 2 ]
}

@test "a domain that cannot exist is 5.1.2, a bad literal too" {
	: >root/routes
	remote 'not_a domain' a@b
	grep -q '^D 5.1.2' result
	remote '[300.1.2.3]' 'a@[300.1.2.3]'
	grep -q '^D 5.1.2' result
}

@test "a broken routes file is temporary: 4.3.5" {
	echo '* host:port:port' >root/routes
	remote r.test a@r.test
	grep -q '^Z 4.3.5' result
}

@test "bad usage is 100" {
	run -100 yubin-deliver-remote
	run -100 yubin-deliver-remote -i 1 -f a b
	run -100 yubin-deliver-remote -x
}

@test "our own smtpd takes it over TLS" {
	new_root
	mkdir -p root/tls
	self_signed root/tls
	export TLS_USER=65534:65534
	SMTP_USER=$(id -u):$(id -g) start yubin-tlsserver -t starttls -p port \
	    127.0.0.1 0 yubin-smtpd
	read -r _ PORT <port
	echo "example.test 127.0.0.1:$PORT" >root/routes
	remote example.test ann@example.test nobody@example.test
	[ "$(cut -c1-7 result | tr '\n' ' ')" = "T 2.0.0 D 5.1.1 " ]
	grep -q 'tls=TLSv1.3 decided=2' log
	run ! grep -rq '^\.\.two' root/queue/new
	grep -rq '^\.two' root/queue/new
}
