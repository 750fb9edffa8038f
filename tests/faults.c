/* SPDX-License-Identifier: ISC */
/* Runs a program and all that it starts under ptrace, and has one system call
 * go wrong.
 *
 *   faults [-t SECONDS] [-o REPORT] count PROGRAM ARGS…
 *   faults … kill POINT PROGRAM ARGS…         SIGKILL before the call is made
 *   faults … errno POINT ERRNO PROGRAM ARGS…  it is not made and fails so
 *   faults … short POINT OCTETS|half PROGRAM ARGS…   it gets less to do
 *
 * A point is NAME:CALL:N, the N-th call of that name made by processes of that
 * name, so that it is the same one in each run, however processes interleave.
 * A process has its program's name; one that forked and still runs the same
 * program has a + behind it.  Others than the one killed go on.
 *
 * The report, on standard error or in a file, has a line for each thing:
 *   NAME CALL COUNT           (count) so often it was made
 *   hit NAME CALL N WHAT      the point was reached; the file it was about
 *   signal NAME NUMBER WHERE  a process died of a signal that is not ours, in
 *                             this file's code
 *   late NAME                 it had to be killed at the end of the time
 * Ends as the program does; with 128 and the signal's number when that killed
 * it; with 124 when anything was late. */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "base/str.h"
#include "crash/registers.h"
#include "crash/syscalls.h"

#define NAME_MAX_LEN 64
#define PROCS_MAX 256
#define COUNTS_MAX 4096
#define SITE_LEN 100
#define EXIT_LATE 124

enum mode { COUNT, KILL, ERRNO, SHORT };

struct proc {
	pid_t pid;
	char name[NAME_MAX_LEN];
	bool known;   /* its parent told of it */
	bool waiting; /* stopped before that */
	bool failing; /* the call under way is to return -err */
	bool cut;     /* the call under way has changed arguments */
	uint64_t args[3];
	char at[SITE_LEN]; /* where it was when a signal came */
};

struct count {
	char name[NAME_MAX_LEN];
	long nr;
	unsigned long n;
};

static const struct {
	const char *name;
	int value;
} errnos[] = {{"EIO", EIO}, {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT},
    {"EMFILE", EMFILE}, {"ENOMEM", ENOMEM}, {"EINTR", EINTR},
    {"EAGAIN", EAGAIN}, {"ESTALE", ESTALE}, {"EINVAL", EINVAL},
    {"ENOSYS", ENOSYS}, {"EACCES", EACCES}};

static enum mode mode;
static char point_name[NAME_MAX_LEN];
static long point_nr;
static unsigned long point_n;
static int err;
static unsigned long octets; /* 0: half of them */
static FILE *report;
static struct proc procs[PROCS_MAX];
static size_t nprocs;
static struct count counts[COUNTS_MAX];
static size_t ncounts;
static bool done; /* the point is behind us */
static volatile sig_atomic_t time_is_up;

_Noreturn static void
die(const char *what)
{
	fprintf(stderr, "faults: %s: %s\n", what, strerror(errno));
	exit(111);
}

_Noreturn static void
usage(void)
{
	fputs("usage: faults [-t SECONDS] [-o REPORT] "
	      "count | kill POINT | errno POINT ERRNO | "
	      "short POINT OCTETS|half  PROGRAM ARGS…\n",
	    stderr);
	exit(100);
}

/* ----------------------------------------------------------- system calls */

static size_t
peek(pid_t pid, uint64_t at, void *p, size_t n)
{
	struct iovec here = {p, n};
	struct iovec there = {(void *)(uintptr_t)at, n};
	ssize_t got = process_vm_readv(pid, &here, 1, &there, 1, 0);

	return got < 0 ? 0 : (size_t)got;
}

