#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# services/ as it is shipped, under Debian's own programs, as root with distinct
# users: each wiring serves all seven protocols and keeps root for few.
load ../helper
load house

setup() {
	house_build
	SERVICES=$TESTS/../services
	CA=$HOUSE/root/tls/cert.pem
	PORTS="25 110 143 465 587 993 995"
}

teardown() {
	house_leave
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 30 "$BATS_TEST_TMPDIR/log"
}

# use TAG OTHERS [4]: all seven; then who the processes were.
use() {
	local port
	for port in $PORTS; do
		wait_for house_listens "$port"
	done
	run in_house python3 "$TESTS/chain/wiring.py" "$CA" "$@"
	echo "$output"
	[ "$status" -eq 0 ]
	# Who met the network, and the runner.
	[[ $output == *"yubin-imap-login root yubin-login"* ]]
	[[ $output == *"yubin-pop3-login root yubin-login"* ]]
	[[ $output == *"yubin-smtpd root yubin-smtp"* ]]
	[[ $output == *"yubin-imapd yubin-mail"* ]]
	[[ $output == *"yubin-pop3d yubin-mail"* ]]
	[[ $output == *"yubin-queue-runner root yubin-queue"* ]]
	[[ $output == *"yubin-deliver-local root yubin-mail"* ]]
	local user
	for user in dan eve; do
		[ "$(in_house stat -c %U "/var/lib/yubin/mail/example.test/$user")" = \
		    yubin-mail ]
	done
	wait_for grep -rq hello "$HOUSE/root/mail/example.test/eve/new"
}

# each COMMAND…: run it for each line of services/inetd.conf, with its port and its
# program and arguments behind it.
each() {
	local name kind protocol wait user program zero args
	while read -r name kind protocol wait user program zero args; do
		[ "$name" != "#" ] || continue
		# shellcheck disable=SC2086
		"$@" "$(getent services "$name/tcp" | sed 's/.* \([0-9]*\).tcp.*/\1/')" \
		    "$program" $args
	done <"$SERVICES/inetd.conf"
}

tcpserver_line() {
	start_in_house tcpserver -HRl0 0 "$@"
}

@test "tcpserver and tlsd" {
	command -v tcpserver >/dev/null || skip "tcpserver is not installed"
	start_in_house yubin-env yubin-queue-runner
	each tcpserver_line
	use tcpserver tcpserver
}

tcpsvd_line() {
	start_in_house "$TCPSVD" -l localhost 0 "$@"
}

@test "tcpsvd and tlsd" {
	TCPSVD=$(command -v tcpsvd ||
	    ls "$TESTS"/../build/peers/ipsvd/usr/bin/tcpsvd) ||
	    skip "ipsvd is not there"
	start_in_house yubin-env yubin-queue-runner
	each tcpsvd_line
	use tcpsvd tcpsvd 4 # it knows no IPv6
}

@test "inetd.conf: openbsd-inetd" {
	local inetd
	inetd=$(command -v openbsd-inetd || command -v inetd) ||
	    skip "inetd is not installed"
	start_in_house yubin-env yubin-queue-runner
	start_in_house "$inetd" -d "$(realpath "$SERVICES/inetd.conf")"
	use inetd inetd
	# More than the 256 a minute that it allows without being told.
	[ "$(grep -c '^ADD: .*max=0\.6000 ' "$BATS_TEST_TMPDIR/log")" -ge 7 ]
}

@test "xinetd.conf: xinetd" {
	local xinetd
	xinetd=$(command -v xinetd ||
	    ls "$TESTS"/../build/peers/xinetd/usr/sbin/xinetd) ||
	    skip "xinetd is not there"
	start_in_house yubin-env yubin-queue-runner
	start_in_house "$xinetd" -dontfork -filelog /dev/stderr \
	    -f "$(realpath "$SERVICES/xinetd.conf")"
	use xinetd xinetd
}

# The value of a setting in a unit.
unit() {
	sed -n "s/^$2=//p" "$SERVICES/systemd/$1"
}

# caps UNIT: its capabilities as setpriv wants them.
caps() {
	unit "$1" CapabilityBoundingSet | tr 'A-Z ' 'a-z,' | sed 's/cap_/+/g'
}

@test "systemd: socket activation, with the units' capabilities" {
	command -v systemd-socket-activate >/dev/null ||
	    skip "systemd-socket-activate is not installed"
	local s u
	u=yubin-queue.service
	# shellcheck disable=SC2046
	start_in_house setpriv --bounding-set "-all,$(caps $u)" --no-new-privs \
	    $(unit $u ExecStart)
	for s in "$SERVICES"/systemd/*.socket; do
		u=$(basename "$s" .socket)
		# shellcheck disable=SC2046
		start_in_house systemd-socket-activate --accept --inetd \
		    -l "$(unit "$u.socket" ListenStream)" \
		    setpriv --bounding-set "-all,$(caps "$u@.service")" \
		    --no-new-privs $(unit "$u@.service" ExecStart)
	done
	use systemd systemd-socket-activate
}

@test "s6: the folders as they are" {
	command -v s6-svscan >/dev/null || skip "s6 is not installed"
	mkdir "$BATS_TEST_TMPDIR/scan"
	local s
	for s in smtp submission submissions pop3 pop3s imap imaps queue; do
		cp -R "$SERVICES/$s" "$BATS_TEST_TMPDIR/scan/$s"
	done
	start_in_house s6-svscan "$BATS_TEST_TMPDIR/scan"
	wait_for s6-svwait -U -t 15000 "$BATS_TEST_TMPDIR"/scan/*/
	use s6 "s6-svscan s6-supervise"
	[[ $output == *"yubin-tlsserver root yubin-net"* ]]
	# The loggers are nobody's root, and trace finds what they wrote.
	[ "$(stat -c %U "$HOUSE/root/log/smtp/current")" != root ]
	in_house yubin trace ann@example.test | grep -q delivered
	s6-svscanctl -t "$BATS_TEST_TMPDIR/scan"
}
