# SPDX-License-Identifier: ISC
# deliver-remote as a worker of the queue runner: many messages, few
# connections.
load remote

# worker <jobs: the answers are in "result".
worker() {
	timeout 60 python3 "$TESTS/queue/jobs.py" msg yubin-deliver-remote -w \
	    >result 2>>log
	[ "$(tail -n 1 result)" = "end 0" ]
}

# letters: "JOB INDEX LETTER" of each answer, or "JOB done", in one line.
letters() {
	sed -n 's/^\([0-9]* [0-9]* [A-Z]\) .*/\1/p; /done/p' result | paste -sd,
}

greeting() {
	printf '> 220 there\n< EHLO\n> 250 there\n'
}

message() {
	cat <<-END
		< MAIL
		> 250 ok
		< RCPT TO:<$1@
		> 250 ok
		< DATA
		> 354 go
		<data
		> 250 2.0.0 $1
	END
}

@test "the next message goes over the same connection, QUIT at the end" {
	server < <(greeting; message a; message b; printf '< QUIT\n> 221 bye\n')
	worker <<-'END'
		job r.test ann@example.test a@r.test
		job r.test - b@r.test
	END
	[ "$(letters)" = "1 0 R,1 done,2 0 R,2 done" ]
	wait_for grep -q ^END heard
	[ "$(grep -c ^END heard)" -eq 1 ]
	run ! grep EXPECTED heard
	grep -qx 'MAIL FROM:<>' heard
	cmp heard.msg1 heard.msg2
	grep -q 'kept=1' log
}

@test "each fate is told as soon as it is known" {
	server < <(greeting; cat <<-'END'
		< MAIL
		> 250 ok
		< RCPT TO:<a@
		> 550 5.1.1 no
		< RCPT TO:<b@
		> 250 ok
		< DATA
		until told
		> 354 go
		<data
		> 250 ok
		END
	)
	worker < <(echo 'ask r.test ann@example.test a@r.test b@r.test'
		wait_for grep -q DATA heard
		touch told)
	[ "$(letters)" = "1 0 D,1 1 R,1 done" ]
}

@test "several jobs at once are done in turn" {
	server < <(greeting; message a; message b; message c)
	worker <<-'END'
		ask r.test ann@example.test a@r.test
		ask r.test ann@example.test b@r.test
		ask r.test ann@example.test c@r.test
	END
	[ "$(letters)" = "1 0 R,1 done,2 0 R,2 done,3 0 R,3 done" ]
}

@test "a kept connection that died meanwhile is replaced, and nobody notices" {
	server < <(greeting; message a; printf 'drop\n--\n'
		greeting; message b; printf '> 421 4.4.2 idle too long\ndrop\n--\n'
		greeting; message c; printf '< MAIL\ndrop\n--\n'
		greeting; message d; printf '< MAIL\n> 421 enough\ndrop\n--\n'
		greeting; message e)
	worker < <(echo 'job r.test ann@example.test a@r.test'
		for c in b c d e; do
			sleep 0.1
			echo "job r.test ann@example.test $c@r.test"
		done)
	[ "$(letters)" = "1 0 R,1 done,2 0 R,2 done,3 0 R,3 done,4 0 R,4 done,5 0 R,5 done" ]
	[ "$(grep -c ^END heard)" -ge 4 ]
}

@test "a kept connection that dies twice is a failure" {
	server < <(greeting; message a; printf 'drop\n--\n'
		greeting; printf '< MAIL\ndrop\n')
	worker <<-'END'
		job r.test ann@example.test a@r.test
		wait 0.1
		job r.test ann@example.test b@r.test
	END
	[ "$(letters)" = "1 0 R,1 done,2 0 Z,2 done" ]
	grep -q '^2 0 Z 4.4.2' result
}

@test "after the last octet a lost connection is no matter of trying again" {
	server < <(greeting; message a; printf '%s\n' '< MAIL' '> 250 ok' \
	    '< RCPT' '> 250 ok' '< DATA' '> 354 go' '<data' drop --
		greeting; message b)
	worker <<-'END'
		job r.test ann@example.test a@r.test
		job r.test ann@example.test b@r.test
	END
	[ "$(letters)" = "1 0 R,1 done,2 0 Z,2 done" ]
}

@test "a transaction left open is reset before the next (RFC 5321 4.1.1.5)" {
	server < <(greeting; printf '%s\n' '< MAIL' '> 250 ok' '< RCPT' \
	    '> 550 5.1.1 no' '< RSET' '> 250 ok'; message b)
	worker <<-'END'
		job r.test ann@example.test a@r.test
		job r.test ann@example.test b@r.test
	END
	[ "$(letters)" = "1 0 D,1 done,2 0 R,2 done" ]
	run ! grep EXPECTED heard
}

