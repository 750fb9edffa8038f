/* SPDX-License-Identifier: ISC */
/* Giving up root for good. */
#ifndef IO_DROP_H
#define IO_DROP_H

#include <sys/types.h>

#define DROP_GROUPS 32

struct drop {
	uid_t uid;
	gid_t gid;
	gid_t groups[DROP_GROUPS]; /* includes gid */
	int ngroups;
};

/* Who `text` is: "name", "name:group" or "uid:gid" in numbers.  A name alone
 * brings its supplementary groups (at most DROP_GROUPS), the others only the
 * one group.  Returns 1 found, 0 no such user or group, -1 failed (EINVAL). */
int drop_find(const char *text, struct drop *d);

/* The same, asked by a child: what the C library loads to find names stays out
 * of this process, and of all that are forked from it. */
int drop_find_apart(const char *text, struct drop *d);

/* The owner of path, without supplementary groups: who may stand in for a user
 * that does not exist.  Returns 1, or 0 when there is no such path. */
int drop_owner(const char *path, struct drop *d);

/* Whether that user may do with path what access(2) calls `how`; the kernel is
 * asked by a child that is this user, for groups, modes of all folders above
 * and anything else count.  For root.  Returns 1, 0, or -1 it cannot be found
 * out. */
int drop_may(const struct drop *d, const char *path, int how);

/* Become that user: groups, gid and uid, checked afterwards.  A process that
 * is not root does nothing.  Returns 0 or -1: the caller must not go on. */
int drop_to(const struct drop *d);

#endif
