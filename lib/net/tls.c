/* SPDX-License-Identifier: ISC */
/* TLS handshakes, and what came of them. */
#include "net/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "base/now.h"
#include "io/wait.h"
#include "net/tls_common.h"

#define SUBJECT_MAX 500 /* octets of a client's name */
#define EMAIL_MAX 320   /* … of a part of it that may be an address */
#define EMAILS 5

int
tls_fail(int err, const char *what, const char *detail)
{
	unsigned long code = ERR_get_error();
	const char *why = code ? ERR_reason_error_string(code) : NULL;
	char text[400];

	/* A file that is missing: OpenSSL has no words for errno. */
	if (ERR_SYSTEM_ERROR(code))
		why = strerror(ERR_GET_REASON(code));
	ERR_clear_error();
	snprintf(text, sizeof(text), "%s%.256s: %s", what, detail,
	    why ? why : "unknown reason");
	return fail_text(err, text);
}

void
tls_options(SSL_CTX *ctx)
{
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION |
				     SSL_OP_NO_RENEGOTIATION |
				     SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* Not SSL_MODE_RELEASE_BUFFERS: buffers of 16 kB are freed then, and
	 * wiped (tls_key.c), for each record; as it is, of either no more is
	 * touched than the longest record took. */
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* A record in one read. */
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
}

/* Wait for what the handshake wants, or say why it failed. */
static int
wait_step(struct tls *t, int r, int64_t deadline)
{
	int saved = errno;
	int why = SSL_get_error(t->ssl, r);
	int ready = 0;

	if (why == SSL_ERROR_WANT_READ)
		ready = wait_readable(t->fd, deadline);
	else if (why == SSL_ERROR_WANT_WRITE)
		ready = wait_writable(t->fd, deadline);
	else if (why == SSL_ERROR_SSL)
		return tls_fail(0, "TLS handshake", "");
	else if (why == SSL_ERROR_SYSCALL && saved != 0) {
		errno = saved;
		return fail("TLS handshake", NULL);
	} else
		return fail_text(ECONNRESET,
		    "TLS handshake: the peer closed the connection");
	if (ready == 0)
		return fail_text(ETIMEDOUT, "TLS handshake: timed out");
	return ready < 0 ? fail("TLS handshake", NULL) : 0;
}

static int
shake(struct tls *t, int64_t deadline)
{
	for (;;) {
		int r;

		ERR_clear_error();
		errno = 0;
		r = SSL_do_handshake(t->ssl);
		if (r == 1)
			return 0;
		if (wait_step(t, r, deadline) < 0) {
			int err = errno;

			tls_end(t);
			errno = err;
			return -1;
		}
	}
}

static int
attach(struct tls *t, SSL_CTX *ctx, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	*t = (struct tls){.fd = fd};
	t->ssl = SSL_new(ctx);
	if (!t->ssl)
		oom();
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
	    SSL_set_fd(t->ssl, fd) != 1) {
		tls_end(t);
		return fail("TLS socket", NULL);
	}
	return 0;
}

/* The hash is that of the certificate's signature, but no weaker than SHA-256.
 * A session that is resumed has no certificate that we could know of. */
static void
find_end_point(struct tls *t)
{
	X509 *cert = SSL_get_certificate(t->ssl);
	const EVP_MD *md;
	int nid;

	if (!cert || SSL_session_reused(t->ssl) ||
	    X509_get_signature_info(cert, &nid, NULL, NULL, NULL) != 1 ||
	    nid == NID_undef)
		return;
	if (nid == NID_md5 || nid == NID_sha1)
		nid = NID_sha256;
	md = EVP_get_digestbynid(nid);
	if (!md || X509_digest(cert, md, t->end_point, &t->end_point_n) != 1)
		t->end_point_n = 0;
}

