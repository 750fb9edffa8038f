/* SPDX-License-Identifier: ISC */
/* What SASL messages of newer mechanisms begin with (RFC 5801 4, RFC 5802 7,
 * RFC 7628 3.1): whether the TLS channel is bound in, and whom the client wants
 * to be.  Pure. */
#ifndef PROTO_GS2_H
#define PROTO_GS2_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/scan.h"
#include "base/str.h"

struct gs2 {
	char flag;          /* 'n' it cannot bind; 'y' it can, and thinks that
	                     * we cannot; 'p' it does */
	struct str binding; /* of 'p': the type, "tls-exporter" */
	struct str authzid; /* as it is sent, for gs2_name(); p NULL: none */
	struct str text;    /* the whole header, with its last comma */
};

/* Take the header off the front of a message; the slices point into it.
 * Returns false when it is malformed, and s->bad is set then. */
bool gs2_header(struct scan *s, struct gs2 *g);

/* A name up to the next comma (RFC 5802 7 saslname), as it is sent.  False, and
 * s->bad, for an empty one or one with "=" but for "=2C" and "=3D". */
bool gs2_scan_name(struct scan *s, struct str *name);

/* Append what such a name stands for.  Returns 0, or -1 EINVAL: it is not UTF-8
 * or has characters that SASLprep refuses (RFC 4013), as names are prepared
 * by that. */
int gs2_name(struct str name, struct buf *to);

#endif
