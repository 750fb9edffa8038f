/* SPDX-License-Identifier: ISC */
/* Programs for seccomp(2): which system calls a process may make from now on,
 * as a list of those it may or of those it may not.  Written without a library
 * (the kernel's Documentation/userspace-api/seccomp_filter.rst). */
#ifndef SERVE_SECCOMP_H
#define SERVE_SECCOMP_H

#include <errno.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECCOMP_LENGTH 512 /* instructions */

#define SECCOMP_OURS EAFNOSUPPORT

enum seccomp_mode {
	SECCOMP_LIST, /* what is listed is allowed, in the limits below */
	SECCOMP_WIDE  /* what is listed is denied */
};

/* Sockets that may be made. */
enum { SECCOMP_UNIX = 1, SECCOMP_INET = 2 };

struct seccomp {
	size_t n;
	bool over; /* too long: do not install it */
	struct sock_filter code[SECCOMP_LENGTH];
};

/* Make the program.  list: of enum call, ended by CALL_NONE; more: another
 * one, or NULL.  log_only: whatever it would deny is allowed, and logged by the
 * kernel.
 *
 * Denied calls fail.  With a list they say ENOSYS: a C library that came to use
 * a newer call falls back on the older one, as it does on an older kernel, and
 * where it cannot, the program meets a failed call, answers "try later", and no
 * mail is lost.  To be killed would be as safe but for mail: it would end what
 * nobody attacks.  Only a call of another architecture, which nothing of ours
 * can make, ends the process.  Calls whose arguments are
 * not as they may be say EPERM, sockets EAFNOSUPPORT, ioctl(2) ENOTTY.
 *
 * Where these are listed, only this is allowed: memory that is not executable;
 * sockets of the given families, and none that are raw; new processes, but no
 * new name spaces; of prctl(2) no_new_privs, not dumpable, the signal at the
 * parent's death; limits of our own; modes without setuid and setgid; signals
 * to one process.  In the wide form memory may be executable, sockets are those
 * that a program may need, and further limits are those above; personality(2),
 * when it is listed, fails with SECCOMP_OURS, by which this form is known. */
void seccomp_make(struct seccomp *s, enum seccomp_mode mode,
    const unsigned char *list, const unsigned char *more, unsigned sockets,
    bool log_only);

/* Load it, for this process and all that come of it, for good; the process must
 * have no_new_privs or be root.  Returns 0 or -1. */
int seccomp_load(const struct seccomp *s);

#endif
