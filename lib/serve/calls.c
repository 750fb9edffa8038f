/* SPDX-License-Identifier: ISC */
/* The table of system calls. */
#define _GNU_SOURCE
#include "serve/calls.h"

#include <sys/syscall.h>

/* What a processor has not, or headers do not know, is -1; newer calls have the
 * same number everywhere. */
#ifndef SYS_signalfd
#define SYS_signalfd (-1)
#endif
#ifndef SYS_open
#define SYS_open (-1)
#endif
#ifndef SYS_creat
#define SYS_creat (-1)
#endif
#ifndef SYS_stat
#define SYS_stat (-1)
#endif
#ifndef SYS_lstat
#define SYS_lstat (-1)
#endif
#ifndef SYS_access
#define SYS_access (-1)
#endif
#ifndef SYS_getdents
#define SYS_getdents (-1)
#endif
#ifndef SYS_readlink
#define SYS_readlink (-1)
#endif
#ifndef SYS_utimes
#define SYS_utimes (-1)
#endif
#ifndef SYS_utime
#define SYS_utime (-1)
#endif
#ifndef SYS_mkdir
#define SYS_mkdir (-1)
#endif
#ifndef SYS_rename
#define SYS_rename (-1)
#endif
#ifndef SYS_link
#define SYS_link (-1)
#endif
#ifndef SYS_unlink
#define SYS_unlink (-1)
#endif
#ifndef SYS_rmdir
#define SYS_rmdir (-1)
#endif
#ifndef SYS_symlink
#define SYS_symlink (-1)
#endif
#ifndef SYS_chmod
#define SYS_chmod (-1)
#endif
#ifndef SYS_chown
#define SYS_chown (-1)
#endif
#ifndef SYS_lchown
#define SYS_lchown (-1)
#endif
#ifndef SYS_mknod
#define SYS_mknod (-1)
#endif
#ifndef SYS_inotify_init
#define SYS_inotify_init (-1)
#endif
#ifndef SYS_dup2
#define SYS_dup2 (-1)
#endif
#ifndef SYS_pipe
#define SYS_pipe (-1)
#endif
#ifndef SYS_fork
#define SYS_fork (-1)
#endif
#ifndef SYS_vfork
#define SYS_vfork (-1)
#endif
#ifndef SYS_poll
#define SYS_poll (-1)
#endif
#ifndef SYS_time
#define SYS_time (-1)
#endif
#ifndef SYS_iopl
#define SYS_iopl (-1)
#endif
#ifndef SYS_ioperm
#define SYS_ioperm (-1)
#endif
#ifndef SYS_modify_ldt
#define SYS_modify_ldt (-1)
#endif
#ifndef SYS_renameat
#define SYS_renameat (-1)
#endif
#ifndef SYS_fadvise64
#define SYS_fadvise64 (-1)
#endif
#ifndef SYS_rseq
#define SYS_rseq (-1)
#endif
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset (444)
#endif
#ifndef SYS_landlock_add_rule
#define SYS_landlock_add_rule (445)
#endif
#ifndef SYS_landlock_restrict_self
#define SYS_landlock_restrict_self (446)
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 (439)
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 (452)
#endif
#ifndef SYS_close_range
#define SYS_close_range (436)
#endif
#ifndef SYS_process_madvise
#define SYS_process_madvise (440)
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd (438)
#endif
#ifndef SYS_move_mount
#define SYS_move_mount (429)
#endif
#ifndef SYS_fsopen
#define SYS_fsopen (430)
#endif
#ifndef SYS_open_tree
#define SYS_open_tree (428)
#endif
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup (425)
#endif
#ifndef SYS_io_uring_enter
#define SYS_io_uring_enter (426)
#endif
#ifndef SYS_io_uring_register
#define SYS_io_uring_register (427)
#endif
#ifndef SYS_clone3
#define SYS_clone3 (435)
#endif
#ifndef SYS_kexec_file_load
#define SYS_kexec_file_load (-1)
#endif
#ifndef SYS_statx
#define SYS_statx (-1)
#endif
#ifndef SYS_seccomp
#define SYS_seccomp (-1)
#endif
#ifndef SYS_memfd_create
#define SYS_memfd_create (-1)
#endif
#ifndef SYS_userfaultfd
#define SYS_userfaultfd (-1)
#endif

const struct call_numbers calls[CALLS] = {
#define CALL(id, text, ...) \
	[CALL_##id] = {.name = (text), .nr = {__VA_ARGS__, CALLS_END}},
#include "serve/calls_list.h"
#undef CALL
};

const unsigned char calls_of_libc[] = {CALL_READ, CALL_WRITE, CALL_CLOSE,
    CALL_FSTAT, CALL_BRK, CALL_MMAP, CALL_MPROTECT, CALL_MUNMAP, CALL_MREMAP,
    CALL_MADVISE, CALL_FUTEX, CALL_GETRANDOM, CALL_CLOCK, CALL_SLEEP, CALL_EXIT,
    CALL_SIGACTION, CALL_SIGPROCMASK, CALL_SIGRETURN, CALL_GETPID, CALL_GETUID,
    CALL_POLL, CALL_IOCTL,
    /* glibc's qsort(3), of more than a kilobyte */
    CALL_SYSINFO, CALL_NONE};
