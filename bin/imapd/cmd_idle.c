/* SPDX-License-Identifier: ISC */
/* IDLE (RFC 2177): the one handler that waits, inside itself. */
#include <errno.h>

#include "base/now.h"
#include "conf/settings.h"
#include "io/watch.h"
#include "read.h"
#include "sync.h"
#include "table.h"

/* Say something this often: address translators forget silent connections. */
#define STILL_HERE_S 120

/* The line that ends it.  It may be here already, behind IDLE itself. */
static enum reply
done(struct imap *s)
{
	struct str line;
	int r = in_line(&s->serve.in, &line, IMAP_LINE);

	if (r > 0)
		return str_ieq(line, STR("DONE"))
		           ? REPLY_OK
		           : imap_bad(s, "DONE expected");
	if (r < 0 && errno == EPROTO)
		return imap_bad(s, "lines end in CRLF");
	if (r < 0 && errno == EMSGSIZE)
		return imap_bye(s, "command line too long");
	s->over = true;
	s->why = r == 0 ? "eof" : "lost";
	return REPLY_NONE;
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Wait for a change or for the client's word. */
static enum reply
wait_for_done(struct imap *s, struct watch *w)
{
	struct out *o = &s->serve.out;
	int64_t deadline = s->serve.in.deadline;
	int64_t still = now_plus_s(STILL_HERE_S);

	while (!s->over) {
		int64_t until = earlier(still, deadline);
		int r;

		imap_sync(s, true);
		if (s->over)
			break;
		if (in_unread(&s->serve.in).n > 0)
			return done(s);
		if (out_flush(o) < 0)
			break;
		if (s->selected) {
			until = earlier(until, mailbox_again(&s->box));
			mailbox_rest(&s->box);
		}
		r = watch_wait(w, s->serve.in.fd, until);
		if (r == 2)
			return done(s);
		if (r < 0 || now_left(deadline) == 0) {
			s->why = "timeout";
			return imap_bye(s, "Autologout, idle for too long");
		}
		if (now_left(still) == 0) {
			out_z(o, "* OK still here\r\n");
			still = now_plus_s(STILL_HERE_S);
		}
	}
	s->over = true;
	return REPLY_NONE;
}

enum reply
cmd_idle(struct imap *s, struct scan *args)
{
	const char *paths[MAILBOX_PATHS];
	struct watch w;
	enum reply r;
	int n = 0;

	if (!scan_end(args))
		return imap_bad(s, args->bad);
	if (s->selected) {
		mailbox_watch_paths(&s->box, paths);
		n = MAILBOX_PATHS;
	}
	if (watch_open(&w, paths, n) < 0)
		return imap_fail(s);
	out_z(&s->serve.out, "+ idling\r\n");
	s->serve.in.deadline = now_plus_s(settings_num("IMAP_TIMEOUT"));
	if (s->selected && out_flush(&s->serve.out) == 0)
		mailbox_settle(&s->box);
	r = wait_for_done(s, &w);
	watch_close(&w);
	return r;
}
