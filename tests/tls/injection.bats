#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# STARTTLS and STLS against somebody in the middle: the published cases of "Why
# TLS is better without STARTTLS" (Poddebniak et al., USENIX Security 2021), whose
# tester sends a command behind STARTTLS, and every other way in that we know.
# injection.py has what each case does; those for SMTP clients stand in
# queue/hostile.bats.
#
# The verdicts are of RFC 3207 for smtp and worker, RFC 3501 6.2.1 for imap, RFC
# 2595 4 for pop3, where no other is named.
load ../helper
load ../smtp/smtp

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR new_root
	self_signed root/tls
	export TLS_USER=65534:65534 LOGIN_TRIES=10
	serve smtp yubin-smtpd yubin-checkpw
	serve worker yubin-smtpd -w
	serve imap yubin-imap-login yubin-checkpw yubin-imapd
	serve pop3 yubin-pop3-login yubin-checkpw yubin-pop3d
	serve imap-worker yubin-imap-login -w yubin-checkpw yubin-imapd
	serve pop3-worker yubin-pop3-login -w yubin-checkpw yubin-pop3d
	timeout 120 python3 "$TESTS/tls/injection.py" $(cat ports) >verdicts \
	    2>errors 3>&-
	BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR stop_all
}

teardown_file() {
	stop_all
}

setup() {
	cd "$BATS_FILE_TMPDIR"
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || cat errors
}

IMAP='imap imap-worker' POP3='pop3 pop3-worker'

# serve NAME PROGRAM…: its name and port go to the file ports.
serve() {
	local name=$1 worker=() port
	[[ $name != *worker ]] || worker=(-w)
	shift
	mkfifo "port.$name"
	BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR start yubin-tlsserver -t starttls \
	    "${worker[@]}" -p "port.$name" 127.0.0.1 0 "$@"
	read -r _ port <"port.$name"
	echo "$name:$port" >>ports
}

# A line each: CASE, VERDICT, and behind "#" why; $1: of which protocols.
table() {
	local name verdict protocol ok=0
	while read -r name verdict _; do
		for protocol in $1; do
			grep -qx "$protocol $name $verdict" verdicts || {
				echo "expected: $protocol $name $verdict"
				grep "^$protocol $name " verdicts
				ok=1
			}
			echo "$protocol $name" >>tabled
		done
	done
	return $ok
}

@test "commands injected behind STARTTLS, in the same packet or not" {
	table "smtp worker $IMAP $POP3" <<-'X'
		inject          refused   # the tester's own case; CVE-2011-0411
		inject-split    refused   # at each octet: refused, or an error of TLS
		inject-hello    refused   # 6: no handshake before the reply
		inject-twice    refused
		inject-part     refused   # half a command, for its end inside TLS
		inject-line     refused   # an empty line is a line
		after-reply     dead      # the reply is out: clear text is no TLS
		before          tls       # RFC 2920 3.1: the last one of a packet
	X
}

@test "handshakes that fail: never back to clear text" {
	table "smtp worker $IMAP $POP3" <<-'X'
		garbage         dead      # RFC 8446 6.2
		half-hello      dead
		old-hello       dead      # RFC 8996
		close-notify    dead      # TLS ended in peace ends the session, too
		clear-inside    dead      # RFC 8446 5.1: unexpected_message
	X
}

@test "other forms of the command" {
	table "smtp worker $IMAP $POP3" <<-'X'
		arguments       answered  # 4: 501; takes none
		nul             answered
		lower           tls       # RFC 5321 2.4, RFC 3501 9, RFC 1939 3
		inside          answered  # 4.2: not twice, and not offered
	X
	table 'smtp worker' <<-'X'
		bare-lf         refused   # README: ends the session
	X
	table "$IMAP $POP3" <<-'X'
		bare-lf         answered
	X
}

@test "amid a login" {
	table "smtp $IMAP $POP3" <<-'X'
		sasl            answered  # RFC 4954 4: a response, and a bad one
		sasl-cut        forgotten
		resumed         forgotten # RFC 8446 2.2 resumes keys, no login of ours
	X
	table smtp <<-'X'
		in-login-name   answered
	X
}

@test "what was said before is forgotten" {
	table worker <<-'X'
		ehlo-forgotten  forgotten # 4.2: EHLO and its argument
		mail-forgotten  forgotten # 4.2: the transaction, its recipients
	X
	table smtp <<-'X'
		login-forgotten forgotten # 4.2: and may be done again
	X
	table "$POP3" <<-'X'
		user-forgotten  forgotten # USER before, PASS inside
	X
}

@test "where octets are content, and where the state does not allow it" {
	table 'smtp worker' <<-'X'
		in-data         content   # RFC 5321 4.1.1.4
	X
	[ "$(cat $(find root/queue/new -type f) | grep -ac '^STARTTLS')" -eq 2 ]
	table "$IMAP" <<-'X'
		literal         content   # RFC 3501 4.3: octets, whatever they say
		literal-plus    content   # RFC 7888
		literal-argument answered # STARTTLS takes none
		literal-across  content   # a handshake is 500 octets of a literal
		tag-again       tls       # 2.2.1 is for clients to keep
		in-append       content   # and it is stored whole
		in-idle         answered  # RFC 2177: only DONE
	X
	[ "$(cat root/mail/example.test/ann/new/* root/mail/example.test/ann/cur/* \
	    2>/dev/null | grep -c '^a STARTTLS')" -eq 2 ]
	table "$IMAP $POP3" <<-'X'
		after-login     answered  # 3: not authenticated; AUTHORIZATION
	X
}

@test "every case is in a table above, and none is missing" {
	[ "$(wc -l <verdicts)" -eq 149 ]
	cut -d ' ' -f 1,2 verdicts | sort | diff - <(sort tabled)
}
