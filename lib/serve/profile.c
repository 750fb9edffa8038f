/* SPDX-License-Identifier: ISC */
/* The profiles.  The lists are what the programs call in the test suites, built
 * with either C library: `make sandbox-calls` compares them. */
#include "serve/profile.h"

#include <string.h>

#include "serve/calls.h"
#include "serve/landlock.h"

#define C(id) CALL_##id

/* What nobody's mail needs; for processes that start other programs, since
 * these inherit it. */
static const unsigned char forbidden[] = {C(PTRACE), C(PROCESS_VM), C(PIDFD),
    C(KCMP), C(MOUNT), C(PIVOT), C(CHROOT), C(UNSHARE), C(KEYS), C(BPF),
    C(PERF), C(IO_URING), C(USERFAULT), C(PERSONALITY), C(KEXEC), C(MODULE),
    C(SWAP), C(REBOOT), C(HOSTNAME), C(SETTIME), C(ADJTIME), C(ACCT),
    C(QUOTACTL), C(IOPL), C(HANDLE), C(FANOTIFY), C(SYSLOG), C(VHANGUP), C(LDT),
    C(MOVE_PAGES), C(VMSPLICE), C(MSEAL), C(SOCKET), C(FORK), C(CLONE3),
    C(IOCTL), C(MKNOD), C(MKNODAT), CALL_NONE};

/* A process that goes on to enter an inner profile, or to become another user:
 * this comes with it. */
#define SPLITS \
	C(FORK), C(PRCTL), C(SANDBOX), C(SETRLIMIT), C(SETUID), C(SETGID), \
	    C(SETGROUPS), C(SOCKETPAIR), C(WAIT)

static const unsigned char smtpd[] = {C(RECV), C(SEND), C(SHUTDOWN), C(SOCKET),
    C(SOCKOPT), C(DUP), C(CLOSE_RANGE), C(FCNTL), C(OPEN), C(STAT), C(STATFS),
    C(READLINK), C(FCHMOD), C(PREAD), C(PWRITE), C(FSYNC), C(RENAME), C(LINK),
    C(UNLINK), CALL_NONE};
static const unsigned char smtpd_parent[] = {SPLITS, C(ROBUST), C(OPEN),
    C(STAT), C(GETDENTS), C(RECV), C(SEND), C(SHUTDOWN), C(DUP), C(FCNTL),
    C(CLOSE_RANGE), C(KILL), CALL_NONE};
static const unsigned char login[] = {C(RECV), C(SEND), C(DUP), CALL_NONE};
static const unsigned char imapd[] = {C(OPEN), C(STAT), C(ACCESS), C(STATFS),
    C(GETDENTS), C(FCHMOD), C(UTIMES), C(MKDIR), C(RENAME), C(LINK), C(UNLINK),
    C(FSYNC), C(FALLOCATE), C(PREAD), C(PWRITE), C(FCNTL), C(SIGNALFD), C(SEND),
    C(UNAME), CALL_NONE};
static const unsigned char pop3d[] = {C(OPEN), C(STAT), C(STATFS), C(GETDENTS),
    C(FCHMOD), C(MKDIR), C(RENAME), C(UNLINK), C(FSYNC), C(FALLOCATE), C(PREAD),
    C(PWRITE), C(FCNTL), C(SEND), CALL_NONE};
static const unsigned char checkpw[] = {C(OPEN), C(STAT), C(MKDIR), C(FCHOWN),
    C(UMASK), C(FCNTL), C(PREAD), C(PWRITE), C(TRUNCATE), CALL_NONE};
static const unsigned char relay[] = {
    C(RECV), C(SEND), C(SHUTDOWN), C(FCNTL), C(WAIT), CALL_NONE};
static const unsigned char runner[] = {C(SOCKET), C(SOCKETPAIR), C(SOCKOPT),
    C(RECV), C(SEND), C(WAIT), C(OPEN), C(STAT), C(STATFS), C(ACCESS),
    C(READLINK), C(GETDENTS), C(FCNTL), C(FCHMOD), C(PREAD), C(PWRITE),
    C(FSYNC), C(SYNCFS), C(RENAME), C(LINK), C(UNLINK), CALL_NONE};
static const unsigned char syncer[] = {C(RECV), C(SEND), C(SYNCFS), CALL_NONE};
static const unsigned char hand[] = {C(RECV), C(SEND), C(OPEN), C(STAT),
    C(ACCESS), C(GETDENTS), C(FCNTL), C(MKDIR), C(RENAME), C(LINK), C(UNLINK),
    C(FSYNC), C(PREAD), C(UNAME), CALL_NONE};
static const unsigned char remote[] = {C(FORK), C(SOCKETPAIR), C(PRCTL),
    C(SETRLIMIT), C(ROBUST), C(SOCKET), C(CONNECT), C(BIND), C(SOCKOPT),
    C(SOCKNAME), C(SEND), C(RECV), C(SHUTDOWN), C(FCNTL), C(OPEN), C(STAT),
    C(GETDENTS), C(LSEEK), C(PREAD), CALL_NONE};
static const unsigned char inject[] = {C(SEND), C(SOCKET), C(FCNTL), C(OPEN),
    C(STAT), C(STATFS), C(READLINK), C(FCHMOD), C(PREAD), C(PWRITE), C(FSYNC),
    C(RENAME), C(LINK), C(UNLINK), CALL_NONE};

#define ALONE \
	(LANDLOCK_FILES | LANDLOCK_TCP | LANDLOCK_TCP_BIND | \
	    LANDLOCK_SIGNALS | LANDLOCK_ABSTRACT)
#define WIDE .mode = SECCOMP_WIDE, .calls = forbidden

