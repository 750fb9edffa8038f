/* SPDX-License-Identifier: ISC */
/* Dates of mail and of IMAP to and from seconds since 1970 UTC.  Pure: the
 * local time zone is never asked for.  Years 1..9999. */
#ifndef MSG_DATE_H
#define MSG_DATE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define DATE_LAST_S 253402300799 /* the last second of 9999 */
#define DATE_SIZE 40             /* the longest date written here and a NUL */

/* Read the date-time of a Date: or Received: field (RFC 5322 3.3), with its
 * obsolete forms (4.3: comments and folding anywhere, years of two and three
 * digits, zones by name; an unknown name or a missing zone is +0000), a
 * weekday being optional and never checked.  zone_min is minutes east of UTC.
 * Returns 0, or -1 with errno EINVAL. */
int date_parse(struct str value, int64_t *utc_s, int *zone_min);

/* Write "Mon, 23 Nov 2026 04:29:34 +0000" (RFC 5322 3.3) with a NUL; returns
 * its length.  A time outside the years 1..9999 is written as 1970. */
size_t date_rfc5322(char to[DATE_SIZE], int64_t utc_s, int zone_min);

/* Write "23-Nov-2026 04:29:34 +0000", without quotes, a day below 10 with a
 * blank before it (RFC 3501 9, date-time). */
size_t date_imap(char to[DATE_SIZE], int64_t utc_s, int zone_min);

/* Read that form (all of s, no quotes).  Returns 0, or -1 with EINVAL. */
int date_parse_imap(struct str s, int64_t *utc_s, int *zone_min);

/* Write "2026-11-23" (RFC 3339 5.6, full-date), the day in UTC, with a NUL, as
 * date_rfc5322(). */
size_t date_iso(char to[DATE_SIZE], int64_t utc_s);

/* Read "1-Feb-1994" (RFC 3501 9, date-text; no quotes) as days since
 * 1970-01-01.  Returns 0, or -1 with errno EINVAL. */
int date_parse_day(struct str s, int64_t *day);

/* The day on the calendar of that zone, in days since 1970-01-01: what SEARCH
 * ON, SENTON and their like compare. */
int64_t date_day(int64_t utc_s, int zone_min);

#endif
