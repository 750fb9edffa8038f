/* SPDX-License-Identifier: ISC */
/* The program is a binary search among the numbers where the verdict changes,
 * for the kernel runs it once for each number when it is loaded, and remembers
 * which calls are always allowed; behind it stand the verdicts and the looks at
 * arguments.  It is short, for its translation by the kernel is most of the
 * price of a sandbox, and four of them are entered for each login. */
#define _GNU_SOURCE
#include "serve/seccomp.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fail.h"
#include "serve/calls.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#define NUMBERS 0x40000000u /* x32 begins */
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#define NUMBERS 0x7fffffffu
#else
#define ARCHITECTURE 0u /* seccomp_load() refuses */
#define NUMBERS 0u
#endif

#ifndef SYS_seccomp
#define SYS_seccomp 317
#endif

#define ENTRIES 192
#define CHANGES (2 * ENTRIES + 1)
#define JUMPS (CHANGES + 1)
#define NEW_SPACES \
	0x7e020000u    /* CLONE_NEWNS … CLONE_NEWNET, CLONE_NEWCGROUP \
	                */
#define SOCK_KIND 0xfu /* of the type, without its flags */
#define TIOCSTI_NR 0x5412
#define TIOCLINUX_NR 0x541c

/* What is done about a call. */
enum verdict {
	ALLOW,
	DENY,
	LOOK_PROT,
	LOOK_SOCKET,
	LOOK_CLONE,
	LOOK_PRCTL,
	LOOK_PRLIMIT,
	LOOK_FCHMOD,
	LOOK_KILL,
	LOOK_IOCTL,
	LOOK_MKNOD,
	LOOK_MKNODAT,
	LOOK_ABSENT, /* as if the kernel had no such call */
	LOOK_OURS,   /* fails as nothing else makes it fail */
	VERDICTS
};

struct entry {
	unsigned nr;
	enum verdict verdict;
};

/* From the comparison at `at`, when it holds or not, to a verdict, which stands
 * behind the search, once for all: to be filled in. */
struct jump {
	unsigned short at;
	unsigned char holds;
	unsigned char to; /* enum verdict */
};

struct making {
	struct seccomp *s;
	enum seccomp_mode mode;
	unsigned sockets;
	unsigned deny; /* how calls on or off the list fail */
	unsigned no;   /* how others fail: EPERM */
	unsigned family, tty, absent;
	struct entry entries[ENTRIES];
	size_t n;
	struct jump jumps[JUMPS];
	size_t njumps;
};

/* --------------------------------------------------------------- the list */

static enum verdict
verdict_of(int nr, enum call call)
{
	switch (call) {
	case CALL_MMAP:
	case CALL_MPROTECT:
		return LOOK_PROT;
	case CALL_SOCKET:
		return LOOK_SOCKET;
	case CALL_FORK:
		return nr == SYS_clone ? LOOK_CLONE : ALLOW;
	case CALL_PRCTL:
		return LOOK_PRCTL;
	case CALL_SETRLIMIT:
		return nr == SYS_prlimit64 ? LOOK_PRLIMIT : ALLOW;
	case CALL_FCHMOD:
		return LOOK_FCHMOD;
	case CALL_KILL:
		return LOOK_KILL;
	case CALL_IOCTL:
		return LOOK_IOCTL;
	default:
		return ALLOW;
	}
}

/* In the wide form a listed call is denied, but for those looked at. */
static enum verdict
wide_verdict(enum call call)
{
	switch (call) {
	case CALL_SOCKET:
		return LOOK_SOCKET;
	case CALL_FORK:
		return LOOK_CLONE;
	case CALL_IOCTL:
		return LOOK_IOCTL;
	case CALL_MKNOD:
		return LOOK_MKNOD;
	case CALL_MKNODAT:
		return LOOK_MKNODAT;
	case CALL_CLONE3:
		return LOOK_ABSENT;
	case CALL_PERSONALITY:
		return LOOK_OURS;
	default:
		return DENY;
	}
}

