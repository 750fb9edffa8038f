#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Deliveries and quota; quotas in the users file.
load ../helper

setup() {
	new_root
	BOX=$YUBIN_ROOT/mail/example.test
	USERS=$YUBIN_ROOT/domains/example.test/users
	export QUEUE_SLOTS=16
}

deliver() { # ADDRESS [OCTETS]
	{
		printf 'Subject: x\r\n\r\n'
		head -c "${2:-10}" /dev/zero | tr '\0' x
		printf '\r\n'
	} | yubin-deliver-local -f eve@host.test "$1" \
	    2>>"$BATS_TEST_TMPDIR/log"
}

count() { # DIRECTORY
	find "$1/new" "$1/cur" -type f 2>/dev/null | wc -l
}

# size USER: octets of the mail of all folders.
size() {
	find "$BOX/$1" \( -path '*/new/*' -o -path '*/cur/*' \) -type f \
	    -printf '%s\n' | awk '{ s += $1 } END { print s + 0 }'
}

@test "user quota: set, shown, taken away; the rest of the line stays" {
	sed -i '/^ann:/s/.*/ann:{PLAIN}secret:::Ann::\/bin\/sh:a=b c=d:e/' "$USERS"
	yubin user quota ann@example.test 2M,10
	grep -qx 'ann:{PLAIN}secret:::Ann::/bin/sh:a=b c=d:e userdb_quota_rule=\*:bytes=2097152:messages=10' "$USERS"
	yubin user quota ann@example.test 1k
	grep -qx 'ann:{PLAIN}secret:::Ann::/bin/sh:a=b c=d:e userdb_quota_rule=\*:bytes=1024' "$USERS"
	deliver ann@example.test 100
	[ "$(yubin user quota ann@example.test)" = \
	    "ann@example.test: $(size ann) of 1024 octets, 1 messages" ]
	[ "$(yubin user quota | head -n 1)" = \
	    "ann@example.test: $(size ann) of 1024 octets, 1 messages" ]
	[ "$(yubin user quota | tail -n 1)" = \
	    "bob@example.test: 0 octets, 0 messages" ]
	yubin user quota ann@example.test default
	grep -qx 'ann:{PLAIN}secret:::Ann::/bin/sh:a=b c=d:e' "$USERS"
	yubin user quota bob@example.test 5k
	grep -qx 'bob:{PLAIN}secret::::::userdb_quota_rule=\*:bytes=5120' \
	    "$USERS"
	run -100 yubin user quota bob@example.test 5x
	run -100 yubin user quota nobody@example.test 5k
	run -100 yubin user quota nobody@example.test
	run -100 yubin user quota bob@other.test
}

@test "a message that finds no room is returned; a smaller one is stored" {
	yubin user quota bob@example.test 1000
	[ "$(deliver bob@example.test 500)" = "K 2.0.0 stored" ]
	[ "$(deliver bob@example.test 500)" = \
	    "D 5.2.2 the mailbox is full: its quota is used up" ]
	[ "$(deliver bob@example.test 100)" = "K 2.0.0 stored" ]
	[ "$(count "$BOX/bob")" -eq 2 ]
	# counted, as a recount would
	[ "$(tail -n +2 "$BOX/bob/maildirsize" |
	    awk '{ s += $1; n += $2 } END { print s, n }')" = "$(size bob) 2" ]
}

@test "QUOTA_BOUNCE=0: it waits in the queue" {
	yubin user quota bob@example.test 100
	export QUOTA_BOUNCE=0
	[ "$(deliver bob@example.test 500)" = \
	    "Z 4.2.2 the mailbox is full: its quota is used up" ]
}

