/* SPDX-License-Identifier: ISC */
/* Reading one whole command. */
#ifndef IMAPD_READ_H
#define IMAPD_READ_H

#include "session.h"

enum read_result {
	READ_END,     /* end of input, a failure, or BYE was said */
	READ_COMMAND, /* s->line holds a command */
	READ_BAD,     /* there was something, it has been answered */
};

/* Read the next command into s->line: its lines joined with CRLF, literals in
 * place, without the last CRLF.  Literals are invited with "+" unless the
 * client did not wait (RFC 7888).  Before the message literal of a command
 * with PULLS it stops with s->literal set. */
enum read_result imap_read(struct imap *s);

/* Read the rest of a command's line behind a literal that a handler pulled,
 * into *rest (until the next in_* call).  Returns as in_line(). */
int imap_read_rest(struct imap *s, struct str *rest);

#endif
