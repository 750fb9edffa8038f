# SPDX-License-Identifier: ISC
# Accounts of all kinds, and a session that says who it is.

# secret ACCOUNT STORED: what stands in the users file.
secret() {
	sed -i "s|^$1:[^:]*:|$1:$2:|" "$YUBIN_ROOT/domains/example.test/users"
}

# ann has SCRAM keys, bob a password in clear text (both "secret"), carol keys
# of one with an umlaut, dan another hash, eve is locked.
sasl_root() {
	new_root
	local user
	for user in carol dan eve; do
		yubin user add "$user@example.test" <<<secret
	done
	# of "secret" and "päss 2", both with salt 000102…0e0f
	secret ann '{SCRAM-SHA-256}4096,AAECAwQFBgcICQoLDA0ODw==,THoPhoTAuqyoQsK4dUHncUzgfD8fdmhsgKZhWVqNP5U=,7YiHMMi2OcXGRogub03Ek06JRZ9bkhTOdCzHa5iPLiQ='
	secret carol '{SCRAM-SHA-256}4096,AAECAwQFBgcICQoLDA0ODw==,hkaeGCuv9KbMejSyoDggPkMNeMxRp+sfWOWmXcmnQLc=,mJuuCVUthwsoCmzMUIJu90tvPKmbGEwcSLGbz51tx/A='
	secret dan '$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5'
	secret eve '{SCRAM-SHA-256}!4096,AAECAwQFBgcICQoLDA0ODw==,THoPhoTAuqyoQsK4dUHncUzgfD8fdmhsgKZhWVqNP5U=,7YiHMMi2OcXGRogub03Ek06JRZ9bkhTOdCzHa5iPLiQ='
	sed 's/^bob:/o=dd,one:/' "$YUBIN_ROOT/domains/example.test/users" |
	    grep ^o=dd >>"$YUBIN_ROOT/domains/example.test/users"
	# fay's password is for no service, gus may not come from here.
	sed -n 's/^ann:\([^:]*\):.*/fay:\1::::::userdb_password_scope=none\
	gus:\1::::::allow_nets=192.0.2.1/p' \
	    "$YUBIN_ROOT/domains/example.test/users" | tr -d '\t' \
	    >"$BATS_TEST_TMPDIR/more"
	cat "$BATS_TEST_TMPDIR/more" >>"$YUBIN_ROOT/domains/example.test/users"
	SESSION=$BATS_TEST_TMPDIR/session
	cat >"$SESSION" <<'SH'
#!/bin/sh
[ -z "$IMAPLOGINTAG" ] || printf '%s OK %s\r\n' "$IMAPLOGINTAG" "$USER"
[ -n "$IMAPLOGINTAG" ] || printf '+OK %s\r\n' "$USER"
exec cat >/dev/null
SH
	chmod 755 "$SESSION"
}
