/* SPDX-License-Identifier: ISC */
/* The parts of imap-login. */
#ifndef IMAP_LOGIN_H
#define IMAP_LOGIN_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/scan.h"
#include "serve/login.h"

/* A tag, AUTHENTICATE, a mechanism, and an initial response of SASL_LINE. */
#define LINE_MAX_OCTETS 12800
#define LITERAL_MAX 4096 /* octets of all literals of one command */

struct imap_login {
	struct login l;
	struct buf text;    /* the command, its literals in place */
	struct arena arena; /* reset after each command */
	struct str tag;     /* of the command, "*" before it is known */
};

/* Read a whole command into c->text, asking for synchronising literals.
 * Returns 1; 0 it was wrong and has been answered; leaves at the end of input
 * and past the deadline. */
int command_read(struct imap_login *c);

/* Wait for one line that is no command (a SASL response), with the same
 * results; *line lives until the next read. */
int line_read(struct imap_login *c, struct str *line);

/* Write "TAG WHAT TEXT". */
void answer(struct imap_login *c, const char *what, const char *text);

/* Write a BAD answer, and leave after LOGIN_BAD_MAX of them. */
void answer_bad(struct imap_login *c, const char *text);

/* Write "* BYE text" and leave. */
_Noreturn void bye(struct imap_login *c, const char *text);

/* LOGIN and AUTHENTICATE; args is behind the command's name. */
void do_login(struct imap_login *c, struct scan *args);
void do_authenticate(struct imap_login *c, struct scan *args);

#endif
