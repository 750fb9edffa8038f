/* SPDX-License-Identifier: ISC */
/* net/ucspi_tls: what the handler takes from a TLS side that is not ours any
 * more.  The handler is root's, and about to exec. */
#include "tap.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/ucspi_tls.h"

/* In a process of its own: it moves descriptors 0 and 1. */
static int
handler(struct ucspi_tls *u)
{
	unsetenv("LD_PRELOAD");
	unsetenv("SSL_CERT_FILE");
	setenv("YUBIN_ROOT", "/ours", 1);
	if (ucspi_tls_become(u, true) != 1)
		return 1;
	if (!getenv("SSL_PROTOCOL") ||
	    strcmp(getenv("SSL_PROTOCOL"), "TLSv1.3") != 0)
		return 2;
	if (getenv("LD_PRELOAD"))
		return 3;
	if (strcmp(getenv("YUBIN_ROOT"), "/ours") != 0)
		return 4;
	if (getenv("SSL_CERT_FILE"))
		return 5;
	return 42;
}

int
main(void)
{
	static const char vars[] = "LD_PRELOAD=/tmp/evil.so\0"
				   "SSL_PROTOCOL=TLSv1.3\0"
				   "SSL_CERT_FILE=/tmp/evil.pem\0"
				   "YUBIN_ROOT=/tmp/evil\0";
	int sock[2], ctl[2], data[2], status = 0;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, sock) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, ctl) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, data) < 0)
		return 1;
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		struct ucspi_tls u = {
		    .sock = sock[1], .ctl = ctl[1], .data = data[1]};

		close(ctl[0]);
		_exit(handler(&u));
	}
	CHECK_NUM(write(ctl[0], vars, sizeof(vars)), (int)sizeof(vars),
	    "the variables are sent");
	close(ctl[0]);
	close(ctl[1]);
	waitpid(pid, &status, 0);
	CHECK_NUM(WEXITSTATUS(status), 42, "only SSL_* is taken");
	return tap_done();
}
