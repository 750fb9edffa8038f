/* SPDX-License-Identifier: ISC */
/* Changing the system call that a stopped process is about to make, or has
 * just made: the part of tests/faults.c that depends on the machine. */
#ifndef CRASH_REGISTERS_H
#define CRASH_REGISTERS_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>

#if defined(__x86_64__)

static const size_t arg_at[] = {offsetof(struct user_regs_struct, rdi),
    offsetof(struct user_regs_struct, rsi),
    offsetof(struct user_regs_struct, rdx)};

static inline void
poke(pid_t pid, size_t at, uint64_t v)
{
	ptrace(PTRACE_POKEUSER, pid, at, v); /* fails when it died meanwhile */
}

static inline void
set_arg(pid_t pid, int i, uint64_t v)
{
	poke(pid, arg_at[i], v);
}

/* The call is not made. */
static inline void
skip_call(pid_t pid)
{
	poke(pid, offsetof(struct user_regs_struct, orig_rax), UINT64_MAX);
}

static inline void
set_result(pid_t pid, int64_t v)
{
	poke(pid, offsetof(struct user_regs_struct, rax), (uint64_t)v);
}

#elif defined(__aarch64__)

static inline void
set_register(pid_t pid, int i, uint64_t v)
{
	struct user_regs_struct regs;
	struct iovec iov = {&regs, sizeof(regs)};

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &iov) < 0)
		return;
	regs.regs[i] = v;
	ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &iov);
}

static inline void
set_arg(pid_t pid, int i, uint64_t v)
{
	/* At the call's end the first register holds its result. */
	if (i > 0)
		set_register(pid, i, v);
}

static inline void
skip_call(pid_t pid)
{
	int nr = -1;
	struct iovec iov = {&nr, sizeof(nr)};

	ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &iov);
}

static inline void
set_result(pid_t pid, int64_t v)
{
	set_register(pid, 0, (uint64_t)v);
}

#else
#error "say here how a system call is changed on this machine"
#endif

#endif
