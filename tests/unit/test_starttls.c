/* SPDX-License-Identifier: ISC */
/* The handler's side of UCSPI-TLS against a scripted TLS helper. */
#include "tap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "serve/starttls.h"

struct rig {
	int client; /* the other end of the clear connection */
	int ctl;    /* the helper's ends */
	int data;
};

/* Put a clear connection on 0 and 1 and the interface into the environment. */
static void
rig_make(struct rig *r)
{
	int clear[2], ctl[2], data[2];
	char n[16];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, clear) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, ctl) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, data) < 0)
		exit(1);
	dup2(clear[1], 0);
	dup2(clear[1], 50);
	close(clear[1]);
	snprintf(n, sizeof(n), "%d", ctl[1]);
	setenv("SSLCTLFD", n, 1);
	snprintf(n, sizeof(n), "%d", data[1]);
	setenv("SSLREADFD", n, 1);
	setenv("SSLWRITEFD", n, 1);
	unsetenv("SSL_PROTOCOL");
	unsetenv("PROTO");
	*r = (struct rig){clear[0], ctl[0], data[0]};
}

static void
test_offered(void)
{
	struct rig r;

	unsetenv("SSLCTLFD");
	CHECK(!starttls_offered(), "no variables, no offer");
	rig_make(&r);
	CHECK(starttls_offered(), "all three open: offered");
	setenv("UCSPITLS", "-", 1);
	CHECK(!starttls_offered(), "UCSPITLS=- hides it");
	setenv("UCSPITLS", "!", 1);
	CHECK(starttls_offered() && starttls_required(), "UCSPITLS=!");
	unsetenv("UCSPITLS");
	setenv("SSL_PROTOCOL", "TLSv1.3", 1);
	CHECK(!starttls_offered(), "not inside TLS");
	unsetenv("SSL_PROTOCOL");
	setenv("SSLWRITEFD", "987", 1);
	CHECK(!starttls_offered(), "a stale number is no descriptor");
	setenv("SSLWRITEFD", "7x", 1);
	CHECK(!starttls_offered(), "not a number");
	close(r.client);
	close(r.ctl);
	close(r.data);
}

/* Play the helper with this answer; what starttls_start() says. */
static int
start(const char *answer, size_t n, const char *early, struct buf *vars)
{
	struct rig r;
	struct in in;
	struct out out;
	char ib[256], ob[256];
	int saved = dup(1);
	int result;
	int err;
	pid_t pid;

	rig_make(&r);
	fflush(stdout);
	dup2(50, 1);
	out_init(&out, 1, ob, sizeof(ob));
	in_init(&in, 0, &out, ib, sizeof(ib));
	out_z(&out, "220 go\r\n");
	if (early && write(r.client, early, strlen(early)) < 0)
		exit(1);
	pid = fork();
	if (pid == 0) {
		char c[16];

		close((int)strtol(getenv("SSLCTLFD"), NULL, 10));
		if (read(r.ctl, c, 1) == 1 && c[0] == 'Y' &&
		    read(r.client, c, 8) == 8 && write(r.ctl, answer, n) >= 0 &&
		    write(r.data, "hi\r\n", 4) == 4)
			_exit(0);
		_exit(1);
	}
	close(r.ctl);
	result = starttls_start(&in, &out, vars);
	err = errno;
	if (result == 0) {
		struct str line;

		if (in_line(&in, &line, 100) != 1 || !str_eq(line, STR("hi")))
			result = -2;
	}
	dup2(saved, 1);
	close(saved);
	close(50);
	if (getenv("SSLCTLFD"))
		close((int)strtol(getenv("SSLCTLFD"), NULL, 10));
	waitpid(pid, NULL, 0);
	close(r.client);
	close(r.data);
	errno = err;
	return result;
}

int
main(void)
{
	static const char good[] = "SSL_PROTOCOL=TLSv1.3\0SSL_CIPHER=X\0"
				   "SSL_PEER_CERT_HASH\0PATH=/evil\0";
	struct buf vars;

	buf_init(&vars, STARTTLS_VARS);
	test_offered();
	setenv("SSL_PEER_CERT_HASH", "old", 1);
	CHECK_NUM(start(good, sizeof(good), NULL, &vars), 0, "handshake");
	CHECK(!getenv("SSLCTLFD") && !getenv("SSLREADFD"), "variables gone");
	CHECK(getenv("SSL_PROTOCOL") &&
		  strcmp(getenv("SSL_PROTOCOL"), "TLSv1.3") == 0,
	    "variables taken");
	CHECK(!getenv("SSL_PEER_CERT_HASH"), "a name without = is unset");
	CHECK(strcmp(getenv("PATH"), "/evil") != 0, "only SSL_* is taken");
	CHECK_NUM(start("\0\0", 2, NULL, &vars), 0, "no variables at all");
	CHECK(start("", 0, NULL, &vars) == -1 && errno == ECONNRESET,
	    "an end without the two NULs is a failed handshake");
	CHECK(start("SSL_X=1", 7, NULL, &vars) == -1 && errno == ECONNRESET,
	    "a torn answer is a failed handshake");
	CHECK(start(good, sizeof(good), "NOOP\r\n", &vars) == -1 &&
		  errno == EPROTO,
	    "input behind STARTTLS is refused (RFC 3207 4.2)");
	buf_free(&vars);
	return tap_done();
}
