#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Bounces, read by Python's own mail parser.
load ../helper

setup() {
	new_root
	BOX=$YUBIN_ROOT/mail/example.test
	LOG=$BATS_TEST_TMPDIR/log
}

runner() {
	timeout 60 yubin-queue-runner --once "$@" 2>>"$LOG"
}

put() { # SENDER RECIPIENT…
	printf 'Subject: test\n\nhello\n' | queue_put "$@"
}

# Remote deliveries by a script: see worker.py.
fake_remote() {
	export CALLS=$BATS_TEST_TMPDIR/calls
	cp "$TESTS/queue/worker.py" \
	    "$BATS_TEST_TMPDIR/libexec/yubin-deliver-remote"
}

@test "an unknown user: the sender gets a report that parses" {
	id=$(put ann@example.test nobody@example.test bob@example.test none@example.test)
	runner
	[ "$(ls "$BOX/ann/new" | wc -l)" -eq 1 ]
	[ "$(ls "$BOX/bob/new" | wc -l)" -eq 1 ]
	ID=$id python3 - "$BOX"/ann/new/* <<-'EOT'
		import email, email.policy, os, sys
		m = email.message_from_binary_file(open(sys.argv[1], "rb"),
		    policy=email.policy.default)
		assert not m.defects, m.defects
		assert m["Return-Path"] == "<>"
		assert m["Auto-Submitted"] == "auto-replied"
		assert m["To"].addresses[0].addr_spec == "ann@example.test"
		assert m["Date"].datetime and m["Message-ID"] and m["From"]
		assert m.get_content_type() == "multipart/report"
		assert m.get_param("report-type") == "delivery-status"
		human, status, original = m.iter_parts()
		text = human.get_content()
		assert "<nobody@example.test>" in text and "no such user" in text
		assert "bob@example.test" not in text
		assert os.environ["ID"] in text
		assert status.get_content_type() == "message/delivery-status"
		groups = status.get_payload()
		assert len(groups) == 3, groups
		assert groups[0]["Reporting-MTA"] == "dns; mx.example.test"
		assert groups[0]["Arrival-Date"]
		want = ["nobody", "none"]
		for g, w in zip(groups[1:], want):
		    assert g["Final-Recipient"] == "rfc822; %s@example.test" % w
		    assert g["Action"] == "failed" and g["Status"] == "5.1.1"
		    assert g["Diagnostic-Code"]
		assert original.get_content_type() == "message/rfc822"
		assert original.get_content()["Subject"] == "test"
	EOT
	[ -z "$(find "$YUBIN_ROOT/queue" -name "1*" -type f)" ]
	grep -q "ev=bounced id=.* orig=$id to=ann@example.test n=2" "$LOG"
}

@test "of a big message only the header comes back" {
	{
		printf 'Subject: big\nX-A: b\n\nBODY\n'
		head -c 200000 /dev/zero | tr '\0' x | fold -w 70
	} | queue_put ann@example.test nobody@example.test
	runner
	[ "$(stat -c %s "$BOX"/ann/new/*)" -lt 5000 ]
	python3 - "$BOX"/ann/new/* <<-'EOT'
		import email, email.policy, sys
		m = email.message_from_binary_file(open(sys.argv[1], "rb"),
		    policy=email.policy.default)
		assert not m.defects
		last = list(m.iter_parts())[2]
		assert last.get_content_type() == "text/rfc822-headers"
		text = last.get_content()
		assert text.startswith("Subject: big") and "BODY" not in text
	EOT
}

@test "a message without any header end, binary, huge header: a bounce still" {
	head -c 100000 /dev/urandom | queue_put ann@example.test nobody@example.test
	{
		printf 'X-%d: aaaaaaaaaaaaaaaaaaaaaaaa\n' {1..3000}
		echo
		echo body
	} | queue_put ann@example.test nobody@example.test
	runner
	[ "$(ls "$BOX/ann/new" | wc -l)" -eq 2 ]
}

@test "a bounce that fails is told to postmaster, never to anybody else" {
	printf 'postmaster: bob\n' >"$YUBIN_ROOT/domains/example.test/aliases"
	put "" nobody@example.test
	put gone@example.test nobody@example.test
	runner
	[ "$(ls "$BOX/bob/new" | wc -l)" -eq 2 ]
	[ "$(ls "$BOX/ann/new" | wc -l)" -eq 0 ]
	[ -z "$(find "$YUBIN_ROOT/queue/new" -type f)" ]
	[ "$(grep -lc 'Return-Path: <>' "$BOX"/bob/new/* | wc -l)" -eq 2 ]
}

@test "when postmaster cannot be told either, it is held, and it ends" {
	printf 'postmaster: :fail: no\n' >"$YUBIN_ROOT/domains/example.test/aliases"
	put "" nobody@example.test
	runner
	[ "$(find "$YUBIN_ROOT/queue/hold" -type f | wc -l)" -eq 1 ]
	[ -z "$(find "$YUBIN_ROOT/queue/new" -type f)" ]
	grep -q "ev=held" "$LOG"
}

@test "a postmaster forwarded to where mail fails: held, no endless reports" {
	printf 'postmaster: x@host.test\n' \
	    >"$YUBIN_ROOT/domains/example.test/aliases"
	mkdir "$BATS_TEST_TMPDIR/libexec"
	cp "$BIN"/yubin-{deliver-local,inject} "$BATS_TEST_TMPDIR/libexec"
	fake_remote
	put "" nobody@example.test
	YUBIN_LIBEXEC=$BATS_TEST_TMPDIR/libexec timeout 10 \
	    yubin-queue-runner --once 2>>"$LOG"
	[ "$(grep -c ev=bounced "$LOG")" -eq 1 ]
	[ "$(find "$YUBIN_ROOT/queue/hold" -type f | wc -l)" -eq 1 ]
	[ -z "$(find "$YUBIN_ROOT/queue/new" -type f)" ]
}

@test "nobody can be told of one: held only when the others are through" {
	printf 'postmaster: :fail: no\n' \
	    >"$YUBIN_ROOT/domains/example.test/aliases"
	mkdir "$BATS_TEST_TMPDIR/libexec"
	cp "$BIN/yubin-deliver-local" "$BATS_TEST_TMPDIR/libexec"
	fake_remote
	export YUBIN_LIBEXEC=$BATS_TEST_TMPDIR/libexec
	put "" postmaster@example.test once@host.test
	runner
	[ "$(find "$YUBIN_ROOT/queue/new" -type f | wc -l)" -eq 1 ]
	runner --all
	grep -q "ev=delivered .*to=once@host.test" "$LOG"
	[ "$(find "$YUBIN_ROOT/queue/hold" -type f | wc -l)" -eq 1 ]
	[ -z "$(find "$YUBIN_ROOT/queue/new" -type f)" ]
}

@test "failed before a crash, not yet told: told now" {
	id=$(put ann@example.test nobody@example.test bob@example.test)
	f=$(find "$YUBIN_ROOT/queue/new" -name "$id")
	printf FD | dd of="$f" bs=1 conv=notrunc status=none seek=128
	runner
	grep -q nobody@example.test "$BOX"/ann/new/*
	[ "$(ls "$BOX/bob/new" | wc -l)" -eq 0 ]
}

@test "1,500 failed recipients: two bounces" {
	rcpts=(n{1..1500}@host.test)
	mkdir "$BATS_TEST_TMPDIR/libexec"
	fake_remote
	ln -s "$BIN/yubin-deliver-local" "$BATS_TEST_TMPDIR/libexec/"
	put ann@example.test "${rcpts[@]}"
	YUBIN_LIBEXEC=$BATS_TEST_TMPDIR/libexec runner
	[ "$(ls "$BOX/ann/new" | wc -l)" -eq 2 ]
	[ "$(cat "$BOX"/ann/new/* | grep -c '^Final-Recipient')" -eq 1500 ]
}
