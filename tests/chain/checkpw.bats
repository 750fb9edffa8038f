#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# yubin-checkpw: the checkpassword interface.
load ../helper

setup() {
	new_root
	users=$YUBIN_ROOT/domains/example.test/users
	log=$BATS_TEST_TMPDIR/log
	: >"$log"
}

# check LOGIN PASSWORD PROGRAM…
check() {
	local login=$1 pass=$2
	shift 2
	printf '%s\0%s\0\0' "$login" "$pass" |
	    yubin-checkpw "$@" 3<&0 </dev/null 2>>"$log"
}

@test "the right password runs the program with the user's environment" {
	run -0 check ann@example.test secret \
	    sh -c 'echo "$USER $AUTHUSER $MAILDIR $HOME $SHELL $PWD"'
	local dir=$YUBIN_ROOT/mail/example.test/ann
	[ "$output" = "ann@example.test ann@example.test $dir $dir /bin/sh $dir" ]
	grep 'ev=login-ok .*user=ann@example.test' "$log"
	run ! grep -w secret "$log"
}

@test "home and shell of the account; descriptor 3 is closed" {
	mkdir "$BATS_TEST_TMPDIR/home"
	sed -i "s,^bob:.*,bob:{PLAIN}secret::::$BATS_TEST_TMPDIR/home:/bin/x:," \
	    "$users"
	run -0 check bob secret sh -c \
	    'echo "$HOME $SHELL $PWD"; [ ! -e /proc/$$/fd/3 ]'
	[ "$output" = "$BATS_TEST_TMPDIR/home /bin/x $BATS_TEST_TMPDIR/home" ]
}

@test "an account added by hand: its Maildir is made, a missing home is none" {
	local dir=$YUBIN_ROOT/mail/example.test
	echo 'carl:{PLAIN}secret' >>"$users"
	echo 'dora:{PLAIN}secret::::/nonexistent::' >>"$users"
	echo "erik:{PLAIN}secret::::$BATS_TEST_TMPDIR/e/erik::userdb_mail=maildir:~/M" >>"$users"
	run -0 check carl secret pwd
	[ "$output" = "$dir/carl" ]
	run -0 check dora secret sh -c 'echo "$HOME $PWD"'
	[ "$output" = "/nonexistent $dir/dora" ]
	run -0 check erik secret sh -c 'echo "$PWD $MAILDIR"'
	[ "$output" = "$BATS_TEST_TMPDIR/e/erik $BATS_TEST_TMPDIR/e/erik/M" ]
	[ "$(stat -c %a "$dir/carl" "$BATS_TEST_TMPDIR/e/erik" | paste -sd' ')" = "700 711" ]
}

@test "its exit code is the program's" {
	run -7 check ann secret sh -c 'exit 7'
	run -111 check ann secret /nonexistent/program
}

@test "denied: 1, with the reason in the log only" {
	run -1 check ann wrong true
	run -1 check ann '' true
	run -1 check nobody secret true
	run -1 check ann@elsewhere.test secret true
	run -1 check ../../example.test/ann secret true
	run -1 check ann@../domains/example.test secret true
	[ -z "$output" ]
	grep 'user=ann reason=wrong-password' "$log"
	grep 'user=nobody reason=unknown-user' "$log"
	grep 'user=ann@elsewhere.test reason=unknown-domain' "$log"
}

@test "misuse: 2" {
	run -2 yubin-checkpw
	run -2 bash -c 'yubin-checkpw true 3<&-'
	run -2 bash -c 'printf "ann" | yubin-checkpw true 3<&0'
	run -2 bash -c 'printf "ann\0secret" | yubin-checkpw true 3<&0'
	run -2 bash -c 'head -c 600 /dev/zero | tr "\0" x | yubin-checkpw true 3<&0'
}

@test "temporary trouble: 111" {
	sed -i 's/^bob:[^:]*/bob:{NOPE}x/' "$users"
	run -111 check bob secret true
	sed -i 's/^ann:.*/ann:{PLAIN}secret:0:0/' "$users"
	run -111 check ann secret true
	rm "$users"
	mkdir "$users"
	run -111 check ann secret true
	[ "$(grep -c ev=login-error "$log")" -eq 3 ]
}

@test "a login name without domain needs one domain, or YUBIN_DOMAIN" {
	run -0 check ann secret true
	yubin domain add other.test
	run -1 check ann secret true
	YUBIN_DOMAIN=example.test run -0 check ann secret true
	YUBIN_DOMAIN=other.test run -1 check ann secret true
}

@test "hashes made by others: SHA-512, bcrypt, yescrypt; locked accounts" {
	local hash
	hash=$(openssl passwd -6 -salt abcdefgh secret)
	for hash in "$hash" "{SHA512-CRYPT}$hash" "{CRYPT}$hash"; do
		sed -i "s,^ann:[^:]*,ann:$hash," "$users"
		run -0 check ann secret true
		run -1 check ann Secret true
	done
	sed -i "s,^ann:[^:]*,ann:!$hash," "$users"
	run -1 check ann secret true
	sed -i 's,^ann:[^:]*,ann:,' "$users"
	run -1 check ann '' true
	for hash in SCRAM-SHA-256 yescrypt ARGON2ID; do
		yubin user passwd --scheme $hash ann@example.test <<<'päss wörd'
		run -0 check ann 'päss wörd' true
		CHECKPW_REPLY=5 run -0 check ann 'päss wörd' false 5>/dev/null
	done
}

