/* SPDX-License-Identifier: ISC */
/* Requests are pairs of netstrings, as the envelope is; answers are lines.
 *
 *	3:job,1:7,2:id,21:…,6:sender,16:ann@example.test,4:body,…
 *	7 0 K 2.0.0 stored
 *	7 done unsynced
 *
 * A packet is whole or not there: no framing, no half of anything. */
#include "queue/job.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/id.h"
#include "base/now.h"
#include "base/num.h"
#include "base/scan.h"
#include "io/packet.h"
#include "io/wait.h"

#define KEY_MAX 16
#define VALUE_MAX 4096

/* -------------------------------------------------------------- packets */

/* Returns 0 or -1; waits when `wait` says so. */
static int
send_packet(int fd, struct str s, int file, bool wait)
{
	return packet_send(fd, s, &file, file >= 0, wait) < 0
	           ? fail("send to the delivery's socket", NULL)
	           : 0;
}

/* Returns the octets read, 0 at the end, -1 failed.  *file is the descriptor
 * that came along, or -1; further ones are closed. */
static ssize_t
recv_packet(int fd, char *to, size_t size, bool wait, int *file)
{
	int fds[PACKET_FDS], nfds;
	ssize_t n = packet_receive(fd, to, size, fds, &nfds, wait);

	*file = nfds > 0 ? fds[0] : -1;
	while (nfds > 1)
		close(fds[--nfds]);
	return n < 0 ? fail("read the delivery's socket", NULL) : n;
}

/* ------------------------------------------------------------- requests */

static void
pair(struct buf *b, const char *key, struct str value)
{
	buf_netstr(b, str_z(key));
	buf_netstr(b, value);
}

static void
pair_num(struct buf *b, const char *key, uint64_t v)
{
	char number[NUM_SIZE];

	num_print(number, v);
	pair(b, key, str_z(number));
}

static void
pair_flag(struct buf *b, const char *key, bool set)
{
	if (set)
		pair(b, key, STR("1"));
}

static void
print_rcpt(struct buf *b, const struct job_rcpt *r)
{
	pair(b, "rcpt", r->addr);
	pair_num(b, "number", r->number);
	pair_flag(b, "again", r->again);
	if (r->notify)
		pair_num(b, "notify", r->notify);
	if (r->orcpt.n)
		pair(b, "orcpt", r->orcpt);
}

static void
print_job(struct buf *b, const struct job *j)
{
	pair_num(b, "job", j->number);
	pair(b, "id", j->id);
	pair(b, "sender", j->sender);
	pair(b, "domain", j->domain);
	pair_num(b, "at", j->body_at);
	pair_num(b, "length", j->body_len);
	if (j->envid.n)
		pair(b, "envid", j->envid);
	if (j->ret)
		pair(b, "ret", str_make(&j->ret, 1));
	pair_flag(b, "8bit", j->eight_bit);
	pair_flag(b, "utf8", j->utf8);
	pair_flag(b, "unsynced", j->unsynced);
	pair_flag(b, "rewrite", j->rewrite);
	for (size_t i = 0; i < j->nrcpt; i++)
		print_rcpt(b, &j->rcpts[i]);
}

int
job_send(int fd, const struct job *j, int file)
{
	struct buf b;
	int r;

	buf_init(&b, JOB_PACKET);
	print_job(&b, j);
	if (b.over || j->nrcpt == 0 || j->nrcpt > JOB_RCPTS) {
		errno = EMSGSIZE;
		r = fail("job", NULL);
	} else {
		r = send_packet(fd, buf_slice(&b), file, false);
	}
	buf_free(&b);
	return r;
}

int
job_send_sync(int fd)
{
	return send_packet(fd, STR("4:sync,1:1,"), -1, false);
}

static bool
take_num(struct str value, uint64_t max, uint64_t *to)
{
	return num_scan(value, max, to) == 0;
}

