/* SPDX-License-Identifier: ISC */
/* Words for people: which message, what became of it for each recipient, whose
 * side that is on, what to do, and what the other server said. */
#include "queue/bounce_text.h"

#include <string.h>

#include "base/ascii.h"
#include "msg/charset.h"
#include "msg/date.h"
#include "msg/header.h"
#include "msg/word.h"
#include "queue/advice.h"

#define COLUMNS 76
#define SUBJECT_MAX 200 /* octets of the subject that are shown */
#define INDENT "    "

void
bounce_clean(struct str s, struct buf *o)
{
	while (s.n > 0) {
		uint32_t code = 0;
		size_t n = charset_utf8(s, &code);

		/* C0, DEL, C1; and broken UTF-8, which reads as U+FFFD. */
		if (n == 0 || code < 0x20 || (code >= 0x7f && code < 0xa0) ||
		    code == 0xfffd)
			buf_chr(o, '?');
		else
			buf_str(o, str_to(s, n));
		s = str_from(s, n ? n : 1);
	}
}

void
bounce_wrap(struct str s, size_t column, const char *indent, struct buf *o)
{
	struct str word;
	bool first = true;

	while (str_cut(&s, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (!first && column + 1 + word.n > COLUMNS) {
			buf_z(o, "\r\n");
			buf_z(o, indent);
			column = strlen(indent);
		} else if (!first) {
			buf_chr(o, ' ');
			column++;
		}
		bounce_clean(word, o);
		column += word.n;
		first = false;
	}
}

bool
bounce_has(const struct bounce *b, enum report_kind what)
{
	for (size_t i = 0; i < b->nrcpt; i++)
		if (b->rcpts[i].action == what)
			return true;
	return false;
}

static size_t
count(const struct bounce *b, enum report_kind what)
{
	size_t n = 0;

	for (size_t i = 0; i < b->nrcpt; i++)
		n += b->rcpts[i].action == what;
	return n;
}

static void
paragraph(const char *indent, const char *first, struct str s, struct buf *o)
{
	buf_z(o, indent);
	buf_z(o, first);
	bounce_wrap(s, strlen(indent) + strlen(first), indent, o);
	buf_z(o, "\r\n");
}

/* ------------------------------------------------------ which message */

/* The end of s's first n octets that cuts no character. */
static struct str
cut(struct str s, size_t n)
{
	if (n >= s.n)
		return s;
	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return str_to(s, n);
}

static void
put_subject(const struct bounce *b, struct buf *o)
{
	struct str value;
	struct buf text;

	if (!header_find(b->original, STR("Subject"), &value))
		return;
	buf_init(&text, BOUNCE_FULL);
	word_decode(str_to(value, 4 * SUBJECT_MAX), &text);
	buf_z(o, "  Subject: ");
	bounce_wrap(cut(buf_slice(&text), SUBJECT_MAX), 11, "           ", o);
	buf_z(o, "\r\n");
	buf_free(&text);
}

static void
put_message(const struct bounce *b, struct buf *o)
{
	char date[DATE_SIZE];

	buf_fmt(o, "This is the mail server %s.  It reports on %s\r\n\r\n",
	    b->hostname,
	    b->e->sender.n > 0 ? "your message"
			       : "a message without a sender, "
				 "as reports are:");
	put_subject(b, o);
	date_rfc5322(date, b->e->received_s, 0);
	buf_fmt(o, "  Came in: %s\r\n", date);
	buf_fmt(o, "  Id here: %.*s\r\n", STR_FMT(b->e->id));
}

/* ------------------------------------------------- what became of it */

/* An address of mail as the sender has written it; empty when not known. */
static struct str
written(const struct bounce_rcpt *r)
{
	if (!str_istarts(r->orcpt, STR("rfc822;")))
		return (struct str){"", 0};
	return str_from(r->orcpt, 7);
}

static void
put_address(const struct bounce_rcpt *r, struct buf *o)
{
	struct str before = written(r);

	buf_z(o, "\r\n  <");
	bounce_clean(r->addr, o);
	buf_z(o, ">\r\n");
	if (before.n == 0 || str_ieq(before, r->addr))
		return;
	buf_z(o, "  (you wrote to <");
	bounce_clean(before, o);
	buf_z(o, ">)\r\n");
}

/* The code that a server's reply begins with behind its number. */
static struct str
code_in(struct str reply)
{
	struct str rest = str_from(reply, 4);
	struct str word = str_to(rest, str_find(rest, ' '));

	if (word.n < 5 || (word.p[0] != '4' && word.p[0] != '5') ||
	    word.p[1] != '.')
		return (struct str){"", 0};
	return word;
}

static void
put_advice(const struct bounce_rcpt *r, struct str reply, struct buf *o)
{
	struct str code = code_in(reply);
	struct advice a = advice_for(r->result.status, reply.n > 0);
	struct buf text;

	buf_init(&text, 1000);
	/* Tried for too long: the last answer tells why. */
	if (str_ends(r->result.status, STR(".4.7")) && code.n > 0) {
		buf_z(&text, a.what);
		buf_z(&text, "  The last time: ");
		a = advice_for(code, true);
	}
	buf_z(&text, a.what);
	buf_chr(&text, ' ');
	buf_z(&text, a.side);
	paragraph(INDENT, "", buf_slice(&text), o);
	if (r->action == REPORT_FAILED)
		paragraph(INDENT, "What to do: ", str_z(a.todo), o);
	buf_free(&text);
}

static void
put_words(const struct bounce_rcpt *r, struct str reply, struct buf *o)
{
	struct str host = result_host(r->result.text);

	if (r->result.text.n == 0)
		return;
	if (reply.n == 0) {
		paragraph(INDENT, "Details: ", r->result.text, o);
		return;
	}
	buf_fmt(o, INDENT "The server %.*s said:\r\n", STR_FMT(host));
	paragraph(INDENT INDENT, "", reply, o);
}

static void
put_rcpt(const struct bounce_rcpt *r, struct buf *o)
{
	struct str reply = result_reply(r->result.text);
	bool trouble =
	    r->action == REPORT_FAILED || r->action == REPORT_DELAYED;

	put_address(r, o);
	if (trouble)
		put_advice(r, reply, o);
	if (trouble || reply.n > 0)
		put_words(r, reply, o);
}

static void
put_until(const struct bounce *b, struct buf *o)
{
	char date[DATE_SIZE];

	if (b->until_s <= 0)
		return;
	date_rfc5322(date, b->until_s, 0);
	buf_fmt(o, "\r\nIt will be tried until %s.\r\n", date);
}

static const char *
heading(enum report_kind what)
{
	switch (what) {
	case REPORT_FAILED:
		return "It could NOT be delivered to:";
	case REPORT_DELAYED:
		return "It is late, and still being tried; you need not send "
		       "it again.  Not delivered yet to:";
	case REPORT_DELIVERED:
		return "It was delivered to:";
	case REPORT_RELAYED:
		return "It was handed to a server that sends no reports, so "
		       "you will not hear from here whether it arrives.  "
		       "Handed on for:";
	case REPORT_EXPANDED:
		return "It was passed on from this address to where its owner "
		       "wants it; you will not hear from here whether it "
		       "arrives there.  Passed on from:";
	case REPORT_NONE:
		break;
	}
	return "";
}

static void
put_kind(const struct bounce *b, enum report_kind what, struct buf *o)
{
	size_t n = count(b, what);

	if (n == 0)
		return;
	buf_z(o, "\r\n");
	paragraph("", "", str_z(heading(what)), o);
	for (size_t i = 0; i < b->nrcpt; i++)
		if (b->rcpts[i].action == what)
			put_rcpt(&b->rcpts[i], o);
	if (what == REPORT_DELAYED)
		put_until(b, o);
	if (what == REPORT_FAILED)
		buf_fmt(o, "\r\nIt will not be tried again for %s.\r\n",
		    n == 1 ? "this address" : "these addresses");
}

void
bounce_text(const struct bounce *b, struct buf *o)
{
	put_message(b, o);
	for (int what = REPORT_FAILED; what <= REPORT_EXPANDED; what++)
		put_kind(b, (enum report_kind)what, o);
	buf_fmt(o,
	    "\r\n%s message follows below.\r\n"
	    "If you ask for help, please send this report along.\r\n",
	    b->whole ? "The" : "The header of the");
}
