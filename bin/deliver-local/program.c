/* SPDX-License-Identifier: ISC */
/* Programs named in aliases, and forwarding, which is running inject. */
#define _GNU_SOURCE
#include "local.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "conf/libexec.h"
#include "io/drop.h"
#include "io/spawn.h"
#include "proto/smtp_dsn.h"

#define SAID 300 /* octets of its output that are reported */

/* ------------------------------------------------------ starting, ending */

static struct result
trouble(const struct local *l, const char *text)
{
	log_event("trouble", "id", l->id, "err", fail_last(), NULL);
	return result_make(RESULT_DEFERRED, "4.3.0", text);
}

/* Run argv with the message as its input and the other descriptors as given.
 * It is a file, whole before the program starts: with a pipe our own death
 * would look like the message's end.  Returns its exit code as spawn_wait(). */
static int
feed(struct local *l, const char *const *argv, int out, int err, bool crlf)
{
	int in = memfd_create("message", MFD_CLOEXEC);
	int code = -1;
	pid_t pid;

	if (in < 0)
		return fail("memfd_create", NULL);
	if (message_send(l, in, crlf) == 0 && lseek(in, 0, SEEK_SET) == 0) {
		pid = spawn_start(argv, (int[]){in, out, err}, 3, NULL);
		if (pid > 0)
			code = spawn_wait(pid, now_plus_s(LOCAL_PROGRAM_S));
	}
	close(in);
	return code;
}

/* The last line of the program's output. */
static const char *
last_line(struct local *l, int said, const char *otherwise)
{
	char *text = arena_alloc(l->arena, SAID + 1);
	off_t end = lseek(said, 0, SEEK_END);
	ssize_t n = pread(said, text, SAID, end > SAID ? end - SAID : 0);
	struct str s = str_trim(str_make(text, n > 0 ? (size_t)n : 0));

	s = str_from(s, str_rfind(s, '\n') < s.n ? str_rfind(s, '\n') + 1 : 0);
	return s.n > 0 ? arena_z(l->arena, s) : otherwise;
}

/* qmail-command(8) and sysexits.h. */
static struct result
judge(struct local *l, int code, int said)
{
	static const int permanent[] = {100, 64, 65, 70, 76, 77, 78, 112};

	if (code == 0 || code == 99)
		return result_make(RESULT_EXPANDED, "2.0.0", "program ran");
	if (code == 67 || code == 68)
		return result_make(RESULT_FAILED, "5.1.1",
		    last_line(l, said, "the program knows no such user"));
	for (size_t i = 0; i < sizeof(permanent) / sizeof(permanent[0]); i++)
		if (code == permanent[i])
			return result_make(RESULT_FAILED, "5.3.0",
			    last_line(l, said, "the program refused it"));
	return result_make(RESULT_DEFERRED, "4.3.0",
	    last_line(l, said, "the program failed for now"));
}

/* ------------------------------------------------------------- programs */

static void
set_env(struct local *l, const char *name, struct str value)
{
	if (setenv(name, arena_z(l->arena, value), 1) < 0)
		oom();
}

static void
set_all_env(struct local *l, const struct action *a)
{
	char mail[PATH_MAX];

	snprintf(mail, sizeof(mail), "%s/mail", l->root);
	set_env(l, "SENDER", l->sender);
	set_env(l, "RECIPIENT", l->recipient);
	set_env(l, "LOCAL", a->local);
	set_env(l, "EXT", a->extension);
	set_env(l, "HOST", a->domain);
	set_env(l, "USER", a->local);
	set_env(l, "HOME", str_z(mail));
	set_env(l, "YUBIN_ID", str_z(l->id));
}

/* The shell that runs the command gives up root first: setpriv(1) and its like
 * are not everywhere, so a child of ours does it and then execs. */
static int
run_as_mail_user(struct local *l, const char *command, int said)
{
	const char *const argv[] = {"/bin/sh", "-c", command, NULL};
	struct user u = {.maildir = str_z("")};
	char mail[PATH_MAX];
	struct drop d = {.ngroups = 1};
	int status;
	pid_t pid;

	snprintf(mail, sizeof(mail), "%s/mail", l->root);
	u.maildir = str_z(mail);
	if (geteuid() != 0)
		return feed(l, argv, said, said, false);
	status = user_ids(l->root, &u, &d.uid, &d.gid);
	if (status < 0)
		return -1;
	if (status == 0)
		log_event("privileges", "id", l->id, "err",
		    "the program runs as root", NULL);
	d.groups[0] = d.gid;
	pid = fork();
	if (pid == 0) {
		int code = -1;

		if (status == 0 || drop_to(&d) == 0)
			code = feed(l, argv, said, said, false);
		_exit(code < 0 ? EXIT_TEMP : code);
	}
	return pid < 0 ? fail("fork", NULL) : spawn_wait(pid, NOW_NEVER);
}

