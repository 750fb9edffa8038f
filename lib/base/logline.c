/* SPDX-License-Identifier: ISC */
/* Log lines: "PREFIX prog[pid]: ev=… key=value key=\"other value\" …". */
#include "base/logline.h"

#include <string.h>
#include <time.h>

#include "base/ascii.h"
#include "base/num.h"
#include "base/scan.h"

#define SECOND 1000000LL
/* s6-log writes TAI, 37 s ahead of UTC since 2017; no leap second has been
 * announced since. */
#define TAI_EPOCH (((int64_t)1 << 62) + 37)

/* ----------------------------------------------------------------- time */

static int64_t
scan_tai(struct str s)
{
	uint64_t sec, nano;

	if (s.n < 25 || num_scan_hex(str_make(s.p + 1, 16), INT64_MAX, &sec) ||
	    num_scan_hex(str_make(s.p + 17, 8), 999999999, &nano) ||
	    sec < (uint64_t)TAI_EPOCH || sec - (uint64_t)TAI_EPOCH > UINT32_MAX)
		return LOGLINE_TIME;
	return (int64_t)(sec - (uint64_t)TAI_EPOCH) * SECOND +
	       (int64_t)nano / 1000;
}

/* ".123456": microseconds; finer digits are dropped. */
static int64_t
scan_fraction(struct scan *s)
{
	int64_t us = 0, unit = SECOND / 10;

	if (!scan_try(s, '.') && !scan_try(s, ','))
		return 0;
	while (scan_peek(s) >= '0' && scan_peek(s) <= '9') {
		us += (*s->p++ - '0') * unit;
		unit /= 10;
	}
	return us;
}

static bool
scan_clock(struct scan *s, struct tm *tm)
{
	uint64_t h, m, sec;

	if (!scan_num(s, 23, &h) || !scan_need(s, ':', "") ||
	    !scan_num(s, 59, &m) || !scan_need(s, ':', "") ||
	    !scan_num(s, 60, &sec))
		return false;
	tm->tm_hour = (int)h;
	tm->tm_min = (int)m;
	tm->tm_sec = (int)sec;
	tm->tm_isdst = -1;
	return true;
}

/* Seconds since 1970 of a time in UTC; the days as in a calendar whose year
 * begins in March. */
static int64_t
utc(const struct tm *tm)
{
	int64_t m = tm->tm_mon < 2 ? tm->tm_mon + 10 : tm->tm_mon - 2;
	int64_t y = tm->tm_year + 1900 - (tm->tm_mon < 2);
	int64_t days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 +
	               tm->tm_mday - 1 - 719468;

	return days * 86400 + tm->tm_hour * 3600 + tm->tm_min * 60 + tm->tm_sec;
}

/* "Z", "+01:00", "-0800", or nothing: local time. */
static int64_t
in_zone(struct scan *s, struct tm *tm)
{
	int sign = scan_try(s, '-') ? -1 : scan_try(s, '+') ? 1 : 0;
	uint64_t v, min;

	if (sign == 0)
		return scan_try(s, 'Z') ? utc(tm) : (int64_t)mktime(tm);
	if (!scan_num(s, 2359, &v))
		return utc(tm);
	if (scan_try(s, ':') && scan_num(s, 59, &min))
		v = v * 100 + min;
	return utc(tm) - sign * (int64_t)(v / 100 * 3600 + v % 100 * 60);
}

static int64_t
scan_iso(struct scan *s, uint64_t year)
{
	struct tm tm = {.tm_year = (int)year - 1900};
	uint64_t month, day;
	int64_t us;

	if (!scan_need(s, '-', "") || !scan_num(s, 12, &month) ||
	    !scan_need(s, '-', "") || !scan_num(s, 31, &day) || month == 0 ||
	    day == 0 || (!scan_try(s, 'T') && !scan_need(s, ' ', "")) ||
	    !scan_clock(s, &tm))
		return LOGLINE_TIME;
	tm.tm_mon = (int)month - 1;
	tm.tm_mday = (int)day;
	us = scan_fraction(s);
	return in_zone(s, &tm) * SECOND + us;
}

