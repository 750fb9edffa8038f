/* SPDX-License-Identifier: ISC */
/* The session's loop: greet, read, look up, call, answer. */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "base/log.h"
#include "msg/b64.h"
#include "proto/imap_write.h"
#include "read.h"
#include "sync.h"
#include "table.h"

const char *
imap_capabilities(void)
{
	return "IMAP4rev1 LITERAL+ IDLE UIDPLUS NAMESPACE UNSELECT ID CHILDREN "
	       "MOVE SPECIAL-USE CREATE-SPECIAL-USE LIST-EXTENDED LIST-STATUS "
	       "STATUS=SIZE ESEARCH MULTIAPPEND ENABLE QUOTA "
	       "QUOTA=RES-STORAGE QUOTA=RES-MESSAGE";
}

/* ------------------------------------------------------------- replies */

static enum reply
set_reply(struct imap *s, const char *code, const char *words, enum reply r)
{
	buf_reset(&s->reply);
	if (code)
		buf_fmt(&s->reply, "[%s] ", code);
	imap_put_text(&s->reply, str_z(words), 500);
	return r;
}

enum reply
imap_ok(struct imap *s, const char *code, const char *words)
{
	return set_reply(s, code, words, REPLY_OK);
}

enum reply
imap_no(struct imap *s, const char *code, const char *words)
{
	return set_reply(s, code, words, REPLY_NO);
}

enum reply
imap_bad(struct imap *s, const char *words)
{
	return set_reply(s, NULL, words ? words : "bad arguments", REPLY_BAD);
}

enum reply
imap_fail(struct imap *s)
{
	int err = errno;

	log_event("failed", "what", fail_last(), "command",
	    s->command ? s->command->name : NULL, NULL);
	switch (err) {
	case EDQUOT:
		return imap_no(s, "OVERQUOTA", "the quota is used up");
	case ENOSPC:
		return imap_no(s, "OVERQUOTA", "no space left");
	case EACCES:
	case EPERM:
	case EROFS:
		return imap_no(s, "NOPERM", "permission denied");
	case ENAMETOOLONG:
		return imap_no(s, "CANNOT", "name too long");
	default:
		return imap_no(
		    s, "UNAVAILABLE", "failed, see the server's log");
	}
}

enum reply
imap_bye(struct imap *s, const char *words)
{
	out_fmt(&s->serve.out, "* BYE %s\r\n", words);
	s->over = true;
	if (!s->why)
		s->why = words;
	return REPLY_NONE;
}

void
imap_flush_text(struct imap *s)
{
	out_str(&s->serve.out, buf_slice(&s->text));
	if (s->text.cap > IMAP_TEXT_KEEP)
		buf_free(&s->text);
	else
		buf_reset(&s->text);
}

void
imap_unselect(struct imap *s)
{
	if (s->selected)
		mailbox_close(&s->box);
	s->selected = false;
	s->last = (struct fetch_last){0};
}

/* ----------------------------------------------------------- arguments */

bool
imap_mailbox(struct imap *s, struct scan *args, struct str *name)
{
	if (!imap_astring(args, &s->arena, name))
		return false;
	if (str_ieq(*name, STR("INBOX")) || str_istarts(*name, STR("INBOX."))) {
		char *z = arena_z(&s->arena, *name);

		for (size_t i = 0; i < 5; i++)
			z[i] = ascii_upper(z[i]);
		*name = str_make(z, name->n);
	}
	return true;
}

/* The messages of one range: what it takes does not grow with the mailbox. */
struct span {
	size_t from, n;
};

static struct span
span(struct mailbox *m, const struct imap_range *r, bool uid)
{
	size_t from = r->lo - 1, to = r->hi;

	if (uid) {
		from = mailbox_seek(m, r->lo);
		to = r->hi < UINT32_MAX ? mailbox_seek(m, r->hi + 1) : m->n;
	}
	return (struct span){from, from < to ? to - from : 0};
}

bool
imap_select_set(struct imap *s, struct scan *args, struct imap_set *set,
    bool uid, size_t **index, size_t *n)
{
	struct mailbox *m = &s->box;
	struct span *spans;
	uint32_t last = m->n ? mailbox_uid(m, m->n - 1) : 0;

	imap_set_resolve(set, uid ? last : (uint32_t)m->n);
	if (!uid && imap_set_last(set) > m->n)
		return scan_fail(args, "no such message");
	spans = arena_array(&s->arena, set->n, sizeof(*spans));
	*n = 0;
	for (size_t k = 0; k < set->n; k++) {
		spans[k] = span(m, &set->r[k], uid);
		*n += spans[k].n;
	}
	*index = arena_array(&s->arena, *n, sizeof(**index));
	*n = 0;
	for (size_t k = 0; k < set->n; k++)
		for (size_t i = 0; i < spans[k].n; i++)
			(*index)[(*n)++] = spans[k].from + i;
	return true;
}

