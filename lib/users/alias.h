/* SPDX-License-Identifier: ISC */
/* Aliases: domains/D/aliases,
 *
 *   name: target, target, …
 *       lines that start with a blank continue the one before
 *   # and comments are kept
 *
 * A name is a local part without regard to ASCII case; "*" is every name that
 * is not found otherwise.  A target is an address, a name of the same domain,
 * "|program and arguments", "/path/of/a/Maildir/", or ":fail: text", which
 * runs to the end of the entry.  Double quotes keep commas and blanks
 * together; a backslash in them quotes one octet. */
#ifndef USERS_ALIAS_H
#define USERS_ALIAS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/str.h"

#define ALIAS_TARGETS_MAX 1000 /* of one entry */

struct alias {
	struct str name;
	struct str value; /* the targets as they are written, lines joined */
	size_t line;      /* where it starts, from 1 */
};

/* The targets of exactly this name; "*" is never found.  Names without "@"
 * come with the domain added, the other kinds as they are written but for
 * quotes.  All is in the arena.
 * Returns 1 found, 0 none, -1 failed (EPROTO: its entry is wrong). */
int alias_find(const char *root, struct str local, struct str domain,
    struct arena *a, struct str **targets, size_t *n);

/* Cut the next entry off a file's text, whole lines; *name is its name, with
 * p NULL for comments and what is no entry.  False at the end. */
bool alias_next(struct str *rest, struct str *entry, struct str *name);

/* The targets of one such entry.  Returns 1, or -1 EPROTO. */
int alias_of_entry(struct str entry, struct str domain, struct arena *a,
    struct str **targets, size_t *n);

/* The same for the "*" entry. */
int alias_catchall(const char *root, struct str domain, struct arena *a,
    struct str **targets, size_t *n);

/* Take apart the value of an entry.  Returns 1; or -1 wrong: *why says in
 * plain words what. */
int alias_targets(struct str value, struct str domain, struct arena *a,
    struct str **targets, size_t *n, const char **why);

/* All entries of a text, in its order, in the arena.  Lines that are wrong
 * come as entries with an empty name and the text as value. */
void alias_parse(
    struct str text, struct arena *a, struct alias **list, size_t *n);

/* All entries of a domain.  *n is 0 when there is no aliases file.
 * Returns 0 or -1. */
int alias_list(const char *root, struct str domain, struct arena *a,
    struct alias **list, size_t *n);

/* Replace the entry of this name, or add it to the end of the file.
 * Returns 1 replaced, 0 added, -1 failed (EINVAL a name or targets that may
 * not be). */
int alias_set(
    const char *root, struct str local, struct str domain, struct str value);

/* Remove the entry.  Returns 1 removed, 0 there was none, -1 failed. */
int alias_del(const char *root, struct str local, struct str domain);

#endif
