/* SPDX-License-Identifier: ISC */
/* The long-lived worker: jobs of lib/queue/job.h.  What goes into Maildirs is
 * stored at once, by ourselves or by the hand of their owner; what may take
 * long is done by a child of its own.  Answers go to the runner from whoever
 * has done the work. */
#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "conf/settings.h"
#include "io/wait.h"
#include "queue/job.h"

#define SLOW_WAIT_S 5 /* for another slow child to end, once in a job */

/* A Maildir that a recipient's message goes into. */
struct plan {
	struct target target;
	uid_t uid; /* 0: we store it ourselves */
	gid_t gid;
	bool unsynced;
	bool taken;
};

void
worker_forget(struct worker *w)
{
	hands_end(&w->hands);
	boxes_close(&w->boxes);
	lazy_close(&w->lazy);
	earlier_forget(&w->l->lists);
	close(w->hands.notes[0]);
	close(w->signals);
}

/* --------------------------------------------------------- ends of jobs */

static void
fate(struct worker *w, uint32_t number, uint32_t index, struct result r)
{
	job_print(&w->answers, number, index, &r);
}

/* When the runner is gone we read the end of the socket next; but one that
 * waits for what cannot be sent is to be told by our end. */
static void
must_send(int sent)
{
	if (sent < 0 && errno != EPIPE)
		die(EXIT_TEMP);
}

static void
send_answers(struct worker *w)
{
	must_send(job_answer(w->runner, &w->answers));
}

static void
begin(struct worker *w, uint32_t number)
{
	if (w->nstarted == w->room) {
		w->room = w->room ? 2 * w->room : 16;
		w->started = realloc(w->started, w->room * sizeof(*w->started));
		if (!w->started)
			oom();
	}
	w->started[w->nstarted++] =
	    (struct started){.number = number, .parts = 1};
}

static struct started *
find(struct worker *w, uint32_t number)
{
	for (size_t i = 0; i < w->nstarted; i++)
		if (w->started[i].number == number)
			return &w->started[i];
	return NULL;
}

static void
forget(struct worker *w, uint32_t number)
{
	*find(w, number) = w->started[w->nstarted - 1];
	w->nstarted--;
}

static void
part_done(struct worker *w, uint32_t number)
{
	struct started *s = find(w, number);

	if (!s || --s->parts > 0)
		return;
	job_print_done(&w->answers, number, s->unsynced);
	forget(w, number);
}

static void
slow_ended(struct worker *w, struct slow *s, int status)
{
	if (status != 0)
		fate(w, s->number, s->index,
		    result_make(RESULT_DEFERRED, "4.3.0",
			"the delivery did not end well"));
	part_done(w, s->number);
	*s = w->slow[--w->nslow];
}

/* What a lost hand had to do cannot be told: the runner takes our end for an
 * answer to all that is open. */
static void
ended(struct worker *w, pid_t pid, int status)
{
	w->children--;
	for (size_t i = 0; i < w->nslow; i++)
		if (w->slow[i].pid == pid) {
			slow_ended(w, &w->slow[i], status);
			return;
		}
	if (status == 0 && !hands_has(&w->hands, pid))
		return;
	fail_text(ECHILD, "a child that stores messages has ended");
	die(EXIT_TEMP);
}

static void
reap(struct worker *w, int flags)
{
	struct signalfd_siginfo s;
	pid_t pid;
	int status;

	(void)!read(w->signals, &s, sizeof(s));
	while ((pid = waitpid(-1, &status, flags)) > 0 ||
	       (pid < 0 && errno == EINTR))
		if (pid > 0)
			ended(w, pid, status);
	send_answers(w);
}

static void
read_notes(struct worker *w)
{
	struct note notes[64];
	ssize_t n = read(w->hands.notes[0], notes, sizeof(notes));

	if (n < 0 ? errno != EAGAIN && errno != EINTR
		  : (size_t)n % sizeof(*notes) != 0)
		die(EXIT_TEMP);
	for (size_t i = 0; n > 0 && i < (size_t)n / sizeof(*notes); i++)
		part_done(w, notes[i].number);
	send_answers(w);
}

/* ------------------------------------------------------ what takes long */

_Noreturn static void
slow_child(struct worker *w, const struct job *j, uint32_t index,
    const struct actions *todo)
{
	struct result r;

	worker_forget(w);
	r = deliver_actions(w->l, todo);
	_exit(job_say(w->runner, j->number, index, &r) < 0 ? EXIT_TEMP : 0);
}

