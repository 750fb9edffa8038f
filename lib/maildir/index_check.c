/* SPDX-License-Identifier: ISC */
/* Inside the index: its layout and its checksums. */
#include "maildir/index_check.h"

#include <string.h>

#include "base/ascii.h"
#include "msg/flags.h"

#define MULTIPLIER UINT64_C(0x9e3779b97f4a7c15) /* 2^64 / golden ratio */

static uint64_t
mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * MULTIPLIER;
	return h ^ h >> 29;
}

uint32_t
index_sum(const void *p, size_t n, uint64_t seed)
{
	const unsigned char *at = p;
	uint64_t h = mix(seed, n);

	for (; n >= 8; n -= 8, at += 8) {
		uint64_t word;

		memcpy(&word, at, 8);
		h = mix(h, word);
	}
	if (n > 0) {
		uint64_t word = 0;

		memcpy(&word, at, n);
		h = mix(h, word);
	}
	h = mix(h, seed);
	return (uint32_t)(h ^ h >> 32);
}

uint32_t
index_sum_bit(uint32_t r)
{
	return index_sum(NULL, 0, (uint64_t)r + 1);
}

uint32_t
index_sum_head(const struct index_head *h)
{
	struct index_head copy = *h;

	copy.check = 0;
	return index_sum(&copy, sizeof(copy), INDEX_MAGIC);
}

uint32_t
index_sum_record(const struct index_record *rec, uint64_t id, uint32_t r)
{
	return index_sum(&rec->uid, sizeof(*rec) - sizeof(rec->check),
	    id + (uint64_t)r * MULTIPLIER);
}

uint32_t
index_sum_name(const char *p, size_t n)
{
	return index_sum(p, n, 1);
}

size_t
index_bits_at(void)
{
	return INDEX_HEAD;
}

size_t
index_records_at(const struct index_head *h)
{
	return index_bits_at() + ((size_t)h->room + 63) / 64 * 8;
}

size_t
index_names_at(const struct index_head *h)
{
	return index_records_at(h) + h->room * sizeof(struct index_record);
}

size_t
index_size(const struct index_head *h)
{
	return index_names_at(h) + h->names_room;
}

static void
add(uint32_t *to, bool counts, int sign)
{
	*to += counts ? (uint32_t)sign : 0;
}

void
index_count(
    struct index_head *h, const struct index_record *rec, uint32_t r, int sign)
{
	bool dead = rec->flags & INDEX_DEAD;

	add(&h->dead, dead, sign);
	if (dead)
		h->dead_check ^= index_sum_bit(r);
	add(&h->in_new, !dead && rec->flags & INDEX_IN_NEW, sign);
	add(&h->unseen, !dead && !(rec->flags & FLAG_SEEN), sign);
	add(&h->deleted, !dead && rec->flags & FLAG_DELETED, sign);
	if (!dead && !(rec->flags & FLAG_SEEN) && sign > 0 &&
	    r < h->unseen_from)
		h->unseen_from = r;
}

/* Whether the flags are written as name_make() does. */
static bool
is_made(struct str info)
{
	if (!str_starts(info, STR(":2,")))
		return false;
	for (size_t i = 3; i < info.n; i++)
		if (!ascii_isalpha(info.p[i]) ||
		    (i > 3 && info.p[i] <= info.p[i - 1]))
			return false;
	return true;
}

struct str
index_split_name(struct index_record *rec, struct str name)
{
	struct name n = name_parse(name);

	rec->flags &= (uint16_t) ~(FLAG_SETTABLE | INDEX_MADE);
	rec->flags |= (uint16_t)(n.flags & FLAG_SETTABLE);
	rec->keywords = (rec->keywords >> 26 << 26) | n.letters;
	rec->base_n = (uint8_t)n.base.n;
	if (n.others || !is_made(str_from(name, n.base.n)))
		return name;
	rec->flags |= INDEX_MADE;
	return n.base;
}
