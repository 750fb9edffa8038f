/* SPDX-License-Identifier: ISC */
/* The command line of sendmail, as far as anybody uses it. */
#ifndef INJECT_ARGS_H
#define INJECT_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum args_mode {
	ARGS_SEND,   /* -bm, the default */
	ARGS_SMTP,   /* -bs: SMTP on descriptors 0 and 1 */
	ARGS_NOTHING /* -bi: nothing is to be built here */
};

struct args {
	enum args_mode mode;
	bool from_header;   /* -t: recipients from To, Cc, Bcc */
	bool dots;          /* -i, -oi: a lone dot is text */
	bool as_is;         /* -n: add and remove nothing */
	const char *sender; /* -f or -r; NULL when not given */
	const char *name;   /* -F; NULL when not given */
	unsigned notify;    /* -N, as in struct envelope_rcpt; 0: not given */
	char ret;           /* -R, as in struct envelope */
	struct buf envid;   /* -V, decoded; empty when not given */
	char **rcpts;       /* what is left: addresses */
	size_t nrcpt;
};

/* Read the arguments; options and addresses may be mixed, as sendmail bears
 * it, until "--".  argv is reordered.  Returns 0, or -1 EINVAL with the reason
 * as fail_last(). */
int args_read(struct args *a, int argc, char **argv);

#endif
