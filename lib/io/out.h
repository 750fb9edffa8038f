/* SPDX-License-Identifier: ISC */
/* Buffered writing to a descriptor.  The first failure sticks and turns later
 * calls into nothing; ask once with out_failed().  A full buffer is written
 * out as it fills.  Each wait is bounded by `stall_s` without progress. */
#ifndef IO_OUT_H
#define IO_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

struct out {
	int fd;
	char *p; /* the caller's storage */
	size_t size;
	size_t n;
	int stall_s;    /* seconds a peer may take nothing; 0 for no limit */
	int err;        /* errno of the failure that sticks, or 0 */
	uint64_t total; /* octets accepted so far */
	bool cr;        /* the last octet of out_crlf() was a CR */
	bool no_socket; /* fd has turned out to be none */
	bool ends;      /* what is written next goes out with the end of it */
};

/* Write to fd through size octets at storage, which must outlive the writer.
 * stall_s starts at 300. */
void out_init(struct out *o, int fd, char *storage, size_t size);

/* Go on with other storage, taking along what is not written yet (writing it
 * when it does not fit). */
void out_storage(struct out *o, char *storage, size_t size);

void out_put(struct out *o, const void *p, size_t n);
void out_str(struct out *o, struct str s);
void out_z(struct out *o, const char *z);
void out_chr(struct out *o, char c);
void out_num(struct out *o, uint64_t v);

/* Like printf(); the text must be shorter than 4,096 octets or the writer
 * fails with EMSGSIZE. */
void out_fmt(struct out *o, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Write s with every LF that no CR precedes turned into CRLF.  Calls may split
 * the text anywhere; set o->cr = false before an unrelated text. */
void out_crlf(struct out *o, struct str s);

/* Write out what is buffered.  Returns 0, or -1 with the sticking errno. */
int out_flush(struct out *o);

bool out_failed(const struct out *o);

#endif