/* Keeps them sorted. */
static void
put_number(struct making *m, int nr, enum verdict verdict)
{
	size_t i = m->n;

	if (nr < 0)
		return;
	while (i > 0 && m->entries[i - 1].nr > (unsigned)nr)
		i--;
	if (i > 0 && m->entries[i - 1].nr == (unsigned)nr)
		return;
	if (m->n == ENTRIES) {
		m->s->over = true;
		return;
	}
	for (size_t k = m->n++; k > i; k--)
		m->entries[k] = m->entries[k - 1];
	m->entries[i] = (struct entry){(unsigned)nr, verdict};
}

static void
put_list(struct making *m, const unsigned char *list)
{
	for (; list && *list != CALL_NONE; list++) {
		const int *nr = calls[*list].nr;

		for (; *nr != CALLS_END; nr++) {
			enum verdict v = m->mode == SECCOMP_LIST
			                     ? verdict_of(*nr, *list)
			                     : wide_verdict(*list);

			/* A plain fork has no flags to look at. */
			if (v == LOOK_CLONE && *nr != SYS_clone)
				continue;
			put_number(m, *nr, v);
		}
	}
}

/* -------------------------------------------------------------- the code */

static void
emit(struct making *m, unsigned code, unsigned k, size_t jt, size_t jf)
{
	struct seccomp *s = m->s;

	if (s->n == SECCOMP_LENGTH || jt > 255 || jf > 255) {
		s->over = true;
		return;
	}
	s->code[s->n++] = (struct sock_filter){
	    (unsigned short)code, (unsigned char)jt, (unsigned char)jf, k};
}

static void
emit_load(struct making *m, size_t at)
{
	emit(m, BPF_LD | BPF_W | BPF_ABS, (unsigned)at, 0, 0);
}

/* The low half of an argument; both processors are little endian. */
static void
emit_argument(struct making *m, size_t i)
{
	emit_load(m, offsetof(struct seccomp_data, args) + 8 * i);
}

static void
emit_return(struct making *m, unsigned what)
{
	emit(m, BPF_RET | BPF_K, what, 0, 0);
}

/* Return `what` when the accumulator is k. */
static void
emit_if(struct making *m, unsigned k, unsigned what)
{
	emit(m, BPF_JMP | BPF_JEQ | BPF_K, k, 0, 1);
	emit_return(m, what);
}

/* Return `what` when it has one of these bits. */
static void
emit_if_set(struct making *m, unsigned bits, unsigned what)
{
	emit(m, BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1);
	emit_return(m, what);
}

static void
set_jump(struct making *m, size_t at, bool holds, size_t to)
{
	size_t over = to - at - 1;

	if (over > 255)
		m->s->over = true;
	else if (holds)
		m->s->code[at].jt = (unsigned char)over;
	else
		m->s->code[at].jf = (unsigned char)over;
}

static void
jump_later(struct making *m, size_t at, bool holds, enum verdict to)
{
	if (m->njumps == JUMPS)
		m->s->over = true;
	else
		m->jumps[m->njumps++] =
		    (struct jump){(unsigned short)at, holds, (unsigned char)to};
}

/* e[0..n), n > 1, are where the verdict changes, the first of them at or below
 * the number that is searched.  One that is unlike both its neighbours takes
 * one comparison. */
static void
emit_search(struct making *m, const struct entry *e, size_t n)
{
	size_t at = m->s->n, half = n / 2;

	if (n == 3 && e[2].nr == e[1].nr + 1 && e[2].verdict == e[0].verdict) {
		emit(m, BPF_JMP | BPF_JEQ | BPF_K, e[1].nr, 0, 0);
		jump_later(m, at, true, e[1].verdict);
		jump_later(m, at, false, e[0].verdict);
		return;
	}
	emit(m, BPF_JMP | BPF_JGE | BPF_K, e[half].nr, 0, 0);
	for (int holds = 0; holds < 2 && !m->s->over; holds++) {
		const struct entry *part = holds ? e + half : e;
		size_t npart = holds ? n - half : half;

		if (npart == 1) {
			jump_later(m, at, holds, part->verdict);
			continue;
		}
		set_jump(m, at, holds, m->s->n);
		emit_search(m, part, npart);
	}
}

