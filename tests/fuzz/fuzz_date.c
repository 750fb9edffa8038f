/* SPDX-License-Identifier: ISC */
/* Dates: what can be read can be written and read again. */
#include <stdint.h>
#include <stdlib.h>

#include "msg/date.h"

static void
again(int64_t utc, int zone)
{
	char text[DATE_SIZE];
	int64_t got;
	int got_zone;
	size_t n = date_rfc5322(text, utc, zone);

	if (n >= DATE_SIZE ||
	    date_parse(str_make(text, n), &got, &got_zone) < 0 || got != utc)
		abort();
	n = date_imap(text, utc, zone);
	if (n >= DATE_SIZE ||
	    date_parse_imap(str_make(text, n), &got, &got_zone) < 0 ||
	    got != utc)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = str_make((const char *)data, n);
	int64_t utc, day;
	int zone;

	/* Whole days are well inside the years that can be written. */
	if (date_parse(s, &utc, &zone) == 0 && utc > -62000000000 &&
	    utc < 253000000000)
		again(utc, zone);
	if (date_parse_imap(s, &utc, &zone) == 0 && utc > -62000000000 &&
	    utc < 253000000000)
		again(utc, zone);
	date_parse_day(s, &day);
	return 0;
}
