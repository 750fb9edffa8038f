/* SPDX-License-Identifier: ISC */
/* Many processes on one Maildir at once: deliveries, appends, sessions that
 * flag, move and expunge, and a foreign program that renames.
 *
 *   store_race MAILDIR MESSAGES [damage]
 *
 * Each message carries an id as its text.  Everything a session learns goes
 * into MAILDIR.log, one line each: "uid MAILBOX UIDVALIDITY UID ID",
 * "expunged ID".  With damage, one process deletes, cuts off and scribbles over
 * the indexes; a session may lose its view then, but nothing else.  Ends in a
 * check: each id is in exactly one mailbox or was expunged, a UID never meant
 * two messages, a view's UIDs always rose.  Exit 0 when all is well; says what
 * is not. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "maildir/append.h"
#include "maildir/deliver.h"
#include "maildir/folder.h"
#include "maildir/mailbox.h"
#include "msg/flags.h"

#define DELIVERERS 3
#define APPENDERS 2
#define WRITERS (DELIVERERS + APPENDERS)
#define SESSIONS 4
#define BATCH 40
#define ID_MAX 40

static struct home home;
static int log_fd;
static const char *path;
static bool damage;

_Noreturn static void
broken(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "store_race[%ld]: ", (long)getpid());
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, " (%s)\n", fail_last());
	_exit(1);
}

static void
note(const char *fmt, ...)
{
	char line[512];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (write(log_fd, line, (size_t)n) != n)
		broken("cannot log");
}

/* ------------------------------------------------------------- writers */

static void
deliverer(int k, int count)
{
	for (int i = 0; i < count; i++) {
		struct deliver d;
		char text[ID_MAX];

		snprintf(text, sizeof(text), "d%d-%d\r\n", k, i);
		if (deliver_open(&d, &home, STR("INBOX"), NULL) != 1)
			broken("deliver_open");
		deliver_data(&d, text, strlen(text));
		if (deliver_commit(&d) != 1)
			broken("deliver_commit");
		deliver_close(&d);
	}
}

static void
appender(int k, int count)
{
	struct str word = STR("$Work");
	uint32_t last = 0;

	for (int i = 0; i < count; i++) {
		struct append a;
		char text[ID_MAX];

		snprintf(text, sizeof(text), "a%d-%d\r\n", k, i);
		if (append_open(&a, &home, STR("INBOX")) != 1 ||
		    append_begin(&a, i % 2 ? FLAG_SEEN : 0, &word,
			(size_t)(i % 3 == 0), 1000) < 0)
			broken("append_begin");
		append_data(&a, text, strlen(text));
		if (append_end(&a) < 0 || append_commit(&a) < 0)
			broken("append_commit");
		if (a.n != 1 || a.uids[0] <= last)
			broken("APPENDUID %u after %u", a.uids[0], last);
		last = a.uids[0];
		note("uid INBOX %u %u a%d-%d\n", a.uidvalidity, last, k, i);
		append_close(&a);
	}
}

/* ------------------------------------------------------------ sessions */

struct view {
	struct mailbox m;
	const char *name;
	uint32_t last;  /* the greatest UID told so far */
	size_t counted; /* messages as a client counts them */
};

/* The text of message i: its id.  False when it vanished. */
static bool
read_id(struct mailbox *m, size_t i, char id[ID_MAX])
{
	struct mailbox_text t;
	int r = mailbox_read(m, i, &t);

	if (r < 0)
		broken("mailbox_read");
	if (r == 0)
		return false;
	snprintf(id, ID_MAX, "%.*s", (int)str_find(t.text, '\n'), t.text.p);
	mailbox_read_end(&t);
	return true;
}

