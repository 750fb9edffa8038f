/* SPDX-License-Identifier: ISC */
/* queue/bounce: RFC 6522, RFC 3464, RFC 3461 6, RFC 6533, RFC 3834. */
#include "tap.h"

#include "queue/bounce.h"

static struct envelope original = {.id = {"0123456789abcdefghijk", 21},
    .sender = {"ann@example.test", 16},
    .received_s = 0};

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
		.action = REPORT_FAILED,
		.result = result_make(RESULT_FAILED, "5.1.1",
		    "mx.host.test[192.0.2.1]: 550 5.1.1 nobody")},
	    {.addr = STR("no@example.test"),
		.action = REPORT_FAILED,
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
	    "RFC 6522 3");
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

/* What each kind is called and says, and that only failures return more than
 * the header. */
static void
test_kinds(void)
{
	static const struct {
		enum report_kind action;
		const char *field, *subject, *text;
	} t[] = {
	    {REPORT_FAILED, "Action: failed\r\n",
		"Subject: Your message was not delivered\r\n",
		"It could NOT be delivered to:"},
	    {REPORT_DELAYED, "Action: delayed\r\n",
		"Subject: Your message is late\r\n",
		"you need not send it again"},
	    {REPORT_DELIVERED, "Action: delivered\r\n",
		"Subject: Your message was delivered\r\n",
		"It was delivered to:"},
	    {REPORT_RELAYED, "Action: relayed\r\n",
		"Subject: Your message was passed on\r\n", "Handed on for:"},
	    {REPORT_EXPANDED, "Action: expanded\r\n",
		"Subject: Your message was passed on\r\n", "Passed on from:"},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct bounce_rcpt r = {.addr = STR("eve@host.test"),
		    .action = t[i].action,
		    .tried_s = 86400,
		    .result = result_make(RESULT_DONE, "2.0.0", "x")};
		struct bounce b = example(&r, 1);
		bool late = t[i].action == REPORT_DELAYED;
		struct buf o;
		struct str s;

		b.until_s = 2 * 86400;
		buf_init(&o, 1 << 20);
		bounce_print(&b, &o);
		s = buf_slice(&o);
		CHECK(has(s, t[i].field), "RFC 3464 2.3.3");
		CHECK(has(s, t[i].subject), "the subject says it");
		CHECK(has(s, t[i].text), "the text says it");
		CHECK(has(s, "Last-Attempt-Date: Fri, 2 Jan 1970") ||
			  has(s, "Last-Attempt-Date: Fri, 02 Jan 1970"),
		    "RFC 3464 2.3.7");
		CHECK_NUM(has(s, "\r\nWill-Retry-Until: Sat, "), late,
		    "RFC 3464 2.3.9: of delayed ones only");
		CHECK_NUM(has(s, "It will be tried until Sat, "), late,
		    "people are told until when");
		buf_free(&o);
	}
}

/* What the sender said comes back: RFC 3461 6.3. */
static void
test_sender_words(void)
{
	struct bounce_rcpt r = {.addr = STR("eve@host.test"),
	    .orcpt = STR("rfc822;Eve.Smith@example.test"),
	    .action = REPORT_FAILED,
	    .result = result_make(RESULT_FAILED, "5.4.7",
		"mx.host.test[192.0.2.1]: 452 4.2.2 over quota")};
	struct bounce b = example(&r, 1);
	struct envelope e = original;
	struct buf o;
	struct str s;

	e.envid = STR("QQ 314=159");
	b.e = &e;
	b.original = STR("Message-ID: <a@b>\r\nSubject: =?utf-8?q?L=C3=B6we?="
			 "\r\n\r\n");
	buf_init(&o, 1 << 20);
	bounce_print(&b, &o);
	s = buf_slice(&o);
	CHECK(has(s, "\r\nOriginal-Envelope-Id: QQ 314=159\r\n"),
	    "RFC 3464 2.2.1: not in xtext");
	CHECK(has(s, "\r\n\r\nOriginal-Recipient: rfc822;Eve.Smith@example."
		     "test\r\nFinal-Recipient: rfc822; eve@host.test\r\n"),
	    "RFC 3464 2.3.1");
	CHECK(has(s, "(you wrote to <Eve.Smith@example.test>)"), "the same");
	CHECK(has(s, "  Subject: L\xc3\xb6we\r\n"), "the subject to be read");
	CHECK(has(s, "\r\nIn-Reply-To: <a@b>\r\nReferences: <a@b>\r\n"),
	    "RFC 3834 3.1.5");
	CHECK(has(s, "tried for a long time") && has(s, "mailbox is full."),
	    "tried for too long, and why");
	CHECK(has(s, "The server mx.host.test said:\r\n        452 4.2.2 over "
		     "quota\r\n"),
	    "the server's own words");
	buf_free(&o);
}

