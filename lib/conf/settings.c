/* SPDX-License-Identifier: ISC */
/* Settings: the table is in table.c; here it is read, checked and printed. */
#include "conf/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/num.h"

static const struct setting *
find(const char *name)
{
	for (size_t i = 0; i < settings_n; i++)
		if (strcmp(settings[i].name, name) == 0)
			return &settings[i];
	return NULL;
}

static bool
read_by(const struct setting *s, const char *prog)
{
	struct str rest = str_z(s->programs);
	struct str word;

	while (str_cut(&rest, ' ', &word))
		if (str_eq(word, str_z(prog)) || str_eq(word, STR("*")))
			return true;
	return false;
}

static const char *
raw(const struct setting *s)
{
	const char *v = getenv(s->name);

	return v && *v ? v : s->value;
}

static bool
is_word(const struct setting *s, const char *v)
{
	struct str rest = str_z(s->unit);
	struct str word;

	while (str_cut(&rest, ' ', &word))
		if (str_eq(word, str_z(v)))
			return true;
	return false;
}

/* A number's unit. */
static const char *
unit_of(const struct setting *s)
{
	return s->type == SETTING_WORD ? "" : s->unit;
}

static int
check_one(const struct setting *s)
{
	const char *v = raw(s);
	char text[160];
	uint64_t n;

	switch (s->type) {
	case SETTING_NUMBER:
		if (num_scan(str_z(v), (uint64_t)s->most, &n) == 0 &&
		    n >= (uint64_t)s->least)
			return 0;
		snprintf(text, sizeof(text),
		    "%s must be a number from %lld to %lld", s->name,
		    (long long)s->least, (long long)s->most);
		return fail_text(EINVAL, text);
	case SETTING_FLAG:
		if (strcmp(v, "0") == 0 || strcmp(v, "1") == 0)
			return 0;
		snprintf(text, sizeof(text), "%s must be 0 or 1", s->name);
		return fail_text(EINVAL, text);
	case SETTING_WORD:
		if (is_word(s, v))
			return 0;
		snprintf(text, sizeof(text), "%s must be one of %s", s->name,
		    s->unit);
		return fail_text(EINVAL, text);
	case SETTING_TEXT:
	case SETTING_PATH:
		break;
	}
	if (strlen(v) <= (size_t)s->most)
		return 0;
	snprintf(text, sizeof(text), "%s is longer than %lld octets", s->name,
	    (long long)s->most);
	return fail_text(EINVAL, text);
}

int
settings_check(const char *prog)
{
	for (size_t i = 0; i < settings_n; i++)
		if (read_by(&settings[i], prog) && check_one(&settings[i]) < 0)
			return -1;
	return 0;
}

/* A setting that the table lacks is a mistake in the program. */
static const struct setting *
need(const char *name)
{
	const struct setting *s = find(name);

	if (!s) {
		fail_text(EINVAL, name);
		die(EXIT_PERM);
	}
	return s;
}

int64_t
settings_num(const char *name)
{
	const struct setting *s = need(name);
	uint64_t n = 0;

	if (num_scan(str_z(raw(s)), (uint64_t)s->most, &n) < 0 ||
	    n < (uint64_t)s->least)
		num_scan(str_z(s->value), UINT64_MAX, &n);
	return (int64_t)n;
}

const char *
settings_text(const char *name)
{
	const struct setting *s = need(name);
	const char *v = raw(s);

	return s->type == SETTING_WORD && !is_word(s, v) ? s->value : v;
}

bool
settings_flag(const char *name)
{
	return strcmp(settings_text(name), "1") == 0;
}

const char *
settings_root(void)
{
	return settings_text("YUBIN_ROOT");
}

void
settings_help(const char *prog, struct buf *b)
{
	for (size_t i = 0; i < settings_n; i++) {
		const struct setting *s = &settings[i];

		if (!read_by(s, prog))
			continue;
		buf_fmt(b, "  %-22s %s", s->name, s->help);
		if (*s->value)
			buf_fmt(b, " [%s%s%s]", s->value,
			    *unit_of(s) ? " " : "", unit_of(s));
		buf_chr(b, '\n');
	}
}

void
settings_mdoc(const char *prog, struct buf *b)
{
	for (size_t i = 0; i < settings_n; i++) {
		const struct setting *s = &settings[i];

		if (!read_by(s, prog))
			continue;
		buf_fmt(b, ".It Ev %s\n%s.\n", s->name, s->help);
		if (*s->value)
			buf_fmt(b, "Default: %s%s%s.\n", s->value,
			    *unit_of(s) ? " " : "", unit_of(s));
	}
}

bool
settings_known(const char *name)
{
	return find(name) != NULL;
}