struct result
program_run(struct local *l, const struct action *a)
{
	int said = memfd_create("output", MFD_CLOEXEC);
	struct result r;
	int code;

	if (said < 0)
		return trouble(l, "the program cannot be started");
	set_all_env(l, a);
	code = run_as_mail_user(l, arena_z(l->arena, a->text), said);
	r = code < 0 ? trouble(l, "the program cannot be run")
	             : judge(l, code, said);
	close(said);
	return r;
}

/* ----------------------------------------------------------- forwarding */

/* alone: the one address that the recipient stands for; the duty to report
 * has gone on with the message. */
static struct result
forwarded(int code, bool alone)
{
	if (code == 0)
		return result_make(alone ? RESULT_TRANSFERRED : RESULT_EXPANDED,
		    "2.0.0", "forwarded");
	if (code == EXIT_PERM)
		return result_make(
		    RESULT_FAILED, "5.3.0", "it cannot be forwarded");
	return result_make(
	    RESULT_DEFERRED, "4.3.0", "it cannot be forwarded now");
}

static const char *
notify_words(struct local *l, unsigned notify)
{
	static const char *const words[] = {
	    "never", "success", "failure", "delay"};
	struct buf b;
	const char *z;

	buf_init(&b, 64);
	for (int i = 0; i < 4; i++)
		if (notify & 1u << i) {
			buf_z(&b, b.n > 0 ? "," : "");
			buf_z(&b, words[i]);
		}
	z = arena_z(l->arena, buf_slice(&b));
	buf_free(&b);
	return z;
}

static struct str
xtext(struct local *l, struct str front, struct str s)
{
	struct str coded;
	struct buf b;

	buf_init(&b, 4096);
	buf_str(&b, front);
	smtp_dsn_encode(s, &b);
	coded = arena_str(l->arena, buf_slice(&b));
	buf_free(&b);
	return coded;
}

/* RFC 3461 5.2.7.2: for one address all goes on as it came.  5.2.7.3: for
 * several, success is told by us, and no more is asked of those behind. */
static size_t
pass_dsn(struct local *l, const char **argv, bool alone)
{
	unsigned notify = l->notify;
	size_t type = str_find(l->orcpt, ';'), k = 0;

	if (!alone && notify & SMTP_DSN_SUCCESS)
		notify &= ~(unsigned)SMTP_DSN_SUCCESS;
	if (l->notify && !notify)
		notify = SMTP_DSN_NEVER;
	if (notify) {
		argv[k++] = "-N";
		argv[k++] = notify_words(l, notify);
	}
	if (l->ret) {
		argv[k++] = "-R";
		argv[k++] = l->ret == 'F' ? "full" : "hdrs";
	}
	if (l->envid.n > 0) {
		argv[k++] = "-V";
		argv[k++] = xtext(l, STR(""), l->envid).p;
	}
	if (type < l->orcpt.n)
		set_env(l, "YUBIN_ORCPT",
		    xtext(l, str_to(l->orcpt, type + 1),
			str_from(l->orcpt, type + 1)));
	return k;
}

/* All addresses at once: it is forwarded to all of them or to none.  inject
 * logs what it does itself, and our id with it. */
struct result
program_forward(
    struct local *l, const struct action *first, size_t n, bool alone)
{
	const char **argv = arena_array(l->arena, n + 16, sizeof(*argv));
	char *path = arena_alloc(l->arena, PATH_MAX);
	size_t k = 0;
	int code;

	if (libexec_path(path, PATH_MAX, "inject") < 0)
		return trouble(l, "it cannot be forwarded");
	argv[k++] = path;
	argv[k++] = "-n";
	argv[k++] = "-i";
	argv[k++] = "-f";
	argv[k++] = arena_z(l->arena, l->sender);
	k += pass_dsn(l, argv + k, alone);
	argv[k++] = "--";
	for (size_t i = 0; i < n; i++)
		argv[k++] = arena_z(l->arena, first[i].text);
	set_env(l, "YUBIN_ID", str_z(l->id));
	code = feed(l, argv, 2, 2, true);
	return code < 0 ? trouble(l, "it cannot be forwarded")
	                : forwarded(code, alone);
}
