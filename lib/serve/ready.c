/* SPDX-License-Identifier: ISC */
/* Readiness, in two dialects. */
#include "serve/ready.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/str.h"

void
ready_begin(struct ready *r, uint64_t fd)
{
	const char *name = getenv("NOTIFY_SOCKET");

	memset(r, 0, sizeof(*r));
	r->fd = fd;
	if (name && str_copy(r->socket, sizeof(r->socket), str_z(name)) < 0)
		r->socket[0] = '\0';
	unsetenv("NOTIFY_SOCKET");
}

/* A path, or "@name" in the abstract name space. */
static int
tell_socket(const char *name)
{
	static const char text[] = "READY=1";
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	size_t n = strlen(name);
	ssize_t sent;
	int fd;

	memcpy(a.sun_path, name, n);
	if (name[0] == '@')
		a.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail("socket", NULL);
	do
		sent = sendto(fd, text, sizeof(text) - 1, MSG_NOSIGNAL,
		    (struct sockaddr *)&a,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		fail("readiness to ", name);
	close(fd);
	return sent < 0 ? -1 : 0;
}

int
ready_tell(const struct ready *r)
{
	int result = 0;

	if (r->fd > 0 &&
	    (write((int)r->fd, "\n", 1) != 1 || close((int)r->fd) < 0))
		result = fail("readiness", NULL);
	if (r->socket[0] && tell_socket(r->socket) < 0)
		result = -1;
	return result;
}
