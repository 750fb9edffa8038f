#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# deliver-local as a worker: jobs from a socket (tests/job.c is the runner).
load ../helper

ID=1j0tamuctgt8k3nsa1p3h

setup() {
	new_root
	BOX=$YUBIN_ROOT/mail/example.test
	ALIASES=$YUBIN_ROOT/domains/example.test/aliases
	M=$BATS_TEST_TMPDIR/m
	printf 'Subject: x\r\n\r\nhi\r\n' >"$M"
	i=$BATS_TEST_TMPDIR
	while [ "$i" != / ]; do
		chmod a+x "$i" 2>/dev/null || true
		i=$(dirname "$i")
	done
}

worker() { # commands of tests/job.c on standard input
	job yubin-deliver-local -w 2>>"$BATS_TEST_TMPDIR/log"
}

count() { # DIRECTORY
	find "$1/new" "$1/cur" -type f 2>/dev/null | wc -l
}

# own UID [USER]: the account's Maildir belongs to this id.
own() {
	sed -i "s/^$2:\([^:]*\):[^:]*:[^:]*/$2:\1:$1:$1/" \
	    "$YUBIN_ROOT/domains/example.test/users"
	rm -rf "${BOX:?}/$2"
}

@test "one recipient: stored behind Return-Path and Delivered-To" {
	run worker <<-EOT
		job 7 $ID eve@host.test $M bob@example.test#3
		wait 1
	EOT
	[ "$status" -eq 0 ]
	[ "$output" = $'7 0 K 2.0.0 stored\n7 done' ]
	[ "$(basename "$BOX"/bob/new/*)" = \
	    "1795410916.Q${ID}R3.mx.example.test,S=75,W=80" ]
	run cat "$BOX"/bob/new/*
	[ "$output" = "Return-Path: <eve@host.test>
Delivered-To: bob@example.test
Subject: x

hi" ]
}

@test "several recipients share one file, which names none of them" {
	run worker <<-EOT
		job 1 $ID <> $M bob@example.test no@example.test ann@example.test ann+x@example.test
		wait 1
	EOT
	[ "$status" -eq 0 ]
	[ "${#lines[@]}" -eq 5 ]
	[ "${lines[-1]}" = "1 done" ]
	[[ $output == *"1 1 D 5.1.1 "* ]]
	for i in 0 2 3; do
		[[ $output == *"1 $i K 2.0.0 stored"* ]]
	done
	run cat "$BOX"/bob/new/*R0.*
	[ "$output" = $'Return-Path: <>\nSubject: x\n\nhi' ]
	[ "$(stat -c %h "$BOX"/bob/new/*R0.*)" -eq 3 ]
	[ "$(find "$BOX" -type f -name "*Q$ID*" -printf '%i\n' | sort -u |
	    wc -l)" -eq 1 ]
	[ "$(count "$BOX/ann")" -eq 2 ]
	[ -z "$(find "$BOX" -path "$BOX/*/tmp/*")" ]
}

@test "a part of a larger file is the message" {
	printf 'head of the queue fileSubject: y\r\n\r\nz\r\nbehind' >"$M"
	printf 'Subject: y\n\nz\n' >"$BATS_TEST_TMPDIR/want"
	run worker <<-EOT
		job 1 $ID <> $M at=22 length=17 bob@example.test
		wait 1
	EOT
	[ "${lines[0]}" = "1 0 K 2.0.0 stored" ]
	tail -n +3 "$BOX"/bob/new/* | cmp - "$BATS_TEST_TMPDIR/want"
	run worker <<-EOT
		job 2 $ID <> $M at=22 length=100 ann@example.test
		wait 1
	EOT
	[[ ${lines[0]} == "2 0 Z 4.3.0 "* ]]
	[ "$(count "$BOX/ann")" -eq 0 ]
	[ -z "$(find "$BOX" -path "$BOX/*/tmp/*")" ]
}

@test "a message larger than all buffers arrives whole" {
	{
		printf 'Subject: big\r\n\r\n'
		seq 1 200000 | sed 's/$/\r/'
	} >"$M"
	run worker <<-EOT
		job 1 $ID <> $M bob@example.test ann@example.test
		wait 1
	EOT
	[ "${lines[-1]}" = "1 done" ]
	tr -d '\r' <"$M" | cmp - <(tail -n +2 "$BOX"/bob/new/*)
	name=$(basename "$BOX"/bob/new/*)
	[[ $name == *,S=$(stat -c %s "$BOX"/bob/new/*),W=* ]]
}

@test "mixed: Maildirs at once, aliases, programs, forwarding by children" {
	cat >"$ALIASES" <<-EOT
		a: bob
		two: ann, bob
		p: "|cat >/dev/null"
		no: :fail: no such thing
		f: x@host.test
	EOT
	run worker <<-EOT
		job 1 $ID eve@host.test $M a@example.test two@example.test p@example.test no@example.test f@example.test ann@example.test
		wait 1
	EOT
	[ "$status" -eq 0 ]
	[ "${lines[-1]}" = "1 done" ]
	[ "${#lines[@]}" -eq 7 ]
	[[ $output == *"1 0 K 2.0.0 stored"* ]]
	[[ $output == *"1 1 K 2.0.0 stored"* ]]
	[[ $output == *"1 2 X 2.0.0 program ran"* ]]
	[[ $output == *"1 3 D 5.7.1 no such thing"* ]]
	[[ $output == *"1 4 T 2.0.0 forwarded"* ]]
	[[ $output == *"1 5 K 2.0.0 stored"* ]]
	[ "$(count "$BOX/ann")" -eq 2 ]
	[ "$(count "$BOX/bob")" -eq 2 ]
	f=$(find "$YUBIN_ROOT/queue/new" -type f)
	grep -aq '^4:rcpt,11:x@host.test,$' "$f"
	grep -q "^Delivered-To: two@example.test" "$BOX"/ann/new/*R1.*
}

@test "forwarding hands on what the sender wants to be told (RFC 3461 5.2.7)" {
	printf 'one: x@host.test\ntwo: y@host.test, z@host.test\n' >"$ALIASES"
	run worker <<-EOT
		job 1 $ID eve@host.test $M envid=q+7 ret=H notify=6 orcpt=rfc822;O+ne@example.test one@example.test
		wait 1
		job 2 ${ID%h}i eve@host.test $M notify=6 two@example.test
		wait 1
		job 3 ${ID%h}j eve@host.test $M notify=2 two@example.test
		wait 1
	EOT
	[[ $output == *"1 0 T 2.0.0 forwarded"* ]]
	[[ $output == *"2 0 X 2.0.0 forwarded"* ]]
	[[ $output == *"3 0 X 2.0.0 forwarded"* ]]
	f=$(grep -lar 'rcpt,11:x@host' "$YUBIN_ROOT/queue/new")
	grep -aq '^5:envid,3:q+7,$' "$f"
	grep -aq '^3:ret,1:H,$' "$f"
	grep -aq '^6:notify,1:6,$' "$f"
	grep -aq '^5:orcpt,24:rfc822;O+ne@example.test,$' "$f"
	# Success is told by us.
	f=$(grep -lar 'rcpt,11:y@host' "$YUBIN_ROOT/queue/new")
	[ "$(cat $f | grep -ac '^6:notify,1:4,$')" -eq 2 ]
	[ "$(cat $f | grep -ac '^6:notify,1:1,$')" -eq 2 ]
}

@test "a slow program does not hold up the next job" {
	mkfifo "$BATS_TEST_TMPDIR/go"
	chmod 666 "$BATS_TEST_TMPDIR/go"
	out=$BATS_TEST_TMPDIR/out
	echo "p: \"|cat >/dev/null; read x <$BATS_TEST_TMPDIR/go; exit 0\"" \
	    >"$ALIASES"
	worker >"$out" < <(
		echo "job 1 $ID <> $M p@example.test bob@example.test"
		echo "job 2 ${ID%h}i <> $M bob@example.test"
		echo "wait 1"
		wait_for grep -q "2 done" "$out"
		echo "say the program is still running"
		wait_for grep -q "still running" "$out"
		echo go >"$BATS_TEST_TMPDIR/go"
		echo "wait 1"
	)
	[ "$(cat "$out")" = "1 1 K 2.0.0 stored
2 0 K 2.0.0 stored
2 done
the program is still running
1 0 X 2.0.0 program ran
1 done" ]
}

@test "the end waits for programs" {
	echo "p: \"|cat >/dev/null; sleep 0.3\"" >"$ALIASES"
	run worker <<-EOT
		job 1 $ID <> $M p@example.test
		end
	EOT
	[ "$status" -eq 0 ]
	[ "$output" = $'1 0 X 2.0.0 program ran\n1 done' ]
}

@test "unsynced stores are told as such, then synced" {
	[ "$(stat -f -c %T "$BATS_TEST_TMPDIR")" = ext2/ext3 ] ||
	    [ "$(stat -f -c %T "$BATS_TEST_TMPDIR")" = xfs ] ||
	    [ "$(stat -f -c %T "$BATS_TEST_TMPDIR")" = btrfs ] ||
	    skip "not a file system for it"
	run worker <<-EOT
		job 1 $ID <> $M unsynced bob@example.test
		wait 1
		sync
		wait 1
		job 2 $ID <> $M unsynced rewrite bob@example.test
		wait 1
	EOT
	[ "$output" = "1 0 K 2.0.0 stored
1 done unsynced
synced
2 0 K 2.0.0 stored
2 done" ]
	[ "$(count "$BOX/bob")" -eq 1 ]
}

# A folder, $dir, on another file system than that of the test's.
other_file_system() {
	dir=$(mktemp -d /dev/shm/yubin.XXXXXX) || skip "no /dev/shm"
	[ "$(stat -c %d "$dir")" != "$(stat -c %d "$BATS_TEST_TMPDIR")" ] || {
		rmdir "$dir"
		skip "/dev/shm is no file system of its own"
	}
}

@test "unsynced is not done on file systems that are not known for it" {
	other_file_system
	[ "$(stat -f -c %T "$dir")" = tmpfs ] || skip "no tmpfs"
	sed -i "s|^bob:.*|bob:{PLAIN}x:::::/:userdb_mail=maildir:$dir/bob|" \
	    "$YUBIN_ROOT/domains/example.test/users"
	sed -i "s|:::::/:|::::/::|" "$YUBIN_ROOT/domains/example.test/users"
	run worker <<-EOT
		job 1 $ID <> $M unsynced bob@example.test
		wait 1
		sync
		wait 1
	EOT
	n=$(count "$dir/bob")
	rm -rf "$dir"
	[ "$output" = $'1 0 K 2.0.0 stored\n1 done\nsynced' ]
	[ "$n" -eq 1 ]
}

@test "again: a whole file stays, read or not, in both forms" {
	worker <<-EOT
		job 1 $ID <> $M bob@example.test ann@example.test
		wait 1
		job 2 ${ID%h}i <> $M bob@example.test
		wait 1
	EOT
	mkdir -p "$BOX/bob/cur"
	for f in "$BOX"/bob/new/*; do
		mv "$f" "$BOX/bob/cur/$(basename "$f"):2,FS"
	done
	before=$(find "$BOX" -type f -path '*Q1j0*' -printf '%i %p\n' | sort)
	run worker <<-EOT
		job 1 $ID <> $M bob@example.test! ann@example.test!
		wait 1
		job 2 ${ID%h}i <> $M unsynced bob@example.test!
		wait 1
		job 3 ${ID%h}i <> $M bob@example.test!
		wait 1
	EOT
	[ "$(grep -c "K 2.0.0 was stored before" <<<"$output")" -eq 4 ]
	[ "$before" = "$(find "$BOX" -type f -path '*Q1j0*' \
	    -printf '%i %p\n' | sort)" ]
}

@test "again: a torn file is replaced where it is, with its flags" {
	worker <<-EOT
		job 1 $ID <> $M bob@example.test
		job 2 ${ID%h}i <> $M bob@example.test
		job 3 ${ID%h}j <> $M bob@example.test
		wait 3
	EOT
	cd "$BOX/bob"
	f=$(basename new/*Q${ID}R*)
	g=$(basename new/*Q${ID%h}iR*)
	h=$(basename new/*Q${ID%h}jR*)
	cp "new/$f" "$BATS_TEST_TMPDIR/whole"
	: >"new/$f"
	head -c 20 "new/$g" >"cur/$g:2,FSa"
	rm "new/$g"
	# Same size, another octet.
	sed -i 's/hi/ho/' "new/$h"
	run worker <<-EOT
		job 1 $ID <> $M bob@example.test!
		job 2 ${ID%h}i <> $M unsynced bob@example.test!
		job 3 ${ID%h}j <> $M unsynced bob@example.test
		wait 3
	EOT
	[ "$(grep -c "K 2.0.0 stored" <<<"$output")" -eq 3 ]
	cmp "new/$f" "$BATS_TEST_TMPDIR/whole"
	cmp "cur/$g:2,FSa" "$BATS_TEST_TMPDIR/whole"
	cmp "new/$h" "$BATS_TEST_TMPDIR/whole"
	[ "$(count .)" -eq 3 ]
	[ -z "$(ls tmp)" ]
}

@test "again: a torn file of the shared form gets it back" {
	worker <<-EOT
		job 1 $ID <> $M bob@example.test ann@example.test
		wait 1
	EOT
	f=$(basename "$BOX"/bob/new/*)
	: >"$BOX/bob/new/$f" # and by the link ann's
	run worker <<-EOT
		job 1 $ID <> $M bob@example.test#0!
		wait 1
		job 1 $ID <> $M ann@example.test#1!
		wait 1
	EOT
	[ "$(ls "$BOX/bob/new")" = "$f" ]
	[ "$(cat "$BOX/bob/new/$f")" = $'Return-Path: <>\nSubject: x\n\nhi' ]
	[ "$(cat "$BOX"/ann/new/*)" = $'Return-Path: <>\nSubject: x\n\nhi' ]
}

@test "again: one whole file is enough" {
	worker <<-EOT
		job 1 $ID <> $M bob@example.test
		wait 1
	EOT
	cd "$BOX/bob"
	f=$(basename new/*)
	mkdir -p cur
	cp "new/$f" "cur/$f:2,S"
	: >"new/$f"
	run worker <<-EOT
		job 1 $ID <> $M bob@example.test!
		wait 1
	EOT
	[[ $output == "1 0 K 2.0.0 was stored before"* ]]
	[ "$(stat -c %s "cur/$f:2,S")" -gt 0 ]
}

@test "rewrite replaces even what reads right" {
	worker <<-EOT
		job 1 $ID <> $M bob@example.test
		wait 1
	EOT
	f=$(echo "$BOX"/bob/new/*)
	before=$(stat -c %i "$f")
	ln "$f" "$BATS_TEST_TMPDIR/keep" # so that its inode is not used again
	run worker <<-EOT
		job 1 $ID <> $M rewrite bob@example.test
		wait 1
	EOT
	[[ $output == "1 0 K 2.0.0 stored"* ]]
	[ "$(stat -c %i "$f")" != "$before" ]
	cmp "$f" "$BATS_TEST_TMPDIR/keep"
	[ "$(count "$BOX/bob")" -eq 1 ]
}

@test "users, aliases and Maildirs that change are noticed at once" {
	out=$BATS_TEST_TMPDIR/out
	n=0
	send() { # LETTER-OF-ID ADDRESS
		n=$((n + 1))
		echo "job $n ${ID%h}$1 <> $M $2@example.test"
		echo "wait 1"
		wait_for grep -q "$n done" "$out"
	}
	worker >"$out" < <(
		send h x
		echo "x: bob" >"$ALIASES"
		send i x
		echo "x: ann" >"$ALIASES"
		send j x
		yubin user add x@example.test <<<xsecret >/dev/null
		send k x
		mv "$BOX/ann" "$BOX/old"
		send m ann
	)
	[[ $(head -n 1 "$out") == "1 0 D 5.1.1 "* ]]
	[ "$(grep -c "0 K 2.0.0 stored" "$out")" -eq 4 ]
	[ "$(count "$BOX/bob")" -eq 1 ]
	[ "$(count "$BOX/old")" -eq 1 ]
	[ "$(count "$BOX/x")" -eq 1 ]
	[ "$(count "$BOX/ann")" -eq 1 ]
}

@test "a loop fails, only for the recipient it is one for" {
	printf 'delivered-to: BOB@example.test\r\n\r\nhi\r\n' >"$M"
	run worker <<-EOT
		job 1 $ID <> $M bob@example.test ann@example.test
		wait 1
	EOT
	[[ $output == *"1 0 D 5.4.6 "* ]]
	[[ $output == *"1 1 K 2.0.0 stored"* ]]
}

@test "a Maildir that cannot be written fails alone, and the worker goes on" {
	printf 'x: /proc/nothing/here/\n' >"$ALIASES"
	rm -rf "$BOX/ann"
	echo file >"$BOX/ann"
	run worker <<-EOT
		job 1 $ID <> $M x@example.test bob@example.test ann@example.test
		wait 1
		job 2 ${ID%h}i <> $M bob@example.test
		wait 1
	EOT
	[ "$status" -eq 0 ]
	[[ $output == *"1 0 Z 4.3.0 "* ]]
	[[ $output == *"1 1 K 2.0.0 stored"* ]]
	[[ $output == *"1 2 Z 4.3.0 "* ]]
	[[ $output == *"2 0 K 2.0.0 stored"* ]]
}

@test "too few descriptors: deferred, and better later" {
	(
		for i in {1..40}; do
			echo "u$i:{PLAIN}x::::::" 
		done
	) >>"$YUBIN_ROOT/domains/example.test/users"
	many=$(printf 'u%s@example.test ' {1..40})
	run bash -c 'ulimit -n 30; exec job yubin-deliver-local -w 2>>"$1"' \
	    - "$BATS_TEST_TMPDIR/log" <<-EOT
		job 1 $ID <> $M $many
		wait 1
		job 2 ${ID%h}i <> $M bob@example.test
		wait 1
	EOT
	[ "$status" -eq 0 ]
	[ "$(grep -c "^1 .* Z 4.3.0 " <<<"$output")" -gt 0 ]
	[ "$(grep -c "^1 " <<<"$output")" -eq 41 ]
	[[ $output == *$'2 0 K 2.0.0 stored\n2 done' ]]
}

@test "a full disk: deferred with 4.3.1, nothing left, and better later" {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	mkdir "$BATS_TEST_TMPDIR/disk"
	mount -t tmpfs -o size=256k none "$BATS_TEST_TMPDIR/disk" 2>/dev/null ||
	    skip "cannot mount"
	printf 'f: %s/disk/box/\ng: %s/disk/other/\n' "$BATS_TEST_TMPDIR" \
	    "$BATS_TEST_TMPDIR" >"$ALIASES"
	{
		printf 'Subject: big\r\n\r\n'
		head -c 500000 /dev/zero | tr '\0' x
	} >"$BATS_TEST_TMPDIR/big"
	run worker <<-EOT
		job 1 $ID <> $BATS_TEST_TMPDIR/big f@example.test
		wait 1
		job 2 ${ID%h}i <> $BATS_TEST_TMPDIR/big f@example.test g@example.test
		wait 1
		job 3 ${ID%h}j <> $M f@example.test
		wait 1
	EOT
	left=$(find "$BATS_TEST_TMPDIR/disk" -type f | wc -l)
	umount "$BATS_TEST_TMPDIR/disk"
	[ "$(grep -c "Z 4.3.1 no space left" <<<"$output")" -eq 3 ]
	[[ $output == *"3 0 K 2.0.0 stored"* ]]
	[ "$left" -eq 1 ]
}

@test "a failing disk: the sync says so" {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	command -v mkfs.ext4 >/dev/null || skip "no mkfs.ext4"
	# A disk of 64 MB in 12 MB of memory.
	cd "$BATS_TEST_TMPDIR"
	mkdir small disk
	mount -t tmpfs -o size=12m none small 2>/dev/null || skip "cannot mount"
	truncate -s 64m small/image
	mkfs.ext4 -q small/image
	mount -o loop,errors=continue small/image disk 2>/dev/null || {
		umount small
		skip "no loop device"
	}
	echo "f: $BATS_TEST_TMPDIR/disk/box/" >"$ALIASES"
	{
		printf 'Subject: big\r\n\r\n'
		head -c 14000000 /dev/urandom | base64 | sed 's/$/\r/'
	} >big
	run worker <<-EOT
		job 1 $ID <> $M unsynced f@example.test
		wait 1
		sync
		wait 1
		job 2 ${ID%h}i <> $BATS_TEST_TMPDIR/big unsynced f@example.test
		wait 1
		sync
		wait 1
	EOT
	cd /
	umount "$BATS_TEST_TMPDIR/disk" "$BATS_TEST_TMPDIR/small"
	[ "$status" -eq 0 ]
	[ "$output" = "1 0 K 2.0.0 stored
1 done unsynced
synced
2 0 K 2.0.0 stored
2 done unsynced
unsynced" ]
	grep -q "ev=trouble .*sync a file system" "$BATS_TEST_TMPDIR/log"
}

@test "other file systems get files of their own" {
	other_file_system
	printf 'f: %s/box/\n' "$dir" >"$ALIASES"
	run worker <<-EOT
		job 1 $ID <> $M bob@example.test f@example.test
		wait 1
	EOT
	text=$(cat "$dir"/box/new/*)
	rm -rf "$dir"
	[ "$(grep -c "K 2.0.0 stored" <<<"$output")" -eq 2 ]
	[ "$text" = $'Return-Path: <>\nDelivered-To: f@example.test\nSubject: x\n\nhi' ]
}

@test "root: a hand for each owner, no file of root's, no hand in the way" {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	own 12345 bob
	own 12346 ann
	for i in {1..12}; do
		echo "u$i:{PLAIN}x:$((13000 + i)):$((13000 + i))::::"
	done >>"$YUBIN_ROOT/domains/example.test/users"
	many=$(printf 'u%s@example.test ' {1..12})
	run worker <<-EOT
		job 1 $ID <> $M bob@example.test
		wait 1
		job 2 ${ID%h}i <> $M unsynced bob@example.test ann@example.test bob+x@example.test
		wait 1
		sync
		wait 1
		job 3 ${ID%h}j <> $M $many
		job 4 ${ID%h}k <> $M bob@example.test
		wait 2
	EOT
	[ "$status" -eq 0 ]
	[ "$(grep -c "K 2.0.0 stored" <<<"$output")" -eq 17 ]
	[ "$(grep -c "done" <<<"$output")" -eq 4 ]
	[ "$(stat -c %u:%g:%a "$BOX"/bob "$BOX"/bob/new/*R0.* | sort -u)" = \
	    $'12345:12345:600\n12345:12345:700' ]
	[ "$(stat -c %h "$BOX"/bob/new/*Q${ID%h}iR*)" = $'2\n2' ]
	[ "$(stat -c %u:%h "$BOX"/ann/new/*)" = 12346:1 ]
	[ "$(stat -c %u "$BOX"/u12/new/*)" -eq 13012 ]
	[ -z "$(find "$BOX" -mindepth 1 -user root)" ]
}

@test "root: folders above a Maildir may be closed to its owner" {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	own 12345 bob
	chmod 700 "$BOX"
	run worker <<-EOT
		job 1 $ID <> $M bob@example.test
		wait 1
	EOT
	[[ $output == "1 0 K 2.0.0 stored"* ]]
}

@test "root: a Maildir of another's is not written" {
	[ "$(id -u)" -eq 0 ] || skip "not root"
	own 12345 bob
	mkdir -p "$BOX/bob"
	chown 12399:12399 "$BOX/bob"
	chmod 700 "$BOX/bob"
	run worker <<-EOT
		job 1 $ID <> $M bob@example.test
		wait 1
	EOT
	[[ $output == "1 0 Z 4.3.0 "* ]]
}

# What the worker and its children hold, in kB.
memory() {
	local p sum=0
	for p in $(pgrep -P "$1") $(pgrep -P "$(pgrep -P "$1" | head -n 1)"); do
		sum=$((sum + $(awk '/^Private_Dirty/ { s += $2 } END { print s + 0 }' \
		    "/proc/$p/smaps_rollup" 2>/dev/null || echo 0)))
	done
	echo "$sum"
}

@test "memory stays flat over many jobs" {
	[[ $BUILD != *asan* ]] || skip "sanitizers keep what is freed"
	[ "$(id -u)" -ne 0 ] || own 12345 bob
	mkfifo "$BATS_TEST_TMPDIR/in"
	job yubin-deliver-local -w <"$BATS_TEST_TMPDIR/in" \
	    >"$BATS_TEST_TMPDIR/out" 2>>"$BATS_TEST_TMPDIR/log" 3>&- &
	pid=$!
	exec 9>"$BATS_TEST_TMPDIR/in"
	printf 'repeat 500\njob 1 %s <> %s unsynced bob@example.test no@example.test\n' \
	    $ID "$M" >&9
	wait_for grep -q "500 done" "$BATS_TEST_TMPDIR/out"
	before=$(memory $pid)
	find "$BOX/bob/new" -type f -delete
	printf 'repeat 4000\njob 1 %s <> %s unsynced bob@example.test no@example.test\n' \
	    $ID "$M" >&9
	wait_for grep -q "4500 done, 4500 stored, 4500 not" \
	    "$BATS_TEST_TMPDIR/out"
	after=$(memory $pid)
	exec 9>&-
	wait $pid
	echo "before $before kB, after $after kB"
	[ "$before" -gt 0 ]
	[ "$after" -le "$((before + 64))" ]
}