static void
check_lines(struct str s)
{
	size_t start = 0, longest = 0;
	bool clean = true;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c == '\n') {
			clean &= i > 0 && s.p[i - 1] == '\r';
			longest = i - start > longest ? i - start : longest;
			start = i + 1;
		} else if (c == '\r') {
			clean &= i + 1 < s.n && s.p[i + 1] == '\n';
		} else {
			clean &= (c >= 0x20 || c == '\t') && c != 0x7f;
		}
	}
	CHECK(clean, "CRLF line ends and no other control character");
	CHECK(longest <= 999, "RFC 5322 2.1.1: 998 octets a line");
}

/* Whatever is in the strings, a report stays one. */
static void
test_hostile(void)
{
	char words[900], addr[500];
	struct bounce_rcpt r[2] = {
	    {.addr = STR("a\r\nBcc: b@c\x1b[2J\x7f"),
		.orcpt = STR("rfc822;x\r\nStatus: 2.0.0"),
		.action = REPORT_FAILED},
	    {.action = REPORT_DELAYED}};
	struct bounce b = example(r, 2);
	struct envelope e = original;
	struct buf o;

	memset(words, 'w', sizeof(words));
	memset(addr, 'a', sizeof(addr));
	r[0].result = (struct result){
	    RESULT_FAILED, STR("5.0.0"), str_make(words, sizeof(words))};
	r[1].addr = str_make(addr, sizeof(addr));
	r[1].result = r[0].result;
	e.envid = STR("x\r\n\r\nFinal-Recipient: rfc822; y");
	b.e = &e;
	b.to = STR("ann@example.test>\r\nBcc: <eve@host.test");
	b.original =
	    STR("Message-ID: <a>\r\n\t<b@c>\r\nSubject: =?utf-8?q?a=0D="
		"0AX: y=C2=9B=FF?=\r\n\r\n");
	buf_init(&o, 1 << 20);
	bounce_print(&b, &o);
	check_lines(buf_slice(&o));
	CHECK(!has(buf_slice(&o), "\nBcc"), "no field is smuggled in");
	CHECK(!has(buf_slice(&o), "\nStatus: 2"), "none into the fields");
	CHECK(!has(buf_slice(&o), "\nFinal-Recipient: rfc822; y"), "nor here");
	CHECK(!has(buf_slice(&o), "\nX: y"), "none from encoded words");
	CHECK(!has(buf_slice(&o), "\nReferences"), "two ids are no id");
	CHECK(!has(buf_slice(&o), "\xc2\x9b"), "no C1 control character");
	buf_free(&o);
}

/* Postmaster did not send what is reported to him. */
static void
test_no_sender(void)
{
	struct bounce_rcpt r = {.addr = STR("eve@host.test"),
	    .action = REPORT_FAILED,
	    .result = result_make(RESULT_FAILED, "5.1.1", "no")};
	struct bounce b = example(&r, 1);
	struct envelope e = original;
	struct buf o;

	e.sender = STR("");
	b.e = &e;
	b.to = STR("postmaster@example.test");
	buf_init(&o, 1 << 20);
	bounce_print(&b, &o);
	CHECK(has(buf_slice(&o), "Subject: A message without a sender was not"),
	    "the subject");
	CHECK(!has(buf_slice(&o), "our message"), "not theirs");
	buf_free(&o);
}

/* Without SMTPUTF8 the part for programs is ASCII (RFC 6533 3). */
static void
test_escaped(void)
{
	struct bounce_rcpt r = {.addr = STR("j\xc3\xb6rg+x@host.test"),
	    .orcpt = STR("utf-8;\xe6\x9d\xb1@host.test"),
	    .action = REPORT_FAILED,
	    .result = result_make(RESULT_FAILED, "5.1.1", "no")};
	struct bounce b = example(&r, 1);
	struct buf o;

	buf_init(&o, 1 << 20);
	bounce_print(&b, &o);
	CHECK(has(buf_slice(&o), "Content-Type: message/delivery-status\r\n"
				 "\r\nReporting-MTA"),
	    "an ordinary part");
	CHECK(has(buf_slice(&o),
		  "Original-Recipient: utf-8;\\x{6771}@host.test\r\n"
		  "Final-Recipient: utf-8; j\\x{F6}rg\\x{2B}x@host.test\r\n"),
	    "utf-8-addr-xtext");
	buf_free(&o);
}

static void
test_eight_bit(void)
{
	struct bounce_rcpt r = {.addr = STR("j\xc3\xb6rg@host.test"),
	    .action = REPORT_FAILED,
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
	test_kinds();
	test_sender_words();
	test_hostile();
	test_no_sender();
	test_escaped();
	return tap_done();
}
