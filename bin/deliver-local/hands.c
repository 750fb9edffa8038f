/* SPDX-License-Identifier: ISC */
/* The long-lived children of a worker that is root, one for each owner.  A
 * request to one is a packet: what is below, as it lies in memory, for both
 * sides are the same program; with it come the message's file and the Maildirs,
 * for the owner may not be allowed to pass the folders above. */
#define _GNU_SOURCE
#include "worker.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "io/drop.h"
#include "io/packet.h"
#include "queue/job.h"
#include "serve/sandbox.h"

struct request {
	uint32_t number, n;
	bool whole, unsynced, rewrite;
	char id[ID_SIZE];
	uint64_t at, len;
	size_t sender_n;
}; /* n struct request_target, then the texts */

struct request_target {
	uint32_t index, number;
	bool again;
	struct quota_limit limit;
	size_t recipient_n;
};

_Static_assert(1 + JOB_RCPTS <= PACKET_FDS, "a job fits");

/* ---------------------------------------------------------- in the child */

static struct str
take_text(const char **p, size_t n)
{
	struct str s = str_make(*p, n);

	*p += n;
	return s;
}

/* No descriptors came when we have too many open. */
static struct target *
unpack(struct local *l, const struct request *r, const int *fds, int nfds)
{
	const char *p = (const char *)(r + 1);
	struct target *v = arena_array(l->arena, r->n, sizeof(*v));
	struct request_target t;
	const char *text = p + r->n * sizeof(t);

	memcpy(l->id, r->id, ID_SIZE);
	l->unsynced = r->unsynced;
	l->rewrite = r->rewrite;
	l->sender = take_text(&text, r->sender_n);
	message_in(&l->m, nfds > 0 ? fds[0] : -1, r->at, r->len);
	for (size_t i = 0; i < r->n; i++) {
		memcpy(&t, p + i * sizeof(t), sizeof(t));
		v[i] = (struct target){.fd = nfds > 0 ? fds[i + 1] : -1,
		    .recipient = take_text(&text, t.recipient_n),
		    .index = t.index,
		    .number = t.number,
		    .again = t.again,
		    .limit = t.limit};
	}
	return v;
}

static void
refuse(struct local *l, struct target *v, size_t n)
{
	errno = EMFILE;
	fail("receive a job", NULL);
	for (size_t i = 0; i < n; i++)
		v[i].result = store_failed(l, EMFILE);
}

static void
work(struct worker *w, const struct request *r, const int *fds, int nfds,
    bool able)
{
	struct local *l = w->l;
	struct target *v = unpack(l, r, fds, nfds);
	struct note note = {r->number};
	struct buf b;

	if (able && nfds > 0)
		store(l, v, r->n);
	else
		refuse(l, v, r->n);
	buf_init(&b, JOB_PACKET);
	for (size_t i = 0; i < r->n; i++)
		job_print(&b, r->number, v[i].index, &v[i].result);
	if (r->whole)
		job_print_done(&b, r->number, r->unsynced);
	/* When the runner is gone our parent will notice. */
	if (job_answer(w->runner, &b) < 0 && errno != EPIPE)
		_exit(EXIT_TEMP);
	buf_free(&b);
	if (!r->whole && write(w->hands.notes[1], &note, sizeof(note)) !=
			     (ssize_t)sizeof(note))
		_exit(EXIT_TEMP);
}

_Noreturn static void
hand(struct worker *w, uid_t uid, gid_t gid, int fd)
{
	static _Alignas(struct request) char packet[JOB_PACKET];
	struct drop d = {uid, gid, {gid}, 1};
	bool able = drop_to(&d) == 0;
	int fds[PACKET_FDS], nfds;

	sandbox_enter("hand", NULL, 0);
	if (!able)
		log_event("trouble", "err", fail_last(), NULL);
	for (;;) {
		ssize_t n = packet_receive(
		    fd, packet, sizeof(packet), fds, &nfds, true);

		if (n <= 0)
			_exit(n == 0 ? 0 : EXIT_TEMP);
		arena_reset(w->l->arena);
		work(w, (const struct request *)(const void *)packet, fds, nfds,
		    able);
		for (int i = 0; i < nfds; i++)
			close(fds[i]);
	}
}

/* --------------------------------------------------------- in the parent */

void
hands_end(struct hands *h)
{
	for (size_t i = 0; i < h->n; i++)
		close(h->v[i].fd);
	h->n = 0;
}

bool
hands_has(const struct hands *h, pid_t pid)
{
	for (size_t i = 0; i < h->n; i++)
		if (h->v[i].pid == pid)
			return true;
	return false;
}

static int
start(struct worker *w, uid_t uid, gid_t gid, struct hand *to)
{
	int s[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0)
		return fail("socketpair", NULL);
	*to = (struct hand){.uid = uid, .gid = gid, .fd = s[0]};
	to->pid = fork();
	if (to->pid == 0) {
		worker_forget(w);
		close(w->l->m.fd);
		close(s[0]);
		hand(w, uid, gid, s[1]);
	}
	close(s[1]);
	if (to->pid > 0) {
		w->children++;
		return 0;
	}
	close(s[0]);
	return fail("fork", NULL);
}

/* The one of this owner, which is started when there is none. */
static struct hand *
hand_of(struct worker *w, uid_t uid, gid_t gid)
{
	struct hands *h = &w->hands;
	struct hand *x = h->v, *oldest = h->v;

	for (; x < h->v + h->n; x++) {
		if (x->uid == uid && x->gid == gid)
			return x;
		if (x->used < oldest->used)
			oldest = x;
	}
	if (h->n == HANDS) {
		close(oldest->fd);
		*oldest = h->v[--h->n];
	}
	x = &h->v[h->n];
	if (start(w, uid, gid, x) < 0)
		return NULL;
	h->n++;
	return x;
}

static void
pack(struct buf *b, const struct local *l, struct request *r,
    const struct target *v)
{
	memcpy(r->id, l->id, ID_SIZE);
	r->unsynced = l->unsynced;
	r->rewrite = l->rewrite;
	r->at = l->m.at;
	r->len = l->m.len;
	r->sender_n = l->sender.n;
	buf_put(b, r, sizeof(*r));
	for (size_t i = 0; i < r->n; i++) {
		struct request_target t = {.index = v[i].index,
		    .number = v[i].number,
		    .again = v[i].again,
		    .limit = v[i].limit,
		    .recipient_n = v[i].recipient.n};

		buf_put(b, &t, sizeof(t));
	}
	buf_str(b, l->sender);
	for (size_t i = 0; i < r->n; i++)
		buf_str(b, v[i].recipient);
}

int
hands_give(struct worker *w, uint32_t number, uid_t uid, gid_t gid,
    const struct target *v, size_t n, bool whole)
{
	struct request r = {.number = number, .n = (uint32_t)n, .whole = whole};
	struct hand *x = hand_of(w, uid, gid);
	int fds[PACKET_FDS];
	struct buf b;
	int sent;

	if (!x)
		return -1;
	x->used = ++w->hands.clock;
	fds[0] = w->l->m.fd;
	for (size_t i = 0; i < n; i++)
		fds[1 + i] = v[i].fd;
	buf_init(&b, JOB_PACKET);
	pack(&b, w->l, &r, v);
	sent = packet_send(x->fd, buf_slice(&b), fds, (int)n + 1, true);
	buf_free(&b);
	return sent < 0 ? fail("hand over a delivery", NULL) : 0;
}
