/* SPDX-License-Identifier: ISC */
/* Reports: the multipart/report, its part for programs and the returned text;
 * the part for people is bounce_text.c's.  Who gets one, and that nobody gets
 * one for a report, is the runner's business.
 *
 * The report's own header is ASCII unless the address of `to` is not, so any
 * server that takes 8-bit text takes the report: what is internationalised
 * stands in message/global… parts (RFC 6533), of which RFC 6532 3.7 lets 8-bit
 * text be. */
#include "queue/bounce.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "io/file.h"
#include "msg/charset.h"
#include "msg/date.h"
#include "msg/header.h"
#include "queue/bounce_text.h"
#include "queue/put.h"

#define BOUNCE_MAX (16 * 1024 * 1024)
#define MESSAGE_ID 250 /* octets of one that is repeated */

static void
line(struct buf *o, const char *name, struct str value)
{
	buf_z(o, name);
	bounce_clean(value, o);
	buf_z(o, "\r\n");
}

static void
date_line(struct buf *o, const char *name, int64_t s)
{
	char date[DATE_SIZE];

	date_rfc5322(date, s, 0);
	line(o, name, str_z(date));
}

/* The worst news decides; what has no sender is told to postmaster. */
static const char *
subject(const struct bounce *b)
{
	if (b->e->sender.n == 0)
		return "A message without a sender was not delivered";
	if (bounce_has(b, REPORT_FAILED))
		return "Your message was not delivered";
	if (bounce_has(b, REPORT_DELAYED))
		return "Your message is late";
	if (bounce_has(b, REPORT_RELAYED) || bounce_has(b, REPORT_EXPANDED))
		return "Your message was passed on";
	return "Your message was delivered";
}

static bool
is_message_id(struct str s)
{
	if (s.n < 3 || s.n > MESSAGE_ID || s.p[0] != '<' || s.p[s.n - 1] != '>')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || ascii_iscntrl(s.p[i]) ||
		    (i > 0 && s.p[i] == '<'))
			return false;
	return true;
}

