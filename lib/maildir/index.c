/* SPDX-License-Identifier: ISC */
/* The index of one folder: mapping, locking, reading and changing it. */
#define _GNU_SOURCE
#include "maildir/index.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "io/lock.h"
#include "maildir/index_check.h"

#define READ_MANY 4096 /* records: 320 KiB */

_Static_assert(sizeof(struct index_record) == 80, "octets on disk");
_Static_assert(sizeof(struct index_head) <= INDEX_RING_AT, "head and ring");

void
index_init(struct index *x)
{
	*x = (struct index){.fd = -1};
}

bool
index_is_open(const struct index *x)
{
	return x->map != NULL;
}

int64_t
index_boot_ns(void)
{
	struct timespec up;

	clock_gettime(CLOCK_BOOTTIME, &up);
	return now_wall_us() * 1000 - (int64_t)up.tv_sec * 1000000000 -
	       up.tv_nsec;
}

/* ------------------------------------------------------------ the head */

static bool
valid(const struct index_head *h, size_t mapped)
{
	return h->magic == INDEX_MAGIC &&
	       h->record_size == sizeof(struct index_record) &&
	       h->check == index_sum_head(h) && h->room <= INDEX_MOST &&
	       h->count <= h->room && h->names_n <= h->names_room &&
	       h->dead <= h->count && index_size(h) == mapped;
}

static bool
read_head(struct index *x)
{
	struct index_head h;

	memcpy(&h, x->map, sizeof(h));
	if (!valid(&h, x->mapped))
		return false;
	x->head = h;
	return true;
}

bool
index_look(struct index *x)
{
	if (x->bad || !x->map)
		return false;
	if (x->locked || read_head(x))
		return true;
	/* Somebody may be writing it just now. */
	if (x->fd >= 0 &&
	    lock_take(x->fd, true, now_plus_s(INDEX_WAIT_S)) == 1) {
		bool ok = read_head(x);

		lock_release(x->fd);
		if (ok)
			return true;
	}
	x->bad = true;
	return false;
}

bool
index_replaced(const struct index *x)
{
	struct stat st;

	return x->fd >= 0 && (fstat(x->fd, &st) < 0 || st.st_nlink == 0);
}

int
index_lock(struct index *x)
{
	int r = 1;

	if (x->bad || !x->map)
		return 0;
	if (x->locked) {
		x->locked++;
		return 1;
	}
	if (x->fd >= 0)
		r = lock_take(x->fd, true, now_plus_s(INDEX_WAIT_S));
	if (r == 0)
		errno = ETIMEDOUT;
	if (r != 1)
		return fail("lock ", INDEX);
	if (!index_replaced(x)) {
		if (read_head(x) && !index_guard_hit(x->map)) {
			x->locked = 1;
			return 1;
		}
		x->bad = true;
	}
	if (x->fd >= 0)
		lock_release(x->fd);
	return 0;
}

void
index_unlock(struct index *x)
{
	if (x->locked == 0 || --x->locked > 0)
		return;
	x->head.check = index_sum_head(&x->head);
	memcpy(x->map, &x->head, sizeof(x->head));
	if (x->fd >= 0)
		lock_release(x->fd);
}

/* ----------------------------------------------------- opening, closing */

/* The file of n octets is open at x->fd. */
static int
map(struct index *x, size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, x->fd, 0);

	if (p == MAP_FAILED)
		return 0;
	x->map = p;
	x->mapped = n;
	index_guard_add(p, n);
	if (index_look(x))
		return 1;
	index_close(x);
	return 0;
}