static void
start_slow(struct worker *w, const struct job *j, uint32_t index,
    const struct actions *todo, int64_t deadline)
{
	pid_t pid;

	while (w->nslow == SLOW && wait_readable(w->signals, deadline) == 1)
		reap(w, WNOHANG);
	if (w->nslow == SLOW) {
		fate(w, j->number, index,
		    result_make(RESULT_DEFERRED, "4.3.2",
			"too many programs are running"));
		return;
	}
	pid = fork();
	if (pid == 0)
		slow_child(w, j, index, todo);
	if (pid < 0) {
		fail("fork", NULL);
		fate(w, j->number, index, store_failed(w->l, errno));
		return;
	}
	w->slow[w->nslow++] = (struct slow){pid, j->number, index};
	w->children++;
	find(w, j->number)->parts++;
}

/* ------------------------------------------------------- whose Maildir */

static int
refresh_mail_user(struct worker *w)
{
	if (w->mail_user_until && now_ms() < w->mail_user_until)
		return w->mail_user_found;
	w->mail_user_found =
	    drop_find(settings_text("MAIL_USER"), &w->mail_user);
	w->mail_user_until = now_ms() + 1000;
	return w->mail_user_found;
}

static int
find_owner(struct worker *w, const struct action *a, struct plan *p)
{
	struct user u = a->user;
	int found = 0;

	p->uid = p->gid = 0;
	if (geteuid() != 0)
		return 0;
	u.maildir = a->text;
	if (!u.has_ids)
		found = refresh_mail_user(w);
	if (found < 0)
		return -1;
	found = user_ids_or(
	    w->l->root, &u, found ? &w->mail_user : NULL, &p->uid, &p->gid);
	if (found == 0)
		log_event("privileges", "id", w->l->id, "err",
		    "the Maildir belongs to root", "dir", log_str(a->text),
		    NULL);
	return found < 0 ? -1 : 0;
}

static int
plan_target(struct worker *w, const struct job *j, const struct action *a,
    struct plan *p)
{
	char path[PATH_MAX];
	struct box box;

	if (str_copy(path, sizeof(path), a->text) < 0)
		return fail("path of the Maildir", NULL);
	if (find_owner(w, a, p) < 0 ||
	    boxes_open(&w->boxes, path, p->uid, p->gid, &box) < 0)
		return -1;
	p->target.fd = box.fd;
	p->unsynced = j->unsynced && !j->rewrite &&
	              lazy_allowed(&w->lazy, box.fd, box.dev);
	return 0;
}

/* ------------------------------------------------------------------ jobs */

static void
set_rcpt(struct local *l, const struct job_rcpt *r)
{
	l->recipient = r->addr;
	l->orcpt = r->orcpt;
	l->notify = r->notify;
	l->number = r->number;
	l->again = r->again;
}

/* Returns whether *p is to be stored. */
static bool
plan_rcpt(struct worker *w, const struct job *j, uint32_t index,
    int64_t deadline, struct plan *p)
{
	const struct job_rcpt *r = &j->rcpts[index];
	struct actions todo;

	set_rcpt(w->l, r);
	expand_recipient(w->l, &todo);
	if (todo.n > 1 || todo.v[0].kind >= ACTION_PROGRAM) {
		start_slow(w, j, index, &todo, deadline);
		return false;
	}
	if (todo.v[0].kind == ACTION_ANSWER) {
		fate(w, j->number, index, todo.v[0].answer);
		return false;
	}
	*p = (struct plan){.target = {.recipient = r->addr,
			       .index = index,
			       .number = r->number,
			       .again = r->again,
			       .limit = store_limit(w->l, &todo.v[0])}};
	if (plan_target(w, j, &todo.v[0], p) == 0)
		return true;
	fate(w, j->number, index, store_failed(w->l, errno));
	return false;
}

/* Those of plan i's owner, which are marked as taken. */
static size_t
take_group(
    struct plan *v, size_t n, size_t i, struct target *to, bool *unsynced)
{
	size_t k = 0;

	*unsynced = true;
	for (size_t m = i; m < n; m++) {
		if (v[m].taken || v[m].uid != v[i].uid || v[m].gid != v[i].gid)
			continue;
		v[m].taken = true;
		*unsynced &= v[m].unsynced;
		to[k++] = v[m].target;
	}
	return k;
}

/* whole: it is all that the job has to do.  Returns whether its end will be
 * told by another. */
static bool
store_group(struct worker *w, uint32_t number, const struct plan *p,
    struct target *v, size_t n, bool whole)
{
	struct started *s = find(w, number);

