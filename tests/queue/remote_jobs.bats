#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# deliver-remote as a worker: several jobs, and servers that keep the connection
# or do not.  remote_jobs.py has what each server does.
load ../helper

setup_file() {
	self_signed "$BATS_FILE_TMPDIR"
	python3 "$TESTS/queue/remote_jobs.py" "$BATS_FILE_TMPDIR" \
	    >"$BATS_FILE_TMPDIR/verdicts" 2>"$BATS_FILE_TMPDIR/log" 3>&- || :
}

teardown() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 20 "$BATS_FILE_TMPDIR/log"
}

# A line each: CASE, the letters of the recipients (jobs separated by "/"), facts
# that its line has, and behind "#" why.
table() {
	local name letters facts fact line ok=0
	while read -r name letters facts; do
		facts="exit=0 ${facts%%#*}"
		line=$(grep "^$name " "$BATS_FILE_TMPDIR/verdicts") || :
		[[ $line =~ ^$name\ $letters\  ]] || facts=different
		for fact in $facts; do
			[[ " ${line%%#*} " == *" $fact "* ]] || {
				echo "expected: $name $letters $facts"
				echo "     got: $line"
				ok=1
				break
			}
		done
	done
	return $ok
}

# heard CASE PATTERN: the server of this case heard such a command.
heard() {
	grep "^$1 " "$BATS_FILE_TMPDIR/verdicts" | grep -q -- "$2"
}

@test "several jobs go over one connection" {
	table <<-'X'
		one              RR         conns=1 msgs=1 rcpts=2
		three            R/RR/R     conns=1 msgs=3 rcpts=4
		three-pipe       R/R/R      conns=1 msgs=3
		three-tls        R/R/R      conns=1 msgs=3 tls=1
		other-domain     R/R/R      conns=3 msgs=3
		no-job           -          conns=0
		quit-none        R          conns=1 msgs=1
	X
	heard three '<QUIT>'
}

@test "a connection that died between two jobs costs nothing (RFC 5321 3.8)" {
	table <<-'X'
		closed-between     R/R      conns=2 msgs=2
		closed-late        R/R      conns=2 msgs=2
		421-between        R/R      conns=2 msgs=2
		421-at-mail        R/R      conns=2 msgs=2
		closed-at-mail     R/R      conns=2 msgs=2
		tls-closed-between R/R      conns=2 msgs=2 tls=2
	X
}

# RFC 5321 4.2.5: without the reply the server may have taken it or not.
@test "one that dies later is the job's own misfortune" {
	table <<-'X'
		closed-at-rcpt   R/[RZ]
		closed-at-dot    R/Z        msgs=1
	X
}

@test "a verdict is that job's alone; the next one finds no open transaction" {
	table <<-'X'
		550-at-mail      R/D        msgs=1
		450-at-mail      R/[RZ]     # a new connection may be tried
		refused-then     DD/R       msgs=1 rcpts=1
		refused-then-pipe DD/R      msgs=1 rcpts=1
		data-refused-then Z/R       msgs=1 rcpts=1
		dot-refused-then D/R        conns=1 msgs=1
		bdat-refused-then D/R       msgs=1
		two-refusals     DR/ZR      msgs=2 rcpts=2 # each index is of its own job
	X
}

@test "a hundred recipients; 452 makes several transactions of them" {
	table <<-'X'
		hundred          R+         conns=1 msgs=1 rcpts=100
		hundred-452      R+         conns=1 msgs=3 rcpts=100
	X
}

@test "each fate is told as soon as it is known" {
	table <<-'X'
		at-once          0D
	X
}

@test "DSN: parameters are handed on, and the duty to report (RFC 3461 4, 5)" {
	table <<-'X'
		dsn              TT         msgs=1
		dsn-missing      R          msgs=1
		dsn-utf8         [TR]       msgs=1
	X
	heard dsn '<MAIL FROM:<ann@example.test>.* RET=HDRS'
	heard dsn '<MAIL FROM:<ann@example.test>.* ENVID=e+2B1+20+3D2'
	heard dsn '<RCPT TO:<a@r.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;x+2B+3Dy+20@r.test>'
	heard dsn '<RCPT TO:<b@r.test> NOTIFY=NEVER>'
	run ! heard dsn-missing 'RET=\|ENVID=\|NOTIFY=\|ORCPT='
}

@test "what is no job ends the worker, without harm" {
	grep -q '^not-a-job - - exit=[1-9][0-9]* conns=0' \
	    "$BATS_FILE_TMPDIR/verdicts"
}

@test "no job is held up beyond its time limits" {
	run ! grep -E ' s=(9|[1-9][0-9]+) ' "$BATS_FILE_TMPDIR/verdicts"
}