/* The file that the call is about, for a human. */
static void
describe(pid_t pid, enum syscall_kind kind, const uint64_t *args, char *what,
    size_t size)
{
	char link[64];
	ssize_t n;

	what[0] = '\0';
	if (kind == CALL_PATH || kind == CALL_AT) {
		what[peek(pid, args[kind == CALL_AT], what, size - 1)] = '\0';
	} else if (kind != CALL_OTHER) {
		snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid,
		    (int)args[0]);
		n = readlink(link, what, size - 1);
		what[n < 0 ? 0 : n] = '\0';
	}
	for (char *p = what; *p; p++)
		if (*p < ' ' || *p > '~')
			*p = '?';
}

/* Whether a process' descriptor keeps the ends of packets: what it gets is
 * never cut in two. */
static bool
in_packets(pid_t pid, uint64_t fd)
{
	int at = (int)syscall(SYS_pidfd_open, pid, 0);
	int copy = at < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, at, (int)fd, 0);
	int type = SOCK_STREAM;
	socklen_t n = sizeof(type);

	if (copy >= 0 && getsockopt(copy, SOL_SOCKET, SO_TYPE, &type, &n) < 0)
		type = SOCK_STREAM;
	if (copy >= 0)
		close(copy);
	if (at >= 0)
		close(at);
	return type != SOCK_STREAM;
}

/* ---------------------------------------------------------------- counting */

static unsigned long
count_call(const char *name, long nr)
{
	struct count *c = counts;

	while (
	    c < counts + ncounts && (c->nr != nr || strcmp(c->name, name) != 0))
		c++;
	if (c == counts + COUNTS_MAX) {
		errno = ENOSPC;
		die("too many kinds of calls");
	}
	if (c == counts + ncounts) {
		ncounts++;
		memcpy(c->name, name, NAME_MAX_LEN);
		c->nr = nr;
	}
	return ++c->n;
}

static void
print_counts(void)
{
	for (size_t i = 0; i < ncounts; i++)
		fprintf(report, "%s %s %lu\n", counts[i].name,
		    call_name(counts[i].nr), counts[i].n);
}

/* ---------------------------------------------------------------- breaking */

static void
cut_iov(struct proc *p)
{
	struct iovec v = {0};
	uint64_t at = p->args[1];

	for (uint64_t i = 0; i + 1 < p->args[2]; i++, at += sizeof(v))
		if (peek(p->pid, at, &v, sizeof(v)) == sizeof(v) &&
		    v.iov_len > 0)
			break;
	set_arg(p->pid, 1, at);
	set_arg(p->pid, 2, 1);
}

static void
cut(struct proc *p, enum syscall_kind kind)
{
	uint64_t n = p->args[2];

	if ((kind != CALL_IO && kind != CALL_IOV) || n < 2 ||
	    in_packets(p->pid, p->args[0]))
		return;
	p->cut = true;
	if (kind == CALL_IOV)
		cut_iov(p);
	else
		set_arg(p->pid, 2, octets && octets < n ? octets : n / 2);
}

static void
fail_call(struct proc *p, long nr)
{
	/* It has no errno: its failure is to change nothing. */
	if (nr == SYS_brk) {
		set_arg(p->pid, 0, 0);
		p->cut = true;
		return;
	}
	/* What fails to be closed is closed all the same. */
	if (nr != SYS_close)
		skip_call(p->pid);
	p->failing = true;
}

static void
at_point(struct proc *p, long nr)
{
	char what[200];
	enum syscall_kind kind = call_kind(nr);

	describe(p->pid, kind, p->args, what, sizeof(what));
	fprintf(report, "hit %s %s %lu %s\n", p->name, call_name(nr), point_n,
	    what);
	done = true;
	if (mode == KILL) {
		skip_call(p->pid);
		kill(p->pid, SIGKILL);
	} else if (mode == ERRNO) {
		fail_call(p, nr);
	} else if (mode == SHORT) {
		cut(p, kind);
	}
}

static void
call_begins(struct proc *p, const struct __ptrace_syscall_info *info)
{
	long nr = (long)info->entry.nr;

	if (!p->name[0])
		return; /* ours, before its first exec */
	for (int i = 0; i < 3; i++)
		p->args[i] = info->entry.args[i];
	if (count_call(p->name, nr) == point_n && mode != COUNT && !done &&
	    nr == point_nr && strcmp(p->name, point_name) == 0)
		at_point(p, nr);
}

