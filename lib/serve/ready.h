/* SPDX-License-Identifier: ISC */
/* Telling whoever started us that we are ready: s6's notification-fd, a
 * descriptor that gets a newline and is closed; systemd's NOTIFY_SOCKET (man
 * sd_notify), which gets a datagram. */
#ifndef SERVE_READY_H
#define SERVE_READY_H

#include <stdint.h>

#define READY_SOCKET 108 /* sun_path */

struct ready {
	uint64_t fd; /* 0 for none */
	char socket[READY_SOCKET];
};

/* Take NOTIFY_SOCKET out of the environment: what we start is not to speak for
 * us.  fd: the descriptor, or 0. */
void ready_begin(struct ready *r, uint64_t fd);

/* Say it, to both.  Returns 0, or -1: somebody may wait in vain. */
int ready_tell(const struct ready *r);

#endif
