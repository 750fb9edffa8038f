/* SPDX-License-Identifier: ISC */
/* What must be denied.  All are bare system calls: nothing of ours is between
 * them and the kernel.  tools/sandbox-check makes what they meet and says where
 * by variables: SANDBOX_OTHER, another user's message; SANDBOX_USERS, another
 * domain's users file; SANDBOX_KEY, the TLS key; SANDBOX_OUT, a folder that all
 * may write; SANDBOX_PORT, where something listens; SANDBOX_PID, a process of
 * nobody's business. */
#ifdef SANDBOX_CHECK
#define _GNU_SOURCE
#endif
#include "serve/sandbox_check.h"

#ifdef SANDBOX_CHECK

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "conf/settings.h"

#define TRIES 40
#define DONE_MAX 4096
#define PATH 4096

/* Who is free to do it: programs that start others, which we do not know. */
#define WIDE \
	"smtpd-checker login-parent checkpw-start tlsserver tlsd " \
	"starter " \
	"deliver-local"

struct action {
	const char *name;
	const char *free; /* profiles whose job it is */
	long (*run)(void);
};

static const char *
place(const char *name, const char *file)
{
	static char path[PATH];
	const char *dir = getenv(name);

	snprintf(path, sizeof(path), "%s%s", dir ? dir : "/nowhere", file);
	return path;
}

static pid_t
victim(void)
{
	const char *pid = getenv("SANDBOX_PID");

	return pid ? (pid_t)strtol(pid, NULL, 10) : 1;
}

static long
opens(const char *path, int flags)
{
	return syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
}

static long
makes_socket(int family, int type, int protocol)
{
	return syscall(SYS_socket, family, type, protocol);
}

static long
inet(int type, bool connects)
{
	const char *port = getenv("SANDBOX_PORT");
	struct sockaddr_in a = {.sin_family = AF_INET};
	long fd = makes_socket(AF_INET, type, 0);

	if (fd < 0)
		return fd;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (!connects)
		return syscall(SYS_bind, fd, &a, sizeof(a));
	a.sin_port = htons((uint16_t)(port ? strtol(port, NULL, 10) : 9));
	return syscall(SYS_connect, fd, &a, sizeof(a));
}

static long
unix_connect(const char *name, bool abstract)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	long fd = makes_socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0)
		return fd;
	snprintf(a.sun_path + abstract, sizeof(a.sun_path) - 1, "%s", name);
	return syscall(SYS_connect, fd, &a,
	    offsetof(struct sockaddr_un, sun_path) + abstract + strlen(name));
}

/* clang-format off */
#define ACTION(name, body) static long name(void) { return body; }
/* clang-format on */