/* "Nov 23 04:29:34": of this year, or of the last one when that is ahead. */
static int64_t
scan_syslog(struct scan *s, int64_t now_s)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	time_t now = (time_t)now_s, then;
	struct tm tm, today;
	const char *at;
	struct str name;
	uint64_t day;
	char z[4];

	if (!scan_take(s, 3, &name) || str_copy(z, sizeof(z), name) < 0 ||
	    !(at = strstr(months, z)) || (at - months) % 3 != 0 ||
	    !scan_blanks(s) || !scan_num(s, 31, &day) || !scan_blanks(s) ||
	    !localtime_r(&now, &today))
		return LOGLINE_TIME;
	tm = today;
	if (!scan_clock(s, &tm))
		return LOGLINE_TIME;
	tm.tm_mon = (int)(at - months) / 3;
	tm.tm_mday = (int)day;
	then = mktime(&tm);
	if (then > now + 86400) {
		tm.tm_year = today.tm_year - 1;
		tm.tm_isdst = -1;
		then = mktime(&tm);
	}
	return (int64_t)then * SECOND + scan_fraction(s);
}

int64_t
logline_time(struct str text, int64_t now_s)
{
	struct scan s = scan_make(text);
	uint64_t v;

	if (text.n > 0 && text.p[0] == '@')
		return scan_tai(text);
	if (text.n > 0 && !ascii_isdigit(text.p[0]))
		return scan_syslog(&s, now_s);
	if (!scan_num(&s, UINT32_MAX, &v))
		return LOGLINE_TIME;
	if (scan_peek(&s) == '.')
		return (int64_t)v * SECOND + scan_fraction(&s);
	return v < 1970 || v > 9999 ? LOGLINE_TIME : scan_iso(&s, v);
}

/* ---------------------------------------------------------------- pairs */

/* Octets of the value at p, with its quotes: up to a blank outside them.  A
 * value that was cut has no end. */
static size_t
value_len(struct str s)
{
	size_t i = 0;

	if (s.n == 0 || s.p[0] != '"')
		return str_find(s, ' ');
	for (i = 1; i < s.n && s.p[i] != '"'; i++)
		if (s.p[i] == '\\')
			i++;
	return i < s.n ? i + 1 : s.n;
}

static struct str
unescape(struct str s, struct arena *a)
{
	char *to = arena_alloc(a, s.n);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c == '\\' && i + 3 < s.n && s.p[i + 1] == 'x' &&
		    ascii_xdigit(s.p[i + 2]) >= 0 &&
		    ascii_xdigit(s.p[i + 3]) >= 0) {
			c = (char)(ascii_xdigit(s.p[i + 2]) * 16 +
				   ascii_xdigit(s.p[i + 3]));
			i += 3;
		} else if (c == '\\' && i + 1 < s.n) {
			c = s.p[++i];
		}
		to[n++] = c;
	}
	return str_make(to, n);
}

static struct str
value(struct str s, struct arena *a)
{
	if (s.n > 0 && s.p[0] == '"') {
		s = str_from(s, 1);
		if (str_ends(s, STR("\"")))
			s.n--;
	}
	return str_has(s, '\\') ? unescape(s, a) : s;
}

static void
scan_pairs(struct str rest, struct arena *a, struct logline *l)
{
	while (l->n < LOGLINE_PAIRS) {
		struct logline_pair *p = &l->pairs[l->n];
		size_t n;

		while (rest.n > 0 && rest.p[0] == ' ')
			rest = str_from(rest, 1);
		n = str_find(rest, '=');
		if (n == rest.n || str_has(str_to(rest, n), ' '))
			return;
		p->key = str_to(rest, n);
		rest = str_from(rest, n + 1);
		n = value_len(rest);
		p->value = value(str_to(rest, n), a);
		rest = str_from(rest, n);
		l->n++;
	}
}

static bool
prog_char(char c)
{
	return ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
}

int
logline_scan(struct str line, int64_t now_s, struct arena *a, struct logline *l)
{
	size_t end = str_search(line, STR("]: ev="));
	size_t pid = end, start;

	if (end == line.n)
		return 0;
	while (pid > 0 && ascii_isdigit(line.p[pid - 1]))
		pid--;
	if (pid == end || pid == 0 || line.p[pid - 1] != '[')
		return 0;
	start = pid - 1;
	while (start > 0 && prog_char(line.p[start - 1]))
		start--;
	if (start == pid - 1)
		return 0;
	l->prog = str_make(line.p + start, pid - 1 - start);
	l->pid = str_make(line.p + pid, end - pid);
	l->time_us = logline_time(str_to(line, start), now_s);
	l->n = 0;
	scan_pairs(str_from(line, end + 3), a, l);
	return 1;
}

struct str
logline_get(const struct logline *l, const char *key)
{
	for (size_t i = 0; i < l->n; i++)
		if (str_eq(l->pairs[i].key, str_z(key)))
			return l->pairs[i].value;
	return (struct str){NULL, 0};
}
