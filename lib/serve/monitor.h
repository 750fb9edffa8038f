/* SPDX-License-Identifier: ISC */
/* Privilege separation, the way of OpenSSH and popa3d.  Right after start the
 * program splits in two: the child drops every privilege and speaks with the
 * network; the parent, the monitor, keeps the privileges, never reads from the
 * network, and answers short questions over a socket pair of packets.  A
 * question is a kind (one octet) with a few arguments, an answer is any octets;
 * each is one packet of at most MONITOR_MAX octets, so that nobody has to wait
 * for the rest of one.  Either one's end is the other's end. */
#ifndef SERVE_MONITOR_H
#define SERVE_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/str.h"
#include "io/drop.h"
#include "serve/checker.h"

#define MONITOR_MAX 65536
#define MONITOR_ARGS 16

struct monitor {
	/* Set before the split: who to become when the user to switch to does
	 * not exist; NULL: fail then. */
	const struct drop *spare;
	/* Likewise: who to become, when that has been found out before (one
	 * monitor with many children); NULL otherwise. */
	const struct drop *user;
	bool fell_back; /* set in the child when that happened: log it */
	int fd;
	pid_t child;     /* in the monitor; 0 in the child */
	struct buf text; /* the last question, in the monitor */
};

/* Split.  m must be zeroed but for these two.  Only when we are root does the
 * child change users, to the one that the setting drop_setting names; in all
 * cases it gets no_new_privs, is not dumpable, and dies with the monitor.
 * Call before threads or children exist.
 * Returns 1 in the monitor, 0 in the child, -1 failed: in the child, where
 * m->child is 0 then, as well as in the parent, where it is not; the child
 * exits then, which the parent notices. */
int monitor_split(struct monitor *m, const char *drop_setting);

/* In the child: ask and wait for the answer, which replaces what is in
 * *answer (with a ceiling of its own).  Returns 0, or -1 (EPIPE the monitor is
 * gone, ETIMEDOUT, EMSGSIZE): no use in asking again then. */
int monitor_ask(struct monitor *m, char kind, const struct str *args, size_t n,
    struct buf *answer, int64_t deadline);

/* In the child: say something that has no arguments and gets no answer. */
int monitor_tell(struct monitor *m, char kind);

/* In the monitor: wait for the next question.  args[0..*n) point into *m and
 * live until the answer.  Returns 1; 0 the child has ended; -1 failed, or
 * the question is malformed (EPROTO): end then. */
int monitor_next(
    struct monitor *m, char *kind, struct str *args, size_t max, size_t *n);

/* In the monitor: answer the question, without waiting: 0 or -1 (EAGAIN the
 * child takes no answers: end it). */
int monitor_answer(struct monitor *m, struct str answer);

/* In the monitor: close the connection and wait for the child's end, unless it
 * is the child of another process (m->child is 0).
 * Returns its exit code, or 111 when it was killed. */
int monitor_end(struct monitor *m);

/* In the monitor: have the checker program decide whether user may log in with
 * this password, after the delay that source's and the user's failures have
 * earned (users/slow.h; LOGIN_DELAY).  Takes CHECKER_TIMEOUT and
 * SLOW_PATIENCE seconds at most together.  The program that calls this must
 * begin its main() with checker_reply_mode().
 * Returns reply->verdict. */
enum checker_verdict monitor_check(const char *root, const char *source,
    const char *checker, struct str user, struct str pass,
    struct checker_reply *reply);

#endif
