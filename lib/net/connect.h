/* SPDX-License-Identifier: ISC */
/* Connecting with a deadline, and TLS on a connection of ours. */
#ifndef NET_CONNECT_H
#define NET_CONNECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "net/dns.h"

/* Connect to the address until deadline (of now_ms()), from the address source
 * (a text; "" leaves the choice to the kernel, as does one of the other
 * family).  Returns the socket, non-blocking, close-on-exec, with TCP_NODELAY;
 * -1 failed. */
int connect_to(
    const struct dns_address *to, const char *source, int64_t deadline);

/* AF_INET or AF_INET6 for an address in text form, else -1. */
int connect_family(const char *address);

/* Whether the address is one of this machine. */
bool connect_is_local(const struct dns_address *to);

/* Start TLS as client on the socket, in a process of its own that relays: the
 * caller's reader never meets TLS.  host is the server name sent; with check
 * the certificate must be valid for it, by the system's authorities.  The
 * variables of the session ("SSL_PROTOCOL=…\0…") are put into vars.  The
 * socket is closed in any case.  Returns the descriptor of the clear text, or
 * -1 with the reason in fail_last(). */
int connect_tls(
    int sock, const char *host, bool check, int64_t deadline, struct buf *vars);

#endif
