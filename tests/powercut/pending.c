/* SPDX-License-Identifier: ISC */
/* Read with lib/queue's own words for the front of a file. */
#define _GNU_SOURCE
#include "pending.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/crc32c.h"
#include "base/fail.h"
#include "io/file.h"
#include "ledger.h"
#include "queue/envelope.h"
#include "rig.h"

#define FILE_MAX ((size_t)2 * 1024 * 1024)
#define STATUSES 64

struct walk {
	struct arena *arena; /* NULL: only count */
	struct pending *list;
	size_t n;
};

static bool
waiting(const char *statuses, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!envelope_status_final(statuses[i]))
			return true;
	return false;
}

static bool
front_waits(int fd)
{
	char front[ENVELOPE_HEADER + STATUSES];
	struct envelope_header h;
	ssize_t n = pread(fd, front, sizeof(front), 0);

	return n > ENVELOPE_HEADER && envelope_header_scan(front, &h) == 0 &&
	       h.nrcpt <= (size_t)n - ENVELOPE_HEADER &&
	       waiting(front + ENVELOPE_HEADER, h.nrcpt);
}

static unsigned
user_of(struct str addr)
{
	for (unsigned u = 0; u < LEDGER_USERS; u++)
		if (str_eq(str_to(addr, str_find(addr, '@')),
			str_z(ledger_user(u))))
			return 1U << u;
	return 0;
}

/* The message behind a front that is right. */
static void
judge(struct pending *p, struct str file, const struct envelope_header *h,
    const struct envelope *e)
{
	struct str body = str_to(
	    str_from(file, (size_t)envelope_body_at(h)), (size_t)h->body_len);

	for (size_t i = 0; i < e->nrcpt && i < h->nrcpt; i++)
		if (!envelope_status_final(file.p[envelope_status_at(i)]))
			p->users |= user_of(e->rcpts[i].addr);
	p->whole = body.n == h->body_len &&
	           crc32c(0, body.p, body.n) == h->body_crc &&
	           ledger_check(body, "\r\n", &p->token) == 1;
}

/* Returns whether the file is a message, whole or not. */
static bool
examine(struct walk *w, struct pending *p, struct str file)
{
	struct envelope_header h;
	struct envelope e;
	struct str text;

	if (file.n < ENVELOPE_HEADER || envelope_header_scan(file.p, &h) < 0)
		return false;
	text = str_to(str_from(file, (size_t)envelope_text_at(&h)), h.env_len);
	if (text.n != h.env_len || !envelope_header_fits(&h, text) ||
	    envelope_scan(text, w->arena, &e) < 0)
		return false;
	judge(p, file, &h, &e);
	return true;
}

static void
add(struct walk *w, int dir, const char *name, const char *path, bool slot)
{
	struct pending *p = &w->list[w->n];
	struct buf b;

	*p = (struct pending){.whole = false};
	buf_init(&b, FILE_MAX);
	if (file_read(dir, name, &b) < 0)
		broken(path);
	/* An empty slot is no message; a file below new should be one. */
	if (examine(w, p, buf_slice(&b)) ? p->users != 0 : !slot) {
		char full[RIG_PATH];

		rig_path(full, path, "/", name);
		p->path = arena_z(w->arena, str_z(full));
		w->n++;
	}
	buf_free(&b);
}

static void
count(struct walk *w, int dir, const char *name, bool slot)
{
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);

	/* The runner may have been quicker. */
	if (fd < 0)
		return;
	if (!slot || front_waits(fd))
		w->n++;
	close(fd);
}

static void
walk_dir(struct walk *w, const char *root, const char *path, bool slot)
{
	char full[RIG_PATH];
	struct dirent *e;
	DIR *d;

	rig_path(full, root, "/", path);
	d = opendir(full);
	if (!d && slot && errno == ENOENT)
		return;
	if (!d)
		broken(full);
	while ((e = readdir(d)) && w->n < PENDING_MAX) {
		/* queue/slot/count is not a slot. */
		if (slot ? !ascii_isdigit(e->d_name[0]) : e->d_name[0] == '.')
			continue;
		if (w->arena)
			add(w, dirfd(d), e->d_name, path, slot);
		else
			count(w, dirfd(d), e->d_name, slot);
	}
	closedir(d);
}

static void
walk(struct walk *w, const char *root)
{
	for (unsigned i = 0; i < 16; i++) {
		char path[] = "queue/new/x";

		path[sizeof(path) - 2] = "0123456789abcdef"[i];
		walk_dir(w, root, path, false);
	}
	walk_dir(w, root, "queue/slot", true);
}

uint32_t
pending_count(const char *root)
{
	struct walk w = {.n = 0};

	walk(&w, root);
	return (uint32_t)w.n;
}

size_t
pending_list(const char *root, struct arena *a, struct pending **list)
{
	struct walk w = {.arena = a};

	w.list = arena_array(a, PENDING_MAX, sizeof(*w.list));
	walk(&w, root);
	*list = w.list;
	return w.n;
}
