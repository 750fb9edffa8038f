/* SPDX-License-Identifier: ISC */
/* queue_put [-8] [-t S] [-N BITS] SENDER RECIPIENT…: put the message on
 * descriptor 0 (its LF line ends become CRLF) into the queue of $YUBIN_ROOT and
 * print its id. -t S: as if received S seconds ago; -N: NOTIFY of all
 * recipients. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "conf/settings.h"
#include "queue/put.h"

static void
copy(struct queue_put *q)
{
	int c, last = 0;

	while ((c = getchar()) != EOF) {
		char octet = (char)c;

		if (c == '\n' && last != '\r')
			queue_put_data(q, "\r", 1);
		queue_put_data(q, &octet, 1);
		last = c;
	}
}

int
main(int argc, char **argv)
{
	struct envelope e = {.client_ip = STR("local")};
	static struct queue_put q;
	char id[ID_SIZE];
	long ago = 0;
	unsigned notify = 0;
	int c;

	log_open("queue_put");
	while ((c = getopt(argc, argv, "8t:N:")) != -1) {
		if (c == '8')
			e.eight_bit = true;
		else if (c == 'N')
			notify = (unsigned)strtoul(optarg, NULL, 10);
		else
			ago = strtol(optarg, NULL, 10);
	}
	if (argc - optind < 2)
		return EXIT_PERM;
	id_make(id);
	e.id = str_z(id);
	e.received_s = now_wall_s() - ago;
	e.sender = str_z(argv[optind]);
	e.nrcpt = (size_t)(argc - optind - 1);
	e.rcpts = calloc(e.nrcpt, sizeof(*e.rcpts));
	if (!e.rcpts)
		oom();
	for (size_t i = 0; i < e.nrcpt; i++)
		e.rcpts[i] = (struct envelope_rcpt){
		    .addr = str_z(argv[(size_t)optind + 1 + i]),
		    .notify = notify};
	if (queue_put_begin(&q, settings_root(), &e, 0) < 0)
		die(EXIT_TEMP);
	copy(&q);
	if (queue_put_commit(&q) < 0)
		die(EXIT_TEMP);
	puts(id);
	return 0;
}