int
tls_accept(struct tls *t, const struct tls_server *s, int fd, int64_t deadline)
{
	if (attach(t, s->base.ctx, fd) < 0)
		return -1;
	SSL_set_accept_state(t->ssl);
	if (shake(t, deadline) < 0)
		return -1;
	find_end_point(t); /* before the certificates are forgotten */
	return 0;
}

void
tls_forget(const struct tls *t, struct tls_server *s)
{
	SSL_certs_clear(t->ssl);
	tls_server_forget(s);
}

static bool
is_address(const char *host)
{
	unsigned char to[16];

	return inet_pton(AF_INET, host, to) == 1 ||
	       inet_pton(AF_INET6, host, to) == 1;
}

static int
check_host(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	if (is_address(host))
		return X509_VERIFY_PARAM_set1_ip_asc(param, host);
	X509_VERIFY_PARAM_set_hostflags(
	    param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return SSL_set1_host(ssl, host);
}

int
tls_connect(
    struct tls *t, const char *host, bool check, int fd, int64_t deadline)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int r;

	if (!ctx)
		return tls_fail(0, "TLS", "");
	tls_options(ctx);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL);
	if (check)
		SSL_CTX_set_default_verify_paths(ctx);
	r = attach(t, ctx, fd);
	SSL_CTX_free(ctx); /* the session holds it */
	if (r < 0)
		return -1;
	SSL_set_connect_state(t->ssl);
	/* The macro casts away const; the function copies the name. */
	if (!is_address(host) && *host &&
	    SSL_ctrl(t->ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME,
		TLSEXT_NAMETYPE_host_name, (void *)(uintptr_t)host) != 1) {
		tls_end(t);
		return tls_fail(0, "TLS server name ", host);
	}
	if (check && check_host(t->ssl, host) != 1) {
		tls_end(t);
		return tls_fail(0, "TLS server name ", host);
	}
	return shake(t, deadline);
}

static void
put_var(struct buf *vars, const char *name, const char *value)
{
	buf_fmt(vars, "%s=%s", name, value);
	buf_chr(vars, '\0');
}

static bool
hostlike(const char *name)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!ascii_isalnum(name[i]) && !strchr("-._", name[i]))
			return false;
	return n > 0 && n <= 255;
}

static void
put_hex(struct buf *vars, const char *name, const unsigned char *p, size_t n)
{
	if (n == 0)
		return;
	buf_fmt(vars, "SSL_CHANNEL_BINDING_%s=", name);
	for (size_t i = 0; i < n; i++) {
		buf_chr(vars, "0123456789abcdef"[p[i] >> 4]);
		buf_chr(vars, "0123456789abcdef"[p[i] & 15]);
	}
	buf_chr(vars, '\0');
}

/* TLS 1.3 has an exporter for it.  Of TLS 1.2 the first Finished message is
 * taken, which is no good without the extended master secret (RFC 7627). */
static void
put_bindings(const struct tls *t, struct buf *vars)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	unsigned char data[64];
	size_t n = 0;

	put_hex(vars, "TLS_SERVER_END_POINT", t->end_point, t->end_point_n);
	if (SSL_version(t->ssl) == TLS1_3_VERSION) {
		if (SSL_export_keying_material(t->ssl, data, 32, label,
			sizeof(label) - 1, NULL, 0, 1) == 1)
			put_hex(vars, "TLS_EXPORTER", data, 32);
		return;
	}
	if (SSL_get_extms_support(t->ssl) == 1)
		n = SSL_session_reused(t->ssl)
		        ? SSL_get_finished(t->ssl, data, sizeof(data))
		        : SSL_get_peer_finished(t->ssl, data, sizeof(data));
	put_hex(vars, "TLS_UNIQUE", data, n < sizeof(data) ? n : 0);
}

