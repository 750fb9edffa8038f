/* SPDX-License-Identifier: ISC */
/* Carries octets between a TLS session and the program that knows nothing of
 * it. */
#ifndef NET_RELAY_H
#define NET_RELAY_H

#include "net/tls.h"

#define RELAY_STALL_MS \
	300000 /* a side that takes nothing for so long is \
	          dead*/

/* Relay between t and the socket app until both are done.  The peer's end
 * (close_notify or the end of TCP) becomes the end of app's input; the end
 * from app is followed by what is still on its way, a close_notify and the end
 * of the connection.  A broken connection breaks app too.  Neither is closed.
 * Returns 0, or -1 when it was cut short. */
int relay_run(struct tls *t, int app);

#endif
