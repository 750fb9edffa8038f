/* SPDX-License-Identifier: ISC */
/* Advisory locks: polling with growing pauses, since F_OFD_SETLKW has no
 * deadline and alarm() belongs to the program. */
#define _GNU_SOURCE
#include "io/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/now.h"

/* Locks are held for a moment: many who wait long each leave them unused. */
#define PAUSE_MOST_MS 4
#define UNLOCK_TRIES 3

static int
set_lock(int fd, short type)
{
	struct flock l = {.l_type = type, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_SETLK, &l);
}

static bool
is_taken(int err)
{
	return err == EAGAIN || err == EACCES || err == EINTR;
}

int
lock_take(int fd, bool exclusive, int64_t deadline)
{
	int pause_ms = 1;

	while (set_lock(fd, exclusive ? F_WRLCK : F_RDLCK) < 0) {
		if (!is_taken(errno))
			return -1;
		if (now_left(deadline) == 0)
			return 0;
		poll(NULL, 0, pause_ms);
		if (pause_ms < PAUSE_MOST_MS)
			pause_ms *= 2;
	}
	return 1;
}

int
lock_release(int fd)
{
	int r = -1;

	/* Kept for ever, it would be in everybody's way, ours too. */
	for (int i = 0; i < UNLOCK_TRIES && r < 0; i++)
		r = set_lock(fd, F_UNLCK);
	return r;
}

static int
set_record(int fd, short type)
{
	struct flock l = {.l_type = type, .l_whence = SEEK_SET, .l_len = 1};
	int r;

	do
		r = fcntl(fd, F_OFD_SETLKW, &l);
	while (r < 0 && errno == EINTR);
	return r;
}

int
lock_record(int fd, bool exclusive)
{
	return set_record(fd, exclusive ? F_WRLCK : F_RDLCK);
}

int
lock_record_end(int fd)
{
	return set_record(fd, F_UNLCK);
}

/* One round over the places: 1 taken, 0 all are held, -1 failed. */
static int
try_places(int fd, int places)
{
	for (int i = 1; i <= places; i++) {
		struct flock l = {.l_type = F_WRLCK,
		    .l_whence = SEEK_SET,
		    .l_start = i,
		    .l_len = 1};

		if (fcntl(fd, F_OFD_SETLK, &l) == 0)
			return 1;
		if (!is_taken(errno))
			return -1;
	}
	return 0;
}

int
lock_place(int fd, int places, int64_t deadline)
{
	for (;;) {
		int r = try_places(fd, places);

		if (r != 0 || now_left(deadline) == 0)
			return r;
		poll(NULL, 0, 10);
	}
}
