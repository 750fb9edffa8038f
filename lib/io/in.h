/* SPDX-License-Identifier: ISC */
/* Buffered reading from a descriptor with an absolute deadline and a ceiling.
 * Before it blocks it flushes the writer it is linked to, so nobody else has
 * to think about flushing. */
#ifndef IO_IN_H
#define IO_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "io/out.h"

struct in {
	int fd;
	struct out *out; /* flushed before blocking; may be NULL */
	char *p;         /* the caller's storage */
	size_t size;
	size_t pos, end;  /* unread octets are p[pos..end) */
	int64_t deadline; /* of now_ms(); NOW_NEVER for none */
	int patience_ms;  /* what the kernel waits by itself; 0: it polls */
	bool lax;         /* a bare LF also ends a line */
	bool eof;
	int err; /* errno of the failure that sticks, or 0 */
};

/* Read from fd into size octets at storage, which must outlive the reader. */
void in_init(
    struct in *in, int fd, struct out *out, char *storage, size_t size);

/* The usual wait in seconds, from deadline to now.  Where fd is a socket, which
 * keeps this (SO_RCVTIMEO), reading then takes one system call as long as the
 * deadline is that far away, and that may be passed by a hundredth. */
void in_patience(struct in *in, int s);

/* Read one line, its CRLF removed, into *line, which points into the reader
 * and lives until the next in_* call.  max: octets without CRLF; the storage
 * must be at least max + 2.
 * Returns 1 line; 0 end of input (unfinished text before it is dropped); -1
 * failed: EMSGSIZE longer than max (consumed to its end; may be called again),
 * EPROTO a bare CR or (unless lax) a bare LF in it (the line is consumed up to
 * the next CRLF or LF; may be called again), ETIMEDOUT past the deadline, or
 * what read(2) said (both stick). */
int in_line(struct in *in, struct str *line, size_t max);

/* Make at least one unread octet available and show all of them in *data,
 * without taking any; lives until the next in_* call.
 * Returns 1; 0 end of input; -1 failed (sticks), as in_line(). */
int in_peek(struct in *in, struct str *data);

/* Take the first n octets of what in_peek() showed. */
void in_eat(struct in *in, size_t n);

/* Read exactly n octets to to.  Returns 1; 0 end of input came before the
 * n-th; -1 failed. */
int in_exact(struct in *in, char *to, size_t n);

/* Octets read but not yet taken. */
struct str in_unread(const struct in *in);

/* Whether anything was sent that is not yet taken: unread octets, or fd is
 * readable right now (end of input counts).  Never blocks. */
bool in_pending(struct in *in);

/* Forget all unread octets, the end of input, and in_patience() (after
 * STARTTLS: fd is another one then). */
void in_drop(struct in *in);

/* Push octets back in front of what is unread, for example CLIENT_INPUT of a
 * login program.  Returns 0, or -1 EMSGSIZE when they do not fit. */
int in_push(struct in *in, struct str data);

#endif
