/* SPDX-License-Identifier: ISC */
/* What all mechanisms share. */
#include "talk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/num.h"
#include "base/scan.h"
#include "conf/settings.h"
#include "io/file.h"
#include "io/spawn.h"
#include "proto/gs2.h"
#include "serve/converse.h"
#include "users/secret.h"

#define IN_FD 3
#define OUT_FD 4

_Noreturn void
talk_serve(struct login *l, const char *mechanism)
{
	const char *fd = getenv("CHECKPW_REPLY");

	if (!fd || strcmp(fd, "4") != 0)
		misused("a conversation needs CHECKPW_REPLY=4");
	if (spawn_close_from(IN_FD) < 0)
		later(l);
	l->talks = true;
	if (strcmp(mechanism, "SCRAM-SHA-256") == 0)
		scram_serve(l, false);
	if (strcmp(mechanism, "SCRAM-SHA-256-PLUS") == 0)
		scram_serve(l, true);
	if (strcmp(mechanism, "EXTERNAL") == 0)
		external_serve(l);
	if (strcmp(mechanism, "OAUTHBEARER") == 0)
		oauth_serve(l, false);
	if (strcmp(mechanism, "XOAUTH2") == 0)
		oauth_serve(l, true);
	misused("an unknown CHECKPW_MECHANISM");
}

/* n octets; whoever asks has given up when they do not come. */
static void
read_exact(struct login *l, char *to, size_t n)
{
	while (n > 0) {
		ssize_t r = read(IN_FD, to, n);

		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			leave(l, DENIED);
		to += r;
		n -= (size_t)r;
	}
}

struct str
talk_hear(struct login *l)
{
	char digits[8];
	uint64_t n;
	size_t have = 0;
	char *text;

	do
		read_exact(l, digits + have, 1);
	while (digits[have] != ':' && ++have < sizeof(digits));
	if (num_scan(str_make(digits, have), CONVERSE_MESSAGE, &n) < 0)
		misused("descriptor 3 brings no netstring");
	text = arena_alloc(&l->arena, (size_t)n + 1);
	read_exact(l, text, (size_t)n + 1);
	return str_make(text, (size_t)n);
}

void
talk_say(struct login *l, char what, struct str text)
{
	struct buf b, message;

	buf_init(&message, CONVERSE_ANSWER);
	buf_init(&b, CONVERSE_ANSWER + 16);
	buf_chr(&message, what);
	buf_str(&message, text);
	buf_netstr(&b, buf_slice(&message));
	if (message.over || b.over || file_write(OUT_FD, b.p, b.n) < 0) {
		fail("write an answer", NULL);
		later(l);
	}
	buf_free(&message);
	buf_free(&b);
}

void
talk_announce(struct login *l)
{
	if (l->announced)
		return;
	l->announced = true;
	talk_say(l, 'T', str_to(l->id, CONVERSE_NAME - 1));
	talk_hear(l);
}

void
talk_refuse(struct login *l, const char *reason)
{
	talk_announce(l);
	deny(l, reason);
}

void
talk_malformed(struct login *l)
{
	talk_say(l, 'B', STR(""));
	leave(l, DENIED);
}

void
talk_accept(struct login *l)
{
	verify_source(l);
	record_success(l);
	warn_nobody(l);
	reply(l, "4");
}

void
talk_name(struct login *l, struct str name)
{
	struct buf b;

	buf_init(&b, 1024);
	if (gs2_name(name, &b) < 0 || b.over || b.n == 0)
		talk_malformed(l);
	l->id = arena_str(&l->arena, buf_slice(&b));
	buf_free(&b);
}

struct str
talk_find(struct login *l)
{
	find_account(l);
	find_ids(l);
	/* Only a master's own password opens other mailboxes. */
	if (!l->found || l->name.master.p)
		talk_refuse(l, l->found ? "master" : l->missing);
	if (secret_locked(l->user.secret))
		talk_refuse(l, "locked");
	return account_address(l);
}
