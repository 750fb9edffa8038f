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
#include "serve/sandbox.h"
#include "serve/session.h"

#define ARENA_MAX ((size_t)256 * 1024 * 1024)

static const char usage[] =
    "[-r] [-i ID] [-n NUMBER] [-f SENDER] [-o ORIGINAL] RECIPIENT | -w\n"
    "  -i ID        the message's id; default: a new one\n"
    "  -n NUMBER    which of its recipients this is; default: 0\n"
    "  -f SENDER    envelope sender; default: the null sender\n"
    "  -o ORIGINAL  the address before it was rewritten\n"
    "  -r           tried before: look for what that left\n"
    "  -w           take jobs from the socket on descriptor 0";

_Noreturn static void
bad_usage(void)
{
	fprintf(stderr, "usage: yubin-deliver-local %s\n", usage);
	exit(EXIT_PERM);
}

static bool
plain(struct str s)
{
	return !str_has(s, '\r') && !str_has(s, '\n');
}

/* Returns whether we are to be a worker. */
static bool
read_options(struct local *l, int argc, char **argv)
{
	uint64_t number = 0;
	bool worker = false;
	int c;

	id_make(l->id);
	while ((c = getopt(argc, argv, "wri:n:f:o:")) != -1) {
		if (c == 'w')
			worker = true;
		else if (c == 'r')
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
	if (worker && argc == optind)
		return true;
	if (worker || argc - optind != 1 || !plain(str_z(argv[optind])))
		bad_usage();
	l->number = (uint32_t)number;
	l->recipient = str_z(argv[optind]);
	return false;
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
	struct actions todo;
	struct arena a;
	struct result r;
	bool worker;

	serve_program("deliver-local", usage, argc, argv);
	arena_init(&a, ARENA_MAX);
	l.arena = &a;
	l.root = settings_root();
	l.delimiter = settings_text("EXTENSION_DELIMITER");
	l.sender = l.original = l.orcpt = l.envid = STR("");
	serve_hostname(l.hostname);
	worker = read_options(&l, argc, argv);
	sandbox_enter("deliver-local", NULL, 0);
	if (worker) {
		worker_run(&l);
		return 0;
	}
	if (message_stdin(&l.m) < 0)
		die(EXIT_TEMP);
	expand_recipient(&l, &todo);
	r = deliver_actions(&l, &todo);
	say(&r);
	arena_free(&a);
	return 0;
}
