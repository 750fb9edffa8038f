/* SPDX-License-Identifier: ISC */
/* STARTTLS, RFC 3207.  Octets sent behind it in clear text would be taken for
 * octets sent inside TLS (CVE-2011-0411): they end the session. */
#include <errno.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "commands.h"
#include "conf/settings.h"
#include "io/in.h"
#include "parent.h"
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
	if (s->checker)
		mechanisms_offered(s->offered, s->checker);
}

/* With a checker the parent asks for TLS (parent.h). */
static int
start(struct smtp *s)
{
	int64_t wait_s = PARENT_WAIT + settings_num("TLS_TIMEOUT");
	struct in *in = &s->serve.in;
	struct out *out = &s->serve.out;
	struct buf vars;
	int r;

	buf_init(&vars, STARTTLS_VARS);
	if (!s->checker) {
		r = starttls_start(in, out, &vars);
	} else {
		r = starttls_ready(in, out);
		if (r == 0)
			r = monitor_ask(&s->monitor, PARENT_TLS, NULL, 0, &vars,
			    now_plus_s(wait_s));
		if (r == 0 && vars.n == 0)
			r = fail_text(EPROTO, "TLS handshake failed");
		if (r == 0)
			r = starttls_enter(in, out, buf_slice(&vars));
	}
	buf_free(&vars);
	return r;
}

const struct smtp_reply *
tls_start(struct smtp *s, struct str args)
{
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
	if (start(s) < 0) {
		log_event("tls", "result", "failed", "why", fail_last(), NULL);
		s->closing = true;
		s->serve.out.n = 0;
	} else {
		forget(s);
	}
	return NULL;
}
