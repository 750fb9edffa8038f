/* SPDX-License-Identifier: ISC */
/* Logging in to a smarthost: RFC 4954, PLAIN (RFC 4616) or LOGIN.  A refusal is
 * a matter between our administrator and that host: the mail waits. */
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "client.h"
#include "credentials.h"
#include "msg/b64.h"

#define LINE_MAX_COMMAND 510 /* octets of a command; RFC 5321 4.5.3.1.4 */

static int
plain(struct client *c, const struct credentials *k)
{
	struct buf raw, text;
	int class;

	buf_init(&raw, 1024);
	buf_init(&text, 2000);
	buf_chr(&raw, '\0');
	buf_z(&raw, k->user);
	buf_chr(&raw, '\0');
	buf_z(&raw, k->password);
	b64_encode(&text, buf_slice(&raw));
	/* A response too long for a command's line gets one of its own. */
	if (text.n + 11 <= LINE_MAX_COMMAND) {
		client_say(c, "AUTH PLAIN %s", buf_cstr(&text));
		class = client_answer(c, WAIT_MAIL);
	} else {
		client_say(c, "AUTH PLAIN");
		class = client_answer(c, WAIT_MAIL);
	}
	if (class == 3 && text.n + 11 > LINE_MAX_COMMAND) {
		client_say(c, "%s", buf_cstr(&text));
		class = client_answer(c, WAIT_MAIL);
	}
	buf_free(&raw);
	buf_free(&text);
	return class;
}

/* draft-murchison-sasl-login: two questions, whatever they say. */
static int
login(struct client *c, const struct credentials *k)
{
	const char *const answers[] = {k->user, k->password};
	struct buf text;
	int class;

	buf_init(&text, 2000);
	client_say(c, "AUTH LOGIN");
	class = client_answer(c, WAIT_MAIL);
	for (size_t i = 0; i < 2 && class == 3; i++) {
		buf_reset(&text);
		b64_encode(&text, str_z(answers[i]));
		client_say(c, "%s", buf_cstr(&text));
		class = client_answer(c, WAIT_MAIL);
	}
	buf_free(&text);
	return class;
}

int
auth_login(struct client *c, struct delivery *d)
{
	struct credentials k;
	char text[DELIVERY_TEXT];
	int class;

	if (credentials_get(d->root, d->route.auth, &k) < 0) {
		delivery_excuse(d, true, "4.3.5", fail_last());
		return -1;
	}
	if (!c->auth_plain && !c->auth_login) {
		smtp_answer_init(&c->answer);
		fail_text(0, "the host offers no login by PLAIN or LOGIN");
		delivery_excuse(d, true, "4.7.4", client_quote(c, text));
		return -1;
	}
	class = c->auth_plain ? plain(c, &k) : login(c, &k);
	if (class == 2 && !c->broken)
		return 0;
	if (class == 3) {
		client_broken(c, "the login went on without end");
		class = -1;
	}
	client_excuse(c, d);
	return -1;
}
