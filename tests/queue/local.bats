#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# deliver-local by hand, and the queue runner with it.
load ../helper

setup() {
	new_root
	BOX=$YUBIN_ROOT/mail/example.test
	ALIASES=$YUBIN_ROOT/domains/example.test/aliases
}

deliver() { # ADDRESS [OPTION…], a message of two lines
	printf 'Subject: x\r\n\r\nhi\r\n' |
	    yubin-deliver-local -f eve@host.test "${@:2}" "$1" \
	        2>>"$BATS_TEST_TMPDIR/log"
}

count() { # DIRECTORY
	find "$1/new" "$1/cur" -type f 2>/dev/null | wc -l
}

put() { # SENDER RECIPIENT…
	printf 'Subject: test\n\nhello\n' | queue_put "$@"
}

runner() {
	yubin-queue-runner --once "$@" 2>>"$BATS_TEST_TMPDIR/log"
}

@test "a message is stored with LF ends behind Return-Path and Delivered-To" {
	[ "$(deliver bob@example.test)" = "K 2.0.0 stored" ]
	run cat "$BOX"/bob/new/*
	[ "$output" = "Return-Path: <eve@host.test>
Delivered-To: bob@example.test
Subject: x

hi" ]
	[[ $(ls "$BOX/bob/new") == *,S=75,W=80 ]]
}

@test "the Maildir is made when it is missing" {
	rm -rf "$BOX/bob"
	[[ $(deliver bob@example.test) == K\ * ]]
	[ "$(count "$BOX/bob")" -eq 1 ]
}

@test "addresses without regard to case; an extension goes to the user" {
	[[ $(deliver BOB@Example.TEST) == K\ * ]]
	[[ $(deliver bob+lists@example.test) == K\ * ]]
	[ "$(count "$BOX/bob")" -eq 2 ]
}

@test "unknown users, foreign domains, no domain" {
	[[ $(deliver nobody@example.test) == "D 5.1.1 "* ]]
	[[ $(deliver x@host.test) == "D 5.1.2 "* ]]
	[[ $(deliver bob) == "D 5.1.3 "* ]]
	[[ $(deliver ../ann@example.test) == "D 5.1."* ]]
}

@test "delivering again stores nothing, unread or read" {
	id=1j0tamuctgt8k3nsa1p3h
	[[ $(deliver bob@example.test -i $id -n 1) == K\ * ]]
	[[ $(deliver bob@example.test -i $id -n 1) == "K 2.0.0 was stored before" ]]
	cd "$BOX/bob"
	f=$(ls new)
	mv "new/$f" "cur/$f:2,S"
	[[ $(deliver bob@example.test -r -i $id -n 1) == "K 2.0.0 was stored before" ]]
	[ "$(count "$BOX/bob")" -eq 1 ]
	[[ $(deliver bob@example.test -r -i $id -n 2) == "K 2.0.0 stored" ]]
	[ "$(count "$BOX/bob")" -eq 2 ]
}

@test "a message that was here before is a loop" {
	r=$(printf 'delivered-to: Bob@example.test\r\n\r\nhi\r\n' |
	    yubin-deliver-local bob@example.test)
	[[ $r == "D 5.4.6 "* ]]
	r=$(printf 'Subject: x\r\n\r\nDelivered-To: bob@example.test\r\n' |
	    yubin-deliver-local bob@example.test)
	[[ $r == K\ * ]]
}

@test "a user with ids of its own gets files that belong to it" {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	sed -i 's/^bob:\([^:]*\):[^:]*:[^:]*/bob:\1:12345:12346/' \
	    "$YUBIN_ROOT/domains/example.test/users"
	rm -rf "$BOX/bob"
	chmod 711 "$BATS_TEST_TMPDIR" "$(dirname "$BATS_TEST_TMPDIR")" || true
	i=$BATS_TEST_TMPDIR
	while [ "$i" != / ]; do chmod a+x "$i"; i=$(dirname "$i"); done
	[[ $(deliver bob@example.test) == K\ * ]]
	[ "$(stat -c %u:%g "$BOX"/bob/new/*)" = 12345:12346 ]
	[ "$(stat -c %u:%g:%a "$BOX/bob")" = 12345:12346:700 ]
}

