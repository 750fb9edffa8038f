# SPDX-License-Identifier: ISC
# A house of its own for services exactly as they are shipped: the users of
# services/systemd/yubin.sysusers, the programs in /usr/local/bin, the state in
# /var/lib/yubin, and a network in which all ports are free.  All of it is seen
# by the processes of in_house alone, which end with the house.  Needs root; call
# house_build in setup and house_leave in teardown.

house_build() {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	unshare -m -n -p -f true 2>/dev/null || skip "no name spaces to be had"
	command -v ip >/dev/null || skip "iproute2 is not installed"
	HOUSE=$BATS_TEST_TMPDIR/house
	mkdir -p "$HOUSE/etc" "$HOUSE/root"
	cp /etc/passwd /etc/group "$HOUSE/etc"
	echo '127.0.0.1 localhost mail.example.test' >"$HOUSE/etc/hosts"
	house_users
	# $0 and the arguments: nothing of this shell is expanded in there.
	unshare -m -n -p -f --mount-proc --kill-child sh -c '
		mount --bind "$0/etc/passwd" /etc/passwd &&
		mount --bind "$0/etc/group" /etc/group &&
		mount --bind "$0/etc/hosts" /etc/hosts &&
		mount -t tmpfs -o mode=755 house /var/lib &&
		mkdir /var/lib/yubin &&
		mount --bind "$0/root" /var/lib/yubin &&
		mount --bind "$1" /usr/local/bin &&
		ip link set lo up && : >"$0/ready" && exec sleep 600' \
	    "$HOUSE" "$BIN" 3>&- 4>&- &
	HOUSE_OWNER=$!
	wait_for test -e "$HOUSE/ready"
	HOUSE_PID=$(pgrep -P "$HOUSE_OWNER")
	in_house yubin init mail.example.test
	in_house yubin domain add example.test
	local user
	for user in ann bob; do
		in_house yubin user add "$user@example.test" <<<"x$user"
	done
	in_house yubin cert
	in_house yubin check
	sed -i 's/^\([a-z]*\):[^:]*:/\1:{PLAIN}secret:/' \
	    "$HOUSE/root/domains/example.test/users"
	echo 0 >"$HOUSE/root/env/LOGIN_DELAY"
	echo 16 >"$HOUSE/root/env/QUEUE_SLOTS"
	# Written by hand: their Maildirs are made when they are needed.
	printf '%s:{PLAIN}secret::::::\n' dan eve \
	    >>"$HOUSE/root/domains/example.test/users"
}

# The users, by Debian's systemd-sysusers where it is.
house_users() {
	local file=$TESTS/../services/systemd/yubin.sysusers user
	if command -v systemd-sysusers >/dev/null; then
		cp /etc/login.defs "$HOUSE/etc" 2>/dev/null || :
		systemd-sysusers --root="$HOUSE" "$(realpath "$file")"
		return
	fi
	local n=64100
	for user in $(sed -n 's/^u \([^ ]*\).*/\1/p' "$file"); do
		n=$((n + 1))
		echo "$user:x:$n:$n::/nonexistent:/bin/false" >>"$HOUSE/etc/passwd"
		echo "$user:x:$n:" >>"$HOUSE/etc/group"
	done
	sed -i 's/^\(yubin-queue:.*\)/\1yubin-smtp/' "$HOUSE/etc/group"
}

# A program in the house, with a bare environment.
in_house() {
	nsenter -t "$HOUSE_PID" -m -n -p env -i HOME=/root \
	    ASAN_OPTIONS="${ASAN_OPTIONS-}" \
	    PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

# The same in the background.
start_in_house() {
	in_house "$@" >>"$BATS_TEST_TMPDIR/log" 2>&1 3>&- 4>&- &
}

# Port $1 is listened on in the house.
house_listens() {
	in_house ss -Hltn "sport = :$1" | grep -q .
}

house_leave() {
	local first
	[ -n "${HOUSE_OWNER-}" ] || return 0
	# With the first process of the house all of them end.
	first=$(pgrep -P "$HOUSE_OWNER") && kill -KILL "$first"
	wait || :
}
