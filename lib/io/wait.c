/* SPDX-License-Identifier: ISC */
/* Waiting for one descriptor: poll() with an absolute deadline. */
#include "io/wait.h"

#include <errno.h>
#include <poll.h>

#include "base/now.h"

static int
wait_for(int fd, short events, int64_t deadline)
{
	struct pollfd p = {.fd = fd, .events = events};

	for (;;) {
		int n = poll(&p, 1, now_left(deadline));

		if (n > 0)
			return 1;
		if (n < 0 && errno != EINTR)
			return -1;
		if (now_left(deadline) == 0)
			return 0;
	}
}

int
wait_readable(int fd, int64_t deadline)
{
	return wait_for(fd, POLLIN, deadline);
}

int
wait_writable(int fd, int64_t deadline)
{
	return wait_for(fd, POLLOUT, deadline);
}