/* The mail addresses among the certificate's names. */
static void
put_emails(X509 *cert, struct buf *vars)
{
	STACK_OF(OPENSSL_STRING) *mails = X509_get1_email(cert);
	char name[40];
	int put = 0;

	for (int i = 0; i < sk_OPENSSL_STRING_num(mails) && put < EMAILS; i++) {
		struct str mail = str_z(sk_OPENSSL_STRING_value(mails, i));

		if (!str_is_ascii(mail) || mail.n > EMAIL_MAX)
			continue;
		snprintf(name, sizeof(name), "SSL_CLIENT_SAN_Email_%d", put++);
		put_var(vars, name, mail.p);
	}
	X509_email_free(mails);
}

/* The last common name, the most specific one. */
static void
put_common_name(X509 *cert, struct buf *vars)
{
	X509_NAME *subject = X509_get_subject_name(cert);
	unsigned char *text = NULL;
	int at = -1, next, n = -1;

	while ((next = X509_NAME_get_index_by_NID(
		    subject, NID_commonName, at)) >= 0)
		at = next;
	if (at >= 0)
		n = ASN1_STRING_to_UTF8(&text,
		    X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
	if (n > 0 && n <= EMAIL_MAX && !memchr(text, '\0', (size_t)n)) {
		buf_z(vars, "SSL_CLIENT_S_DN_CN=");
		buf_put(vars, text, (size_t)n);
		buf_chr(vars, '\0');
	}
	OPENSSL_free(text);
}

static void
put_subject(X509 *cert, struct buf *vars)
{
	BIO *b = BIO_new(BIO_s_mem());
	char *p;
	long n;

	if (!b)
		oom();
	X509_NAME_print_ex(b, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253);
	n = BIO_get_mem_data(b, &p);
	if (n > 0 && n <= SUBJECT_MAX && !memchr(p, '\0', (size_t)n)) {
		buf_z(vars, "SSL_CLIENT_S_DN=");
		buf_put(vars, p, (size_t)n);
		buf_chr(vars, '\0');
	}
	BIO_free(b);
}

/* Of a certificate nobody vouches for nothing is told but that. */
static void
put_client(const struct tls *t, struct buf *vars)
{
	X509 *cert = SSL_get0_peer_certificate(t->ssl);
	long r = SSL_get_verify_result(t->ssl);
	char text[200];

	if (!cert || !(SSL_get_verify_mode(t->ssl) & SSL_VERIFY_PEER)) {
		put_var(vars, "SSL_CLIENT_VERIFY", "NONE");
		return;
	}
	if (r != X509_V_OK) {
		snprintf(text, sizeof(text), "FAILED:%s",
		    X509_verify_cert_error_string(r));
		put_var(vars, "SSL_CLIENT_VERIFY", text);
		return;
	}
	put_var(vars, "SSL_CLIENT_VERIFY", "SUCCESS");
	put_subject(cert, vars);
	put_common_name(cert, vars);
	put_emails(cert, vars);
}

void
tls_vars(const struct tls *t, struct buf *vars)
{
	const char *sni = SSL_get_servername(t->ssl, TLSEXT_NAMETYPE_host_name);
	const SSL_CIPHER *cipher = SSL_get_current_cipher(t->ssl);
	char bits[16];

	snprintf(bits, sizeof(bits), "%d", SSL_CIPHER_get_bits(cipher, NULL));
	put_var(vars, "SSL_PROTOCOL", SSL_get_version(t->ssl));
	put_var(vars, "SSL_CIPHER", SSL_CIPHER_get_name(cipher));
	put_var(vars, "SSL_CIPHER_USEKEYSIZE", bits);
	put_var(vars, "SSL_SESSION_RESUMED",
	    SSL_session_reused(t->ssl) ? "Resumed" : "Initial");
	if (sni && hostlike(sni))
		put_var(vars, "SSL_TLS_SNI_SERVERNAME", sni);
	put_bindings(t, vars);
	put_client(t, vars);
}

void
tls_end(struct tls *t)
{
	SSL_free(t->ssl);
	t->ssl = NULL;
}
