/* SPDX-License-Identifier: ISC */
/* Character classes of single octets, ASCII only and without a locale:
 * <ctype.h> depends on the locale and is undefined for negative values. */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>

static inline bool
ascii_isdigit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool
ascii_isupper(char c)
{
	return c >= 'A' && c <= 'Z';
}

static inline bool
ascii_islower(char c)
{
	return c >= 'a' && c <= 'z';
}

static inline bool
ascii_isalpha(char c)
{
	return ascii_isupper(c) || ascii_islower(c);
}

static inline bool
ascii_isalnum(char c)
{
	return ascii_isalpha(c) || ascii_isdigit(c);
}

/* Space or horizontal tab: WSP of RFC 5234. */
static inline bool
ascii_isblank(char c)
{
	return c == ' ' || c == '\t';
}

/* Space, tab, CR or LF. */
static inline bool
ascii_isspace(char c)
{
	return ascii_isblank(c) || c == '\r' || c == '\n';
}

/* 0x00-0x1f and 0x7f. */
static inline bool
ascii_iscntrl(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

/* 0x80-0xff. */
static inline bool
ascii_ishigh(char c)
{
	return (unsigned char)c >= 0x80;
}

static inline char
ascii_lower(char c)
{
	return ascii_isupper(c) ? (char)(c + ('a' - 'A')) : c;
}

static inline char
ascii_upper(char c)
{
	return ascii_islower(c) ? (char)(c - ('a' - 'A')) : c;
}

/* The value of a hexadecimal digit, or -1. */
static inline int
ascii_xdigit(char c)
{
	if (ascii_isdigit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

#endif