static bool
take_number(struct str value, uint32_t *to)
{
	uint64_t n;

	if (!take_num(value, UINT32_MAX, &n))
		return false;
	*to = (uint32_t)n;
	return true;
}

static bool
take_of_rcpt(struct job_rcpt *r, struct str key, struct str value)
{
	uint64_t n;

	if (str_eq(key, STR("number")))
		return take_number(value, &r->number);
	if (str_eq(key, STR("again")))
		r->again = true;
	if (str_eq(key, STR("orcpt")))
		r->orcpt = value;
	if (!str_eq(key, STR("notify")))
		return true;
	if (!take_num(value, 15, &n))
		return false;
	r->notify = (unsigned)n;
	return true;
}

static bool *
flag_of(struct job *j, struct str key)
{
	if (str_eq(key, STR("8bit")))
		return &j->eight_bit;
	if (str_eq(key, STR("utf8")))
		return &j->utf8;
	if (str_eq(key, STR("unsynced")))
		return &j->unsynced;
	return str_eq(key, STR("rewrite")) ? &j->rewrite : NULL;
}

static struct str *
text_of(struct job *j, struct str key)
{
	if (str_eq(key, STR("id")))
		return &j->id;
	if (str_eq(key, STR("sender")))
		return &j->sender;
	if (str_eq(key, STR("domain")))
		return &j->domain;
	return str_eq(key, STR("envid")) ? &j->envid : NULL;
}

static bool
take(struct job *j, struct job_rcpt *rcpts, struct str key, struct str value)
{
	struct str *text = text_of(j, key);
	bool *flag = flag_of(j, key);

	if (str_eq(key, STR("rcpt"))) {
		if (j->nrcpt == JOB_RCPTS || value.n == 0)
			return false;
		rcpts[j->nrcpt++].addr = value;
		return true;
	}
	if (j->nrcpt > 0)
		return take_of_rcpt(&rcpts[j->nrcpt - 1], key, value);
	if (text)
		*text = value;
	else if (flag)
		*flag = true;
	else if (str_eq(key, STR("job")))
		return take_number(value, &j->number);
	else if (str_eq(key, STR("at")))
		return take_num(value, INT64_MAX, &j->body_at);
	else if (str_eq(key, STR("length")))
		return take_num(value, INT64_MAX, &j->body_len);
	else if (str_eq(key, STR("ret")) && value.n == 1)
		j->ret = value.p[0];
	return true;
}

/* Returns an enum job_request, or -1 EPROTO. */
static int
scan_request(struct str text, struct arena *a, struct job *j)
{
	struct scan s = scan_make(text);
	struct job_rcpt *rcpts = arena_array(a, JOB_RCPTS, sizeof(*rcpts));
	struct str key, value;

	memset(j, 0, sizeof(*j));
	while (!scan_end(&s)) {
		if (!scan_netstr(&s, KEY_MAX, &key) ||
		    !scan_netstr(&s, VALUE_MAX, &value))
			return fail_text(EPROTO, "not a request");
		if (str_eq(key, STR("sync")))
			return JOB_SYNC;
		if (!take(j, rcpts, key, value))
			return fail_text(EPROTO, "a request with a bad value");
	}
	j->rcpts = rcpts;
	if (!id_valid(j->id) || j->nrcpt == 0)
		return fail_text(EPROTO, "a request without id or recipient");
	return JOB_JOB;
}

int
job_recv(int fd, struct arena *a, int64_t deadline, struct job *j, int *file)
{
	char text[JOB_PACKET];
	int r = deadline == NOW_NEVER ? 1 : wait_readable(fd, deadline);
	ssize_t n;

	*file = -1;
	j->nrcpt = 0;
	if (r == 0) {
		errno = ETIMEDOUT;
		return fail("no request", NULL);
	}
	n = r < 0 ? -1 : recv_packet(fd, text, sizeof(text), true, file);
	if (n == 0)
		return JOB_END;
	r = n < 0 ? -1
	          : scan_request(arena_str(a, str_make(text, (size_t)n)), a, j);
	if (r == JOB_JOB && *file < 0)
		r = fail_text(EMFILE, "a request without its file");
	if (r != JOB_JOB && *file >= 0) {
		close(*file);
		*file = -1;
	}
	return r;
}

