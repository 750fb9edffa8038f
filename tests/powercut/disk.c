/* SPDX-License-Identifier: ISC */
/* The disk's memory is private: a process that forks has a frozen copy, for
 * the price of the pages written later. */
#define _GNU_SOURCE
#include "disk.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "rig.h"

#define SAVE_BLOCKS 256 /* saved by one system call */

static char *
memory(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		broken("mmap");
	/* Huge pages would make each copy on write a copy of 2 MiB. */
	if (madvise(p, n, MADV_NOHUGEPAGE) < 0)
		return p; /* a kernel without them */
	return p;
}

static bool
is_zero(const char *p, size_t n)
{
	return p[0] == 0 && memcmp(p, p + 1, n - 1) == 0;
}

void
disk_load(struct disk *d, int fd)
{
	char block[DISK_BLOCK];
	struct stat st;

	if (fstat(fd, &st) < 0)
		broken("disk");
	*d =
	    (struct disk){.size = (size_t)st.st_size / DISK_BLOCK * DISK_BLOCK};
	d->live = memory(d->size);
	d->durable = memory(d->size);
	d->used = (unsigned char *)memory(d->size / DISK_BLOCK);
	for (size_t at = 0; at < d->size; at += DISK_BLOCK) {
		if (pread(fd, block, DISK_BLOCK, (off_t)at) != DISK_BLOCK)
			broken("disk");
		if (is_zero(block, DISK_BLOCK))
			continue;
		d->used[at / DISK_BLOCK] = 1;
		memcpy(d->live + at, block, DISK_BLOCK);
		memcpy(d->durable + at, block, DISK_BLOCK);
	}
}

void
disk_free(struct disk *d)
{
	rig_unshare(d->live, d->size);
	rig_unshare(d->durable, d->size);
	rig_unshare(d->used, d->size / DISK_BLOCK);
	free(d->writes);
	free(d->data);
	*d = (struct disk){.size = 0};
}

static void *
grow(void *p, size_t need, size_t *max, size_t size)
{
	if (need <= *max)
		return p;
	while (*max < need)
		*max = *max ? *max * 2 : 1024;
	p = realloc(p, *max * size);
	if (!p)
		oom();
	return p;
}

static void
remember(struct disk *d, uint64_t at, const char *p, uint32_t n)
{
	d->writes =
	    grow(d->writes, d->n + 1, &d->writes_max, sizeof(*d->writes));
	d->data = grow(d->data, d->data_n + n, &d->data_max, 1);
	d->writes[d->n++] = (struct disk_write){at, n, d->data_n};
	memcpy(d->data + d->data_n, p, n);
	d->data_n += n;
}

void
disk_write(struct disk *d, uint64_t at, const char *p, size_t n)
{
	if (at >= d->size)
		return;
	if (n > d->size - at)
		n = d->size - at;
	memcpy(d->live + at, p, n);
	while (n > 0) {
		size_t part = DISK_BLOCK - at % DISK_BLOCK;

		if (part > n)
			part = n;
		remember(d, at, p, (uint32_t)part);
		d->used[at / DISK_BLOCK] = 1;
		at += part;
		p += part;
		n -= part;
	}
}

void
disk_flush(struct disk *d)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct disk_write *w = &d->writes[i];

		memcpy(d->durable + w->at, d->data + w->data, w->n);
	}
	d->n = d->data_n = 0;
}

static void
save_blocks(const struct disk *d, const char *from, int fd)
{
	size_t end = d->size / DISK_BLOCK;

	for (size_t b = 0; b < end; b++) {
		size_t n = 0;

		while (b + n < end && n < SAVE_BLOCKS && d->used[b + n])
			n++;
		if (n == 0)
			continue;
		if (pwrite(fd, from + b * DISK_BLOCK, n * DISK_BLOCK,
			(off_t)(b * DISK_BLOCK)) != (ssize_t)(n * DISK_BLOCK))
			broken("write an image");
		b += n - 1;
	}
}

static void
save_half(const struct disk *d, uint64_t seed, int fd)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct disk_write *w = &d->writes[i];

		if (rig_random(&seed) >> 63)
			continue;
		if (pwrite(fd, d->data + w->data, w->n, (off_t)w->at) !=
		    (ssize_t)w->n)
			broken("write an image");
	}
}

void
disk_save(
    const struct disk *d, enum disk_image what, uint64_t seed, const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || ftruncate(fd, (off_t)d->size) < 0)
		broken(path);
	save_blocks(d, what == DISK_ALL ? d->live : d->durable, fd);
	if (what == DISK_HALF)
		save_half(d, seed, fd);
	if (close(fd) < 0)
		broken(path);
}
