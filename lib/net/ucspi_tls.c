/* SPDX-License-Identifier: ISC */
/* Two processes and two socketpairs for each connection; see the header. */
#define _GNU_SOURCE
#include "net/ucspi_tls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "io/file.h"
#include "io/ucspi.h"
#include "net/relay.h"

#define VARS_MAX 4096

static int
pair(int fd[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fd) < 0)
		return fail("socketpair", NULL);
	return 0;
}

int
ucspi_tls_split(struct ucspi_tls *u, int sock)
{
	int ctl[2], data[2];
	int mine;

	if (pair(ctl) < 0)
		return -1;
	if (pair(data) < 0) {
		close(ctl[0]);
		close(ctl[1]);
		return -1;
	}
	u->sock = sock;
	u->handler = fork();
	if (u->handler < 0)
		fail("fork", NULL);
	mine = u->handler == 0; /* the handler has the second ends */
	u->ctl = ctl[mine];
	u->data = data[mine];
	close(ctl[!mine]);
	close(data[!mine]);
	if (u->handler < 0) {
		close(u->ctl);
		close(u->data);
		return -1;
	}
	return u->handler > 0;
}

/* Make fd descriptors 0 and 1. */
static int
onto_stdio(int fd)
{
	if (dup2(fd, 0) < 0 || dup2(fd, 1) < 0)
		return fail("dup2", NULL);
	if (fd > 1)
		close(fd);
	return 0;
}

static void
set_number(const char *name, int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", n);
	if (setenv(name, text, 1) < 0)
		oom();
}

static int
offer(struct ucspi_tls *u)
{
	if (onto_stdio(u->sock) < 0)
		return -1;
	/* The duplicates lack close-on-exec: they are for the program.  Not
	 * below 3: those are the program's standard descriptors. */
	u->ctl = fcntl(u->ctl, F_DUPFD, 3);
	u->data = fcntl(u->data, F_DUPFD, 3);
	if (u->ctl < 0 || u->data < 0)
		return fail("dup", NULL);
	set_number("SSLCTLFD", u->ctl);
	set_number("SSLREADFD", u->data);
	set_number("SSLWRITEFD", u->data);
	return 1;
}

static void
set_vars(struct str vars)
{
	struct str entry;
	char text[1024];

	while (str_cut(&vars, '\0', &entry)) {
		char *eq;

		if (!ucspi_tls_var(entry) ||
		    str_copy(text, sizeof(text), entry) < 0)
			continue;
		eq = strchr(text, '=');
		if (!eq)
			continue;
		*eq = '\0';
		if (setenv(text, eq + 1, 1) < 0)
			oom();
	}
}

int
ucspi_tls_hear(int ctl, struct buf *vars)
{
	char part[1024];
	ssize_t n;

	do {
		n = read(ctl, part, sizeof(part));
		if (n > 0)
			buf_put(vars, part, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	if (n < 0 && errno != ECONNRESET)
		return fail("TLS control", NULL);
	return !vars->over && str_ends(buf_slice(vars), STR("\0\0"));
}

static int
await(struct ucspi_tls *u)
{
	struct buf vars;
	int r;

	close(u->sock);
	buf_init(&vars, VARS_MAX);
	r = ucspi_tls_hear(u->ctl, &vars);
	close(u->ctl);
	if (r > 0) {
		set_vars(buf_slice(&vars));
		if (onto_stdio(u->data) < 0)
			r = -1;
	}
	buf_free(&vars);
	return r;
}

int
ucspi_tls_become(struct ucspi_tls *u, bool now)
{
	return now ? await(u) : offer(u);
}

int
ucspi_tls_confine(const struct drop *d)
{
	struct rlimit none = {0, 0};

	if (d && drop_to(d) < 0)
		return -1;
	if (setrlimit(RLIMIT_NPROC, &none) < 0)
		return fail("setrlimit", NULL);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail("prctl", NULL);
	return 0;
}

int
ucspi_tls_wish(int ctl)
{
	char c;
	ssize_t n;

	do
		n = read(ctl, &c, 1);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != ECONNRESET)
		return fail("TLS control", NULL);
	if (n <= 0)
		return 0;
	if (c != 'Y' && c != 'y')
		return fail_text(EPROTO, "TLS control: unknown request");
	return c;
}

int
ucspi_tls_tell(const struct tls *t, int ctl)
{
	struct buf vars;
	int r;

	buf_init(&vars, VARS_MAX);
	tls_vars(t, &vars);
	buf_chr(&vars, '\0');
	r = file_write(ctl, vars.p, vars.n);
	buf_free(&vars);
	return r < 0 ? fail("TLS control", NULL) : 0;
}

static int
shake_and_relay(
    struct ucspi_tls *u, struct tls_server *s, int wish, int timeout_s)
{
	struct tls t;
	int r;

	if (tls_accept(&t, s, u->sock, now_plus_s(timeout_s)) < 0)
		return -1;
	tls_forget(&t, s);
	r = wish == 'Y' ? ucspi_tls_tell(&t, u->ctl) : 0;
	close(u->ctl);
	u->ctl = -1;
	/* The session is not given back: it goes with the process, and wiping
	 * its buffers would but copy the pages of the parent that they lie in.
	 */
	if (r == 0)
		r = relay_run(&t, u->data);
	return r < 0 ? -1 : 1;
}

int
ucspi_tls_serve(
    struct ucspi_tls *u, struct tls_server *s, int wish, int timeout_s)
{
	int r = wish;
	int err;

	if (wish > 0)
		r = shake_and_relay(u, s, wish, timeout_s);
	err = errno;
	if (u->ctl >= 0)
		close(u->ctl);
	close(u->data);
	close(u->sock);
	errno = err;
	return r;
}
