/* SPDX-License-Identifier: ISC */
/* Keywords of a folder.  The file dovecot-keywords, "<0 to 25> <keyword>" a
 * line, says which keyword each of the letters a to z in file names stands
 * for.  When all letters are taken, further ones are in our own file,
 * yubin-keywords, which also says which messages have them:
 *
 *   <26 to 63> <keyword>
 *   =<bits in hexadecimal> <base of the file name>
 *
 * Of several lines of one base the last is right; bit 0 is keyword 26.  So
 * these stay with a message when it is renamed in its folder, and when our
 * programs copy or move it; a mv into another folder loses them, as it changes
 * what the letters mean there. */
#ifndef MAILDIR_KEYWORDS_H
#define MAILDIR_KEYWORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define KEYWORDS "dovecot-keywords"
#define KEYWORDS_MORE "yubin-keywords"
#define KEYWORDS_LETTERS 26
#define KEYWORDS_N 64
/* The bits of the letters among those of all. */
#define KEYWORDS_LETTER_BITS UINT64_C(0x3ffffff)

/* An RFC 3501 atom of 1 to 200 octets that is no system flag. */
bool keywords_valid(struct str name);

/* The text of dovecot-keywords: fill in the names of the letters, NULL for
 * all others; from the arena.  Bad lines are skipped. */
void keywords_parse(
    struct str text, struct arena *a, const char *names[KEYWORDS_N]);

/* All names, NULL for those not in use; no file means no keywords.  Returns 0,
 * or -1 and names is as it was. */
int keywords_load(int dirfd, struct arena *a, const char *names[KEYWORDS_N]);

/* The index of a keyword (case ignored), or -1. */
int keywords_find(const char *const names[KEYWORDS_N], struct str name);

/* Whether all are taken. */
bool keywords_full(const char *const names[KEYWORDS_N]);

/* Give it a letter, on disk too, when it has none, or, when all are taken, a
 * number beyond them; names is loaded afresh.  Returns the index; -1: EINVAL
 * no keyword, ENOSPC all are taken. */
int keywords_add(
    int dirfd, struct arena *a, const char *names[KEYWORDS_N], struct str name);

/* Read which messages have keywords beyond the letters: calls each() for every
 * line with bits as in names.  Returns 1; 0 there is no such file; -1. */
int keywords_more(int dirfd, void *arg,
    void (*each)(void *arg, struct str base, uint64_t bits));

/* Append to b the line of one message. */
void keywords_more_line(struct buf *b, struct str base, uint64_t bits);

/* Add these lines to the file; not synced.  0 or -1. */
int keywords_more_add(int dirfd, struct str lines);

/* Write the file anew when most of its lines are of no use any more: keep()
 * tells for each line, in order, whether it is.  Only when nobody has written
 * to it for a minute.  Best effort. */
void keywords_more_shrink(int dirfd, void *arg,
    bool (*keep)(void *arg, struct str base, uint64_t bits));

#endif
