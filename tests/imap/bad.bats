# SPDX-License-Identifier: ISC
# Bad input: a clear answer, in bounded time and memory.
load ../helper
load common

@test "unknown commands, no tags, empty lines" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a FOO
		S: a BAD *
		C: b
		S: * BAD *
		C~ \r\n
		C~ \r\n\r\n
		C: c NOOP
		S: c OK *
		C: d+ NOOP
		S: * BAD *
		C:  e NOOP
		S: * BAD *
		C: f  NOOP
		S: f BAD *
		C: g NOOP x
		S: g BAD *
		C: h NOOP
		S: h OK *
		C: * NOOP
		S: * BAD *
		C: "i" NOOP
		S: * BAD *
	EOS
}

@test "bare LF, bare CR, NUL, 8-bit" {
	imap <<-'EOS'
		S: * PREAUTH *
		C~ a NOOP\n
		S: * BAD *
		C~ b NO\rOP\r\n
		S: * BAD *
		C~ c NO\0OP\r\n
		S: c BAD *
		C~ d SELECT IN\0BOX\r\n
		S: d BAD *
		C~ e SELECT "IN\0BOX"\r\n
		S: e BAD *
		C~ f\xff NOOP\r\n
		S: * BAD *
		C~ g SELECT \xff\r\n
		S: g BAD *
		C: h NOOP
		S: h OK *
	EOS
}

@test "literals: huge, negative, overflowing, empty number, with NUL" {
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT {99999}
		S: a BAD *
		C: b SELECT {-1}
		S: b BAD *
		C: c SELECT {18446744073709551616}
		S: c BAD *
		C: d SELECT {}
		S: d BAD *
		C: e SELECT {5
		S: e BAD *
		C: f SELECT {3}
		S: + *
		C~ a\0b\r\n
		S: f BAD *
		C: g SELECT {5}
		S: + *
		C: INBOX x
		S: g BAD *
		C: h NOOP
		S: h OK *
		C: i SELECT x{5}
		S: + *
		C: INBOX
		S: i BAD *
	EOS
}

@test "a large literal sent unasked is passed over, a huge one ends the session" {
	{
		printf 'a SELECT {100000+}\r\n'
		head -c 100000 /dev/zero | tr '\0' 'x'
		printf ' {3+}\r\nabc\r\nb NOOP\r\n'
	} >"$BATS_TEST_TMPDIR/in"
	run -0 yubin-imapd <"$BATS_TEST_TMPDIR/in"
	grep -q '^a BAD' <<<"$output"
	grep -q '^b OK' <<<"$output"
	imap <<-'EOS'
		S: * PREAUTH *
		C: a SELECT {99999999+}
		S: * BYE *
		S.
	EOS
	imap <<-'EOS'
		S: * PREAUTH *
		C: a FOO {99999999999999999999999+}
		S: * BYE *
		S.
	EOS
}

@test "octets of a literal never become commands" {
	imap <<-'EOS'
		S: * PREAUTH *
		C~ a FOO {8+}\r\nb NOOP\r\n\r\n
		S: a BAD *
		C: c NOOP
		S: c OK *
		C~ d APPEND {5+}\r\nINBOX foo {8+}\r\nb NOOP\r\n\r\n
		S: * BYE *
		S.
	EOS
}

@test "an over-long line ends the session, a long one is read" {
	run -0 yubin-imapd < <(printf 'a NOOP '; head -c 60000 /dev/zero | tr '\0' x; printf '\r\nb NOOP\r\n')
	grep -q '^a BAD' <<<"$output"
	grep -q '^b OK' <<<"$output"
	run -0 yubin-imapd < <(printf 'a NOOP '; head -c 3000000 /dev/zero | tr '\0' x; printf '\r\nb NOOP\r\n')
	grep -q '^\* BYE' <<<"$output"
	! grep -q '^b OK' <<<"$output" || false
}

@test "a command of many lines and literals has a ceiling" {
	{
		printf 'a SEARCH'
		for ((i = 0; i < 30; i++)); do
			printf ' SUBJECT {4000+}\r\n'
			head -c 4000 /dev/zero | tr '\0' x
		done
		printf '\r\nb NOOP\r\n'
	} >"$BATS_TEST_TMPDIR/in"
	run -0 yubin-imapd <"$BATS_TEST_TMPDIR/in"
	grep -q '^a BAD' <<<"$output"
	grep -q '^b OK' <<<"$output"
}

@test "a literal behind a line that fills the ceiling is not invited" {
	{
		printf 'a NOOP '
		head -c 65523 /dev/zero | tr '\0' x
		printf ' {3}\r\nb NOOP\r\n'
	} >"$BATS_TEST_TMPDIR/in"
	run -0 yubin-imapd <"$BATS_TEST_TMPDIR/in"
	grep -q '^a BAD' <<<"$output"
	grep -q '^b OK' <<<"$output"
	! grep -q '^+' <<<"$output" || false
}

@test "too many bad commands end the session" {
	run -0 yubin-imapd < <(for ((i = 0; i < 100; i++)); do printf 'a%d FOO\r\n' "$i"; done)
	[ "$(grep -c ' BAD ' <<<"$output")" -le 30 ]
	grep -q '^\* BYE' <<<"$output"
}

@test "end of input at every octet of a session" {
	mails 1
	python3 - <<-'EOS'
		import os, shutil, subprocess
		text = (b"a SELECT INBOX\r\nb FETCH 1 BODY[]\r\nc APPEND INBOX {6}\r\nA: b\r\n\r\n"
		        b"d SEARCH SUBJECT {4}\r\nmail\r\ne IDLE\r\nDONE\r\nf STORE 1 +FLAGS (\\Deleted)\r\n"
		        b"g EXPUNGE\r\nh LOGOUT\r\n")
		src = os.environ["MAILDIR"]
		for i in range(len(text)):
		    work = src + ".work"
		    shutil.rmtree(work, ignore_errors=True)
		    shutil.copytree(src, work)
		    p = subprocess.run(["yubin-imapd"], input=text[:i], stdout=subprocess.PIPE,
		                       stderr=subprocess.DEVNULL, timeout=10,
		                       env=dict(os.environ, MAILDIR=work))
		    assert p.returncode == 0, (i, p.returncode)
		    assert not os.listdir(work + "/tmp"), i
	EOS
}

@test "the client is gone: no endless loop" {
	mails 1
	run -0 bash -c 'printf "a SELECT INBOX\r\nb IDLE\r\n" | timeout 10 yubin-imapd'
}
