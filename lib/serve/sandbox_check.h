/* SPDX-License-Identifier: ISC */
/* For `make sandbox-check`, a build that is never installed: with SANDBOX_CHECK
 * each process tries what it must not do once it is in its sandbox. */
#ifndef SERVE_SANDBOX_CHECK_H
#define SERVE_SANDBOX_CHECK_H

#include "serve/profile.h"

/* A sanitizer's own calls are on no list. */
#ifdef __SANITIZE_ADDRESS__
#define SANDBOX_IMPOSSIBLE true
#else
#define SANDBOX_IMPOSSIBLE false
#endif

#ifdef SANDBOX_CHECK
/* Tell strace(1) which profile begins here. */
void sandbox_mark(const char *name);

/* When SANDBOX_TRIES is set: try 40 actions and log, ev=sandbox-check, how many
 * were denied, and which were not. */
void sandbox_check(const struct profile *p);
#else
#define sandbox_mark(name) ((void)0)
#define sandbox_check(profile) ((void)0)
#endif

#endif
