/* SPDX-License-Identifier: ISC */
/* Reading digests.  Nothing in them is trusted, checksum or not. */
#include "base/crc32c.h"
#include "base/varint.h"
#include "msg/digest.h"
#include "msg/digest_form.h"

#define ZONE_MAX (99 * 60 + 99) /* minutes: what four digits can say */

static int64_t
take_signed(struct scan *s)
{
	uint64_t v = varint_take(s, UINT64_MAX);

	return v & 1 ? (int64_t) ~(v >> 1) : (int64_t)(v >> 1);
}

static struct str
take_string(struct scan *s)
{
	struct str text = STR("");

	scan_take(s, (size_t)varint_take(s, DIGEST_MAX), &text);
	return text;
}

static void
read_header(struct digest *d, struct scan *s)
{
	int64_t zone;

	d->header = varint_take(s, SIZE_MAX / 2);
	d->header_wire = d->header + varint_take(s, d->header);
	d->date_s = take_signed(s);
	zone = take_signed(s);
	if (zone < -ZONE_MAX || zone > ZONE_MAX)
		scan_fail(s, "no such zone");
	d->zone_min = (int)zone;
	d->subject = take_string(s);
	d->fields = take_string(s);
}

static void
read_whole(struct digest *d, struct scan *s)
{
	d->size = varint_take(s, SIZE_MAX / 2);
	d->wire = d->size + varint_take(s, d->size);
	d->structure = take_string(s);
	d->extra = take_string(s);
	d->parts = scan_rest(s);
	if (d->header > d->size)
		scan_fail(s, "more header than message");
}

int
digest_read(struct digest *d, struct str octets)
{
	const unsigned char *head = (const unsigned char *)octets.p;
	struct scan s = scan_make(str_from(octets, DIGEST_HEAD));
	uint32_t crc = 0;

	*d = (struct digest){0};
	if (octets.n < DIGEST_HEAD || !str_starts(octets, STR(DIGEST_MAGIC)) ||
	    head[2] != DIGEST_VERSION)
		return -1;
	for (int i = 0; i < 4; i++)
		crc |= (uint32_t)head[4 + i] << 8 * i;
	if (crc != crc32c(crc32c(0, head, 4), s.p, octets.n - DIGEST_HEAD))
		return -1;
	d->whole = head[3] & DIGEST_WHOLE;
	d->cut = head[3] & DIGEST_CUT;
	d->dated = head[3] & DIGEST_DATED;
	d->reply = head[3] & DIGEST_REPLY;
	read_header(d, &s);
	if (d->whole)
		read_whole(d, &s);
	return s.bad ? -1 : 0;
}

/* -------------------------------------------------------------- parts */

static void
take_part(struct scan *s, const struct digest *d, struct part_tree *t)
{
	uint32_t i = (uint32_t)t->n++;
	struct part *p = &t->parts[i];
	uint64_t bits = varint_take(s, 31);
	uint32_t up = (uint32_t)varint_take(s, i);

	*p = (struct part){.kind = bits & 3,
	    .encoding = bits >> 2 & 3,
	    .declared = bits >> 4,
	    .parent = i ? i - up : PART_NONE,
	    .first = PART_NONE,
	    .next = PART_NONE};
	p->header = (size_t)varint_take(s, d->size);
	p->header += i ? t->parts[i - 1].header : 0;
	p->body = p->header + (size_t)varint_take(s, d->size);
	p->end = p->body + (size_t)varint_take(s, d->size);
	p->header_lf = (size_t)varint_take(s, p->body - p->header);
	p->body_lf = (size_t)varint_take(s, p->end - p->body);
	p->lines = (size_t)varint_take(s, p->end - p->body);
	p->type = take_string(s);
	p->subtype = take_string(s);
	if (p->kind > PART_MESSAGE || p->encoding > PART_BASE64)
		scan_fail(s, "no such kind");
}

/* Hang part i below its parent; last[] holds everybody's youngest child. */
static bool
hang(struct part_tree *t, uint32_t i, uint32_t *last)
{
	struct part *p = &t->parts[i];
	struct part *up = &t->parts[p->parent];
	uint32_t *elder = &last[p->parent];

	if (p->parent >= i || up->kind == PART_LEAF || p->header < up->body ||
	    p->body < p->header || p->end < p->body || p->end > up->end ||
	    up->depth >= PART_DEPTH)
		return false;
	p->depth = up->depth + 1;
	if (up->first == PART_NONE)
		up->first = i;
	else if (up->kind == PART_MESSAGE || p->header < t->parts[*elder].end)
		return false;
	else
		t->parts[*elder].next = i;
	*elder = i;
	return true;
}

int
digest_tree(const struct digest *d, struct part_tree *t, struct arena *a)
{
	struct scan s = scan_make(d->parts);
	uint64_t n = varint_take(&s, PART_MAX);
	uint32_t *last;

	*t = (struct part_tree){.text = STR("")};
	if (n == 0 || !d->whole)
		return -1;
	t->parts = arena_array(a, (size_t)n, sizeof(*t->parts));
	last = arena_array(a, (size_t)n, sizeof(*last));
	while (t->n < n && !s.bad)
		take_part(&s, d, t);
	if (!scan_end(&s) || t->parts[0].header || t->parts[0].end != d->size)
		return -1;
	for (uint32_t i = 1; i < n; i++)
		if (!hang(t, i, last))
			return -1;
	for (uint32_t i = 0; i < n; i++)
		if (t->parts[i].kind == PART_MESSAGE &&
		    t->parts[i].first == PART_NONE)
			return -1;
	return 0;
}