/* From single calls to where the verdict changes.  There is room: two for each
 * call at most, and one for 0. */
static size_t
find_changes(const struct making *m, struct entry to[CHANGES])
{
	enum verdict other = m->mode == SECCOMP_LIST ? DENY : ALLOW;
	size_t n = 0;

	to[n++] = (struct entry){0, other};
	for (size_t i = 0; i < m->n; i++) {
		const struct entry *e = &m->entries[i];
		bool gap = i + 1 == m->n || m->entries[i + 1].nr != e->nr + 1;

		if (to[n - 1].nr == e->nr)
			to[n - 1].verdict = e->verdict;
		else if (to[n - 1].verdict != e->verdict)
			to[n++] = *e;
		if (gap && e->verdict != other)
			to[n++] = (struct entry){e->nr + 1, other};
	}
	return n;
}

/* ------------------------------------------------------------- the looks */

static void
look_socket(struct making *m)
{
	emit_argument(m, 1);
	emit(m, BPF_ALU | BPF_AND | BPF_K, SOCK_KIND, 0, 0);
	if (m->mode == SECCOMP_WIDE) {
		/* NETLINK_ROUTE is how a C library finds its addresses. */
		emit_if(m, SOCK_PACKET, m->no);
		emit_argument(m, 0);
		emit_if(m, AF_UNIX, SECCOMP_RET_ALLOW);
		emit(m, BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 3);
		emit_argument(m, 2);
		emit_if(m, 0, SECCOMP_RET_ALLOW);
		emit_argument(m, 0);
		emit(m, BPF_JMP | BPF_JEQ | BPF_K, AF_INET, 2, 0);
		emit(m, BPF_JMP | BPF_JEQ | BPF_K, AF_INET6, 1, 0);
		emit_return(m, m->family);
		emit_argument(m, 1);
		emit(m, BPF_ALU | BPF_AND | BPF_K, SOCK_KIND, 0, 0);
		emit_if(m, SOCK_RAW, m->no);
		emit_return(m, SECCOMP_RET_ALLOW);
		return;
	}
	emit_if(m, SOCK_RAW, m->no);
	emit_if(m, SOCK_PACKET, m->no);
	emit_argument(m, 0);
	if (m->sockets & SECCOMP_UNIX)
		emit_if(m, AF_UNIX, SECCOMP_RET_ALLOW);
	if (m->sockets & SECCOMP_INET) {
		emit_if(m, AF_INET, SECCOMP_RET_ALLOW);
		emit_if(m, AF_INET6, SECCOMP_RET_ALLOW);
	}
	emit_return(m, m->family);
}

static void
look_prctl(struct making *m)
{
	static const unsigned allowed[] = {
	    PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS, PR_GET_DUMPABLE};

	emit_argument(m, 0);
	for (size_t i = 0; i < sizeof(allowed) / sizeof(*allowed); i++)
		emit_if(m, allowed[i], SECCOMP_RET_ALLOW);
	emit(m, BPF_JMP | BPF_JEQ | BPF_K, PR_SET_DUMPABLE, 1, 0);
	emit_return(m, m->no);
	emit_argument(m, 1);
	emit_if(m, 0, SECCOMP_RET_ALLOW);
	emit_return(m, m->no);
}

static void
look_ioctl(struct making *m)
{
	if (m->mode == SECCOMP_LIST) {
		emit_return(m, m->tty);
		return;
	}
	emit_argument(m, 1);
	emit_if(m, TIOCSTI_NR, m->no);
	emit_if(m, TIOCLINUX_NR, m->no);
	emit_return(m, SECCOMP_RET_ALLOW);
}

static void
look_device(struct making *m, size_t argument)
{
	emit_argument(m, argument);
	emit(m, BPF_ALU | BPF_AND | BPF_K, S_IFMT, 0, 0);
	emit_if(m, S_IFCHR, m->no);
	emit_if(m, S_IFBLK, m->no);
	emit_return(m, SECCOMP_RET_ALLOW);
}