/* -------------------------------------------------------------- answers */

void
job_print(
    struct buf *b, uint32_t number, uint32_t index, const struct result *r)
{
	buf_fmt(b, "%u %u %c %.*s ", number, index, (char)r->kind,
	    STR_FMT(r->status));
	for (size_t i = 0; i < r->text.n && i < RESULT_TEXT; i++)
		buf_chr(b, r->text.p[i] == '\n' ? ' ' : r->text.p[i]);
	buf_chr(b, '\n');
}

void
job_print_done(struct buf *b, uint32_t number, bool unsynced)
{
	buf_fmt(b, "%u done%s\n", number, unsynced ? " unsynced" : "");
}

int
job_answer(int fd, struct buf *b)
{
	int r = b->n == 0 ? 0 : send_packet(fd, buf_slice(b), -1, true);

	buf_reset(b);
	return r;
}

int
job_say(int fd, uint32_t number, uint32_t index, const struct result *r)
{
	struct buf b;
	int ok;

	buf_init(&b, JOB_PACKET);
	job_print(&b, number, index, r);
	ok = job_answer(fd, &b);
	buf_free(&b);
	return ok;
}

int
job_say_done(int fd, uint32_t number, bool unsynced)
{
	struct buf b;
	int ok;

	buf_init(&b, 64);
	job_print_done(&b, number, unsynced);
	ok = job_answer(fd, &b);
	buf_free(&b);
	return ok;
}

int
job_say_synced(int fd, bool ok)
{
	return send_packet(
	    fd, ok ? STR("synced\n") : STR("unsynced\n"), -1, true);
}

int
job_read(int fd, struct buf *b)
{
	char *to;
	ssize_t n;
	int file;

	buf_reset(b);
	to = buf_room(b, JOB_PACKET);
	if (!to) {
		errno = EMSGSIZE;
		return fail("read the delivery's socket", NULL);
	}
	n = recv_packet(fd, to, JOB_PACKET, false, &file);
	if (file >= 0)
		close(file);
	b->n = n > 0 ? (size_t)n : 0;
	return n > 0 ? 1 : (int)n;
}

static bool
scan_number(struct scan *s, uint32_t *to)
{
	uint64_t n;

	if (!scan_num(s, UINT32_MAX, &n))
		return false;
	*to = (uint32_t)n;
	return scan_try(s, ' ');
}

static int
scan_line(struct str line, struct arena *a, struct job_answer *to)
{
	struct scan s = scan_make(line);

	if (str_eq(line, STR("synced")) || str_eq(line, STR("unsynced"))) {
		to->word = JOB_SYNCED;
		to->ok = line.p[0] == 's';
		return 1;
	}
	if (!scan_number(&s, &to->number))
		return -1;
	to->word = JOB_DONE;
	to->unsynced = str_eq(scan_rest(&s), STR("done unsynced"));
	if (to->unsynced || str_eq(scan_rest(&s), STR("done")))
		return 1;
	to->word = JOB_FATE;
	if (!scan_number(&s, &to->index))
		return -1;
	return result_scan(scan_rest(&s), a, &to->result) < 0 ? -1 : 1;
}

int
job_next(struct str *text, struct arena *a, struct job_answer *to)
{
	struct str line;

	memset(to, 0, sizeof(*to));
	do
		if (!str_cut(text, '\n', &line))
			return 0;
	while (line.n == 0);
	if (scan_line(line, a, to) < 0)
		return fail_text(EPROTO, "not an answer of a delivery");
	return 1;
}
