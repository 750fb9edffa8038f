/* SPDX-License-Identifier: ISC */
/* File names of messages: BASE[:2,FLAGS], where BASE is unique in the folder
 * for ever and may tell sizes: TIME.UNIQUE.HOST[,S=stored][,W=wire].  Flags are
 * sorted letters: D F P R S T and others in upper case, keywords a-z. */
#ifndef MAILDIR_NAME_H
#define MAILDIR_NAME_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define NAME_SIZE (NAME_MAX + 1)

struct name {
	struct str base;  /* points into what was parsed */
	uint32_t flags;   /* msg/flags.h */
	uint32_t letters; /* bit i: the keyword letter 'a' + i */
	uint32_t others;  /* bit i: 'A' + i, a flag we only keep (P, …) */
};

/* Take a file name apart.  Unknown characters among the flags are dropped. */
struct name name_parse(struct str file);

/* How many octets of the name are its base: up to the first ':'. */
size_t name_base(struct str file);

/* Whether a directory entry can be a message that we can keep in the UID list:
 * no leading dot, no line end, a base of 1 to 250 octets.  How long that is, or
 * 0. */
size_t name_usable(struct str file);

/* The number behind ",S=" (key 'S') or ",W=" in a base.  False: none. */
bool name_size(struct str base, char key, uint64_t *v);

/* Where the sizes begin: ",S=1,W=2" at the end of base, or an empty slice. */
struct str name_sizes(struct str base);

/* A number that stays with the message when it is copied or moved: told by
 * ",U=" in the base, which copies get, else the sum of what is before the
 * sizes. */
uint64_t name_id(struct str base);

/* When the message got this name, as it says in front, seconds since 1970; now
 * (the same) when it says nothing that can be. */
uint32_t name_saved(struct str base, int64_t now);

/* Write BASE:2,FLAGS.  Returns 0, or -1 ENAMETOOLONG. */
int name_make(char to[NAME_SIZE], const struct name *n);

/* A base that nobody else uses: seconds, one of our ids, this host's name. */
void name_unique(char to[NAME_SIZE]);

/* The number in front, as a rule seconds since 1970; 0 when there is none. */
uint64_t name_seconds(const char *name);

#endif
