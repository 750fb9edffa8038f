#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Everything that a server can do to deliver-remote, and the verdict that the
# RFCs ask for.  hostile.py has what each server does.
#
# Whatever it does: one line a recipient with a code of its class, in printable
# ASCII, within seconds; K only for what a server has taken, D only for what it
# has refused.  Sections are of RFC 5321 where no other is named.
load ../helper

setup_file() {
	self_signed "$BATS_FILE_TMPDIR"
	python3 "$TESTS/queue/hostile.py" "$BATS_FILE_TMPDIR" \
	    >"$BATS_FILE_TMPDIR/verdicts" 2>"$BATS_FILE_TMPDIR/log" 3>&- || :
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 20 "$BATS_FILE_TMPDIR/log"
}

# A line each: CASE, LETTERS, codes (commas between; the last is for all that
# follow; "2", "4" and "5" are any of that class), facts, and behind "#" why.
table() {
	local name letters codes facts line ok=0
	while read -r name letters codes facts; do
		facts=${facts%%#*}
		line=$(grep "^$name " "$BATS_FILE_TMPDIR/verdicts") || :
		fits "$line" || {
			echo "expected: $name $letters $codes $facts"
			echo "     got: $line"
			ok=1
		}
	done
	return $ok
}

fits() {
	local fact rest=$codes code word words
	read -r _ word words <<<"$1"
	[[ $word =~ ^$letters$ ]] || return 1
	for word in $words; do
		[[ $word == [245].* ]] || break
		code=${rest%%,*}
		rest=${rest#*,}
		[[ $word =~ ^$code(\..*)?$ ]] || return 1
	done
	for fact in $facts; do
		[[ " ${1%%#*} " == *" $fact "* ]] || return 1
	done
}

@test "greetings (3.1, 4.2, 4.5.3.2.1)" {
	table <<-'X'
		greeting-none         ZZ 4    msgs=0 # 4.5.3.2: time limits
		greeting-drop         ZZ 4    msgs=0
		greeting-421          ZZ 4    msgs=0 # 4.2.3
		greeting-554          ZZ 4    msgs=0 # of the host, not of the mail
		greeting-521          [DZ]+ . msgs=0 # RFC 7504 3
		greeting-multi        KK 2    msgs=1 # 4.2.1
		greeting-octets       KK 2    msgs=1
		greeting-lf           KK 2    msgs=1 # tolerant: nothing is at stake
		greeting-250          KK 2    msgs=1 # 4.2.1: the first digit decides
		greeting-354          ZZ 4    msgs=0 # 4.3.2: not foreseen
		greeting-http         ZZ 4    msgs=0
		greeting-ssh          ZZ 4    msgs=0
		greeting-tls          ZZ 4    msgs=0
		greeting-empty        ZZ 4    msgs=0
		greeting-bare-code    KK 2    msgs=1 # 4.2: text is optional
		greeting-drip         ZZ 4    msgs=0 # a limit for the whole reply
		greeting-drip-lines   ZZ 4    msgs=0
	X
}

@test "replies without end or form (4.2, 4.5.3.1.5)" {
	table <<-'X'
		reply-endless         ZZ 4    msgs=0
		reply-endless-line    ZZ 4    msgs=0
		reply-64k             KK 2    msgs=1 # each line is within 512
		reply-64k-line        [KZ]+ . # over 512
		reply-512             KK 2    msgs=1
		reply-lf              KK 2    msgs=1
		reply-000             ZZ 4    msgs=0
		reply-999             ZZ 4    msgs=0
		reply-199             ZZ 4    msgs=0 # 4.2.1: no 1yz without an extension
		reply-2500            ZZ 4    msgs=0
		reply-25              ZZ 4    msgs=0
		reply-text            ZZ 4    msgs=0
		reply-empty           ZZ 4    msgs=0
		reply-299             KK 2    msgs=1 # 4.2.1: unknown ones by the first digit
		reply-599             DD 5    msgs=0
		reply-354-mail        ZZ 4    msgs=0
		reply-354-rcpt        ZZ 4    msgs=0
		reply-mismatch        ZZ 4    msgs=0 # 4.2.1: the same code in each line
		reply-unfinished      ZZ 4    msgs=0
		reply-half            ZZ 4    msgs=0
		reply-half-5          ZZ 4    msgs=0
		reply-multi-blank     KK 2    msgs=1
	X
}

@test "replies that would be more in a log or a result" {
	table <<-'X'
		reply-control         DD 5.7.1
		reply-control-ok      KK 2.0.0 msgs=1
		reply-forged-cr       [DZ]+ . rcpts=0
		reply-forged-lf       [DZ]+ . rcpts=0
		reply-forged-lf-2     [DZ]+ . rcpts=0
		reply-forged-nul      [DZ]+ . rcpts=0
		reply-bare            DD 5    # 4.2: text is optional
		reply-bare-blank      DD 5
		reply-utf8            DD 5.1.1
	X
}

@test "replies before their command are nobody's: no verdict slips to another" {
	table <<-'X'
		reply-early           ZZ 4    rcpts=0 # a@ is refused, b@ is not
		reply-all-early       ZZ 4    msgs=0
		reply-421-early       ZZ 4    msgs=0 # 3.8: 421 at any time
	X
}

@test "EHLO (3.2, 4.1.1.1, 4.1.4)" {
	table <<-'X'
		ehlo-500              KK 2    msgs=1 # 3.2: HELO instead
		ehlo-502              KK 2    msgs=1
		ehlo-550              KK 2    msgs=1
		ehlo-helo-550         ZZ 4    msgs=0 # of the host, not of the mail
		ehlo-450              ZZ 4    msgs=0
		ehlo-421              ZZ 4    msgs=0
		ehlo-drop             ZZ 4    msgs=0
		ehlo-none             ZZ 4    msgs=0
		ehlo-garbage          KK 2    msgs=1 tls=0 # unknown keywords say nothing
		ehlo-lower            DD 5.3.4 msgs=0 # 2.4: keywords in any case
		ehlo-many             KK 2    msgs=1
		ehlo-size-small       DD 5.3.4 msgs=0 # RFC 1870 6.1; RFC 3463 X.3.4
		ehlo-size-0           KK 2    msgs=1 # RFC 1870 4: no limit
		ehlo-size-none        KK 2    msgs=1 # RFC 1870 4
		ehlo-size-huge        KK 2    msgs=1
		ehlo-size-minus       KK 2    msgs=1
		ehlo-auth             KK 2    msgs=1
	X
}

@test "broken off or silent at each step: again later (4.5.3.2, 4.5.4.1)" {
	table <<-'X'
		mail-drop             ZZ 4    msgs=0
		mail-none             ZZ 4    msgs=0
		rcpt-drop             ZZ 4    msgs=0
		rcpt-drop-second      ZZ 4    msgs=0
		rcpt-drop-refused     DZ 5.1.1,4 msgs=0 # what was said stands
		data-drop             ZZ 4    msgs=0
		data-drop-refused     DZ 5.1.1,4 msgs=0
		data-cut              ZZ 4    msgs=0
		data-reset            ZZ 4    msgs=0
		data-stall            ZZ 4    msgs=0
		data-slow             KK 2    msgs=1
		data-none             ZZ 4    msgs=0
		dot-drop              ZZ 4    msgs=0 # 4.2.5: only 250 takes it over
		dot-reset             ZZ 4    msgs=0
		dot-none              ZZ 4    msgs=0
		dot-half              ZZ 4
		dot-unfinished        ZZ 4
	X
}

@test "QUIT changes nothing (4.1.1.10)" {
	table <<-'X'
		quit-none             KK 2    msgs=1 rcpts=2
		quit-drop             KK 2    msgs=1 rcpts=2
		quit-550              KK 2    msgs=1 rcpts=2
		quit-421              KK 2    msgs=1 rcpts=2
	X
}

@test "MAIL refused (4.2.1, 4.3.2)" {
	table <<-'X'
		mail-450              ZZ 4.7.1
		mail-550              DD 5.7.1
		mail-421              ZZ 4.3.2
		mail-452              ZZ 4.3.1
		mail-552              DD 5.3.4
		mail-530              DD 5.7.0 # RFC 3207 4
		mail-555              [DK]+ . # 4.1.1.11: or without parameters
		pipe-mail-550         DD 5.7.1
		pipe-mail-450         ZZ 4.7.1
	X
}

@test "RCPT refused (4.2.1, 4.3.2, 4.5.3.1.10)" {
	table <<-'X'
		rcpt-450              ZZ 4.2.1 msgs=0
		rcpt-550              DD 5.1.1 msgs=0
		rcpt-551              DD 5.1.6 msgs=0 # 3.4: the sender is told where
		rcpt-553              DD 5.1.3 msgs=0
		rcpt-251              KK 2    msgs=1 # 3.4: it will forward
		rcpt-252              KK 2    msgs=1
		rcpt-421              ZZ 4    msgs=0
		rcpt-550-421          DZ 5.1.1,4.3.2 msgs=0
		rcpt-mixed            DKZ 5.1.1,2,4.7.1 msgs=1 rcpts=1
		rcpt-mixed-pipe       DKZ 5.1.1,2,4.7.1 msgs=1 rcpts=1
		rcpt-452-then         KK 2    msgs=2 rcpts=2 # the others at once after
		rcpt-452-pipe         KKKK 2  msgs=2 rcpts=4
		rcpt-452-all          ZZ 4.5.3 msgs=0 # and no endless loop
		rcpt-452-ever         KZZ 2,4.5.3 msgs=1 rcpts=1
		rcpt-552-many         K[KZ] 2,[24] # 4.5.3.1.10: as if it were 452
		rcpt-none-354         DD 5.1.1 rcpts=0 # RFC 2920 3.1
		pipe-drop             ZZ 4    msgs=0
		pipe-mail-550-354     DD 5.7.1 rcpts=0
		pipe-early-end        ZZ 4    msgs=0 # 250 before the message is nobody's
		pipe-452-data         ZZ 4    msgs=0
	X
}

@test "DATA and the message refused (4.1.1.4, 4.2.1, 4.3.2)" {
	table <<-'X'
		data-250              ZZ 4    msgs=0 # only 354 lets the message go
		data-450              ZZ 4.3.0 msgs=0
		data-550              DD 5.7.1 msgs=0
		data-503              DD 5.5.1 msgs=0
		data-421              ZZ 4.3.2 msgs=0
		dot-450               ZZ 4.3.0 msgs=0
		dot-550               DD 5.6.0 msgs=0
		dot-552               DD 5.3.4 msgs=0
		dot-421               ZZ 4.3.2 msgs=0
		dot-354               ZZ 4    msgs=0
		dot-early             DD 5.3.4 msgs=0 # said before the end of data
		dot-mixed             DD 5.1.1,5.6.0 msgs=0
	X
}

@test "the reply code wins over an enhanced one (RFC 2034 3, RFC 3463 2)" {
	table <<-'X'
		code-2-in-5           DD 5
		code-5-in-2           KK 2    msgs=1
		code-5-in-4           ZZ 4
		code-4-in-5           DD 5
		code-long             DD 5    # three digits at most
		code-hole             DD 5
		code-four             DD 5
		code-alone            DD 5.1.1
		code-multi            DD 5.1.1
		code-none             DD 5.0.0 # X.0.0: all that is known
	X
}

@test "STARTTLS (RFC 3207, RFC 7435)" {
	table <<-'X'
		tls                   KK 2    msgs=1 tls=1 conns=1
		tls-big               KK 2    msgs=1 tls=1 conns=1
		tls-454               KK 2    msgs=1 tls=0 # 4: the client decides
		tls-501               KK 2    msgs=1 tls=0
		tls-250               [KZ]+ . tls=0 # 4: only 220 starts it
		tls-drop              [KZ]+ . tls=0
		tls-stray             ZZ 4    msgs=0 # CVE-2011-0411
		tls-broken            KK 2    msgs=1 tls=0 conns=2 # better than never
		tls-silent            KK 2    msgs=1 tls=0 conns=2
		tls-cut               KK 2    msgs=1 tls=0 conns=2
		tls-ehlo-drop         ZZ 4    msgs=0 tls=1
		tls-ehlo-550          ZZ 4    msgs=0 tls=1
		tls-mail-cut          ZZ 4    msgs=0
		tls-dot-cut           ZZ 4
		tls-quit-cut          KK 2    msgs=1 conns=1
		tls-again             KK 2    msgs=1 tls=1 conns=1 # 4.2: once is enough
		tls-forget            KK 2    msgs=1 tls=1 # 4.2: what was said before
		tls-mail-550          DD 5.7.1 tls=1 conns=1
	X
}

# The published cases for SMTP clients of "Why TLS is better without STARTTLS"
# (USENIX Security 2021), under their names, and more of the kind: a route that
# asks for TLS and a login never says either in clear text, and believes nothing
# that was said in it.
@test "STARTTLS stripped, refused or injected, where TLS is asked for" {
	table <<-'X'
		east-good             KK 2    msgs=1 tls=1 clear=0
		east-B_1              ZZ 4    msgs=0 clear=0 # RFC 3207 6: what is said in clear text is nobody's
		east-D_1              ZZ 4    msgs=0 clear=0 # RFC 8314 5: no login, no mail without TLS
		east-O_1              ZZ 4    msgs=0 clear=0
		east-O_2              ZZ 4    msgs=0 clear=0
		east-O_3              ZZ 4    msgs=0 clear=0
		east-O_4              ZZ 4    msgs=0 clear=0
		east-X_1              ZZ 4    msgs=0 clear=0
		east-no-stray         ZZ 4    msgs=0 clear=0 # an attack, whatever the route
		east-stray-auth       ZZ 4    msgs=0 clear=0
		east-stray-220        ZZ 4    msgs=0 clear=0
		east-stray-octet      ZZ 4    msgs=0 clear=0
		east-stray-line       ZZ 4    msgs=0 clear=0
		east-preauth          ZZ 4    msgs=0 clear=0
		east-early-220        ZZ 4    msgs=0 clear=0
		east-split-8          ZZ 4    msgs=0 clear=0 # the packet begins behind the reply
		east-split-9          ZZ 4    msgs=0 clear=0 # an octet of it behind the reply
		east-split-13         ZZ 4    msgs=0 clear=0
		east-split-43         ZZ 4    msgs=0 clear=0
		east-broken           ZZ 4    msgs=0 clear=0 conns=1 # RFC 3207 4.1: not once more without
		east-cut              ZZ 4    msgs=0 clear=0 conns=1
		east-kept             ZZ 4    msgs=0 clear=0 tls=1 # 4.2: AUTH of before is forgotten
		east-checked          ZZ 4    msgs=0 clear=0 # the certificate is nobody's
		east-implicit         ZZ 4    msgs=0 clear=0 # RFC 8314 3: clear text where TLS has to be
		east-auth-stripped    ZZ 4    msgs=0 clear=0 # a login asks for TLS by itself
		east-ehlo-all         ZZ 4    msgs=0 clear=0
		east-ehlo-empty       ZZ 4    msgs=0 clear=0
		east-ehlo-220         ZZ 4    msgs=0 clear=0
		east-ehlo-221         ZZ 4    msgs=0 clear=0
		east-ehlo-354         ZZ 4    msgs=0 clear=0
		east-ehlo-421         ZZ 4    msgs=0 clear=0
		east-ehlo-500         ZZ 4    msgs=0 clear=0
		east-ehlo-501         ZZ 4    msgs=0 clear=0
		east-ehlo-502         ZZ 4    msgs=0 clear=0
		east-ehlo-504         ZZ 4    msgs=0 clear=0
		east-ehlo-530         ZZ 4    msgs=0 clear=0
		east-ehlo-550         ZZ 4    msgs=0 clear=0
		east-greeting-220     KK 2    msgs=1 tls=1 clear=0
		east-greeting-221     KK 2    msgs=1 tls=1 clear=0 # 4.2.1: the first digit decides
		east-greeting-354     ZZ 4    msgs=0 clear=0
		east-greeting-421     ZZ 4    msgs=0 clear=0
		east-greeting-500     ZZ 4    msgs=0 clear=0
		east-greeting-501     ZZ 4    msgs=0 clear=0
		east-greeting-530     ZZ 4    msgs=0 clear=0
		east-greeting-554     ZZ 4    msgs=0 clear=0
		east-starttls-220     KK 2    msgs=1 tls=1 clear=0
		east-starttls-221     ZZ 4    msgs=0 clear=0 # RFC 3207 4: only 220
		east-starttls-354     ZZ 4    msgs=0 clear=0
		east-starttls-421     ZZ 4    msgs=0 clear=0
		east-starttls-454     ZZ 4    msgs=0 clear=0
		east-starttls-500     ZZ 4    msgs=0 clear=0
		east-starttls-501     ZZ 4    msgs=0 clear=0
		east-starttls-530     ZZ 4    msgs=0 clear=0
		east-helo-220         ZZ 4    msgs=0 clear=0
		east-helo-221         ZZ 4    msgs=0 clear=0
		east-helo-354         ZZ 4    msgs=0 clear=0
		east-helo-421         ZZ 4    msgs=0 clear=0
		east-helo-500         ZZ 4    msgs=0 clear=0
		east-helo-501         ZZ 4    msgs=0 clear=0
		east-helo-530         ZZ 4    msgs=0 clear=0
		east-quit-220         ZZ 4    msgs=0 clear=0
		east-quit-221         ZZ 4    msgs=0 clear=0
		east-quit-354         ZZ 4    msgs=0 clear=0
		east-quit-421         ZZ 4    msgs=0 clear=0
		east-quit-500         ZZ 4    msgs=0 clear=0
		east-quit-501         ZZ 4    msgs=0 clear=0
		east-quit-530         ZZ 4    msgs=0 clear=0
		east-rset-220         ZZ 4    msgs=0 clear=0
		east-rset-221         ZZ 4    msgs=0 clear=0
		east-rset-354         ZZ 4    msgs=0 clear=0
		east-rset-421         ZZ 4    msgs=0 clear=0
		east-rset-500         ZZ 4    msgs=0 clear=0
		east-rset-501         ZZ 4    msgs=0 clear=0
		east-rset-530         ZZ 4    msgs=0 clear=0
	X
	run ! grep -q '^east-.* clear=[^0]' "$BATS_FILE_TMPDIR/verdicts"
}

@test "CHUNKING offered, BDAT used or not (RFC 3030 2)" {
	table <<-'X'
		chunking              KK 2    msgs=1 rcpts=2
		chunking-big          KK 2    msgs=1 rcpts=2
		chunking-bdat-554     DD 5.6.0 msgs=0
		chunking-bdat-451     ZZ 4.3.0 msgs=0
		chunking-500          KK 2    msgs=1 rcpts=2 # then DATA
		chunking-452          ZZ 4.3.1 msgs=0
		chunking-last-only    DD 5.6.0 msgs=0
		chunking-refused-at-end [DZ]+ . # one chunk refused: all of it is
		chunking-354          ZZ 4    msgs=0
		chunking-pipe-no      KK 2    msgs=1 rcpts=2
		chunking-drop         ZZ 4    msgs=0
		chunking-none         ZZ 4    msgs=0
		chunking-rcpt-550     DD 5.1.1 msgs=0
	X
}

@test "other extensions (RFC 3461, 6152, 6531)" {
	table <<-'X'
		dsn                   KK 2    msgs=1
		all-offered           KK 2    msgs=1 rcpts=2
		8bit                  KK 2    msgs=1
		utf8-sender           KK 2    msgs=1
		utf8-sender-missing   DD 5.6.7 msgs=0 # RFC 6531 3.5 and 4
		utf8-rcpt-missing     DD 5.6.7 msgs=0
	X
	grep '^8bit ' "$BATS_FILE_TMPDIR/verdicts" | grep -q 'BODY=8BITMIME'
	grep '^utf8-sender ' "$BATS_FILE_TMPDIR/verdicts" | grep -q ' SMTPUTF8'
}

# RFC 6152 3 asks to convert it or to send it back; README, "Known deviations".
@test "8BITMIME not offered: the message goes as it is" {
	table <<-'X'
		8bit-missing          KK 2    msgs=1
	X
	run ! grep -q '^8bit-missing .*BODY=' "$BATS_FILE_TMPDIR/verdicts"
}

@test "no server holds a run up beyond its time limits" {
	run ! grep -E ' s=(9|[1-9][0-9]+) ' "$BATS_FILE_TMPDIR/verdicts"
}

@test "every case has one verdict, and all are in a table above" {
	local name
	while read -r name _; do
		grep -Eq "^		$name +[^ ]" "$BATS_TEST_FILENAME"
	done <"$BATS_FILE_TMPDIR/verdicts"
	[ "$(wc -l <"$BATS_FILE_TMPDIR/verdicts")" -eq "$(grep -Ec \
	    '^		[0-9A-Za-z_-]+ +[][DKZ+]+ ' "$BATS_TEST_FILENAME")" ]
}
