#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# yubin: the administration program.
load ../helper

setup() {
	export YUBIN_ROOT=$BATS_TEST_TMPDIR/root
	unset YUBIN_HOSTNAME
}

mode() {
	stat -c %a "$YUBIN_ROOT/$1"
}

# The findings of yubin check, without those about users of the system.
findings() {
	yubin check | grep -v 'the system has no user' || true
}

@test "init creates the tree with its modes, and may be repeated" {
	yubin init mx.example.test
	[ "$(cat "$YUBIN_ROOT/env/YUBIN_HOSTNAME")" = mx.example.test ]
	[ "$(mode tls)" = 700 ]
	[ "$(mode penalty)" = 700 ]
	[ "$(mode domains)" = 750 ]
	[ "$(mode queue/new/f)" = 2770 ]
	[ "$(mode queue/slot)" = 2770 ]
	[ "$(mode mail)" = 711 ]
	chmod 777 "$YUBIN_ROOT/tls"
	yubin init other.example.test
	[ "$(mode tls)" = 700 ]
	[ "$(cat "$YUBIN_ROOT/env/YUBIN_HOSTNAME")" = mx.example.test ]
	run -100 yubin init '../x'
}

@test "domain add, list, del" {
	yubin init
	yubin domain add B.test
	yubin domain add a.test
	yubin domain add a.test
	[ "$(yubin domain list)" = "$(printf 'a.test\nb.test')" ]
	run -100 yubin domain add ../x
	run -100 yubin domain add ''
	run -100 yubin domain add a..b
	yubin user add ann@b.test <<<secret
	run -100 yubin domain del b.test
	[[ $output == *"still has 1 users"* ]]
	yubin user del ann@b.test
	yubin domain del b.test
	run -100 yubin domain del b.test
	[ "$(yubin domain list)" = a.test ]
}

@test "user add makes an account and a Maildir with subscribed folders" {
	yubin init
	yubin domain add a.test
	yubin user add Ann@A.test <<<secret
	grep -E '^Ann:\{SCRAM-SHA-256\}20000,[^:]*::::::$' "$YUBIN_ROOT/domains/a.test/users"
	local home=$YUBIN_ROOT/mail/a.test/ann dir
	[ "$(stat -c %a "$home")" = 700 ]
	for dir in . .Drafts .Sent .Junk .Trash .Archive; do
		[ -d "$home/$dir/cur" ] && [ -d "$home/$dir/new" ]
		[ -d "$home/$dir/tmp" ]
	done
	[ -f "$home/.Sent/maildirfolder" ]
	[ "$(sort "$home/subscriptions" | tr '\n' ' ')" = \
	    "Archive Drafts Junk Sent Trash " ]
	[ "$(yubin user list)" = Ann@a.test ]
	run -100 yubin user add ann@a.test <<<other
	[[ $output == *exists* ]]
}

@test "user add refuses bad names, domains and passwords" {
	yubin init
	yubin domain add a.test
	local addr
	for addr in ann ann@ @a.test ../x@a.test .x@a.test a/b@a.test \
	    'a b@a.test' a:b@a.test ann@nowhere.test "$(printf 'a\nb')@a.test"; do
		run -100 yubin user add "$addr" <<<secret
	done
	run -100 yubin user add ann@a.test <<<''
	run -100 yubin user add ann@a.test </dev/null
	[ ! -s "$YUBIN_ROOT/domains/a.test/users" ]
	[ ! -e "$YUBIN_ROOT/mail/a.test/ann" ]
}

