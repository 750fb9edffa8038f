/* SPDX-License-Identifier: ISC */
/* Bounces.  The first part is for people: what happened, to whom, what to do;
 * the second for programs; the third is the message or its header.  Who gets
 * one, and that nobody gets one for a bounce, is the runner's business. */
#include "queue/bounce.h"

#include <errno.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "msg/date.h"
#include "queue/put.h"

#define BOUNCE_MAX (16 * 1024 * 1024)

static bool
has_high(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_ishigh(s.p[i]))
			return true;
	return false;
}

static void
line(struct buf *o, const char *name, struct str value)
{
	buf_z(o, name);
	buf_str(o, value);
	buf_z(o, "\r\n");
}

static void
date_line(struct buf *o, const char *name, int64_t s)
{
	char date[DATE_SIZE];

	date_rfc5322(date, s, 0);
	line(o, name, str_z(date));
}

static void
head(const struct bounce *b, struct buf *o)
{
	char date[DATE_SIZE];

	date_rfc5322(date, b->now_s, 0);
	buf_fmt(o, "Received: by %s (yubin) id %.*s;\r\n\t%s\r\n", b->hostname,
	    STR_FMT(b->id), date);
	line(o, "Date: ", str_z(date));
	buf_fmt(o, "From: Mail Delivery System <MAILER-DAEMON@%s>\r\n",
	    b->hostname);
	buf_fmt(o, "To: <%.*s>\r\n", STR_FMT(b->to));
	line(o, "Subject: ", STR("Your message was not delivered"));
	buf_fmt(o, "Message-ID: <%.*s@%s>\r\n", STR_FMT(b->id), b->hostname);
	line(o, "Auto-Submitted: ", STR("auto-replied")); /* RFC 3834 5 */
	line(o, "MIME-Version: ", STR("1.0"));
	buf_fmt(o,
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    "\tboundary=\"=_%.*s\"\r\n\r\n"
	    "This is a report in several parts (RFC 3462).\r\n",
	    STR_FMT(b->id));
}

static void
part(const struct bounce *b, struct buf *o, const char *type, bool high)
{
	buf_fmt(o, "\r\n--=_%.*s\r\n", STR_FMT(b->id));
	line(o, "Content-Type: ", str_z(type));
	if (high)
		line(o, "Content-Transfer-Encoding: ", STR("8bit"));
	buf_z(o, "\r\n");
}

