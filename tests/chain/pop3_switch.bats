#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# POP3 clients that leave mail on the server find ours in the place of Debian's
# Dovecot or Courier, over the same Maildir: they download nothing twice.
load ../helper
load servers
load peers

DOVECOT=dovecot-imapd+dovecot-pop3d
COURIER=courier-imap+courier-pop
OWNER=8 # some user who is not root: Dovecot takes no other

# Accounts, and the format that Dovecot gives their unique-ids.
FORMATS="deflt:%08Xu%08Xv cyrus:%v.%u courier:UID%u-%v file:%f"

setup_file() {
	export DIR=$BATS_FILE_TMPDIR
	BATS_TEST_TMPDIR=$DIR new_root
	chmod 755 "$BATS_RUN_TMPDIR" "$DIR"
	local name
	for name in deflt cyrus courier file saved savedfile courierd; do
		yubin user add "$name@example.test" <<<x
		sed -i "s/^$name:[^:]*:/$name:{PLAIN}secret:/" \
		    "$YUBIN_ROOT/domains/example.test/users"
	done
}

teardown_file() {
	local pid
	for pid in $(cat "$DIR/pids" 2>/dev/null); do
		kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || :
	done
	peers_stop
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	export HOME=$BATS_TEST_TMPDIR
	[ "$(id -u)" -ne 0 ] || export FETCHMAILUSER=root
	cat >mda <<-'X'
		#!/bin/sh
		cat >>"$HOME/fetched"
		echo >>"$HOME/fetched"
	X
	chmod 755 mda
	: >fetched
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] ||
	    tail -n 30 "$DIR/log" "$DIR/dovecot/log" 2>/dev/null
}

need() {
	local program
	for program; do
		command -v "$program" >/dev/null ||
		    skip "$program is not installed"
	done
}

# put USER NAME…: messages, by some program that tells no sizes.
put() {
	local to=$YUBIN_ROOT/mail/example.test/$1 name
	shift
	for name; do
		printf 'From: x@elsewhere.test\nSubject: %s\nMessage-ID: <%s@x>\n\nBody of %s.\n' \
		    "$name" "$name" "$name" >"$to/tmp/$((++MADE + 1700000000)).M1P$MADE.host"
		mv "$to/tmp/"* "$to/new"
	done
	[ "$(id -u)" -ne 0 ] || chown -R $OWNER:$OWNER "$to"
}

# clients USER PORT: what fetchmail and mpop fetch from there, each.
clients() {
	cat >fetchmailrc <<-X
		poll 127.0.0.1 protocol pop3 service $2 uidl
		  user "$1@example.test" password "secret" keep sslproto ""
		  mda "$PWD/mda"
	X
	cat >mpoprc <<-X
		defaults
		host 127.0.0.1
		port $2
		user $1@example.test
		password secret
		auth user
		tls off
		keep on
		delivery mda $PWD/mda
		uidls_file $PWD/uidls
		account default
	X
	chmod 600 fetchmailrc mpoprc
	: >fetched
	fetchmail -f fetchmailrc --pidfile "$PWD/pid" --nosyslog \
	    --idfile "$PWD/ids" >client 2>&1 || [ $? -eq 1 ] ||
	    { cat client; return 1; }
	FETCHMAIL=$(got)
	: >fetched
	mpop -C mpoprc >client 2>&1 || { cat client; return 1; }
	MPOP=$(got)
}

got() {
	sed -n 's/^Body of \(.*\)\.\r*$/\1/p' fetched | sort | tr '\n' ' '
}

# fetch USER PORT NAMES: both clients fetch these, and each once.
fetch() {
	clients "$1" "$2"
	[ "$FETCHMAIL" = "$3" ] || { echo "fetchmail: $FETCHMAIL"; return 1; }
	[ "$MPOP" = "$3" ] || { echo "mpop: $MPOP"; return 1; }
}

# switch USER OLD NEW: from the server at one port to ours at the other.
switch() {
	put "$1" a b c
	fetch "$1" "$2" 'a b c '
	put "$1" d
	fetch "$1" "$2" 'd '
	put "$1" e f
	fetch "$1" "$3" 'e f '
	put "$1" g
	fetch "$1" "$3" 'g '
	fetch "$1" "$3" ''
}