@test "a message from a file is read from where the descriptor stands" {
	printf 'skipped\r\nSubject: y\r\n\r\nhi\r\n' >"$BATS_TEST_TMPDIR/m"
	(
		read -r _
		yubin-deliver-local bob@example.test 2>/dev/null
	) <"$BATS_TEST_TMPDIR/m"
	run cat "$BOX"/bob/new/*
	[[ $output == *$'Delivered-To: bob@example.test\nSubject: y'* ]]
}

@test "alias: several targets, each Maildir once" {
	cat >"$ALIASES" <<-EOT
		all: ann, bob, ann, more
		more: bob, $BATS_TEST_TMPDIR/box/
	EOT
	[[ $(deliver all@example.test) == K\ * ]]
	[ "$(count "$BOX/ann")" -eq 1 ]
	[ "$(count "$BOX/bob")" -eq 1 ]
	[ "$(count "$BATS_TEST_TMPDIR/box")" -eq 1 ]
}

@test "alias: circles end" {
	printf 'a: b\nb: a\nc: c\nd: e, ann\ne: d\n' >"$ALIASES"
	[[ $(deliver a@example.test) == "D 5.4.6 "* ]]
	[[ $(deliver c@example.test) == "D 5.4.6 "* ]]
	[[ $(deliver d@example.test) == K\ * ]]
	[ "$(count "$BOX/ann")" -eq 1 ]
}

@test "alias: catch-all, :fail:, names before it" {
	printf 'no: :fail: not, here\n*: bob\n' >"$ALIASES"
	[[ $(deliver whatever@example.test) == K\ * ]]
	[[ $(deliver ann@example.test) == K\ * ]]
	[ "$(deliver no@example.test)" = "D 5.7.1 not, here" ]
	[ "$(count "$BOX/bob")" -eq 1 ]
	[ "$(count "$BOX/ann")" -eq 1 ]
}

@test "alias: a program gets the message and its environment" {
	cat >"$ALIASES" <<-EOT
		p: "|cat > \$OUT; echo \$SENDER \$RECIPIENT \$LOCAL \$EXT \$HOST >> \$OUT"
	EOT
	export OUT=$BATS_TEST_TMPDIR/out
	i=$BATS_TEST_TMPDIR
	: >"$OUT"
	chmod 666 "$OUT"
	[[ $(deliver p+x@example.test) == X\ * ]]
	run cat "$OUT"
	[ "${lines[-1]}" = "eve@host.test p+x@example.test p+x x example.test" ]
	[[ $output == *"Subject: x"* ]]
	! grep -q $'\r' "$OUT" || false
}

@test "alias: exit codes of programs" {
	for c in 0 99 1 64 65 67 75 77 78 100 111; do
		echo "c$c: \"|echo why $c; exit $c\""
	done >"$ALIASES"
	for c in 0 99; do
		[[ $(deliver c$c@example.test) == "X "* ]]
	done
	for c in 64 65 67 77 78 100; do
		[[ $(deliver c$c@example.test) == "D 5."*" why $c" ]]
	done
	for c in 1 75 111; do
		[[ $(deliver c$c@example.test) == "Z 4."*" why $c" ]]
	done
}

@test "alias: a program that reads nothing, and one that is killed" {
	printf 'a: |exit 0\nb: "|kill -9 $$"\n' >"$ALIASES"
	{
		printf 'Subject: big\r\n\r\n'
		head -c 300000 /dev/zero | tr '\0' x
	} >"$BATS_TEST_TMPDIR/m"
	[[ $(yubin-deliver-local a@example.test 2>/dev/null \
	    <"$BATS_TEST_TMPDIR/m") == X\ * ]]
	[[ $(deliver b@example.test) == "Z 4.3.0 "* ]]
}

@test "alias: forwarding keeps every octet behind Delivered-To" {
	printf 'f: x@host.test, y@other.test\n' >"$ALIASES"
	printf 'Subject: x\r\n\r\n.\r\n..\r\n\xffend\r\n' \
	    >"$BATS_TEST_TMPDIR/m"
	r=$(yubin-deliver-local -f eve@host.test f@example.test \
	    <"$BATS_TEST_TMPDIR/m" 2>>"$BATS_TEST_TMPDIR/log")
	[ "$r" = "X 2.0.0 forwarded" ]
	f=$(find "$YUBIN_ROOT/queue/new" -type f)
	[ "$(grep -ac . <<<"$f")" -eq 1 ]
	grep -aq '^6:sender,13:eve@host.test,$' "$f"
	grep -aq '^4:rcpt,11:x@host.test,$' "$f"
	grep -aq '^4:rcpt,12:y@other.test,$' "$f"
	n=$(stat -c %s "$BATS_TEST_TMPDIR/m")
	tail -c "$n" "$f" | cmp - "$BATS_TEST_TMPDIR/m"
	tail -c "$((n + 30))" "$f" | head -n 1 |
	    grep -q '^Delivered-To: f@example.test'
}

@test "alias: a message that cannot be read is not passed on in part" {
	printf 'f: x@host.test\np: "|cat >/dev/null"\n' >"$ALIASES"
	# A directory cannot be read.
	[[ $(yubin-deliver-local -f eve@host.test f@example.test \
	    <"$BATS_TEST_TMPDIR" 2>>"$BATS_TEST_TMPDIR/log") == Z\ * ]]
	[ -z "$(find "$YUBIN_ROOT/queue/new" -type f)" ]
	[[ $(yubin-deliver-local -f eve@host.test p@example.test \
	    <"$BATS_TEST_TMPDIR" 2>>"$BATS_TEST_TMPDIR/log") == Z\ * ]]
}

@test "alias: a temporary failure comes before programs and forwards" {
	cat >"$ALIASES" <<-EOT
		t: /proc/nothing/here/, "|touch $BATS_TEST_TMPDIR/ran", x@host.test
	EOT
	[[ $(deliver t@example.test) == "Z 4.3.0 "* ]]
	[ ! -e "$BATS_TEST_TMPDIR/ran" ]
	[ -z "$(find "$YUBIN_ROOT/queue/new" -type f)" ]
}

@test "runner: delivers, marks, removes, logs one id" {
	id=$(put ann@example.test bob@example.test ann@example.test)
	runner
	[ "$(count "$BOX/bob")" -eq 1 ]
	[ "$(count "$BOX/ann")" -eq 1 ]
	[ -z "$(find "$YUBIN_ROOT/queue" -name "$id")" ]
	ls "$BOX/bob/new" | grep -q "Q${id}R0"
	ls "$BOX/ann/new" | grep -q "Q${id}R1"
	grep -q "ev=delivered id=$id to=bob@example.test" "$BATS_TEST_TMPDIR/log"
	grep -q "ev=done id=$id" "$BATS_TEST_TMPDIR/log"
}

@test "runner: mail that an alias forwards to us is delivered in the same run" {
	yubin domain add other.test
	yubin user add eve@other.test <<<secret
	printf 'f: eve@other.test, okx@host.test\n' >"$ALIASES"
	export CALLS=$BATS_TEST_TMPDIR/calls
	cp "$TESTS/queue/worker.py" "$BATS_TEST_TMPDIR/yubin-deliver-remote"
	ln -s "$BIN/yubin-deliver-local" "$BIN/yubin-inject" "$BATS_TEST_TMPDIR/"
	id=$(put ann@example.test f@example.test)
	YUBIN_LIBEXEC=$BATS_TEST_TMPDIR runner
	[ "$(count "$YUBIN_ROOT/mail/other.test/eve")" -eq 1 ]
	[ -z "$(find "$YUBIN_ROOT/queue/new" -type f)" ]
	grep -q "ev=delivered .*to=okx@host.test.*rsp=fine" "$BATS_TEST_TMPDIR/log"
	grep -q "ev=accepted .*orig=$id" "$BATS_TEST_TMPDIR/log"
}
