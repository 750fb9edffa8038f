/* SPDX-License-Identifier: ISC */
/* What each process of each program may do: one declaration for each. */
#ifndef SERVE_PROFILE_H
#define SERVE_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "serve/seccomp.h"

struct profile {
	const char *name;    /* "smtpd", "smtpd-parent" */
	const char *program; /* whose process it is */
	const char *what;    /* which process, in words */
	const char *files;   /* what of the files it may reach, in words */
	enum seccomp_mode mode;
	const unsigned char *calls;
	/* Children enter that one: what they call is allowed here too. */
	const char *inner;
	unsigned sockets; /* families */
	unsigned scopes;  /* enum landlock_scope */
	/* Limits; 0: as they are. */
	unsigned data_mib;
	unsigned address_mib;
	unsigned descriptors;
	bool no_fork;  /* RLIMIT_NPROC 0 */
	bool no_write; /* RLIMIT_FSIZE 0, unless output or log are files */
};

extern const struct profile profiles[];
extern const size_t profiles_n;

/* NULL when there is none of that name. */
const struct profile *profile_find(const char *name);

#endif
