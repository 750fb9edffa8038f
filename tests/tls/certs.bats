#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Which certificate, which session and which protocol a TLS client gets, and
# what the program behind learns of the client's certificate.
load ../helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	export YUBIN_ROOT=$BATS_TEST_TMPDIR/root TLS_USER=65534:65534
	mkdir -p root/tls
	certificate root/tls base
	mkfifo port
}

teardown() {
	stop_all
}

# certificate DIR NAME [TYPE [SUFFIX]]: self-signed; TYPE ec or rsa.
certificate() {
	local type=(ec -pkeyopt ec_paramgen_curve:prime256v1)
	[ "${3-ec}" = ec ] || type=(rsa:2048)
	mkdir -p "$1"
	openssl req -x509 -newkey "${type[@]}" -nodes -days 30 -subj "/CN=$2" \
	    -keyout "$1/key${4-}.pem" -out "$1/cert${4-}.pem" 2>/dev/null
}

serve() {
	start yubin-tlsserver -t tls -p port 127.0.0.1 0 "$@"
	read -r _ PORT <port
}

# client ARGS…: the handshake's story in the file client.
client() {
	timeout 15 openssl s_client -connect "127.0.0.1:$PORT" "$@" \
	    </dev/null >client 2>&1
}

# name ARGS…: of the certificate that is shown.
name() {
	client "$@" && openssl x509 -noout -subject <client | sed 's/.*CN = //'
}

@test "SNI: the host's folder, a wildcard's, or the first certificate" {
	certificate root/tls/mail.one.test one
	certificate 'root/tls/*.two.test' two
	certificate root/tls/www.two.test www
	mkdir root/tls/empty.test
	serve true
	[ "$(name -noservername)" = base ]
	[ "$(name -servername mail.one.test)" = one ]
	[ "$(name -servername MAIL.one.TEST)" = one ]
	[ "$(name -servername other.one.test)" = base ]
	[ "$(name -servername a.two.test)" = two ]
	[ "$(name -servername www.two.test)" = www ]
	[ "$(name -servername a.b.two.test)" = base ]
	[ "$(name -servername two.test)" = base ]
	[ "$(name -servername empty.test)" = base ]
	[ "$(name -servername ../tls)" = base ]
}

@test "a host that comes, changes or goes needs no signal" {
	serve true
	[ "$(name -servername mail.one.test)" = base ]
	certificate root/tls/mail.one.test one
	[ "$(name -servername mail.one.test)" = one ]
	certificate new two
	mv new/key.pem new/cert.pem root/tls/mail.one.test
	[ "$(name -servername mail.one.test)" = two ]
	rm -r root/tls/mail.one.test
	[ "$(name -servername mail.one.test)" = base ]
	certificate root/tls/mail.one.test three
	[ "$(name -servername mail.one.test)" = three ]
}

@test "a host's bad certificate is reported; others are served" {
	certificate root/tls/mail.one.test one
	serve true
	echo nonsense >root/tls/mail.one.test/cert.pem
	[ "$(name -servername mail.one.test)" = one ]
	[ "$(name -servername x.test)" = base ]
	[ "$(grep -c ev=certificate-bad log)" -eq 1 ]
}

@test "clients without ECDSA get the RSA certificate beside the other" {
	certificate root/tls rsa rsa -rsa
	certificate root/tls/mail.one.test one
	certificate root/tls/mail.one.test one-rsa rsa -rsa
	serve true
	[ "$(name)" = base ]
	[ "$(name -tls1_2)" = base ]
	[ "$(name -tls1_2 -cipher aRSA)" = rsa ]
	[ "$(name -tls1_3 -sigalgs rsa_pss_rsae_sha256)" = rsa ]
	[ "$(name -servername mail.one.test)" = one ]
	[ "$(name -servername mail.one.test -tls1_2 -cipher aRSA)" = one-rsa ]
}

# resumed ARGS…: whether a session from before goes on.
resumed() {
	client -sess_in session "$@"
	grep -q '^Reused,' client
}

@test "tickets: other processes resume a session, also with a new certificate" {
	local version
	serve sh -c 'echo "$SSL_SESSION_RESUMED"; read -r line'
	for version in -tls1_2 -tls1_3; do
		# A TLS 1.3 ticket comes after the handshake: read a line.
		: >first
		{
			wait_for grep -q '^Initial' first
			echo
		} | timeout 15 openssl s_client -connect "127.0.0.1:$PORT" \
		    -sess_out session "$version" >first 2>&1 || true
		grep -q '^Initial' first
		resumed "$version"
		certificate root/tls newer
		resumed "$version"
		# And it is no more than a session: without it all is new.
		client "$version"
		grep -q '^New,' client
	done
}

