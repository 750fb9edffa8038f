/* SPDX-License-Identifier: ISC */
/* The digest of a message: all that lists of messages, FETCH of structures and
 * parts, sorting, threading and searches of the header want to know of it, in
 * one run of octets that is made in one pass over the message and kept.  It
 * depends on the message alone.  Pure.
 *
 * The octets: "yD", the version, flags, CRC-32C of all but itself (the lowest
 *octet first), and then in varints (base/varint.h), strings with their length
 * before them:
 *	octets of the header, LFs without CR in it,
 *	the Date as zigzag of seconds since 1970 and zone in minutes,
 *	base subject, kept fields of the header;
 * if the whole message was read, also
 *	its octets, LFs without CR in them, BODYSTRUCTURE and what in it is
 *	extension data, and for each part the numbers of struct part. */
#ifndef MSG_DIGEST_H
#define MSG_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "msg/part.h"

#define DIGEST_MAX (((size_t)8 << 20) - 1) /* no digest is larger */

/* A digest that is being made, one message after the other. */
struct digest_maker {
	struct arena a, scratch;
	struct part_tree t;
	struct part_walk *walk;
	struct buf structure, extra;
};

void digest_init(struct digest_maker *m);
void digest_free(struct digest_maker *m);

/* Begin, feed the message as it is stored in pieces cut anywhere, and end:
 * which appends the digest to `to` (it may hold DIGEST_MAX).  Not whole: there
 * is more of the message, and the digest tells of its header only, which must
 * have been read.  Uses at most 8 MiB between the calls, 24 in digest_end(). */
void digest_begin(struct digest_maker *m);
void digest_feed(struct digest_maker *m, struct str piece);
bool digest_header_read(const struct digest_maker *m);
void digest_end(struct digest_maker *m, bool whole, struct buf *to);

struct digest {
	bool whole; /* all was read, not only the header */
	bool cut;   /* `fields` lacks something for want of room */
	bool dated; /* there is a Date that can be read */
	bool reply; /* the subject says "Re:" or its like */
	uint64_t header, header_wire; /* octets: stored, in CRLF form */
	int64_t date_s;
	int zone_min;                /* of the Date as it was written */
	struct str subject;          /* base subject, RFC 5256 2.1, in UTF-8 */
	struct str fields;           /* struct part: fields, of the message */
	uint64_t size, wire;         /* octets of all: stored, in CRLF form */
	struct str structure, extra; /* structure_put() */
	/* Private. */
	struct str parts;
};

/* Take a digest apart; slices point into it.  Returns 0, or -1 when it is none,
 * damaged or of another version.  Any octets may be asked about. */
int digest_read(struct digest *d, struct str octets);

/* Give its parts (in a, at most 4 MiB of it), with neither text nor fields;
 * their types point into the octets.  Returns 0, or -1: there are none, or they
 * make no sense. */
int digest_tree(const struct digest *d, struct part_tree *t, struct arena *a);

#endif