/* The first prefix that fits says what the sender can do. */
static const char *
advice(struct str status)
{
	static const struct {
		const char *prefix;
		const char *text;
	} t[] = {
	    {"5.1.8", "Your own address was not accepted."},
	    {"5.1.7", "Your own address was not accepted."},
	    {"5.1.", "Check the spelling of the address."},
	    {"5.2.2", "The mailbox is full: reach them in another way."},
	    {"5.2.3", "Send less at once, or a link instead of the file."},
	    {"5.3.4", "Send less at once, or a link instead of the file."},
	    {"5.4.6", "Mail for this address runs in a circle: tell its "
		      "postmaster."},
	    {"5.4.7", "Their server could not be reached for a long time: "
		      "try again, or reach them in another way."},
	    {"5.4.", "Check what stands behind the @ in the address."},
	    {"5.7.", "The other side does not accept this message: its answer "
		     "may say why."},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		if (str_starts(status, str_z(t[i].prefix)))
			return t[i].text;
	return "The other side's answer may say what to do.";
}

static void
for_people(const struct bounce *b, struct buf *o)
{
	buf_fmt(o,
	    "This is the mail server %s.\r\n\r\n"
	    "A message you sent could not be delivered to:\r\n",
	    b->hostname);
	for (size_t i = 0; i < b->nrcpt; i++) {
		const struct result *r = &b->rcpts[i].result;

		buf_fmt(o, "\r\n  <%.*s>\r\n    ", STR_FMT(b->rcpts[i].addr));
		buf_str(o, r->text);
		buf_fmt(o, " (%.*s)\r\n    %s\r\n", STR_FMT(r->status),
		    advice(r->status));
	}
	buf_fmt(o,
	    "\r\nIt will not be tried again for %s.  %s follows below.\r\n"
	    "If you ask for help, please mention the id %.*s.\r\n",
	    b->nrcpt == 1 ? "this address" : "these addresses",
	    b->whole ? "Your message" : "The header of your message",
	    STR_FMT(b->e->id));
}

static void
for_programs_rcpt(const struct bounce_rcpt *r, struct buf *o)
{
	struct str host = result_host(r->result.text);
	struct str reply = result_reply(r->result.text);

	buf_z(o, "\r\n");
	line(o,
	    has_high(r->addr) ? "Final-Recipient: utf-8; "
			      : "Final-Recipient: rfc822; ",
	    r->addr);
	line(o, "Action: ", STR("failed"));
	line(o, "Status: ", r->result.status);
	if (host.n > 0)
		line(o, "Remote-MTA: dns; ", host);
	if (reply.n > 0)
		line(o, "Diagnostic-Code: smtp; ", reply);
	else
		line(o, "Diagnostic-Code: X-Yubin; ", r->result.text);
}

static void
for_programs(const struct bounce *b, struct buf *o)
{
	line(o, "Reporting-MTA: dns; ", str_z(b->hostname));
	date_line(o, "Arrival-Date: ", b->e->received_s);
	line(o, "X-Yubin-ID: ", b->e->id);
	for (size_t i = 0; i < b->nrcpt; i++)
		for_programs_rcpt(&b->rcpts[i], o);
}

void
bounce_print(const struct bounce *b, struct buf *o)
{
	bool high = false;
	bool global = b->e->utf8;

	for (size_t i = 0; i < b->nrcpt; i++)
		high |= has_high(b->rcpts[i].addr);
	head(b, o);
	part(b, o, "text/plain; charset=utf-8", high);
	for_people(b, o);
	part(b, o,
	    global ? "message/global-delivery-status"
		   : "message/delivery-status",
	    high);
	for_programs(b, o);
	if (b->whole)
		part(b, o, global ? "message/global" : "message/rfc822",
		    has_high(b->original));
	else
		part(b, o,
		    global ? "message/global-headers" : "text/rfc822-headers",
		    has_high(b->original));
	buf_str(o, b->original);
	buf_fmt(o, "\r\n--=_%.*s--\r\n", STR_FMT(b->id));
}

/* The header without the empty line behind it; when none ends within the text,
 * up to its last whole line. */
static struct str
header_of(struct str text)
{
	size_t end = str_search(text, STR("\r\n\r\n"));

	if (end < text.n)
		return str_to(text, end + 2);
	end = str_rfind(text, '\n');
	return end < text.n ? str_to(text, end + 1) : text;
}

int
bounce_read(struct bounce *b, const struct entry *q, struct buf *text)
{
	uint64_t at = envelope_body_at(&q->header);
	size_t want = q->header.body_len < BOUNCE_HEADERS
	                  ? (size_t)q->header.body_len
	                  : BOUNCE_HEADERS;
	char *p = buf_room(text, want);
	size_t got = 0;

	if (!p) {
		errno = EMSGSIZE;
		return -1;
	}
	while (got < want) {
		ssize_t n =
		    pread(q->fd, p + got, want - got, (off_t)(at + got));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return fail("read queue/", q->path);
		got += (size_t)n;
	}
	b->whole = q->header.body_len <= BOUNCE_WHOLE;
	b->original = b->whole ? str_make(p, got) : header_of(str_make(p, got));
	return 0;
}

int
bounce_put(const struct bounce *b, const char *root)
{
	struct envelope_rcpt rcpt = {.addr = b->to};
	struct envelope e = {.id = b->id,
	    .received_s = b->now_s,
	    .sender = STR(""),
	    .rcpts = &rcpt,
	    .nrcpt = 1};
	struct queue_put put;
	struct buf text;
	int r;

	buf_init(&text, BOUNCE_MAX);
	bounce_print(b, &text);
	e.eight_bit = has_high(buf_slice(&text));
	e.utf8 = has_high(b->to) || (b->e->utf8 && e.eight_bit);
	r = text.over ? fail_text(EMSGSIZE, "the bounce is too long")
	              : queue_put_begin(&put, root, &e, text.n);
	if (r == 0) {
		queue_put_data(&put, text.p, text.n);
		r = queue_put_commit(&put);
	}
	buf_free(&text);
	return r;
}
