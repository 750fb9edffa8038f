/* SPDX-License-Identifier: ISC */
/* deliver-remote: one message on descriptor 0, one domain, its recipients.
 * Prints one result line a recipient, in order.  Or a worker of the queue
 * runner. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "conf/settings.h"
#include "credentials.h"
#include "io/drop.h"
#include "io/file.h"
#include "io/spawn.h"
#include "net/connect.h"
#include "proto/smtp_dsn.h"
#include "serve/session.h"
#include "worker.h"

static const char usage[] =
    "-w | [-8u] [-e envid] [-n notify] [-r full|hdrs] -i id -f sender domain "
    "recipient ...";

_Noreturn static void
bad_usage(const char *text)
{
	fail_text(0, text);
	die(EXIT_PERM);
}

/* ------------------------------------------------------------ the message */

/* A message that cannot be read twice is copied to a file without a name. */
static int
copy_message(void)
{
	FILE *f = tmpfile();
	char block[16384];
	ssize_t n;

	if (!f)
		return fail("temporary file", NULL);
	while ((n = read(0, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || file_write(fileno(f), block, (size_t)n) < 0)
			return fail("copy the message", NULL);
	}
	return fileno(f);
}

static int
open_message(struct delivery *d)
{
	struct stat st;

	d->start = lseek(0, 0, SEEK_CUR);
	d->fd = 0;
	if (d->start < 0 || fstat(0, &st) < 0 || !S_ISREG(st.st_mode)) {
		d->start = 0;
		d->fd = copy_message();
	}
	if (d->fd < 0)
		return -1;
	if (fstat(d->fd, &st) < 0)
		return fail("message", NULL);
	d->size = st.st_size > d->start ? (uint64_t)(st.st_size - d->start) : 0;
	return 0;
}

/* ---------------------------------------------------------- the arguments */

struct options {
	bool have_sender, worker;
	unsigned notify;
};

static void
read_option(struct delivery *d, struct options *o, int c)
{
	switch (c) {
	case '8':
		d->eight_bit = true;
		break;
	case 'u':
		d->utf8_mail = true;
		break;
	case 'w':
		o->worker = true;
		break;
	case 'e':
		d->envid = str_z(optarg);
		break;
	case 'n':
		if (smtp_dsn_notify(str_z(optarg), &o->notify) < 0)
			bad_usage("-n wants never, or some of success, "
				  "failure, delay");
		break;
	case 'r':
		if (smtp_dsn_ret(str_z(optarg), &d->ret) < 0)
			bad_usage("-r wants full or hdrs");
		break;
	case 'i':
		d->id = optarg;
		break;
	case 'f':
		d->sender = str_z(optarg);
		o->have_sender = true;
		break;
	default:
		bad_usage("unknown option; see yubin-deliver-remote -h");
	}
}

/* Returns whether to be a worker. */
static bool
read_arguments(struct delivery *d, int argc, char **argv)
{
	struct options o = {false, false, 0};
	int c;

	opterr = 0;
	while ((c = getopt(argc, argv, "+8ue:f:i:n:r:w")) != -1)
		read_option(d, &o, c);
	if (o.worker && argc == 2)
		return true;
	if (o.worker)
		bad_usage("-w takes nothing else");
	if (!d->id || !o.have_sender || argc - optind < 2)
		bad_usage("need -i, -f, a domain and recipients");
	d->domain = str_z(argv[optind++]);
	d->n = (size_t)(argc - optind);
	d->rcpts = calloc(d->n, sizeof(*d->rcpts));
	if (!d->rcpts)
		oom();
	for (size_t i = 0; i < d->n; i++) {
		d->rcpts[i].address = str_z(argv[optind + (int)i]);
		d->rcpts[i].notify = o.notify;
	}
	return false;
}

/* ------------------------------------------------------------------- main */

/* The runner may be root; who meets the network is not. */
static void
drop_root(const char *root)
{
	struct drop d;
	int r =
	    geteuid() == 0 ? drop_find(settings_text("REMOTE_USER"), &d) : 1;

	if (r == 0 && (r = drop_owner(root, &d)) > 0)
		log_event("privileges", "err",
		    "the user named by REMOTE_USER does not exist; using the "
		    "owner of the root",
		    "uid", log_num(d.uid), NULL);
	if (r <= 0 || (geteuid() == 0 && drop_to(&d) < 0))
		die(EXIT_TEMP);
}

static void
check_source(const char *name, int family)
{
	const char *text = settings_text(name);
	char why[100];

	if (!*text || connect_family(text) == family)
		return;
	snprintf(why, sizeof(why), "%s is no such address", name);
	bad_usage(why);
}

static void
prepare(struct delivery *d)
{
	static struct resolver resolver;
	static char hostname[256];

	spawn_close_from(3);
	signal(SIGCHLD, SIG_IGN); /* TLS processes end by themselves */
	check_source("SOURCE_IPV4", AF_INET);
	check_source("SOURCE_IPV6", AF_INET6);
	if (resolver_open(&resolver, settings_text("DNS_SERVER"),
		settings_num("DNS_TIMEOUT")) < 0)
		die(EXIT_PERM);
	d->resolver = &resolver;
	d->root = settings_root();
	if (geteuid() == 0)
		credentials_keep(d->root);
	drop_root(d->root);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		die(EXIT_TEMP);
	serve_hostname(hostname);
	d->hostname = hostname;
	d->worker = -1;
}

static int
print_results(const struct delivery *d)
{
	for (size_t i = 0; i < d->n; i++)
		printf("%c %s %s\n", d->rcpts[i].letter, d->rcpts[i].enhanced,
		    d->rcpts[i].text);
	return fflush(stdout) == 0 ? 0 : EXIT_TEMP;
}

int
main(int argc, char **argv)
{
	static struct delivery d;
	static struct client c;
	bool as_worker;
	int r;

	serve_program("deliver-remote", usage, argc, argv);
	as_worker = read_arguments(&d, argc, argv);
	prepare(&d);
	if (as_worker) {
		confine(&d);
		return worker(&c, &d);
	}
	log_context("id", d.id);
	arena_init(&d.arena, (size_t)4 << 20);
	if (open_message(&d) < 0 || delivery_check(&d) < 0)
		die(EXIT_TEMP);
	confine(&d);
	ask(&c, &d);
	r = print_results(&d);
	client_close(&c); /* nobody waits for QUIT */
	return r;
}
