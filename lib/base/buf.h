/* SPDX-License-Identifier: ISC */
/* A growing octet buffer with a ceiling.  What does not fit sets `over` and is
 * dropped whole; `over` sticks until buf_reset(), so a caller appends freely
 * and asks once.  Running out of memory ends the process (base/fail.h). */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct buf {
	char *p;
	size_t n;
	size_t cap;
	size_t max;
	bool over;
};

/* An empty buffer that may hold up to max octets.  Allocates nothing yet. */
void buf_init(struct buf *b, size_t max);

/* An empty buffer in the caller's storage of size octets, at least one, which
 * hold size - 1.  It needs no buf_free(), and must not get one. */
void buf_fixed(struct buf *b, char *storage, size_t size);

/* Empty it and clear `over`; the memory is kept for reuse. */
void buf_reset(struct buf *b);

/* The same, after writing zeros over it. */
void buf_erase(struct buf *b);

/* Give the memory back; the buffer is empty and may be used again. */
void buf_free(struct buf *b);

/* The same, after writing zeros over it: for secrets.  What it held before it
 * grew is elsewhere, so give it its size at once (buf_room()). */
void buf_wipe(struct buf *b);

void buf_put(struct buf *b, const void *p, size_t n);
void buf_str(struct buf *b, struct str s);
void buf_z(struct buf *b, const char *z);
void buf_chr(struct buf *b, char c);
void buf_num(struct buf *b, uint64_t v);

/* Like printf(). */
void buf_fmt(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* "5:hello,": one netstring (cr.yp.to/proto/netstrings.txt). */
void buf_netstr(struct buf *b, struct str s);

/* Make room for n octets and count them as used: the caller fills the space
 * that is returned.  NULL (and `over`) when they do not fit. */
char *buf_room(struct buf *b, size_t n);

/* Remove the first n octets (all when there are fewer). */
void buf_eat(struct buf *b, size_t n);

/* What is in it; lives until the buffer is next written to, reset or freed. */
struct str buf_slice(const struct buf *b);

/* The same as a C string: a NUL behind the contents, which may hold more NULs.
 * Lives as buf_slice(). */
const char *buf_cstr(struct buf *b);

#endif
