/* SPDX-License-Identifier: ISC */
/* APPEND (RFC 3501 6.3.11), of several messages too (RFC 3502), with APPENDUID
 * (RFC 4315 3).  The messages go from the connection into the Maildir's tmp/
 * as they come; an APPEND that is cut off leaves nothing. */
#include <errno.h>
#include <string.h>

#include "base/fail.h"
#include "base/now.h"
#include "conf/settings.h"
#include "flag_args.h"
#include "maildir/append.h"
#include "read.h"
#include "table.h"

#define STALL_S 300              /* seconds in which some text must come */
#define DISCARD_MAX (1ull << 31) /* octets read only to be thrown away */

/* What stands in front of a message. */
struct item {
	struct str *flags;
	size_t n;
	int64_t date_s;
	struct imap_literal literal;
};

/* What became of it; errors stick while the client's octets are read. */
struct job {
	struct append append;
	bool open;
	uint64_t octets; /* of all messages so far */
	enum reply reply;
};

/* "[flags SP] [date SP] {n}", where the last is the end of the scanned text. */
static bool
scan_item(struct imap *s, struct scan *in, struct item *it)
{
	struct str header;

	*it = (struct item){.date_s = -1};
	if (scan_peek(in) == '(' &&
	    (!imap_flag_list(in, &s->arena, IMAP_FLAGS, &it->flags, &it->n) ||
		!flags_allowed(in, it->flags, it->n) || !imap_sp(in)))
		return false;
	if (scan_peek(in) == '"' &&
	    (!imap_date_time(in, &it->date_s) || !imap_sp(in)))
		return false;
	header = scan_rest(in);
	if (header.n == 0 || header.p[0] != '{' ||
	    imap_literal_tail(header, &it->literal) <= 0 ||
	    str_rfind(header, '{') != 0)
		return scan_fail(in, "message literal expected");
	in->p = in->end;
	return true;
}

/* ------------------------------------------------ the message's octets */

/* Read the literal and put it into the append while all is well.  Returns as
 * in_line(). */
static int
pull(struct imap *s, struct job *j, uint64_t n)
{
	struct in *in = &s->serve.in;

	while (n > 0) {
		struct str data;
		int r;

		in->deadline = now_plus_s(STALL_S);
		r = in_peek(in, &data);
		if (r <= 0)
			return r;
		data = str_to(data, n > data.n ? data.n : (size_t)n);
		if (j->reply == REPLY_OK && str_has(data, '\0'))
			j->reply = imap_no(s, NULL, "NUL in a message");
		if (j->reply == REPLY_OK)
			append_data(&j->append, data.p, data.n);
		in_eat(in, data.n);
		n -= data.n;
	}
	return 1;
}

static void
begin(struct imap *s, struct job *j, const struct item *it)
{
	struct str *keywords = arena_array(&s->arena, it->n, sizeof(*keywords));
	uint32_t flags = 0;
	size_t n = 0;

	for (size_t i = 0; i < it->n; i++) {
		if (it->flags[i].p[0] == '\\')
			flags |= flag_bit(it->flags[i]);
		else if (n < MAILBOX_KEYWORDS)
			keywords[n++] = it->flags[i];
	}
	if (append_begin(&j->append, flags, keywords, n, it->date_s) < 0)
		j->reply = imap_fail(s);
}

/* One message.  A client that waits is not invited when it is refused: then
 * nothing more comes (*stop).  Returns as in_line(). */
static int
one(struct imap *s, struct job *j, const struct item *it, bool *stop)
{
	uint64_t n = it->literal.n;
	int r;

	*stop = false;
	if (j->reply == REPLY_OK && n == 0)
		j->reply = imap_no(s, NULL, "a message of no octets");
	if (j->reply == REPLY_OK && n > (uint64_t)settings_num("MAX_MESSAGE"))
		j->reply = imap_no(s, "TOOBIG", "message too large");
	if (j->reply == REPLY_OK &&
	    quota_room(&s->quota, j->octets + n, j->append.n + 1) == 0)
		j->reply = imap_no(s, "OVERQUOTA", "the quota is used up");
	j->octets += n;
	if (j->reply == REPLY_OK)
		begin(s, j, it);
	if (!it->literal.nonsync && j->reply != REPLY_OK) {
		*stop = true;
		return 1;
	}
	if (n > DISCARD_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	if (!it->literal.nonsync)
		out_z(&s->serve.out, "+ go ahead\r\n");
	r = pull(s, j, n);
	if (r > 0 && j->reply == REPLY_OK && append_end(&j->append) < 0)
		j->reply = imap_fail(s);
	return r;
}

/* The connection failed within the command; nothing was kept. */
static enum reply
cut_off(struct imap *s, int r)
{
	s->over = true;
	s->why = "cut off in APPEND";
	if (r < 0 && errno == ETIMEDOUT)
		imap_bye(s, "Autologout, you were silent for too long");
	if (r < 0 && errno == EMSGSIZE)
		imap_bye(s, "literal too large");
	return REPLY_NONE;
}

/* Read all messages of the command, the first one's item being known.
 * Returns as in_line(). */
static int
all(struct imap *s, struct job *j, struct item it)
{
	for (;;) {
		struct scan in;
		struct str rest;
		bool stop;
		int r = one(s, j, &it, &stop);

		if (r <= 0 || stop)
			return r;
		r = imap_read_rest(s, &rest);
		if (r <= 0)
			return r;
		if (rest.n == 0)
			return 1;
		in = scan_make(arena_str(&s->arena, rest));
		if (imap_sp(&in) && scan_item(s, &in, &it))
			continue;
		/* Octets sent without waiting would be read as commands. */
		if (imap_literal_tail(rest, &it.literal) != 0 &&
		    it.literal.nonsync) {
			errno = EMSGSIZE;
			return -1;
		}
		j->reply = imap_bad(s, in.bad);
		return 1;
	}
}

/* ----------------------------------------------------------- the command */

static enum reply
commit(struct imap *s, struct job *j)
{
	struct append *a = &j->append;

	if (append_commit(a) < 0)
		return imap_fail(s);
	buf_fmt(&s->reply, "[APPENDUID %lu ", (unsigned long)a->uidvalidity);
	imap_set_put(&s->reply, a->uids, a->n);
	buf_z(&s->reply, "] appended");
	return REPLY_OK;
}

static enum reply
open_dest(struct imap *s, struct job *j, struct str name)
{
	int r;

	if (!folder_valid(name))
		return imap_no(s, "CANNOT", "no mailbox can have this name");
	r = append_open(&j->append, &s->home, name);
	j->open = r > 0;
	if (r < 0)
		return imap_fail(s);
	return r > 0 ? REPLY_OK : imap_no(s, "TRYCREATE", "no such mailbox");
}

enum reply
cmd_append(struct imap *s, struct scan *args)
{
	struct job j = {.reply = REPLY_OK};
	enum reply reply;
	struct str name;
	struct item it;
	int r;

	if (!imap_sp(args) || !imap_mailbox(s, args, &name) || !imap_sp(args) ||
	    !scan_item(s, args, &it)) {
		if (s->literal.nonsync)
			return imap_bye(s, "unexpected literal");
		return imap_bad(s, args->bad);
	}
	j.reply = open_dest(s, &j, name);
	r = all(s, &j, it);
	if (r <= 0)
		reply = cut_off(s, r);
	else
		reply = j.reply == REPLY_OK ? commit(s, &j) : j.reply;
	if (j.open)
		append_close(&j.append);
	return reply;
}
