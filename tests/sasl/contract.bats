#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Between the login programs and a checker: which mechanisms are offered, the
# conversation (yubin-checkpw(8), SASL), delays, and what a checker may not do.
load ../helper
load sasl

setup() {
	sasl_root
	cd "$BATS_TEST_TMPDIR"
	# Grants whatever the script in CHECK says: "say TEXT", "hear".
	cat >checker <<'SH'
#!/bin/bash
say() { printf '%d:%s,' "${#1}" "$1" >&4; }
hear() { IFS= read -r -d : n <&3 && IFS= read -r -N $((n + 1)) heard <&3; }
hear
echo "$CHECKPW_MECHANISM $CHECKPW_OFFERED ${heard%,}" >>asked
. ./script
SH
	chmod 755 checker
	cat >reply <<'SH'
n() { printf '%d:%s,' "${#1}" "$1"; }
reply=R$(n "$(id -u)")$(n "$(id -g)")$(n "$(id -g)")$(n /)$(n USER=zoe)$(n AUTHUSER=zoe@example.test)
SH
}

# imap < dialogue, with that checker.
imap() {
	SASL_MECHANISMS='XOAUTH2 LOGIN SCRAM-SHA-256' OAUTH_CHECKER=/x \
	    dialog yubin-imap-login "$PWD/checker" "$SESSION"
}

@test "what is offered: what is wanted, known and possible, the strongest first" {
	local checker=yubin-checkpw
	offers() {
		printf 'c CAPABILITY\r\n' | yubin-imap-login "$checker" x \
		    2>/dev/null | tr -d '\r' | sed -n 's/^\* CAPABILITY .*ID//p'
	}
	tls() {
		SSL_PROTOCOL=TLSv1.3 SSL_CHANNEL_BINDING_TLS_EXPORTER=00 \
		    SSL_CLIENT_VERIFY=SUCCESS SSL_CLIENT_S_DN_CN=ann@example.test \
		    OAUTH_CHECKER=/x offers
	}
	[ "$(offers)" = " AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN" ]
	[ "$(tls)" = " AUTH=EXTERNAL AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256 AUTH=OAUTHBEARER AUTH=XOAUTH2 AUTH=PLAIN AUTH=LOGIN" ]
	[ "$(CLEARTEXT_LOGIN=0 offers)" = " LOGINDISABLED" ]
	[ "$(SASL_MECHANISMS='login Plain' tls)" = " AUTH=PLAIN AUTH=LOGIN" ]
	[ "$(SASL_MECHANISMS='SCRAM-SHA-256 EXTERNAL' offers)" = \
	    " AUTH=SCRAM-SHA-256 LOGINDISABLED" ]
	[ "$(SSL_CLIENT_VERIFY=FAILED:x SSL_CLIENT_SAN_Email_0=a@b offers)" = \
	    " AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN" ]
	ehlo() {
		printf 'EHLO x\r\n' | SSL_PROTOCOL=TLSv1.3 \
		    SSL_CHANNEL_BINDING_TLS_EXPORTER=00 yubin-smtpd yubin-checkpw \
		    2>/dev/null | tr -d '\r' | sed -n 's/^250-AUTH //p'
	}
	[ "$(ehlo)" = "SCRAM-SHA-256 PLAIN LOGIN" ]
	[ "$(SASL_MECHANISMS=scram-sha-256-plus ehlo)" = SCRAM-SHA-256-PLUS ]
	capa() {
		printf 'CAPA\r\n' | SSL_PROTOCOL=TLSv1.3 \
		    SSL_CHANNEL_BINDING_TLS_EXPORTER=00 yubin-pop3-login \
		    yubin-checkpw true 2>/dev/null | tr -d '\r' |
		    sed -n 's/^SASL //p'
	}
	[ "$(capa)" = "SCRAM-SHA-256 PLAIN LOGIN" ]
	[ "$(SASL_MECHANISMS=scram-sha-256-plus capa)" = SCRAM-SHA-256-PLUS ]
	checker=/usr/lib/other/checkpassword
	[ "$(tls)" = " AUTH=PLAIN AUTH=LOGIN" ]
	checker=/usr/lib/other/yubin-checkpw
	[ "$(offers)" = " AUTH=SCRAM-SHA-256 AUTH=PLAIN AUTH=LOGIN" ]
	run -100 env SASL_MECHANISMS='PLAIN CRAM-MD5' yubin-imap-login yubin-checkpw x
	[[ $output == *CRAM-MD5* ]]
}

@test "without PLAIN and LOGIN there is no login by name and password" {
	export SASL_MECHANISMS=SCRAM-SHA-256
	dialog yubin-imap-login yubin-checkpw "$SESSION" <<-'EOF'
		S: * OK [CAPABILITY * LOGINDISABLED]*
		C: a LOGIN ann secret
		S: a BAD *
		C: b AUTHENTICATE PLAIN AGFubgBzZWNyZXQ=
		S: b NO No such mechanism
	EOF
	dialog yubin-pop3-login yubin-checkpw "$SESSION" <<-'EOF'
		S: +OK *
		C: CAPA
		S! USER
		S* SASL SCRAM-SHA-256
		S* .
		C: USER ann
		S: -ERR *
	EOF
	SASL_MECHANISMS=EXTERNAL dialog yubin-pop3-login yubin-checkpw "$SESSION" <<-'EOF'
		S: +OK *
		C: CAPA
		S: +OK *
		S: TOP
		S* .
	EOF
	run ! grep ev=login-ok log
}

