/* SPDX-License-Identifier: ISC */
/* A plain client of yubin-imapd or yubin-pop3d, which it starts on a socketpair
 * for the Maildir in the environment. */
#ifndef IMAP_H
#define IMAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/str.h"
#include "ledger.h"

struct imap {
	int fd;
	pid_t pid;
	unsigned tag;
	/* Of the last command: COPYUID's or APPENDUID's. */
	uint32_t validity, uid;
	size_t at, n;
	char in[4 * LEDGER_TEXT]; /* what is read and not yet used */
	char text[2 * LEDGER_TEXT];
};

/* Start bin/yubin-NAME and read its greeting. */
void imap_open(struct imap *s, const char *bin, const char *name);

/* Send a command with a tag and CRLF, then, when text is not empty, "{n+}" and
 * the text. */
void imap_send(struct imap *s, struct str text, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Send a line as it is. */
void imap_say(struct imap *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The next line, without CRLF; n octets of a literal behind one.  They live
 * until the next call. */
struct str imap_line(struct imap *s);
struct str imap_literal(struct imap *s, size_t n);

/* Whether the line is the tagged one; broken when it does not say OK. */
bool imap_done(struct imap *s, struct str line);

/* Read to the tagged line. */
void imap_finish(struct imap *s);

/* imap_send() without text, and imap_finish(). */
#define imap_do(s, ...) (imap_send((s), STR(""), __VA_ARGS__), imap_finish(s))

/* End the session; it must have ended well. */
void imap_close(struct imap *s);

#endif
