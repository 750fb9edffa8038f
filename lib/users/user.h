/* SPDX-License-Identifier: ISC */
/* Accounts: domains/D/users, a Dovecot passwd-file with one line an account,
 *
 *   name:{SCHEME}hash:uid:gid:gecos:home:shell:extra
 *
 * Later fields may be missing.  name is the part before the "@" (name@D is
 * accepted too) and matched without regard to ASCII case.  extra is
 * "key=value" words; userdb_mail=maildir:PATH moves the Maildir, where "~" or
 * %h is home, %n the name, %d the domain and %u both, and userdb_quota_rule
 * says how much it may keep (users/allowance.h).  Lines that start with "#" and
 * empty lines are kept when the file is changed. */
#ifndef USERS_USER_H
#define USERS_USER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/str.h"

struct drop;

#define USER_NAME_MAX 64 /* octets of a local part (RFC 5321 4.5.3.1.1) */
#define USER_LINE_MAX 4096

struct user {
	struct str name;   /* without the domain, as it is in the file */
	struct str domain; /* in lower case */
	struct str secret; /* see users/secret.h; "" locks the account */
	struct str gecos, home, shell, extra;
	uid_t uid;
	gid_t gid;
	bool has_ids;       /* uid and gid are in the line; never 0 */
	struct str maildir; /* absolute */
};

/* Whether s may name an account: 1 to USER_NAME_MAX octets, no "/", ":", "@",
 * blank or control character, no dot at its start.  What passes is safe as the
 * name of a folder. */
bool user_name_valid(struct str s);

/* Read one line of a users file (without its LF) of this domain into u, whose
 * fields point into the line; maildir is not set and ids given by name are
 * looked up.  Returns 1 an account, 0 a comment or an empty line, -1 wrong:
 * *why says in plain words what. */
int user_parse(
    struct str line, struct str domain, struct user *u, const char **why);

/* Find an account; u points into the arena.  Returns 1 found, 0 none, -1
 * failed (EPROTO: its line is wrong). */
int user_find(const char *root, struct str local, struct str domain,
    struct arena *a, struct user *u);

/* The account of one line, as user_find() gives it.  Returns 1, or -1 EPROTO.
 */
int user_of_line(const char *root, struct str line, struct str domain,
    struct arena *a, struct user *u);

/* The accounts of a domain in the file's order, at most max, wrong lines left
 * out.  *n is 0 when there is no users file.  Returns 0 or -1. */
int user_list(const char *root, struct str domain, size_t max, struct arena *a,
    struct user **users, size_t *n);

/* Give the account a new secret, or add it to the end of the file.
 * Returns 1 changed, 0 added, -1 failed (EINVAL a name that may not be). */
int user_set(
    const char *root, struct str local, struct str domain, struct str secret);

/* Give the account this userdb_quota_rule (see users/allowance.h), or none when
 * it is empty.  Returns 1 changed, 0 there is no such account, -1 failed. */
int user_set_rule(
    const char *root, struct str local, struct str domain, struct str rule);

/* What the account's own password is good for, as in users/app.h: the word
 * userdb_password_scope=imap,smtp in its extra field; "" when there is none,
 * "none" for nothing. */
struct str user_password_scope(const struct user *u);

/* Where its passwords may be used from: Dovecot's word allow_nets= (see
 * users/nets.h); p is NULL for everywhere. */
struct str user_allow_nets(const struct user *u);

/* Remove the account's line.  Returns 1 removed, 0 there was none, -1. */
int user_del(const char *root, struct str local, struct str domain);

/* As whom a delivery or session for u runs: the ids in its line, else those of
 * the user MAIL_USER names, else (there is no such user) the owner of its
 * Maildir or of ROOT/mail: the state's own owner on a laptop.
 * Returns 1 found, 0 the last way gave uid 0, which is worth a log line, or
 * -1 failed. */
int user_ids(const char *root, const struct user *u, uid_t *uid, gid_t *gid);

/* The same for who has looked up MAIL_USER before; NULL: there is none. */
int user_ids_or(const char *root, const struct user *u,
    const struct drop *mail_user, uid_t *uid, gid_t *gid);

/* Make the directory of a Maildir for its owner, who may not be allowed to
 * make it in the directory of the domain; missing parents become searchable
 * by everybody.  One that exists is left as it is.  Returns 0 or -1. */
int user_maildir_make(const char *path, uid_t uid, gid_t gid);

#endif
