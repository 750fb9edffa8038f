/* SPDX-License-Identifier: ISC */
/* The file systems that hold messages which were stored without a sync, and
 * making them durable all at once.
 *
 * syncfs(2) tells of write errors since the descriptor was opened, from Linux
 * 5.8 on; so a file system's descriptor is opened before the first write and
 * kept.  Only ext4, XFS and btrfs are known to keep what they promise here. */
#ifndef MAILDIR_LAZY_H
#define MAILDIR_LAZY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define LAZY_MAX 8        /* file systems; further ones are synced */
#define LAZY_STRICT_S 600 /* no unsynced storing after a failed sync */

struct lazy_fs {
	dev_t dev;
	int fd;               /* -1: of another kind */
	int64_t strict_until; /* in now_ms() terms */
};

struct lazy {
	struct lazy_fs fs[LAZY_MAX];
	size_t n;
	bool never; /* the kernel does not tell of errors */
	bool doubt; /* the last sync failed */
};

void lazy_init(struct lazy *z);

/* Whether what is stored from now on in the directory dirfd, on the file system
 * dev, may stay unsynced until lazy_sync(). */
bool lazy_allowed(struct lazy *z, int dirfd, dev_t dev);

/* Make everything durable that was stored where lazy_allowed() said yes.
 * Returns 0; -1 failed: none of it is to be trusted, and nothing more may stay
 * unsynced on that file system for LAZY_STRICT_S.  The sync after a failed one
 * fails too: what another process was storing meanwhile may have been hit. */
int lazy_sync(struct lazy *z);

void lazy_close(struct lazy *z);

#endif
