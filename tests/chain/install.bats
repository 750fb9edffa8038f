#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# make install gives a tree that works on its own.
load ../helper

@test "make install DESTDIR: programs, man pages and services, usable" {
	local dest=$BATS_TEST_TMPDIR/dest
	make -s -C "$TESTS/.." B="$BUILD" DESTDIR="$dest" PREFIX=/usr install \
	    ${SAN:+SAN=1} >/dev/null
	local p
	for p in yubin yubin-smtpd yubin-imapd yubin-pop3d yubin-tlsserver \
	    yubin-tlsd yubin-checkpw yubin-queue-runner yubin-deliver-local \
	    yubin-deliver-remote yubin-inject yubin-imap-login \
	    yubin-pop3-login; do
		[ -x "$dest/usr/bin/$p" ]
		[ "$p" = yubin ] || [ -n "$(find "$dest/usr/share/man" \
		    -name "$p.8" -o -name "$p.1")" ]
	done
	[ -x "$dest/usr/share/yubin/services/imaps/run" ]
	# The installed programs find each other and deliver a letter.
	export PATH="$dest/usr/bin:$PATH" YUBIN_ROOT=$BATS_TEST_TMPDIR/root
	"$dest/usr/bin/yubin" init >/dev/null
	"$dest/usr/bin/yubin" domain add example.test >/dev/null
	"$dest/usr/bin/yubin" user add ann@example.test <<<"pw" >/dev/null
	printf 'Subject: installed\n\nhi\n' |
	    "$dest/usr/bin/yubin-inject" ann@example.test
	"$dest/usr/bin/yubin-queue-runner" --once 2>/dev/null
	grep -rq 'Subject: installed' \
	    "$YUBIN_ROOT/mail/example.test/ann/new"
}

@test "no program needs a libc at run time that it was not built for" {
	local p
	for p in "$BIN"/*; do
		case $("$p" -V 2>&1) in
		yubin*) ;;
		*) echo "$p -V failed"; false ;;
		esac
	done
}
