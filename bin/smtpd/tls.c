/* SPDX-License-Identifier: ISC */
/* STARTTLS, RFC 3207.  Octets sent behind it in clear text would be taken for
 * octets sent inside TLS (CVE-2011-0411): they end the session. */
#include "base/fail.h"
#include "base/log.h"
#include "commands.h"
#include "io/in.h"
#include "serve/starttls.h"

/* RFC 3207 4.2: everything learnt before is forgotten. */
static void
forget(struct smtp *s)
{
	session_reset(s);
	s->helo[0] = 0;
	s->user[0] = 0;
	s->esmtp = false;
	s->serve.tls = true;
	s->tls_offered = false;
}

const struct smtp_reply *
tls_start(struct smtp *s, struct str args)
{
	struct buf vars;
	int r;

	(void)args;
	if (s->serve.tls)
		return session_reply(s, 503, "5.5.1", "TLS is on already");
	if (!s->tls_offered)
		return session_reply(s, 502, "5.5.1", "TLS is not to be had");
	if (in_pending(&s->serve.in)) {
		s->closing = true;
		return session_reply(s, 503, "5.5.1",
		    "Nothing may follow STARTTLS before its reply");
	}
	session_send(s, session_reply(s, 220, "2.0.0", "Ready to start TLS"));
	buf_init(&vars, STARTTLS_VARS);
	r = starttls_start(&s->serve.in, &s->serve.out, &vars);
	buf_free(&vars);
	if (r < 0) {
		log_event("tls", "result", "failed", "why", fail_last(), NULL);
		s->closing = true;
		s->serve.out.n = 0;
	} else {
		forget(s);
	}
	return NULL;
}
