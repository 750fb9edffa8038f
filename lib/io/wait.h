/* SPDX-License-Identifier: ISC */
/* Waiting for one descriptor. */
#ifndef IO_WAIT_H
#define IO_WAIT_H

#include <stdint.h>

/* Wait until fd is readable (writable), has ended or failed, or deadline (in
 * now_ms() terms) passes.  Returns 1 ready, 0 deadline, -1 failed. */
int wait_readable(int fd, int64_t deadline);
int wait_writable(int fd, int64_t deadline);

#endif
