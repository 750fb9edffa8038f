/* SPDX-License-Identifier: ISC */
/* The messages of SCRAM, OAUTHBEARER and XOAUTH2, each line as each of them;
 * "{SCRAM-SHA-256}" keys, too.  What is taken apart lies in what went in, puts
 * together to the same, and can be bound and named. */
#include <stdint.h>
#include <stdlib.h>

#include "msg/b64.h"
#include "proto/bearer.h"
#include "proto/scram_text.h"
#include "users/scram.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
inside(struct str part, struct str all)
{
	if (part.n > 0 && (part.p < all.p || part.p + part.n > all.p + all.n))
		abort();
}

static void
name(struct str s)
{
	struct buf b;

	buf_init(&b, 100000);
	if (gs2_name(s, &b) == 0 && (b.over || str_has(buf_slice(&b), '\0')))
		abort();
	buf_free(&b);
}

static void
first(struct str all)
{
	struct scram_text_first f;

	if (!scram_text_first(all, &f))
		return;
	if (f.gs2.text.n + f.bare.n != all.n || f.name.n == 0 ||
	    f.nonce.n == 0 || str_has(f.nonce, ','))
		abort();
	inside(f.gs2.text, all);
	inside(f.gs2.binding, f.gs2.text);
	inside(f.gs2.authzid, f.gs2.text);
	inside(f.name, f.bare);
	inside(f.nonce, f.bare);
	name(f.name);
	if (f.gs2.authzid.p)
		name(f.gs2.authzid);
}

static void
final(struct str all)
{
	struct scram_text_final f;
	struct buf b;

	if (!scram_text_final(all, &f))
		return;
	if (f.without_proof.n + 3 + f.proof.n != all.n || f.nonce.n == 0)
		abort();
	inside(f.binding, f.without_proof);
	inside(f.nonce, f.without_proof);
	buf_init(&b, 100000);
	if (b64_decode(&b, f.binding) == 0 && !b.over &&
	    !scram_text_bound(&f, buf_slice(&b), STR("")))
		abort();
	buf_free(&b);
}

static void
token(bool good, const struct bearer *t, struct str all)
{
	if (!good)
		return;
	if (t->token.n == 0 || str_has(t->token, '\0') ||
	    str_has(t->host, '\0') || str_has(t->port, '\0') ||
	    str_has(t->user, '\0'))
		abort();
	inside(t->user, all);
	inside(t->token, all);
	inside(t->host, all);
	inside(t->port, all);
}

static void
keys(struct str all)
{
	char room[1000];
	struct scram s;
	struct buf b;

	if (scram_parse(all, &s) < 0)
		return;
	buf_fixed(&b, room, sizeof(room));
	scram_print(&s, &b);
	if (b.over || scram_parse(buf_slice(&b), &s) < 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str rest = str_make((const char *)data, n);
	struct str line;
	struct bearer t;

	while (str_cut(&rest, '\n', &line)) {
		first(line);
		final(line);
		keys(line);
		token(bearer_parse(line, &t), &t, line);
		token(bearer_parse_xoauth2(line, &t), &t, line);
	}
	return 0;
}
