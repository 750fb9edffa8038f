# SPDX-License-Identifier: ISC
# tlsserver and tlsd against openssl s_client, with small shell handlers.
load ../helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	export YUBIN_ROOT=$BATS_TEST_TMPDIR/root TLS_USER=65534:65534
	mkdir -p root/tls
	self_signed root/tls
	mkfifo ready port
}

teardown() {
	stop_all
}

# serve OPTIONS… -- PROGRAM…: a server on a free port, which is left in $PORT.
serve() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	start yubin-tlsserver "${options[@]}" -p port 127.0.0.1 0 "$@"
	read -r ADDRESS PORT <port
}

# tls ARGS…: what a TLS client gets after sending its standard input.
tls() {
	timeout 15 socat -t 10 - \
	    "OPENSSL:127.0.0.1:$PORT,verify=0,snihost=mx.example.test" 2>client
}

# s_client ARGS…: exit status 0 when the handshake succeeds.
s_client() {
	timeout 15 openssl s_client -no_ign_eof -connect "127.0.0.1:$PORT" \
	    "$@" </dev/null >client 2>&1
}

# plain: the same without TLS.
plain() {
	timeout 15 socat -t 10 - "TCP:127.0.0.1:$PORT"
}

log_has() {
	grep -q -- "$1" log
}

@test "plain: the handler has the socket and the UCSPI environment" {
	export TCPREMOTEHOST=evil TCP6REMOTEIP=::9 SSL_CIPHER=none
	serve -l here.test -- sh -c 'env | grep -E "^(TCP|SSL|PROTO)" | sort'
	plain </dev/null >got
	sed 's/PORT=[0-9]*/PORT=/' got | diff -u - <(
		cat <<-END
			PROTO=TCP
			TCPCONNNUM=1
			TCPLOCALHOST=here.test
			TCPLOCALIP=127.0.0.1
			TCPLOCALPORT=
			TCPREMOTEIP=127.0.0.1
			TCPREMOTEPORT=
		END
	)
}

@test "plain: the handler has no descriptor but 0, 1 and 2" {
	serve -- sh -c 'exec ls /proc/self/fd'
	[ "$(plain </dev/null | tr '\n' ' ')" = "0 1 2 3 " ]
}

# closed PROGRAM ARGS…: started with all standard descriptors closed.
closed() {
	exec "$@" <&- >&- 2>&-
}

@test "standard descriptors that are closed are nobody's connection" {
	new_root
	closed yubin-tlsserver -p port 127.0.0.1 0 yubin-pop3-login \
	    yubin-checkpw yubin-pop3d 3>&- &
	STARTED+=("$!")
	read -r ADDRESS PORT <port
	dialog -c "127.0.0.1:$PORT" <<-'X'
		S: +OK *
		C: USER ann@example.test
		S: +OK *
		C: PASS secret
		S: +OK Logged in*
		C: STAT
		S: +OK 0 0
		C: QUIT
		S: +OK *
	X
}

@test "a client of :: by IPv4 is shown by its IPv4 address" {
	start yubin-tlsserver -p port :: 0 sh -c 'echo $TCPREMOTEIP $TCPLOCALIP'
	read -r ADDRESS PORT <port
	[ "$(plain </dev/null)" = "127.0.0.1 127.0.0.1" ]
}

@test "IPv6 clients have TCPREMOTEIP too" {
	[ -e /proc/net/if_inet6 ] && grep -q ' lo$' /proc/net/if_inet6 ||
		skip "no IPv6 here"
	start yubin-tlsserver -p port ::1 0 sh -c 'echo $PROTO $TCPREMOTEIP'
	read -r ADDRESS PORT <port
	[ "$(socat -t 10 - "TCP6:[::1]:$PORT" </dev/null)" = "TCP ::1" ]
}