# count LOGIN: the instructions of a failed login; no clock is needed.
count() {
	printf '%s\0wrong\0\0' "$1" >"$BATS_TEST_TMPDIR/in"
	YUBIN_SANDBOX=off valgrind --tool=callgrind \
	    --callgrind-out-file=/dev/null "$BIN/yubin-checkpw" true \
	    3<"$BATS_TEST_TMPDIR/in" 2>&1 | sed -n 's/.*Collected : //p'
}

# alike A B: they differ by less than 2 %.
alike() {
	echo "instructions: $1 $2"
	((($1 - $2) * 100 < $2 * 2 && ($2 - $1) * 100 < $2 * 2))
}

@test "unknown and locked users take as many instructions as known ones" {
	command -v valgrind || skip "valgrind is not installed"
	! nm "$BIN/yubin-checkpw" | grep -q __asan || skip "not with sanitizers"
	printf '%s\n' 'ann:{SCRAM-SHA-256}1000,kr7Ovk2SEsIFJLO/63AZBw==,jooD0uD5fVw4DoZUupueqJmNqkzN5w4l3B+cFubdl/k=,JULvKnF+wSPdBVBzJhwQLwV7UqGEMcrOsbsRLcdslAM=' \
	    'bob:$6$rounds=2000$5pQv1nPFfR7MYj2X$x' 'carl:!$6$rounds=9000$x$y' \
	    >"$users"
	local ann bob
	ann=$(count ann) bob=$(count bob)
	run ! alike "$ann" "$bob"
	# Whose double a name is, is drawn from both names.
	alike "$(count x)" "$ann"
	alike "$(count carl)" "$ann"
	alike "$(count nobody)" "$bob"
}

@test "CHECKPW_REPLY: the reply instead of the program" {
	printf 'ann\0secret\0\0' >"$BATS_TEST_TMPDIR/in"
	CHECKPW_REPLY=4 run -0 bash -c \
	    "yubin-checkpw false 3<$BATS_TEST_TMPDIR/in 4>$BATS_TEST_TMPDIR/out"
	grep -a 'USER=ann@example.test,' "$BATS_TEST_TMPDIR/out"
	grep -a "MAILDIR=$YUBIN_ROOT/mail/example.test/ann," "$BATS_TEST_TMPDIR/out"
	CHECKPW_REPLY=x run -2 bash -c \
	    "yubin-checkpw false 3<$BATS_TEST_TMPDIR/in"
}

@test "root becomes the account's uid and gid, without other groups" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	mkdir "$BATS_TEST_TMPDIR/home"
	chmod 711 "$BATS_TEST_TMPDIR" "$BATS_TEST_TMPDIR/.." || true
	sed -i "s,^ann:.*,ann:{PLAIN}secret:65533:65532::/:," "$users"
	run -0 check ann secret id -u
	[ "$output" = 65533 ]
	run -0 check ann secret id -G
	[ "$output" = 65532 ]
	sed -i "s,^ann:.*,ann:{PLAIN}secret::::/:," "$users"
	MAIL_USER=65531:65530 run -0 check ann secret id -u
	[ "$output" = 65531 ]
}

@test "root makes a missing Maildir for the account's uid" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	chmod 711 "$BATS_RUN_TMPDIR" "${BATS_TEST_TMPDIR%/*}" \
	    "$BATS_TEST_TMPDIR" 2>/dev/null || :
	chmod 711 "$YUBIN_ROOT" "$YUBIN_ROOT/mail" "$YUBIN_ROOT/mail/example.test"
	echo 'carl:{PLAIN}secret:64010:64010::::' >>"$users"
	run -0 check carl secret sh -c 'mkdir cur && id -u'
	[ "$output" = 64010 ]
	run -0 stat -c '%u %g %a' "$YUBIN_ROOT/mail/example.test/carl"
	[ "$output" = "64010 64010 700" ]
}

@test "MAX_HASHES bounds the hashes computed at once" {
	printf 'ann\0secret\0\0' >"$BATS_TEST_TMPDIR/in"
	# Whoever holds the only place makes the next one wait.
	MAX_HASHES=1 python3 - "$BATS_TEST_TMPDIR/in" <<-'EOF'
		import fcntl, os, struct, subprocess, sys, time
		path = os.environ['YUBIN_ROOT'] + '/penalty/hashes'
		fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
		F_OFD_SETLK = 37
		lock = struct.pack('hhqqi4x', fcntl.F_WRLCK, 0, 1, 1, 0)
		fcntl.fcntl(fd, F_OFD_SETLK, lock)
		p = subprocess.Popen(['sh', '-c',
		    'exec yubin-checkpw true 3<"$0"', sys.argv[1]])
		time.sleep(0.5)
		assert p.poll() is None, 'it did not wait'
		os.close(fd)
		assert p.wait(10) == 0
	EOF
}
