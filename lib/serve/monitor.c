/* SPDX-License-Identifier: ISC */
/* Two processes and the questions between them. */
#define _GNU_SOURCE
#include "serve/monitor.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "base/scan.h"
#include "conf/settings.h"
#include "io/drop.h"
#include "io/file.h"
#include "io/wait.h"
#include "users/slow.h"

/* The child may not outlive the monitor; the kernel forgets the wish when the
 * user changes, so it is made after that. */
static int
die_with(pid_t parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return fail("prctl", NULL);
	if (getppid() != parent) {
		errno = EPIPE;
		return fail("the monitor has ended", NULL);
	}
	return 0;
}

static int
drop(struct monitor *m, const char *setting)
{
	struct drop d;
	int r;

	if (geteuid() != 0)
		return 0;
	if (m->user)
		return drop_to(m->user);
	r = drop_find(settings_text(setting), &d);
	if (r < 0)
		return -1;
	if (r > 0)
		return drop_to(&d);
	if (!m->spare) {
		errno = ENOENT;
		return fail("no such user as named by ", setting);
	}
	m->fell_back = true;
	return drop_to(m->spare);
}

static int
become_child(struct monitor *m, const char *setting, pid_t parent)
{
	if (drop(m, setting) < 0 || die_with(parent) < 0)
		return -1;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail("no_new_privs", NULL);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return fail("not dumpable", NULL);
	return 0;
}

int
monitor_split(struct monitor *m, const char *drop_setting)
{
	pid_t parent = getpid();
	int fds[2];

	m->child = -1;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return fail("socketpair", NULL);
	buf_init(&m->text, MONITOR_MAX);
	m->child = fork();
	if (m->child < 0) {
		close(fds[0]);
		close(fds[1]);
		return fail("fork", NULL);
	}
	m->fd = fds[m->child == 0];
	close(fds[m->child != 0]);
	if (m->child > 0)
		return 1;
	return become_child(m, drop_setting, parent);
}

/* A packet; waits for room when `wait` says so. */
static int
send_text(int fd, struct str text, bool wait)
{
	ssize_t n;

	if (text.n > MONITOR_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	do
		n = send(fd, text.p, text.n,
		    MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

/* The next packet into b: 1, 0 the other side has ended (no packet is empty),
 * -1 failed. */
static int
receive_text(int fd, struct buf *b, int64_t deadline)
{
	int ready = deadline == NOW_NEVER ? 1 : wait_readable(fd, deadline);
	ssize_t n = -1;
	char *to;

	buf_reset(b);
	if (ready == 0)
		errno = ETIMEDOUT;
	while (ready > 0 && (n = recv(fd, NULL, 0, MSG_PEEK | MSG_TRUNC)) < 0 &&
	       errno == EINTR)
		continue;
	if (n <= 0)
		return n < 0 && errno != ECONNRESET ? -1 : 0;
	to = n <= MONITOR_MAX ? buf_room(b, (size_t)n) : NULL;
	if (!to) {
		errno = EMSGSIZE;
		return -1;
	}
	return recv(fd, to, (size_t)n, 0) == n ? 1 : -1;
}

int
monitor_ask(struct monitor *m, char kind, const struct str *args, size_t n,
    struct buf *answer, int64_t deadline)
{
	struct buf b;
	int r;

	buf_init(&b, MONITOR_MAX);
	buf_chr(&b, kind);
	for (size_t i = 0; i < n; i++)
		buf_netstr(&b, args[i]);
	if (b.over)
		errno = EMSGSIZE;
	r = b.over ? -1 : send_text(m->fd, buf_slice(&b), true);
	if (b.p)
		explicit_bzero(b.p, b.n);
	buf_free(&b);
	if (r == 0)
		r = receive_text(m->fd, answer, deadline);
	if (r == 0)
		errno = EPIPE;
	if (r <= 0)
		return fail("the monitor does not answer", NULL);
	buf_eat(answer, 1);
	return 0;
}

int
monitor_tell(struct monitor *m, char kind)
{
	if (send_text(m->fd, str_make(&kind, 1), true) < 0)
		return fail("the monitor is gone", NULL);
	return 0;
}

int
monitor_next(
    struct monitor *m, char *kind, struct str *args, size_t max, size_t *n)
{
	struct scan s;
	int r;

	*n = 0;
	r = receive_text(m->fd, &m->text, NOW_NEVER);
	if (r == 0)
		return 0;
	if (r < 0)
		return fail_text(EPROTO, "a malformed question");
	*kind = m->text.p[0];
	s = scan_make(str_from(buf_slice(&m->text), 1));
	while (*n < max && !scan_end(&s) && !s.bad)
		if (scan_netstr(&s, MONITOR_MAX, &args[*n]))
			(*n)++;
	if (!scan_end(&s))
		return fail_text(EPROTO, "a malformed question");
	return 1;
}

/* An answer may be empty, a packet may not.  The child waits for each answer:
 * there is room, or it does not play by the rules.  The question, perhaps a
 * password, is not for whom we fork next. */
int
monitor_answer(struct monitor *m, struct str answer)
{
	struct buf b;
	int r;

	buf_init(&b, MONITOR_MAX);
	buf_chr(&b, '=');
	buf_str(&b, answer);
	if (m->text.p)
		explicit_bzero(m->text.p, m->text.n);
	if (b.over)
		errno = EMSGSIZE;
	r = b.over ? -1 : send_text(m->fd, buf_slice(&b), false);
	buf_free(&b);
	return r < 0 ? fail("answer", NULL) : 0;
}

int
monitor_end(struct monitor *m)
{
	int status;

	close(m->fd);
	m->fd = -1;
	buf_free(&m->text);
	if (m->child <= 0)
		return 0;
	while (waitpid(m->child, &status, 0) < 0)
		if (errno != EINTR)
			return EXIT_TEMP;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_TEMP;
}

enum checker_verdict
monitor_check(const char *root, const char *source, const char *checker,
    struct str user, struct str pass, struct checker_reply *reply)
{
	int most = (int)settings_num("LOGIN_DELAY");
	struct slow slow;
	int known;

	reply->verdict = CHECKER_BUSY;
	if (slow_enter(&slow, root, source, user, most))
		checker_run(checker, user, pass,
		    (int)settings_num("CHECKER_TIMEOUT"), reply);
	else
		fail_text(EAGAIN, "too many tries at once");
	known = reply->verdict == CHECKER_OK       ? 1
	        : reply->verdict == CHECKER_DENIED ? 0
	                                           : -1;
	slow_leave(&slow, known, most);
	return reply->verdict;
}
