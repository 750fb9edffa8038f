/* SPDX-License-Identifier: ISC */
/* The pool of slots.  Nothing is shared in memory and nobody keeps a list of
 * free ones: a few random looks find one while the pool is not nearly full,
 * and when it is, mail should slow down anyway. */
#define _GNU_SOURCE
#include "queue/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "base/num.h"
#include "io/file.h"
#include "io/lock.h"

#define TRIES 8 /* looks for a free slot */
#define SLOT_MODE 0660
#define SHARE 50 /* slots take at most this part of the free space */

static const char free_word[] = "yubin-queue free";

void
slot_path(char to[WALK_PATH], int i)
{
	snprintf(to, WALK_PATH, "slot/%04d", i);
}

bool
slot_is_path(const char *path)
{
	return strncmp(path, "slot/", 5) == 0;
}

static void
free_header(char to[ENVELOPE_HEADER])
{
	memset(to, ' ', ENVELOPE_HEADER);
	memcpy(to, free_word, sizeof(free_word) - 1);
	to[ENVELOPE_HEADER - 1] = '\n';
}

/* A header lies in one sector and is written at once: it is never torn. */
static bool
is_free(const char header[ENVELOPE_HEADER])
{
	char want[ENVELOPE_HEADER];

	free_header(want);
	return memcmp(header, want, ENVELOPE_HEADER) == 0;
}

int
slot_count(int queue)
{
	char text[16];
	ssize_t n = readlinkat(queue, "slot/count", text, sizeof(text));
	uint64_t count;

	if (n <= 0 || num_scan(str_make(text, (size_t)n), SLOT_MOST, &count))
		return 0;
	return (int)count;
}

/* --------------------------------------------------------------- making */

