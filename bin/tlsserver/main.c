/* SPDX-License-Identifier: ISC */
/* tlsserver: listens, starts a process per connection, and gives it the UCSPI
 * environment; plain, with TLS from the start, or with TLS on demand. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/num.h"
#include "conf/settings.h"
#include "io/spawn.h"
#include "listen.h"
#include "serve/ready.h"
#include "serve/sandbox.h"
#include "serve/session.h"
#include "server.h"

static const char usage[] =
    "[-0Uw] [-t plain|tls|starttls] [-d readyfd]\n\t[-u user] [-l localname] "
    "[-c max] [-C max-per-source] [-b busytext]\n\t[-p portfile] address port "
    "program [argument ...]";

struct options {
	const char *mode, *user, *port_file, *local_name;
	uint64_t ready_fd; /* 0 for none */
	uint64_t max, max_source;
	bool inherit;
};

_Noreturn static void
bad_usage(const char *text)
{
	fail_text(0, text);
	die(EXIT_PERM);
}

static uint64_t
number(const char *text, uint64_t most)
{
	uint64_t n;

	if (num_scan(str_z(text), most, &n) < 0 || n == 0)
		bad_usage("an option needs a number above 0");
	return n;
}

static void
option(struct server *s, struct options *o, int c)
{
	switch (c) {
	case '0':
		o->inherit = true;
		break;
	case 'b':
		s->busy = optarg;
		break;
	case 'C':
		o->max_source = number(optarg, 100000);
		break;
	case 'c':
		o->max = number(optarg, 100000);
		break;
	case 'd':
		o->ready_fd = number(optarg, 1 << 20);
		break;
	case 'l':
		o->local_name = optarg;
		break;
	case 'p':
		o->port_file = optarg;
		break;
	case 't':
		o->mode = optarg;
		break;
	case 'U':
		o->user = NULL;
		break;
	case 'u':
		o->user = optarg;
		break;
	case 'w':
		s->is_worker = true;
		break;
	default:
		bad_usage("unknown option; see yubin-tlsserver -h");
	}
}

static void
set_mode(struct server *s, const char *mode)
{
	static const char *const names[] = {"plain", "tls", "starttls"};

	for (size_t i = 0; i < 3; i++)
		if (strcmp(mode, names[i]) == 0) {
			s->mode = (enum tls_mode)i;
			return;
		}
	bad_usage("-t must be plain, tls or starttls");
}

/* Only root can become somebody else. */
static void
find_users(struct server *s, const char *user)
{
	static struct drop program, tls;
	int r;

	if (geteuid() != 0)
		return;
	if (user) {
		r = drop_find_apart(user, &program);
		if (r <= 0) {
			if (r == 0)
				fail_text(0, "-u: no such user or group");
			die(EXIT_TEMP);
		}
		s->user = &program;
	}
	r = drop_find_apart(settings_text("TLS_USER"), &tls);
	if (r < 0)
		die(EXIT_PERM);
	if (r == 0) {
		log_event("privileges", "missing", settings_text("TLS_USER"),
		    "use", "65534:65534", NULL);
		drop_find("65534:65534", &tls);
	}
	s->tls_user = &tls;
}

static int
load(struct server *s)
{
	const struct tls_settings set = {.root = settings_root(),
	    .cert = settings_text("TLS_CERT"),
	    .key = settings_text("TLS_KEY"),
	    .client_ca = settings_text("TLS_CLIENT_CA"),
	    .protocols = settings_text("TLS_ALPN"),
	    .tickets = true};

	return tls_server_load(&s->tls, &set);
}

static void
open_all(struct server *s, const struct options *o, char **argv)
{
	s->fd = o->inherit ? listen_inherit() : listen_open(argv[0], argv[1]);
	if (s->fd < 0)
		die(EXIT_TEMP);
	if (s->mode != MODE_PLAIN && load(s) < 0)
		die(EXIT_TEMP);
	if (o->port_file && listen_tell(s->fd, o->port_file) < 0)
		die(EXIT_TEMP);
	/* With TLS, root stays here to read a renewed key; the processes that
	 * meet the network drop it.  See tlsserver.8, PRIVILEGES. */
	if (s->mode == MODE_PLAIN && s->user && drop_to(s->user) < 0)
		die(EXIT_TEMP);
}

/* Each client may need three descriptors here, and one in a worker. */
static void
raise_files(uint64_t clients)
{
	rlim_t want = 64 + 3 * clients;
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur >= want)
		return;
	r.rlim_cur = want < r.rlim_max ? want : r.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &r) < 0)
		errno = 0; /* those beyond the limit are refused */
}

int
main(int argc, char **argv)
{
	static struct server s;
	struct options o = {.mode = "plain"};
	struct ready ready;
	int c, operands;

	serve_program("tlsserver", usage, argc, argv);
	o.max = (uint64_t)settings_num("MAX_CLIENTS");
	o.max_source = (uint64_t)settings_num("MAX_PER_SOURCE");
	s.busy = settings_text("BUSY_TEXT");
	s.tls_timeout_s = (int)settings_num("TLS_TIMEOUT");
	opterr = 0;
	while ((c = getopt(argc, argv, "+0b:C:c:d:l:p:t:Uu:w")) != -1)
		option(&s, &o, c);
	operands = o.inherit ? 0 : 2;
	if (argc - optind < operands + 1)
		bad_usage("need address, port and program");
	ready_begin(&ready, o.ready_fd);
	spawn_close_from(3);
	if (!*s.busy)
		s.busy = NULL;
	set_mode(&s, o.mode);
	s.worker_fd = -1;
	s.program = (const char *const *)argv + optind + operands;
	if (s.mode == MODE_STARTTLS || s.is_worker)
		raise_files(o.max);
	find_users(&s, o.user);
	open_all(&s, &o, argv + optind);
	clients_init(&s.clients, o.max, o.max_source);
	connection_clean_environment();
	if (o.local_name && setenv("TCPLOCALHOST", o.local_name, 1) < 0)
		oom();
	if (ready_tell(&ready) < 0)
		die(EXIT_PERM);
	log_event("listening", "mode", o.mode, "program", s.program[0], NULL);
	sandbox_enter("tlsserver", NULL, 0);
	return loop_run(&s);
}