static void
learn(struct view *v, size_t from)
{
	for (size_t i = from; i < v->m.n; i++) {
		char id[ID_MAX];

		uint32_t uid = mailbox_uid(&v->m, i);

		if (v->m.deleted)
			return;
		if (uid <= v->last)
			broken("UID %u after %u", uid, v->last);
		v->last = uid;
		if (read_id(&v->m, i, id))
			note("uid %s %u %u %s\n", v->name, v->m.uidvalidity,
			    v->last, id);
	}
}

static void
view_open(struct view *v, const char *name)
{
	*v = (struct view){.name = name};
	if (mailbox_open(&v->m, &home, str_z(name), false) != 1)
		broken("mailbox_open");
	learn(v, 0);
	v->counted = v->m.n;
}

/* False: the view was lost, as damage may do. */
static bool
view_sync(struct view *v, bool expunge)
{
	struct mailbox_changes c;

	if (mailbox_sync(&v->m, expunge, &c) < 0)
		broken("mailbox_sync");
	if (v->m.deleted) {
		if (!damage)
			broken("view lost");
		note("lost\n");
		return false;
	}
	if (!expunge && c.nexpunged)
		broken("expunge told when not allowed");
	for (size_t i = 0; i < c.nexpunged; i++) {
		if (c.expunged[i] > v->counted - i)
			broken("expunge of number %zu", c.expunged[i]);
	}
	v->counted -= c.nexpunged;
	if (v->counted > v->m.n || (v->counted < v->m.n && !c.exists))
		broken("client counts %zu, we have %zu", v->counted, v->m.n);
	learn(v, v->counted);
	v->counted = v->m.n;
	return true;
}

static size_t
choose(const struct view *v, size_t *idx)
{
	size_t n = 0;

	for (size_t i = 0; i < v->m.n && n < BATCH; i++)
		if (random() % 8 == 0)
			idx[n++] = i;
	return n;
}

static void
flag_some(struct view *v)
{
	size_t idx[BATCH], n = choose(v, idx);

	if (mailbox_store(&v->m, idx, n,
		random() % 2 ? STORE_ADD : STORE_REMOVE,
		random() % 2 ? FLAG_SEEN : FLAG_FLAGGED | FLAG_ANSWERED, 0) < 0)
		broken("mailbox_store");
}

static void
move_some(struct view *v, const char *to)
{
	size_t idx[BATCH], n = choose(v, idx), done;
	struct mailbox_copied pairs[BATCH];
	uint32_t validity;

	if (mailbox_copy(
		&v->m, idx, n, str_z(to), true, pairs, &done, &validity) < 0 &&
	    !v->m.deleted)
		broken("move");
	for (size_t i = 1; i < done; i++)
		if (pairs[i].to <= pairs[i - 1].to)
			broken("COPYUID does not rise");
}

static void
expunge_one(struct view *v)
{
	size_t i = v->m.n ? (size_t)random() % v->m.n : 0;
	char id[ID_MAX];
	bool *only;

	if (!v->m.n || !read_id(&v->m, i, id))
		return;
	if (mailbox_store(&v->m, &i, 1, STORE_ADD, FLAG_DELETED, 0) < 0)
		broken("mailbox_store");
	only = calloc(v->m.n, sizeof(*only));
	if (!only)
		oom();
	only[i] = true;
	/* Before it is done: it may be done by a move into the other view. */
	note("expunged %s\n", id);
	if (mailbox_expunge(&v->m, only) < 0)
		broken("mailbox_expunge");
	free(only);
}

static void
session(int k, int64_t until)
{
	const char *here = k % 2 ? "Other" : "INBOX";
	const char *there = k % 2 ? "INBOX" : "Other";

	srandom((unsigned)k);
	while (now_ms() < until) {
		struct view v;

		view_open(&v, here);
		for (int i = 0; i < 40 && now_ms() < until; i++) {
			if (i % 8 == 7)
				move_some(&v, there);
			else if (i % 16 == 3)
				expunge_one(&v);
			else
				flag_some(&v);
			if (!view_sync(&v, i % 3 != 0))
				break;
		}
		mailbox_settle(&v.m);
		mailbox_close(&v.m);
	}
}

