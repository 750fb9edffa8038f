/* SPDX-License-Identifier: ISC */
/* queue/bounce: RFC 3462, RFC 3464, RFC 3834. */
#include "tap.h"

#include "queue/bounce.h"

static struct envelope original = {
    .id = {"0123456789abcdefghijk", 21}, .received_s = 0};

static int
has(struct str s, const char *what)
{
	return str_search(s, str_z(what)) < s.n;
}

static struct bounce
example(const struct bounce_rcpt *rcpts, size_t n)
{
	return (struct bounce){.hostname = "mx.example.test",
	    .id = STR("1123456789abcdefghijk"),
	    .to = STR("ann@example.test"),
	    .e = &original,
	    .rcpts = rcpts,
	    .nrcpt = n,
	    .original = STR("Subject: x\r\n\r\nhi\r\n"),
	    .whole = true};
}

static void
test_parts(void)
{
	struct bounce_rcpt r[2] = {
	    {.addr = STR("eve@host.test"),
		.result = result_make(RESULT_FAILED, "5.1.1",
		    "mx.host.test[192.0.2.1]: 550 5.1.1 nobody")},
	    {.addr = STR("no@example.test"),
		.result = result_make(RESULT_FAILED, "5.2.2", "full")}};
	struct bounce b = example(r, 2);
	struct buf o;
	struct str s;

	buf_init(&o, 1 << 20);
	bounce_print(&b, &o);
	s = buf_slice(&o);
	CHECK(has(s, "\r\nTo: <ann@example.test>\r\n"), "to the sender");
	CHECK(has(s, "\r\nAuto-Submitted: auto-replied\r\n"), "RFC 3834 5");
	CHECK(has(s, "multipart/report; report-type=delivery-status;"),
	    "RFC 3462 1");
	CHECK(has(s, "Reporting-MTA: dns; mx.example.test\r\n"),
	    "RFC 3464 2.2.2");
	CHECK(has(s, "Arrival-Date: Thu, 01 Jan 1970 00:00:00 +0000\r\n") ||
		  has(s, "Arrival-Date: Thu, 1 Jan 1970 00:00:00 +0000\r\n"),
	    "RFC 3464 2.2.5");
	CHECK(has(s, "\r\n\r\nFinal-Recipient: rfc822; eve@host.test\r\n"
		     "Action: failed\r\nStatus: 5.1.1\r\n"
		     "Remote-MTA: dns; mx.host.test\r\n"
		     "Diagnostic-Code: smtp; 550 5.1.1 nobody\r\n"),
	    "RFC 3464 2.3: one group a recipient, a blank line before");
	CHECK(has(s, "\r\n\r\nFinal-Recipient: rfc822; no@example.test\r\n"
		     "Action: failed\r\nStatus: 5.2.2\r\n"
		     "Diagnostic-Code: X-Yubin; full\r\n"),
	    "a failure of our own");
	CHECK(has(s, "Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\n"
		     "hi\r\n\r\n--=_1123456789abcdefghijk--\r\n"),
	    "the message, byte for byte, and the end");
	CHECK(has(s, "0123456789abcdefghijk"), "the id of the original");
	CHECK(!has(s, "8bit"), "nothing is 8-bit");
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] == '\n') != (i > 0 && s.p[i - 1] == '\r'))
			CHECK(0, "all lines end in CRLF");
	buf_free(&o);
}

static void
test_eight_bit(void)
{
	struct bounce_rcpt r = {.addr = STR("j\xc3\xb6rg@host.test"),
	    .result = result_make(RESULT_FAILED, "5.1.1", "no")};
	struct bounce b = example(&r, 1);
	struct envelope utf8 = original;
	struct buf o;

	utf8.utf8 = true;
	b.e = &utf8;
	b.whole = false;
	b.original = STR("Subject: \xc3\xb6\r\n");
	buf_init(&o, 1 << 20);
	bounce_print(&b, &o);
	CHECK(has(buf_slice(&o), "Final-Recipient: utf-8; j\xc3\xb6rg@host"),
	    "RFC 6533 3");
	CHECK(has(buf_slice(&o),
		  "Content-Type: message/global-delivery-status\r\n"
		  "Content-Transfer-Encoding: 8bit\r\n"),
	    "RFC 6533 4");
	CHECK(has(buf_slice(&o), "Content-Type: message/global-headers\r\n"
				 "Content-Transfer-Encoding: 8bit\r\n"),
	    "RFC 6533 6");
	buf_free(&o);
}

int
main(void)
{
	test_parts();
	test_eight_bit();
	return tap_done();
}
