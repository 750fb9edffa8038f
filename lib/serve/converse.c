/* SPDX-License-Identifier: ISC */
/* Conversations with a checker. */
#define _GNU_SOURCE
#include "serve/converse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "base/scan.h"
#include "conf/settings.h"
#include "io/file.h"
#include "io/spawn.h"

#define READ_MAX (CONVERSE_ANSWER + 16) /* with the netstring's frame */

/* What has been said on the way to a verdict. */
struct heard {
	bool success, malformed;
	int64_t until; /* for all that it says, but for the delay it asks for */
};

static int64_t
deadline(void)
{
	return now_plus_s(settings_num("CHECKER_TIMEOUT"));
}

/* The conversation is over: result as slow_leave() has it.  A checker that is
 * still there is not needed any more. */
static void
end(struct converse *c, int result)
{
	int err = errno; /* fail_last() is for the caller */

	if (c->asked)
		slow_leave(&c->slow, result, (int)settings_num("LOGIN_DELAY"));
	c->asked = false;
	if (c->pid > 0) {
		close(c->to);
		close(c->from);
		spawn_wait(c->pid, now_plus_s(0));
	}
	c->pid = 0;
	buf_wipe(&c->in);
	errno = err;
}

void
converse_end(struct converse *c)
{
	end(c, -1);
	buf_free(&c->data);
}

static int
start(struct converse *c, const struct converse_with *w)
{
	char mechanism[64], offered[256];
	const char *const vars[] = {mechanism, offered, NULL};
	int in[2], out[2];

	snprintf(
	    mechanism, sizeof(mechanism), "CHECKPW_MECHANISM=%s", c->mechanism);
	snprintf(offered, sizeof(offered), "CHECKPW_OFFERED=%s", w->offered);
	if (pipe2(in, O_CLOEXEC) < 0)
		return fail("pipe", NULL);
	if (pipe2(out, O_CLOEXEC) < 0) {
		close(in[0]);
		close(in[1]);
		return fail("pipe", NULL);
	}
	c->pid = checker_start(w->checker, in[0], out[1], vars);
	close(in[0]);
	close(out[1]);
	c->to = in[1];
	c->from = out[0];
	if (c->pid < 0) {
		close(c->to);
		close(c->from);
		c->pid = 0;
		return -1;
	}
	return 0;
}

/* A netstring to the checker.  There is never more than one on its way, which
 * fits into the pipe: this does not block. */
static int
send_message(struct converse *c, struct str message)
{
	struct buf b;
	int r;

	buf_init(&b, CONVERSE_MESSAGE + 16);
	buf_netstr(&b, message);
	r = b.over ? -1 : file_write(c->to, b.p, b.n);
	buf_wipe(&b);
	return r < 0 ? fail("write to the checker", NULL) : 0;
}

/* More of what it says: 1, 0 there is no more, -1 failed, or it is too late. */
static int
read_more(struct converse *c, int64_t until)
{
	int more = checker_wait(c->from, c->pid, until);
	char part[1024];
	ssize_t n;

	if (more <= 0)
		return more < 0 ? fail_text(ETIMEDOUT, "the checker is slow")
		                : 0;
	do
		n = read(c->from, part, sizeof(part));
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? fail("read from the checker", NULL) : 0;
	buf_put(&c->in, part, (size_t)n);
	return c->in.over ? fail_text(EPROTO, "the checker says too much") : 1;
}

/* Its next message, which points into c->in, and *used octets of it.  Returns
 * 1; 0 it has ended instead; -1. */
static int
hear(struct converse *c, struct str *message, size_t *used, int64_t until)
{
	for (;;) {
		struct scan s = scan_make(buf_slice(&c->in));
		int r;

		if (c->in.n > 0 && scan_netstr(&s, CONVERSE_ANSWER, message)) {
			*used = (size_t)(s.p - c->in.p);
			return message->n > 0 ? 1
			                      : fail_text(EPROTO,
						    "the checker is malformed");
		}
		r = read_more(c, until);
		if (r == 0 && c->in.n > 0)
			return fail_text(EPROTO, "the checker is malformed");
		if (r <= 0)
			return r;
	}
}