const struct profile profiles[] = {
    {.name = "smtpd",
	.program = "smtpd",
	.what = "the process that speaks with the client",
	.files = "the queue",
	.calls = smtpd,
	.sockets = SECCOMP_UNIX,
	.scopes = ALONE,
	.data_mib = 128,
	.address_mib = 512,
	.descriptors = 64,
	.no_fork = true},
    {.name = "smtpd-parent",
	.program = "smtpd",
	.what = "its parent, which looks recipients up",
	.files = "read: domains; the queue for its children",
	.calls = smtpd_parent,
	.inner = "smtpd",
	.sockets = SECCOMP_UNIX,
	.scopes = ALONE,
	.data_mib = 512},
    {.name = "smtpd-checker",
	.program = "smtpd",
	.what = "its parent when it has a password checker to start",
	.files = "as its user may",
	WIDE,
	.scopes = LANDLOCK_SIGNALS},
    {.name = "login",
	.program = "imap-login pop3-login",
	.what = "the process that speaks with the client",
	.files = "none",
	.calls = login,
	.scopes = ALONE,
	.data_mib = 32,
	.address_mib = 256,
	.descriptors = 16,
	.no_fork = true,
	.no_write = true},
    {.name = "login-parent",
	.program = "imap-login pop3-login",
	.what = "its parent, which starts the password checker and the "
		"session",
	.files = "as its user may",
	WIDE,
	.scopes = LANDLOCK_SIGNALS},
    {.name = "imapd",
	.program = "imapd",
	.what = "the session",
	.files = "the Maildir",
	.calls = imapd,
	.scopes = ALONE,
	.data_mib = 1024,
	.descriptors = 1024,
	.no_fork = true},
    {.name = "pop3d",
	.program = "pop3d",
	.what = "the session",
	.files = "the Maildir",
	.calls = pop3d,
	.scopes = ALONE,
	.data_mib = 1024,
	.descriptors = 64,
	.no_fork = true},
    {.name = "checkpw",
	.program = "checkpw",
	.what = "the check, when nothing has to be started after it",
	.files = "the account's home and Maildir, to make them; before that, "
		 "read: domains, penalty; its file in logins stays open",
	.calls = checkpw,
	.scopes = ALONE,
	.data_mib = 1024,
	.descriptors = 64,
	.no_fork = true},
    {.name = "checkpw-start",
	.program = "checkpw",
	.what = "the check, when it starts a program after it",
	.files = "as its user may",
	WIDE,
	.scopes = LANDLOCK_SIGNALS},
    {.name = "tlsserver",
	.program = "tlsserver",
	.what = "the process that listens and starts programs",
	.files = "as its user may",
	WIDE,
	.scopes = LANDLOCK_SIGNALS},
    {.name = "tls",
	.program = "tlsserver tlsd",
	.what = "the process that has the connection and does TLS",
	.files = "none",
	.calls = relay,
	.scopes = ALONE,
	.data_mib = 64,
	.descriptors = 64,
	.no_fork = true},
    {.name = "tlsd",
	.program = "tlsd",
	.what = "the process that becomes the program",
	.files = "as its user may",
	WIDE,
	.scopes = LANDLOCK_SIGNALS},
    {.name = "starter",
	.program = "queue-runner",
	.what = "its child that starts deliveries",
	.files = "as its user may",
	WIDE,
	.scopes = LANDLOCK_SIGNALS},
    {.name = "queue-runner",
	.program = "queue-runner",
	.what = "the runner",
	.files = "the queue; list: the root",
	.calls = runner,
	.sockets = SECCOMP_UNIX,
	.scopes = ALONE,
	.no_fork = true},
    {.name = "syncer",
	.program = "queue-runner",
	.what = "its child that syncs the queue's file system",
	.files = "none",
	.calls = syncer,
	.scopes = ALONE,
	.data_mib = 64,
	.descriptors = 64,
	.no_fork = true,
	.no_write = true},
    {.name = "deliver-local",
	.program = "deliver-local",
	.what = "the delivery, and the programs of users that it starts",
	.files = "as their user may",
	WIDE,
	.scopes = LANDLOCK_SIGNALS},
    {.name = "hand",
	.program = "deliver-local",
	.what = "its child that stores in the Maildirs of one user",
	.files = "as that user may; nothing executed, no devices, sockets, "
		 "fifos or symbolic links",
	.calls = hand,
	.scopes = LANDLOCK_ODD | LANDLOCK_TCP | LANDLOCK_TCP_BIND |
                  LANDLOCK_SIGNALS | LANDLOCK_ABSTRACT,
	.data_mib = 512,
	.descriptors = 4096,
	.no_fork = true},
    {.name = "deliver-remote",
	.program = "deliver-remote",
	.what = "the client, and its child that does TLS",
	.files = "read: routes and their auth files, resolv.conf, the "
		 "certificates of authorities",
	.calls = remote,
	.sockets = SECCOMP_INET,
	.scopes = LANDLOCK_FILES | LANDLOCK_TCP | LANDLOCK_SIGNALS |
                  LANDLOCK_ABSTRACT,
	.data_mib = 256,
	.descriptors = 256},
    {.name = "inject",
	.program = "inject",
	.what = "the whole program, but for -bs",
	.files = "the queue",
	.calls = inject,
	.sockets = SECCOMP_UNIX,
	.scopes = ALONE,
	.data_mib = 128,
	.address_mib = 512,
	.descriptors = 64,
	.no_fork = true},
};

const size_t profiles_n = sizeof(profiles) / sizeof(profiles[0]);

const struct profile *
profile_find(const char *name)
{
	for (size_t i = 0; i < profiles_n; i++)
		if (strcmp(profiles[i].name, name) == 0)
			return &profiles[i];
	return NULL;
}
