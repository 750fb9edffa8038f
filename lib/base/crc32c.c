/* SPDX-License-Identifier: ISC */
/* CRC-32C, eight octets a step: by the processor's own instruction where it has
 * one, else by slicing, with tables made at first use. */
#include "base/crc32c.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif
#include <stdbool.h>
#include <string.h>

static uint32_t table[8][256];
static bool ready;

static void
make_tables(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int k = 0; k < 8; k++)
			c = c & 1 ? (c >> 1) ^ 0x82f63b78U : c >> 1;
		table[0][i] = c;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int k = 1; k < 8; k++)
			table[k][i] = (table[k - 1][i] >> 8) ^
			              table[0][table[k - 1][i] & 0xff];
	ready = true;
}

#ifdef __x86_64__
/* Not the compiler's way, which asks at each start of each program, and some
 * dozen times: a virtual machine takes its time for the answer. */
static bool
has_instruction(void)
{
	static bool asked, has;
	unsigned a, b, c, d;

	if (!asked)
		has = __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2);
	asked = true;
	return has;
}

__attribute__((target("sse4.2"))) static uint32_t
by_instruction(uint32_t crc, const unsigned char *p, size_t n)
{
	uint64_t c = crc;

	for (; n >= 8; p += 8, n -= 8) {
		uint64_t eight;

		memcpy(&eight, p, 8);
		c = __builtin_ia32_crc32di(c, eight);
	}
	crc = (uint32_t)c;
	while (n-- > 0)
		crc = __builtin_ia32_crc32qi(crc, *p++);
	return crc;
}
#else
static bool
has_instruction(void)
{
	return false;
}

static uint32_t
by_instruction(uint32_t crc, const unsigned char *p, size_t n)
{
	(void)p;
	(void)n;
	return crc;
}
#endif

static uint32_t
by_tables(uint32_t crc, const unsigned char *p, size_t n)
{
	if (!ready)
		make_tables();
	while (n >= 8) {
		uint32_t low =
		    crc ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 |
			      (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);

		crc = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^
		      table[5][low >> 16 & 0xff] ^ table[4][low >> 24] ^
		      table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^
		      table[0][p[7]];
		p += 8;
		n -= 8;
	}
	while (n-- > 0)
		crc = table[0][(crc ^ *p++) & 0xff] ^ crc >> 8;
	return crc;
}

uint32_t
crc32c(uint32_t crc, const void *data, size_t n)
{
	crc = ~crc;
	crc = has_instruction() ? by_instruction(crc, data, n)
	                        : by_tables(crc, data, n);
	return ~crc;
}

uint32_t
crc32c_by_tables(uint32_t crc, const void *data, size_t n)
{
	return ~by_tables(~crc, data, n);
}