/* T: wait as long as the failures want. */
static int
delay(struct converse *c, const struct converse_with *w, struct str name)
{
	/* Who does not say whom he means is known by where he comes from. */
	struct str account = name.n > 0 ? name : str_z(w->source);

	if (c->asked || str_copy(c->name, sizeof(c->name), name) < 0)
		return fail_text(EPROTO, "the checker is malformed");
	c->asked = true;
	if (!slow_enter(&c->slow, w->root, w->source, account,
		(int)settings_num("LOGIN_DELAY")))
		return fail_text(EAGAIN, "too many tries at once");
	return send_message(c, STR(""));
}

/* How it has ended, and what that means. */
static char
judge(struct converse *c, const struct heard *h, struct checker_reply *reply)
{
	pid_t pid = c->pid;
	int status;

	close(c->to);
	close(c->from);
	c->pid = 0;
	status = spawn_wait(pid, h->until);
	if (status == 1 && h->malformed)
		return 'b';
	if ((status == 0 || status == 1 || status == 3) && !c->asked) {
		fail_text(EPROTO, "the checker judges before it may");
		return 't';
	}
	if (status == 0 && h->success) {
		reply->verdict = CHECKER_OK;
		return 'y';
	}
	if (status == 1 || status == 3)
		return 'n';
	fail_text(EAGAIN, status == 0 || status == 2 || status == EXIT_PERM
			      ? "the checker does not know this mechanism"
			      : "the checker failed");
	return 't';
}

static int
take_reply(struct checker_reply *reply, struct str text)
{
	if (text.n > sizeof(reply->text))
		return fail_text(EPROTO, "the checker's reply is too long");
	memcpy(reply->text, text.p, text.n);
	return checker_reply_parse(reply, text.n);
}

/* One message of the checker's: 1 there may be more, 0 it is the client's turn,
 * -1 failed. */
static int
take(struct converse *c, const struct converse_with *w, struct str message,
    struct heard *h, struct checker_reply *reply)
{
	struct str text = str_from(message, 1);

	switch (message.p[0]) {
	case 'C':
		buf_str(&c->data, text);
		return 0;
	case 'T':
		if (delay(c, w, text) < 0)
			return -1;
		h->until = deadline();
		return 1;
	case 'D':
	case 'F':
		buf_reset(&c->data);
		buf_str(&c->data, text);
		return 1;
	case 'R':
		h->success = true;
		return take_reply(reply, text) < 0 ? -1 : 1;
	case 'B':
		h->malformed = true;
		return 1;
	default:
		return fail_text(EPROTO, "the checker is malformed");
	}
}

/* Listen until it is the client's turn, or the checker has ended. */
static char
listen_on(struct converse *c, const struct converse_with *w,
    struct checker_reply *reply)
{
	struct heard h = {.until = deadline()};

	for (;;) {
		struct str message;
		size_t used = 0;
		int r = hear(c, &message, &used, h.until);

		if (r == 0)
			return judge(c, &h, reply);
		if (r > 0)
			r = take(c, w, message, &h, reply);
		if (r <= 0)
			buf_reset(&c->in);
		else
			buf_eat(&c->in, used);
		if (r <= 0)
			return r < 0 ? 't' : 'c';
	}
}

static int
begin(struct converse *c, const struct converse_with *w, struct str mechanism)
{
	converse_end(c);
	buf_init(&c->in, READ_MAX);
	buf_init(&c->data, CONVERSE_ANSWER);
	c->name[0] = '\0';
	if (str_copy(c->mechanism, sizeof(c->mechanism), mechanism) < 0)
		return fail_text(EPROTO, "no such mechanism");
	return start(c, w);
}

char
converse(struct converse *c, const struct converse_with *w,
    struct str mechanism, struct str message, struct checker_reply *reply)
{
	char verdict = 't';

	reply->verdict = CHECKER_BUSY;
	if (mechanism.n == 0 && c->pid == 0)
		return 'b';
	if (mechanism.n > 0 && begin(c, w, mechanism) < 0)
		return 't';
	buf_reset(&c->data);
	if (send_message(c, message) == 0)
		verdict = listen_on(c, w, reply);
	if (verdict != 'c')
		end(c, verdict == 'y' ? 1 : verdict == 'n' ? 0 : -1);
	return verdict;
}
