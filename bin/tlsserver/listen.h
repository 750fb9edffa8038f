/* SPDX-License-Identifier: ISC */
/* The listening socket. */
#ifndef TLSSERVER_LISTEN_H
#define TLSSERVER_LISTEN_H

/* Listen on the address ("::" is IPv6 and IPv4, "0" is all of IPv4, else an
 * address in numbers) and the port ("0" is any free one).
 * Returns the descriptor (not blocking, close-on-exec) or -1. */
int listen_open(const char *address, const char *port);

/* Take the listening socket that a superior put on descriptor 0; /dev/null
 * takes its place.  Returns the descriptor or -1. */
int listen_inherit(void);

/* Write "ADDRESS PORT" of the socket as one line into the file path. */
int listen_tell(int fd, const char *path);

#endif