/* A mail program that knows nothing of UIDs: marks what it finds as read. */
static void
foreigner(int64_t until)
{
	char dir[4096];

	snprintf(dir, sizeof(dir), "%s/cur", path);
	while (now_ms() < until) {
		DIR *d = opendir(dir);
		struct dirent *e;

		while (d && (e = readdir(d))) {
			char to[300];
			size_t n = strlen(e->d_name);

			if (random() % 16 || n < 3 ||
			    strcmp(e->d_name + n - 3, ":2,") != 0)
				continue;
			snprintf(to, sizeof(to), "%sS", e->d_name);
			renameat(dirfd(d), e->d_name, dirfd(d), to);
		}
		if (d)
			closedir(d);
		usleep(2000);
	}
}

/* Somebody who does not like our indexes. */
static void
vandal(int64_t until)
{
	static const char *const names[] = {
	    "yubin-index", ".Other/yubin-index"};

	while (now_ms() < until) {
		char file[4096], junk[64];
		struct stat st;
		int fd;

		usleep(20000);
		snprintf(
		    file, sizeof(file), "%s/%s", path, names[random() % 2]);
		fd = open(file, O_WRONLY);
		if (fd < 0)
			continue;
		for (size_t i = 0; i < sizeof(junk); i++)
			junk[i] = (char)random();
		if (random() % 3 == 0)
			unlink(file);
		else if (random() % 2 && fstat(fd, &st) == 0)
			(void)!ftruncate(fd, random() % (st.st_size + 1));
		else if (fstat(fd, &st) == 0 && st.st_size > 64)
			(void)!pwrite(fd, junk, sizeof(junk),
			    random() % (st.st_size - 64));
		close(fd);
	}
}

/* --------------------------------------------------------------- the end */

static void
final(const char *name)
{
	struct view v;

	view_open(&v, name);
	for (size_t i = 0; i < v.m.n; i++) {
		char id[ID_MAX];

		if (!read_id(&v.m, i, id))
			broken("vanished with nobody there");
		note("final %s %s\n", name, id);
	}
	mailbox_close(&v.m);
}

static pid_t
run(int kind, int k, int count, int64_t until)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	switch (kind) {
	case 0:
		deliverer(k, count);
		break;
	case 1:
		appender(k, count);
		break;
	case 2:
		session(k, until);
		break;
	case 4:
		vandal(until);
		break;
	default:
		foreigner(until);
	}
	_exit(0);
}

/* Wait for n children; whether all ended well. */
static bool
wait_all(const pid_t *pids, int n)
{
	bool ok = true;

	for (int i = 0; i < n; i++) {
		int status = 1;

		waitpid(pids[i], &status, 0);
		ok = ok && status == 0;
	}
	return ok;
}

int
main(int argc, char **argv)
{
	pid_t pids[WRITERS + SESSIONS + 2];
	char log[4096];
	int count = argc >= 3 ? (int)strtol(argv[2], NULL, 10) : 0;
	int n = 0;
	int64_t until = now_ms() + 4000;

	if (count <= 0)
		return 100;
	path = argv[1];
	damage = argc == 4;
	snprintf(log, sizeof(log), "%s.log", path);
	log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
	if (log_fd < 0 || home_open(&home, path, true) < 0 ||
	    folder_create(&home, STR("Other"), STR("")) < 0)
		broken("start");
	for (int k = 0; k < SESSIONS; k++)
		pids[n++] = run(2, k, 0, until);
	pids[n++] = run(3, 0, 0, until);
	if (damage)
		pids[n++] = run(4, 0, 0, until);
	for (int k = 0; k < WRITERS; k++)
		pids[n++] = run(k >= DELIVERERS, k, count, 0);
	if (!wait_all(pids, n))
		return 1;
	final("INBOX");
	final("Other");
	return 0;
}
