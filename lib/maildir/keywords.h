/* SPDX-License-Identifier: ISC */
/* The file dovecot-keywords of a folder: "<0 to 25> <keyword>" a line says
 * which keyword each of the letters a to z in file names stands for. */
#ifndef MAILDIR_KEYWORDS_H
#define MAILDIR_KEYWORDS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"

#define KEYWORDS "dovecot-keywords"
#define KEYWORDS_N 26

/* An RFC 3501 atom of 1 to 200 octets that is no system flag. */
bool keywords_valid(struct str name);

/* Fill in all letters' names, NULL for those not in use; from the arena.
 * Bad lines are skipped, no file means no keywords. */
void keywords_parse(
    struct str text, struct arena *a, const char *names[KEYWORDS_N]);
int keywords_load(int dirfd, struct arena *a, const char *names[KEYWORDS_N]);

/* The index of a keyword (case ignored), or -1. */
int keywords_find(const char *const names[KEYWORDS_N], struct str name);

/* Whether all letters are taken. */
bool keywords_full(const char *const names[KEYWORDS_N]);

/* Give it a letter, on disk too, when it has none; names is loaded afresh.
 * Returns the index; -1: EINVAL no keyword, ENOSPC all letters are taken. */
int keywords_add(
    int dirfd, struct arena *a, const char *names[KEYWORDS_N], struct str name);

#endif
