/* SPDX-License-Identifier: ISC */
/* Received: from HELO ([IP]) by HOST with ESMTPSA id ID for <rcpt>; date */
#include "received.h"

#include "msg/date.h"

/* TCP-info is an address literal, RFC 5321 4.4 and 4.1.3. */
static void
put_address(struct str ip, struct buf *b)
{
	if (str_has(ip, ':'))
		buf_fmt(b, " ([IPv6:%.*s])", STR_FMT(ip));
	else if (str_has(ip, '.'))
		buf_fmt(b, " ([%.*s])", STR_FMT(ip));
	else
		buf_fmt(b, " (%.*s)", STR_FMT(ip));
}

void
received_write(const struct smtp *s, int64_t now_s, struct buf *b)
{
	char date[DATE_SIZE];

	buf_fmt(b, "Received: from %s", s->helo);
	put_address(str_z(s->serve.peer.remote_ip), b);
	/* RFC 3848 2 and RFC 6531 4.3 name the kinds. */
	buf_fmt(b, "\r\n\tby %s with %s%s%s id %s", s->serve.hostname,
	    s->utf8    ? "UTF8SMTP"
	    : s->esmtp ? "ESMTP"
		       : "SMTP",
	    s->esmtp && s->serve.tls ? "S" : "",
	    s->esmtp && *s->user ? "A" : "", s->id);
	/* With several recipients the others' addresses stay secret. */
	if (s->nrcpt == 1) {
		buf_z(b, "\r\n\tfor <");
		buf_str(b, s->rcpts[0].addr);
		buf_chr(b, '>');
	}
	date_rfc5322(date, now_s, 0);
	buf_fmt(b, ";\r\n\t%s\r\n", date);
}
