/* SPDX-License-Identifier: ISC */
/* The MIME structure of a stored message (RFC 2045, 2046) as offsets into its
 * text, found in one pass over it without recursion.  The text may come in
 * pieces: of a line only its beginning is held.  Pure.
 *
 * Reading is forgiving where mail is broken: a boundary of an outer multipart
 * closes all parts within, a missing close is made up for at the end, a
 * multipart without a boundary parameter reads as text/plain, and what lies
 * deeper than PART_DEPTH or behind part number PART_MAX stays inside a leaf of
 * type application/octet-stream. */
#ifndef MSG_PART_H
#define MSG_PART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"

#define PART_DEPTH 100
#define PART_MAX 10000
#define PART_KEEP (1 << 20)   /* octets of fields kept of one header */
#define PART_FIELDS (2 << 20) /* of all headers together */
#define PART_NONE UINT32_MAX  /* no such part */

enum part_kind {
	PART_LEAF,
	PART_MULTIPART, /* its children, perhaps none, begin at `first` */
	PART_MESSAGE,   /* message/rfc822: `first` is the message inside */
};

/* How a body is encoded (RFC 2045 6). */
enum part_encoding {
	PART_PLAIN, /* 7bit, 8bit, binary, or not known: as it stands */
	PART_QP,
	PART_BASE64,
};

struct part {
	enum part_kind kind;
	enum part_encoding encoding;
	uint32_t parent, first, next; /* indices into the tree, or PART_NONE */
	uint32_t depth;               /* 0 is the message itself */
	size_t header;                /* offset of the header's first octet */
	size_t body;               /* offset behind the header's empty line */
	size_t end;                /* offset behind the body's last octet */
	size_t header_lf, body_lf; /* LFs without a CR before them */
	size_t lines;              /* LFs in the body */
	/* What to take it for; points into the fields or to constants.  When
	 * `declared`, they and the parameters are those of its Content-Type. */
	struct str type, subtype;
	bool declared;
	bool cut; /* `fields` lacks something for want of room */
	/* The header without the fields that are not kept (msg/kept.h), as it
	 * stands, with its empty line if there is one. */
	struct str fields;
};

struct part_tree {
	struct str text;    /* empty when it came in pieces */
	struct part *parts; /* parts[0] is the message; parents come first */
	size_t n;           /* at least 1 */
};

/* Read the structure of text, which must stay as long as the tree is used; the
 * parts live in a, at most 8 MiB of it. */
void part_parse(struct part_tree *t, struct str text, struct arena *a);

/* The same for texts in pieces, cut anywhere, one after the other: begin, feed,
 * end, and the tree is ready. */
struct part_walk;
struct part_walk *part_open(void);
void part_close(struct part_walk *w);
void part_begin(struct part_walk *w, struct part_tree *t, struct arena *a);
void part_feed(struct part_walk *w, struct str piece);
void part_end(struct part_walk *w);

/* Whether the message's own header is complete: parts[0] tells its fields and
 * the extent of its header then. */
bool part_header_read(const struct part_walk *w);

/* The part with the IMAP section number numbers[0].numbers[1]… (RFC 3501
 * 6.4.5; "1" of a message that is no multipart is its body); n = 0 is the
 * message.  NULL when there is none.  For BODY[n.HEADER] and [n.TEXT] of a
 * PART_MESSAGE take the part at its `first`. */
const struct part *part_find(
    const struct part_tree *t, const uint32_t *numbers, size_t n);

/* The header with its empty line, and the body, as they stand in t->text. */
struct str part_header(const struct part_tree *t, const struct part *p);
struct str part_body(const struct part_tree *t, const struct part *p);

/* How many octets they have once every line end is CRLF. */
size_t part_header_wire(const struct part *p);
size_t part_body_wire(const struct part *p);

/* p->encoding. */
enum part_encoding part_encoding(
    const struct part_tree *t, const struct part *p);

#endif
