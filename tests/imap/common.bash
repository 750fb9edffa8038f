# SPDX-License-Identifier: ISC
# For the tests of imapd: a Maildir and messages in it.

setup() {
	export MAILDIR=$BATS_TEST_TMPDIR/Maildir
	mkdir -p "$MAILDIR"/{cur,new,tmp}
}

# deliver [FOLDER]: a message from standard input, as other programs do it.
deliver() {
	local dir=$MAILDIR/${1:+.$1}
	mkdir -p "$dir"/{cur,new,tmp}
	local n
	n=$(find "$MAILDIR" -name '17*.host*' | wc -l)
	local name=1700000000.M$((n + 1))P1.host
	cat >"$dir/tmp/$name"
	mv "$dir/tmp/$name" "$dir/new/$name"
}

# mails N [FOLDER]: N small messages with the subjects "mail 1" to "mail N".
mails() {
	local i
	for ((i = 1; i <= $1; i++)); do
		printf 'From: a@example.test\nTo: b@example.test\nSubject: mail %d\nDate: Mon, %d Feb 2021 10:00:00 +0000\nMessage-ID: <%d@example.test>\n\nText of mail %d.\n' \
		    "$i" "$i" "$i" "$i" | deliver "${2:-}"
	done
}

# imap < script
imap() {
	dialog yubin-imapd "$@"
}
