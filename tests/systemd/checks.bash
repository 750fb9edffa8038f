# SPDX-License-Identifier: ISC
# What tools/systemd-check looks at; it has in_root, until_true and $leader.

# -------------------------------------------------------------------- the checks

# check WORDS COMMAND…: counts what is so and what is not.
check() {
	local words=$1 out
	shift
	if out=$("$@" 2>&1); then
		passed=$((passed + 1))
		return 0
	fi
	failed=$((failed + 1))
	echo "not so: $words"
	printf '%s\n' "$out" | tail -n 12 | sed 's/^/    /'
	return 1
}

# The README's commands.
install_as_admin() {
	set -e
	local user
	in_root systemd-sysusers \
	    /usr/local/share/yubin/services/systemd/yubin.sysusers
	in_root yubin init mail.example.org
	in_root yubin domain add example.org
	for user in ann bob; do
		in_root yubin user add "$user@example.org" <<<secret
	done
	in_root yubin alias add postmaster@example.org ann
	in_root yubin cert
	in_root sh -c 'echo 0 >/var/lib/yubin/env/LOGIN_DELAY
		cp /usr/local/share/yubin/services/systemd/yubin-* \
		    /etc/systemd/system
		systemctl daemon-reload'
	in_root systemctl enable --now \
	    $(printf 'yubin-%s.socket ' $services) yubin-queue.service
	in_root yubin check
}

active() {
	[ "$(in_root systemctl is-active "$1")" = active ] &&
	    [ "$(in_root systemctl is-enabled "$1")" = enabled ]
}

# From here on the clients are curl, in there.
curl_in() {
	in_root curl -sS --max-time 60 --cacert /var/lib/yubin/tls/cert.pem \
	    --ssl-reqd "$@"
}

# send SUBJECT URL CURL-ARGS…: to bob.
send() {
	local subject=$1 url=$2
	shift 2
	printf 'From: ann@example.org\r\nTo: bob@example.org\r\nSubject: %s\r\n\r\nHello.\r\n' \
	    "$subject" | curl_in --upload-file - --mail-from ann@example.org \
	    "$@" "$url"
}

submit() {
	send "$1" "$2" --user ann@example.org:secret --mail-rcpt bob@example.org
}

# Bob's newest message, by each protocol, has this subject.
newest_is() {
	local n url
	n=$(curl_in --user bob@example.org:secret "imaps://mail.example.org/" \
	    -X 'STATUS INBOX (MESSAGES)' | sed 's/.*MESSAGES \([0-9]*\).*/\1/')
	[ "${n:-0}" -gt 0 ] || return
	for url in "imap://mail.example.org/INBOX;MAILINDEX=$n" \
	    "imaps://mail.example.org/INBOX;MAILINDEX=$n" \
	    "pop3://mail.example.org/$n" "pop3s://mail.example.org/$n"; do
		curl_in --user bob@example.org:secret "$url" |
		    grep -q "^Subject: $1" || { echo "$url"; return 1; }
	done
}

arrives() {
	until_true in_root grep -qr "^Subject: $1" \
	    /var/lib/yubin/mail/example.org/bob/new \
	    /var/lib/yubin/mail/example.org/bob/cur && newest_is "$1"
}

letters() {
	local s
	check "SMTP takes a letter" send by-25 smtp://mail.example.org:25 \
	    --mail-rcpt bob@example.org
	check "and bob reads it" arrives by-25
	for s in smtp://mail.example.org:587 smtps://mail.example.org:465; do
		check "submission by $s" submit "by-${s##*:}" "$s"
		check "and bob reads it" arrives "by-${s##*:}"
	done
	check "yubin-inject takes a letter" inject by-inject
	check "and bob reads it" arrives by-inject
	check "a letter to nobody comes back by deliver-remote's report" bounces
}

inject() {
	printf 'From: root\nSubject: %s\n\nHello.\n' "$1" |
	    in_root yubin-inject -f ann@example.org bob@example.org
}

# To another host, which is this one and takes nothing for that domain.
bounces() {
	echo "other.test 127.0.0.1:25" | in_root tee /var/lib/yubin/routes
	printf 'From: ann@example.org\nSubject: comes-back\n\nHello.\n' |
	    in_root yubin-inject -f ann@example.org joe@other.test
	until_true in_root grep -qr 'comes-back' \
	    /var/lib/yubin/mail/example.org/ann/new
	in_root grep -rq '^Diagnostic-Code: smtp; *550 5.7.1' \
	    /var/lib/yubin/mail/example.org/ann/new
}

