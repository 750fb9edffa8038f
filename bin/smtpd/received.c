/* SPDX-License-Identifier: ISC */
/* Received: from HELO ([IP]) by HOST with ESMTPSA id ID
 * (version=TLSv1.3 cipher=NAME) for <rcpt> tls NAME; date */
#include "received.h"

#include <stdlib.h>
#include <string.h>

#include "base/ascii.h"
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

/* What the TLS side says: it has read from the network, so only what may stand
 * in a comment and in a clause (RFC 8314 4.3).  "" when there is nothing. */
static const char *
tls_word(const char *name)
{
	const char *v = getenv(name);
	size_t n = v ? strlen(v) : 0;

	if (n > 60)
		return "";
	for (size_t i = 0; i < n; i++)
		if (!ascii_isalnum(v[i]) && !strchr("_.-", v[i]))
			return "";
	return n ? v : "";
}

/* The name in the registry of IANA, which is OpenSSL's own for TLS 1.3; "" for
 * a suite that no TLS server of ours uses. */
static const char *
registered(const char *cipher)
{
	static const char *const names[][2] = {
	    {"ECDHE-ECDSA-AES128-GCM-SHA256",
		"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"},
	    {"ECDHE-RSA-AES128-GCM-SHA256",
		"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
	    {"ECDHE-ECDSA-AES256-GCM-SHA384",
		"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"},
	    {"ECDHE-RSA-AES256-GCM-SHA384",
		"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"},
	    {"ECDHE-ECDSA-CHACHA20-POLY1305",
		"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"},
	    {"ECDHE-RSA-CHACHA20-POLY1305",
		"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"},
	};

	if (strncmp(cipher, "TLS_", 4) == 0 && !strpbrk(cipher, "-."))
		return cipher;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i][0], cipher) == 0)
			return names[i][1];
	return "";
}

void
received_write(const struct smtp *s, int64_t now_s, struct buf *b)
{
	const char *version = s->serve.tls ? tls_word("SSL_PROTOCOL") : "";
	const char *cipher = *version ? tls_word("SSL_CIPHER") : "";
	const char *name = registered(cipher);
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
	if (*cipher)
		buf_fmt(b, "\r\n\t(version=%s cipher=%s)", version, cipher);
	/* With several recipients the others' addresses stay secret. */
	if (s->nrcpt == 1) {
		buf_z(b, "\r\n\tfor <");
		buf_str(b, s->rcpts[0].addr);
		buf_chr(b, '>');
	}
	if (*name)
		buf_fmt(b, "\r\n\ttls %s", name);
	date_rfc5322(date, now_s, 0);
	buf_fmt(b, ";\r\n\t%s\r\n", date);
}