@test "tlsd, a process for each connection, gives no tickets" {
	start socat TCP-LISTEN:0,bind=127.0.0.1,fork,reuseaddr \
	    EXEC:'yubin-tlsd -t tls cat'
	sleep 0.3
	PORT=$(ss -Hltnp 2>/dev/null |
	    sed -n "s/.*127.0.0.1:\([0-9]*\) .*pid=${STARTED[0]},.*/\1/p")
	[ -n "$PORT" ] || skip "needs ss to find the port"
	client -tls1_2
	grep -q 'BEGIN CERTIFICATE' client
	run ! grep -q 'TLS session ticket:' client
}

@test "ALPN: foreign protocols are refused (RFC 7301 3.2), ours and none not" {
	serve true
	client
	client -alpn imap
	grep -q '^ALPN protocol: imap' client
	client -alpn http/1.1,pop3
	grep -q '^ALPN protocol: pop3' client
	run ! client -alpn http/1.1
	run ! client -alpn h2,http/1.1
	run ! client -alpn ima
	run ! client -alpn imaps
	stop_all
	export TLS_ALPN=imap
	serve true
	client -alpn imap
	run ! client -alpn pop3
	run ! client -servername mail.one.test -alpn pop3
}

# authority: ca.pem, and ann.pem signed by it.
authority() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -days 30 -subj /CN=ca -keyout ca.key -out ca.pem 2>/dev/null
	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 \
	    -nodes -subj /CN=Ann -keyout ann.key -out ann.csr 2>/dev/null
	openssl x509 -req -in ann.csr -CA ca.pem -CAkey ca.key -days 30 \
	    -CAcreateserial -out ann.pem 2>/dev/null \
	    -extfile <(echo subjectAltName=email:ann@example.test)
}

@test "client certificates: asked for and checked, not demanded" {
	authority
	export TLS_CLIENT_CA=$PWD/ca.pem
	# shellcheck disable=SC2016
	serve sh -c 'env | grep ^SSL_CLIENT | LC_ALL=C sort; read -r line'
	told() {
		: >told
		{
			wait_for grep -q '^SSL_CLIENT_VERIFY' told
			echo
		} | timeout 30 openssl s_client -quiet \
		    -connect "127.0.0.1:$PORT" "$@" >told 2>/dev/null || true
		grep ^SSL_CLIENT told
	}
	[ "$(told)" = SSL_CLIENT_VERIFY=NONE ]
	[ "$(told -cert ann.pem -key ann.key)" = "SSL_CLIENT_SAN_Email_0=ann@example.test
SSL_CLIENT_S_DN=CN=Ann
SSL_CLIENT_S_DN_CN=Ann
SSL_CLIENT_VERIFY=SUCCESS" ]
	certificate other Mallory
	# Of one that nobody vouches for nothing is told but that.
	local got
	got=$(told -cert other/cert.pem -key other/key.pem)
	[[ $got == SSL_CLIENT_VERIFY=FAILED:* && $got != *$'\n'* ]]
	stop_all
	unset TLS_CLIENT_CA
	# shellcheck disable=SC2016
	serve sh -c 'env | grep ^SSL_CLIENT; read -r line'
	[ "$(told -cert ann.pem -key ann.key)" = SSL_CLIENT_VERIFY=NONE ]
}

# What is accepted is this list, and nothing else: versions, suites and groups
# as tlsserver(8) names them.
@test "a scan: what is accepted is what is documented" {
	local c accepted=
	certificate root/tls rsa rsa -rsa
	serve true
	for c in $(openssl ciphers 'ALL:COMPLEMENTOFALL:@SECLEVEL=0' |
	    tr : ' '); do
		[[ $c == TLS_* ]] && continue
		client -tls1_2 -cipher "$c:@SECLEVEL=0" && accepted+="$c "
	done
	for c in $(openssl ciphers -tls1_3 -s -ciphersuites \
	    TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_CCM_SHA256:TLS_AES_128_CCM_8_SHA256 |
	    tr : '\n' | grep ^TLS_); do
		client -tls1_3 -ciphersuites "$c" && accepted+="$c "
	done
	tr ' ' '\n' <<<"$accepted" | sed '/^$/d' | sort >accepted
	man_list SUITES | sort | diff - accepted
	for c in -ssl3 -tls1 -tls1_1; do
		run ! client "$c" -cipher ALL:@SECLEVEL=0
	done
	accepted=
	for c in X25519 P-256 P-384 P-521 X448 ffdhe2048 ffdhe3072; do
		client -groups "$c" && accepted+="$c "
	done
	[ "$(man_list GROUPS | paste -sd' ')" = "${accepted% }" ]
}

# man_list SUITES|GROUPS: the words of that list in tlsserver(8).
man_list() {
	awk -v what="$1" '$0 == ".\\\" " what { on = 1; next }
	    on && /^\.El|^\.Ed/ { exit }
	    on && !/^\./ { print }' "$TESTS/../bin/tlsserver/tlsserver.8"
}
