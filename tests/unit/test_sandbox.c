/* SPDX-License-Identifier: ISC */
/* The programs for seccomp and the profiles: each look at arguments is tried by
 * a child in the kernel that runs here. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve/calls.h"
#include "serve/landlock.h"
#include "serve/profile.h"
#include "serve/sandbox.h"
#include "serve/seccomp.h"
#include "tap.h"

#ifdef __SANITIZE_ADDRESS__
#define IMPOSSIBLE 1
#else
#define IMPOSSIBLE 0
#endif

static const unsigned char list[] = {CALL_OPEN, CALL_SOCKET, CALL_PRCTL,
    CALL_FCHMOD, CALL_KILL, CALL_FORK, CALL_SETRLIMIT, CALL_NONE};
static const unsigned char wide[] = {CALL_PTRACE, CALL_SOCKET, CALL_FORK,
    CALL_IOCTL, CALL_MKNODAT, CALL_CLONE3, CALL_PERSONALITY, CALL_NONE};

/* The errno of a call, 0 for none, made in a child with the program. */
static int
after(const struct seccomp *s, long (*call)(void))
{
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (seccomp_load(s) < 0)
			_exit(255);
		errno = 0;
		_exit(call() < 0 ? errno : 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

#define ACTION(name, body) \
	static long name(void) \
	{ \
		return body; \
	}
ACTION(opens, open("/", O_RDONLY))
ACTION(lists, syscall(SYS_getcwd, NULL, 0L))
ACTION(inet, socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
ACTION(local, socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0))
ACTION(raw, socket(AF_INET, SOCK_RAW, 1))
ACTION(netlink, socket(AF_NETLINK, SOCK_RAW, 0))
ACTION(audit, socket(AF_NETLINK, SOCK_RAW, 9))
ACTION(data, mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		 ? -1
		 : 0)
ACTION(code, mmap(NULL, 4096, PROT_READ | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED
		 ? -1
		 : 0)
ACTION(dumpable, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
ACTION(not_dumpable, prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
ACTION(setuid_mode, fchmod(0, 04755))
ACTION(bad_mode, fchmod(-1, 0755))
ACTION(kill_all, kill(-1, 0))
ACTION(kill_self, kill(getpid(), 0))
ACTION(space, syscall(SYS_clone, 0x10000000L | SIGCHLD, 0L, 0L, 0L, 0L))
ACTION(clone3, syscall(435, NULL, 0L))
ACTION(ptraces, syscall(SYS_ptrace, 16L, -1L, 0L, 0L))
ACTION(steals, syscall(SYS_ioctl, 0, 0x5412L, NULL))
ACTION(personality, syscall(SYS_personality, 0xffffffffUL))
ACTION(device, mknodat(-1, "x", S_IFCHR, 0))
ACTION(other_limit, syscall(SYS_prlimit64, 1, RLIMIT_CORE, NULL, NULL))
ACTION(own_limit, syscall(SYS_prlimit64, 0, RLIMIT_CORE, NULL, NULL))
ACTION(x32, syscall(0x40000000L | SYS_getpid))

static void
test_list(void)
{
	struct seccomp s;

	seccomp_make(&s, SECCOMP_LIST, list, NULL, SECCOMP_INET, false);
	CHECK(!s.over && s.n < SECCOMP_LENGTH, "it fits");
	CHECK_NUM(after(&s, opens), 0, "listed");
	CHECK_NUM(
	    after(&s, lists), ENOSYS, "not listed: as if it were missing");
	CHECK_NUM(after(&s, data), 0, "memory");
	CHECK_NUM(after(&s, code), EPERM, "no executable memory");
	CHECK_NUM(after(&s, inet), 0, "the family is allowed");
	CHECK_NUM(after(&s, local), EAFNOSUPPORT, "this one is not");
	CHECK_NUM(after(&s, raw), EPERM, "no raw sockets");
	CHECK_NUM(after(&s, dumpable), EPERM, "it may not become dumpable");
	CHECK_NUM(after(&s, not_dumpable), 0, "nor the contrary");
	CHECK_NUM(after(&s, setuid_mode), EPERM, "no setuid files");
	CHECK_NUM(after(&s, bad_mode), EBADF, "other modes reach the kernel");
	CHECK_NUM(after(&s, kill_all), EPERM, "no signals to all");
	CHECK_NUM(after(&s, kill_self), 0, "to one process");
	CHECK_NUM(after(&s, space), EPERM, "no name spaces");
	CHECK_NUM(after(&s, clone3), ENOSYS, "the C library then uses clone");
	CHECK_NUM(after(&s, other_limit), EPERM, "limits of nobody else");
	CHECK_NUM(after(&s, own_limit), 0, "our own");
#ifdef __x86_64__
	CHECK_NUM(after(&s, x32), ENOSYS, "no x32 interface");
#endif
}

static void
test_wide(void)
{
	struct seccomp s;

	seccomp_make(&s, SECCOMP_WIDE, wide, NULL, 0, false);
	CHECK_NUM(after(&s, ptraces), EPERM, "listed: denied");
	CHECK_NUM(after(&s, lists), ERANGE, "not listed: reaches the kernel");
	CHECK_NUM(after(&s, code), 0, "programs have code");
	CHECK_NUM(after(&s, local), 0, "Unix sockets");
	CHECK_NUM(after(&s, inet), 0, "TCP");
	CHECK_NUM(after(&s, netlink), 0, "NETLINK_ROUTE");
	CHECK_NUM(after(&s, audit), EAFNOSUPPORT, "no other netlink");
	CHECK_NUM(after(&s, raw), EPERM, "no raw sockets");
	CHECK_NUM(after(&s, space), EPERM, "no name spaces");
	CHECK_NUM(after(&s, clone3), ENOSYS, "whose flags are out of sight");
	CHECK_NUM(after(&s, steals), EPERM, "no typing for the terminal");
	CHECK_NUM(after(&s, device), EPERM, "no devices");
	CHECK_NUM(after(&s, personality), SECCOMP_OURS, "it is known by that");
	seccomp_make(&s, SECCOMP_WIDE, wide, NULL, 0, true);
	CHECK_NUM(after(&s, ptraces) == EPERM, 0, "only logged");
}

/* systemd's LockPersonality=, SystemCallFilter= and others deny it, too: they
 * must not be taken for the wide form. */
static void
test_strange_filter(void)
{
	static const struct seccomp strange = {.n = 4,
	    .code = {{BPF_LD | BPF_W | BPF_ABS, 0, 0, 0},
		{BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_personality},
		{BPF_RET | BPF_K, 0, 0, 0x00050000 | EPERM},
		{BPF_RET | BPF_K, 0, 0, 0x7fff0000}}};
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (seccomp_load(&strange) < 0)
			_exit(255);
		sandbox_enter("tlsserver", NULL, 0);
		errno = 0;
		_exit(ptraces() < 0 ? errno : 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	CHECK_NUM(WEXITSTATUS(status), EPERM, "ours is there, too");
}

static void
test_profiles(void)
{
	struct seccomp s;

	for (size_t i = 0; i < profiles_n; i++) {
		const struct profile *p = &profiles[i];
		const struct profile *in =
		    p->inner ? profile_find(p->inner) : NULL;

		CHECK(!p->inner || in, p->name);
		seccomp_make(&s, p->mode, p->calls, in ? in->calls : NULL,
		    p->sockets, false);
		CHECK(!s.over && s.n > 20, p->name);
		CHECK(s.n < 150, "it costs each process little");
	}
	CHECK(!profile_find("nobody"), "no such profile");
}

/* In a child: what may be opened with one path allowed. */
static int
opened(const char *allowed, unsigned rights, const char *file, int flags)
{
	const struct landlock_path paths[] = {
	    {allowed, rights}, {"/no/such/path", LANDLOCK_READ}};
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (landlock_enter(landlock_version(), LANDLOCK_FILES, paths, 2,
			NULL, 0) < 0)
			_exit(255);
		_exit(open(file, flags, 0600) < 0 ? errno : 0);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WEXITSTATUS(status);
}

/* In a child, below a confinement that is not about files: what moving from one
 * folder to the other says. */
static int
moved(unsigned outer, const char *dir)
{
	const struct landlock_path path = {dir, LANDLOCK_WRITE};
	int v = landlock_version();
	pid_t pid = fork();
	int status = 0;

	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		if (chdir(dir) < 0 || mkdir("a", 0700) < 0 ||
		    mkdir("b", 0700) < 0 || mkdir("a/x", 0700) < 0 ||
		    landlock_enter(v, outer, NULL, 0, NULL, 0) < 0 ||
		    landlock_enter(v, LANDLOCK_FILES, &path, 1, NULL, 0) < 0)
			_exit(255);
		status = rename("a/x", "b/x") < 0 ? errno : 0;
		rmdir("b/x");
		rmdir("a/x");
		rmdir("a");
		rmdir("b");
		_exit(status);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
	return WEXITSTATUS(status);
}

static void
test_files(void)
{
	char dir[] = "/tmp/test_sandbox.XXXXXX", path[100];

	CHECK(mkdtemp(dir) != NULL, "a folder");
	snprintf(path, sizeof(path), "%s/file", dir);
	CHECK_NUM(opened(dir, LANDLOCK_WRITE, path, O_WRONLY | O_CREAT), 0,
	    "made below a folder to write");
	CHECK_NUM(opened(dir, LANDLOCK_READ, path, O_RDONLY), 0, "read");
	CHECK_NUM(opened(dir, LANDLOCK_READ, path, O_WRONLY), EACCES,
	    "not written below a folder to read");
	CHECK_NUM(opened(dir, LANDLOCK_WRITE, "/etc/passwd", O_RDONLY), EACCES,
	    "nothing else is read");
	CHECK_NUM(opened(path, LANDLOCK_READ, path, O_RDONLY), 0, "one file");
	CHECK_NUM(opened(dir, LANDLOCK_LIST, path, O_RDONLY), EACCES,
	    "not read where folders may be listed");
	CHECK_NUM(opened(dir, LANDLOCK_LIST, dir, O_RDONLY | O_DIRECTORY), 0,
	    "listed");
	CHECK_NUM(moved(LANDLOCK_SIGNALS, dir), 0, "moved between folders");
	CHECK_NUM(moved(LANDLOCK_ODD, dir), 0, "likewise");
	unlink(path);
	rmdir(dir);
}

static void
test_kernels(void)
{
	const struct profile *p = profile_find("imapd");
	char text[200];

	sandbox_lacks(p, 6, true, text, sizeof(text));
	CHECK_STR(str_z(text), STR(""), "version 6 has all");
	sandbox_lacks(p, 4, true, text, sizeof(text));
	CHECK_STR(str_z(text), STR("signals abstract"), "version 4");
	sandbox_lacks(p, 2, false, text, sizeof(text));
	CHECK_STR(str_z(text),
	    STR("system-calls connect bind signals abstract truncate"),
	    "version 2, no seccomp");
	sandbox_lacks(p, 0, true, text, sizeof(text));
	CHECK_STR(str_z(text), STR("files connect bind signals abstract"),
	    "no Landlock");
}

int
main(void)
{
	test_profiles();
	test_kernels();
	if (!IMPOSSIBLE && sandbox_has_seccomp()) {
		test_list();
		test_wide();
		test_strange_filter();
	}
	if (!IMPOSSIBLE && landlock_version() >= 2)
		test_files();
	return tap_done();
}
