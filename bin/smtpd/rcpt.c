/* SPDX-License-Identifier: ISC */
/* RCPT, RFC 5321 4.1.1.3: who exists is asked of the parent (parent.c). */
#include <string.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "commands.h"
#include "parent.h"
#include "proto/smtp_cmd.h"

/* Ask about a path; <postmaster> gets its domain in *p.  Returns one of
 * enum parent_rcpt. */
static char
ask(struct smtp *s, struct smtp_path *p)
{
	struct str q[2] = {smtp_path_local(p), smtp_path_domain(p)};
	struct str answer;

	buf_reset(&s->line);
	if (monitor_ask(&s->monitor, PARENT_RCPT, q, 2, &s->line,
		now_plus_s(PARENT_WAIT)) < 0) {
		log_event("parent", "why", fail_last(), NULL);
		return PARENT_FAILED;
	}
	answer = buf_slice(&s->line);
	if (answer.n == 0)
		return PARENT_FAILED;
	if (q[1].n == 0 && answer.p[0] == PARENT_OURS &&
	    smtp_path_make(
		STR("postmaster"), str_from(answer, 1), SMTP_PATH_UTF8, p) < 0)
		return PARENT_FAILED;
	return answer.p[0];
}

static void
add(struct smtp *s, struct str addr)
{
	for (size_t i = 0; i < s->nrcpt; i++)
		if (str_eq(s->rcpts[i].addr, addr))
			return;
	if (s->nrcpt == s->rcpt_room) {
		size_t room = s->rcpt_room ? 2 * s->rcpt_room : 16;
		struct envelope_rcpt *more =
		    arena_array(&s->arena, room, sizeof(*more));

		if (s->nrcpt)
			memcpy(more, s->rcpts, s->nrcpt * sizeof(*more));
		s->rcpts = more;
		s->rcpt_room = room;
	}
	s->rcpts[s->nrcpt++] =
	    (struct envelope_rcpt){.addr = arena_str(&s->arena, addr)};
}

static const struct smtp_reply *
params(struct smtp *s, struct scan *args)
{
	struct smtp_param p;
	int r = smtp_cmd_param(args, &p);

	if (r < 0)
		return session_reply(s, 501, "5.5.4", "%s", args->bad);
	if (r > 0)
		return session_reply(s, 555, "5.5.4", "Unknown parameter %.*s",
		    STR_FMT(p.keyword));
	return NULL;
}

/* NULL when the recipient is welcome. */
static const struct smtp_reply *
verdict(struct smtp *s, char answer)
{
	switch (answer) {
	case PARENT_OURS:
		return NULL;
	case PARENT_FOREIGN:
		if (*s->user || s->relay)
			return NULL;
		return session_reply(s, 550, "5.7.1", "Relaying denied");
	case PARENT_UNKNOWN:
		return session_reply(s, 550, "5.1.1", "No such mailbox");
	default:
		return session_reply(
		    s, 451, "4.3.0", "Cannot look that up now, try later");
	}
}

const struct smtp_reply *
rcpt_to(struct smtp *s, struct str args)
{
	struct scan scan = scan_make(args);
	const struct smtp_reply *bad;
	struct smtp_path *path = &s->asked;

	if (!smtp_cmd_path(&scan, STR("TO:"), SMTP_PATH_POSTMASTER, path))
		return session_reply(s, 501, "5.1.3", "%s", scan.bad);
	bad = params(s, &scan);
	if (!bad && s->nrcpt >= s->max_rcpts)
		bad = session_reply(s, 452, "4.5.3", "Too many recipients");
	if (!bad)
		bad = verdict(s, ask(s, path));
	s->refused_rcpt |= bad != NULL;
	if (bad)
		return bad;
	add(s, smtp_path_text(path));
	return session_reply(s, 250, "2.1.5", "Ok");
}
