/* SPDX-License-Identifier: ISC */
/* A disk with a volatile write cache, in memory: what a reader sees now, what
 * survived the last flush, and the writes since then. */
#ifndef DISK_H
#define DISK_H

#include <stddef.h>
#include <stdint.h>

#define DISK_BLOCK 4096

/* What a power cut may leave. */
enum disk_image {
	DISK_FLUSHED, /* nothing since the last flush: the worst case */
	DISK_ALL,     /* every write that was answered */
	DISK_HALF,    /* of the writes since the last flush, by chance, half */
	DISK_IMAGES
};

/* A write since the last flush, at most one block long. */
struct disk_write {
	uint64_t at;
	uint32_t n;
	size_t data; /* offset in disk.data */
};

struct disk {
	char *live, *durable;
	size_t size;
	unsigned char *used; /* one a block: it may be other than zeros */
	struct disk_write *writes;
	size_t n, writes_max;
	char *data;
	size_t data_n, data_max;
};

/* Begin with the contents of the file fd. */
void disk_load(struct disk *d, int fd);

void disk_free(struct disk *d);

/* Write n octets at `at`; beyond the end it is cut off. */
void disk_write(struct disk *d, uint64_t at, const char *p, size_t n);

/* Make all writes so far durable. */
void disk_flush(struct disk *d);

/* Create the file path with what a cut now leaves.  seed decides for
 * DISK_HALF. */
void disk_save(const struct disk *d, enum disk_image what, uint64_t seed,
    const char *path);

#endif
