/* SPDX-License-Identifier: ISC */
/* deliver-local: one message on descriptor 0, one local address.  Says on
 * descriptor 1 in one line what became of it (queue/result.h). */
#include "local.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/num.h"
#include "conf/settings.h"
#include "serve/session.h"

#define ARENA_MAX ((size_t)256 * 1024 * 1024)

static const char usage[] =
    "[-r] [-i ID] [-n NUMBER] [-f SENDER] [-o ORIGINAL] RECIPIENT\n"
    "  -i ID        the message's id; default: a new one\n"
    "  -n NUMBER    which of its recipients this is; default: 0\n"
    "  -f SENDER    envelope sender; default: the null sender\n"
    "  -o ORIGINAL  the address before it was rewritten\n"
    "  -r           tried before: look for what that left";

_Noreturn static void
bad_usage(void)
{
	fprintf(stderr, "usage: yubin-deliver-local %s\n", usage);
	exit(EXIT_PERM);
}

/* Seconds since 1970 in the first eleven digits of an id. */
static uint64_t
seconds_of(const char *id)
{
	uint64_t v = 0;

	for (int i = 0; i < 11; i++)
		v = v * 32 +
		    (uint64_t)(id[i] <= '9' ? id[i] - '0' : id[i] - 'a' + 10);
	return v / 1000000;
}

static bool
plain(struct str s)
{
	return !str_has(s, '\r') && !str_has(s, '\n');
}

static void
read_options(struct local *l, int argc, char **argv)
{
	uint64_t number = 0;
	int c;

	id_make(l->id);
	while ((c = getopt(argc, argv, "ri:n:f:o:")) != -1) {
		if (c == 'r')
			l->again = true;
		else if (c == 'i' && id_valid(str_z(optarg)))
			memcpy(l->id, optarg, ID_SIZE);
		else if (c == 'n' &&
			 num_scan(str_z(optarg), 1000000, &number) == 0)
			continue;
		else if (c == 'f' && plain(str_z(optarg)))
			l->sender = str_z(optarg);
		else if (c == 'o' && plain(str_z(optarg)))
			l->original = str_z(optarg);
		else
			bad_usage();
	}
	if (argc - optind != 1 || !plain(str_z(argv[optind])))
		bad_usage();
	l->recipient = str_z(argv[optind]);
	snprintf(l->name, sizeof(l->name), "%llu.Q%sR%llu.%s",
	    (unsigned long long)seconds_of(l->id), l->id,
	    (unsigned long long)number, l->hostname);
	if (strlen(l->name) > 200)
		l->name[200] = '\0';
}

/* Temporary before permanent before done. */
static int
weight(const struct result *r)
{
	return r->kind == RESULT_DEFERRED ? 2 : r->kind == RESULT_FAILED;
}

static struct result
carry_out(struct local *l, const struct action *a, size_t left)
{
	switch (a->kind) {
	case ACTION_ANSWER:
		return a->answer;
	case ACTION_MAILDIR:
	case ACTION_PATH:
		return store_maildir(l, a, left > 1);
	case ACTION_PROGRAM:
		return program_run(l, a);
	case ACTION_FORWARD:
		break;
	}
	return program_forward(l, a, left);
}

/* Programs and forwards cannot be taken back: they run only when nothing
 * before them has failed for now, since all will be repeated then. */
static struct result
deliver(struct local *l)
{
	struct actions todo;
	struct result worst, r;

	if (message_loops(l))
		return result_make(RESULT_FAILED, "5.4.6",
		    "mail loop: it was delivered to this address before");
	expand_recipient(l, &todo);
	worst = carry_out(l, &todo.v[0], todo.n);
	for (size_t i = 1; i < todo.n; i++) {
		const struct action *a = &todo.v[i];

		if (a[-1].kind == ACTION_FORWARD ||
		    (a->kind >= ACTION_PROGRAM &&
			worst.kind == RESULT_DEFERRED))
			break;
		r = carry_out(l, a, todo.n - i);
		if (weight(&r) > weight(&worst))
			worst = r;
	}
	return worst;
}

/* One line, whatever an alias or a program wrote. */
static void
say(const struct result *r)
{
	printf("%c %.*s ", (char)r->kind, STR_FMT(r->status));
	for (size_t i = 0; i < r->text.n && i < RESULT_TEXT; i++) {
		char c = r->text.p[i];

		putchar(ascii_iscntrl(c) || ascii_ishigh(c) ? '?' : c);
	}
	putchar('\n');
	if (ferror(stdout) || fflush(stdout) != 0) {
		fail("write ", "the result");
		die(EXIT_TEMP);
	}
}

int
main(int argc, char **argv)
{
	static struct local l;
	struct arena a;
	struct result r;

	serve_program("deliver-local", usage, argc, argv);
	arena_init(&a, ARENA_MAX);
	l.arena = &a;
	l.root = settings_root();
	l.delimiter = settings_text("EXTENSION_DELIMITER");
	l.sender = l.original = STR("");
	serve_hostname(l.hostname);
	read_options(&l, argc, argv);
	if (message_open(&l) < 0)
		die(EXIT_TEMP);
	r = deliver(&l);
	say(&r);
	arena_free(&a);
	return 0;
}
