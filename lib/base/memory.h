/* SPDX-License-Identifier: ISC */
/* Functions of the C library, sixteen octets at a time: those of musl go by
 * single octets or words, or take long to begin, and mail is short texts.
 * Programs linked with musl get these in their place; elsewhere they have names
 * of their own, for the tests, and nothing calls them. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <string.h>

#if defined(__GLIBC__)
#define MEMORY(name) memory_##name

void *memory_memcpy(void *to, const void *from, size_t n);
void *memory_memmove(void *to, const void *from, size_t n);
void *memory_memchr(const void *p, int c, size_t n);
int memory_memcmp(const void *p, const void *q, size_t n);
#else
#define MEMORY(name) name
#endif

#endif
