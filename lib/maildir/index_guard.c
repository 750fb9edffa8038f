/* SPDX-License-Identifier: ISC */
/* What happens when somebody cuts off a file that we have mapped.  The kernel
 * sends SIGBUS for the first access beyond its end; we put zeros there, which
 * no checksum takes for good.  A signal's handler can only know of this
 * through variables of the whole process. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "maildir/index_check.h"

#define GUARDED 8 /* mappings at once: a mailbox, its successor, one more */

static struct {
	uintptr_t from, to; /* 0: free */
	volatile sig_atomic_t hit;
} guarded[GUARDED];

static uintptr_t page_size;

static void
handle(int sig, siginfo_t *info, void *context)
{
	uintptr_t at = (uintptr_t)info->si_addr;
	uintptr_t page = at & ~(page_size - 1);

	(void)context;
	for (int i = 0; i < GUARDED; i++) {
		if (at < guarded[i].from || at >= guarded[i].to)
			continue;
		guarded[i].hit = 1;
		if (mmap((void *)page, page_size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
			0) != MAP_FAILED)
			return;
	}
	/* Not ours: die of it when it comes again. */
	signal(sig, SIG_DFL);
}

static void
install(void)
{
	struct sigaction act = {.sa_flags = SA_SIGINFO};

	page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
	act.sa_sigaction = handle;
	sigemptyset(&act.sa_mask);
	sigaction(SIGBUS, &act, NULL);
}

void
index_guard_add(void *p, size_t n)
{
	if (!page_size)
		install();
	for (int i = 0; i < GUARDED; i++) {
		if (guarded[i].to)
			continue;
		guarded[i].hit = 0;
		guarded[i].from = (uintptr_t)p;
		guarded[i].to = (uintptr_t)p + n;
		return;
	}
}

void
index_guard_remove(void *p)
{
	for (int i = 0; i < GUARDED; i++)
		if (guarded[i].from == (uintptr_t)p)
			guarded[i].from = guarded[i].to = 0;
}

bool
index_guard_hit(const void *p)
{
	for (int i = 0; i < GUARDED; i++)
		if (guarded[i].from == (uintptr_t)p && guarded[i].hit)
			return true;
	return false;
}
