#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# A message submitted here for another domain arrives at the other server, and
# what that one refuses comes back as a report.
load ../helper
load servers

setup_file() {
	servers_start
	# The second host: a root of its own with another domain.
	export FAR=$BATS_FILE_TMPDIR/far
	YUBIN_ROOT=$FAR yubin init >/dev/null
	YUBIN_ROOT=$FAR yubin domain add far.test
	YUBIN_ROOT=$FAR yubin user add eve@far.test <<<"x"
	mkdir -p "$FAR/tls"
	self_signed "$FAR/tls"
	YUBIN_ROOT=$FAR YUBIN_HOSTNAME=mx.far.test serve FARSMTP starttls \
	    yubin-smtpd
	YUBIN_ROOT=$FAR YUBIN_HOSTNAME=mx.far.test yubin-queue-runner \
	    2>>"$DIR/log" 3>&- 4>&- &
	echo $! >>"$DIR/pids"
	echo "far.test 127.0.0.1:$FARSMTP" >"$YUBIN_ROOT/routes"
}

teardown_file() {
	servers_stop
}

teardown() {
	show_log
}

submit() {
	printf 'From: ann@example.test\nTo: %s\nSubject: %s\n\nAcross.\n' \
	    "$1" "$2" | curl -sS --cacert "$CA" --crlf --upload-file - --ssl-reqd \
	    --user ann@example.test:secret --mail-from ann@example.test \
	    --mail-rcpt "$1" "smtp://127.0.0.1:$SUBMISSION"
}

far_has() {
	grep -qrF -- "$1" "$FAR/mail/far.test/eve"/{new,cur}
}

@test "submitted on 587, delivered by SMTP to the other host with STARTTLS" {
	submit eve@far.test across-one
	wait_for far_has across-one
	local f
	f=$(grep -rlF across-one "$FAR/mail/far.test/eve/new")
	grep -q 'with ESMTPS id' "$f"
	grep -q 'with ESMTPSA id' "$f"
}

@test "one id follows the message through every log line of its host" {
	submit eve@far.test across-two
	wait_for far_has across-two
	local f id
	f=$(grep -rlF across-two "$FAR/mail/far.test/eve/new")
	id=$(sed -n 's/.*with ESMTPSA id \([0-9a-v]*\).*/\1/p' "$f")
	[ "${#id}" -eq 21 ]
	grep -q "ev=accepted .*id=$id" "$DIR/log"
	grep -q "ev=delivered .*id=$id" "$DIR/log"
}

@test "what the other host refuses comes back as an RFC 3464 report" {
	submit nobody@far.test across-three
	wait_for arrived ann "Final-Recipient: rfc822; nobody@far.test"
	local f
	f=$(grep -rlF "Final-Recipient: rfc822; nobody@far.test" \
	    "$YUBIN_ROOT/mail/example.test/ann/new" | head -n 1)
	python3 - "$f" <<-'X'
		import email, sys
		m = email.message_from_binary_file(open(sys.argv[1], "rb"))
		assert m.get_content_type() == "multipart/report"
		assert m.get_param("report-type") == "delivery-status"
		assert m["Return-Path"] == "<>", m["Return-Path"]
		text, status, original = m.get_payload()[:3]
		assert "nobody@far.test" in text.get_payload()
		per = status.get_payload()[1]
		assert per["Action"] == "failed"
		assert per["Status"] == "5.1.1", per["Status"]
		assert "550" in per["Diagnostic-Code"]
		assert "across-three" in original.as_string()
	X
}
