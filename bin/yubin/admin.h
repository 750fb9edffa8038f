/* SPDX-License-Identifier: ISC */
/* What the files of the administration program share. */
#ifndef ADMIN_H
#define ADMIN_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

/* One subcommand; argv[0] is its name.  Returns the exit code. */
int admin_init(int argc, char **argv);
int admin_domain(int argc, char **argv);
int admin_user(int argc, char **argv);
int admin_app(int argc, char **argv);
int admin_password(int argc, char **argv);
int admin_alias(int argc, char **argv);
int admin_cert(int argc, char **argv);
int admin_check(int argc, char **argv);
int admin_queue(int argc, char **argv);
int admin_import(int argc, char **argv);
int admin_maildir(int argc, char **argv);
int admin_trace(int argc, char **argv);
int admin_settings(int argc, char **argv);
int admin_sandbox(int argc, char **argv);

/* Take "NAME VALUE" out of the arguments, wherever it stands, and return the
 * last such value; NULL when there is none. */
const char *take_option(int *argc, char **argv, const char *name);

/* The same for a flag: whether it was there. */
bool take_flag(int *argc, char **argv, const char *name);

/* yubin user quota: argv[0] is "quota". */
int user_quota(int argc, char **argv);

/* yubin user show, and yubin logins: argv[0] is "show" or "logins". */
int user_show(int argc, char **argv);

/* Print the app passwords of an account, a line each.  0 or -1. */
int app_print_all(
    const char *root, struct str local, struct str domain, bool json);

/* Print "yubin: TEXT" on standard error; returns EXIT_PERM. */
int refuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Print "yubin: WHAT: the last failure"; returns EXIT_TEMP, or EXIT_PERM when
 * it would fail again (EINVAL, ENOENT, EEXIST, EPROTO). */
int failed(const char *what);

/* Split "local@domain" at its last "@"; false (and it complains) when one is
 * empty or the domain is not valid. */
bool split_address(const char *text, struct str *local, struct str *domain);

/* Whether the domain is ours; complains when not. */
bool need_domain(const char *root, struct str domain);

/* Complain that there is no such user; returns EXIT_PERM. */
int no_user(struct str local, struct str domain);

/* Whether there is such a user: 1, 0, or -1 it cannot be found out. */
int has_user(const char *root, struct str local, struct str domain);

/* Returns 0 when there is such a user, or the exit code after complaining. */
int need_user(const char *root, struct str local, struct str domain);

/* The domains a list is wanted of: the one named, which must be ours, or all
 * when domain is NULL.  *names is an array of *n in the arena.  Returns 0, or
 * the exit code after complaining. */
int which_domains(const char *root, const char *domain, struct arena *a,
    struct str **names, size_t *n);

/* Make the directory ROOT/name with exactly this mode, and give it to the user
 * (and group) named when we are root and they exist.  group may be NULL for
 * the user's own, user for root.  One that exists is brought to mode and
 * owner too.  0 or -1. */
int make_dir(const char *root, const char *name, mode_t mode, const char *user,
    const char *group);

/* Create the Maildir at path with its usual folders, subscribed, and give all
 * of it to uid and gid when we are root.  What exists stays.  0 or -1. */
int make_maildir(const char *path, uid_t uid, gid_t gid);

/* Read a new password, asked for twice without echo at a terminal, else one
 * line of standard input, and append the secret of this scheme, NULL for that
 * of PASSWORD_SCHEME.  Returns 0 or -1. */
int ask_secret(const char *scheme, struct buf *secret);

#endif
