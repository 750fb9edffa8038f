/* SPDX-License-Identifier: ISC */
/* Many deliveries in one process, for the queue runner. */
#ifndef DELIVER_REMOTE_WORKER_H
#define DELIVER_REMOTE_WORKER_H

#include "ask.h"

/* Take jobs from descriptor 0 (queue/job.h) until its end.  template has what
 * all deliveries share.  A connection is kept for REMOTE_IDLE seconds in case
 * that the next job goes there too.  Returns the exit status. */
int worker(struct client *c, struct delivery *template);

/* confine.c: enter the sandbox, after all that is not read again. */
void confine(const struct delivery *d);

#endif
