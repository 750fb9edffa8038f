#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# SASL behind tlsserver: what is bound to the channel, what a client's
# certificate is good for, and that only the TLS server's word counts for it.
load ../helper
load sasl

setup() {
	sasl_root
	cd "$BATS_TEST_TMPDIR"
	export CLEARTEXT_LOGIN=0 TLS_USER=65534:65534
	self_signed "$YUBIN_ROOT/tls"
	mkfifo port
	ALL="EXTERNAL SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN"
}

teardown() {
	stop_all
}

# serve MODE PROTO: PORT is where.
serve() {
	local worker=(-w)
	local handler=(yubin-imap-login -w yubin-checkpw "$SESSION")
	[ "$2" != pop3 ] || handler=(env SASL_MECHANISMS="$ALL" yubin-pop3-login -w
	    yubin-checkpw "$SESSION")
	[ "$2" != smtp ] || worker=() \
	    handler=(env SASL_MECHANISMS="$ALL" yubin-smtpd yubin-checkpw)
	start yubin-tlsserver "${worker[@]}" -t "$1" -p port 127.0.0.1 0 "${handler[@]}"
	read -r _ PORT <port
}

try() {
	python3 "$TESTS/sasl/tls.py" "$@"
}

@test "channel binding, from the start and behind STARTTLS, in each protocol" {
	local proto
	for proto in imap pop3 smtp; do
		serve starttls "$proto"
		try binding "$proto" "$PORT" starttls
		stop_all
	done
	serve tls imap
	try binding imap "$PORT" tls
}

# authority: ca.pem, and cert.pem of ann, bob and eve signed by it; and other
# certificates of names by which nobody may get in.
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -days 30 -subj /CN=ca -keyout ca.key -out ca.pem 2>/dev/null
	issue cert "/CN=Ann" email:ann@example.test,email:bob@example.test,email:eve@example.test
	issue cn "/O=Example/CN=ann@example.test" DNS:x.test
	issue none "/CN=Ann" DNS:x.test
	issue odd "/CN=x SSL_CLIENT_SAN_Email_0=ann@example.test" email:bob@elsewhere.test
}

issue() {
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -subj "$2" -keyout "$1.key" -out "$1.csr" 2>/dev/null
	openssl x509 -req -in "$1.csr" -CA ca.pem -CAkey ca.key -days 30 \
	    -CAcreateserial -out "$1.pem" 2>/dev/null \
	    -extfile <(echo "subjectAltName=$3")
}

@test "EXTERNAL with a client's certificate, in each protocol" {
	local proto
	authority
	export TLS_CLIENT_CA=$PWD/ca.pem
	for proto in pop3 smtp; do
		serve starttls "$proto"
		try external "$proto" "$PORT" starttls cert.pem cert.key
		stop_all
	done
	serve tls imap
	try external imap "$PORT" tls cert.pem cert.key
	grep 'ev=login-ok .*user=ann@example.test .*mech=EXTERNAL' log
	grep 'ev=login-failed .*reason=another-certificate .*mech=EXTERNAL' log
	# By the common name, when it is an address.
	try once imap "$PORT" tls cn.pem cn.key | grep 'OK ann@example.test'
	# Not by one without addresses, nor by one nobody vouches for.
	try once imap "$PORT" tls none.pem none.key | grep 'NO No such mech'
	self_signed .
	try once imap "$PORT" tls cert.pem key.pem | grep 'NO No such mech'
	try once imap "$PORT" tls odd.pem odd.key | grep AUTHENTICATIONFAILED
}

# It could say anything about a client's certificate, once somebody has taken
# it over: what is said of TLS comes on a socket that it does not have.
@test "the network side hears of TLS by its parent only" {
	[ "$(id -u)" -eq 0 ] || skip "needs root to look into the processes"
	python3 - "$SESSION" 2>>log <<-'PY'
		import glob, os, socket, subprocess, sys
		for argv in (['yubin-imap-login', 'yubin-checkpw', sys.argv[1]],
		             ['yubin-pop3-login', 'yubin-checkpw', sys.argv[1]],
		             ['yubin-smtpd', 'yubin-checkpw']):
		    net, net_in = socket.socketpair()
		    ctl, ctl_in = socket.socketpair()
		    tls, tls_in = socket.socketpair()
		    env = dict(os.environ, SSLCTLFD=str(ctl_in.fileno()),
		               SSLREADFD=str(tls_in.fileno()),
		               SSLWRITEFD=str(tls_in.fileno()))
		    p = subprocess.Popen(argv, stdin=net_in, stdout=net_in, env=env,
		                         pass_fds=(ctl_in.fileno(), tls_in.fileno()))
		    want = 'socket:[%d]' % os.fstat(ctl_in.fileno()).st_ino
		    for s in (net_in, ctl_in, tls_in):
		        s.close()
		    assert net.recv(1000)
		    def has(pid):
		        return want in [os.readlink(f)
		                        for f in glob.glob('/proc/%d/fd/*' % pid)]
		    path = '/proc/%d/task/%d/children' % (p.pid, p.pid)
		    child = int(open(path).read())
		    assert has(p.pid), argv
		    assert not has(child), argv
		    net.close()
		    p.wait(20)
	PY
}