ACTION(open_passwd, opens("/etc/passwd", O_RDONLY))
ACTION(open_shadow, opens("/etc/shadow", O_RDONLY))
ACTION(open_other, opens(place("SANDBOX_OTHER", ""), O_RDONLY))
ACTION(open_users, opens(place("SANDBOX_USERS", ""), O_RDONLY))
ACTION(open_key, opens(place("SANDBOX_KEY", ""), O_RDONLY))
ACTION(list_root, opens("/", O_RDONLY | O_DIRECTORY))
ACTION(open_out, opens(place("SANDBOX_OUT", "/file"), O_WRONLY))
ACTION(create_out, opens(place("SANDBOX_OUT", "/new"), O_WRONLY | O_CREAT))
ACTION(connect_tcp, inet(SOCK_STREAM, true))
ACTION(connect_udp, inet(SOCK_DGRAM, true))
ACTION(connect_unix, unix_connect(place("SANDBOX_OUT", "/socket"), false))
ACTION(connect_abstract, unix_connect("sandbox-check", true))
ACTION(binds, inet(SOCK_STREAM, false))
ACTION(raw, makes_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP))
ACTION(packet, makes_socket(AF_PACKET, SOCK_RAW, 0))
ACTION(netlink, makes_socket(AF_NETLINK, SOCK_RAW, 0))
ACTION(ptraces, syscall(SYS_ptrace, 16L, (long)victim(), 0L, 0L))
ACTION(kills, syscall(SYS_kill, victim(), 0))
ACTION(setuids, syscall(SYS_setresuid, 12345, 12345, -1))
ACTION(mounts, syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, NULL))
ACTION(umounts, syscall(SYS_umount2, "/proc", 2))
ACTION(chroots, syscall(SYS_chroot, "/"))
ACTION(pivots, syscall(SYS_pivot_root, "/", "/"))
ACTION(unshares, syscall(SYS_unshare, CLONE_FS | CLONE_NEWNS))
ACTION(setnss, syscall(SYS_setns, 0, 0))
ACTION(keyctls, syscall(SYS_keyctl, 0, -1, 0))
ACTION(add_keys, syscall(SYS_add_key, "user", "x", "y", 1UL, -1))
ACTION(request_keys, syscall(SYS_request_key, "user", "x", NULL, 0))
ACTION(bpfs, syscall(SYS_bpf, 0, NULL, 0))
ACTION(perfs, syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0UL))
ACTION(uring_setup, syscall(425, 1, NULL))
ACTION(uring_enter, syscall(426, -1, 0, 0, 0, NULL, 0))
ACTION(memfds, syscall(SYS_memfd_create, "x", 0))
ACTION(protects, syscall(SYS_mprotect, (uintptr_t)&kills & ~(uintptr_t)4095,
		     4096UL, PROT_READ | PROT_EXEC))
ACTION(chmods,
    syscall(SYS_fchmodat, AT_FDCWD, place("SANDBOX_OUT", "/file"), 0666))
ACTION(chowns,
    syscall(SYS_fchownat, AT_FDCWD, place("SANDBOX_OUT", "/file"), -1, -1, 0))
ACTION(mknods, syscall(SYS_mknodat, AT_FDCWD, place("SANDBOX_OUT", "/device"),
		   S_IFCHR | 0600, 0x103))
ACTION(mkblocks, syscall(SYS_mknodat, AT_FDCWD, place("SANDBOX_OUT", "/block"),
		     S_IFBLK | 0600, 0x700))
ACTION(symlinks,
    syscall(SYS_symlinkat, "/etc", AT_FDCWD, place("SANDBOX_OUT", "/link")))
ACTION(unlinks,
    syscall(SYS_unlinkat, AT_FDCWD, place("SANDBOX_OUT", "/victim"), 0))
ACTION(mkdirs,
    syscall(SYS_mkdirat, AT_FDCWD, place("SANDBOX_OUT", "/folder"), 0700))
ACTION(links, syscall(SYS_linkat, AT_FDCWD, place("SANDBOX_OUT", "/file"),
		  AT_FDCWD, "/tmp/sandbox-check-link", 0))
ACTION(watches, syscall(SYS_inotify_init1, 0))
ACTION(dumpable, prctl(PR_SET_DUMPABLE, 1, 0, 0, 0))
ACTION(personalities, syscall(SYS_personality, 0x0040000))
ACTION(userfaults, syscall(SYS_userfaultfd, 0))
ACTION(kexecs, syscall(SYS_kexec_load, 0UL, 0UL, NULL, 0UL))
ACTION(modules, syscall(SYS_init_module, "", 0UL, ""))
ACTION(swaps, syscall(SYS_swapon, "/nowhere", 0))
ACTION(reboots, syscall(SYS_reboot, 1, 2, 3, NULL))
ACTION(hostnames, syscall(SYS_sethostname, "", -1L))
ACTION(set_times, syscall(SYS_settimeofday, NULL, NULL))
ACTION(accts, syscall(SYS_acct, "/nowhere"))
ACTION(quotas, syscall(SYS_quotactl, 0, NULL, 0, NULL))
ACTION(by_handle, syscall(SYS_open_by_handle_at, -1, NULL, 0))
ACTION(to_handle, syscall(SYS_name_to_handle_at, AT_FDCWD, "/", NULL, NULL, 0))
ACTION(fanotifies, syscall(SYS_fanotify_init, 0, 0))
ACTION(syslogs, syscall(SYS_syslog, 10, NULL, 0))
ACTION(moves_pages, syscall(SYS_move_pages, 0, 0UL, NULL, NULL, NULL, 0))
ACTION(vmsplices, syscall(SYS_vmsplice, -1, NULL, 0UL, 0))
ACTION(gets_fd, syscall(438, -1, 0, 0))
ACTION(kcmps, syscall(SYS_kcmp, victim(), victim(), 0, 0, 0))
ACTION(madvises, syscall(440, -1, NULL, 0UL, 0, 0))
ACTION(pidfds, syscall(434, victim(), 0))
ACTION(shared, syscall(SYS_shmget, 0x12345, 4096UL, 01600))
ACTION(timers, syscall(SYS_timer_create, 0, NULL, NULL))
#ifdef SYS_iopl
ACTION(iopls, syscall(SYS_iopl, 0))
ACTION(ldts, syscall(SYS_modify_ldt, 0, NULL, 0UL))
#endif

