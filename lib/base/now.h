/* SPDX-License-Identifier: ISC */
/* Clocks.  Timers and deadlines use the monotonic clock; the wall clock is
 * only for headers and names. */
#ifndef BASE_NOW_H
#define BASE_NOW_H

#include <stdint.h>

#define NOW_NEVER INT64_MAX /* a deadline that never comes */

/* Milliseconds on the monotonic clock. */
int64_t now_ms(void);

/* The deadline that lies s seconds ahead, in now_ms() terms. */
int64_t now_plus_s(int64_t s);

/* Milliseconds left until deadline as poll() wants it: 0 when it has passed,
 * -1 for NOW_NEVER, at most one day. */
int now_left(int64_t deadline);

/* Seconds (microseconds) since 1970 on the wall clock. */
int64_t now_wall_s(void);
int64_t now_wall_us(void);

#endif
