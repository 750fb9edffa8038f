# SPDX-License-Identifier: ISC
# A whole mail server for one .bats file: call servers_start in setup_file and
# servers_stop in teardown_file.  Exports YUBIN_ROOT and, for each service, its
# port: SMTP SUBMISSION SUBMISSIONS POP3 POP3S IMAP IMAPS; CA is the certificate.

# serve NAME MODE PROGRAM ARGS…: one tlsserver on a free port; sets $NAME.
serve() {
	local name=$1 mode=$2
	shift 2
	rm -f "$DIR/$name.port"
	local keep=()
	while [[ $1 == -* ]]; do keep+=("$1"); shift; done
	yubin-tlsserver -t "$mode" "${keep[@]}" -p "$DIR/$name.port" 127.0.0.1 0 "$@" \
	    2>>"$DIR/log" 3>&- 4>&- &
	echo $! >>"$DIR/pids"
	wait_for test -s "$DIR/$name.port"
	export "$name=$(awk '{print $NF}' "$DIR/$name.port")"
}

servers_start() {
	export DIR=$BATS_FILE_TMPDIR
	BATS_TEST_TMPDIR=$DIR new_root
	unset CLEARTEXT_LOGIN
	export CA=$YUBIN_ROOT/tls/cert.pem LOGIN_DELAY=0
	self_signed "$YUBIN_ROOT/tls"
	serve SMTP starttls yubin-smtpd
	serve SUBMISSION starttls yubin-smtpd yubin-checkpw
	serve SUBMISSIONS tls yubin-smtpd yubin-checkpw
	serve POP3 starttls -w yubin-pop3-login -w yubin-checkpw yubin-pop3d
	serve POP3S tls -w yubin-pop3-login -w yubin-checkpw yubin-pop3d
	serve IMAP starttls -w yubin-imap-login -w yubin-checkpw yubin-imapd
	serve IMAPS tls -w yubin-imap-login -w yubin-checkpw yubin-imapd
	runner_start
}

runner_start() {
	yubin-queue-runner 2>>"$DIR/log" 3>&- 4>&- &
	echo $! >"$DIR/runner.pid"
}

servers_stop() {
	local pid
	for pid in $(cat "$DIR/pids" "$DIR/runner.pid"); do
		# The second signal also ends a server with sessions open.
		kill "$pid" 2>/dev/null && kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null || :
	done
}

# Show the log of the servers when a test failed.
show_log() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n 25 "$DIR/log"
}

# mail_count USER [FOLDER]: messages in a Maildir (new and cur).
mail_count() {
	find "$YUBIN_ROOT/mail/example.test/$1/${2-}"/{new,cur} -type f | wc -l
}

# arrived USER TEXT: a message containing TEXT is in the user's INBOX.
arrived() {
	grep -qrF -- "$2" "$YUBIN_ROOT/mail/example.test/$1"/{new,cur}
}
