/* SPDX-License-Identifier: ISC */
/* Start-up of a program that serves one connection. */
#include "serve/session.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/log.h"
#include "conf/settings.h"
#include "io/spawn.h"

_Noreturn static void
print_help(const char *prog, const char *usage)
{
	struct buf b;

	buf_init(&b, 65536);
	settings_help(prog, &b);
	printf("usage: %s%s %s\n\nEnvironment:\n%s",
	    strcmp(prog, "yubin") == 0 ? "" : "yubin-", prog, usage,
	    buf_cstr(&b));
	exit(fflush(stdout) == 0 ? 0 : EXIT_TEMP);
}

static void
answer_help(const char *prog, const char *usage, int argc, char **argv)
{
	if (argc < 2)
		return;
	if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0)
		print_help(prog, usage);
	if (argc == 2 && strcmp(argv[1], "-V") == 0) {
		printf("%s%s %s\n", strcmp(prog, "yubin") == 0 ? "" : "yubin-",
		    prog, YUBIN_VERSION);
		exit(fflush(stdout) == 0 ? 0 : EXIT_TEMP);
	}
}

/* Whatever is opened next must not become standard input, output or error:
 * programs we start would read, write or log there. */
static void
fill_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < 3);
	if (fd >= 3)
		close(fd);
}

void
serve_program(const char *prog, const char *usage, int argc, char **argv)
{
	fill_standard();
	log_open(prog);
	answer_help(prog, usage, argc, argv);
	if (settings_check(prog) < 0)
		die(EXIT_PERM);
	signal(SIGPIPE, SIG_IGN);
	umask(077);
}

static bool
valid_hostname(const char *name)
{
	if (!*name)
		return false;
	for (; *name; name++)
		if (!ascii_isalnum(*name) && !strchr("-._", *name))
			return false;
	return true;
}

void
serve_hostname(char name[256])
{
	snprintf(name, 256, "%s", settings_text("YUBIN_HOSTNAME"));
	if (!*name && gethostname(name, 256) < 0)
		*name = '\0';
	name[255] = '\0';
	if (!valid_hostname(name))
		snprintf(name, 256, "localhost");
}

void
serve_host(struct serve *s)
{
	spawn_close_from(3);
	s->root = settings_root();
	serve_hostname(s->hostname);
}

void
serve_connection(struct serve *s)
{
	int on = 1;

	/* Not a TCP socket behind a TLS relay or in a pipe: no matter. */
	setsockopt(1, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (ucspi_read(&s->peer) < 0)
		die(EXIT_TEMP);
	log_context("ip", s->peer.remote_ip);
	s->tls = s->peer.tls;
	out_init(&s->out, 1, s->out_data, sizeof(s->out_data));
	in_init(&s->in, 0, &s->out, s->in_data, sizeof(s->in_data));
}

void
serve_start(
    struct serve *s, const char *prog, const char *usage, int argc, char **argv)
{
	serve_program(prog, usage, argc, argv);
	serve_host(s);
	serve_connection(s);
}
