/* SPDX-License-Identifier: ISC */
/* Running a password checker: any program with the checkpassword interface
 * (cr.yp.to/checkpwd/interface.html).  It reads "login\0password\0\0" from
 * descriptor 3 and, when they are right, becomes the user and executes its
 * arguments: here this very program again, with the argument -R, which writes
 * down what it has become on descriptor 4.  A checker that finds CHECKPW_REPLY
 * in its environment may write that reply itself.
 *
 * The reply is netstrings: uid, gid, "gid,gid,…", working directory, and
 * NAME=value for USER HOME SHELL MAILDIR MAILDIRQUOTA AUTHUSER VPOPUSER as far
 * as set.
 *
 * A checker that has CHECKPW_MECHANISM in its environment has a conversation
 * instead, see serve/converse.h. */
#ifndef SERVE_CHECKER_H
#define SERVE_CHECKER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/str.h"

#define CHECKER_INPUT 512 /* octets on descriptor 3, by the interface */
#define CHECKER_GROUPS 64
#define CHECKER_VARS 8
#define CHECKER_REPLY 16384 /* octets of a reply */

enum checker_verdict {
	CHECKER_OK,
	CHECKER_DENIED, /* wrong, or longer than the interface allows */
	CHECKER_BROKEN, /* misconfigured: temporary for the client, log it */
	CHECKER_BUSY    /* temporary trouble */
};

struct checker_reply {
	enum checker_verdict verdict;
	uid_t uid;
	gid_t gid;
	gid_t groups[CHECKER_GROUPS];
	size_t ngroups;
	struct str cwd;
	struct str vars[CHECKER_VARS]; /* NAME=value */
	size_t nvars;
	char text[CHECKER_REPLY]; /* what the slices above point into */
};

/* Call first in main(): when the arguments are exactly "-R", write the reply
 * about ourselves and exit; else return. */
void checker_reply_mode(int argc, char **argv);

/* Tell checkers what they check for: the variable SERVICE, as Dovecot has it,
 * "imap" of prog "imap-login". */
void checker_service(const char *prog);

/* Append a reply to b.  groups and vars may be empty. */
void checker_reply_print(struct buf *b, uid_t uid, gid_t gid,
    const gid_t *groups, size_t ngroups, struct str cwd, const struct str *vars,
    size_t nvars);

/* Take a reply apart: reply->text[0..n) holds it.  Returns 0 or -1 EPROTO. */
int checker_reply_parse(struct checker_reply *reply, size_t n);

/* Run the checker for timeout_s seconds at most.  Sets reply->verdict, and the
 * rest when that is CHECKER_OK.  Descriptors from 3 on must be close-on-exec;
 * it gets /dev/null as 0 and 1, our standard error (unless that is the
 * client's connection), and our environment without the variables that could
 * change its meaning. */
void checker_run(const char *checker, struct str user, struct str pass,
    int timeout_s, struct checker_reply *reply);

/* The first part of that: start the checker with in and out as its descriptors
 * 3 and 4; vars, "NAME=value" and NULL, are added to its environment.  Returns
 * its process id or -1. */
pid_t checker_start(
    const char *checker, int in, int out, const char *const *vars);

/* Wait until fd, the other end of its descriptor 4, can be read.  Returns 1; 0
 * when nothing will come, as pid has ended, whatever it has left running; -1
 * when the deadline passes. */
int checker_wait(int fd, pid_t pid, int64_t deadline);

/* Become what the reply says, for good: groups, gid, uid when we are root,
 * working directory, environment (AUTHENTICATED is set to AUTHUSER).  Without
 * root another uid than ours is an error.  Returns 0 or -1. */
int checker_become(const struct checker_reply *reply);

/* The value of a variable of the reply; p is NULL when it is not there. */
struct str checker_var(const struct checker_reply *reply, const char *name);

#endif
