/* SPDX-License-Identifier: ISC */
/* without CALL ERRNO PROGRAM ARGS…: a program, and all that it starts, for
 * which that system call always fails so, as on a file system or a kernel
 * that has it not.  ERRNO is EINVAL, ENOSYS, EOPNOTSUPP, EPERM or EXDEV.  The
 * kernel does it (seccomp), in front of the program's own sandbox: unlike
 * under tests/faults.c, the program can be traced.  Exits with 2 when it
 * cannot be done. */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "crash/syscalls.h"

static const struct {
	const char *name;
	unsigned value;
} errnos[] = {{"EINVAL", EINVAL}, {"ENOSYS", ENOSYS},
    {"EOPNOTSUPP", EOPNOTSUPP}, {"EPERM", EPERM}, {"EXDEV", EXDEV}};

static int
forbid(unsigned nr, unsigned err)
{
	struct sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					 offsetof(struct seccomp_data, nr)),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | err),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog p = {sizeof(code) / sizeof(*code), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -1;
	return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p, 0, 0);
}

int
main(int argc, char **argv)
{
	unsigned err = 0;
	long nr = -1;

	for (size_t i = 0; argc > 3 && i < sizeof(errnos) / sizeof(*errnos);
	     i++)
		if (strcmp(argv[2], errnos[i].name) == 0)
			err = errnos[i].value;
	if (err)
		nr = call_number(argv[1]);
	if (nr < 0) {
		fprintf(
		    stderr, "usage: without CALL ERRNO PROGRAM [ARGS...]\n");
		return 2;
	}
	if (forbid((unsigned)nr, err) < 0) {
		perror("without: seccomp");
		return 2;
	}
	execvp(argv[3], argv + 3);
	perror(argv[3]);
	return 2;
}