/* Programs may count on their registers being as before. */
static void
call_ends(struct proc *p)
{
	if (p->failing)
		set_result(p->pid, -err);
	for (int i = 0; i < 3 && p->cut; i++)
		set_arg(p->pid, i, p->args[i]);
	p->failing = p->cut = false;
}

/* ---------------------------------------------------------------- processes */

static struct proc *
find(pid_t pid)
{
	struct proc *p = procs;

	while (p < procs + nprocs && p->pid != pid)
		p++;
	if (p == procs + PROCS_MAX) {
		errno = EAGAIN;
		die("too many processes");
	}
	if (p == procs + nprocs) {
		nprocs++;
		*p = (struct proc){.pid = pid};
	}
	return p;
}

static void
forget(struct proc *p)
{
	*p = procs[--nprocs];
}

/* After the point only the processes' ends matter. */
static void
go_on(struct proc *p, int sig)
{
	bool all = !done || p->failing || p->cut;

	ptrace(all ? PTRACE_SYSCALL : PTRACE_CONT, p->pid, NULL,
	    (void *)(intptr_t)sig);
}

static void
forked(struct proc *parent)
{
	unsigned long pid;
	struct proc *p;
	size_t n;

	if (ptrace(PTRACE_GETEVENTMSG, parent->pid, NULL, &pid) < 0)
		return;
	p = find((pid_t)pid);
	memcpy(p->name, parent->name, sizeof(p->name));
	n = strlen(p->name);
	if (n > 0 && p->name[n - 1] != '+' && n + 1 < sizeof(p->name))
		memcpy(p->name + n, "+", 2);
	p->known = true;
	if (p->waiting)
		go_on(p, 0);
	p->waiting = false;
}

static void
executed(struct proc *p)
{
	char link[64];
	char path[4096];
	const char *name = path;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)p->pid);
	n = readlink(link, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	if (strrchr(path, '/'))
		name = strrchr(path, '/') + 1;
	if (strncmp(name, "yubin-", 6) == 0)
		name += 6;
	snprintf(p->name, sizeof(p->name), "%.60s", *name ? name : "?");
}

/* The name of the file that the program is in. */
static void
find_site(struct proc *p, uint64_t ip)
{
	char line[4200];
	uint64_t from, to;
	int path;
	FILE *f;

	snprintf(line, sizeof(line), "/proc/%d/maps", (int)p->pid);
	f = fopen(line, "re");
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %*s %*s %n",
			&from, &to, &path) == 2 &&
		    from <= ip && ip < to)
			snprintf(p->at, sizeof(p->at), "%.*s", SITE_LEN - 1,
			    line + path);
	}
	if (f)
		fclose(f);
}

static void
signalled(struct proc *p, int sig)
{
	struct __ptrace_syscall_info info;

	p->at[0] = '\0';
	if (sig != SIGCHLD &&
	    ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof(info), &info) > 0)
		find_site(p, info.instruction_pointer);
	go_on(p, sig);
}

static void
stopped(struct proc *p, int status)
{
	struct __ptrace_syscall_info info;
	int sig = WSTOPSIG(status);
	int event = status >> 16;

	if (sig == (SIGTRAP | 0x80)) {
		if (ptrace(PTRACE_GET_SYSCALL_INFO, p->pid, sizeof(info),
			&info) > 0) {
			if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
				call_begins(p, &info);
			else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
				call_ends(p);
		}
		go_on(p, 0);
	} else if (event) {
		if (event == PTRACE_EVENT_EXEC)
			executed(p);
		else
			forked(p);
		go_on(p, 0);
	} else if (sig == SIGSTOP && !p->known) {
		p->waiting = true; /* for its parent to tell of it */
	} else {
		signalled(p, sig == SIGSTOP ? 0 : sig);
	}
}

