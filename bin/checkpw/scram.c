/* SPDX-License-Identifier: ISC */
/* SCRAM-SHA-256 and SCRAM-SHA-256-PLUS (RFC 5802, 7677).  Accounts that cannot
 * be used so (there is none of that name, it is locked, or of its password
 * there is another hash) are asked for a proof like others, and refused like
 * others: with a salt that never changes, after the same work. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
#include "base/hash.h"
#include "conf/settings.h"
#include "msg/b64.h"
#include "proto/scram_text.h"
#include "serve/converse.h"
#include "talk.h"
#include "users/pretend.h"
#include "users/secret.h"

#define NONCE 18 /* octets, which are 24 characters of base64 */
#define SALT 16  /* octets of one that stands for none */

struct scram_login {
	struct scram_text_first first;
	struct scram_text_final final;
	struct str nonce;        /* the client's and ours */
	struct str server_first; /* our challenge */
	struct scram keys;
	struct str plain;   /* the password, where it is kept so */
	const char *cannot; /* why the account cannot be used so, or NULL */
};

/* The data of this type of binding, in the arena; "" when we have none. */
static struct str
channel(struct login *l, struct str type)
{
	static const char *const known[][2] = {
	    {"tls-exporter", "SSL_CHANNEL_BINDING_TLS_EXPORTER"},
	    {"tls-server-end-point",
		"SSL_CHANNEL_BINDING_TLS_SERVER_END_POINT"},
	    {"tls-unique", "SSL_CHANNEL_BINDING_TLS_UNIQUE"},
	};
	struct str hex = STR("");
	char *data;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (str_eq(type, str_z(known[i][0])))
			hex = str_z(getenv(known[i][1]));
	data = arena_alloc(&l->arena, hex.n / 2);
	for (size_t i = 0; i < hex.n / 2; i++) {
		int high = ascii_xdigit(hex.p[2 * i]);
		int low = ascii_xdigit(hex.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return STR("");
		data[i] = (char)(high << 4 | low);
	}
	return str_make(data, hex.n / 2);
}

/* RFC 5802 6: what the client says of channel binding must fit with what it was
 * offered.  Who could bind and believes that we cannot has been lied to. */
static const char *
check_flag(const struct scram_text_first *f, bool plus)
{
	struct str offered = str_z(getenv("CHECKPW_OFFERED"));

	if (plus != (f->gs2.flag == 'p'))
		return "binding-expected";
	if (f->gs2.flag == 'y' &&
	    str_listed(offered, STR("SCRAM-SHA-256-PLUS")))
		return "downgrade";
	return NULL;
}

/* Where the account has no keys: a salt that never changes, and iterations as
 * others have them. */
static void
pretend(struct login *l, struct scram_login *s)
{
	struct scram like;
	bool have = secret_scram(l->like.secret, &like) > 0;

	s->keys.salt_n = have ? like.salt_n : SALT;
	s->keys.iterations = have ? like.iterations : SCRAM_ITERATIONS_LEAST;
	if (s->plain.n > 0)
		s->keys.iterations = SCRAM_ITERATIONS_LEAST;
	if (pretend_salt(settings_root(), l->name.local, l->name.domain,
		s->keys.salt, s->keys.salt_n) < 0)
		later(l);
	secret_wipe(&like, sizeof(like));
}

/* The keys of the account, or what passes for them. */
static void
find_keys(struct login *l, struct scram_login *s)
{
	int have = 0;

	find_account(l);
	find_ids(l);
	if (!l->found || l->name.master.p)
		s->cannot = l->found ? "master" : l->missing;
	else if (secret_locked(l->user.secret))
		s->cannot = "locked";
	else if (secret_plain(l->user.secret, &s->plain))
		s->cannot = NULL;
	else if ((have = secret_scram(l->user.secret, &s->keys)) < 0)
		later(l);
	else
		s->cannot = have ? NULL : "no-scram-keys";
	if (!have)
		pretend(l, s);
}

/* The client's first message and our answer to it. */
static void
challenge(struct login *l, struct scram_login *s, bool plus)
{
	unsigned char random[NONCE];
	const char *wrong;
	struct buf ours, b;

	if (!scram_text_first(talk_hear(l), &s->first))
		talk_malformed(l);
	talk_name(l, s->first.name);
	wrong = check_flag(&s->first, plus);
	if (wrong)
		talk_refuse(l, wrong);
	if (s->first.gs2.authzid.p &&
	    !str_eq(s->first.gs2.authzid, s->first.name))
		talk_refuse(l, "another-identity");
	if (secret_random(random, sizeof(random)) < 0)
		later(l);
	find_keys(l, s);
	confine(l);
	buf_init(&ours, 64);
	buf_init(&b, CONVERSE_MESSAGE);
	b64_encode(&ours, hash_str(random, sizeof(random)));
	scram_text_server_first(&b, s->first.nonce, buf_slice(&ours),
	    hash_str(s->keys.salt, s->keys.salt_n), s->keys.iterations);
	if (b.over)
		talk_malformed(l);
	s->server_first = arena_str(&l->arena, buf_slice(&b));
	s->nonce = str_make(s->server_first.p + 2, s->first.nonce.n + ours.n);
	buf_free(&ours);
	buf_free(&b);
	talk_say(l, 'C', s->server_first);
}

/* AuthMessage (RFC 5802 3), in the arena. */
static struct str
auth_message(struct login *l, const struct scram_login *s)
{
	struct buf b;
	struct str text;

	buf_init(&b, (size_t)3 * CONVERSE_MESSAGE);
	buf_str(&b, s->first.bare);
	buf_chr(&b, ',');
	buf_str(&b, s->server_first);
	buf_chr(&b, ',');
	buf_str(&b, s->final.without_proof);
	text = arena_str(&l->arena, buf_slice(&b));
	buf_free(&b);
	return text;
}

/* Whether the proof is one of the keys, which are computed now where they have
 * to be; and where not, nevertheless. */
static bool
prove(struct scram_login *s, struct str message)
{
	struct str salt = hash_str(s->keys.salt, s->keys.salt_n);
	struct str pass = s->plain.n > 0 ? s->plain : STR("x");
	char room[SCRAM_KEY + 1];
	struct scram derived;
	bool good, right;
	struct buf proof;

	buf_fixed(&proof, room, sizeof(room));
	good = b64_decode(&proof, s->final.proof) == 0 && !proof.over &&
	       proof.n == SCRAM_KEY;
	if (scram_derive(pass, salt, SCRAM_ITERATIONS_LEAST, &derived) < 0)
		good = false;
	else if (s->plain.n > 0)
		s->keys = derived;
	right = scram_proof(&s->keys, message, (const unsigned char *)room);
	secret_wipe(&derived, sizeof(derived));
	return good && right;
}

/* Why the client's last message is not good enough; NULL: it is. */
static const char *
judge(struct login *l, struct scram_login *s, struct str message)
{
	bool right = prove(s, message);
	struct str binding = STR("");

	if (s->first.gs2.flag == 'p')
		binding = channel(l, s->first.gs2.binding);
	if (s->cannot)
		return s->cannot;
	if (!str_eq(s->final.nonce, s->nonce))
		return "wrong-nonce";
	if ((s->first.gs2.flag == 'p' && binding.n == 0) ||
	    !scram_text_bound(&s->final, s->first.gs2.text, binding))
		return "wrong-binding";
	return right ? NULL : "wrong-password";
}

void
scram_serve(struct login *l, bool plus)
{
	static struct scram_login s;
	unsigned char signature[SCRAM_KEY];
	const char *wrong;
	struct str message;
	struct buf b;

	challenge(l, &s, plus);
	if (!scram_text_final(talk_hear(l), &s.final))
		talk_malformed(l);
	talk_announce(l);
	message = auth_message(l, &s);
	wrong = judge(l, &s, message);
	if (wrong)
		talk_refuse(l, wrong);
	verify_scope(l);
	scram_sign(&s.keys, message, signature);
	secret_wipe(&s.keys, sizeof(s.keys));
	buf_init(&b, 64);
	buf_z(&b, "v=");
	b64_encode(&b, hash_str(signature, sizeof(signature)));
	talk_say(l, 'D', buf_slice(&b));
	talk_accept(l);
}
