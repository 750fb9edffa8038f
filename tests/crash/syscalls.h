/* SPDX-License-Identifier: ISC */
/* The system calls that tests/faults.c knows by name, and what their first
 * arguments are.  Others are called by their numbers. */
#ifndef CRASH_SYSCALLS_H
#define CRASH_SYSCALLS_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/num.h"

enum syscall_kind {
	CALL_OTHER,
	CALL_FD,   /* a descriptor */
	CALL_IO,   /* descriptor, octets, their number: may be cut short */
	CALL_IOV,  /* descriptor, struct iovec, their number */
	CALL_PATH, /* a path */
	CALL_AT,   /* a directory's descriptor, a path below it */
};

#define CALL(kind, name) \
	{ \
		SYS_##name, #name, CALL_##kind \
	}

static const struct {
	long nr;
	const char *name;
	enum syscall_kind kind;
} syscalls[] = {
    CALL(IO, read),
    CALL(IO, write),
    CALL(IO, pread64),
    CALL(IO, pwrite64),
    CALL(IO, sendto),
    CALL(IO, recvfrom),
    CALL(IOV, readv),
    CALL(IOV, writev),
    CALL(IOV, preadv),
    CALL(IOV, pwritev),
    CALL(FD, sendmsg),
    CALL(FD, recvmsg),
    CALL(FD, sendfile),
    CALL(FD, copy_file_range),
    CALL(FD, splice),
    CALL(FD, lseek),
    CALL(FD, close),
    CALL(FD, fsync),
    CALL(FD, fdatasync),
    CALL(FD, syncfs),
    CALL(FD, sync_file_range),
    CALL(FD, ftruncate),
    CALL(FD, fallocate),
    CALL(FD, fadvise64),
    CALL(FD, fchmod),
    CALL(FD, fchown),
    CALL(FD, fstat),
    CALL(FD, fstatfs),
    CALL(FD, fchdir),
    CALL(FD, flock),
    CALL(FD, fcntl),
    CALL(FD, ioctl),
    CALL(FD, getdents64),
    CALL(FD, dup),
    CALL(FD, dup3),
    CALL(FD, connect),
    CALL(FD, bind),
    CALL(FD, listen),
    CALL(FD, accept),
    CALL(FD, accept4),
    CALL(FD, shutdown),
    CALL(FD, getsockname),
    CALL(FD, getpeername),
    CALL(FD, getsockopt),
    CALL(FD, setsockopt),
    CALL(FD, epoll_ctl),
    CALL(FD, epoll_pwait),
    CALL(FD, inotify_add_watch),
    CALL(PATH, execve),
    CALL(PATH, chdir),
    CALL(PATH, truncate),
    CALL(PATH, statfs),
    CALL(AT, openat),
    CALL(AT, mkdirat),
    CALL(AT, unlinkat),
    CALL(AT, renameat2),
    CALL(AT, linkat),
    CALL(AT, symlinkat),
    CALL(AT, readlinkat),
    CALL(AT, fchmodat),
    CALL(AT, fchownat),
    CALL(AT, faccessat),
    CALL(AT, faccessat2),
    CALL(AT, newfstatat),
    CALL(AT, statx),
    CALL(AT, utimensat),
    CALL(OTHER, mmap),
    CALL(OTHER, munmap),
    CALL(OTHER, mremap),
    CALL(OTHER, mprotect),
    CALL(OTHER, madvise),
    CALL(OTHER, brk),
    CALL(OTHER, clone),
    CALL(OTHER, clone3),
    CALL(OTHER, wait4),
    CALL(OTHER, waitid),
    CALL(OTHER, exit),
    CALL(OTHER, exit_group),
    CALL(OTHER, kill),
    CALL(OTHER, tgkill),
    CALL(OTHER, tkill),
    CALL(OTHER, pipe2),
    CALL(OTHER, socket),
    CALL(OTHER, socketpair),
    CALL(OTHER, ppoll),
    CALL(OTHER, pselect6),
    CALL(OTHER, epoll_create1),
    CALL(OTHER, eventfd2),
    CALL(OTHER, signalfd4),
    CALL(OTHER, inotify_init1),
    CALL(OTHER, memfd_create),
    CALL(OTHER, pidfd_open),
    CALL(OTHER, getrandom),
    CALL(OTHER, getpid),
    CALL(OTHER, getppid),
    CALL(OTHER, gettid),
    CALL(OTHER, getuid),
    CALL(OTHER, geteuid),
    CALL(OTHER, getgid),
    CALL(OTHER, getegid),
    CALL(OTHER, setuid),
    CALL(OTHER, setgid),
    CALL(OTHER, setresuid),
    CALL(OTHER, setresgid),
    CALL(OTHER, setgroups),
    CALL(OTHER, getgroups),
    CALL(OTHER, setsid),
    CALL(OTHER, setpgid),
    CALL(OTHER, umask),
    CALL(OTHER, uname),
    CALL(OTHER, sysinfo),
    CALL(OTHER, getcwd),
    CALL(OTHER, getrlimit),
    CALL(OTHER, setrlimit),
    CALL(OTHER, prlimit64),
    CALL(OTHER, prctl),
    CALL(OTHER, seccomp),
    CALL(OTHER, nanosleep),
    CALL(OTHER, clock_nanosleep),
    CALL(OTHER, clock_gettime),
    CALL(OTHER, gettimeofday),
    CALL(OTHER, futex),
    CALL(OTHER, rt_sigaction),
    CALL(OTHER, rt_sigprocmask),
    CALL(OTHER, rt_sigreturn),
    CALL(OTHER, rt_sigsuspend),
    CALL(OTHER, rt_sigtimedwait),
    CALL(OTHER, sigaltstack),
    CALL(OTHER, set_tid_address),
    CALL(OTHER, set_robust_list),
    CALL(OTHER, rseq),
    CALL(OTHER, getpgid),
    CALL(OTHER, sched_getaffinity),
    CALL(OTHER, setitimer),
    CALL(OTHER, landlock_create_ruleset),
    CALL(OTHER, landlock_add_rule),
    CALL(OTHER, landlock_restrict_self),
#ifdef __x86_64__
    CALL(PATH, open),
    CALL(PATH, creat),
    CALL(PATH, stat),
    CALL(PATH, lstat),
    CALL(PATH, access),
    CALL(PATH, readlink),
    CALL(PATH, unlink),
    CALL(PATH, rename),
    CALL(PATH, link),
    CALL(PATH, symlink),
    CALL(PATH, mkdir),
    CALL(PATH, rmdir),
    CALL(PATH, chmod),
    CALL(PATH, chown),
    CALL(AT, renameat),
    CALL(FD, dup2),
    CALL(FD, epoll_wait),
    CALL(OTHER, poll),
    CALL(OTHER, select),
    CALL(OTHER, fork),
    CALL(OTHER, vfork),
    CALL(OTHER, pipe),
    CALL(OTHER, alarm),
    CALL(OTHER, arch_prctl),
    CALL(OTHER, getpgrp),
    CALL(OTHER, epoll_create),
    CALL(OTHER, inotify_init),
#endif
};

static inline const char *
call_name(long nr)
{
	static char number[32];

	for (size_t i = 0; i < sizeof(syscalls) / sizeof(*syscalls); i++)
		if (syscalls[i].nr == nr)
			return syscalls[i].name;
	snprintf(number, sizeof(number), "%ld", nr);
	return number;
}

static inline enum syscall_kind
call_kind(long nr)
{
	for (size_t i = 0; i < sizeof(syscalls) / sizeof(*syscalls); i++)
		if (syscalls[i].nr == nr)
			return syscalls[i].kind;
	return CALL_OTHER;
}

/* -1 when it is neither a name nor a number. */
static inline long
call_number(const char *name)
{
	uint64_t v;

	for (size_t i = 0; i < sizeof(syscalls) / sizeof(*syscalls); i++)
		if (strcmp(syscalls[i].name, name) == 0)
			return syscalls[i].nr;
	if (num_scan(str_z(name), 100000, &v) < 0)
		return -1;
	return (long)v;
}

#endif