static void
ended(struct proc *p, int status)
{
	if (WIFSIGNALED(status) &&
	    !(mode == KILL && done && WTERMSIG(status) == SIGKILL) &&
	    !time_is_up)
		fprintf(report, "signal %s %d %s\n", p->name, WTERMSIG(status),
		    p->at);
	forget(p);
}

static void
on_alarm(int sig)
{
	(void)sig;
	time_is_up = 1;
}

static void
kill_all(void)
{
	for (size_t i = 0; i < nprocs; i++) {
		fprintf(report, "late %s\n", procs[i].name);
		kill(procs[i].pid, SIGKILL);
	}
}

/* Returns what to exit with. */
static int
trace(pid_t first)
{
	bool killed = false;
	int code = 111;
	int status;

	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);

		if (time_is_up && !killed) {
			kill_all();
			killed = true;
		}
		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return killed ? EXIT_LATE : code;
		if (WIFSTOPPED(status)) {
			stopped(find(pid), status);
			continue;
		}
		if (pid == first)
			code = WIFEXITED(status) ? WEXITSTATUS(status)
			                         : 128 + WTERMSIG(status);
		ended(find(pid), status);
	}
}

static pid_t
start(char **argv)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
			die("PTRACE_TRACEME");
		raise(SIGSTOP);
		execvp(argv[0], argv);
		die(argv[0]);
	}
	find(pid)->known = true;
	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status) ||
	    ptrace(PTRACE_SETOPTIONS, pid, NULL,
		PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
		    PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
		    PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL) < 0)
		die("ptrace");
	go_on(find(pid), 0);
	return pid;
}

/* --------------------------------------------------------------- arguments */

static void
read_point(const char *arg)
{
	struct str s = str_z(arg);
	size_t first = str_find(s, ':');
	size_t last = str_rfind(s, ':');
	char name[NAME_MAX_LEN];
	uint64_t n;

	if (first >= last || last == s.n ||
	    str_copy(point_name, sizeof(point_name), str_to(s, first)) < 0 ||
	    str_copy(name, sizeof(name), str_from(str_to(s, last), first + 1)) <
		0 ||
	    num_scan(str_from(s, last + 1), 1000000000, &n) < 0 || n == 0)
		usage();
	point_nr = call_number(name);
	if (point_nr < 0)
		usage();
	point_n = n;
}

static void
read_errno(const char *arg)
{
	for (size_t i = 0; i < sizeof(errnos) / sizeof(*errnos); i++)
		if (strcmp(arg, errnos[i].name) == 0)
			err = errnos[i].value;
	if (!err)
		usage();
}

static void
read_octets(const char *arg)
{
	uint64_t n = 0;

	if (strcmp(arg, "half") != 0 &&
	    num_scan(str_z(arg), 1000000000, &n) < 0)
		usage();
	octets = n;
}

/* Returns how many arguments are ours. */
static int
read_mode(int n, char **arg)
{
	static const char *const names[] = {"count", "kill", "errno", "short"};
	static const int takes[] = {1, 2, 3, 3};
	size_t i = 0;

	while (n > 0 && i < 4 && strcmp(arg[0], names[i]) != 0)
		i++;
	if (n == 0 || i == 4 || n <= takes[i])
		usage();
	mode = (enum mode)i;
	if (mode != COUNT)
		read_point(arg[1]);
	if (mode == ERRNO)
		read_errno(arg[2]);
	if (mode == SHORT)
		read_octets(arg[2]);
	return takes[i];
}

int
main(int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = on_alarm};
	unsigned seconds = 60;
	int c, code;

	report = stderr;
	while ((c = getopt(argc, argv, "+t:o:")) != -1) {
		if (c == 't')
			seconds = (unsigned)strtol(optarg, NULL, 10);
		else if (c != 'o' || !(report = fopen(optarg, "we")))
			usage();
	}
	argv += optind;
	argv += read_mode(argc - optind, argv);
	sigaction(SIGALRM, &sa, NULL);
	alarm(seconds);
	code = trace(start(argv));
	if (mode == COUNT)
		print_counts();
	if (fclose(report) != 0)
		die("report");
	return code;
}
