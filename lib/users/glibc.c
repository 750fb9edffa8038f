/* SPDX-License-Identifier: ISC */
/* A password library that was built for glibc, linked into a program with
 * another C library: what it calls of glibc's own.  The checks are those of
 * _FORTIFY_SOURCE: they end the program where an object is too small. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#ifndef __GLIBC__

void __explicit_bzero_chk(void *p, size_t n, size_t size);
int __snprintf_chk(
    char *to, size_t n, int flag, size_t size, const char *fmt, ...);
int __sprintf_chk(char *to, int flag, size_t size, const char *fmt, ...);
void arc4random_buf(void *to, size_t n);

void
__explicit_bzero_chk(void *p, size_t n, size_t size)
{
	if (n > size)
		abort();
	explicit_bzero(p, n);
}

#pragma GCC diagnostic ignored "-Wformat-nonliteral"

int
__snprintf_chk(char *to, size_t n, int flag, size_t size, const char *fmt, ...)
{
	va_list ap;
	int r;

	(void)flag;
	if (n > size)
		abort();
	va_start(ap, fmt);
	r = vsnprintf(to, n, fmt, ap);
	va_end(ap);
	return r;
}

int
__sprintf_chk(char *to, int flag, size_t size, const char *fmt, ...)
{
	va_list ap;
	int r;

	(void)flag;
	va_start(ap, fmt);
	r = vsnprintf(to, size, fmt, ap);
	va_end(ap);
	if (r < 0 || (size_t)r >= size)
		abort();
	return r;
}

void
arc4random_buf(void *to, size_t n)
{
	char *p = to;

	while (n > 0) {
		ssize_t r = getrandom(p, n, 0);

		if (r < 0)
			abort();
		p += r;
		n -= (size_t)r;
	}
}

#else

typedef int nothing_to_do;

#endif
