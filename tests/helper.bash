# SPDX-License-Identifier: ISC
# Loaded by every .bats file.  BUILD says which build is tested.
bats_require_minimum_version 1.5.0

TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
BUILD=${BUILD:-$(dirname "$TESTS")/build}
BIN=$BUILD/bin
export PATH="$BIN:$BUILD/tests:/usr/sbin:$PATH"
export YUBIN_HOSTNAME=mx.example.test
export QUEUE_SLOTS=16
# Whatever this system has: root's tests use the owner of their folders.
export SMTP_USER=no-such-user MAIL_USER=no-such-user
export REMOTE_USER=no-such-user QUEUE_USER=no-such-user
unset PROTO TCPREMOTEIP TCPLOCALIP IMAPLOGINTAG AUTHENTICATED MAILDIR

# dialog PROGRAM ARGS… < script: see tests/dialog.c.  Standard error of the
# program goes to $BATS_TEST_TMPDIR/log.
dialog() {
	command dialog "$@" 2>>"$BATS_TEST_TMPDIR/log" || {
		echo "dialog failed (status $?); log:"
		tail -n 20 "$BATS_TEST_TMPDIR/log"
		return 1
	}
}

# A state root with the domain example.test and the users ann and bob, whose
# password is "secret" (a plain-text scheme keeps tests quick).
new_root() {
	export YUBIN_ROOT=$BATS_TEST_TMPDIR/root
	yubin init >/dev/null
	yubin domain add example.test
	local user
	for user in ann bob; do
		yubin user add --scheme PLAIN "$user@example.test" <<<"x$user"
		sed -i "s/^$user:[^:]*:/$user:{PLAIN}secret:/" \
		    "$YUBIN_ROOT/domains/example.test/users"
	done
	export CLEARTEXT_LOGIN=1 LOGIN_DELAY=0
}

# A TCP port of 127.0.0.1 that nobody uses right now.
free_port() {
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# wait_for CONDITION…: try a command every 50 ms, for 15 s at most.
wait_for() {
	local i
	for ((i = 0; i < 300; i++)); do
		if "$@" >/dev/null 2>&1; then
			return 0
		fi
		sleep 0.05
	done
	echo "waited in vain for: $*"
	return 1
}

# port_open PORT: someone listens on 127.0.0.1.
port_open() {
	(: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Start a program in the background and remember it for stop_all.  The log goes
# to $BATS_TEST_TMPDIR/log.
start() {
	"$@" 2>>"$BATS_TEST_TMPDIR/log" 3>&- &
	STARTED+=("$!")
}

# Stop what start() started, by process id; call it in teardown.
stop_all() {
	local pid
	for pid in "${STARTED[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	for pid in "${STARTED[@]}"; do
		wait "$pid" 2>/dev/null || true
	done
	STARTED=()
}
STARTED=()

# self_signed DIR: a certificate for localhost in DIR/cert.pem, DIR/key.pem.
# mbsync looks for an address among the DNS names too.
self_signed() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -keyout "$1/key.pem" -out "$1/cert.pem" -days 30 \
	    -subj /CN=localhost -addext subjectAltName=DNS:localhost,DNS:127.0.0.1,IP:127.0.0.1 \
	    2>/dev/null
}
