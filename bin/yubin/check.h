/* SPDX-License-Identifier: ISC */
/* What the parts of yubin check share. */
#ifndef CHECK_H
#define CHECK_H

#include <stddef.h>

#include "base/arena.h"

struct check {
	const char *root;
	size_t findings;
	size_t weak;     /* passwords easy to guess from, in this file */
	size_t no_scram; /* accounts without SCRAM, in this file */
	struct arena arena;
};

/* Print one finding as a line. */
void found(struct check *c, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Each domain's users, apps and aliases, line by line, and the Maildirs. */
void check_domains(struct check *c);

/* The file MASTER_USERS, if there is one. */
void check_masters(struct check *c);

/* Whether the users that programs switch to reach what they need; only root
 * can find out. */
void check_access(struct check *c);

/* tls/cert.pem and tls/key.pem: there, valid, fitting each other and the
 * host's name. */
void check_certificate(struct check *c);

#endif
