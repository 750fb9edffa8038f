/* SPDX-License-Identifier: ISC */
/* Reading one whole command: lines and the literals between them.  Whatever
 * would let the octets of a literal be taken for commands ends the session. */
#include "read.h"

#include <errno.h>

#include "base/now.h"
#include "conf/settings.h"
#include "io/wait.h"
#include "table.h"

/* A literal this large is passed over when the client has sent it already
 * (RFC 7888 4); a larger one ends the session. */
#define SKIP_MAX (1u << 20)

#define REST_MS 1000 /* of silence, until memory is given back */

static enum read_result
ended(struct imap *s, const char *why)
{
	s->over = true;
	s->why = why;
	return READ_END;
}

static enum read_result
bye(struct imap *s, const char *words)
{
	imap_bye(s, words);
	return READ_END;
}

static enum read_result
untagged_bad(struct imap *s, const char *words)
{
	out_fmt(&s->serve.out, "* BAD %s\r\n", words);
	if (++s->bad >= IMAP_BAD_MAX)
		return bye(s, "too many bad commands");
	return READ_BAD;
}

/* What in_line() and its like failed of. */
static enum read_result
failed(struct imap *s, int r)
{
	if (r == 0)
		return ended(s, "eof");
	switch (errno) {
	case ETIMEDOUT:
		s->why = "timeout";
		return bye(s, "Autologout, you were silent for too long");
	case EMSGSIZE:
		return bye(s, "command line too long");
	case EPROTO:
		return untagged_bad(s, "lines end in CRLF");
	default:
		return ended(s, "lost");
	}
}

/* Whether the text so far is a command that pulls the literal which follows:
 * the first one, unless that is in the place of its first argument. */
static bool
pulls(struct imap *s, bool first)
{
	struct scan in = scan_make(buf_slice(&s->line));
	const struct command *c;
	struct str tag, name;

	if (!imap_tag(&in, &tag) || !imap_sp(&in) || !imap_atom(&in, &name))
		return false;
	c = table_find(name);
	if (!c || !(c->bits & PULLS) || !imap_sp(&in))
		return false;
	return !first || scan_peek(&in) != '{';
}

/* Answer BAD under the tag that the text so far starts with. */
static enum read_result
refuse(struct imap *s, const char *words)
{
	struct scan in = scan_make(buf_slice(&s->line));
	struct str tag;

	if (!imap_tag(&in, &tag))
		return untagged_bad(s, words);
	out_str(&s->serve.out, tag);
	out_fmt(&s->serve.out, " BAD %s\r\n", words);
	if (++s->bad >= IMAP_BAD_MAX)
		return bye(s, "too many bad commands");
	return READ_BAD;
}

/* Pass over a literal that is too large, and the rest of its command. */
static enum read_result
skip(struct imap *s, struct imap_literal l)
{
	struct in *in = &s->serve.in;

	if (!l.nonsync)
		return refuse(s, "literal too large");
	if (l.n > SKIP_MAX)
		return bye(s, "literal too large");
	for (;;) {
		struct str line;
		int r = 1;

		while (l.n > 0 && r > 0) {
			struct str data;

			r = in_peek(in, &data);
			data = str_to(data, (size_t)l.n);
			in_eat(in, data.n);
			l.n -= data.n;
		}
		if (r > 0)
			r = in_line(in, &line, IMAP_LINE);
		if (r <= 0)
			return failed(s, r);
		r = imap_literal_tail(line, &l);
		if (!l.nonsync)
			return refuse(s, "literal too large");
		if (r < 0 || l.n > SKIP_MAX)
			return bye(s, "literal too large");
	}
}

/* Take the literal into the line.  READ_COMMAND: go on. */
static enum read_result
literal(struct imap *s, struct imap_literal l)
{
	char *to;
	int r;

	if (s->line.n + 2 > s->line.max || l.n > s->line.max - s->line.n - 2)
		return skip(s, l);
	if (!l.nonsync)
		out_z(&s->serve.out, "+ go ahead\r\n");
	buf_z(&s->line, "\r\n");
	to = buf_room(&s->line, (size_t)l.n);
	if (!to)
		return skip(s, l);
	r = in_exact(&s->serve.in, to, (size_t)l.n);
	return r > 0 ? READ_COMMAND : failed(s, r);
}

/* A client that says nothing for a while may do so for hours. */
static void
rest(struct imap *s)
{
	struct in *in = &s->serve.in;

	if (s->selected && in_unread(in).n == 0 &&
	    out_flush(&s->serve.out) == 0 &&
	    wait_readable(in->fd, now_ms() + REST_MS) == 0)
		mailbox_rest(&s->box);
}

enum read_result
imap_read(struct imap *s)
{
	bool first = true;

	rest(s);
	buf_reset(&s->line);
	s->literal = (struct imap_literal){0, false, false};
	s->serve.in.deadline = now_plus_s(settings_num("IMAP_TIMEOUT"));
	for (;; first = false) {
		enum read_result taken;
		struct imap_literal l;
		struct str line;
		int r = in_line(&s->serve.in, &line, IMAP_LINE);

		if (r <= 0)
			return failed(s, r);
		buf_str(&s->line, line);
		r = imap_literal_tail(line, &l);
		if (r < 0 && l.nonsync)
			return bye(s, "bad literal");
		if (s->line.over && (r == 0 || !l.nonsync))
			return refuse(s, "command too long");
		if (s->line.over)
			return skip(s, l);
		if (r < 0)
			return refuse(s, "bad literal");
		if (r == 0)
			return READ_COMMAND;
		if (pulls(s, first)) {
			s->literal = l;
			return READ_COMMAND;
		}
		taken = literal(s, l);
		if (taken != READ_COMMAND)
			return taken;
	}
}

int
imap_read_rest(struct imap *s, struct str *rest)
{
	return in_line(&s->serve.in, rest, IMAP_LINE);
}