# ------------------------------------------------------------ sessions, held open

# A client of each service: held.py.  Python is this system's, the network is in
# there.
open_sessions() {
	mkfifo "$work.in"
	nsenter -t "$leader" -n python3 tests/systemd/held.py <"$work.in" \
	    >"$work.out" 2>&1 &
	held=$!
	exec 7>"$work.in"
	until_true grep -qx ready "$work.out"
}

close_sessions() {
	local status
	exec 7>&-
	wait "$held"
	status=$?
	[ $status -eq 0 ] || tail -n 5 "$work.out"
	rm "$work.in" "$work.out"
	return $status
}

# The instances of a service that run, as units.
instances() {
	in_root systemctl list-units --plain --no-legend --state=active \
	    "yubin-$1@*.service" | cut -d' ' -f1
}

# processes UNIT: "user program" of each of its processes.
processes() {
	in_root ps -eo user:20,unit:80,args | awk -v u="$1" '$2 == u {
	    n = split($3, p, "/"); print $1, p[n] }' | sort -u
}

# users SERVICE LINES: what its processes are and whom they run as.
users() {
	local unit all=
	for unit in $(instances "$1"); do
		all="$all$(processes "$unit")
"
	done
	all=$(printf '%s' "$all" | sort -u | paste -sd, | sed 's/,/, /g')
	echo "is  $all"
	echo "not $2"
	[ "$all" = "$2" ]
}

# ---------------------------------------------------------- what must be in force

# Each line of [Service] is what systemd goes by.
settings_hold() {
	local unit=$1 file=$2 key want got bad=0
	while IFS='=' read -r key want; do
		case $key in
		TimeoutStopSec | RestartSec) key=${key%Sec}USec ;;
		SyslogIdentifier) want=$(basename "${file%%[.@]*}") ;; # %p
		esac
		got=$(in_root systemctl show -P "$key" "$unit")
		[ "$(words "$got")" = "$(words "$want")" ] || {
			bad=1; echo "$key is \"$got\", not \"$want\""; }
	done < <(sed -n '/^\[Service\]/,/^\[Install\]/p' "$file" |
	    grep '^[A-Z]' | grep -v '^ExecStart=')
	return $bad
}

words() {
	echo "$1" | tr 'A-Z ' 'a-z\n' | sed 's/^80$/1min\n20s/; s/^1s$/1/' |
	    sort | paste -sd' '
}

# What the kernel says of each process of a unit: no new privileges, a filter of
# system calls, no capability beyond the unit's.
kernel_holds() {
	local pid bound
	bound=$(in_root systemctl show -P CapabilityBoundingSet "$1" | wc -w)
	[ "$bound" -gt 0 ] || return
	for pid in $(in_root ps -eo pid,unit:80 | awk -v u="$1" '$2 == u {
	    print $1 }'); do
		in_root awk -v most="$bound" '
			/^NoNewPrivs/ { new = $2 } /^Seccomp:/ { filter = $2 }
			/^CapBnd/ { s = $2; n = 0
			    for (i = 1; i <= length(s); i++) {
				d = index("0123456789abcdef", substr(s, i, 1)) - 1
				for (; d > 0; d = int(d / 2)) n += d % 2 } }
			END { print FILENAME, new, filter, n
			    exit !(new == 1 && filter == 2 && n <= most) }' \
		    "/proc/$pid/status" || return
	done
}

# As root in the mounts of a unit: only the state can be written to.
mounts_hold() {
	local pid
	pid=$(in_root systemctl show -P MainPID "$1")
	in_root nsenter -t "$pid" -m sh -c '
		for f in /etc/x /usr/x /home/x /root/x /var/lib/x /dev/x /boot/x; do
			! (: >"$f") 2>/dev/null || { echo "wrote $f"; exit 1; }
		done
		: >/var/lib/yubin/written && rm /var/lib/yubin/written &&
		: >/tmp/private && [ ! -e /dev/kmsg ] && [ ! -e /tmp/outside ]' &&
	    ! in_root test -e /tmp/private
}

exposure() {
	in_root systemd-analyze security --no-pager "$1" |
	    sed -n 's/.*Overall exposure .*service: \([0-9.]*\).*/\1/p'
}

