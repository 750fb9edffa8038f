/* SPDX-License-Identifier: ISC */
/* The retry schedule. */
#include "queue/retry.h"

#include <stddef.h>

#define MINUTE 60
#define HOUR 3600
#define DAY 86400
#define MOST_AGE ((int64_t)1 << 40)

/* The age of the first attempt that lies after age. */
static int64_t
next_age(int64_t age)
{
	static const int64_t first[] = {
	    1 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, 1 * HOUR};
	int64_t step = age < DAY ? HOUR : 3 * HOUR;

	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (age < first[i])
			return first[i];
	return (age / step + 1) * step;
}

int64_t
retry_wait_s(int64_t age_s, uint32_t seed)
{
	int64_t wait;

	if (age_s < 0)
		age_s = 0;
	if (age_s > MOST_AGE)
		age_s = MOST_AGE;
	wait = next_age(age_s) - age_s;
	if (wait < RETRY_LEAST_S)
		wait = RETRY_LEAST_S;
	return wait + wait * (int64_t)(seed % 1000) / 10000;
}

int64_t
retry_left_s(int64_t received_s, int64_t last_s, int64_t now_s, uint32_t seed)
{
	int64_t wait, passed;

	if (last_s > now_s)
		last_s = now_s;
	wait = retry_wait_s(last_s - received_s, seed);
	passed = now_s - last_s;
	return passed >= wait ? 0 : wait - passed;
}