@test "tls: echo, and the variables of the session" {
	serve -t tls -- sh -c 'echo $PROTO $TCPREMOTEIP $SSL_PROTOCOL \
	    $SSL_TLS_SNI_SERVERNAME; exec cat'
	echo hello | tls >got
	[ "$(cat got)" = "TCP 127.0.0.1 TLSv1.3 mx.example.test
hello" ]
}

@test "tls: a megabyte goes both ways unchanged" {
	serve -t tls -- cat
	head -c 1000000 /dev/urandom | base64 >big
	tls <big >got
	cmp big got
}

@test "tls: the client's end is the handler's end of input" {
	serve -t tls -- sh -c 'wc -c; echo done >&2'
	[ "$(printf 12345 | tls)" -eq 5 ]
}

@test "tls: all output arrives although the handler is gone" {
	serve -t tls -- sh -c 'head -c 300000 /dev/zero | tr "\0" x'
	[ "$(tls </dev/null | wc -c)" -eq 300000 ]
}

@test "tls: a failed handshake starts no handler and says why" {
	serve -t tls -- sh -c 'touch started; cat'
	echo "EHLO there" | plain >/dev/null || true
	wait_for log_has ev=tls-failed
	wait_for log_has ev=close
	[ ! -e started ]
}

@test "tls: a silent client is dropped after TLS_TIMEOUT" {
	export TLS_TIMEOUT=1
	serve -t tls -- sh -c 'touch started; cat'
	timeout 10 socat -u "TCP:127.0.0.1:$PORT" - >got
	wait_for log_has 'timed out'
	[ ! -s got ] && [ ! -e started ]
}

@test "TLS 1.1 and weak ciphers are refused (RFC 8996, RFC 9325)" {
	serve -t tls -- cat
	run ! s_client -tls1_1 -cipher ALL:@SECLEVEL=0
	run ! s_client -tls1_2 -cipher AES128-SHA:AES256-GCM-SHA384
	s_client -tls1_2 -cipher ECDHE+AESGCM
	s_client -tls1_3
}

@test "no renegotiation (RFC 9325 3.5)" {
	serve -t tls -- cat
	{
		echo R
		timeout 3 tail -f /dev/null || true
	} | timeout 10 openssl s_client -tls1_2 -connect "127.0.0.1:$PORT" \
		>got 2>&1 || true
	grep -q 'no renegotiation' got
}

@test "a certificate that is replaced is used at once" {
	serve -t tls -- true
	echo | timeout 10 openssl s_client -connect "127.0.0.1:$PORT" 2>/dev/null |
		openssl x509 -noout -fingerprint >one
	mkdir new
	self_signed new
	mv new/key.pem new/cert.pem root/tls
	echo | timeout 10 openssl s_client -connect "127.0.0.1:$PORT" 2>/dev/null |
		openssl x509 -noout -fingerprint >two
	openssl x509 -noout -fingerprint -in root/tls/cert.pem | diff - two
	run ! cmp one two
}

@test "a bad new certificate is reported and the old one stays" {
	serve -t tls -- echo alive
	echo rubbish >root/tls/cert.tmp
	mv root/tls/cert.tmp root/tls/cert.pem
	[ "$(tls </dev/null)" = alive ]
	[ "$(tls </dev/null)" = alive ]
	[ "$(grep -c ev=certificate-bad log)" -eq 1 ]
}

@test "without a certificate the server does not start: 111, and a clear line" {
	rm root/tls/key.pem
	run -111 yubin-tlsserver -t tls 127.0.0.1 0 cat
	[[ $output == *"key.pem: No such file"* ]]
	run -111 yubin-tlsserver -t starttls 127.0.0.1 0 cat
}

@test "-d says when the server is ready" {
	# Opening a FIFO waits for its reader: not in this shell.
	start sh -c 'exec yubin-tlsserver -d 5 127.0.0.1 0 cat 5>ready'
	read -r line <ready
	[ -z "$line" ]
}

@test "bad usage is 100" {
	run -100 yubin-tlsserver
	run -100 yubin-tlsserver -t what 127.0.0.1 0 cat
	run -100 yubin-tlsserver -x 127.0.0.1 0 cat
	run -100 yubin-tlsserver -c 0 127.0.0.1 0 cat
}

@test "clients over MAX_PER_SOURCE get the busy line, and room comes back" {
	serve -C 1 -b '421 4.7.0 too many' -- sh -c 'echo hi; exec cat'
	coproc FIRST { exec socat - "TCP:127.0.0.1:$PORT"; }
	read -r line <&"${FIRST[0]}"
	[ "$line" = hi ]
	[ "$(plain </dev/null)" = $'421 4.7.0 too many\r' ]
	log_has why=MAX_PER_SOURCE
	kill "$FIRST_PID"
	wait_for log_has ev=close
	[ "$(plain </dev/null)" = hi ]
}

@test "a program that cannot be started: the busy line, and a log line" {
	serve -b '421 4.3.0 later' -- no-such-program
	[ "$(plain </dev/null)" = $'421 4.3.0 later\r' ]
	log_has 'ev=refused .*why="start no-such-program: No such file'
	[ "$(plain </dev/null)" = $'421 4.3.0 later\r' ]
}

@test "SIGTERM: no new connections, the session goes on, then exit 0" {
	serve -- sh -c 'echo hi; read line; echo "$line"'
	coproc FIRST { exec socat - "TCP:127.0.0.1:$PORT"; }
	read -r line <&"${FIRST[0]}"
	kill -TERM "${STARTED[0]}"
	wait_for log_has ev=stopping
	run ! port_open "$PORT"
	echo still here >&"${FIRST[1]}"
	read -r line <&"${FIRST[0]}"
	[ "$line" = "still here" ]
	wait "${STARTED[0]}"
	STARTED=()
}

@test "-0 takes a listening socket on descriptor 0" {
	python3 - port yubin-tlsserver -0 sh -c 'echo inherited' 2>>log <<-'END' &
		import os, socket, sys
		s = socket.socket()
		s.bind(("127.0.0.1", 0))
		s.listen()
		open(sys.argv[1], "w").write("%d\n" % s.getsockname()[1])
		os.dup2(s.fileno(), 0)
		os.execvp(sys.argv[2], sys.argv[2:])
	END
	STARTED+=($!)
	read -r PORT <port
	[ "$(plain </dev/null)" = inherited ]
	run -111 yubin-tlsserver -0 cat </dev/null
}

@test "as root, TLS runs as TLS_USER and the handler as -u says" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	serve -t tls -u 12345:12345 -- sh -c 'id -u; id -g; id -G
		stat -c %u /proc/$PPID /proc/$PPID/environ; exec cat'
	# The second is root's: a process that may not be looked into (proc(5)).
	[ "$(echo end | tls | tr '\n' ' ')" = "12345 12345 12345 65534 0 end " ]
	serve -t tls -U -- sh -c 'id -u; grep ^Uid /proc/$PPID/status'
	[[ "$(tls </dev/null | tr '\n\t' '  ')" == \
	    "0 Uid: 65534 65534 65534 65534 " ]]
}

@test "what finds the names of users is not in the server, nor in what it forks" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	TLS_USER=nobody serve -t tls -u nobody -- cat
	run ! grep libnss "/proc/${STARTED[0]}/maps"
}
