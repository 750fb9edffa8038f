/* SPDX-License-Identifier: ISC */
/* Tokens and texts. */
#include "ledger.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "rig.h"
#include "shelf.h"

#define SUBJECT "Subject: token-"
#define LINE 72

uint32_t
ledger_token(struct ledger *l)
{
	uint32_t t = l->next++;

	if (t >= LEDGER_TOKENS)
		broken_text("ledger", "no more tokens");
	return t;
}

void
ledger_ack(struct ledger *l, uint32_t token, uint32_t step)
{
	l->acked_at[token] = step;
	l->state[token] = LEDGER_ACKED;
	l->acked++;
}

void
ledger_cut(struct ledger *l)
{
	l->cut_next = l->next;
	for (uint32_t t = 0; t < l->cut_next; t++)
		l->cut_state[t] = l->state[t];
	if (l->shelf)
		shelf_cut(l->shelf, l->cut_next);
	l->cuts++;
}

void
ledger_cut_at(struct ledger *l, uint32_t step)
{
	ledger_cut(l);
	for (uint32_t t = 0; t < l->cut_next; t++)
		if (l->acked_at[t] > step)
			l->cut_state[t] = LEDGER_OPEN;
}

unsigned
ledger_users(uint32_t token)
{
	unsigned u = 1U << token % LEDGER_USERS;

	return token % 7 == 0 ? u | 1U << (token + 1) % LEDGER_USERS : u;
}

const char *
ledger_user(unsigned u)
{
	static const char names[LEDGER_USERS][3] = {"u0", "u1", "u2", "u3"};

	return names[u];
}

/* Mostly a few thousand octets, sometimes none, sometimes many. */
static size_t
lines_of(uint32_t token)
{
	uint64_t seed = token;
	uint64_t r = rig_random(&seed);

	if (r % 16 == 0)
		return r / 16 % 3;
	if (r % 16 == 1)
		return r / 16 % 2000;
	return r / 16 % 100;
}

static size_t
put(char *to, size_t n, const char *text)
{
	size_t len = strlen(text);

	memcpy(to + n, text, len);
	return n + len;
}

static size_t
put_line(char *to, size_t n, uint64_t *seed, const char *end)
{
	uint64_t r = 0;

	for (int i = 0; i < LINE; i++) {
		if (i % 12 == 0)
			r = rig_random(seed);
		to[n++] = (char)('a' + r % 26);
		r /= 26;
	}
	return put(to, n, end);
}

size_t
ledger_text(uint32_t token, const char *end, char *to)
{
	uint64_t seed = ~(uint64_t)token;
	size_t lines = lines_of(token);
	char subject[32];
	size_t n;

	snprintf(subject, sizeof(subject), SUBJECT "%08x", token);
	n = put(to, 0, subject);
	n = put(to, n, end);
	n = put(to, n, "From: rig@" LEDGER_DOMAIN);
	n = put(to, n, end);
	n = put(to, n, end);
	for (size_t i = 0; i < lines; i++)
		n = put_line(to, n, &seed, end);
	return put(to, put(to, n, "the end"), end);
}

int
ledger_check(struct str message, const char *end, uint32_t *token)
{
	static char want[LEDGER_TEXT];
	struct str text = str_from(message, str_search(message, STR(SUBJECT)));
	uint64_t v;

	if (num_scan_hex(str_to(str_from(text, sizeof(SUBJECT) - 1), 8),
		LEDGER_TOKENS - 1, &v) < 0)
		return -1;
	*token = (uint32_t)v;
	return str_eq(text, str_make(want, ledger_text(*token, end, want)));
}