int
index_open(struct index *x, int dirfd, const char *name)
{
	struct stat st;

	index_init(x);
	x->fd =
	    openat(dirfd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (x->fd < 0)
		return 0;
	/* Another user's, in a directory of all: not to be believed. */
	if (fstat(x->fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_uid == geteuid() && st.st_size > INDEX_HEAD &&
	    (uint64_t)st.st_size < SIZE_MAX / 2 && map(x, (size_t)st.st_size))
		return 1;
	index_close(x);
	return 0;
}

void
index_close(struct index *x)
{
	while (x->locked)
		index_unlock(x);
	if (x->map) {
		if (x->fd >= 0)
			index_guard_remove(x->map);
		munmap(x->map, x->mapped);
	}
	if (x->fd >= 0)
		close(x->fd);
	index_init(x);
}

void
index_rest(struct index *x)
{
	/* Without a file it is all there is. */
	if (x->map && x->fd >= 0 &&
	    madvise(x->map, x->mapped, MADV_DONTNEED) < 0)
		errno = 0;
	x->read = 0;
}

void
index_rest_after_much(struct index *x)
{
	if (x->read >= READ_MANY)
		index_rest(x);
	x->read = 0;
}

/* ---------------------------------------------------------- the records */

static unsigned char *
place(const struct index *x, uint32_t r)
{
	return x->map + index_records_at(&x->head) +
	       (size_t)r * sizeof(struct index_record);
}

bool
index_peek(const struct index *x, uint32_t r, struct index_record *rec)
{
	if (!x->map || r >= x->head.room)
		return false;
	memcpy(rec, place(x, r), sizeof(*rec));
	return rec->check == index_sum_record(rec, x->head.id, r);
}

bool
index_get(struct index *x, uint32_t r, struct index_record *rec)
{
	bool ok;

	if (x->bad || r >= x->head.room)
		return false;
	x->read++;
	if (index_peek(x, r, rec))
		return true;
	/* Half-way through a change? */
	if (x->locked || index_lock(x) != 1) {
		x->bad = true;
		return false;
	}
	ok = index_peek(x, r, rec);
	index_unlock(x);
	x->bad = !ok;
	return ok;
}

static void
write_record(struct index *x, uint32_t r, struct index_record *rec)
{
	rec->check = index_sum_record(rec, x->head.id, r);
	memcpy(place(x, r), rec, sizeof(*rec));
}

static void
set_bit(struct index *x, uint32_t r, bool on)
{
	unsigned char *at = x->map + index_bits_at() + r / 8;
	unsigned char bit = (unsigned char)(1u << r % 8);

	*at = (unsigned char)(on ? *at | bit : *at & ~bit);
}

static void
note_change(struct index *x, uint32_t r)
{
	uint64_t n = x->head.changes++;
	uint64_t entry = (uint64_t)r << 32 | (uint32_t)n;

	memcpy(x->map + INDEX_RING_AT + n % INDEX_RING * sizeof(entry), &entry,
	    sizeof(entry));
}

void
index_put(struct index *x, uint32_t r, struct index_record *rec, bool told)
{
	struct index_record old;

	if (!index_get(x, r, &old))
		return;
	if (told)
		rec->modseq = x->head.modseq;
	index_count(&x->head, &old, r, -1);
	index_count(&x->head, rec, r, 1);
	if ((old.flags ^ rec->flags) & INDEX_DEAD)
		set_bit(x, r, rec->flags & INDEX_DEAD);
	write_record(x, r, rec);
	if (told)
		note_change(x, r);
}

void
index_recount(struct index *x)
{
	struct index_head *h = &x->head;

	h->dead = h->in_new = h->unseen = h->deleted = h->dead_check = 0;
	h->unseen_from = h->count;
	for (uint32_t r = 0; r < h->count; r++) {
		struct index_record rec;

		if (!index_get(x, r, &rec))
			return;
		index_count(h, &rec, r, 1);
		set_bit(x, r, rec.flags & INDEX_DEAD);
	}
}

uint64_t
index_next_modseq(struct index *x)
{
	uint64_t now = (uint64_t)now_wall_us();

	x->head.modseq = x->head.modseq < now ? now : x->head.modseq + 1;
	return x->head.modseq;
}

uint32_t
index_find(struct index *x, uint32_t uid)
{
	uint32_t low = 0, high = x->head.count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct index_record rec;

		if (!index_get(x, middle, &rec))
			return INDEX_NONE;
		if (rec.uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool
index_dead(struct index *x, uint32_t *to)
{
	const unsigned char *bits = x->map + index_bits_at();
	uint32_t n = 0, check = 0;

	for (uint32_t r = 0; r < x->head.count; r++) {
		if (r % 8 == 0 && bits[r / 8] == 0) {
			r += 7;
			continue;
		}
		if (!(bits[r / 8] & 1u << r % 8))
			continue;
		if (n == x->head.dead) {
			n++;
			break;
		}
		to[n++] = r;
		check ^= index_sum_bit(r);
	}
	if (n != x->head.dead || check != x->head.dead_check)
		x->bad = true;
	return !x->bad;
}

bool
index_changed(struct index *x, uint64_t since, void *arg,
    void (*each)(void *arg, uint32_t r))
{
	if (x->head.changes - since > INDEX_RING)
		return false;
	for (uint64_t k = since; k != x->head.changes; k++) {
		uint64_t entry;

		memcpy(&entry,
		    x->map + INDEX_RING_AT + k % INDEX_RING * sizeof(entry),
		    sizeof(entry));
		if ((uint32_t)entry != (uint32_t)k)
			return false;
		each(arg, (uint32_t)(entry >> 32));
	}
	return true;
}

/* -------------------------------------------------------------- names */

/* The text a record has in the area of names, of n octets.  NULL: damaged. */
static const char *
text_of(struct index *x, const struct index_record *rec)
{
	size_t n = (size_t)rec->name_n + rec->uidl_n;
	const char *p;

	if (rec->base_n <= rec->name_n && rec->name_at < x->head.names_room &&
	    n <= x->head.names_room - rec->name_at) {
		p = (const char *)x->map + index_names_at(&x->head) +
		    rec->name_at;
		if (index_sum_name(p, n) == rec->name_check)
			return p;
	}
	x->bad = true;
	return NULL;
}

bool
index_base(struct index *x, const struct index_record *rec, char to[NAME_SIZE])
{
	const char *p = text_of(x, rec);

	if (!p)
		return false;
	memcpy(to, p, rec->base_n);
	to[rec->base_n] = '\0';
	return true;
}

bool
index_name(struct index *x, const struct index_record *rec, char to[NAME_SIZE])
{
	const char *p = text_of(x, rec);
	struct name n;

	if (!p)
		return false;
	if (rec->flags & INDEX_MADE) {
		n = (struct name){.base = str_make(p, rec->base_n),
		    .flags = rec->flags & 0xff,
		    .letters = (uint32_t)(rec->keywords & 0x3ffffff)};
		return name_make(to, &n) == 0;
	}
	memcpy(to, p, rec->name_n);
	to[rec->name_n] = '\0';
	return true;
}

void
index_uidl(struct index *x, const struct index_record *rec, char to[NAME_SIZE])
{
	const char *p = rec->uidl_n ? text_of(x, rec) : NULL;

	if (p)
		memcpy(to, p + rec->name_n, rec->uidl_n);
	to[p ? rec->uidl_n : 0] = '\0';
}

/* Store the texts in the area of names. */
static bool
store_text(
    struct index *x, struct index_record *rec, struct str name, struct str uidl)
{
	char *to = (char *)x->map + index_names_at(&x->head) + x->head.names_n;

	if (name.n + uidl.n > x->head.names_room - x->head.names_n)
		return false;
	memcpy(to, name.p, name.n);
	memcpy(to + name.n, uidl.p, uidl.n);
	rec->name_at = x->head.names_n;
	rec->name_n = (uint8_t)name.n;
	rec->uidl_n = (uint8_t)uidl.n;
	rec->name_check = index_sum_name(to, name.n + uidl.n);
	x->head.names_n += (uint32_t)(name.n + uidl.n);
	return true;
}

bool
index_set_name(struct index *x, struct index_record *rec, struct str name)
{
	char uidl[NAME_SIZE];
	const char *old = text_of(x, rec);
	struct str text;

	if (!old)
		return true; /* it will be made anew */
	text = index_split_name(rec, name);
	/* As a rule only flags have changed, which are not in it. */
	if (text.n == rec->name_n && memcmp(text.p, old, text.n) == 0)
		return true;
	if (rec->uidl_n == 0 && text.n < rec->name_n &&
	    memcmp(text.p, old, text.n) == 0) {
		rec->name_n = (uint8_t)text.n;
		rec->name_check = index_sum_name(old, text.n);
		return true;
	}
	index_uidl(x, rec, uidl);
	return store_text(x, rec, text, str_z(uidl));
}

bool
index_append(
    struct index *x, struct index_record *rec, struct str name, struct str uidl)
{
	uint32_t r = x->head.count;
	struct str text = index_split_name(rec, name);

	if (r >= x->head.room || uidl.n > UINT8_MAX ||
	    !store_text(x, rec, text, uidl))
		return false;
	rec->modseq = x->head.modseq;
	set_bit(x, r, rec->flags & INDEX_DEAD);
	write_record(x, r, rec);
	x->head.count++;
	index_count(&x->head, rec, r, 1);
	if (rec->uid >= x->head.uidnext)
		x->head.uidnext = rec->uid + 1;
	return true;
}