@test "another domain, or another route: another connection" {
	server < <(greeting; message a; printf '< QUIT\n> 221 bye\n--\n'
		greeting; message b; printf '< QUIT\n> 221 bye\n--\n'
		greeting; message c)
	worker < <(echo 'job r.test ann@example.test a@r.test'
		echo 'job s.test ann@example.test b@s.test'
		wait_for grep -q '^2 done' result
		echo "s.test localhost:$PORT" >>root/routes
		echo 'job s.test ann@example.test c@s.test')
	[ "$(letters)" = "1 0 R,1 done,2 0 R,2 done,3 0 R,3 done" ]
	run ! grep EXPECTED heard
}

@test "an idle connection is ended after REMOTE_IDLE seconds, not the worker" {
	export REMOTE_IDLE=1
	server < <(greeting; message a; printf '< QUIT\n> 221 bye\n--\n'
		greeting; message b)
	worker < <(echo 'job r.test ann@example.test a@r.test'
		wait_for grep -q ^END heard
		echo 'job r.test ann@example.test b@r.test')
	[ "$(letters)" = "1 0 R,1 done,2 0 R,2 done" ]
	run ! grep EXPECTED heard
}

@test "an idle connection that cannot be ended well is no matter either" {
	export REMOTE_IDLE=1
	server < <(greeting; message a; printf '< QUIT\nreset\n--\n'
		greeting; message b)
	worker < <(echo 'job r.test ann@example.test a@r.test'
		wait_for grep -q ^END heard
		echo 'job r.test ann@example.test b@r.test')
	[ "$(letters)" = "1 0 R,1 done,2 0 R,2 done" ]
	run ! grep ev=worker log
}

@test "TLS stays up from message to message; its processes leave no zombies" {
	self_signed .
	server . < <(for i in a b; do
		printf '%s\n' '> 220 there' '< EHLO' '> 250-there' \
		    '> 250 STARTTLS' '< STARTTLS' '> 220 go' tls '< EHLO' \
		    '> 250 there'
		message $i; message $i
		printf '< QUIT\n> 221 bye\n--\n'
	done)
	worker < <(for i in a b; do
		echo "job $i.test ann@example.test $i@$i.test"
		echo "job $i.test ann@example.test $i@$i.test"
	done
	wait_for grep -q '^4 done' result
	ps -o stat= --ppid "$(sed -n 's/^pid //p' result)" >children)
	[ "$(letters)" = "1 0 R,1 done,2 0 R,2 done,3 0 R,3 done,4 0 R,4 done" ]
	[ -s children ]
	run ! grep Z children
}

@test "ENVID, RET, NOTIFY and ORCPT of each recipient (RFC 3461)" {
	server <<-'END'
		> 220 there
		< EHLO
		> 250-there
		> 250 DSN
		< MAIL FROM:<ann@example.test> RET=FULL ENVID=id+2B1
		> 250 ok
		< RCPT TO:<a@r.test> NOTIFY=NEVER
		> 250 ok
		< RCPT TO:<b@r.test> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;b+2Bx@r.test
		> 250 ok
		< RCPT TO:<c@r.test>
		> 250 ok
		< DATA
		> 354 go
		<data
		> 250 ok
	END
	worker <<-'END'
		set envid id+1
		set ret F
		job r.test ann@example.test a@r.test,1 b@r.test,14,rfc822;b+x@r.test c@r.test
	END
	[ "$(letters)" = "1 0 T,1 1 T,1 2 T,1 done" ]
	grep -qx 'RCPT TO:<c@r.test>' heard
}

@test "what is wrong with one job is not the next one's matter" {
	server < <(greeting; message b)
	worker < <(printf '%s\n' 'job r.test ann@example.test a>b@r.test'
		cat <<-'END'
		job r.test ann@example.test b@r.test
	END
	)
	[ "$(letters | cut -c1-12)" = "1 0 D,1 done" ]
	grep -q '^2 0 R' result
}

@test "-w alone; nonsense on the socket ends the worker" {
	run -100 yubin-deliver-remote -w x
	run -100 yubin-deliver-remote -w -i 1
	python3 - <<-'X'
		import socket, subprocess
		a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
		p = subprocess.Popen(["yubin-deliver-remote", "-w"], stdin=b,
		                     stderr=subprocess.DEVNULL)
		b.close()
		a.send(b"nonsense")
		assert p.wait(10) == 111
	X
}
