/* SPDX-License-Identifier: ISC */
/* Message ids. */
#include "base/id.h"

#include <stdint.h>
#include <sys/random.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "base/now.h"

static void
digits32(char *to, size_t n, uint64_t v)
{
	while (n-- > 0) {
		to[n] = "0123456789abcdefghijklmnopqrstuv"[v % 32];
		v /= 32;
	}
}

void
id_make(char id[ID_SIZE])
{
	uint64_t r;

	if (getrandom(&r, sizeof(r), 0) != (ssize_t)sizeof(r)) {
		fail("getrandom", NULL);
		die(EXIT_TEMP);
	}
	digits32(id, 11, (uint64_t)now_wall_us());
	digits32(id + 11, 10, r);
	id[ID_LEN] = '\0';
}

bool
id_valid(struct str s)
{
	if (s.n != ID_LEN)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isdigit(s.p[i]) && (s.p[i] < 'a' || s.p[i] > 'v'))
			return false;
	return true;
}
