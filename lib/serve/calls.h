/* SPDX-License-Identifier: ISC */
/* System calls by what they do.  One call of ours is another one of the kernel
 * in another C library or on another processor (open, openat; poll, ppoll):
 * these count as one here. */
#ifndef SERVE_CALLS_H
#define SERVE_CALLS_H

#define CALLS_SAME 5 /* the most that count as one */
#define CALLS_END (-2)

/* 0 is none: it ends lists. */
enum call {
#define CALL(id, name, ...) CALL_##id,
	CALL_NONE,
#include "serve/calls_list.h"
#undef CALL
	CALLS
};

struct call_numbers {
	const char *name;
	/* -1: none here; the list ends with CALLS_END */
	int nr[CALLS_SAME + 1];
};

extern const struct call_numbers calls[CALLS];

/* The calls that a C library makes of its own accord, and those without which
 * nothing can end, ended by CALL_NONE: they are in each list. */
extern const unsigned char calls_of_libc[];

#endif
