/* SPDX-License-Identifier: ISC */
/* sendmail's options: letters with a value beside or behind them. */
#include "args.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "proto/smtp_dsn.h"

/* Options with a value that mean nothing here: body type, configuration
 * files, hop count, logging, protocol. */
#define IGNORED_VALUE "BCLOXhp"
/* Options without a value that mean nothing here. */
#define IGNORED "GUamsvq"

static int
unknown(const char *arg)
{
	char text[100];

	snprintf(text, sizeof(text), "unknown option %.60s", arg);
	return fail_text(EINVAL, text);
}

static int
mode(struct args *a, const char *arg)
{
	if (strcmp(arg, "-bs") == 0)
		a->mode = ARGS_SMTP;
	else if (strcmp(arg, "-bi") == 0)
		a->mode = ARGS_NOTHING;
	else if (strcmp(arg, "-bm") == 0)
		a->mode = ARGS_SEND;
	else
		return unknown(arg);
	return 0;
}

/* The value of the option at argv[*i]: the rest of it, or the next argument.
 * NULL when there is none. */
static const char *
value(int argc, char **argv, int *i)
{
	if (argv[*i][2])
		return argv[*i] + 2;
	return *i + 1 < argc ? argv[++*i] : NULL;
}

static int
envid(struct args *a, struct str v)
{
	buf_reset(&a->envid);
	if (smtp_dsn_envid(v, &a->envid) < 0)
		return fail_text(EINVAL, "-V wants at most 100 octets of xtext "
					 "(RFC 3461 4)");
	return 0;
}

static int
option_value(struct args *a, int argc, char **argv, int *i)
{
	char letter = argv[*i][1];
	const char *v = value(argc, argv, i);

	if (!v)
		return fail_text(EINVAL, "an option lacks its value");
	if (letter == 'f' || letter == 'r')
		a->sender = v;
	else if (letter == 'F')
		a->name = v;
	else if (letter == 'N' && smtp_dsn_notify(str_z(v), &a->notify) < 0)
		return fail_text(EINVAL, "-N wants never, or some of success, "
					 "failure and delay with commas");
	else if (letter == 'R' && smtp_dsn_ret(str_z(v), &a->ret) < 0)
		return fail_text(EINVAL, "-R wants full or hdrs");
	else if (letter == 'V')
		return envid(a, str_z(v));
	return 0;
}

/* Flags may stand together: -ti. */
static int
flags(struct args *a, const char *arg)
{
	for (const char *p = arg + 1; *p; p++) {
		if (*p == 't')
			a->from_header = true;
		else if (*p == 'i')
			a->dots = true;
		else if (*p == 'n')
			a->as_is = true;
		else if (!strchr(IGNORED, *p))
			return unknown(arg);
	}
	return 0;
}

static int
option(struct args *a, int argc, char **argv, int *i)
{
	const char *arg = argv[*i];

	switch (arg[1]) {
	case 'b':
		return mode(a, arg);
	case 'o':
		/* -oi is -i; -oem, -odb, … choose what we do anyway. */
		if (strcmp(arg, "-oi") == 0)
			a->dots = true;
		else if (!arg[2])
			++*i;
		return 0;
	case 'A': /* -Ac, -Am: which configuration */
	case 'e': /* -em, -ep, …: as -oem */
	case 'q':
		return 0;
	case 'f':
	case 'r':
	case 'F':
	case 'N':
	case 'R':
	case 'V':
		return option_value(a, argc, argv, i);
	default:
		if (strchr(IGNORED_VALUE, arg[1]))
			return option_value(a, argc, argv, i);
		return flags(a, arg);
	}
}

int
args_read(struct args *a, int argc, char **argv)
{
	bool options = true;

	*a = (struct args){.mode = ARGS_SEND, .rcpts = argv};
	buf_init(&a->envid, SMTP_DSN_ENVID);
	for (int i = 1; i < argc; i++) {
		if (options && strcmp(argv[i], "--") == 0)
			options = false;
		else if (!options || argv[i][0] != '-' || !argv[i][1])
			argv[a->nrcpt++] = argv[i];
		else if (option(a, argc, argv, &i) < 0)
			return -1;
	}
	return 0;
}
