/* SPDX-License-Identifier: ISC */
/* Reading commands from somebody we do not know: everything has a ceiling. */
#include <errno.h>

#include "base/log.h"
#include "login.h"
#include "proto/imap_token.h"

void
answer(struct imap_login *c, const char *what, const char *text)
{
	out_str(&c->l.s.out, c->tag);
	out_fmt(&c->l.s.out, " %s %s\r\n", what, text);
}

void
bye(struct imap_login *c, const char *text)
{
	out_fmt(&c->l.s.out, "* BYE %s\r\n", text);
	login_leave(&c->l);
}

void
answer_bad(struct imap_login *c, const char *text)
{
	answer(c, "BAD", text);
	if (--c->l.bad_left <= 0) {
		log_event("too-many-errors", NULL);
		bye(c, "Too many bad commands");
	}
}

/* What in_line() says when it gives no line. */
static int
no_line(struct imap_login *c, int r)
{
	if (r < 0 && errno == EMSGSIZE) {
		answer_bad(c, "The line is too long");
		return 0;
	}
	if (r < 0 && errno == EPROTO) {
		answer_bad(c, "Lines end in CRLF");
		return 0;
	}
	if (r < 0 && errno == ETIMEDOUT) {
		log_event("timeout", NULL);
		bye(c, "Autologout; no login in time");
	}
	login_leave(&c->l);
}

int
line_read(struct imap_login *c, struct str *line)
{
	int r = in_line(&c->l.s.in, line, LINE_MAX_OCTETS);

	return r > 0 ? 1 : no_line(c, r);
}

/* The tag of what has been read so far, for an answer. */
static void
find_tag(struct imap_login *c)
{
	struct scan s = scan_make(buf_slice(&c->text));
	struct str tag;

	c->tag = STR("*");
	if (imap_tag(&s, &tag) && tag.n <= 256)
		c->tag = arena_str(&c->arena, tag);
}

/* Read a literal behind the line that announced it.  1, 0 as command_read(). */
static int
read_literal(struct imap_login *c, const struct imap_literal *lit, size_t *room)
{
	char *to;

	if (lit->n > *room || lit->binary) {
		find_tag(c);
		/* Nobody can tell the octets of a literal that comes anyway
		 * from commands: the end. */
		if (lit->nonsync) {
			answer(c, "BAD", "The literal is too long");
			bye(c, "The literal is too long");
		}
		answer_bad(c, "The literal is too long");
		return 0;
	}
	if (!lit->nonsync)
		out_z(&c->l.s.out, "+ Ready\r\n");
	*room -= (size_t)lit->n;
	buf_z(&c->text, "\r\n");
	to = buf_room(&c->text, (size_t)lit->n);
	if (!to)
		bye(c, "The command is too long");
	if (lit->n == 0)
		return 1;
	switch (in_exact(&c->l.s.in, to, (size_t)lit->n)) {
	case 1:
		return 1;
	case 0:
		login_leave(&c->l);
	default:
		return no_line(c, -1);
	}
}

int
command_read(struct imap_login *c)
{
	size_t room = LITERAL_MAX;
	struct imap_literal lit;
	struct str line;
	int more = 1;

	buf_reset(&c->text);
	c->tag = STR("*");
	while (more > 0) {
		if (line_read(c, &line) == 0)
			return 0;
		buf_str(&c->text, line);
		if (c->text.over)
			bye(c, "The command is too long");
		more = imap_literal_tail(line, &lit);
		if (more > 0 && read_literal(c, &lit, &room) == 0)
			return 0;
	}
	find_tag(c);
	if (more < 0)
		answer_bad(c, "A bad literal");
	return more == 0;
}
