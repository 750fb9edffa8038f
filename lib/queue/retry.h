/* SPDX-License-Identifier: ISC */
/* When to try again.  Messages are tried when they are 0, 1, 5, 15, 30 and 60
 * minutes old, then each hour until they are a day old, then every three
 * hours.  Since the age decides, nothing has to be remembered but the time of
 * the last attempt, which is the queue file's own modification time. */
#ifndef QUEUE_RETRY_H
#define QUEUE_RETRY_H

#include <stdint.h>

#define RETRY_LEAST_S 60        /* between two attempts */
#define RETRY_MOST_S (198 * 60) /* three hours and a tenth */

/* Seconds from an attempt that ended when the message was age_s old to the
 * next one: RETRY_LEAST_S to RETRY_MOST_S.  Up to a tenth is added according
 * to seed, so that messages that failed together do not return together.  A
 * negative age (the clock was set back) counts as 0. */
int64_t retry_wait_s(int64_t age_s, uint32_t seed);

/* Seconds from now until the next attempt of a message found in the queue,
 * last tried at last_s; never more than RETRY_MOST_S whatever the clock did
 * meanwhile, and 0 when it is due. */
int64_t retry_left_s(
    int64_t received_s, int64_t last_s, int64_t now_s, uint32_t seed);

#endif
