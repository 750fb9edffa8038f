/* SPDX-License-Identifier: ISC */
/* yubin-inject: the sendmail command line.  A message on standard input goes
 * into the queue; silence is success. */
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "args.h"
#include "base/fail.h"
#include "base/id.h"
#include "base/log.h"
#include "base/now.h"
#include "conf/libexec.h"
#include "conf/settings.h"
#include "head.h"
#include "io/file.h"
#include "io/in.h"
#include "lines.h"
#include "proto/smtp_dsn.h"
#include "queue/put.h"
#include "rcpts.h"
#include "serve/sandbox.h"
#include "serve/session.h"

#define HEADER_MAX ((size_t)1 << 20) /* octets; RFC 5322 sets no limit */
#define CHUNK 16384

struct inject {
	struct args args;
	struct lines lines;
	struct rcpts rcpts;
	struct smtp_path sender;
	struct arena arena;
	char id[ID_SIZE];
	char host[256];
	char login[256]; /* who calls us */
	struct in in;
	char storage[CHUNK];
	struct buf text; /* the header, then pieces of the body */
	bool finished;   /* all input is read */
	uint64_t size, max_size;
	struct queue_put put;
};

_Noreturn static void
die_by_errno(void)
{
	die(errno == EINVAL || errno == E2BIG || errno == EFBIG ||
		    errno == EMSGSIZE
		? EXIT_PERM
		: EXIT_TEMP);
}

/* -bs: become the SMTP server, for which everything local is welcome. */
_Noreturn static void
become_smtpd(void)
{
	char path[4096];

	if (libexec_path(path, sizeof(path), "smtpd") < 0 ||
	    setenv("RELAY_CLIENT", "1", 1) < 0)
		die(EXIT_TEMP);
	execl(path, path, (char *)NULL);
	fail("exec ", path);
	die(EXIT_TEMP);
}

/* Read one more piece of input into i->text, in its final form. */
static int
read_piece(struct inject *i)
{
	struct str data;
	size_t before = i->text.n;
	int r = in_peek(&i->in, &data);

	if (r < 0)
		return fail("read the message", NULL);
	if (r > 0) {
		r = lines_feed(&i->lines, data, &i->text);
		in_eat(&i->in, data.n);
	} else {
		r = lines_end(&i->lines, &i->text);
	}
	i->finished = r == 0;
	i->size += i->text.n - before;
	if (r >= 0 && i->size > i->max_size)
		return fail_text(EFBIG, "message too large (MAX_MESSAGE)");
	return r < 0 ? -1 : 0;
}

static int
read_header(struct inject *i)
{
	/* What goes on as it is needs no header. */
	if (i->args.as_is && !i->args.from_header)
		return read_piece(i);
	while (!i->finished && !head_complete(buf_slice(&i->text))) {
		if (i->text.n > HEADER_MAX)
			return fail_text(EFBIG, "header too large");
		if (read_piece(i) < 0)
			return -1;
	}
	return 0;
}

static void
default_sender(struct inject *i)
{
	const char *name = i->login;

	if (!*name || smtp_path_make(str_z(name), str_z(i->host),
			  SMTP_PATH_UTF8, &i->sender) < 0)
		smtp_path_make(
		    STR("nobody"), str_z(i->host), SMTP_PATH_UTF8, &i->sender);
}

static int
envelope(struct inject *i)
{
	const struct args *a = &i->args;

	if (!a->sender)
		default_sender(i);
	else if (rcpts_one(i->host, str_z(a->sender), &i->arena, &i->sender) <
		 0)
		return -1;
	for (size_t k = 0; k < a->nrcpt; k++)
		if (rcpts_add(&i->rcpts, str_z(a->rcpts[k])) < 0)
			return -1;
	if (a->from_header && rcpts_add_header(&i->rcpts,
				  head_skip_from(buf_slice(&i->text))) < 0)
		return -1;
	if (i->rcpts.n == 0)
		return fail_text(EINVAL, "no recipients");
	return 0;
}

static void
write_header(struct inject *i, int64_t now_s)
{
	struct head h = {.id = i->id,
	    .host = i->host,
	    .sender = i->sender.text,
	    .name = i->args.name ? i->args.name : "",
	    .uid = (unsigned)getuid(),
	    .now_s = now_s};
	struct buf b;

	buf_init(&b, 2 * HEADER_MAX + 4 * CHUNK);
	head_complete_to(&h, buf_slice(&i->text), &b);
	queue_put_data(&i->put, b.p, b.n);
	buf_free(&b);
}

