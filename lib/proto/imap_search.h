/* SPDX-License-Identifier: ISC */
/* SEARCH's keys as a tree (RFC 3501 6.4.4). */
#ifndef PROTO_IMAP_SEARCH_H
#define PROTO_IMAP_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/scan.h"
#include "proto/imap_set.h"

#define IMAP_SEARCH_DEPTH 50  /* nested NOT, OR and parentheses */
#define IMAP_SEARCH_KEYS 2000 /* keys in one command */

enum imap_key {
	KEY_ALL,
	KEY_AND,  /* all of the list starting at a */
	KEY_OR,   /* a or b */
	KEY_NOT,  /* not a */
	KEY_FLAG, /* one of flag (FLAG_…) is set */
	KEY_RECENT,
	KEY_KEYWORD, /* text */
	KEY_SEQ,     /* set, of sequence numbers */
	KEY_UID,     /* set, of UIDs */
	KEY_BEFORE,  /* internal date's day < day */
	KEY_ON,
	KEY_SINCE,
	KEY_LARGER,
	KEY_SMALLER,
	KEY_SENTBEFORE, /* Date field's day < day */
	KEY_SENTON,
	KEY_SENTSINCE,
	KEY_HEADER, /* field contains text ("" when it exists) */
	KEY_BODY,
	KEY_TEXT,
};

/* What must be looked at to answer a key, the cheapest first. */
enum imap_cost {
	COST_KNOWN,   /* what is known of every message */
	COST_MEASURE, /* its sizes and its date */
	COST_HEADER,
	COST_TEXT, /* all of it */
	COSTS,
};

struct imap_search {
	enum imap_key key;
	enum imap_cost cost; /* the highest of it and those below */
	/* Below; the keys of a list, and a and b of an OR, are in the order of
	 * what they cost, whatever the client wrote first. */
	struct imap_search *a, *b;
	struct imap_search *next; /* beside, in the list of a KEY_AND */
	uint64_t flag;
	struct str field, text;
	int64_t day; /* since 1970-01-01 */
	uint32_t size;
	struct imap_set set; /* not resolved */
};

/* What RFC 4731 3.1 lets a client ask for instead of the plain list. */
enum {
	SEARCH_RETURN = 1u << 0, /* RETURN was given */
	SEARCH_MIN = 1u << 1,
	SEARCH_MAX = 1u << 2,
	SEARCH_ALL = 1u << 3,
	SEARCH_COUNT = 1u << 4,
};

struct imap_query {
	unsigned options;         /* SEARCH_… */
	struct str charset;       /* as given, or "US-ASCII" */
	struct imap_search *keys; /* a KEY_AND */
};

/* Read everything behind SEARCH and its space: RETURN, CHARSET, keys. */
bool imap_search_scan(struct scan *s, struct arena *a, struct imap_query *q);

#endif
