/* SPDX-License-Identifier: ISC */
/* Our domains: D is ours when the folder domains/D/ exists below the root.  It
 * holds the small text files `users`, `apps` and `aliases`, which are read
 * whole each time they are needed and replaced by rename, so that nothing has
 * ever to be reloaded.  Domains are matched without regard to ASCII case (RFC
 * 1035 2.3.3); the folder's name is in lower case. */
#ifndef USERS_DOMAIN_H
#define USERS_DOMAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define DOMAIN_MAX 253           /* octets of a domain (RFC 1035 3.1) */
#define DOMAIN_FILE_MAX 67108864 /* octets of one of its files */
#define DOMAIN_LIST_MAX 100000   /* domains of one host */

/* Whether s may be a domain of ours: labels of letters, digits, "-" and "_",
 * 1 to 63 octets each, none of them empty, at most DOMAIN_MAX octets.  What
 * passes is safe as the name of a folder. */
bool domain_valid(struct str s);

/* Write ROOT/domains/D, or ROOT/domains/D/FILE when file is not NULL, to
 * to[size], D in lower case.  Returns 0, or -1 (EINVAL no valid domain,
 * ENAMETOOLONG). */
int domain_path(char *to, size_t size, const char *root, struct str domain,
    const char *file);

/* Whether the domain is ours.  Returns 1 it is, 0 it is not (an invalid one
 * never is), -1 failed. */
int domain_is_local(const char *root, struct str domain);

/* The names of all our domains, sorted, in the arena.  Returns 0 or -1. */
int domain_list(
    const char *root, struct arena *a, struct str **names, size_t *n);

/* Append the file of a domain to b (at most DOMAIN_FILE_MAX octets, or b's own
 * ceiling).  Returns 1 read, 0 there is no such file or domain, -1 failed. */
int domain_read(
    const char *root, struct str domain, const char *file, struct buf *b);

/* Changing a file of a domain: begin, compute the new text from `old`, commit,
 * end.  Others who change it wait, readers see the old file or the new one. */
struct domain_edit {
	int dirfd;
	int lockfd;
	const char *file;
	struct buf old; /* the text as it is; empty when there is no file */
};

/* Lock the file (for 10 s at most) and read it.  Returns 0, or -1 (ENOENT no
 * such domain, ETIMEDOUT, …) with nothing to end. */
int domain_edit_begin(struct domain_edit *e, const char *root,
    struct str domain, const char *file);

/* Replace the file durably; it keeps its mode, a new one gets 0640.
 * Returns 0 or -1. */
int domain_edit_commit(struct domain_edit *e, struct str text);

void domain_edit_end(struct domain_edit *e);

#endif
