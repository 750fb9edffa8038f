#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# App passwords, master users, the record of logins, and who waits for whom.
load ../helper

setup() {
	new_root
	users=$YUBIN_ROOT/domains/example.test/users
	log=$BATS_TEST_TMPDIR/log
	: >"$log"
	export PROTO=TCP TCPREMOTEIP=192.0.2.1
}

# A login by each protocol: imap|pop3|smtp USER PASSWORD yes|no.
imap() {
	local answer="a OK*"
	[ "$3" = yes ] || answer="a NO [AUTHENTICATIONFAILED]*"
	dialog yubin-imap-login yubin-checkpw yubin-imapd <<-X
		S: * OK*
		C: a LOGIN "$1" "$2"
		S: $answer
	X
}

pop3() {
	local answer="+OK*"
	[ "$3" = yes ] || answer="-ERR [AUTH]*"
	dialog yubin-pop3-login yubin-checkpw yubin-pop3d <<-X
		S: +OK*
		C: USER $1
		S: +OK*
		C: PASS $2
		S: $answer
	X
}

smtp() {
	local answer="235 *"
	[ "$3" = yes ] || answer="535 *"
	dialog yubin-smtpd yubin-checkpw <<-X
		S: 220 *
		C: EHLO x
		S* 250 *
		C: AUTH PLAIN $(printf '\0%s\0%s' "$1" "$2" | base64 -w0)
		S: $answer
	X
}

@test "an app password is good for its services, until its day, and no more" {
	local pass other
	pass=$(yubin app add --scope imap,smtp ann@example.test 'my phone')
	[[ $pass =~ ^([a-z]{4}-){4}[a-z]{4}$ ]]
	other=$(yubin app add ann@example.test old --expires 2001-02-03)
	run ! grep -rF "$pass" "$YUBIN_ROOT"
	imap ann "$pass" yes
	imap ann@example.test "${pass//-/ }" yes
	smtp ann "${pass^^}" yes
	pop3 ann "$pass" no
	imap bob "$pass" no
	imap ann "$other" no
	imap ann secret yes
	grep 'ev=login-ok .*user=ann@example.test service=imap tls=no .*app="my phone"' "$log"
	grep 'ev=login-failed .*user=ann reason=app-scope service=pop3 .*app="my phone"' "$log"
	grep 'ev=login-failed .*reason=app-expired .*app=old' "$log"
	run ! grep -F "$pass" "$log"
	run -0 yubin app list ann@example.test
	[[ ${lines[0]} == 'my phone: imap,smtp, last used '*' from 192.0.2.1' ]]
	[[ ${lines[1]} == 'old: imap,pop3,smtp, until 2001-02-03, never used' ]]
	[ "$(yubin app list --json ann@example.test | wc -l)" -eq 2 ]
	yubin app remove ann@example.test 'my phone'
	imap ann "$pass" no
	run -100 yubin app remove ann@example.test 'my phone'
}

@test "yubin app refuses what is wrong; a user's go with him" {
	run -100 yubin app add nobody@example.test x
	run -100 yubin app add ann@example.test a:b
	run -100 yubin app add --scope imap,ftp ann@example.test x
	run -100 yubin app add --expires tomorrow ann@example.test x
	run -100 yubin app add ann@example.test
	[ ! -s "$YUBIN_ROOT/domains/example.test/apps" ]
	local pass
	pass=$(yubin app add --expires 30d ann@example.test x)
	run -100 yubin app add ann@example.test x
	imap ann "$pass" yes
	# A locked account is locked for its apps.
	sed -i 's/^ann:/ann:!/;s/!{PLAIN}/{CRYPT}!/' "$users"
	imap ann "$pass" no
	yubin user del ann@example.test
	[ ! -s "$YUBIN_ROOT/domains/example.test/apps" ]
	[ ! -e "$YUBIN_ROOT/logins/example.test/ann" ]
	echo 'eve:{NOPE}x:y::' >"$YUBIN_ROOT/domains/example.test/apps"
	chmod o= "$YUBIN_ROOT/domains/example.test/apps"
	run -100 yubin check
	[[ $output == *'apps:1: an unknown password scheme'* ]]
	[[ $output == *'apps:1: there is no user eve'* ]]
}

@test "the account's own password may be good for some services, or none" {
	local pass
	sed -i '/^ann:/s/$/userdb_password_scope=imap/' "$users"
	imap ann secret yes
	pop3 ann secret no
	grep 'ev=login-failed .*reason=password-scope service=pop3' "$log"
	sed -i '/^ann:/s/scope=imap/scope=none/' "$users"
	imap ann secret no
	pass=$(yubin app add ann@example.test x)
	pop3 ann "$pass" yes
}

