/* SPDX-License-Identifier: ISC */
/* Prints a report about the message on standard input, for tests:
 *
 *	report_print ENVID UTF8 WHOLE [KIND ADDRESS ORCPT STATUS TEXT] …
 *
 * ENVID and ORCPT may be empty; UTF8 and WHOLE are 1 or 0; KIND is the word of
 * the Action field; the sender is ann@example.test. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "queue/bounce.h"

#define RCPTS 100
#define MESSAGE_MAX 1000000

static enum report_kind
kind_of(const char *word)
{
	for (int k = REPORT_FAILED; k <= REPORT_EXPANDED; k++)
		if (strcmp(report_action((enum report_kind)k), word) == 0)
			return (enum report_kind)k;
	exit(100);
}

static size_t
read_rcpts(char **argv, struct bounce_rcpt *to)
{
	size_t n = 0;

	for (; *argv && n < RCPTS; argv += 5, n++)
		to[n] = (struct bounce_rcpt){.action = kind_of(argv[0]),
		    .addr = str_z(argv[1]),
		    .orcpt = str_z(argv[2]),
		    .result = {RESULT_FAILED, str_z(argv[3]), str_z(argv[4])},
		    .tried_s = 1795411000};
	return n;
}

int
main(int argc, char **argv)
{
	static char message[MESSAGE_MAX];
	static struct bounce_rcpt rcpts[RCPTS];
	struct envelope e = {.id = STR("0123456789abcdefghijk"),
	    .sender = STR("ann@example.test"),
	    .received_s = 1795410916};
	struct bounce b = {.hostname = "mx.example.test",
	    .id = STR("1123456789abcdefghijk"),
	    .now_s = 1795411001,
	    .to = e.sender,
	    .e = &e,
	    .rcpts = rcpts,
	    .until_s = 1795842916};
	struct buf text;

	if (argc < 4 || (argc - 4) % 5 != 0)
		return 100;
	e.envid = str_z(argv[1]);
	e.utf8 = *argv[2] == '1';
	b.whole = *argv[3] == '1';
	b.nrcpt = read_rcpts(argv + 4, rcpts);
	b.original =
	    str_make(message, fread(message, 1, sizeof(message), stdin));
	buf_init(&text, (size_t)16 << 20);
	bounce_print(&b, &text);
	fwrite(text.p, 1, text.n, stdout);
	return text.over;
}
