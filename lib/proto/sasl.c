/* SPDX-License-Identifier: ISC */
/* SASL PLAIN and LOGIN. */
#include "proto/sasl.h"

#include "msg/b64.h"

enum sasl_result
sasl_plain(struct str message, struct str *authcid, struct str *passwd)
{
	struct str authzid;

	if (!str_cut(&message, '\0', &authzid) || !message.p ||
	    !str_cut(&message, '\0', authcid) || !message.p)
		return SASL_BAD;
	*passwd = message;
	if (authcid->n == 0 || passwd->n == 0 || str_has(*passwd, '\0'))
		return SASL_BAD;
	if (authzid.n > 0 && !str_eq(authzid, *authcid))
		return SASL_OTHER;
	return SASL_DONE;
}

/* Append one decoded response to s->text. */
static bool
decode(struct sasl *s, struct str line)
{
	if (line.n > SASL_LINE)
		return false;
	return b64_decode(&s->text, line) == 0 && !s->text.over;
}

/* LOGIN: the name, then the password, each alone. */
static enum sasl_result
login_step(struct sasl *s)
{
	struct str all = buf_slice(&s->text);

	if (str_has(all, '\0'))
		return SASL_BAD;
	if (s->step++ == 0) {
		s->user_n = all.n;
		return all.n > 0 ? SASL_MORE : SASL_BAD;
	}
	s->user = str_to(all, s->user_n);
	s->pass = str_from(all, s->user_n);
	return s->pass.n > 0 ? SASL_DONE : SASL_BAD;
}

static enum sasl_result
respond(struct sasl *s, struct str line)
{
	if (!decode(s, line))
		return SASL_BAD;
	if (s->login)
		return login_step(s);
	return sasl_plain(buf_slice(&s->text), &s->user, &s->pass);
}

enum sasl_result
sasl_begin(struct sasl *s, struct str mechanism, struct str initial)
{
	*s = (struct sasl){.login = str_ieq(mechanism, STR("LOGIN"))};
	buf_init(&s->text, SASL_MAX);
	if (!s->login && !str_ieq(mechanism, STR("PLAIN")))
		return SASL_UNKNOWN;
	if (!initial.p)
		return SASL_MORE;
	if (str_eq(initial, STR("=")))
		initial.n = 0;
	return respond(s, initial);
}

const char *
sasl_challenge(const struct sasl *s)
{
	if (!s->login)
		return "";
	return s->step == 0 ? "VXNlcm5hbWU6" : "UGFzc3dvcmQ6";
}

enum sasl_result
sasl_step(struct sasl *s, struct str line)
{
	if (str_eq(line, STR("*")))
		return SASL_CANCELLED;
	return respond(s, line);
}

void
sasl_end(struct sasl *s)
{
	volatile char *p = s->text.p;

	for (size_t i = 0; p && i < s->text.cap; i++)
		p[i] = 0;
	buf_free(&s->text);
	s->user = s->pass = STR("");
}
