/* SPDX-License-Identifier: ISC */
/* Doing what is to be done for one recipient, and what became of all that. */
#include "local.h"

/* Temporary before permanent before passed on before stored. */
static int
weight(const struct result *r)
{
	switch (r->kind) {
	case RESULT_DEFERRED:
		return 3;
	case RESULT_FAILED:
		return 2;
	case RESULT_EXPANDED:
		return 1;
	default:
		return 0;
	}
}

/* The action at index i. */
static struct result
carry_out(struct local *l, const struct actions *todo, size_t i)
{
	const struct action *a = &todo->v[i];
	size_t left = todo->n - i;

	switch (a->kind) {
	case ACTION_ANSWER:
		return a->answer;
	case ACTION_MAILDIR:
	case ACTION_PATH:
		return owner_store(l, a, left > 1);
	case ACTION_PROGRAM:
		return program_run(l, a);
	case ACTION_FORWARD:
		break;
	}
	return program_forward(l, a, left, todo->n == 1);
}

/* Programs and forwards cannot be taken back: they run only when nothing
 * before them has failed for now, since all will be repeated then. */
struct result
deliver_actions(struct local *l, const struct actions *todo)
{
	struct result worst, r;

	if (message_loops(&l->m, l->recipient))
		return result_make(RESULT_FAILED, "5.4.6",
		    "mail loop: it was delivered to this address before");
	worst = carry_out(l, todo, 0);
	for (size_t i = 1; i < todo->n; i++) {
		const struct action *a = &todo->v[i];

		if (a[-1].kind == ACTION_FORWARD ||
		    (a->kind >= ACTION_PROGRAM &&
			worst.kind == RESULT_DEFERRED))
			break;
		r = carry_out(l, todo, i);
		if (weight(&r) > weight(&worst))
			worst = r;
	}
	return worst;
}
