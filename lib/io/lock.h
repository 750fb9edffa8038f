/* SPDX-License-Identifier: ISC */
/* Advisory locks on open files (fcntl OFD locks: they work on NFSv4 and CephFS
 * too, belong to the open file, and are not lost by closing another
 * descriptor of the same file). */
#ifndef IO_LOCK_H
#define IO_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Take the exclusive (or shared) lock on the whole of fd, trying until
 * deadline (of now_ms(); a past one tries once).
 * Returns 1 locked, 0 deadline, -1 failed. */
int lock_take(int fd, bool exclusive, int64_t deadline);

/* Release it; closing the last descriptor of the open file does so too. */
int lock_release(int fd);

/* Take the lock on octet 0 of fd alone, for as long as it takes to read or
 * write a few octets: it waits without a deadline.  lock_record_end() releases
 * it.  Does not conflict with lock_place().  0 or -1. */
int lock_record(int fd, bool exclusive);
int lock_record_end(int fd);

/* Take one of `places` exclusive places of fd, for counting how many do a thing
 * at once: octets 1 to places of the file are locked, so the whole of the same
 * file must not be.  Released with the open file, also by a death.
 * Returns 1, 0 deadline, -1 failed, as lock_take(). */
int lock_place(int fd, int places, int64_t deadline);

#endif
