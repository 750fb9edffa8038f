/* SPDX-License-Identifier: ISC */
/* File names of messages. */
#include "maildir/name.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "base/id.h"
#include "base/num.h"
#include "base/now.h"
#include "msg/flags.h"

#define BASE_MAX 250 /* leaves room for ":2," and a flag */

/* The flag bit of an upper-case letter, or 0. */
static uint32_t
flag_of(char c)
{
	switch (c) {
	case 'D':
		return FLAG_DRAFT;
	case 'F':
		return FLAG_FLAGGED;
	case 'R':
		return FLAG_ANSWERED;
	case 'S':
		return FLAG_SEEN;
	case 'T':
		return FLAG_DELETED;
	default:
		return 0;
	}
}

size_t
name_base(struct str file)
{
	return str_find(file, ':');
}

struct name
name_parse(struct str file)
{
	struct name n = {.base = str_to(file, name_base(file))};
	struct str info = str_from(file, n.base.n);

	if (!str_starts(info, STR(":2,")))
		return n;
	for (size_t i = 3; i < info.n; i++) {
		char c = info.p[i];

		if (ascii_islower(c))
			n.letters |= 1u << (c - 'a');
		else if (flag_of(c))
			n.flags |= flag_of(c);
		else if (ascii_isupper(c))
			n.others |= 1u << (c - 'A');
	}
	return n;
}

size_t
name_usable(struct str file)
{
	/* What is no part of a name is here, for one look at each octet. */
	static const bool special[UCHAR_MAX + 1] = {['\0'] = true,
	    ['\n'] = true,
	    ['\r'] = true,
	    ['/'] = true,
	    [':'] = true};
	size_t n = 0;

	while (n < file.n && !special[(unsigned char)file.p[n]])
		n++;
	if (n == 0 || n > BASE_MAX || file.p[0] == '.')
		return 0;
	for (size_t i = n; i < file.n; i++)
		if (special[(unsigned char)file.p[i]] && file.p[i] != ':')
			return 0;
	return n;
}

bool
name_size(struct str base, char key, uint64_t *v)
{
	char tag[4] = {',', key, '=', '\0'};
	size_t at = str_search(base, str_z(tag));
	struct str digits;

	if (at == base.n)
		return false;
	digits = str_from(base, at + 3);
	return num_scan(str_to(digits, str_find(digits, ',')), INT64_MAX, v) ==
	       0;
}

struct str
name_sizes(struct str base)
{
	size_t s = str_search(base, STR(",S="));
	size_t w = str_search(base, STR(",W="));

	return str_from(base, s < w ? s : w);
}

uint64_t
name_id(struct str base)
{
	size_t at = str_search(base, STR(",U="));
	uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */
	struct str own = str_to(base, base.n - name_sizes(base).n);

	if (at < base.n && base.n - at >= 3 + 16 &&
	    num_scan_hex(str_make(base.p + at + 3, 16), UINT64_MAX, &h) == 0)
		return h;
	for (size_t i = 0; i < own.n; i++)
		h = (h ^ (unsigned char)own.p[i]) * UINT64_C(1099511628211);
	return h;
}

int
name_make(char to[NAME_SIZE], const struct name *n)
{
	char flags[3 + 52] = ":2,"; /* 26 letters of each case at most */
	size_t count = 3;

	for (char c = 'A'; c <= 'Z'; c++)
		if (flag_of(c) ? n->flags & flag_of(c)
			       : n->others & 1u << (c - 'A'))
			flags[count++] = c;
	for (char c = 'a'; n->letters && c <= 'z'; c++)
		if (n->letters & 1u << (c - 'a'))
			flags[count++] = c;
	if (n->base.n + count >= NAME_SIZE) {
		errno = ENAMETOOLONG;
		return fail("name ", NULL);
	}
	memcpy(to, n->base.p, n->base.n);
	memcpy(to + n->base.n, flags, count);
	to[n->base.n + count] = '\0';
	return 0;
}

void
name_unique(char to[NAME_SIZE])
{
	char id[ID_SIZE], host[64] = "";

	id_make(id);
	/* Cut or not, the id already makes it unique. */
	(void)gethostname(host, sizeof(host) - 1);
	for (char *p = host; *p; p++)
		if (!ascii_isalnum(*p) && *p != '.' && *p != '-' && *p != '_')
			*p = '_';
	snprintf(to, NAME_SIZE, "%lld.I%s.%s", (long long)now_wall_s(), id,
	    host[0] ? host : "localhost");
}

uint32_t
name_saved(struct str base, int64_t now)
{
	uint64_t v;
	struct str digits = str_to(base, str_find(base, '.'));

	/* Not before 1990, not later than tomorrow. */
	if (num_scan(digits, (uint64_t)now + 86400, &v) == 0 && v > 631152000)
		return (uint32_t)v;
	return (uint32_t)now;
}

uint64_t
name_seconds(const char *p)
{
	uint64_t v = 0;

	for (; ascii_isdigit(*p) && v < UINT64_MAX / 10 - 1; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	return v;
}
