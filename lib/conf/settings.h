/* SPDX-License-Identifier: ISC */
/* The settings of all programs: environment variables in one typed table,
 * which also prints -h, the man pages' ENVIRONMENT section, and finds unknown
 * names.  A variable that is unset or empty has its default. */
#ifndef CONF_SETTINGS_H
#define CONF_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum setting_type {
	SETTING_NUMBER,
	SETTING_TEXT,
	SETTING_PATH,
	SETTING_FLAG,
	SETTING_WORD /* one of those in unit */
};

struct setting {
	const char *name;
	enum setting_type type;
	const char *unit;     /* "s", "octets", …; "" for none; or words */
	const char *value;    /* the default, as text; "" for none */
	int64_t least, most;  /* of numbers; of texts the most octets */
	const char *programs; /* who reads it: names between blanks */
	const char *help;
};

extern const struct setting settings[];
extern const size_t settings_n;

/* Check every variable that prog reads.  Returns 0, or -1 with fail_last()
 * naming the first bad one.  Call at start: afterwards the readers below
 * cannot fail. */
int settings_check(const char *prog);

/* The value of a setting in the table, its default when unset or bad.  Names
 * must exist in the table with that type.  Texts live as the environment. */
int64_t settings_num(const char *name);
const char *settings_text(const char *name);
bool settings_flag(const char *name);

/* The root of the state: YUBIN_ROOT or its default. */
const char *settings_root(void);

/* prog's settings, one line each, for -h. */
void settings_help(const char *prog, struct buf *b);

/* prog's settings as mdoc list items (.It Ev …), for its man page. */
void settings_mdoc(const char *prog, struct buf *b);

/* Whether some program knows this variable. */
bool settings_known(const char *name);

#endif
