# SPDX-License-Identifier: ISC
# deliver-remote against servers that break off, lie, flood or keep silent.
# Whatever happens: one line per recipient, nothing worse than Z.
load remote

# remote: to two recipients; the letters are left in $LETTERS.
remote() {
	timeout 60 yubin-deliver-remote -i 0abc -f ann@example.test r.test \
	    a@r.test b@r.test <msg >result 2>>log
	[ "$(wc -l <result)" -eq 2 ]
	LETTERS=$(cut -c1 result | tr -d '\n')
}

# The whole session, one step a line; REPLY stands for what step $1 does
# instead of its answer.
session_with() {
	local step=$1 instead=$2 i=0 line
	while read -r line; do
		if [[ $line == '>'* ]]; then
			i=$((i + 1))
			[ "$i" -eq "$step" ] && line=$instead
		fi
		echo "$line"
		[ "$i" -eq "$step" ] && break
	done <<-'END'
		> 220 there
		< EHLO
		> 250 there
		< MAIL
		> 250 ok
		< RCPT
		> 250 ok
		< RCPT
		> 250 ok
		< DATA
		> 354 go
		<data
		> 250 ok
	END
}

@test "the connection is dropped at each step: Z for everyone" {
	for step in 1 2 3 4 5 6 7; do
		server < <(session_with "$step" drop)
		remote
		[ "$LETTERS" = ZZ ]
		stop_all
	done
}

@test "421 at each step: Z for everyone" {
	for step in 1 2 3 4 5 6 7; do
		server < <(session_with "$step" '> 421 4.3.2 going down')
		remote
		[ "$LETTERS" = ZZ ]
		grep -q '421 4.3.2 going down' result
		stop_all
	done
}

@test "5xx at the greeting or EHLO is no verdict, at MAIL, DATA and the end it is" {
	for step in 1 2; do
		server < <(session_with "$step" '> 554 5.7.1 go away')
		remote
		[ "$LETTERS" = ZZ ]
		stop_all
	done
	for step in 3 6 7; do
		server < <(session_with "$step" '> 554 5.7.1 go away')
		remote
		[ "$LETTERS" = DD ]
		grep -q '^D 5.7.1 .*554 5.7.1 go away' result
		stop_all
	done
}

@test "silence at each step ends with Z after the timeout" {
	export REMOTE_TIMEOUT=1
	for step in 1 3 7; do
		server < <(session_with "$step" hold)
		remote
		[ "$LETTERS" = ZZ ]
		stop_all
	done
	grep -q 'no answer in time' result
}

@test "an endless reply is cut off" {
	server < <(session_with 2 'flood 1000000')
	remote
	[ "$LETTERS" = ZZ ]
	grep -q 'not an SMTP reply' result
}

@test "an endless line is cut off" {
	server < <(session_with 1 ">raw 220 $(printf 'x%.0s' {1..9000})\\r\\n")
	remote
	[ "$LETTERS" = ZZ ]
}

@test "rubbish instead of replies" {
	for rubbish in 'hello' '>raw \x00\x01\x02\r\n' '> 9999 x' '> 25' \
	    '>raw 250-a\r\n251 b\r\n' '> 100 wait' '>raw 250 a\rb\r\n'; do
		[[ $rubbish == '>'* ]] || rubbish="> $rubbish"
		server < <(session_with 3 "$rubbish")
		remote
		[ "$LETTERS" = ZZ ]
		stop_all
	done
}

@test "what a server says is made printable, and is one line" {
	server < <(session_with 3 \
	    '>raw 550-5.1.1 \x1b[31m\xff\x00evil\r\n550 5.1.1 K 2.0.0 ok\r\n')
	remote
	[ "$LETTERS" = DD ]
	run ! grep -P '[^\x20-\x7e]' result
}

@test "clear text behind the reply to STARTTLS is an attack (CVE-2011-0411)" {
	self_signed .
	server . <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250 STARTTLS
		< STARTTLS
		>raw 220 go\r\n250-injected\r\n250 AUTH\r\n
		hold
	END
	remote
	[ "$LETTERS" = ZZ ]
	grep -q 'clear text behind' result
	run ! grep -q MAIL heard
}

@test "what was announced before TLS is forgotten (RFC 3207 4.2)" {
	self_signed .
	server . <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250-SIZE 5
		> 250-PIPELINING
		> 250 STARTTLS
		< STARTTLS
		> 220 go
		tls
		< EHLO
		> 250 there
		< MAIL FROM:<ann@example.test>
		> 550 enough
	END
	remote
	[ "$LETTERS" = DD ]
	grep -qx 'MAIL FROM:<ann@example.test>' heard
}

@test "a server that dies inside TLS: Z, and nothing in clear text" {
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
		drop
	END
	remote
	[ "$LETTERS" = ZZ ]
	wait_for grep -q END heard
	[ "$(grep -c END heard)" -eq 1 ]
}

@test "a silent handshake is given up after TLS_TIMEOUT, then clear text" {
	export TLS_TIMEOUT=1
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250 STARTTLS
		< STARTTLS
		> 220 go
		hold
		--
		> 220 there
		< EHLO
		> 250 there
		< MAIL
		> 550 5.7.1 no
	END
	remote
	[ "$LETTERS" = DD ]
}

@test "all recipients refused, pipelined: DATA went along, no message does" {
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250 PIPELINING
		< MAIL
		< RCPT
		< RCPT
		< DATA
		> 250 ok
		> 550 5.1.1 no
		> 450 4.2.1 later
		> 503 5.5.1 nobody to send it to
		< QUIT
		> 221 bye
	END
	remote
	[ "$LETTERS" = DZ ]
	wait_for grep -q ^END heard
	run ! grep EXPECTED heard
}

@test "DATA accepted though all were refused: an empty message (RFC 2920 3.1)" {
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250 PIPELINING
		< MAIL
		< RCPT
		< RCPT
		< DATA
		> 250 ok
		> 550 5.1.1 no
		> 550 5.1.1 no
		> 354 go
		<data
		> 250 thanks for nothing
		< QUIT
		> 221 bye
	END
	remote
	[ "$LETTERS" = DD ]
	wait_for grep -q ^END heard
	[ ! -s heard.msg1 ]
	run ! grep EXPECTED heard
}

@test "MAIL refused, pipelined: its verdict is everyone's" {
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250 PIPELINING
		< MAIL
		< RCPT
		< RCPT
		< DATA
		> 553 5.1.8 sender unknown
		> 503 5.5.1 MAIL first
		> 503 5.5.1 MAIL first
		> 503 5.5.1 MAIL first
	END
	remote
	[ "$LETTERS" = DD ]
	[ "$(grep -c '5.1.8 sender unknown' result)" -eq 2 ]
}

@test "a server that takes no data: the reply it left is found" {
	head -c 9000000 /dev/zero | tr '\0' x | fold -w 900 | sed 's/$/\r/' >>msg
	printf '\n' >>msg
	export REMOTE_TIMEOUT=1
	{
		session_with 6 '> 354 go'
		echo '> 552 5.3.4 too much'
		echo 'stall 4'
	} >script
	server <script
	remote
	[ "$LETTERS" = DD ]
	grep -q '5.3.4 too much' result
}

@test "nobody listens: Z 4.4.1" {
	echo "* 127.0.0.1:$(free_port)" >root/routes
	remote
	[ "$LETTERS" = ZZ ]
	grep -q '^Z 4.4.1.*Connection refused' result
}