bool
imap_messages(struct imap *s, struct scan *args, size_t **index, size_t *n)
{
	struct imap_set set;

	return imap_set_scan(args, &s->arena, &set) &&
	       imap_select_set(s, args, &set, s->uid, index, n);
}

/* ---------------------------------------------------------- one command */

/* Everything a command wants to say is said: now its tagged line. */
static void
finish(struct imap *s, enum reply r)
{
	static const char *const words[] = {"OK", "NO", "BAD"};
	struct out *o = &s->serve.out;

	if (r == REPLY_NONE)
		return;
	s->bad = r == REPLY_BAD ? s->bad + 1 : 0;
	if (r != REPLY_BAD && !(s->command->bits & NO_SYNC)) {
		imap_sync(s, s->uid || !(s->command->bits & HOLDS_SEQ));
		if (s->over)
			return;
	}
	quota_flush(&s->quota);
	out_str(o, s->tag);
	out_fmt(o, " %s ", words[r]);
	if (s->reply.n > 0)
		out_str(o, buf_slice(&s->reply));
	else
		out_fmt(o, "%s%s completed", s->uid ? "UID " : "",
		    s->command->name);
	out_z(o, "\r\n");
	if (s->bad >= IMAP_BAD_MAX)
		imap_bye(s, "too many bad commands");
}

/* Find the command whose name follows.  NULL: bad, the reply is set. */
static const struct command *
look_up(struct imap *s, struct scan *in)
{
	const struct command *c;
	struct str name;

	if (!imap_atom(in, &name)) {
		imap_bad(s, "command expected");
		return NULL;
	}
	if (str_ieq(name, STR("UID"))) {
		s->uid = true;
		if (!imap_sp(in) || !imap_atom(in, &name)) {
			imap_bad(s, "command expected behind UID");
			return NULL;
		}
	}
	c = table_find(name);
	if (!c || (s->uid && !(c->bits & TAKES_UID))) {
		imap_bad(s, "unknown command");
		return NULL;
	}
	if (!(c->states & (s->selected ? SELECTED : AUTHENTICATED))) {
		imap_bad(s, "no mailbox is selected");
		return NULL;
	}
	return c;
}

static void
serve_one(struct imap *s)
{
	struct scan in = scan_make(buf_slice(&s->line));
	enum reply r = REPLY_BAD;

	s->uid = false;
	s->command = NULL;
	s->commands++;
	buf_reset(&s->reply);
	if (s->line.n == 0)
		return;
	if (!imap_tag(&in, &s->tag) || !imap_sp(&in)) {
		s->tag = STR("*");
		imap_bad(s, "tag expected");
	} else {
		s->command = look_up(s, &in);
		/* A literal nobody will read was not invited; one that has
		 * been sent without waiting would be read as commands. */
		if (!s->command && s->literal.nonsync)
			r = imap_bye(s, "unexpected literal");
		else if (s->command)
			r = s->command->handler(s, &in);
	}
	finish(s, r);
}

/* ------------------------------------------------------------ greeting */

/* What the login program had read behind the client's login. */
static void
take_input(struct imap *s)
{
	const char *text = getenv("CLIENT_INPUT");
	struct buf b;

	if (!text)
		return;
	buf_init(&b, IMAP_LINE);
	if (b64_decode(&b, str_z(text)) < 0 || b.over ||
	    in_push(&s->serve.in, buf_slice(&b)) < 0) {
		fail_text(EINVAL, "CLIENT_INPUT is not base64");
		die(EXIT_PERM);
	}
	buf_free(&b);
	unsetenv("CLIENT_INPUT");
}

static void
greet(struct imap *s)
{
	struct scan tag = scan_make(str_z(getenv("IMAPLOGINTAG")));
	struct str text;

	take_input(s);
	if (imap_tag(&tag, &text) && scan_end(&tag)) {
		out_str(&s->serve.out, text);
		out_fmt(&s->serve.out, " OK [CAPABILITY %s] Logged in\r\n",
		    imap_capabilities());
		unsetenv("IMAPLOGINTAG");
		return;
	}
	out_fmt(&s->serve.out, "* PREAUTH [CAPABILITY %s] %s ready\r\n",
	    imap_capabilities(), s->serve.hostname);
}

void
imap_run(struct imap *s)
{
	greet(s);
	while (!s->over && !out_failed(&s->serve.out)) {
		enum read_result r = imap_read(s);

		if (r == READ_COMMAND)
			serve_one(s);
		arena_reset(&s->arena);
	}
	out_flush(&s->serve.out);
	/* The client need not wait for this. */
	close(s->serve.in.fd);
	close(s->serve.out.fd);
	if (s->selected)
		mailbox_settle(&s->box);
	imap_unselect(s);
}