@test "any checker may know a mechanism" {
	cat >script <<-'SH'
		. ./reply
		say 'Cone'; hear; [ "$heard" = two, ] || exit 2
		say 'Tzoe'; hear; [ "$heard" = , ] || exit 2
		say 'Dthree'; say "$reply"
	SH
	imap <<-'EOF'
		S: * OK [CAPABILITY * AUTH=SCRAM-SHA-256 AUTH=XOAUTH2 AUTH=LOGIN]*
		C: a AUTHENTICATE SCRAM-SHA-256 aGVsbG8=
		S: + b25l
		C: dHdv
		S: + dGhyZWU=
		C:
		S: a OK zoe
	EOF
	[ "$(cat asked)" = "SCRAM-SHA-256 SCRAM-SHA-256 XOAUTH2 LOGIN hello" ]
}

@test "a checker may write its reply by -R" {
	cat >script <<-'SH'
		say 'Tzoe'; hear; USER=yan; export USER; exec "$0" "$@"
	SH
	sed -i 's/^hear$/[ "$USER" != yan ] || exec "$@"\nhear/' checker
	imap <<-'EOF'
		S: * OK *
		C: a AUTHENTICATE XOAUTH2 aGVsbG8=
		S: a OK yan
	EOF
}

# refused SCRIPT ANSWER [RESPONSES]: what the client hears, and that the
# connection survives it.
refused() {
	printf '%s\n' ". ./reply" "$1" >script
	imap <<-EOF
		S: * OK *
		C: a AUTHENTICATE XOAUTH2 aGVsbG8=
		${3-}
		S: a $2*
		C: b NOOP
		S: b OK*
	EOF
}

@test "what a checker may not do, and what else goes wrong" {
	# shellcheck disable=SC2016
	{
		refused 'say Tzoe; hear; exit 1' 'NO [AUTHENTICATIONFAILED]'
		refused 'say Tzoe; hear; say "F{}"; exit 1' \
		    'NO [AUTHENTICATIONFAILED]' $'S: + e30=\nC: AQ=='
		refused 'say B; exit 1' BAD
		# No verdict before it was allowed one, be it good or bad.
		refused 'say "$reply"' 'NO [UNAVAILABLE]'
		refused 'exit 1' 'NO [UNAVAILABLE]'
		refused 'say Tzoe; say Tyan' 'NO [UNAVAILABLE]'
		refused 'say Tzoe; hear; say "$reply"; exit 1' \
		    'NO [AUTHENTICATIONFAILED]'
		refused 'say Tzoe; hear; exit 0' 'NO [UNAVAILABLE]'
		refused 'say Tzoe; hear; say Rnonsense' 'NO [UNAVAILABLE]'
		refused 'say Xzoe' 'NO [UNAVAILABLE]'
		refused 'printf "5:Cab" >&4' 'NO [UNAVAILABLE]'
		refused 'printf "99999:C" >&4' 'NO [UNAVAILABLE]'
		refused 'printf "x" >&4' 'NO [UNAVAILABLE]'
		refused 'head -c 100000 /dev/zero >&4' 'NO [UNAVAILABLE]'
		refused 'exit 111' 'NO [UNAVAILABLE]'
		refused 'kill -9 $$' 'NO [UNAVAILABLE]'
	}
	CHECKER_TIMEOUT=1 refused 'say Tzoe; sleep 60' 'NO [UNAVAILABLE]'
	grep -q 'ev=checker-failed .*judges before' log
}

@test "a checker ends with its client" {
	cat >script <<-'SH'
		echo $$ >pid; say Cone; hear
	SH
	imap <<-'EOF'
		S: * OK *
		C: a AUTHENTICATE XOAUTH2 aGVsbG8=
		S: + b25l
		C: *
		S: a BAD *
		C: b AUTHENTICATE XOAUTH2 aGVsbG8=
		S: + b25l
		C.
	EOF
	gone() { ! kill -0 "$(cat pid)"; }
	wait_for gone
}

@test "failures delay SCRAM as they delay PLAIN, and are counted alike" {
	export LOGIN_DELAY=15 LOGIN_TRIES=5 TCPREMOTEIP=192.0.2.7 PROTO=TCP
	local penalty=$YUBIN_ROOT/penalty
	fails() { cut -d' ' -f1 "$penalty/from-192.0.2.7" | sed 's/^0*//'; }
	wrong() {
		python3 - <<-'PY'
			import os, sys
			sys.path.insert(0, os.environ['TESTS'] + '/sasl')
			from wire import Imap, Wire, scram
			p = Imap(Wire(['yubin-imap-login', 'yubin-checkpw', 'x']))
			p.offered = p.capabilities()
			print(scram(p, 'ann', 'wrong')[0])
			p.w.end()
		PY
	}
	export TESTS
	[ "$(wrong 2>>log)" = no ]
	[ "$(fails)" = 1 ]
	ls "$penalty"/user-ann*
	# Cancelled before the proof: nothing was guessed.
	dialog yubin-imap-login yubin-checkpw "$SESSION" <<-'EOF'
		S: * OK *
		C: a AUTHENTICATE SCRAM-SHA-256 biwsbj1hbm4scj1hYmM=
		S: + *
		C: *
		S: a BAD *
	EOF
	[ "$(fails)" = 1 ]
	# Sent away without a verdict when too many wait already.
	local now=$(date +%s)
	printf '%010d %020d %020d\n' 4 $((now + 1000)) "$now" \
	    >"$penalty/from-192.0.2.7"
	[ "$(wrong 2>>log)" = unknown ]
	grep 'ev=checker-failed .*too many tries at once' log
}