hardening() {
	local s unit file n
	figures=", exposure"
	in_root touch /tmp/outside
	for s in $services queue; do
		file=services/systemd/yubin-$s@.service
		unit=$(instances "$s" | head -n 1)
		[ "$s" != queue ] || {
			unit=yubin-queue.service; file=services/systemd/$unit; }
		check "$s: every setting is systemd's" settings_hold "$unit" "$file"
		check "$s: the kernel holds its processes" kernel_holds "$unit"
		check "$s: it can write to the state only" mounts_hold "$unit"
		n=$(exposure "$unit")
		check "$s: exposure $n, 4.5 at most" \
		    awk -v n="${n:-10}" 'BEGIN { exit !(n <= 4.5) }'
		figures="$figures $s=$n"
	done
}

# ------------------------------------------------------------------ who they are

whoever() {
	local s tls='yubin-net yubin-tlsd'
	local smtpd="root yubin-smtpd, $tls, yubin-smtp yubin-smtpd"
	local session="$tls, yubin-mail yubin"
	for s in smtp submission submissions; do
		check "$s: its users" users $s "$smtpd"
	done
	check "imaps: its users" users imaps "yubin-mail yubin-imapd, $tls"
	# One that has logged in, one that has not.
	check "imap: its users" users imap "root yubin-imap-login, $(
	    )yubin-login yubin-imap-login, yubin-mail yubin-imapd, $tls"
	for s in pop3 pop3s; do
		check "$s: its users" users $s "yubin-mail yubin-pop3d, $tls"
	done
	check "queue: its users" queue_users
}

# But for the workers that deliver, which come and go.
queue_users() {
	processes yubin-queue.service | grep -v deliver | paste -sd, |
	    grep -x 'root yubin-queue-runner,yubin-queue yubin-queue-runner'
}

# ----------------------------------------------------------- stopped, killed, full

connects() {
	nsenter -t "$leader" -n bash -c ": </dev/tcp/127.0.0.1/$1" 2>/dev/null
}

refused() {
	! connects "$1"
}

stop_and_start() {
	local s port
	for s in $services; do
		port=$(sed -n 's/^ListenStream=//p' \
		    "services/systemd/yubin-$s.socket")
		check "$s stops" in_root systemctl stop "yubin-$s.socket"
		check "$s: nobody listens" refused "$port"
	done
	close_sessions
	check "sessions that were open go on, and end well" test $? -eq 0
	check "all start again" in_root systemctl start \
	    $(printf 'yubin-%s.socket ' $services)
	check "a letter by the ports that stopped" submit after-stop \
	    smtp://mail.example.org:587
	check "arrives" arrives after-stop
	check "the queue stops" in_root systemctl stop yubin-queue.service
	check "a letter is taken meanwhile" submit without-queue \
	    smtps://mail.example.org:465
	check "the queue starts" in_root systemctl start yubin-queue.service
	check "and delivers it" arrives without-queue
}

main_pid() {
	in_root systemctl show -P MainPID yubin-queue.service
}

# The runner, or another process of its unit, is killed.
is_back() {
	local old=$1 new
	new=$(main_pid)
	[ "$new" != 0 ] && [ "$new" != "$old" ] &&
	    [ "$(in_root systemctl is-active yubin-queue.service)" = active ]
}

