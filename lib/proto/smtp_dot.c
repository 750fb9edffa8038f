/* SPDX-License-Identifier: ISC */
/* Dot transparency as two small automata over single octets.  Runs of plain
 * text are skipped in one loop, so pieces are as long as lines allow. */
#include "proto/smtp_dot.h"

#include <stdint.h>
#include <string.h>

enum {
	START,  /* at the start of a line */
	TEXT,   /* inside a line */
	CR,     /* behind a CR inside a line */
	DOT,    /* behind a dot that started a line */
	DOT_CR, /* behind a CR behind such a dot */
	FINISHED
};

void
smtp_dot_init(struct smtp_dot *d)
{
	*d = (struct smtp_dot){.state = START};
}

static void
blame(enum smtp_dot_fault *fault, enum smtp_dot_fault what)
{
	if (*fault == SMTP_DOT_FINE)
		*fault = what;
}

/* One octet behind a CR.  Anything but LF makes that CR a bare one, and then
 * counts as inside the line. */
static int
behind_cr(char c, enum smtp_dot_fault *fault)
{
	if (c == '\n')
		return START;
	blame(fault, SMTP_DOT_BARE_CR);
	if (c == 0)
		blame(fault, SMTP_DOT_NUL);
	return c == '\r' ? CR : TEXT;
}

static int
inside(char c, enum smtp_dot_fault *fault)
{
	if (c == '\r')
		return CR;
	if (c == '\n')
		blame(fault, SMTP_DOT_BARE_LF);
	if (c == 0)
		blame(fault, SMTP_DOT_NUL);
	return TEXT;
}

static void
step(struct smtp_dot *d, char c)
{
	switch (d->state) {
	case START:
		d->line = 0;
		d->state = c == '.' ? DOT : inside(c, &d->fault);
		break;
	case DOT:
		d->state = c == '\r' ? DOT_CR : inside(c, &d->fault);
		break;
	case DOT_CR:
		d->state = c == '\n' ? FINISHED : behind_cr(c, &d->fault);
		break;
	case CR:
		d->state = behind_cr(c, &d->fault);
		break;
	default:
		d->state = inside(c, &d->fault);
		break;
	}
	if (d->state == TEXT && ++d->line > SMTP_DOT_LINE)
		blame(&d->fault, SMTP_DOT_LONG);
}

/* The octet that led into this state is no part of the message. */
static bool
hidden(int state)
{
	return state == DOT || state == DOT_CR || state == FINISHED;
}

/* Whether one of eight octets is a CR or less. */
static bool
any_special(uint64_t x)
{
	const uint64_t ones = UINT64_MAX / 255;

	return (x - ones * ('\r' + 1)) & ~x & ones * 128;
}

/* How many octets at the start are above CR: nothing but text. */
static size_t
plain(const char *p, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t eight;

		memcpy(&eight, p + i, 8);
		if (any_special(eight))
			break;
	}
	while (i < n && (unsigned char)p[i] > '\r')
		i++;
	return i;
}

/* Skip text inside a line, as far as the line may be long. */
static size_t
skip_plain(struct smtp_dot *d, struct str s)
{
	size_t n;

	if (d->state != TEXT || d->line >= SMTP_DOT_LINE)
		return 0;
	s = str_to(s, SMTP_DOT_LINE - d->line);
	n = plain(s.p, s.n);
	d->line += n;
	return n;
}

int
smtp_dot_next(struct smtp_dot *d, struct str *in, struct str *piece)
{
	size_t i = 0;

	for (;; i++) {
		i += skip_plain(d, str_from(*in, i));
		if (i == in->n)
			break;
		step(d, in->p[i]);
		if (hidden(d->state))
			break;
	}
	*piece = str_to(*in, i);
	*in = str_from(*in, i + (i < in->n));
	return d->state != FINISHED;
}

const char *
smtp_dot_why(enum smtp_dot_fault fault)
{
	switch (fault) {
	case SMTP_DOT_BARE_CR:
		return "bare CR";
	case SMTP_DOT_BARE_LF:
		return "bare LF";
	case SMTP_DOT_NUL:
		return "NUL octet";
	case SMTP_DOT_LONG:
		return "line over 998 octets";
	case SMTP_DOT_FINE:
		break;
	}
	return "";
}

void
smtp_stuff_init(struct smtp_stuff *s)
{
	*s = (struct smtp_stuff){.state = START};
}

/* DOT: the extra dot was handed out, the message's own comes next. */
int
smtp_stuff_next(struct smtp_stuff *s, struct str *in, struct str *piece)
{
	size_t i = 0;

	*piece = str_to(*in, 0);
	if (s->fault)
		return -1;
	if (s->state == START && in->n && in->p[0] == '.') {
		s->state = DOT;
		*piece = STR(".");
		return 1;
	}
	for (; i < in->n && !s->fault; i++) {
		if (s->state == START && i && in->p[i] == '.')
			break;
		s->state = s->state == CR ? behind_cr(in->p[i], &s->fault)
		                          : inside(in->p[i], &s->fault);
	}
	if (s->fault)
		return -1;
	*piece = str_to(*in, i);
	*in = str_from(*in, i);
	return i > 0;
}

struct str
smtp_stuff_end(struct smtp_stuff *s)
{
	if (s->state == CR)
		blame(&s->fault, SMTP_DOT_BARE_CR);
	if (s->fault)
		return STR("");
	return s->state == START ? STR(".\r\n") : STR("\r\n.\r\n");
}
