/* SPDX-License-Identifier: ISC */
/* Printing for humans. */
#include "show.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/utf8.h"

/* U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069. */
static bool
turns(const char *p, size_t n)
{
	static const char *const marks[] = {"\xe2\x80\x8e", "\xe2\x80\x8f",
	    "\xe2\x80\xaa", "\xe2\x80\xab", "\xe2\x80\xac", "\xe2\x80\xad",
	    "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa7", "\xe2\x81\xa8",
	    "\xe2\x81\xa9"};

	if (n != 3 || *p != '\xe2')
		return false;
	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (memcmp(p, marks[i], 3) == 0)
			return true;
	return false;
}

void
show_str(FILE *to, struct str s)
{
	while (s.n > 0) {
		size_t n = utf8_len(s);

		if (utf8_plain(s.p, n) && !turns(s.p, n)) {
			fwrite(s.p, 1, n, to);
		} else {
			fprintf(to, "\\x%02x", (unsigned)(unsigned char)*s.p);
			n = 1;
		}
		s = str_from(s, n);
	}
}

void
show_time(char to[SHOW_TIME], int64_t s, bool utc)
{
	time_t t = (time_t)s;
	struct tm tm;

	to[0] = '\0';
	if (utc && gmtime_r(&t, &tm))
		strftime(to, SHOW_TIME, "%Y-%m-%d %H:%M:%SZ", &tm);
	if (!utc && localtime_r(&t, &tm))
		strftime(to, SHOW_TIME, "%Y-%m-%d %H:%M:%S %z", &tm);
}

void
show_stamp(char to[SHOW_TIME], int64_t us)
{
	time_t t = (time_t)(us / 1000000);
	struct tm tm;
	size_t n;

	to[0] = '\0';
	if (!gmtime_r(&t, &tm))
		return;
	n = strftime(to, SHOW_TIME, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(to + n, SHOW_TIME - n, ".%06dZ", abs((int)(us % 1000000)));
}

void
show_span(char to[SHOW_SPAN], int64_t s)
{
	long long v = s < 0 ? 0 : (long long)s;

	if (v < 60)
		snprintf(to, SHOW_SPAN, "%lld s", v);
	else if (v < 3600)
		snprintf(to, SHOW_SPAN, "%lld min", v / 60);
	else if (v < 86400)
		snprintf(
		    to, SHOW_SPAN, "%lld h %lld min", v / 3600, v / 60 % 60);
	else
		snprintf(
		    to, SHOW_SPAN, "%lld d %lld h", v / 86400, v / 3600 % 24);
}

void
show_json(struct buf *b)
{
	fwrite(b->p, 1, b->n, stdout);
	putchar('\n');
	buf_reset(b);
}
