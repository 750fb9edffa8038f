/* SPDX-License-Identifier: ISC */
/* What FETCH is asked for (RFC 3501 6.4.5). */
#ifndef PROTO_IMAP_FETCH_H
#define PROTO_IMAP_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/scan.h"

enum {
	FETCH_UID = 1u << 0,
	FETCH_FLAGS = 1u << 1,
	FETCH_INTERNALDATE = 1u << 2,
	FETCH_SIZE = 1u << 3, /* RFC822.SIZE */
	FETCH_ENVELOPE = 1u << 4,
	FETCH_BODY = 1u << 5,          /* without extension data */
	FETCH_BODYSTRUCTURE = 1u << 6, /* with it */
};

enum imap_section_kind {
	SECTION_ALL,        /* BODY[], BODY[1] */
	SECTION_HEADER,     /* BODY[HEADER], of the message or a part */
	SECTION_FIELDS,     /* BODY[HEADER.FIELDS (…)] */
	SECTION_FIELDS_NOT, /* BODY[HEADER.FIELDS.NOT (…)] */
	SECTION_TEXT,       /* BODY[TEXT] */
	SECTION_MIME,       /* BODY[1.MIME] */
};

#define IMAP_SECTION_DEPTH 64  /* numbers in a section */
#define IMAP_SECTIONS_MAX 1000 /* sections in one command */

struct imap_section {
	enum imap_section_kind kind;
	uint32_t *path; /* part numbers from the outside in */
	size_t depth;
	struct str *fields;
	size_t nfields;
	bool peek;    /* does not set \Seen */
	bool partial; /* <from.count> was given; count is not 0 */
	uint32_t from, count;
	const char *old; /* "RFC822", …: answer under this name, or NULL */
};

struct imap_fetch {
	unsigned items; /* FETCH_… */
	struct imap_section *sections;
	size_t n;
	bool seen; /* some section sets \Seen */
};

/* Read the items of FETCH: a macro, one item, or a list in parentheses. */
bool imap_fetch_scan(struct scan *s, struct arena *a, struct imap_fetch *f);

/* The name of a section in the reply: "BODY[1.HEADER.FIELDS (From)]<0>". */
void imap_section_put(struct buf *b, const struct imap_section *sec);

#endif
