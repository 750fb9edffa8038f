#!/usr/bin/env bats
# SPDX-License-Identifier: ISC
# Reports of all kinds, read by Python's own mail parser.
load ../helper

report() { # as report_print's; the message is $MESSAGE
	printf "$MESSAGE" | report_print "$@" >"$BATS_TEST_TMPDIR/report"
}

# check: a Python text on standard input; m is the report, human, groups and
# original are its parts.
check() {
	{
		cat <<-'EOP'
			import email, email.policy, sys
			raw = open(sys.argv[1], "rb").read()
			m = email.message_from_bytes(raw, policy=email.policy.default)
			assert not m.defects, m.defects
			assert m.get_content_type() == "multipart/report"
			assert m.get_param("report-type") == "delivery-status"
			human, status, original = m.iter_parts()
			assert human.get_content_type() == "text/plain"
			text = human.get_content()
			flat = " ".join(text.split())
			assert all(len(l) <= 998 for l in raw.split(b"\r\n"))
			groups = None
			if status.get_content_type() == "message/delivery-status":
			    groups = status.get_payload()
		EOP
		cat
	} >"$BATS_TEST_TMPDIR/check.py"
	python3 "$BATS_TEST_TMPDIR/check.py" "$BATS_TEST_TMPDIR/report" || {
		cat "$BATS_TEST_TMPDIR/report"
		return 1
	}
}

setup() {
	MESSAGE='Message-ID: <one@example.test>\r\nSubject: test\r\n\r\nhello\r\n'
}

@test "a failure: fields and plain words" {
	report 'QQ 314' 0 1 failed eve@host.test 'rfc822;Eve@example.test' 5.1.1 \
	    'mx.host.test[192.0.2.1]: 550 5.1.1 nobody of that name lives here'
	check <<-'EOP'
		assert m["Subject"] == "Your message was not delivered"
		assert m["To"].addresses[0].addr_spec == "ann@example.test"
		assert m["References"] == "<one@example.test>"
		assert m["Auto-Submitted"] == "auto-replied"
		assert groups[0]["Original-Envelope-Id"] == "QQ 314"
		assert groups[0]["Reporting-MTA"] == "dns; mx.example.test"
		g = groups[1]
		assert g["Original-Recipient"] == "rfc822;Eve@example.test"
		assert g["Final-Recipient"] == "rfc822; eve@host.test"
		assert g["Action"] == "failed" and g["Status"] == "5.1.1"
		assert g["Remote-MTA"] == "dns; mx.host.test"
		assert g["Diagnostic-Code"].startswith("smtp; 550 5.1.1 nobody")
		assert g["Last-Attempt-Date"] and not g["Will-Retry-Until"]
		assert "could NOT be delivered to: <eve@host.test>" in flat
		assert "(you wrote to <Eve@example.test>)" in flat
		assert "There is no such address." in flat
		assert "What to do: Check the spelling" in flat
		assert "The server mx.host.test said: 550 5.1.1 nobody" in flat
		assert "Subject: test" in text
		assert original.get_content_type() == "message/rfc822"
		assert original.get_content()["Message-ID"] == "<one@example.test>"
	EOP
}

@test "several kinds in one report" {
	report '' 0 0 \
	    failed full@example.test '' 5.2.2 'the mailbox is full' \
	    delayed late@host.test '' 4.4.1 'mx.host.test[192.0.2.1]: refused' \
	    delivered bob@example.test '' 2.0.0 stored \
	    relayed al@host.test '' 2.0.0 'mx.host.test[192.0.2.1]: 250 2.0.0 ok' \
	    expanded team@example.test '' 2.0.0 forwarded
	check <<-'EOP'
		assert m["Subject"] == "Your message was not delivered"
		assert [g["Action"] for g in groups[1:]] == [
		    "failed", "delayed", "delivered", "relayed", "expanded"]
		assert groups[2]["Will-Retry-Until"]
		assert not groups[1]["Will-Retry-Until"]
		assert not groups[0]["Original-Envelope-Id"]
		for words in ["could NOT be delivered to: <full@example.test>",
		    "Not delivered yet to: <late@host.test>",
		    "It was delivered to: <bob@example.test>",
		    "Handed on for: <al@host.test>",
		    "Passed on from: <team@example.test>"]:
		    assert words in flat, words
	EOP
}

@test "headers only are text/rfc822-headers" {
	MESSAGE='Subject: test\r\n'
	report '' 0 0 delivered bob@example.test '' 2.0.0 stored
	check <<-'EOP'
		assert m["Subject"] == "Your message was delivered"
		assert original.get_content_type() == "text/rfc822-headers"
		assert original.get_content().strip() == "Subject: test"
	EOP
}

@test "a thousand-octet answer is folded, nothing of it is lost" {
	words=$(for i in $(seq 150); do printf 'word%d ' "$i"; done)
	report '' 0 1 failed eve@host.test '' 5.7.1 \
	    "mx.host.test[192.0.2.1]: 550 5.7.1 ${words% }"
	check <<-'EOP'
		words = " ".join("word%d" % i for i in range(1, 151))
		assert words in flat
		code = " ".join(groups[1]["Diagnostic-Code"].split())
		assert code == "smtp; 550 5.7.1 " + words
		assert max(map(len, text.split("\n"))) <= 78
	EOP
}

@test "UTF-8 addresses and headers with SMTPUTF8 (RFC 6533)" {
	MESSAGE='From: j\xc3\xb6rg@example.test\r\nSubject: L\xc3\xb6we\r\n\r\nhi\r\n'
	report '' 1 1 failed $'j\xc3\xb6rg@host.test' '' 5.1.1 no
	check <<-'EOP'
		assert status.get_content_type() == "message/global-delivery-status"
		assert status["Content-Transfer-Encoding"] == "8bit"
		assert original.get_content_type() == "message/global"
		assert original["Content-Transfer-Encoding"] == "8bit"
		assert "Subject: L\u00f6we" in text and "<j\u00f6rg@host.test>" in text
		assert "Final-Recipient: utf-8; j\u00f6rg@host.test\r\n".encode() in raw
		assert all(b < 128 for b in raw.split(b"\r\n\r\n")[0])
	EOP
}

@test "all ASCII with SMTPUTF8 needs no global part" {
	report '' 1 1 failed eve@host.test '' 5.1.1 no
	check <<-'EOP'
		assert status.get_content_type() == "message/delivery-status"
		assert original.get_content_type() == "message/rfc822"
	EOP
}

@test "hostile words cannot become fields, lines or parts" {
	MESSAGE='Subject: =?utf-8?q?a=0D=0ABcc:_b?=\r\nMessage-ID: <a> <b>\r\n\r\n'
	report $'x\r\nStatus: 2.0.0' 0 1 failed $'a\r\nBcc: b@c' \
	    $'rfc822;x\r\n\r\nFinal-Recipient: rfc822; y' 5.0.0 \
	    $'x\r\n--=_1123456789abcdefghijk--\r\n\e[2J'
	check <<-'EOP'
		assert len(groups) == 2, groups
		assert len(groups[1].get_all("Final-Recipient")) == 1
		assert len(groups[1].get_all("Status")) == 1
		assert b"\nBcc" not in raw and b"\x1b" not in raw
		assert raw.count(b"\n--=_1123456789abcdefghijk--") == 1
		assert not m["References"]
	EOP
}
