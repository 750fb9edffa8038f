/* SPDX-License-Identifier: ISC */
/* Printing for humans: text of strangers, times and sizes on a terminal. */
#ifndef SHOW_H
#define SHOW_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/str.h"

/* Print s; what a terminal would obey instead of showing it (control
 * characters, changes of the writing direction) or could not show (invalid
 * UTF-8) is printed as \xHH. */
void show_str(FILE *to, struct str s);

#define SHOW_TIME 40

/* Write "2026-11-23 05:29:34 +0100" (local time), or with utc
 * "2026-11-23 04:29:34Z", with a NUL. */
void show_time(char to[SHOW_TIME], int64_t s, bool utc);

/* Write "2026-11-23T04:29:34.123456Z" with a NUL: for JSON. */
void show_stamp(char to[SHOW_TIME], int64_t us);

#define SHOW_SPAN 64

/* Write "12 s", "5 min", "2 h 10 min", "3 d 4 h" with a NUL. */
void show_span(char to[SHOW_SPAN], int64_t s);

/* Print what is in b and a newline, and empty it: one JSON object a line. */
void show_json(struct buf *b);

#endif