# ours NAME [FORMAT]: our server, whose port gets that name.
ours() {
	POP3_UIDL=${2-} serve "$1" plain yubin-pop3-login yubin-checkpw yubin-pop3d
}

# passwd USER [FIELDS]: a line for Dovecot.
passwd() {
	printf '%s@example.test:{PLAIN}secret:%s:%s::%s::userdb_mail=maildir:%s %s\n' \
	    "$1" $OWNER $OWNER "$DIR" "$YUBIN_ROOT/mail/example.test/$1" "${2-}"
}

dovecot_start() {
	local why entry
	why=$(peer_fetch $DOVECOT)
	why=${why:-$(peer_possible $DOVECOT "$DIR")}
	[ -z "$why" ] || skip "$why"
	sed -i "s/^\([a-z]*:[^:]*\):[^:]*:[^:]*/\1:$OWNER:$OWNER/" \
	    "$YUBIN_ROOT/domains/example.test/users"
	mkdir "$DIR/dovecot"
	for entry in $FORMATS; do
		passwd "${entry%%:*}" \
		    "userdb_pop3_uidl_format=$(sed 's/%/%%/g' <<<"${entry#*:}")"
	done >"$DIR/dovecot/passwd"
	passwd saved 'userdb_pop3_uidl_format=%%v.%%u userdb_pop3_save_uidl=yes' \
	    >>"$DIR/dovecot/passwd"
	passwd savedfile 'userdb_pop3_uidl_format=%%f userdb_pop3_save_uidl=yes' \
	    >>"$DIR/dovecot/passwd"
	chmod 644 "$DIR/dovecot/passwd"
	THEIRS=$(free_port)
	"$PEERS/peer-root" $DOVECOT "$DIR" sh "$TESTS/chain/peer_dovecot.sh" \
	    "$DIR/dovecot" "$(free_port)" "$THEIRS" none $OWNER \
	    "$DIR/dovecot/passwd" >"$DIR/dovecot/out" 2>&1 3>&- 4>&- &
	echo $! >"$DIR/peer_pids"
	wait_for port_open "$THEIRS"
}

@test "from Dovecot, whichever its pop3_uidl_format" {
	need fetchmail mpop
	dovecot_start
	local entry n=0
	for entry in $FORMATS; do
		echo "$entry"
		rm -f ids uidls
		ours "OURS$((++n))" "${entry#*:}"
		port=OURS$n
		switch "${entry%%:*}" "$THEIRS" "${!port}"
	done
	# What it has saved goes first, whatever we are set to.
	for entry in saved savedfile; do
		echo "$entry"
		rm -f ids uidls
		switch "$entry" "$THEIRS" "$OURS1"
	done
	grep -q ' P[0-9]*\.4 ' "$YUBIN_ROOT/mail/example.test/saved/dovecot-uidlist"
	grep -q ' P ' "$YUBIN_ROOT/mail/example.test/savedfile/dovecot-uidlist"
}

@test "from Courier" {
	need fetchmail mpop
	"$PEERS/peers" $COURIER >/dev/null 2>&1 ||
	    skip "Courier cannot be fetched from the Debian archive"
	local usr
	usr=$(cd "$PEERS/../build/peers/$COURIER/usr" && pwd)
	[ -x "$usr/lib/courier/courier/courierpop3d" ] || usr=/usr
	[ "$(id -u)" -ne 0 ] || setpriv --reuid 8 --clear-groups test -x \
	    "$usr/lib/courier/courier/courierpop3d" ||
	    skip "users may not enter $usr"
	# Its session behind our login: it wants no more than that.
	cat >"$DIR/courierpop3d" <<-X
		#!/bin/sh
		export LD_LIBRARY_PATH=$usr/lib:$usr/lib/$(gcc -print-multiarch)
		export TCPREMOTEIP=127.0.0.1
		exec $usr/lib/courier/courier/courierpop3d "\${MAILDIR:-.}"
	X
	chmod 755 "$DIR/courierpop3d"
	serve COURIERS plain yubin-pop3-login yubin-checkpw "$DIR/courierpop3d"
	ours COURIERO
	switch courierd "$COURIERS" "$COURIERO"
}
