/* SPDX-License-Identifier: ISC */
/* A file system of one file, FUSEFILE_NAME, on raw /dev/fuse.  The kernel
 * keeps nothing of the file: every read, write and fsync of the loop device
 * on it arrives here, each answered before the next is taken. */
#ifndef FUSEFILE_H
#define FUSEFILE_H

#include <stddef.h>
#include <stdint.h>

#define FUSEFILE_NAME "disk"

struct fusefile {
	int fd;
	uint64_t size; /* of the file */
	char *in;      /* the request being served */
};

enum fusefile_kind { FUSEFILE_READ, FUSEFILE_WRITE, FUSEFILE_SYNC };

struct fusefile_job {
	enum fusefile_kind kind;
	uint64_t unique;
	uint64_t at;
	uint32_t n;
	const char *data; /* of a write; valid until the next job */
};

/* Mount it on dir, with a file of size octets; somebody has to serve it. */
void fusefile_mount(struct fusefile *f, const char *dir, uint64_t size);

/* Forget it here: another process serves it. */
void fusefile_free(struct fusefile *f);

/* Take the next request.  Returns 1 a job to carry out and answer; 0 it needs
 * no more care, or there is none yet; -1 unmounted. */
int fusefile_next(struct fusefile *f, struct fusefile_job *j);

/* Answer a job that is done; data: what a read read, j->n octets. */
void fusefile_done(
    struct fusefile *f, const struct fusefile_job *j, const char *data);

#endif
