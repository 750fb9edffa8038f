/* SPDX-License-Identifier: ISC */
/* The texts of FETCH: BODY[section]<partial> and its old names. */
#ifndef IMAPD_FETCH_BODY_H
#define IMAPD_FETCH_BODY_H

#include "maildir/mailbox.h"
#include "msg/digest.h"
#include "msg/part.h"
#include "proto/imap_fetch.h"
#include "session.h"

/* What the sections need of the message. */
#define FETCH_NEEDS_HEADER 1u /* the digest, of its header at least */
#define FETCH_NEEDS_PARTS 2u  /* the digest of all of it */
#define FETCH_NEEDS_TEXT 4u
unsigned fetch_needs(const struct imap_section *sections, size_t n);

/* A message being fetched, as far as it is needed. */
struct fetch_text {
	struct digest digest;
	uint32_t uid;
	bool read; /* there is a text */
	struct mailbox_text stored;
	struct part_tree tree; /* of it; no parts until it is needed */
};

/* Write "BODY[…] {n}" and its octets, straight from the stored text, or, where
 * they are in the digest, from there. */
void fetch_section(
    struct imap *s, struct fetch_text *t, const struct imap_section *sec);

#endif