@test "Dovecot's allow_nets says from where an account may be used" {
	sed -i '/^ann:/s/$/allow_nets=192.0.2.0\/28,2001:db8::\/32/' "$users"
	imap ann secret yes
	TCPREMOTEIP=2001:db8:1::1 pop3 ann secret yes
	TCPREMOTEIP=192.0.2.16 imap ann secret no
	TCPREMOTEIP=192.0.2.16 smtp ann \
	    "$(yubin app add ann@example.test x)" no
	[ "$(grep -c 'ip=192.0.2.16 .*reason=allow-nets' "$log")" -eq 2 ]
}

@test "passwords that Dovecot stored are right here, and ours there" {
	command -v doveadm >/dev/null || skip "doveadm is not installed"
	local scheme secret schemes=(SCRAM-SHA-1 SCRAM-SHA-256 CRYPT MD5-CRYPT
	    DES-CRYPT BLF-CRYPT SHA256-CRYPT SHA512-CRYPT PBKDF2 SSHA512 SSHA256
	    SSHA SMD5 SHA512 SHA256.hex SHA SHA1.b64 LDAP-MD5 PLAIN-MD5 MD5
	    CRAM-MD5 HMAC-MD5)
	for scheme in "${schemes[@]}"; do
		secret=$(doveadm pw -s "$scheme" -p 'pä:ss wörd')
		printf 'ann:%s::::::\n' "$secret" >"$users"
		echo "$secret"
		printf 'ann\0pä:ss wörd\0\0' | yubin-checkpw true 3<&0
		run -1 bash -c "printf 'ann\0pa:ss wörd\0\0' | yubin-checkpw true 3<&0"
	done
	for scheme in SCRAM-SHA-256 yescrypt BLF-CRYPT SHA512-CRYPT SSHA256; do
		secret=$(yubin password --scheme $scheme <<<'pä:ss wörd')
		doveadm pw -t "$secret" -p 'pä:ss wörd' | grep verified
	done
}

@test "a master user opens every mailbox, only when there are any" {
	printf 'admin:{PLAIN}key\nold:!\n' >"$BATS_TEST_TMPDIR/masters"
	imap 'ann*admin' key no
	export MASTER_USERS=$BATS_TEST_TMPDIR/masters
	imap 'ann*admin' key yes
	imap 'ann@example.test*admin' key yes
	grep 'ev=master-login .*ip=192.0.2.1 user=ann@example.test service=imap .*master=admin' "$log"
	run ! grep ev=login-ok "$log"
	imap 'ann*admin' secret no
	imap 'ann*old' '' no
	imap 'ann*nobody' key no
	imap 'nobody*admin' key no
	imap 'ann*' key no
	imap admin key no
	imap 'ann*admin' "$(yubin app add ann@example.test x)" no
	grep 'ev=login-failed .*reason=unknown-user .*master=admin' "$log"
	grep 'ev=login-failed .*reason=unknown-master .*master=nobody' "$log"
	imap ann secret yes
	run -0 yubin logins ann@example.test
	[[ $output == *'imap  192.0.2.1  -  '*'  master:admin'* ]]
	MASTER_SEPARATOR=/ imap 'ann/admin' key yes
	# Locked accounts keep their mail.
	sed -i 's/^ann:{PLAIN}/ann:{CRYPT}!/' "$users"
	imap 'ann*admin' key yes
	chmod 644 "$MASTER_USERS"
	run -100 yubin check
	[[ $output == *'masters is open to everybody'* ]]
	[[ $output == *'masters:1: the password of admin is stored as clear text'* ]]
	MASTER_USERS=/nonexistent run -100 yubin check
	[[ $output == *'/nonexistent cannot be read'* ]]
	MASTER_USERS=/nonexistent run -111 bash -c \
	    "printf 'ann*admin\0key\0\0' | yubin-checkpw true 3<&0"
}

@test "one record a login, and the last ones of an account" {
	export SSL_PROTOCOL=TLSv1.3 SSL_CIPHER=TLS_AES_128_GCM_SHA256
	imap ann secret yes
	TCPREMOTEIP=2001:db8::7 pop3 ann@EXAMPLE.test secret yes
	smtp ann wrong no
	grep 'ev=login-ok ip=192.0.2.1 user=ann@example.test service=imap tls=TLSv1.3 cipher=TLS_AES_128_GCM_SHA256 mech=PLAIN' "$log"
	grep 'ev=login-ok ip=2001:db8::7 user=ann@example.test service=pop3' "$log"
	grep 'ev=login-failed ip=192.0.2.1 user=ann reason=wrong-password service=smtp tls=TLSv1.3' "$log"
	[ "$(grep -c 'ev=login-ok\|ev=login-failed' "$log")" -eq 3 ]
	run -0 yubin logins ann@example.test
	[ "${#lines[@]}" -eq 2 ]
	[[ $output == *'  pop3  2001:db8::7  TLSv1.3  PLAIN  password'* ]]
	run -0 yubin logins --json ann@example.test
	[[ $output == *'"service":"imap","source":"192.0.2.1","tls":"TLSv1.3"'* ]]
	run -0 yubin user show ann@example.test
	[[ $output == *'password  PLAIN, clear text'*'last logins:'*' imap '* ]]
	yubin user show --json ann@example.test |
	    python3 -c 'import json, sys; assert len(json.load(sys.stdin)["logins"]) == 2'
	run -100 yubin logins nobody@example.test
	# A line that has become shorter leaves nothing behind.
	sed -i 's/^[0-9]*/1700000000/' "$YUBIN_ROOT/logins/example.test/ann"
	SSL_PROTOCOL= imap ann secret yes
	run -0 grep -vE '^1[0-9]{9} (imap|pop3) [0-9a-f.:]+ (-|TLSv1.3) PLAIN password$' \
	    <(cat "$YUBIN_ROOT/logins/example.test/ann"; echo end)
	[ "$output" = end ]
	[ "$(yubin logins ann@example.test | wc -l)" -eq 2 ]
	[ "$(stat -c %a "$YUBIN_ROOT/logins")" = 700 ]
	# Kept only where there is a folder to keep it in.
	rm -r "$YUBIN_ROOT/logins"
	imap ann secret yes
	[ -z "$(yubin logins ann@example.test)" ]
}