@test "passwd changes the password and nothing else; del keeps the mail" {
	yubin init
	yubin domain add a.test
	echo '# people' >"$YUBIN_ROOT/domains/a.test/users"
	yubin user add ann@a.test <<<one
	sed -i 's/::::::$/:1234:1234:Ann:\/home\/ann:\/bin\/sh:x=y/' \
	    "$YUBIN_ROOT/domains/a.test/users"
	before=$(cut -d: -f1,3- "$YUBIN_ROOT/domains/a.test/users")
	hash=$(tail -n 1 "$YUBIN_ROOT/domains/a.test/users" | cut -d: -f2)
	yubin user passwd ann@a.test <<<two
	[ "$(cut -d: -f1,3- "$YUBIN_ROOT/domains/a.test/users")" = "$before" ]
	[ "$(tail -n 1 "$YUBIN_ROOT/domains/a.test/users" | cut -d: -f2)" != "$hash" ]
	run -100 yubin user passwd bob@a.test <<<two
	yubin user del ann@a.test
	[ "$(cat "$YUBIN_ROOT/domains/a.test/users")" = '# people' ]
	[ -d "$YUBIN_ROOT/mail/a.test/ann/cur" ]
	run -100 yubin user del ann@a.test
}

@test "passwords are stored as --scheme or PASSWORD_SCHEME says" {
	yubin init
	yubin domain add a.test
	yubin user add --scheme yescrypt ann@a.test <<<one
	grep '^ann:{CRYPT}\$y\$' "$YUBIN_ROOT/domains/a.test/users"
	PASSWORD_SCHEME=ARGON2ID yubin user passwd ann@a.test <<<one
	grep '^ann:{ARGON2ID}\$argon2id\$' "$YUBIN_ROOT/domains/a.test/users"
	yubin user passwd ann@a.test --scheme sha512-crypt <<<one
	grep '^ann:{SHA512-CRYPT}\$6\$' "$YUBIN_ROOT/domains/a.test/users"
	run -100 yubin user passwd --scheme rot13 ann@a.test <<<two
	grep '^ann:{SHA512-CRYPT}\$6\$' "$YUBIN_ROOT/domains/a.test/users"
	PASSWORD_SCHEME=rot13 run -100 yubin user list
	run -0 yubin password --scheme PLAIN <<<one
	[ "$output" = '{PLAIN}one' ]
	[ "$(wc -l <"$YUBIN_ROOT/domains/a.test/users")" -eq 1 ]
}

@test "many changes at once lose none" {
	yubin init
	yubin domain add a.test
	local i pids=()
	for i in 1 2 3 4 5 6 7 8; do
		yubin alias add "n$i@a.test" ann@a.test &
		pids+=("$!")
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[ "$(yubin alias list | wc -l)" -eq 8 ]
	[ -z "$(find "$YUBIN_ROOT/domains/a.test" -name '*.tmp')" ]
}

@test "alias add, list, del" {
	yubin init
	yubin domain add a.test
	yubin alias add postmaster@a.test ann '|/bin/cat -n' /srv/x/
	yubin alias add '*@a.test' ':fail: nobody, here'
	[ "$(yubin alias list a.test | head -n 1)" = \
	    'postmaster@a.test: ann, |/bin/cat -n, /srv/x/' ]
	yubin alias add postmaster@a.test bob
	yubin alias del '*@a.test'
	[ "$(yubin alias list)" = 'postmaster@a.test: bob' ]
	run -100 yubin alias add x@a.test /etc/passwd
	run -100 yubin alias add x@a.test "$(printf 'a\nroot: b')"
	run -100 yubin alias del x@a.test
}

@test "cert makes a certificate for the host name, once" {
	yubin init mx.example.test
	yubin cert
	[ "$(mode tls/key.pem)" = 600 ]
	openssl x509 -in "$YUBIN_ROOT/tls/cert.pem" -noout -checkhost mx.example.test |
	    grep 'does match'
	sum=$(cat "$YUBIN_ROOT/tls/"*.pem | cksum)
	yubin cert
	[ "$(cat "$YUBIN_ROOT/tls/"*.pem | cksum)" = "$sum" ]
}

@test "check finds nothing wrong with a new root" {
	yubin init mx.example.test
	yubin domain add a.test
	yubin user add ann@a.test <<<secret
	yubin alias add postmaster@a.test ann
	yubin cert
	findings
	[ -z "$(findings | grep -v 'nothing is wrong')" ]
}