/* Copying on every write, as btrfs does, would undo what slots are for. */
static void
write_in_place(int queue)
{
	int fd = openat(queue, "slot", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int flags = 0;

	if (fd < 0)
		return;
	/* The C libraries differ about the type of a request. */
	if (syscall(SYS_ioctl, fd, FS_IOC_GETFLAGS, &flags) == 0) {
		flags |= FS_NOCOW_FL;
		if (syscall(SYS_ioctl, fd, FS_IOC_SETFLAGS, &flags) < 0)
			errno = 0; /* other file systems know nothing of it */
	}
	close(fd);
}

/* Returns 1 it was made, 0 it was there, -1 failed. */
static int
make_one(int queue, const char *path)
{
	static char octets[SLOT_SIZE];
	struct stat st;
	int fd, r;

	if (fstatat(queue, path, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (st.st_size == SLOT_SIZE)
			return 0;
		/* Cut off while it was made: it was never used. */
		unlinkat(queue, path, 0);
	}
	fd = openat(queue, path,
	    O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return fail("create queue/", path);
	free_header(octets);
	r = fchmod(fd, SLOT_MODE) < 0 ? -1 : file_write(fd, octets, SLOT_SIZE);
	if (close(fd) < 0 || r < 0) {
		fail("write queue/", path);
		unlinkat(queue, path, 0);
		return -1;
	}
	return 1;
}

static int
publish(int queue, int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", n);
	unlinkat(queue, "slot/.count", 0);
	if (symlinkat(text, queue, "slot/.count") < 0 ||
	    renameat(queue, "slot/.count", queue, "slot/count") < 0)
		return fail("publish ", "queue/slot/count");
	return n;
}

static int
affordable(int queue, int n)
{
	struct statvfs v;
	uint64_t slots;

	if (fstatvfs(queue, &v) < 0)
		return 0;
	slots = (uint64_t)v.f_bavail * v.f_frsize / SHARE / SLOT_SIZE;
	return slots < (uint64_t)n ? (int)slots : n;
}

int
slot_make(int queue, int n)
{
	char path[WALK_PATH];
	int had = slot_count(queue);
	int made = 0;
	int i;

	if (n > SLOT_MOST)
		n = SLOT_MOST;
	if (n > had)
		n = had + affordable(queue, n - had);
	write_in_place(queue);
	for (i = 0; i < n; i++) {
		int r;

		slot_path(path, i);
		r = make_one(queue, path);
		if (r < 0 && i == 0)
			return -1;
		if (r < 0)
			break;
		made += r;
	}
	if (made > 0 && syncfs(queue) < 0)
		return fail("sync ", "queue/slot");
	return i == had ? i : publish(queue, i);
}

/* --------------------------------------------------------------- taking */

static int
random_below(int n)
{
	unsigned v = 0;

	if (getrandom(&v, sizeof(v), GRND_NONBLOCK) != (ssize_t)sizeof(v))
		v = (unsigned)now_wall_us() ^ (unsigned)getpid() << 8;
	return (int)(v % (unsigned)n);
}

static bool
reads_free(int fd)
{
	char header[ENVELOPE_HEADER];

	return pread(fd, header, sizeof(header), 0) ==
	           (ssize_t)sizeof(header) &&
	       is_free(header);
}

/* Returns 1 taken, 0 not, -1 failed. */
static int
claim(int queue, const char *path, int *fd)
{
	int r = 0;

	*fd = openat(queue, path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (*fd < 0)
		return errno == ENOENT ? 0 : fail("open queue/", path);
	if (reads_free(*fd)) {
		r = lock_take(*fd, true, 0);
		/* Somebody may have come in between. */
		if (r == 1 && !reads_free(*fd))
			r = 0;
	}
	if (r == 1)
		return 1;
	close(*fd);
	*fd = -1;
	return r < 0 ? fail("lock queue/", path) : 0;
}

int
slot_claim(int queue, int *n, uint32_t from, char path[WALK_PATH], int *fd)
{
	int at;

	if (*n == 0)
		*n = slot_count(queue);
	at = *n > 0 ? (int)(from % (uint32_t)*n) : 0;
	*fd = -1;
	for (int i = 0; i < TRIES && i < *n; i++) {
		int r;

		slot_path(path, (at + i) % *n);
		r = claim(queue, path, fd);
		if (r != 0)
			return r;
	}
	*n = 0;
	return 0;
}

bool
slot_scarce(int queue)
{
	int n = slot_count(queue);
	int at = n > 0 ? random_below(n) : 0;
	char path[WALK_PATH];

	for (int i = 0; i < TRIES && i < n; i++) {
		bool found;
		int fd;

		slot_path(path, (at + i) % n);
		fd = openat(queue, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd < 0)
			return false; /* nothing to wait for */
		found = reads_free(fd);
		close(fd);
		if (found)
			return false;
	}
	return n > 0;
}

int
slot_free_at(int fd)
{
	char header[ENVELOPE_HEADER];

	free_header(header);
	return file_write_at(fd, header, sizeof(header), 0) < 0
	           ? fail("write ", "queue/slot")
	           : 0;
}

int
slot_free(int queue, const char *path)
{
	int fd = openat(queue, path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	int r;

	if (fd < 0)
		return fail("open queue/", path);
	r = slot_free_at(fd);
	close(fd);
	return r;
}

/* -------------------------------------------------------------- looking */

/* The envelope begins with the id, behind the recipients' octets. */
static int
read_id(int fd, const struct envelope_header *h, char id[ID_SIZE])
{
	static const char key[] = "2:id,21:";
	char text[sizeof(key) - 1 + ID_LEN];
	ssize_t n = file_read_at(fd, text, sizeof(text), envelope_text_at(h));
	struct str s = str_make(text, sizeof(text));

	if (n < 0)
		return fail("read ", "queue/slot");
	/* Of a slot's first message a loss of power may leave the header. */
	if (n != (ssize_t)sizeof(text) || !str_starts(s, str_z(key)) ||
	    !id_valid(str_from(s, sizeof(key) - 1)))
		return fail_text(EPROTO, "a message without its id");
	return str_copy(id, ID_SIZE, str_from(s, sizeof(key) - 1)) < 0 ? -1 : 1;
}

static bool
being_written(int fd)
{
	struct flock l = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type != F_UNLCK;
}

/* Returns as slot_look(). */
static int
look(int fd, char id[ID_SIZE])
{
	char header[ENVELOPE_HEADER];
	struct envelope_header h;
	ssize_t n = file_read_at(fd, header, sizeof(header), 0);

	if (n != (ssize_t)sizeof(header))
		return n < 0 ? fail("read ", "queue/slot") : 0;
	if (is_free(header) || being_written(fd))
		return 0;
	if (envelope_header_scan(header, &h) < 0)
		return -1;
	return read_id(fd, &h, id);
}

int
slot_look(int queue, int i, char id[ID_SIZE])
{
	char path[WALK_PATH];
	int fd, r, err;

	slot_path(path, i);
	fd = openat(queue, path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return fail("open queue/", path);
	r = look(fd, id);
	err = errno;
	close(fd);
	errno = err;
	return r;
}
