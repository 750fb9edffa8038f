/* SPDX-License-Identifier: ISC */
/* The kernel holds us to what a process of this kind does (serve/profile.h), so
 * that an attacker who has taken it over can do no more: own resource limits,
 * no_new_privs, not dumpable, Landlock, seccomp.  YUBIN_SANDBOX=off: none of
 * this; log: no Landlock, and the kernel logs what seccomp would deny. */
#ifndef SERVE_SANDBOX_H
#define SERVE_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "serve/landlock.h"
#include "serve/profile.h"

/* Enter the profile of that name, for this process and all that come of it, for
 * good.  Call it once all is open that the profile does not reach.  paths and
 * ports: what it may reach (those that do not exist are passed over).  When the
 * kernel can do less than the profile wants, it does what it can, and one line
 * is logged, ev=sandbox. */
void sandbox_enter(
    const char *name, const struct landlock_path *paths, size_t npaths);
void sandbox_enter_ports(const char *name, const struct landlock_path *paths,
    size_t npaths, const uint16_t *ports, size_t nports);

/* Whether one of the paths is another file or folder now than when we entered:
 * rules go with the file, not with its name, and the new one cannot be reached.
 * Who lives long asks from time to time, and ends in peace. */
bool sandbox_stale(void);

/* What this kernel cannot do of a profile, words between blanks into to: "" for
 * nothing.  version: landlock_version(). */
void sandbox_lacks(
    const struct profile *p, int version, bool seccomp, char *to, size_t size);

/* Whether the kernel has seccomp filters. */
bool sandbox_has_seccomp(void);

#endif
