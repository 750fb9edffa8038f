/* SPDX-License-Identifier: ISC */
/* The line automaton. */
#include "lines.h"

#include <errno.h>

#include "base/fail.h"

enum {
	START,  /* at the start of a line */
	TEXT,   /* inside a line */
	CR,     /* behind a CR */
	DOT,    /* behind a dot at the start, which is held back */
	DOT_CR, /* behind a CR behind that */
	FINISHED
};

void
lines_init(struct lines *l, bool dots)
{
	*l = (struct lines){.state = START, .dots = dots};
}

static int
refuse(const char *why)
{
	return fail_text(EINVAL, why);
}

static int
behind_cr(struct lines *l, char c, struct buf *to)
{
	if (c != '\n')
		return refuse("message refused: bare CR");
	if (l->state == DOT_CR) {
		l->state = FINISHED;
		return 0;
	}
	buf_z(to, "\r\n");
	l->state = START;
	return 1;
}

static int
step(struct lines *l, char c, struct buf *to)
{
	if (c == 0)
		return refuse("message refused: NUL octet");
	if (l->state == CR || l->state == DOT_CR)
		return behind_cr(l, c, to);
	if (l->state == DOT && c == '\n') {
		l->state = FINISHED;
		return 0;
	}
	if (c == '\r') {
		l->state = l->state == DOT ? DOT_CR : CR;
		return 1;
	}
	if (l->state == START && c == '.' && !l->dots) {
		l->state = DOT;
		return 1;
	}
	if (l->state == DOT)
		buf_chr(to, '.');
	if (c == '\n')
		buf_z(to, "\r\n");
	else
		buf_chr(to, c);
	l->state = c == '\n' ? START : TEXT;
	return 1;
}

int
lines_feed(struct lines *l, struct str in, struct buf *to)
{
	int r = 1;

	for (size_t i = 0; i < in.n && r > 0; i++)
		r = step(l, in.p[i], to);
	return r;
}

int
lines_end(struct lines *l, struct buf *to)
{
	if (l->state == CR || l->state == DOT_CR)
		return refuse("message refused: bare CR");
	if (l->state == DOT)
		l->state = FINISHED;
	if (l->state == TEXT)
		buf_z(to, "\r\n");
	return 0;
}