# punish NAME: nobody is patient enough for this penalty.
punish() {
	echo "5 $(($(date +%s) + 100)) $(date +%s)" >"$YUBIN_ROOT/penalty/$1"
}

sent_away() {
	[ "$(grep -c 'too many tries at once' "$log")" -ge "$1" ]
}

# The answer to a login that is sent away.
later() {
	dialog yubin-imap-login yubin-checkpw yubin-imapd <<-X
		S: * OK*
		C: a LOGIN $1 secret
		S: a NO [UNAVAILABLE]*
	X
}

@test "guessers wait; the owner where he is known, and others elsewhere, do not" {
	imap ann secret yes
	export LOGIN_DELAY=15
	punish user-ann@example.test
	punish from-192.0.2.1
	: >"$log"
	# Whoever is sent away has guessed nothing.
	later bob &
	TCPREMOTEIP=192.0.2.2 later ann@example.test &
	imap ann secret yes
	TCPREMOTEIP=192.0.2.2 imap bob secret yes
	imap ann wrong no
	wait %1
	wait %2
	[ -e "$YUBIN_ROOT/penalty/user-ann@example.test,192.0.2.1" ]
	[ "$(grep -c ev=login-failed "$log")" -eq 1 ]
	[ "$(grep -c ev=login-ok "$log")" -eq 2 ]
}

# guess: a guess in the background by a checker that waits for the file go.
guess() {
	printf 'a LOGIN ann x\r\n' | yubin-imap-login "$BATS_TEST_TMPDIR/checker" \
	    true >/dev/null 2>>"$log" &
	pids+=($!)
}

started() {
	[ "$(ls "$BATS_TEST_TMPDIR/started" | wc -l)" -ge "$1" ]
}

# All have looked at where the account is known.
looked() {
	local pid
	for pid in "${pids[@]}"; do
		ls -l "/proc/$pid/fd" | grep -q logins/example.test/ann || return 1
	done
}

@test "guessers where the owner is known get two guesses at once, and then wait" {
	[ "$(id -u)" -eq 0 ] || skip "only root sees the files of login programs"
	imap ann secret yes
	export LOGIN_DELAY=15 LOGIN_TRIES=1 DIR=$BATS_TEST_TMPDIR
	mkdir "$DIR/started"
	cat >"$DIR/checker" <<-'X'
		#!/bin/sh
		: >"$DIR/started/$$"
		while [ ! -e "$DIR/go" ]; do sleep 0.02; done
		exec yubin-checkpw "$@"
	X
	chmod +x "$DIR/checker"
	# Ordinary tries from there have no chance.
	punish from-192.0.2.1
	local i pids=()
	guess
	guess
	wait_for started 2
	for i in 1 2 3 4 5 6; do guess; done
	wait_for looked
	touch "$DIR/go"
	wait "${pids[@]}" || :
	[ "$(grep -c ev=login-failed "$log")" -eq 2 ]
	sent_away 6
}

@test "guesses at once by one source go through one by one, and most not at all" {
	export LOGIN_DELAY=15 LOGIN_TRIES=1
	# It has failed before: one try at once, three in 15 seconds each.
	echo "5 $(date +%s) $(date +%s)" >"$YUBIN_ROOT/penalty/from-192.0.2.1"
	local i pids=()
	for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
		printf 'a LOGIN ann%s x\r\n' $i |
		    yubin-imap-login yubin-checkpw true >/dev/null 2>>"$log" &
		pids+=($!)
	done
	wait_for sent_away 7
	local n
	n=$(grep -c ev=login-failed "$log")
	echo "$n guesses"
	[ "$n" -ge 1 ] && [ "$n" -le 2 ]
	kill "${pids[@]}" 2>/dev/null || :
	wait
}