/* Whether an address needs SMTPUTF8 (RFC 6531). */
static bool
needs_utf8(const struct inject *i)
{
	bool high = !str_is_ascii(smtp_path_text(&i->sender));

	for (size_t k = 0; k < i->rcpts.n && !high; k++)
		high = !str_is_ascii(i->rcpts.list[k].addr);
	return high;
}

/* Who forwards a message as it is hands on what the recipient was called
 * (RFC 3461 4.2), too. */
static struct str
original_recipient(struct inject *i)
{
	const char *value = i->args.as_is ? getenv("YUBIN_ORCPT") : NULL;
	struct str orcpt = STR("");
	struct buf b;

	buf_init(&b, SMTP_DSN_ORCPT);
	if (value && smtp_dsn_orcpt(str_z(value), true, &b) == 0 && !b.over)
		orcpt = arena_str(&i->arena, buf_slice(&b));
	buf_free(&b);
	return orcpt;
}

static int
write_message(struct inject *i)
{
	struct str orcpt = original_recipient(i);
	int64_t now_s = now_wall_s();
	struct envelope e = {.id = str_z(i->id),
	    .sender = smtp_path_text(&i->sender),
	    .received_s = now_s,
	    .client_ip = STR("local"),
	    .eight_bit = head_eight_bit(buf_slice(&i->text)),
	    .utf8 = needs_utf8(i),
	    .envid = buf_slice(&i->args.envid),
	    .ret = i->args.ret,
	    .rcpts = i->rcpts.list,
	    .nrcpt = i->rcpts.n};

	for (size_t k = 0; k < i->rcpts.n; k++) {
		i->rcpts.list[k].notify = i->args.notify;
		i->rcpts.list[k].orcpt = orcpt;
	}
	if (queue_put_begin(&i->put, settings_root(), &e, 0) < 0)
		return -1;
	if (i->args.as_is)
		queue_put_data(&i->put, i->text.p, i->text.n);
	else
		write_header(i, now_s);
	while (!i->finished) {
		buf_reset(&i->text);
		if (read_piece(i) < 0) {
			int err = errno;

			queue_put_abort(&i->put);
			errno = err;
			return -1;
		}
		queue_put_data(&i->put, i->text.p, i->text.n);
	}
	return queue_put_commit(&i->put);
}

static void
start(struct inject *i)
{
	size_t max_rcpts = (size_t)settings_num("MAX_RECIPIENTS");
	const struct passwd *pw = i->args.sender ? NULL : getpwuid(getuid());
	const char *login = pw ? pw->pw_name : getenv("LOGNAME");

	snprintf(i->login, sizeof(i->login), "%s", login ? login : "");
	i->max_size = (uint64_t)settings_num("MAX_MESSAGE");
	serve_hostname(i->host);
	id_make(i->id);
	log_context("id", i->id);
	/* What goes on as it is was accepted before, by these very limits,
	 * and has grown since. */
	if (i->args.as_is) {
		i->max_size = UINT64_MAX;
		max_rcpts = ENVELOPE_RCPTS;
	}
	arena_init(&i->arena, (size_t)64 << 20);
	rcpts_init(&i->rcpts, &i->arena, i->host, max_rcpts);
	in_init(&i->in, 0, NULL, i->storage, sizeof(i->storage));
	lines_init(&i->lines, i->args.dots);
	buf_init(&i->text, HEADER_MAX + 4 * CHUNK);
}

/* Users want silence; who forwards as it is logs where it goes on. */
static void
report(const struct inject *i)
{
	const char *rcpts = log_num(i->rcpts.n), *size = log_num(i->size);

	if (i->args.as_is)
		log_event("accepted", "orig", getenv("YUBIN_ID"), "from",
		    i->sender.text, "rcpts", rcpts, "size", size, NULL);
	else
		log_debug("accepted", "from", i->sender.text, "rcpts", rcpts,
		    "size", size, NULL);
}

static void
confine(void)
{
	static char queue[PATH_MAX];

	if (file_join(queue, sizeof(queue), settings_root(), "queue") < 0)
		die(EXIT_TEMP);
	sandbox_enter(
	    "inject", &(struct landlock_path){queue, LANDLOCK_WRITE}, 1);
}

int
main(int argc, char **argv)
{
	static struct inject i;

	serve_program("inject",
	    "[-itn] [-f sender] [-F name] [-N when] [-R what] "
	    "[-V id] [--] [address ...]",
	    argc, argv);
	if (args_read(&i.args, argc, argv) < 0)
		die(EXIT_PERM);
	if (i.args.mode == ARGS_SMTP)
		become_smtpd();
	if (i.args.mode == ARGS_NOTHING)
		return 0;
	start(&i);
	confine();
	if (read_header(&i) < 0 || envelope(&i) < 0 || write_message(&i) < 0)
		die_by_errno();
	report(&i);
	return 0;
}
