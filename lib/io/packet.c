/* SPDX-License-Identifier: ISC */
/* Descriptors travel in one SCM_RIGHTS control message. */
#define _GNU_SOURCE
#include "io/packet.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union control {
	char octets[CMSG_SPACE(PACKET_FDS * sizeof(int))];
	struct cmsghdr align;
};

int
packet_send(int fd, struct str text, const int *fds, int nfds, bool wait)
{
	size_t size = (size_t)nfds * sizeof(int);
	struct iovec v = {
	    .iov_base = (void *)(uintptr_t)text.p, .iov_len = text.n};
	struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1};
	union control control;
	ssize_t n;

	if (nfds > 0) {
		struct cmsghdr *c;

		memset(&control, 0, sizeof(control));
		m.msg_control = control.octets;
		m.msg_controllen = (socklen_t)CMSG_SPACE(size);
		c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = (socklen_t)CMSG_LEN(size);
		memcpy(CMSG_DATA(c), fds, size);
	}
	do
		n = sendmsg(fd, &m, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

/* The kernel puts all descriptors of a packet into one control message. */
static void
take_fds(struct msghdr *m, int *fds, int *nfds)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return;
	*nfds = (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
	memcpy(fds, CMSG_DATA(c), (size_t)*nfds * sizeof(int));
}

ssize_t
packet_receive(
    int fd, char *to, size_t size, int *fds, int *nfds, bool wait)
{
	union control control;
	struct iovec v = {.iov_base = to, .iov_len = size};
	struct msghdr m = {.msg_iov = &v,
	    .msg_iovlen = 1,
	    .msg_control = control.octets,
	    .msg_controllen = sizeof(control.octets)};
	ssize_t n;

	*nfds = 0;
	do
		n = recvmsg(
		    fd, &m, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? 0 : -1;
	take_fds(&m, fds, nfds);
	while (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC) && *nfds > 0)
		close(fds[--*nfds]);
	if (!(m.msg_flags & MSG_TRUNC))
		return n;
	errno = EMSGSIZE;
	return -1;
}
