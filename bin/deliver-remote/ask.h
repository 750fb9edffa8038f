/* SPDX-License-Identifier: ISC */
/* Asking hosts in turn, over one connection that may serve several
 * deliveries. */
#ifndef DELIVER_REMOTE_ASK_H
#define DELIVER_REMOTE_ASK_H

#include "client.h"

/* Decide the fate of every recipient.  c may hold a connection of an earlier
 * delivery: it is used when it leads where this one goes.  What is left open in
 * the end is fit for another one; otherwise client_close() it. */
void ask(struct client *c, struct delivery *d);

#endif