/* RFC 3834 3.1.5: mail programs put the report beside the message. */
static void
put_references(const struct bounce *b, struct buf *o)
{
	struct str id;

	header_find(b->original, STR("Message-ID"), &id);
	id = str_trim(id);
	if (!is_message_id(id))
		return;
	line(o, "In-Reply-To: ", id);
	line(o, "References: ", id);
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
	buf_z(o, "To: <");
	bounce_clean(b->to, o);
	buf_z(o, ">\r\n");
	line(o, "Subject: ", str_z(subject(b)));
	buf_fmt(o, "Message-ID: <%.*s@%s>\r\n", STR_FMT(b->id), b->hostname);
	put_references(b, o);
	line(o, "Auto-Submitted: ", STR("auto-replied")); /* RFC 3834 5 */
	line(o, "MIME-Version: ", STR("1.0"));
	buf_fmt(o,
	    "Content-Type: multipart/report; report-type=delivery-status;\r\n"
	    "\tboundary=\"=_%.*s\"\r\n\r\n"
	    "This is a report in several parts (RFC 6522).\r\n",
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

/* --------------------------------------------------------- for programs */

/* utf-8-addr-xtext of RFC 6533 3: ASCII for any address. */
static void
put_escaped(struct str s, struct buf *o)
{
	while (s.n > 0) {
		uint32_t code = '?';
		size_t n = charset_utf8(s, &code);

		if (n == 0 || code < 0x20 || code == 0x7f)
			buf_chr(o, '?');
		else if (code < 0x80 && code != '\\' && code != ' ' &&
			 code != '+' && code != '=')
			buf_chr(o, (char)code);
		else
			buf_fmt(o, "\\x{%X}", (unsigned)code);
		s = str_from(s, n ? n : 1);
	}
}

/* Addresses beyond ASCII may stand as they are in a global part only. */
static void
put_final(struct str addr, bool global, struct buf *o)
{
	bool high = !str_is_ascii(addr);

	buf_z(
	    o, high ? "Final-Recipient: utf-8; " : "Final-Recipient: rfc822; ");
	if (high && !global)
		put_escaped(addr, o);
	else
		bounce_clean(addr, o);
	buf_z(o, "\r\n");
}

static void
put_original(struct str orcpt, bool global, struct buf *o)
{
	size_t at = str_find(orcpt, ';') + 1;

	if (at >= orcpt.n)
		return;
	buf_z(o, "Original-Recipient: ");
	bounce_clean(str_to(orcpt, at), o);
	if (!str_is_ascii(orcpt) && !global)
		put_escaped(str_from(orcpt, at), o);
	else
		bounce_clean(str_from(orcpt, at), o);
	buf_z(o, "\r\n");
}

static void
put_diagnostic(struct str text, struct buf *o)
{
	struct str reply = result_reply(text);
	const char *name = reply.n > 0 ? "Diagnostic-Code: smtp; "
	                               : "Diagnostic-Code: X-Yubin; ";

	if (text.n == 0)
		return;
	buf_z(o, name);
	bounce_wrap(reply.n > 0 ? reply : text, str_z(name).n, "\t", o);
	buf_z(o, "\r\n");
}

static void
put_rcpt(const struct bounce *b, const struct bounce_rcpt *r, bool global,
    struct buf *o)
{
	struct str host = result_host(r->result.text);

	buf_z(o, "\r\n");
	put_original(r->orcpt, global, o);
	put_final(r->addr, global, o);
	line(o, "Action: ", str_z(report_action(r->action)));
	line(o, "Status: ", r->result.status);
	if (host.n > 0)
		line(o, "Remote-MTA: dns; ", host);
	put_diagnostic(r->result.text, o);
	if (r->tried_s > 0)
		date_line(o, "Last-Attempt-Date: ", r->tried_s);
	if (r->action == REPORT_DELAYED && b->until_s > 0)
		date_line(o, "Will-Retry-Until: ", b->until_s);
}

static void
for_programs(const struct bounce *b, bool global, struct buf *o)
{
	if (b->e->envid.n > 0)
		line(o, "Original-Envelope-Id: ", b->e->envid);
	line(o, "Reporting-MTA: dns; ", str_z(b->hostname));
	date_line(o, "Arrival-Date: ", b->e->received_s);
	line(o, "X-Yubin-ID: ", b->e->id);
	for (size_t i = 0; i < b->nrcpt; i++)
		put_rcpt(b, &b->rcpts[i], global, o);
}

static bool
is_global(const struct bounce *b)
{
	bool high = false;

	for (size_t i = 0; i < b->nrcpt && !high; i++)
		high = !str_is_ascii(b->rcpts[i].addr) ||
		       !str_is_ascii(b->rcpts[i].orcpt);
	return high && b->e->utf8;
}

static const char *
type_of_original(const struct bounce *b)
{
	struct str header = str_to(b->original, header_size(b->original));

	if (b->e->utf8 && !str_is_ascii(header))
		return b->whole ? "message/global" : "message/global-headers";
	return b->whole ? "message/rfc822" : "text/rfc822-headers";
}

void
bounce_print(const struct bounce *b, struct buf *o)
{
	bool global = is_global(b);
	struct buf text;

	buf_init(&text, BOUNCE_MAX);
	bounce_text(b, &text);
	o->over |= text.over;
	head(b, o);
	part(
	    b, o, "text/plain; charset=utf-8", !str_is_ascii(buf_slice(&text)));
	buf_str(o, buf_slice(&text));
	buf_free(&text);
	part(b, o,
	    global ? "message/global-delivery-status"
		   : "message/delivery-status",
	    global);
	for_programs(b, global, o);
	part(b, o, type_of_original(b), !str_is_ascii(b->original));
	buf_str(o, b->original);
	buf_fmt(o, "\r\n--=_%.*s--\r\n", STR_FMT(b->id));
}

/* ------------------------------------------------------- into the queue */

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

/* Up to which size this message is returned whole (RFC 3461 4.3). */
static uint64_t
whole_limit(const struct bounce *b)
{
	if (!bounce_has(b, REPORT_FAILED) || b->e->ret == 'H')
		return 0;
	return b->e->ret == 'F' ? BOUNCE_FULL : BOUNCE_WHOLE;
}

int
bounce_read(struct bounce *b, const struct entry *q, struct buf *text)
{
	uint64_t size = q->header.body_len;
	size_t want = BOUNCE_HEADERS;
	char *p;

	b->whole = size <= whole_limit(b) && size <= text->max;
	if (b->whole || size < want)
		want = (size_t)size;
	p = buf_room(text, want);
	if (!p) {
		errno = EMSGSIZE;
		return -1;
	}
	if (file_read_at(q->fd, p, want, envelope_body_at(&q->header)) !=
	    (ssize_t)want)
		return fail("read queue/", q->path);
	b->original = str_make(p, want);
	if (!b->whole)
		b->original = header_of(b->original);
	return 0;
}

int
bounce_put(const struct bounce *b, const char *root)
{
	struct envelope_rcpt rcpt = {.addr = b->to};
	struct envelope e = {.id = b->id,
	    .received_s = b->now_s,
	    .sender = STR(""),
	    .utf8 = !str_is_ascii(b->to),
	    .rcpts = &rcpt,
	    .nrcpt = 1};
	struct queue_put put = {.open = false};
	struct buf text;
	int r;

	buf_init(&text, BOUNCE_MAX);
	bounce_print(b, &text);
	e.eight_bit = !str_is_ascii(buf_slice(&text));
	r = text.over ? fail_text(EMSGSIZE, "the report is too long")
	              : queue_put_begin(&put, root, &e, text.n);
	if (r == 0) {
		queue_put_data(&put, text.p, text.n);
		r = queue_put_commit(&put);
		queue_put_close(&put);
	}
	buf_free(&text);
	return r;
}
