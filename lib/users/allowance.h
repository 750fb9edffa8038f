/* SPDX-License-Identifier: ISC */
/* How much mail an account may keep: the words "userdb_quota_rule=*:…" in the
 * extra field of its line in the users file, as Dovecot reads them
 * (*:storage=1G:messages=10000; storage is in KiB without a unit, bytes= in
 * octets), else the setting QUOTA. */
#ifndef USERS_ALLOWANCE_H
#define USERS_ALLOWANCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "users/user.h"

struct allowance {
	uint64_t storage, messages; /* octets; 0: no limit */
};

/* Read "1G", "500M,10000", ",10000", "none" (as people write it: octets, with
 * k, M, G or T as powers of 1024, and messages) or "1000S,10C" (as Maildir++
 * has it).  Returns 0, or -1 EINVAL. */
int allowance_parse(struct str text, struct allowance *a);

/* That of the account.  Returns 0; -1 EPROTO its rule, or the setting, cannot
 * be read: it has no limit then. */
int allowance_of(const struct user *u, struct allowance *a);

/* Append "1000S,10C", "0S" for no limit: Maildir++'s MAILDIRQUOTA. */
void allowance_print(struct buf *b, const struct allowance *a);

/* Append the value of userdb_quota_rule. */
void allowance_print_rule(struct buf *b, const struct allowance *a);

#endif
