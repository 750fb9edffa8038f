#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Come and go freely: Debian's Dovecot and yubin take turns on one Maildir.
load ../helper
load servers
load peers

PEER=dovecot-imapd+dovecot-pop3d
OWNER=8 # some user who is not root

setup_file() {
	export DIR=$BATS_FILE_TMPDIR
	BATS_TEST_TMPDIR=$DIR new_root
	local MAILDIR=$YUBIN_ROOT/mail/example.test/ann
	chmod 755 "$BATS_RUN_TMPDIR" "$DIR"
	local why
	why=$(peer_fetch $PEER)
	why=${why:-$(peer_possible $PEER "$DIR")}
	if [ -n "$why" ]; then
		echo "$why" >"$DIR/skip"
		return
	fi
	sed -i "s/^\(ann:[^:]*\):[^:]*:[^:]*/\1:$OWNER:$OWNER/" \
	    "$YUBIN_ROOT/domains/example.test/users"
	chown -R $OWNER:$OWNER "$MAILDIR"
	mkdir "$DIR/dovecot"
	DOVECOT_IMAP=$(free_port)
	DOVECOT_POP3=$(free_port)
	export DOVECOT_IMAP DOVECOT_POP3
	"$PEERS/peer-root" $PEER "$DIR" sh "$TESTS/chain/peer_dovecot.sh" \
	    "$DIR/dovecot" "$DOVECOT_IMAP" "$DOVECOT_POP3" "$MAILDIR" $OWNER \
	    >"$DIR/dovecot/out" 2>&1 3>&- 4>&- &
	echo $! >"$DIR/peer_pids"
	serve POP3 plain yubin-pop3-login yubin-checkpw yubin-pop3d
	serve IMAP plain yubin-imap-login yubin-checkpw yubin-imapd
	wait_for port_open "$DOVECOT_POP3"
	wait_for port_open "$DOVECOT_IMAP"
}

teardown_file() {
	local pid
	[ ! -e "$DIR/pids" ] || for pid in $(cat "$DIR/pids"); do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || :
	done
	peers_stop
}

setup() {
	[ ! -e "$DIR/skip" ] || skip "$(cat "$DIR/skip")"
	local program
	for program in mbsync fetchmail; do
		command -v $program >/dev/null ||
		    skip "$program is not installed"
	done
	cd "$BATS_TEST_TMPDIR"
	export HOME=$BATS_TEST_TMPDIR
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] ||
	    tail -n 30 "$DIR/log" "$DIR/dovecot/out" "$DIR/dovecot/log"
}

@test "ten turns of Dovecot and yubin: clients find what they left, once" {
	python3 "$TESTS/chain/turns.py" \
	    "$YUBIN_ROOT/mail/example.test/ann" $OWNER 10
}
