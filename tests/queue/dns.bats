#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Every kind of answer that the DNS can give to deliver-remote, and the verdict
# that the RFCs ask for.  dns.py has what each name's records are.
load ../helper

setup_file() {
	local alone=(unshare -n)
	[ "$(id -u)" -eq 0 ] || alone=(unshare -cn --keep-caps)
	"${alone[@]}" ip link add name v0 type veth peer name v1 2>/dev/null || {
		echo "no network namespaces of one's own here" \
		    >"$BATS_FILE_TMPDIR/skip"
		return
	}
	"${alone[@]}" python3 "$TESTS/queue/dns.py" \
	    >"$BATS_FILE_TMPDIR/verdicts" 2>"$BATS_FILE_TMPDIR/log" 3>&- || :
}

setup() {
	[ ! -e "$BATS_FILE_TMPDIR/skip" ] || skip "$(cat "$BATS_FILE_TMPDIR/skip")"
}

# The tables below have, a line each, CASE, LETTER, STATUS and the host that took
# the message (the last octet of its address; "." for none).
table() {
	local name letter status host line ok=0
	while read -r name letter status host _; do
		[ "$host" = . ] && host=- || host=.*[.:]$host
		line=$(grep "^$name " "$BATS_FILE_TMPDIR/verdicts") || :
		[[ $line =~ ^$name\ $letter\ $status\ $host\ # ]] || {
			echo "expected: $name $letter $status $host"
			echo "     got: $line"
			ok=1
		}
	done
	return $ok
}

@test "the best host takes it, then the next (RFC 5321 5.1)" {
	table <<-'X'
		mx                  K 2.0.0 2
		mx-best             K 2.0.0 3
		mx-order            K 2.0.0 2
		mx-equal            K 2.0.0 2
		mx-not-a            K 2.0.0 2  where there are MX, A is not asked
		mx-zero             K 2.0.0 2  0 is a preference like others
		mx-upper-case       K 2.0.0 2  RFC 4343
		many                K 2.0.0 2  forty of them
	X
}

@test "a host that is down, closed or no SMTP server: the next (RFC 5321 5.1)" {
	table <<-'X'
		first-421           K 2.0.0 2
		first-not-smtp      K 2.0.0 2
		first-unreached     K 2.0.0 2
		all-closed          Z 4.4.1 .  RFC 3463 X.4.1: no answer from host
		all-unreached       Z 4.4.1 .
	X
}

@test "a recipient refused by the best host is not offered to the next" {
	table <<-'X'
		first-550-rcpt      D 5.1.1 .  RFC 5321 4.2.1: 5yz is final
	X
}

@test "every address of a host is tried, IPv6 too (RFC 5321 5.1, 5.2)" {
	table <<-'X'
		two-addresses       K 2.0.0 2
		ipv6                K 2.0.0 2
		ipv6-closed         K 2.0.0 2
	X
}

@test "without MX the domain itself is the host (RFC 5321 5.1)" {
	table <<-'X'
		implicit            K 2.0.0 2
		implicit-ipv6       K 2.0.0 2
	X
}

@test "address literals need no DNS (RFC 5321 4.1.3)" {
	table <<-'X'
		literal             K 2.0.0 2
		literal-ipv6        K 2.0.0 2
		literal-bad         D 5.1.2 .
		literal-empty       D 5.1.2 .
	X
}

@test "a domain that does not exist: 5.1.2; without any route: 5.4.4 (RFC 3463)" {
	table <<-'X'
		nxdomain            D 5.1.2 .  X.1.2: does not exist
		nothing             D 5.4.4 .  X.4.4: only a SOA in the answer
		long-label          D 5.1.2 .  RFC 1035 2.3.4: cannot exist
		long-name           D 5.1.2 .
		empty-label         D 5.1.2 .
		root                D 5.1.2 .
	X
}

@test "null MX: refused at once, 5.1.10 (RFC 7505 3 and 4.2)" {
	table <<-'X'
		null-mx             D 5.1.10 .
		null-mx-10          D 5.1.10 . the preference does not matter
		null-and-mx         K 2.0.0  2 not a null MX when there are others
		cname-null-mx       D 5.1.10 .
	X
}

@test "aliases: the name found is used instead (RFC 5321 5.1)" {
	table <<-'X'
		cname               K 2.0.0 2
		cname-to-a          K 2.0.0 2
		cname-chain         K 2.0.0 2
		cname-nxdomain      D 5.1.2 .  "non-existent domain": an error
	X
}

# RFC 1034 5.2.2 calls a loop an error of the data without saying whose turn it
# is; to try again is harmless, to deliver elsewhere is not.
@test "loops of aliases end (RFC 1034 3.6.2)" {
	table <<-'X'
		cname-loop          [DZ] [45].[0-9.]* .
		cname-itself        [DZ] [45].[0-9.]* .
		mx-to-cname-loop    K 2.0.0 2  the other host
	X
}

@test "an MX that points to an alias works all the same (RFC 5321 5.1)" {
	table <<-'X'
		mx-to-cname         K 2.0.0 2  outside the standard, but common
	X
}

@test "MX records of which none is usable are an error (RFC 5321 5.1)" {
	table <<-'X'
		mx-gone             D 5.4.4 .  and A is not used instead
		mx-no-address       D 5.4.4 .
		mx-gone-other       K 2.0.0 2
		mx-gone-and-servfail Z 4.4.3 . one of them may be usable later
	X
}

@test "temporary errors of the DNS: again later, 4.4.3 (RFC 5321 5.1)" {
	table <<-'X'
		servfail            Z 4.4.3 .  and A is not used instead
		refused             Z 4.4.3 .
		referral            Z 4.4.3 .  RFC 1034 4.3.1: no answer
		formerr             Z 4.4.3 .
		notimp              Z 4.4.3 .
		silent              Z 4.4.3 .
		silent-a            Z 4.4.3 .
		no-server           Z 4.4.3 .
		mx-a-servfail       Z 4.4.3 .
		implicit-servfail   Z 4.4.3 .
		mx-a-servfail-other K 2.0.0 2
		aaaa-servfail       K 2.0.0 2  one family is enough
	X
}

@test "a lost packet is asked for again (RFC 1035 4.2.1)" {
	table <<-'X'
		silent-once         K 2.0.0 2
	X
}

@test "an answer cut off is asked for by TCP (RFC 7766 5, RFC 2181 9)" {
	table <<-'X'
		truncated           K 2.0.0 2
		truncated-a         K 2.0.0 2
		64-kib              K 2.0.0 2  65,519 octets
		no-tcp              Z 4.4.3 .
		tcp-closed          Z 4.4.3 .
		tcp-silent          Z 4.4.3 .
	X
}

@test "answers to nobody's question are no answers (RFC 5452 9.1)" {
	table <<-'X'
		wrong-id            Z 4.4.3 .
		wrong-question      Z 4.4.3 .
		spoof               K 2.0.0 2  the true one came behind it
	X
}

@test "malformed answers are none (RFC 1035 4.1)" {
	table <<-'X'
		garbage             Z 4.4.3 .
		short               Z 4.4.3 .
		half                Z 4.4.3 .
		count               Z 4.4.3 .
		pointer             Z 4.4.3 .
		length              Z 4.4.3 .
		a-garbage           Z 4.4.3 .
	X
}

@test "never to ourselves nor to worse hosts than us (RFC 5321 5.1)" {
	table <<-'X'
		self                D 5.4.6 .  X.4.6: routing loop
		self-name           D 5.4.6 .
		self-loopback       D 5.4.6 .
		self-zero           D 5.4.6 .
		self-implicit       D 5.4.6 .
		self-backup         Z 4.4.1 .  the better one is closed
		self-equal          Z 4.4.1 .
	X
}

@test "a host in the file routes has its address looked up, not its MX" {
	table <<-'X'
		route               K 2.0.0 2
		route-gone          Z 4.[0-9.]* . our own setting may be mended
	X
}

@test "every case has one verdict, and all are in a table above" {
	local name
	while read -r name _; do
		grep -Eq "^		$name +[^ ]" "$BATS_TEST_FILENAME"
	done <"$BATS_FILE_TMPDIR/verdicts"
	[ "$(cut -d' ' -f1 "$BATS_FILE_TMPDIR/verdicts" | sort | uniq -d)" = "" ]
	[ "$(wc -l <"$BATS_FILE_TMPDIR/verdicts")" -eq "$(grep -Ec \
	    '^		[a-z0-9-]+ +(\[DZ\]|[KDZ]) ' "$BATS_TEST_FILENAME")" ]
}