static long
runs(void)
{
	static const char *const argv[] = {"/bin/true", NULL};

	return syscall(SYS_execve, argv[0], argv, NULL);
}

static long
forks(void)
{
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long
new_space(void)
{
	long pid = syscall(SYS_clone, SIGCHLD | CLONE_NEWNET, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return pid;
}

static long
reads_memory(void)
{
	char octet;
	struct {
		void *p;
		size_t n;
	} mine = {&octet, 1}, theirs = {(void *)(uintptr_t)4096, 1};

	return syscall(
	    SYS_process_vm_readv, victim(), &mine, 1UL, &theirs, 1UL, 0UL);
}

static long
maps(void)
{
	return syscall(SYS_mmap, NULL, 4096UL, PROT_READ | PROT_EXEC,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);
}

static long
listens(void)
{
	return syscall(SYS_listen, 1, 1);
}

static long
raises_limit(void)
{
	struct rlimit r = {1 << 20, 1 << 20};

	return syscall(SYS_prlimit64, 0, RLIMIT_CORE, &r, NULL);
}

static long
limits_other(void)
{
	struct rlimit r = {16, 16};

	return syscall(SYS_prlimit64, victim(), RLIMIT_NOFILE, &r, NULL);
}

static long
clones3(void)
{
	return syscall(435, NULL, 0UL);
}

static const struct action actions[] = {
    {"open-passwd", WIDE " smtpd-parent hand", open_passwd},
    {"open-shadow", WIDE " hand", open_shadow},
    {"open-others-maildir", WIDE " hand", open_other},
    {"open-users", WIDE " smtpd-parent hand", open_users},
    {"open-tls-key", WIDE " hand", open_key},
    {"list-/", WIDE " hand", list_root},
    {"connect-tcp", WIDE, connect_tcp},
    {"connect-udp", WIDE " deliver-remote", connect_udp},
    {"connect-unix", WIDE, connect_unix},
    {"connect-abstract", WIDE, connect_abstract},
    {"bind", WIDE " deliver-remote", binds},
    {"listen", WIDE, listens},
    {"exec", WIDE, runs},
    {"fork", WIDE " smtpd-parent deliver-remote", forks},
    {"ptrace", "", ptraces},
    {"process_vm_readv", "", reads_memory},
    {"kill", "", kills},
    {"setuid", WIDE " smtpd-parent", setuids},
    {"mount", "", mounts},
    {"umount", "", umounts},
    {"chroot", "", chroots},
    {"unshare", "", unshares},
    {"setns", "", setnss},
    {"keyctl", "", keyctls},
    {"bpf", "", bpfs},
    {"perf_event_open", "", perfs},
    {"io_uring_setup", "", uring_setup},
    {"memfd_create", WIDE, memfds},
    {"mmap-exec", WIDE, maps},
    {"mprotect-exec", WIDE, protects},
    {"chmod", WIDE, chmods},
    {"chown", WIDE, chowns},
    {"mknod", "", mknods},
    {"symlink", WIDE, symlinks},
    {"unlink", WIDE " hand", unlinks},
    {"open-for-writing", WIDE " hand", open_out},
    {"create", WIDE " hand", create_out},
    {"inotify", WIDE, watches},
    {"prctl-dumpable", WIDE, dumpable},
    {"personality", "", personalities},
    {"userfaultfd", "", userfaults},
    {"raw-socket", "", raw},
    {"netlink", WIDE, netlink},
    {"setrlimit", WIDE " smtpd-parent deliver-remote", raises_limit},
    {"mkdir", WIDE " hand", mkdirs},
    {"link", WIDE " hand", links},
    {"clone-namespace", "", new_space},
    {"packet-socket", "", packet},
    {"prlimit-other", WIDE, limits_other},
    {"pidfd_open", WIDE, pidfds},
    {"shmget", WIDE, shared},
    {"timer_create", WIDE, timers},
    {"pivot_root", "", pivots},
    {"add_key", "", add_keys},
    {"request_key", "", request_keys},
    {"io_uring_enter", "", uring_enter},
    {"mknod-block", "", mkblocks},
    {"kexec_load", "", kexecs},
    {"init_module", "", modules},
    {"swapon", "", swaps},
    {"reboot", "", reboots},
    {"sethostname", "", hostnames},
    {"settimeofday", "", set_times},
    {"acct", "", accts},
    {"quotactl", "", quotas},
    {"open_by_handle_at", "", by_handle},
    {"name_to_handle_at", "", to_handle},
    {"fanotify_init", "", fanotifies},
    {"syslog", "", syslogs},
    {"move_pages", "", moves_pages},
    {"vmsplice", "", vmsplices},
    {"pidfd_getfd", "", gets_fd},
    {"kcmp", "", kcmps},
    {"process_madvise", "", madvises},
    {"clone3", "", clones3},
#ifdef SYS_iopl
    {"iopl", "", iopls},
    {"modify_ldt", "", ldts},
#endif
};

static bool
is_free(const struct action *a, const struct profile *p)
{
	struct str rest = str_z(a->free);
	struct str word;

	while (str_cut(&rest, ' ', &word))
		if (str_eq(word, str_z(p->name)))
			return true;
	return false;
}

/* Any other error came from a kernel that was about to do it. */
static bool
denied(const struct action *a)
{
	errno = 0;
	return a->run() < 0 && (errno == EPERM || errno == EACCES ||
				   errno == ENOSYS || errno == EAFNOSUPPORT);
}

/* Without the sandbox, what would end the tries is left out. */
static void
try_all(const struct profile *p, bool confined)
{
	const size_t all = sizeof(actions) / sizeof(actions[0]);
	struct buf done;
	size_t n = 0, good = 0;

	buf_init(&done, DONE_MAX);

	for (size_t i = 0; i < all && n < TRIES; i++) {
		if (is_free(&actions[i], p) ||
		    (!confined &&
			(actions[i].run == runs || actions[i].run == setuids)))
			continue;
		n++;
		if (denied(&actions[i])) {
			good++;
			continue;
		}
		buf_fmt(&done, "%s%s", done.n ? " " : "", actions[i].name);
	}
	log_event("sandbox-check", "profile", p->name, "denied", log_num(good),
	    "of", log_num(n), "uid", log_num(geteuid()), "done",
	    done.n ? buf_cstr(&done) : NULL, NULL);
	buf_free(&done);
}

void
sandbox_mark(const char *name)
{
	char text[80];

	/* It fails: strace(1) sees it, nobody else does. */
	snprintf(text, sizeof(text), "sandbox:%s", name);
	if (openat(-1, text, O_RDONLY) < 0)
		errno = 0;
}

void
sandbox_check(const struct profile *p)
{
	if (!getenv("SANDBOX_TRIES"))
		return;
	if (strcmp(settings_text("YUBIN_SANDBOX"), "on") == 0) {
		try_all(p, true);
		return;
	}
	/* Without the sandbox it has effects, such as another program. */
	pid_t pid = fork();

	if (pid == 0) {
		try_all(p, false);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}
#else
/* An empty file is none in C. */
typedef int sandbox_check_is_off;
#endif