	s->unsynced |= w->l->unsynced;
	if (p->uid == 0) {
		store(w->l, v, n);
	} else {
		/* What was said before comes before its done. */
		send_answers(w);
		if (hands_give(w, number, p->uid, p->gid, v, n, whole) == 0) {
			s->parts += !whole;
			return whole;
		}
		for (size_t i = 0; i < n; i++)
			v[i].result = store_failed(w->l, errno);
	}
	for (size_t i = 0; i < n; i++)
		fate(w, number, v[i].index, v[i].result);
	return false;
}

static void
store_all(struct worker *w, uint32_t number, struct plan *v, size_t n)
{
	struct target *group = arena_array(w->l->arena, n, sizeof(*group));
	bool told = false;

	for (size_t i = 0; i < n; i++) {
		size_t k;

		if (v[i].taken)
			continue;
		k = take_group(v, n, i, group, &w->l->unsynced);
		told = store_group(w, number, &v[i], group, k,
		    k == n && find(w, number)->parts == 1);
	}
	if (told)
		forget(w, number);
	else
		part_done(w, number);
}

static void
work(struct worker *w, const struct job *j, int file)
{
	struct plan *v = arena_array(w->l->arena, j->nrcpt, sizeof(*v));
	int64_t deadline = now_plus_s(SLOW_WAIT_S);
	struct local *l = w->l;
	size_t n = 0;

	memcpy(l->id, j->id.p, ID_SIZE - 1);
	l->sender = j->sender;
	l->envid = j->envid;
	l->ret = j->ret;
	l->rewrite = j->rewrite;
	l->unsynced = false;
	message_in(&l->m, file, j->body_at, j->body_len);
	begin(w, j->number);
	for (uint32_t i = 0; i < j->nrcpt; i++)
		n += plan_rcpt(w, j, i, deadline, &v[n]);
	store_all(w, j->number, v, n);
	send_answers(w);
	if (l->crowded)
		boxes_close(&w->boxes);
	l->crowded = false;
}

/* We have too many descriptors open for its file. */
static void
refuse(struct worker *w, const struct job *j)
{
	memcpy(w->l->id, j->id.p, ID_SIZE - 1);
	for (uint32_t i = 0; i < j->nrcpt; i++)
		fate(w, j->number, i, store_failed(w->l, EMFILE));
	job_print_done(&w->answers, j->number, false);
	send_answers(w);
	boxes_close(&w->boxes);
}

static void
sync_all(struct worker *w)
{
	bool ok = lazy_sync(&w->lazy) == 0;

	if (!ok)
		log_event("trouble", "err", fail_last(), NULL);
	must_send(job_say_synced(w->runner, ok));
}

/* ------------------------------------------------------------------ loop */

/* One request.  False: it was the last. */
static bool
serve(struct worker *w)
{
	struct job j;
	int file;

	switch (job_recv(w->runner, w->l->arena, NOW_NEVER, &j, &file)) {
	case JOB_END:
		return false;
	case JOB_JOB:
		work(w, &j, file);
		close(file);
		break;
	case JOB_SYNC:
		sync_all(w);
		break;
	default:
		if (errno != EMFILE || j.nrcpt == 0)
			die(EXIT_TEMP);
		refuse(w, &j);
	}
	arena_reset(w->l->arena);
	return true;
}

/* Without children there is only the runner to wait for. */
static void
loop(struct worker *w)
{
	for (;;) {
		struct pollfd p[] = {{.fd = w->runner, .events = POLLIN},
		    {.fd = w->signals, .events = POLLIN},
		    {.fd = w->hands.notes[0], .events = POLLIN}};

		if (w->children > 0 && poll(p, 3, -1) < 0 && errno != EINTR)
			die(EXIT_TEMP);
		/* A child's note is there before its end is. */
		if (p[1].revents)
			reap(w, WNOHANG);
		if (p[1].revents || p[2].revents)
			read_notes(w);
		if ((w->children == 0 || p[0].revents) && !serve(w))
			return;
	}
}

/* Descriptor 0 is not for the programs that we start. */
static void
open_all(struct worker *w)
{
	sigset_t child;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	w->runner = fcntl(0, F_DUPFD_CLOEXEC, 3);
	w->signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
	if (null < 0 || w->runner < 0 || w->signals < 0 || dup2(null, 0) < 0 ||
	    pipe2(w->hands.notes, O_CLOEXEC | O_NONBLOCK) < 0) {
		fail("start as a worker", NULL);
		die(EXIT_TEMP);
	}
	close(null);
}

void
worker_run(struct local *l)
{
	static struct worker w;

	w.l = l;
	open_all(&w);
	cache_init(&w.cache, l->root);
	l->cache = &w.cache;
	lazy_init(&w.lazy);
	buf_init(&w.answers, JOB_PACKET);
	loop(&w);
	hands_end(&w.hands);
	reap(&w, 0);
	read_notes(&w);
}
