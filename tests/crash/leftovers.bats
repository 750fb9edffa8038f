#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# What a crash leaves goes after its time.  A change time cannot be set on a
# live file system: root writes it into an image and mounts that.
load ../helper

teardown() {
	[ ! -d "$BATS_TEST_TMPDIR/box" ] || umount "$BATS_TEST_TMPDIR/box"
}

# aged FILE…: the Maildir "tree" becomes "box", with these files as of 2020.
aged() {
	mke2fs -q -t ext4 -d tree image 8M
	local f
	for f in "$@"; do
		debugfs -w -R "set_inode_field /$f ctime 20200101" image 2>&1
	done >debugfs.log
	mkdir box
	mount -o loop image box || {
		rmdir box
		skip "no loop devices"
	}
}

setup() {
	[ "$(id -u)" -eq 0 ] || skip "only root can mount"
	command -v debugfs mke2fs >/dev/null || skip "no e2fsprogs"
	cd "$BATS_TEST_TMPDIR"
	mkdir -p tree/{cur,new,tmp} tree/.A/{cur,new,tmp}
}

@test "files in tmp/ older than 36 hours are removed when a mailbox is opened" {
	touch tree/tmp/{old,young} tree/.A/tmp/{old,young} tree/cur/old:2,
	aged tmp/old .A/tmp/old cur/old:2,
	printf 'a SELECT INBOX\r\nb SELECT A\r\n' | MAILDIR=box yubin-imapd
	[ "$(echo box/tmp/* box/.A/tmp/* box/cur/*)" = \
	    "box/tmp/young box/.A/tmp/young box/cur/old:2," ]
}

@test "a mailbox that was never made to the end goes an hour later" {
	mkdir -p tree/..new.{old,young}/cur tree/..deleted.young/cur
	aged ..new.old
	printf 'a CREATE B\r\nb DELETE B\r\n' | MAILDIR=box yubin-imapd
	[ "$(cd box && echo ..*.*)" = "..new.young" ]
}
