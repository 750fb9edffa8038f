/* SPDX-License-Identifier: ISC */
/* tlsd: TLS for the one connection on descriptors 0 and 1, under any
 * super-server. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "conf/settings.h"
#include "io/spawn.h"
#include "net/ucspi_tls.h"
#include "serve/sandbox.h"
#include "serve/session.h"

static const char usage[] = "[-t tls|starttls] program [argument ...]";

_Noreturn static void
bad_usage(const char *text)
{
	fail_text(0, text);
	die(EXIT_PERM);
}

_Noreturn static void
handler(struct ucspi_tls *u, bool now, char **argv)
{
	int r = ucspi_tls_become(u, now);

	if (r <= 0)
		_exit(r < 0 ? EXIT_TEMP : 0);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], argv);
	fail("start ", argv[0]);
	die(EXIT_TEMP);
}

static void
set(const char *name, const char *value)
{
	if (setenv(name, value, 1) < 0)
		oom();
}

/* Behind us the program has no socket to ask: under inetd or systemd, tell it
 * what a UCSPI server would have told. */
static void
set_environment(const struct ucspi *peer)
{
	if (strcmp(peer->remote_ip, "local") == 0)
		return;
	set("PROTO", "TCP");
	set("TCPREMOTEIP", peer->remote_ip);
	set("TCPREMOTEPORT", log_num(peer->remote_port));
	if (*peer->local_ip) {
		set("TCPLOCALIP", peer->local_ip);
		set("TCPLOCALPORT", log_num(peer->local_port));
	}
}

/* The user of the TLS side, in *d; NULL when we are not root. */
static const struct drop *
tls_user(struct drop *d)
{
	int r;

	if (geteuid() != 0)
		return NULL;
	r = drop_find(settings_text("TLS_USER"), d);
	if (r < 0)
		die(EXIT_PERM);
	if (r == 0) {
		log_event("privileges", "missing", settings_text("TLS_USER"),
		    "use", "65534:65534", NULL);
		drop_find("65534:65534", d);
	}
	return d;
}

static bool
parse_mode(int argc, char **argv)
{
	bool now = true;
	int c;

	opterr = 0;
	while ((c = getopt(argc, argv, "+t:")) != -1) {
		if (c == 't' && strcmp(optarg, "starttls") == 0)
			now = false;
		else if (c == 't' && strcmp(optarg, "tls") == 0)
			now = true;
		else
			bad_usage("unknown option; see yubin-tlsd -h");
	}
	if (optind == argc)
		bad_usage("need a program");
	return now;
}

static void
load(struct tls_server *server)
{
	const struct tls_settings set = {.root = settings_root(),
	    .cert = settings_text("TLS_CERT"),
	    .key = settings_text("TLS_KEY"),
	    .client_ca = settings_text("TLS_CLIENT_CA"),
	    .protocols = settings_text("TLS_ALPN")};

	if (tls_server_load(server, &set) < 0)
		die(EXIT_TEMP);
}

int
main(int argc, char **argv)
{
	static struct tls_server server;
	struct ucspi peer;
	struct ucspi_tls u;
	struct drop user;
	const struct drop *drop;
	bool now;
	int sock, r;

	serve_program("tlsd", usage, argc, argv);
	now = parse_mode(argc, argv);
	spawn_close_from(3);
	if (ucspi_read(&peer) < 0)
		die(EXIT_TEMP);
	log_context("ip", peer.remote_ip);
	set_environment(&peer);
	load(&server);
	drop = tls_user(&user);
	sock = fcntl(0, F_DUPFD_CLOEXEC, 3);
	if (sock < 0)
		die(EXIT_TEMP);
	sandbox_enter("tlsd", NULL, 0);
	r = ucspi_tls_split(&u, sock);
	if (r == 0)
		handler(&u, now, argv + optind);
	/* The only copy of the connection is to be sock. */
	close(0);
	close(1);
	if (r < 0 || ucspi_tls_confine(drop) < 0)
		die(EXIT_TEMP);
	sandbox_enter("tls", NULL, 0);
	r = ucspi_tls_serve(&u, &server, now ? 'Y' : ucspi_tls_wish(u.ctl),
	    (int)settings_num("TLS_TIMEOUT"));
	if (r < 0)
		log_event("tls-failed", "err", fail_last(), NULL);
	r = spawn_wait(u.handler, INT64_MAX);
	_exit(r < 0 ? EXIT_TEMP : r);
}
