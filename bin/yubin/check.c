/* SPDX-License-Identifier: ISC */
/* yubin check: what is wrong. */
#include "admin.h"

int
admin_check(int argc, char **argv)
{
	return argc > 1 ? refuse("usage: yubin check (not %s)", argv[1]) : 0;
}
