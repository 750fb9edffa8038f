/* SPDX-License-Identifier: ISC */
/* Connecting with a deadline, and TLS on a connection of ours. */
#ifndef NET_CONNECT_H
#define NET_CONNECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/dns.h"

/* Connect to the address until deadline (of now_ms()).  Returns the socket,
 * non-blocking, close-on-exec, with TCP_NODELAY; -1 failed. */
int connect_to(const struct dns_address *to, int64_t deadline);

/* Whether the address is one of this machine. */
bool connect_is_local(const struct dns_address *to);

/* Start TLS as client on the socket, in a process of its own that relays: the
 * caller's reader never meets TLS.  host is the server name sent.  The
 * variables of the session ("SSL_PROTOCOL=…\0…") are put into vars.  The
 * socket is closed in any case.  Returns the descriptor of the clear text, or
 * -1 with the reason in fail_last(). */
int connect_tls(int sock, const char *host, int64_t deadline, struct buf *vars);

#endif
