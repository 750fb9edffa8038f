/* SPDX-License-Identifier: ISC */
/* Dates in and out, on the Gregorian calendar carried back before its time. */
#include "msg/date.h"

#include <errno.h>
#include <stdio.h>

#include "base/ascii.h"
#include "base/scan.h"
#include "msg/header.h"

#define DAY_S 86400

static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/* RFC 5322 4.3; all other names, the military letters too, mean +0000. */
static const struct {
	char name[4];
	int hours;
} zones[] = {{"EDT", -4}, {"EST", -5}, {"CDT", -5}, {"CST", -6}, {"MDT", -6},
    {"MST", -7}, {"PDT", -7}, {"PST", -8}};

struct moment {
	int year, month, day; /* month and day count from 1 */
	int hour, min, sec;
	int zone_min;
};

static int
invalid(void)
{
	errno = EINVAL;
	return -1;
}

static bool
leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
month_days(int year, int month)
{
	static const char days[12] = {
	    31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

	return month == 2 && leap(year) ? 29 : days[month - 1];
}

/* Days since 1970-01-01.  Years start in March, so that the odd day is the
 * last of its year. */
static int64_t
days_of(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5;

	return y * 365 + y / 4 - y / 100 + y / 400 + in_year + day - 1 - 719468;
}

static void
split_days(int64_t days, struct moment *m)
{
	int64_t z = days + 719468;
	int64_t era = z / 146097;
	int64_t d = z % 146097;
	int64_t y = (d - d / 1460 + d / 36524 - d / 146096) / 365;
	int64_t in_year = d - (365 * y + y / 4 - y / 100);
	int64_t month = (5 * in_year + 2) / 153;

	m->day = (int)(in_year - (153 * month + 2) / 5 + 1);
	m->month = (int)(month < 10 ? month + 3 : month - 9);
	m->year = (int)(y + era * 400 + (m->month <= 2));
}

static bool
valid(const struct moment *m)
{
	return m->year >= 1 && m->year <= 9999 && m->month >= 1 &&
	       m->day >= 1 && m->day <= month_days(m->year, m->month) &&
	       m->hour <= 23 && m->min <= 59 && m->sec <= 60;
}

static int
finish(const struct moment *m, int64_t *utc_s, int *zone_min)
{
	if (!valid(m))
		return invalid();
	*utc_s = days_of(m->year, m->month, m->day) * DAY_S + m->hour * 3600 +
	         m->min * 60 + m->sec - m->zone_min * 60;
	*zone_min = m->zone_min;
	return 0;
}

/* ---------------------------------------------------------- reading */

/* From least to most digits; returns how many, 0 for failure. */
static size_t
digits(struct scan *s, size_t least, size_t most, int *v)
{
	size_t n = 0;

	*v = 0;
	while (n < most && ascii_isdigit((char)scan_peek(s))) {
		*v = *v * 10 + (*s->p++ - '0');
		n++;
	}
	if (n >= least)
		return n;
	scan_fail(s, "digits expected");
	return 0;
}

static struct str
letters(struct scan *s)
{
	const char *start = s->p;

	while (s->p < s->end && ascii_isalpha(*s->p))
		s->p++;
	return str_make(start, (size_t)(s->p - start));
}

static int
month_of(struct scan *s)
{
	struct str word = letters(s);

	for (int i = 0; i < 12; i++)
		if (str_ieq(str_to(word, 3), str_z(months[i])))
			return i + 1;
	scan_fail(s, "month expected");
	return 0;
}

/* "+hhmm"; false and nothing taken when it is not one. */
static bool
numeric_zone(struct scan *s, int *zone_min)
{
	struct scan save = *s;
	bool minus = scan_try(s, '-');
	int v;

	if ((!minus && !scan_try(s, '+')) || !digits(s, 4, 4, &v)) {
		*s = save;
		return false;
	}
	*zone_min = v / 100 * 60 + v % 100;
	if (minus)
		*zone_min = -*zone_min;
	return true;
}

static int
named_zone(struct str name)
{
	for (size_t i = 0; i < sizeof(zones) / sizeof(*zones); i++)
		if (str_ieq(name, str_z(zones[i].name)))
			return zones[i].hours * 60;
	return 0;
}

static void
year_of(struct scan *s, int *year)
{
	size_t n = digits(s, 2, 4, year);

	if (n == 3 || (n == 2 && *year >= 50))
		*year += 1900;
	else if (n == 2)
		*year += 2000;
}

static bool
separator(struct scan *s)
{
	bool found = header_cfws(s, NULL);

	return scan_try(s, '-') || found;
}

static void
time_of(struct scan *s, struct moment *m)
{
	digits(s, 1, 2, &m->hour);
	header_cfws(s, NULL);
	scan_need(s, ':', "':' expected");
	header_cfws(s, NULL);
	digits(s, 1, 2, &m->min);
	header_cfws(s, NULL);
	if (!scan_try(s, ':'))
		return;
	header_cfws(s, NULL);
	digits(s, 1, 2, &m->sec);
	header_cfws(s, NULL);
}

int
date_parse(struct str value, int64_t *utc_s, int *zone_min)
{
	struct scan s = scan_make(value);
	struct moment m = {0};

	header_cfws(&s, NULL);
	if (letters(&s).n) {
		header_cfws(&s, NULL);
		scan_try(&s, ',');
		header_cfws(&s, NULL);
	}
	digits(&s, 1, 2, &m.day);
	separator(&s);
	m.month = month_of(&s);
	separator(&s);
	year_of(&s, &m.year);
	header_cfws(&s, NULL);
	time_of(&s, &m);
	if (s.bad)
		return invalid();
	if (!numeric_zone(&s, &m.zone_min))
		m.zone_min = named_zone(letters(&s));
	return finish(&m, utc_s, zone_min);
}

/* "23-Nov-2026" with one or two digits, or, when fixed, two places. */
static void
imap_day(struct scan *s, struct moment *m, bool fixed)
{
	if (fixed && scan_try(s, ' '))
		digits(s, 1, 1, &m->day);
	else
		digits(s, fixed ? 2 : 1, 2, &m->day);
	scan_need(s, '-', "'-' expected");
	m->month = month_of(s);
	scan_need(s, '-', "'-' expected");
	digits(s, 4, 4, &m->year);
}

int
date_parse_imap(struct str text, int64_t *utc_s, int *zone_min)
{
	struct scan s = scan_make(text);
	struct moment m = {0};

	imap_day(&s, &m, true);
	scan_need(&s, ' ', "blank expected");
	digits(&s, 2, 2, &m.hour);
	scan_need(&s, ':', "':' expected");
	digits(&s, 2, 2, &m.min);
	scan_need(&s, ':', "':' expected");
	digits(&s, 2, 2, &m.sec);
	scan_need(&s, ' ', "blank expected");
	if (!numeric_zone(&s, &m.zone_min) || !scan_finish(&s))
		return invalid();
	return finish(&m, utc_s, zone_min);
}

int
date_parse_day(struct str text, int64_t *day)
{
	struct scan s = scan_make(text);
	struct moment m = {0};

	imap_day(&s, &m, false);
	if (!scan_finish(&s) || !valid(&m))
		return invalid();
	*day = days_of(m.year, m.month, m.day);
	return 0;
}

/* ---------------------------------------------------------- writing */

int64_t
date_day(int64_t utc_s, int zone_min)
{
	int64_t local = utc_s + (int64_t)zone_min * 60;

	return local / DAY_S - (local % DAY_S < 0);
}

/* The calendar's view; what no four-digit year can say becomes 1970. */
static void
split(int64_t utc_s, int zone_min, struct moment *m)
{
	static const int64_t least = -62135596800, most = DATE_LAST_S;
	int64_t local, day;

	if (zone_min < -5999 || zone_min > 5999)
		zone_min = 0;
	if (utc_s < least - DAY_S * 5 || utc_s > most + DAY_S * 5)
		utc_s = zone_min = 0;
	local = utc_s + (int64_t)zone_min * 60;
	if (local < least || local > most)
		local = zone_min = 0;
	day = date_day(local, 0);
	split_days(day, m);
	local -= day * DAY_S;
	m->hour = (int)(local / 3600);
	m->min = (int)(local / 60 % 60);
	m->sec = (int)(local % 60);
	m->zone_min = zone_min;
}

static size_t
print_zone(char *to, int zone_min)
{
	int v = zone_min < 0 ? -zone_min : zone_min;

	return (size_t)snprintf(to, 6, "%c%04u", zone_min < 0 ? '-' : '+',
	    (unsigned)(v / 60 * 100 + v % 60) % 10000);
}

size_t
date_rfc5322(char to[DATE_SIZE], int64_t utc_s, int zone_min)
{
	static const char week[7][4] = {
	    "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	struct moment m;
	int64_t w;
	size_t n;

	split(utc_s, zone_min, &m);
	w = (days_of(m.year, m.month, m.day) % 7 + 11) % 7;
	n = (size_t)snprintf(to, DATE_SIZE - 6,
	    "%s, %02d %s %04d %02d:%02d:%02d ", week[w], m.day,
	    months[m.month - 1], m.year, m.hour, m.min, m.sec);
	return n + print_zone(to + n, m.zone_min);
}

size_t
date_imap(char to[DATE_SIZE], int64_t utc_s, int zone_min)
{
	struct moment m;
	size_t n;

	split(utc_s, zone_min, &m);
	n = (size_t)snprintf(to, DATE_SIZE - 6, "%2d-%s-%04d %02d:%02d:%02d ",
	    m.day, months[m.month - 1], m.year, m.hour, m.min, m.sec);
	return n + print_zone(to + n, m.zone_min);
}

size_t
date_iso(char to[DATE_SIZE], int64_t utc_s)
{
	struct moment m;

	split(utc_s, 0, &m);
	return (size_t)snprintf(
	    to, DATE_SIZE, "%04d-%02d-%02d", m.year, m.month, m.day);
}
