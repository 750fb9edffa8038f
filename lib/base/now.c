/* SPDX-License-Identifier: ISC */
/* Clocks. */
#include "base/now.h"

#include <time.h>

int64_t
now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t
now_plus_s(int64_t s)
{
	return now_ms() + s * 1000;
}

int
now_left(int64_t deadline)
{
	const int64_t day = 86400000;
	int64_t left;

	if (deadline == NOW_NEVER)
		return -1;
	left = deadline - now_ms();
	if (left < 0)
		return 0;
	return (int)(left < day ? left : day);
}

int64_t
now_wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

int64_t
now_wall_s(void)
{
	return now_wall_us() / 1000000;
}
