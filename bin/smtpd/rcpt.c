/* SPDX-License-Identifier: ISC */
/* RCPT, RFC 5321 4.1.1.3, with NOTIFY and ORCPT (RFC 3461 4.1, 4.2): who exists
 * is asked of the parent (parent.c). */
#include <string.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "commands.h"
#include "conf/settings.h"
#include "parent.h"
#include "proto/smtp_cmd.h"
#include "proto/smtp_dsn.h"
#include "queue/full.h"

#define RCPT_FULL 'F' /* ours, but there is no room */

_Static_assert((int)SMTP_DSN_NEVER == (int)ENVELOPE_NEVER &&
		   (int)SMTP_DSN_SUCCESS == (int)ENVELOPE_ON_SUCCESS &&
		   (int)SMTP_DSN_FAILURE == (int)ENVELOPE_ON_FAILURE &&
		   (int)SMTP_DSN_DELAY == (int)ENVELOPE_ON_DELAY,
    "the queue keeps the bits of NOTIFY as they are");

/* Whoever sends many messages sends them to the same people: what was ours a
 * moment ago still is. */
static bool
is_known(const struct smtp *s, struct str address)
{
	for (size_t i = 0; i < SESSION_KNOWN; i++)
		if (now_ms() < s->known[i].until_ms &&
		    str_eq(address, str_z(s->known[i].address)))
			return true;
	return false;
}

static void
remember(struct smtp *s, struct str address)
{
	struct known *k = &s->known[s->next_known++ % SESSION_KNOWN];

	k->until_ms = now_ms() + SESSION_KNOWN_MS;
	if (str_copy(k->address, sizeof(k->address), address) < 0)
		k->address[0] = '\0';
}

/* Ask about a path; <postmaster> gets its domain in *p.  Returns one of
 * enum parent_rcpt, or RCPT_FULL. */
static char
ask(struct smtp *s, struct smtp_path *p)
{
	struct str q[2] = {smtp_path_local(p), smtp_path_domain(p)};
	struct str answer;

	if (is_known(s, smtp_path_text(p)))
		return PARENT_OURS;
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
	if (answer.p[0] == PARENT_OURS &&
	    full_is(s->serve.root, smtp_path_text(p), s->size,
		settings_num("QUOTA_RCPT")))
		return RCPT_FULL;
	if (answer.p[0] == PARENT_OURS)
		remember(s, smtp_path_text(p));
	return answer.p[0];
}

/* Of a recipient named twice the first one stays. */
static void
add(struct smtp *s, const struct envelope_rcpt *r)
{
	for (size_t i = 0; i < s->nrcpt; i++)
		if (str_eq(s->rcpts[i].addr, r->addr))
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
	    (struct envelope_rcpt){.addr = arena_str(&s->arena, r->addr),
		.orcpt = arena_str(&s->arena, r->orcpt),
		.notify = r->notify};
}

static const struct smtp_reply *
param(struct smtp *s, const struct smtp_param *p, struct envelope_rcpt *r)
{
	bool good;

	if (str_ieq(p->keyword, STR("NOTIFY"))) {
		good = !r->notify && smtp_dsn_notify(p->value, &r->notify) == 0;
	} else if (str_ieq(p->keyword, STR("ORCPT"))) {
		good = r->orcpt.n == 0 &&
		       smtp_dsn_orcpt(p->value, s->utf8, &s->orcpt) == 0;
		r->orcpt = buf_slice(&s->orcpt);
	} else {
		return session_reply(s, 555, "5.5.4", "Unknown parameter %.*s",
		    STR_FMT(p->keyword));
	}
	return good ? NULL
	            : session_reply(s, 501, "5.5.4", "Bad value of %.*s",
			  STR_FMT(p->keyword));
}

/* Read the parameters into *r. */
static const struct smtp_reply *
params(struct smtp *s, struct scan *args, struct envelope_rcpt *r)
{
	struct smtp_param p;
	int more;

	buf_reset(&s->orcpt);
	while ((more = smtp_cmd_param(args, &p)) > 0) {
		const struct smtp_reply *bad = param(s, &p, r);

		if (bad)
			return bad;
	}
	return more < 0 ? session_reply(s, 501, "5.5.4", "%s", args->bad)
	                : NULL;
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
	case RCPT_FULL:
		return session_reply(s, 452, "4.2.2", "Mailbox full");
	default:
		return session_reply(
		    s, 451, "4.3.0", "Cannot look that up now, try later");
	}
}

/* NULL when the command is well formed: the path in s->asked, the rest in *r.*/
static const struct smtp_reply *
parse(struct smtp *s, struct str args, struct envelope_rcpt *r)
{
	struct scan scan = scan_make(args);

	if (!smtp_cmd_path(&scan, STR("TO:"),
		SMTP_PATH_POSTMASTER | SMTP_PATH_UTF8, &s->asked))
		return session_reply(s, 501, "5.1.3", "%s", scan.bad);
	if (s->asked.utf8 && !s->utf8)
		return session_reply(
		    s, 553, "5.6.7", "Not ASCII: SMTPUTF8 needed in MAIL");
	return params(s, &scan, r);
}

const struct smtp_reply *
rcpt_to(struct smtp *s, struct str args)
{
	struct envelope_rcpt r = {.addr = STR("")};
	const struct smtp_reply *bad = parse(s, args, &r);

	if (!bad && s->nrcpt >= s->max_rcpts)
		bad = session_reply(s, 452, "4.5.3", "Too many recipients");
	if (!bad)
		bad = verdict(s, ask(s, &s->asked));
	s->refused_rcpt |= bad != NULL;
	if (bad)
		return bad;
	r.addr = smtp_path_text(&s->asked);
	add(s, &r);
	return session_reply(s, 250, "2.1.5", "Ok");
}
