/* SPDX-License-Identifier: ISC */
/* Unsigned numbers from and to text. */
#include "base/num.h"

#include <errno.h>
#include <string.h>

#include "base/ascii.h"

static int
scan_base(struct str s, unsigned base, uint64_t max, uint64_t *v)
{
	uint64_t sum = 0, most = max / base;

	if (s.n == 0) {
		errno = EINVAL;
		return -1;
	}
	for (size_t i = 0; i < s.n; i++) {
		int digit = ascii_xdigit(s.p[i]);

		if (digit < 0 || (unsigned)digit >= base) {
			errno = EINVAL;
			return -1;
		}
		if (sum > most || (unsigned)digit > max - sum * base) {
			errno = ERANGE;
			return -1;
		}
		sum = sum * base + (unsigned)digit;
	}
	*v = sum;
	return 0;
}

int
num_scan(struct str s, uint64_t max, uint64_t *v)
{
	return scan_base(s, 10, max, v);
}

int
num_scan_hex(struct str s, uint64_t max, uint64_t *v)
{
	return scan_base(s, 16, max, v);
}

size_t
num_print(char to[NUM_SIZE], uint64_t v)
{
	char rev[NUM_SIZE];
	size_t n = 0;

	do {
		rev[n++] = (char)('0' + v % 10);
		v /= 10;
	} while (v);
	for (size_t i = 0; i < n; i++)
		to[i] = rev[n - 1 - i];
	to[n] = '\0';
	return n;
}