/* Allowed without these bits in this argument. */
static void
look_bits(struct making *m, size_t argument, unsigned bits)
{
	emit_argument(m, argument);
	emit_if_set(m, bits, m->no);
	emit_return(m, SECCOMP_RET_ALLOW);
}

static void
emit_look(struct making *m, enum verdict v)
{
	switch (v) {
	case ALLOW:
		emit_return(m, SECCOMP_RET_ALLOW);
		break;
	case DENY:
		emit_return(m, m->deny);
		break;
	case LOOK_PROT:
		look_bits(m, 2, PROT_EXEC);
		break;
	case LOOK_SOCKET:
		look_socket(m);
		break;
	case LOOK_CLONE:
		look_bits(m, 0, NEW_SPACES);
		break;
	case LOOK_PRCTL:
		look_prctl(m);
		break;
	case LOOK_PRLIMIT:
		/* Process 0: ourselves. */
		emit_argument(m, 0);
		emit_if(m, 0, SECCOMP_RET_ALLOW);
		emit_return(m, m->no);
		break;
	case LOOK_FCHMOD:
		look_bits(m, 1, S_ISUID | S_ISGID);
		break;
	case LOOK_KILL:
		/* -1 and groups are below 0. */
		look_bits(m, 0, 0x80000000u);
		break;
	case LOOK_IOCTL:
		look_ioctl(m);
		break;
	case LOOK_MKNOD:
		look_device(m, 1);
		break;
	case LOOK_MKNODAT:
		look_device(m, 2);
		break;
	case LOOK_ABSENT:
		emit_return(m, m->absent);
		break;
	case LOOK_OURS:
		emit_return(m, m->family);
		break;
	default:
		break;
	}
}

static void
emit_verdicts(struct making *m)
{
	for (enum verdict v = ALLOW; v < VERDICTS; v++) {
		size_t at = m->s->n;
		bool wanted = false;

		for (size_t i = 0; i < m->njumps; i++)
			if (m->jumps[i].to == v) {
				set_jump(
				    m, m->jumps[i].at, m->jumps[i].holds, at);
				wanted = true;
			}
		if (wanted)
			emit_look(m, v);
	}
}

/* ---------------------------------------------------------------- public */

static unsigned
failing(bool log_only, int err)
{
	return log_only ? SECCOMP_RET_LOG : SECCOMP_RET_ERRNO | (unsigned)err;
}

void
seccomp_make(struct seccomp *s, enum seccomp_mode mode,
    const unsigned char *list, const unsigned char *more, unsigned sockets,
    bool log_only)
{
	unsigned strange =
	    log_only ? SECCOMP_RET_LOG : SECCOMP_RET_KILL_PROCESS;
	struct entry changes[CHANGES];
	struct making m; /* large: only what is used of it is touched */
	size_t n;

	m.s = s;
	m.mode = mode;
	m.sockets = sockets;
	m.n = m.njumps = 0;
	m.no = failing(log_only, EPERM);
	m.family = failing(log_only, EAFNOSUPPORT);
	m.tty = failing(log_only, ENOTTY);
	m.absent = failing(log_only, ENOSYS);
	m.deny = mode == SECCOMP_LIST ? m.absent : m.no;
	s->n = 0;
	s->over = false;
	put_list(&m, list);
	put_list(&m, more);
	if (mode == SECCOMP_LIST)
		put_list(&m, calls_of_libc);
	emit_load(&m, offsetof(struct seccomp_data, arch));
	emit(&m, BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0);
	emit_return(&m, strange);
	emit_load(&m, offsetof(struct seccomp_data, nr));
	emit(&m, BPF_JMP | BPF_JGE | BPF_K, NUMBERS, 0, 1);
	emit_return(&m, m.absent);
	n = find_changes(&m, changes);
	if (n > 1)
		emit_search(&m, changes, n);
	else
		s->over = true;
	emit_verdicts(&m);
}

int
seccomp_load(const struct seccomp *s)
{
	struct sock_fprog p = {.len = (unsigned short)s->n,
	    .filter = (struct sock_filter *)(uintptr_t)s->code};

	if (s->over || ARCHITECTURE == 0) {
		errno = ENOSYS;
		return -1;
	}
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &p);
}