@test "QUOTA is for accounts without one of their own" {
	export QUOTA=,1
	yubin user quota ann@example.test none
	yubin user quota bob@example.test ,2
	[[ $(deliver ann@example.test) == K\ * ]]
	[[ $(deliver ann@example.test) == K\ * ]]
	[ ! -e "$BOX/ann/maildirsize" ]
	[[ $(deliver bob@example.test) == K\ * ]]
	[[ $(deliver bob@example.test) == K\ * ]]
	[[ $(deliver bob@example.test) == D\ 5.2.2\ * ]]
	yubin user quota bob@example.test default
	[[ $(deliver bob@example.test) == D\ 5.2.2\ * ]]
	rm "$BOX"/bob/new/*
	[[ $(deliver bob@example.test) == K\ * ]]
}

@test "a wrong count refuses nothing; a rule nobody can read is none" {
	yubin user quota bob@example.test 1000
	printf '1000S\n999 1\n' >"$BOX/bob/maildirsize"
	[[ $(deliver bob@example.test 500) == K\ * ]]
	sed -i 's/bytes=1000/bytes=lots/' "$USERS"
	[[ $(deliver bob@example.test 5000) == K\ * ]]
	grep -q 'ev=quota .*userdb_quota_rule cannot be read' \
	    "$BATS_TEST_TMPDIR/log"
	yubin check | grep -q 'users.*userdb_quota_rule cannot be read'
}

@test "the runner: one of three is full and bounces, in plain words" {
	yubin user quota bob@example.test 100
	printf 'Subject: test\n\n%0300d\n' 0 |
	    queue_put ann@example.test bob@example.test ann@example.test
	yubin-queue-runner --once 2>>"$BATS_TEST_TMPDIR/log"
	[ "$(count "$BOX/bob")" -eq 0 ]
	[ "$(count "$BOX/ann")" -eq 2 ]
	grep -rq 'the mailbox is full' "$BOX/ann/new"
	grep -rq 'Status: 5.2.2' "$BOX/ann/new"
}

# found_full OCTETS: such a message comes for bob, who has no room for it.
found_full() {
	printf 'Subject: test\n\n%0*d\n' "$1" 0 |
	    queue_put ann@example.test bob@example.test
	yubin-queue-runner --once 2>>"$BATS_TEST_TMPDIR/log"
	[ "$(count "$BOX/bob")" -eq 0 ]
}

# rcpt REPLY ADDRESS [PARAMETERS OF MAIL]: what RCPT is answered.
rcpt() {
	dialog yubin-smtpd <<-X
		S: 220 *
		C: EHLO x
		S* 250 *
		C: MAIL FROM:<eve@host.test>${3+ $3}
		S: 250 *
		C: RCPT TO:<$2>
		S: $1 *
	X
}

@test "a full mailbox is refused at RCPT for a while (RFC 3463 3.3: X.2.2)" {
	yubin user quota bob@example.test 100
	rcpt '250 2.1.5' bob@example.test
	found_full 300
	rcpt '452 4.2.2' bob@example.test
	rcpt '452 4.2.2' Bob@EXAMPLE.test SIZE=10
	rcpt '250 2.1.5' ann@example.test
	rcpt '550 5.1.1' carol@example.test
	QUOTA_RCPT=0 rcpt '250 2.1.5' bob@example.test
	touch -d '16 minutes ago' "$YUBIN_ROOT/queue/full/bob@example.test"
	rcpt '250 2.1.5' bob@example.test
	QUOTA_RCPT=1000 rcpt '452 4.2.2' bob@example.test
	rm "$YUBIN_ROOT/queue/full/bob@example.test"
	rcpt '250 2.1.5' bob@example.test
	# A day later the runner removes the note.
	found_full 300
	touch -d '25 hours ago' "$YUBIN_ROOT/queue/full/bob@example.test"
	yubin-queue-runner --once 2>>"$BATS_TEST_TMPDIR/log"
	[ ! -e "$YUBIN_ROOT/queue/full/bob@example.test" ]
}

@test "what a large message found no room for, a small one may" {
	yubin user quota bob@example.test 50000
	found_full 100000
	rcpt '250 2.1.5' bob@example.test
	rcpt '250 2.1.5' bob@example.test SIZE=90000
	rcpt '452 4.2.2' bob@example.test SIZE=100000
}

@test "checkpw tells the session its quota" {
	yubin user quota bob@example.test 2k,10
	[ "$(printf 'bob@example.test\0secret\0\0' |
	    yubin-checkpw sh -c 'echo $MAILDIRQUOTA' 3<&0 2>/dev/null)" = \
	    2048S,10C ]
	[ "$(printf 'ann@example.test\0secret\0\0' |
	    yubin-checkpw sh -c 'echo $MAILDIRQUOTA' 3<&0 2>/dev/null)" = 0S ]
}

@test "root delivers as the owner: his quota, his file" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	sed -i 's/^bob:.*/bob:{PLAIN}secret:65534:65534::::userdb_quota_rule=*:bytes=500/' "$USERS"
	chmod 711 "$BATS_TEST_TMPDIR" "$YUBIN_ROOT" "$BOX" "$YUBIN_ROOT/mail"
	chown -R 65534:65534 "$BOX/bob"
	local i
	for i in 1 2; do
		printf 'Subject: test\n\n%0300d\n' 0 |
		    queue_put ann@example.test bob@example.test
		yubin-queue-runner --once 2>>"$BATS_TEST_TMPDIR/log"
	done
	[ "$(count "$BOX/bob")" -eq 1 ]
	[ "$(stat -c %u "$BOX/bob/maildirsize")" -eq 65534 ]
	grep -rq 'the mailbox is full' "$BOX/ann/new"
	# looking as root leaves no file of root's
	rm "$BOX/bob/maildirsize"
	yubin user quota bob@example.test | grep -q ' of 500 octets, 1 messages'
	[ ! -e "$BOX/bob/maildirsize" ]
}
