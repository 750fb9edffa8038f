/* SPDX-License-Identifier: ISC */
/* Quoted-printable: what is held is a run of blanks, or '=' and what followed
 * it so far. */
#include "msg/qp.h"

#include "base/ascii.h"

void
qp_begin(struct qp *d)
{
	d->n = 0;
}

void
qp_end(struct qp *d, struct buf *to)
{
	buf_put(to, d->held, d->n);
	d->n = 0;
}

static void
hold(struct qp *d, char c, struct buf *to)
{
	if (d->n == QP_HELD)
		qp_end(d, to);
	d->held[d->n++] = c;
}

/* "=" is held, perhaps with more; returns whether c belonged to it. */
static bool
escape(struct qp *d, char c, struct buf *to)
{
	char last = d->held[d->n - 1];

	if (d->n == 2 && ascii_xdigit(last) >= 0) {
		if (ascii_xdigit(c) < 0)
			return false;
		buf_chr(to, (char)(ascii_xdigit(last) << 4 | ascii_xdigit(c)));
		d->n = 0;
		return true;
	}
	if (c == '\n') {
		d->n = 0;
		return true;
	}
	/* Blanks and CR may stand between '=' and the line's end. */
	if ((d->n == 1 && ascii_xdigit(c) >= 0) ||
	    ((c == '\r' || ascii_isblank(c)) && last != '\r')) {
		if (d->n < QP_HELD)
			hold(d, c, to);
		return true;
	}
	return false;
}

static void
one(struct qp *d, char c, struct buf *to)
{
	if (d->n && d->held[0] == '=') {
		if (escape(d, c, to))
			return;
		qp_end(d, to);
	}
	if (c == '\r' || c == '\n')
		d->n = 0;
	if (c == '=' || ascii_isblank(c)) {
		if (c == '=')
			qp_end(d, to);
		hold(d, c, to);
		return;
	}
	qp_end(d, to);
	buf_chr(to, c);
}

/* How much of s is ordinary text, which goes over in runs: up to the next '='
 * or line's end, but blanks before that one. */
static size_t
run(struct str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '=' && s.p[n] != '\n')
		n++;
	if (n < s.n && s.p[n] == '=')
		return n;
	while (n && (ascii_isblank(s.p[n - 1]) || s.p[n - 1] == '\r'))
		n--;
	return n;
}

void
qp_feed(struct qp *d, struct str s, struct buf *to)
{
	while (s.n) {
		size_t n = d->n ? 0 : run(s);

		buf_str(to, str_to(s, n));
		s = str_from(s, n);
		if (s.n) {
			one(d, s.p[0], to);
			s = str_from(s, 1);
		}
	}
}
