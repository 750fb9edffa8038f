/* SPDX-License-Identifier: ISC */
/* The FUSE protocol as <linux/fuse.h> describes it, as little as a loop device
 * on one file needs.  The file is opened FOPEN_DIRECT_IO and write-back caching
 * is not asked for, so that there is no cache above this one. */
#define _GNU_SOURCE
#include "fusefile.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/fail.h"
#include "rig.h"

#define WRITE_MAX (1024 * 1024)
#define IN_MAX (WRITE_MAX + 65536)
#define NODE 2
#define FOREVER_S 1000000

void
fusefile_mount(struct fusefile *f, const char *dir, uint64_t size)
{
	char options[100];

	f->size = size;
	f->in = malloc(IN_MAX);
	if (!f->in)
		oom();
	f->fd = open("/dev/fuse", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (f->fd < 0)
		broken("/dev/fuse");
	snprintf(options, sizeof(options),
	    "fd=%d,rootmode=40000,user_id=0,group_id=0", f->fd);
	if (mount("powercut", dir, "fuse", MS_NOSUID | MS_NODEV, options) < 0)
		broken(dir);
}

void
fusefile_free(struct fusefile *f)
{
	close(f->fd);
	free(f->in);
}

/* err: an errno, 0 for none. */
static void
reply(struct fusefile *f, uint64_t unique, int err, const void *p, size_t n)
{
	struct fuse_out_header h = {
	    .len = (uint32_t)(sizeof(h) + n), .error = -err, .unique = unique};
	struct iovec v[2] = {{&h, sizeof(h)}, {(void *)(uintptr_t)p, n}};

	/* ENOENT: the asker was killed meanwhile. */
	if (writev(f->fd, v, n ? 2 : 1) < 0 && errno != ENOENT)
		broken("answer on /dev/fuse");
}

static struct fuse_attr
attributes(const struct fusefile *f, uint64_t node)
{
	struct fuse_attr a = {.ino = node, .nlink = 1, .blksize = 4096};

	if (node == FUSE_ROOT_ID) {
		a.mode = S_IFDIR | 0700;
		return a;
	}
	a.mode = S_IFREG | 0600;
	a.size = f->size;
	a.blocks = f->size / 512;
	return a;
}

static void
start(struct fusefile *f, const struct fuse_in_header *h, const char *body)
{
	const struct fuse_init_in *in = (const void *)body;
	struct fuse_init_out out = {.major = FUSE_KERNEL_VERSION,
	    .minor = FUSE_KERNEL_MINOR_VERSION,
	    .max_readahead = in->max_readahead,
	    .flags = in->flags & (FUSE_BIG_WRITES | FUSE_MAX_PAGES),
	    .max_background = 64,
	    .congestion_threshold = 48,
	    .max_write = WRITE_MAX,
	    .time_gran = 1,
	    .max_pages = WRITE_MAX / 4096};

	if (in->major != FUSE_KERNEL_VERSION)
		broken_text("/dev/fuse", "another version of the protocol");
	reply(f, h->unique, 0, &out, sizeof(out));
}

static void
look_up(struct fusefile *f, const struct fuse_in_header *h, const char *name)
{
	struct fuse_entry_out out = {.nodeid = NODE,
	    .attr_valid = FOREVER_S,
	    .entry_valid = FOREVER_S,
	    .attr = attributes(f, NODE)};

	if (strcmp(name, FUSEFILE_NAME) != 0)
		reply(f, h->unique, ENOENT, NULL, 0);
	else
		reply(f, h->unique, 0, &out, sizeof(out));
}

static void
tell(struct fusefile *f, const struct fuse_in_header *h)
{
	struct fuse_attr_out attr = {
	    .attr_valid = FOREVER_S, .attr = attributes(f, h->nodeid)};
	struct fuse_open_out open = {.open_flags = FOPEN_DIRECT_IO};
	struct fuse_statfs_out fs = {.st = {.bsize = 4096, .namelen = 255}};

	if (h->opcode == FUSE_OPEN)
		reply(f, h->unique, 0, &open, sizeof(open));
	else if (h->opcode == FUSE_STATFS)
		reply(f, h->unique, 0, &fs, sizeof(fs));
	else
		reply(f, h->unique, 0, &attr, sizeof(attr));
}

static int
handle(struct fusefile *f, const struct fuse_in_header *h, const char *body,
    struct fusefile_job *j)
{
	const struct fuse_read_in *r = (const void *)body;
	const struct fuse_write_in *w = (const void *)body;

	switch (h->opcode) {
	case FUSE_READ:
		*j = (struct fusefile_job){
		    FUSEFILE_READ, h->unique, r->offset, r->size, NULL};
		return 1;
	case FUSE_WRITE:
		*j = (struct fusefile_job){FUSEFILE_WRITE, h->unique, w->offset,
		    w->size, body + sizeof(*w)};
		return 1;
	case FUSE_FSYNC:
		*j =
		    (struct fusefile_job){FUSEFILE_SYNC, h->unique, 0, 0, NULL};
		return 1;
	case FUSE_INIT:
		start(f, h, body);
		break;
	case FUSE_LOOKUP:
		look_up(f, h, body);
		break;
	case FUSE_OPEN:
	case FUSE_GETATTR:
	case FUSE_SETATTR:
	case FUSE_STATFS:
		tell(f, h);
		break;
	case FUSE_RELEASE:
		reply(f, h->unique, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break; /* want no answer */
	default:
		reply(f, h->unique, ENOSYS, NULL, 0);
	}
	return 0;
}

int
fusefile_next(struct fusefile *f, struct fusefile_job *j)
{
	ssize_t n = read(f->fd, f->in, IN_MAX);
	const struct fuse_in_header *h = (const void *)f->in;

	/* The mount is gone: by umount(2), or with its last user. */
	if (n < 0 && (errno == ENODEV || errno == ECONNABORTED))
		return -1;
	if (n < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOENT))
		return 0;
	if (n < (ssize_t)sizeof(*h))
		broken("read /dev/fuse");
	return handle(f, h, f->in + sizeof(*h), j);
}

void
fusefile_done(
    struct fusefile *f, const struct fusefile_job *j, const char *data)
{
	struct fuse_write_out out = {.size = j->n};

	if (j->kind == FUSEFILE_WRITE)
		reply(f, j->unique, 0, &out, sizeof(out));
	else
		reply(f, j->unique, 0, data, data ? j->n : 0);
}