@test "check says what is wrong, with lines" {
	run -100 yubin check
	[[ $output == *'is missing: run "yubin init"'* ]]
	yubin init mx.example.test
	run -100 yubin check
	[[ $output == *'there is no domain'* ]]
	[[ $output == *'cert.pem is missing'* ]]
	yubin domain add a.test
	yubin cert
	chmod 644 "$YUBIN_ROOT/tls/key.pem"
	echo x >"$YUBIN_ROOT/env/YUBIN_HOSTNAM"
	echo many >"$YUBIN_ROOT/env/LOGIN_TRIES"
	echo elsewhere.test >"$YUBIN_ROOT/env/YUBIN_HOSTNAME"
	touch "$YUBIN_ROOT/queue/bad/x"
	rmdir "$YUBIN_ROOT/queue/hold" "$YUBIN_ROOT/queue/new/7" \
	    "$YUBIN_ROOT/queue/slot"
	printf '# c\nann\nbob:{NOPE}x\nann@b.test:x\nroot:x:0:0\nBOB:{PLAIN}y\nclara:{SSHA}x\nd:{SHA}x\ne:{MD5}x\nf:{CLEAR}x\n' \
	    >"$YUBIN_ROOT/domains/a.test/users"
	printf 'x: ann,\n  bob\nnonsense\ny: /etc/passwd\n' \
	    >"$YUBIN_ROOT/domains/a.test/aliases"
	run -100 yubin check
	[[ $output == *'key.pem is readable by everybody'* ]]
	[[ $output == *'YUBIN_HOSTNAM: no program reads'* ]]
	[[ $output == *'LOGIN_TRIES must be a number'* ]]
	[[ $output == *'is not for this host, elsewhere.test'* ]]
	[[ $output == *'queue/bad holds 1 damaged'* ]]
	[[ $output == *'queue/hold is missing'* ]]
	[[ $output == *'queue/slot is missing'* ]]
	[[ $output == *'queue/new/7 is missing'* ]]
	[[ $output == *'users:2: there is no colon'* ]]
	[[ $output == *'users:3: bob has an unknown password scheme'* ]]
	[[ $output == *'users:7: the password of clara is stored as a fast hash'* ]]
	[[ $output == *'users: so are the passwords of '[1-9]' others'* ]]
	[[ $output == *'users: 4 accounts cannot log in by SCRAM-SHA-256'* ]]
	[[ $output == *'users:3: bob has no Maildir'* ]]
	[[ $output == *'users:4: the account is in another domain'* ]]
	[[ $output == *'users:5: uid 0'* ]]
	[[ $output == *'users:6: BOB is there twice'* ]]
	[[ $output == *'aliases:3: not "name: targets"'* ]]
	[[ $output == *'aliases:4: a path'* ]]
	SASL_MECHANISMS='PLAIN LOGIN' run -100 yubin check
	[[ $output != *'cannot log in by SCRAM'* ]]
}

@test "check knows expired and foreign certificates" {
	yubin init localhost
	yubin domain add a.test
	self_signed "$YUBIN_ROOT/tls"
	[ -z "$(findings | grep -i pem)" ]
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
	    -keyout "$BATS_TEST_TMPDIR/k" -out "$YUBIN_ROOT/tls/cert.pem" \
	    -days 3 -subj /CN=localhost 2>/dev/null
	findings | grep 'key.pem is not the key of'
	findings | grep 'expires in'
	echo junk >"$YUBIN_ROOT/tls/cert.pem"
	findings | grep 'not a certificate'
}

@test "settings, help, unknown commands" {
	yubin settings | grep '^LOGIN_TRIES'
	yubin settings imapd | grep IMAP_TIMEOUT
	yubin settings --mdoc imapd | grep '^.It Ev IMAP_TIMEOUT'
	yubin help | grep 'user list'
	run -100 yubin
	run -100 yubin nosuchcommand
	run -100 yubin ../../bin/sh
	run -0 yubin -V
}