crash() {
	local old other
	old=$(main_pid)
	check "the runner is killed" in_root kill -KILL "$old"
	check "and comes back" until_true is_back "$old"
	check "a letter after that" submit after-kill smtp://mail.example.org:587
	check "arrives" arrives after-kill
	old=$(main_pid)
	other=$(in_root ps -eo user:20,pid,unit:80 | awk -v m="$old" '
	    $3 == "yubin-queue.service" && $1 == "root" { print $2; exit }')
	check "the child that starts deliveries is killed" \
	    in_root kill -KILL "$other"
	check "a letter after that" submit after-child smtp://mail.example.org:587
	check "arrives" arrives after-child
	check "systemd counted a restart" test "$(in_root systemctl show \
	    -P NRestarts yubin-queue.service)" -ge 1
}

# 300 connections, one after the other: the port stays open.
burst() {
	nsenter -t "$leader" -n bash -c 'for i in {1..300}; do
	    : </dev/tcp/127.0.0.1/143 || exit; done' &&
	    until_true newest_is "$1" &&
	    [ "$(in_root systemctl is-active yubin-imap.socket)" = active ]
}

# ------------------------------------------------------------------- what it says

journal() {
	in_root journalctl --no-pager -o short-iso "$@"
}

# WORDS are in the journal, soon.
says() {
	until_true journal_has "$@"
}

journal_has() {
	local words=$1
	shift
	journal "$@" | grep -q -- "$words"
}

not_said() {
	! journal_has ev= "$@"
}

# What the README says, for the last letter.
traced() {
	local id
	id=$(journal -u 'yubin-*' | sed -n 's/.*ev=accepted.* id=\([^ ]*\).*/\1/p' |
	    tail -n 1)
	in_root sh -c "journalctl -o short-iso -u 'yubin-*' |
	    yubin trace $id -" >"$work.trace" || { cat "$work.trace"; return 1; }
	cat "$work.trace"
	grep -qi deliver "$work.trace" && rm "$work.trace"
}

logs() {
	check "the journal has what smtpd took" says ev=accepted \
	    -u 'yubin-smtp@*'
	check "and what was delivered" says ev=delivered -u yubin-queue
	check "and who logged in" says ev=login-ok -u 'yubin-imaps@*'
	check "each line under its service's name" says ev=accepted \
	    -t yubin-smtp
	check "and none under that of yubin-env" not_said -t yubin-env
	check "yubin trace reads it" traced
}

# Something is missing; then it is there again.  $1: bob's newest message.
failures() {
	in_root mv /var/lib/yubin/tls/key.pem /var/lib/yubin/tls/away
	nsenter -t "$leader" -n bash -c 'cat </dev/tcp/127.0.0.1/993' >/dev/null
	check "no key: the unit says why" says 'ev=.*key.pem' -u 'yubin-imaps@*'
	in_root mv /var/lib/yubin/tls/away /var/lib/yubin/tls/key.pem
	check "with the key again it serves" until_true newest_is "$1"
	in_root systemctl stop yubin-queue.service
	in_root mv /var/lib/yubin/queue /var/lib/yubin/away
	check "no queue: the start fails" start_fails
	check "and says why" says 'ev=.*queue' -u yubin-queue -n 5
	check "and is tried again and again" until_true tried_often
	check "and makes none" in_root test ! -e /var/lib/yubin/queue
	in_root mv -T /var/lib/yubin/away /var/lib/yubin/queue
	check "with the queue again it starts by itself" until_true is_back 0
	check "as the same users" queue_users
}

# More often than systemd does unless it is told to.
tried_often() {
	[ "$(in_root systemctl show -P NRestarts yubin-queue.service)" -ge 7 ]
}

start_fails() {
	in_root systemctl start yubin-queue.service
	[ "$(in_root systemctl is-active yubin-queue.service)" != active ]
}

# ------------------------------------------------------------- Maildirs elsewhere

# As the README says: carl's mail is in his home.
homes() {
	set -e
	local u id
	in_root useradd -m carl
	id=$(in_root id -u carl)
	in_root yubin user add carl@example.org <<<secret
	in_root sed -i "s,^carl:\([^:]*\):.*,carl:\1:$id:$id::/home/carl::$(
	    )userdb_mail=maildir:/home/carl/Maildir," \
	    /var/lib/yubin/domains/example.org/users
	for u in $(printf '%s@ ' $services) queue; do
		in_root sh -c "mkdir /etc/systemd/system/yubin-$u.service.d &&
		    printf '[Service]\nReadWritePaths=/home\nProtectHome=no\n' \
		    >/etc/systemd/system/yubin-$u.service.d/homes.conf"
	done
	in_root systemctl daemon-reload
	in_root systemctl restart yubin-queue.service
	send to-home smtp://mail.example.org:25 --mail-rcpt carl@example.org
	until_true in_root grep -qr "^Subject: to-home" /home/carl/Maildir/new
	[ "$(in_root stat -c %U /home/carl/Maildir)" = carl ]
	curl_in --user carl@example.org:secret \
	    "imap://mail.example.org/INBOX;MAILINDEX=1" | grep 'to-home'
}

none_failed() {
	[ -z "$(in_root systemctl --failed --no-legend 'yubin-*')" ]
}

# All instances have ended with their clients.
none_left() {
	[ -z "$(in_root systemctl list-units --plain --no-legend 'yubin-*@*')" ]
}
