/* SPDX-License-Identifier: ISC */
/* The callbacks of a hello. */
#include "net/tls_hello.h"

#include <string.h>

#include "base/str.h"

static const struct tls_cert *
find(const struct tls_server *s, struct str host)
{
	for (size_t i = 0; i < s->nhosts; i++)
		if (s->hosts[i].ctx && str_ieq(str_z(s->hosts[i].host), host))
			return &s->hosts[i];
	return NULL;
}

/* "*.example.org" for "mx.example.org"; the star stands for one label. */
static const struct tls_cert *
find_wild(const struct tls_server *s, struct str host)
{
	struct str below = str_from(host, str_find(host, '.'));

	for (size_t i = 0; below.n > 1 && i < s->nhosts; i++) {
		const struct tls_cert *c = &s->hosts[i];

		if (c->ctx && c->host[0] == '*' &&
		    str_ieq(str_z(c->host + 1), below))
			return c;
	}
	return NULL;
}

/* An unknown name is no error: the client will see the certificate and judge
 * by itself. */
static int
choose(SSL *ssl, int *alert, void *arg)
{
	const struct tls_server *s = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	const struct tls_cert *c;
	struct str host;

	(void)alert;
	if (!name)
		return SSL_TLSEXT_ERR_NOACK;
	host = str_z(name);
	if (str_ends(host, STR(".")))
		host = str_to(host, host.n - 1);
	c = find(s, host);
	if (!c)
		c = find_wild(s, host);
	if (c)
		SSL_set_SSL_CTX(ssl, c->ctx);
	return SSL_TLSEXT_ERR_OK;
}

static bool
is_ours(const char *protocols, struct str name)
{
	struct str rest = str_z(protocols);
	struct str one;

	while (str_cut(&rest, ' ', &one))
		if (one.n > 0 && str_eq(one, name))
			return true;
	return false;
}

/* in: names, each behind its length. */
static int
protocol(SSL *ssl, const unsigned char **out, unsigned char *outlen,
    const unsigned char *in, unsigned int inlen, void *arg)
{
	const struct tls_server *s = arg;

	(void)ssl;
	for (unsigned at = 0; at < inlen; at += 1U + in[at]) {
		if (in[at] > inlen - at - 1)
			break;
		if (is_ours(s->protocols,
			str_make((const char *)in + at + 1, in[at]))) {
			*out = in + at + 1;
			*outlen = in[at];
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void
tls_hello_init(SSL_CTX *ctx, struct tls_server *s)
{
	SSL_CTX_set_tlsext_servername_callback(ctx, choose);
	SSL_CTX_set_tlsext_servername_arg(ctx, s);
	if (s->protocols && *s->protocols)
		SSL_CTX_set_alpn_select_cb(ctx, protocol, s);
}
