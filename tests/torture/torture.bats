# SPDX-License-Identifier: ISC
# Bombs and broken messages (make.py writes them): bounded time and memory, one
# answer however they are read, and never an error.
load ../helper

setup_file() {
	export TORTURE=$BATS_FILE_TMPDIR/messages
	mkdir "$TORTURE"
	"$BATS_TEST_DIRNAME/make.py" "$TORTURE" >"$BATS_FILE_TMPDIR/made"
}

@test "there are as many as promised" {
	read -r bombs _ broken _ <"$BATS_FILE_TMPDIR/made"
	[ "$bombs" -ge 12 ]
	[ "$broken" -ge 200 ]
	[ "$(find "$TORTURE" -name '*.eml' | wc -l)" -eq $((bombs + broken)) ]
}

@test "each is digested within 32 MiB and its time, in pieces as whole" {
	"$BUILD/tests/torture" "$TORTURE"/*.eml
}

@test "a session with 32 MiB describes them all, and again from its cache" {
	export MAILDIR=$BATS_TEST_TMPDIR/Maildir
	mkdir -p "$MAILDIR"/{new,tmp} "$MAILDIR/cur"
	n=0
	for f in "$TORTURE"/*.eml; do
		n=$((n + 1))
		ln "$f" "$MAILDIR/cur/$((1700000000 + n)).M1P1.host:2,S"
	done
	# Sanitizers need an address space of terabytes.
	[ -n "${ASAN_OPTIONS-}" ] || limit=32768
	for round in 1 2; do
		printf '%s\r\n' 'a EXAMINE INBOX' \
		    'b FETCH 1:* (UID ENVELOPE)' 'c FETCH 1:* (UID BODY)' \
		    'd FETCH 1:* (UID BODYSTRUCTURE)' 'e LOGOUT' |
		    (ulimit -v "${limit:-unlimited}" && yubin-imapd) \
			>"$BATS_TEST_TMPDIR/out.$round" 2>/dev/null
		for tag in a b c d e; do
			grep -aq "^$tag OK" "$BATS_TEST_TMPDIR/out.$round"
		done
	done
	cmp "$BATS_TEST_TMPDIR"/out.{1,2}
	[ "$(grep -ac '^\* [0-9]* FETCH (UID' "$BATS_TEST_TMPDIR/out.1")" -eq \
	    $((3 * n)) ]
}
