/* SPDX-License-Identifier: ISC */
/* Packets with descriptors over a Unix SOCK_SEQPACKET socket.  A packet is
 * whole or not there. */
#ifndef IO_PACKET_H
#define IO_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/str.h"

#define PACKET_FDS 101 /* descriptors that may come along */

/* What a worker's process writes to the control socket of a connection when it
 * is over and the process can serve the same client again: the next packet
 * comes there. */
#define PACKET_AGAIN 'R'

/* Send text (at least one octet) with fds[0..nfds), which stay open here; nfds
 * is at most PACKET_FDS.  With `wait` false a full socket is EAGAIN.
 * Returns 0 or -1 (EPIPE: nobody is there any more). */
int packet_send(int fd, struct str text, const int *fds, int nfds, bool wait);

/* Receive one packet, waiting for it, to to[0..size), and what came along,
 * close-on-exec, to fds[0..*nfds), which has PACKET_FDS places: all that was
 * sent along, or none when we have too many open.  With `wait` false no packet
 * is EAGAIN.
 * Returns the octets; 0 the other side has ended; -1 failed (EMSGSIZE the
 * packet was longer; *nfds is 0 then). */
ssize_t packet_receive(
    int fd, char *to, size_t size, int *fds, int *nfds, bool wait);

#endif
