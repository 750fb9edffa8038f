/* SPDX-License-Identifier: ISC */
/* The texts of FETCH: BODY[section]<partial> and its old names. */
#ifndef IMAPD_FETCH_BODY_H
#define IMAPD_FETCH_BODY_H

#include "msg/part.h"
#include "proto/imap_fetch.h"
#include "session.h"

/* A message being fetched; its structure is read when it is needed first. */
struct fetch_text {
	struct str text; /* as stored */
	struct part_tree tree;
	bool parsed;
};

/* The structure of the message, in s->message. */
const struct part_tree *fetch_tree(struct imap *s, struct fetch_text *t);

/* Write "BODY[…] {n}" and its octets, straight from the stored text. */
void fetch_section(
    struct imap *s, struct fetch_text *t, const struct imap_section *sec);

#endif
