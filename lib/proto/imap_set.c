/* SPDX-License-Identifier: ISC */
/* Sequence sets.  Pure; RFC 3501 9. */
#include "proto/imap_set.h"

#include <stdlib.h>

#include "proto/imap_token.h"

/* A number or "*", which is 0. */
static bool
seq_number(struct scan *s, uint32_t *v)
{
	*v = 0;
	if (scan_try(s, '*'))
		return true;
	return imap_nz_number(s, v);
}

/* How many ranges the text can hold at most: its commas and one. */
static size_t
count_ranges(struct str text)
{
	size_t n = 1;

	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (c == ',')
			n++;
		else if (c != ':' && c != '*' && (c < '0' || c > '9'))
			break;
	}
	return n;
}

bool
imap_set_scan(struct scan *s, struct arena *a, struct imap_set *set)
{
	size_t max = count_ranges(scan_rest(s));

	set->n = 0;
	set->r = arena_array(a, max, sizeof(*set->r));
	do {
		struct imap_range *r = &set->r[set->n];

		if (set->n == max || !seq_number(s, &r->lo))
			return scan_fail(s, "message set expected");
		r->hi = r->lo;
		if (scan_try(s, ':') && !seq_number(s, &r->hi))
			return scan_fail(s, "message set expected");
		set->n++;
	} while (scan_try(s, ','));
	return true;
}

static int
by_start(const void *a, const void *b)
{
	const struct imap_range *x = a, *y = b;

	return (x->lo > y->lo) - (x->lo < y->lo);
}

static void
resolve_range(struct imap_range *r, uint32_t star)
{
	uint32_t lo = r->lo ? r->lo : star;
	uint32_t hi = r->hi ? r->hi : star;

	r->lo = lo < hi ? lo : hi;
	r->hi = lo < hi ? hi : lo;
}

void
imap_set_resolve(struct imap_set *set, uint32_t star)
{
	size_t n = 0;

	for (size_t i = 0; i < set->n; i++)
		resolve_range(&set->r[i], star);
	qsort(set->r, set->n, sizeof(*set->r), by_start);
	for (size_t i = 0; i < set->n; i++) {
		struct imap_range r = set->r[i];

		if (r.hi == 0)
			continue;
		if (r.lo == 0)
			r.lo = 1;
		if (n > 0 && r.lo - 1 <= set->r[n - 1].hi) {
			if (r.hi > set->r[n - 1].hi)
				set->r[n - 1].hi = r.hi;
			continue;
		}
		set->r[n++] = r;
	}
	set->n = n;
}

bool
imap_set_has(const struct imap_set *set, uint32_t v)
{
	size_t lo = 0, hi = set->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (v < set->r[mid].lo)
			hi = mid;
		else if (v > set->r[mid].hi)
			lo = mid + 1;
		else
			return true;
	}
	return false;
}

uint32_t
imap_set_last(const struct imap_set *set)
{
	return set->n ? set->r[set->n - 1].hi : 0;
}

uint32_t
imap_set_first(const struct imap_set *set)
{
	return set->n ? set->r[0].lo : 0;
}

void
imap_set_put(struct buf *b, const uint32_t *v, size_t n)
{
	for (size_t i = 0; i < n;) {
		size_t end = i + 1;

		while (end < n && v[end] == v[end - 1] + 1)
			end++;
		if (i > 0)
			buf_chr(b, ',');
		buf_num(b, v[i]);
		if (end - i > 1) {
			buf_chr(b, ':');
			buf_num(b, v[end - 1]);
		}
		i = end;
	}
}
