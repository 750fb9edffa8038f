/* SPDX-License-Identifier: ISC */
/* The one error slot of the process, and the ways to end it. */
#include "base/fail.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"

static char slot[512];
static int slot_errno;
static void (*on_oom)(void);

int
fail(const char *what, const char *detail)
{
	int err = errno;

	snprintf(slot, sizeof(slot), "%s%s: %s", what, detail ? detail : "",
	    strerror(err));
	slot_errno = err;
	errno = err;
	return -1;
}

int
fail_text(int err, const char *text)
{
	snprintf(slot, sizeof(slot), "%s", text);
	slot_errno = err ? err : EPROTO;
	errno = slot_errno;
	return -1;
}

const char *
fail_last(void)
{
	if (slot_errno == 0 || slot_errno != errno)
		return strerror(errno);
	return slot;
}

_Noreturn void
die(int code)
{
	log_event("fatal", "err", fail_last(), NULL);
	exit(code);
}

void
oom_hook(void (*hook)(void))
{
	on_oom = hook;
}

_Noreturn void
oom(void)
{
	void (*hook)(void) = on_oom;

	on_oom = NULL;
	log_event("fatal", "err", "out of memory", NULL);
	if (hook)
		hook();
	_Exit(EXIT_TEMP);
}
