/* SPDX-License-Identifier: ISC */
/* HTTP where mail is spoken: a browser that somebody else steers can be made
 * to send a mail server commands in the body of a request, and inside TLS, too
 * (ALPACA, 2021).  So the first line of such a request is also the last. */
#ifndef PROTO_HTTP_H
#define PROTO_HTTP_H

#include <stdbool.h>

#include "base/str.h"

/* Whether a line (without CRLF) that is no command of ours is the start of an
 * HTTP request, RFC 9112 3 and RFC 9113 3.4: a method in capitals, a blank, and
 * a path, "*", an URL, or for CONNECT anything. */
bool http_request(struct str line);

/* The same for a header field ("Host: x"), RFC 9112 5: what follows when the
 * first line was too long to be read. */
bool http_field(struct str line);

#endif
