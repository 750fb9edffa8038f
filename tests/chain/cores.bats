#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What an attacker could read who has taken over a process that speaks with the
# network: nothing of other users, and no secrets of ours.
load ../helper

setup() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	new_root
	DIR=$BATS_TEST_TMPDIR
	mkdir "$DIR/bin"
	cp "$BIN"/* "$DIR/bin"
	chmod 755 "$BATS_RUN_TMPDIR" "${BATS_FILE_TMPDIR%/*}" "$DIR" 2>/dev/null || :
	chmod 711 "$YUBIN_ROOT" "$YUBIN_ROOT/mail" "$YUBIN_ROOT/mail/example.test"
	export LOGIN_USER=64001:64001 SMTP_USER=64002:64002 TLS_USER=64003:64003
	export MAIL_USER=64004:64004 MAX_PER_SOURCE=200
	chown -R 64004:64004 "$YUBIN_ROOT/mail"
	chgrp -R 64002 "$YUBIN_ROOT/queue"
	find "$YUBIN_ROOT/queue" -type d -exec chmod 2770 {} +
	find "$YUBIN_ROOT/queue" -type f -exec chmod 660 {} +
	self_signed "$YUBIN_ROOT/tls"
	chmod 600 "$YUBIN_ROOT/tls/key.pem"
	for user in ann bob; do
		printf 'Subject: hi\n\nhello\n' \
		    >"$YUBIN_ROOT/mail/example.test/$user/new/1.hello"
	done
	chown -R 64004:64004 "$YUBIN_ROOT/mail"
}

@test "no secrets in the memory of front processes" {
	BIN=$DIR/bin run python3 "$TESTS/chain/cores.py" "$YUBIN_ROOT"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} =~ \ 0\ found$ ]]
	echo "# ${lines[-1]}" >&3
}
