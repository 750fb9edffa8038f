# SPDX-License-Identifier: ISC
# How an idle session learns of changes (RFC 2177).
load ../helper
load common

@test "150 idle sessions of a user without inotify instances are told" {
	unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_inotify_instances' ||
	    skip "no user name spaces"
	mails 1
	cat >"$BATS_TEST_TMPDIR/many.py" <<-'EOS'
		import os, socket, subprocess

		maildir = os.environ["MAILDIR"]

		def until(c, text):
		    got = b""
		    while text not in got:
		        more = c.recv(65536)
		        assert more, got
		        got += more

		def deliver(n):
		    with open(f"{maildir}/tmp/18.M{n}.x", "w") as f:
		        f.write("Subject: new\n\nx\n")
		    os.rename(f"{maildir}/tmp/18.M{n}.x", f"{maildir}/new/18.M{n}.x")

		clients = []
		for _ in range(150):
		    ours, theirs = socket.socketpair()
		    ours.settimeout(60)
		    subprocess.Popen(["yubin-imapd"], stdin=theirs, stdout=theirs)
		    theirs.close()
		    clients.append(ours)
		for c in clients:
		    c.sendall(b"a EXAMINE INBOX\r\nb IDLE\r\n")
		    until(c, b"+ idling\r\n")
		for n in 2, 3:
		    deliver(n)
		    for c in clients:
		        until(c, b"* %d EXISTS\r\n" % n)
		for c in clients:
		    c.sendall(b"DONE\r\nc LOGOUT\r\n")
		    until(c, b"c OK")
	EOS
	unshare -Ur sh -c 'echo 0 >/proc/sys/user/max_inotify_instances &&
	    exec python3 "$0"' "$BATS_TEST_TMPDIR/many.py" \
	    2>"$BATS_TEST_TMPDIR/err" || {
		tail -n 5 "$BATS_TEST_TMPDIR/err"
		false
	}
}

@test "a delivery by mv ends the wait: it is not found by waiting" {
	strace -o /dev/null true 2>/dev/null || skip "no ptrace here"
	mails 1
	mail=$BATS_TEST_TMPDIR/mail
	printf 'Subject: new\n\nx\n' >"$mail"
	dialog strace -o "$BATS_TEST_TMPDIR/trace" yubin-imapd <<-EOS
		S: * PREAUTH *
		C: a SELECT INBOX
		S* a OK *
		C: b IDLE
		S: + *
		X: cp $mail $MAILDIR/tmp/17.M8.x && mv $MAILDIR/tmp/17.M8.x $MAILDIR/new/17.M8.x
		S: * 2 EXISTS
		S: * 2 RECENT
		X: mv $MAILDIR/cur/17.M8.x:2, $MAILDIR/cur/17.M8.x:2,F
		S: * 2 FETCH (FLAGS (\Flagged \Recent))
		X: rm $MAILDIR/cur/17.M8.x:2,F
		S: * 2 EXPUNGE
		C: DONE
		S: b OK *
		C: c LOGOUT
		S* c OK *
	EOS
	grep -q 'poll.*POLLIN' "$BATS_TEST_TMPDIR/trace"
	run -1 grep -E ", (1000|15000)\\) *= 0 \\(Timeout\\)" \
	    "$BATS_TEST_TMPDIR/trace"
}
