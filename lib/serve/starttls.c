/* SPDX-License-Identifier: ISC */
/* The handler's side of UCSPI-TLS.  Always asks with 'Y': a plain 'y' fails
 * under s6-networking 2.5. */
#include "serve/starttls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "base/num.h"
#include "conf/settings.h"
#include "io/file.h"
#include "io/ucspi.h"
#include "io/wait.h"

static const char *const fd_names[] = {"SSLCTLFD", "SSLREADFD", "SSLWRITEFD"};
enum { CTL, READ, WRITE };

/* The descriptor a variable names, or -1. */
static int
fd_of(const char *name)
{
	const char *v = getenv(name);
	uint64_t n;

	if (!v || num_scan(str_z(v), 1 << 20, &n) < 0 || n < 3)
		return -1;
	return (int)n;
}

/* Asked at the start only: fstat(2) is one system call with one C library and
 * another with the next, and not in every sandbox. */
static bool
is_stream(int fd)
{
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 &&
	       (S_ISSOCK(st.st_mode) || S_ISFIFO(st.st_mode));
}

static bool
tls_is_on(void)
{
	const char *protocol = getenv("SSL_PROTOCOL");
	const char *proto = getenv("PROTO");

	if (protocol && *protocol)
		return true;
	return proto &&
	       (strcmp(proto, "TLS") == 0 || strcmp(proto, "SSL") == 0);
}

bool
starttls_offered(void)
{
	const char *wish = getenv("UCSPITLS");

	if (tls_is_on() || (wish && strcmp(wish, "-") == 0))
		return false;
	for (size_t i = 0; i < 3; i++)
		if (!is_stream(fd_of(fd_names[i])))
			return false;
	return true;
}

bool
starttls_required(void)
{
	const char *wish = getenv("UCSPITLS");

	return wish && strcmp(wish, "!") == 0;
}

int
starttls_adopt(void)
{
	int fd[3];

	for (size_t i = 0; i < 3; i++)
		fd[i] = fd_of(fd_names[i]);
	if (fd[READ] < 0 || fd[WRITE] < 0)
		return fail_text(EBADF, "no TLS descriptors");
	if (dup2(fd[READ], 0) < 0 || dup2(fd[WRITE], 1) < 0)
		return fail("dup2", NULL);
	for (size_t i = 0; i < 3; i++) {
		/* Two or three may be one descriptor: the second close is
		 * EBADF and harmless, nothing was opened in between. */
		if (fd[i] >= 0)
			close(fd[i]);
		unsetenv(fd_names[i]);
	}
	return 0;
}

static void
set_one(struct str entry)
{
	size_t eq = str_find(entry, '=');
	char name[64];
	char value[1024];

	if (!ucspi_tls_var(entry) ||
	    str_copy(name, sizeof(name), str_to(entry, eq)) < 0)
		return;
	if (eq == entry.n)
		unsetenv(name);
	else if (str_copy(value, sizeof(value), str_from(entry, eq + 1)) == 0)
		setenv(name, value, 1);
}

void
starttls_environment(struct str vars)
{
	struct str entry;

	while (str_cut(&vars, '\0', &entry))
		set_one(entry);
}

/* The answer is complete when it ends in two NULs, or is one NUL and over. */
static bool
complete(struct str s, bool ended)
{
	if (s.n >= 2 && s.p[s.n - 1] == '\0' && s.p[s.n - 2] == '\0')
		return true;
	return ended && s.n == 1 && s.p[0] == '\0';
}

static int
read_vars(int ctl, struct buf *vars, int64_t deadline)
{
	char part[1024];

	while (!complete(buf_slice(vars), false)) {
		int ready = wait_readable(ctl, deadline);
		ssize_t n = ready > 0 ? read(ctl, part, sizeof(part)) : -1;

		if (ready == 0)
			return fail_text(ETIMEDOUT, "no TLS handshake in time");
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail("TLS control", NULL);
		if (n == 0 && complete(buf_slice(vars), true))
			return 0;
		if (n == 0)
			return fail_text(ECONNRESET, "TLS handshake failed");
		buf_put(vars, part, (size_t)n);
		if (vars->over)
			return fail_text(EPROTO, "TLS variables too long");
	}
	return 0;
}

int
starttls_ready(struct in *in, struct out *out)
{
	/* Once the reply is out, the client may rightly talk TLS: look at
	 * the socket before, and only at our own buffer afterwards. */
	if (out->n > 0 ? in_pending(in) : in_unread(in).n > 0)
		return fail_text(EPROTO, "input behind the command for TLS");
	return out_flush(out) < 0 ? fail("flush", NULL) : 0;
}

int
starttls_ask(struct buf *vars)
{
	int ctl = fd_of(fd_names[CTL]);

	if (ctl < 0)
		return fail_text(EBADF, "no TLS control descriptor");
	if (file_write(ctl, "Y", 1) < 0)
		return fail("TLS control", NULL);
	buf_reset(vars);
	return read_vars(ctl, vars, now_plus_s(settings_num("TLS_TIMEOUT")));
}

void
starttls_leave(void)
{
	int ctl = fd_of(fd_names[CTL]);

	if (ctl >= 0 && ctl != fd_of(fd_names[READ]) &&
	    ctl != fd_of(fd_names[WRITE]))
		close(ctl);
	unsetenv(fd_names[CTL]);
}

int
starttls_enter(struct in *in, struct out *out, struct str vars)
{
	if (starttls_adopt() < 0)
		return -1;
	starttls_environment(vars);
	in_drop(in);
	in->fd = 0;
	out->fd = 1;
	return 0;
}

int
starttls_start(struct in *in, struct out *out, struct buf *vars)
{
	if (starttls_ready(in, out) < 0 || starttls_ask(vars) < 0)
		return -1;
	return starttls_enter(in, out, buf_slice(vars));
}
