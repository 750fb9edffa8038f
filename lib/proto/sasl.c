/* SPDX-License-Identifier: ISC */
/* SASL exchanges. */
#include "proto/sasl.h"

#include "base/ascii.h"
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
	if (line.n > SASL_LINE || b64_decode(&s->text, line) < 0)
		return false;
	return !s->text.over &&
	       (s->kind == SASL_CHECKER || s->text.n <= SASL_PASSWORD);
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
	if (s->kind == SASL_CHECKER)
		buf_reset(&s->text);
	if (!decode(s, line))
		return SASL_BAD;
	if (s->kind == SASL_CHECKER)
		return SASL_ASK;
	if (s->kind == SASL_LOGIN)
		return login_step(s);
	return sasl_plain(buf_slice(&s->text), &s->user, &s->pass);
}

static bool
set_mechanism(struct sasl *s, struct str name)
{
	if (str_copy(s->mechanism, sizeof(s->mechanism), name) < 0)
		return false;
	for (char *p = s->mechanism; *p; p++)
		*p = ascii_upper(*p);
	s->kind = str_ieq(name, STR("PLAIN"))   ? SASL_PLAIN
	          : str_ieq(name, STR("LOGIN")) ? SASL_LOGIN
	                                        : SASL_CHECKER;
	return true;
}

enum sasl_result
sasl_begin(struct sasl *s, struct str offered, struct str mechanism,
    struct str initial)
{
	*s = (struct sasl){.state = SASL_READING};
	buf_init(&s->text, SASL_MESSAGE);
	buf_init(&s->challenge, SASL_CHALLENGE);
	if (!str_listed(offered, mechanism) || !set_mechanism(s, mechanism))
		return SASL_UNKNOWN;
	if (!initial.p)
		return SASL_MORE;
	if (str_eq(initial, STR("=")))
		initial.n = 0;
	return respond(s, initial);
}

const char *
sasl_challenge(struct sasl *s)
{
	if (s->kind == SASL_LOGIN)
		return s->step == 0 ? "VXNlcm5hbWU6" : "UGFzc3dvcmQ6";
	return buf_cstr(&s->challenge);
}

enum sasl_result
sasl_step(struct sasl *s, struct str line)
{
	bool cancel = str_eq(line, STR("*"));

	/* The bad news has been heard; whatever is said to it. */
	if (s->state == SASL_LAST_NO)
		return SASL_REFUSED;
	if (cancel)
		return SASL_CANCELLED;
	if (s->state == SASL_LAST_YES)
		return line.n == 0 ? SASL_GRANTED : SASL_BAD;
	return respond(s, line);
}

enum sasl_result
sasl_told(struct sasl *s, char verdict, struct str data)
{
	static const enum sasl_result ends[] = {SASL_GRANTED, SASL_REFUSED};
	bool no = verdict == 'n';

	if (verdict == 'b')
		return SASL_BAD;
	if (verdict != 'c' && verdict != 'y' && verdict != 'n')
		return SASL_LATER;
	if (verdict != 'c' && data.n == 0)
		return ends[no];
	buf_reset(&s->challenge);
	b64_encode(&s->challenge, data);
	if (s->challenge.over)
		return no ? SASL_REFUSED : SASL_LATER;
	if (verdict != 'c')
		s->state = no ? SASL_LAST_NO : SASL_LAST_YES;
	return SASL_MORE;
}

void
sasl_end(struct sasl *s)
{
	buf_wipe(&s->text);
	buf_free(&s->challenge);
	s->user = s->pass = STR("");
}
