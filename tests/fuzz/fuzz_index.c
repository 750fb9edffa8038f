/* SPDX-License-Identifier: ISC */
/* A folder's index from hostile hands, with checksums that are right as often
 * as not: nothing outside of the mapping is read or written. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maildir/index.h"
#include "maildir/index_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Where a fuzzer would hardly get by itself: right sizes and checksums. */
static size_t
mend(unsigned char *p, size_t n)
{
	struct index_head h;

	memcpy(&h, p, sizeof(h));
	h.magic = INDEX_MAGIC;
	h.record_size = sizeof(struct index_record);
	h.room %= 40;
	h.count %= h.room + 1;
	h.dead %= h.count + 1;
	h.names_room %= 3000;
	h.names_n %= h.names_room + 1;
	if (index_size(&h) > n)
		return n;
	for (uint32_t r = 0; r < h.count; r++) {
		unsigned char *at =
		    p + index_records_at(&h) + r * sizeof(struct index_record);
		struct index_record rec;
		const char *name;

		memcpy(&rec, at, sizeof(rec));
		rec.name_at %= 3000;
		if (rec.name_at + rec.name_n + rec.uidl_n <= h.names_room) {
			name =
			    (const char *)p + index_names_at(&h) + rec.name_at;
			rec.name_check = index_sum_name(
			    name, (size_t)rec.name_n + rec.uidl_n);
		}
		rec.check = index_sum_record(&rec, h.id, r);
		memcpy(at, &rec, sizeof(rec));
	}
	h.check = index_sum_head(&h);
	memcpy(p, &h, sizeof(h));
	return index_size(&h);
}

static void
ignore(void *arg, uint32_t r)
{
	uint32_t *sum = arg;

	*sum += r;
}

static void
read_all(struct index *x)
{
	uint32_t sum = 0;

	for (uint32_t r = 0; r < x->head.count; r++) {
		struct index_record rec;
		char name[NAME_SIZE];

		if (!index_peek(x, r, &rec))
			continue;
		index_name(x, &rec, name);
		index_base(x, &rec, name);
		index_uidl(x, &rec, name);
	}
	index_changed(x, 0, &sum, ignore);
	index_find(x, 1000);
}

static void
change(struct index *x)
{
	struct index_record rec;
	uint32_t *dead;

	if (index_lock(x) != 1)
		return;
	dead = calloc(x->head.dead + 1, sizeof(*dead));
	if (dead)
		index_dead(x, dead);
	free(dead);
	x->bad = false;
	if (x->head.count && index_get(x, 0, &rec)) {
		index_set_name(x, &rec, STR("name:2,PS"));
		index_put(x, 0, &rec, true);
	}
	rec = (struct index_record){.uid = 7};
	index_append(x, &rec, STR("other"), STR("uidl"));
	index_unlock(x);
}

static char path[] = "/tmp/yubin-fuzz-index.XXXXXX";

static void
clean_up(void)
{
	unlink(path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static int fd = -1;
	unsigned char *copy = malloc(n + 1);
	struct index x;

	if (fd < 0 && (fd = mkstemp(path)) >= 0)
		atexit(clean_up);
	if (fd < 0 || !copy)
		abort();
	memcpy(copy, data, n);
	if (n >= INDEX_HEAD && data[0] != 1)
		n = mend(copy, n);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, copy, n, 0) != (ssize_t)n)
		abort();
	free(copy);
	if (index_open(&x, AT_FDCWD, path) == 1) {
		read_all(&x);
		x.bad = false;
		change(&x);
		index_close(&x);
	}
	return 0;
}
