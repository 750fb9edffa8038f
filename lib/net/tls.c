/* SPDX-License-Identifier: ISC */
/* TLS contexts and handshakes.  The server's context is made and warmed by one
 * handshake in memory before connections fork: that saves three quarters of
 * the time of each. */
#include "net/tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "base/now.h"
#include "io/wait.h"

#define TICKETS_MS (12 * 3600 * 1000)

static const char ciphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";

/* Fail with what, a detail, and OpenSSL's reason. */
static int
ssl_fail(int err, const char *what, const char *detail)
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

/* Never ask a terminal for the pass phrase of a key. */
static int
no_phrase(char *to, int size, int rw, void *arg)
{
	(void)to, (void)size, (void)rw, (void)arg;
	return -1;
}

static void
common_options(SSL_CTX *ctx)
{
	SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION |
				     SSL_OP_NO_RENEGOTIATION |
				     SSL_OP_IGNORE_UNEXPECTED_EOF);
	SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
				  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
				  SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
}

static int
fill_server(SSL_CTX *ctx, const struct tls_server *s)
{
	static const unsigned char id[] = "yubin";

	common_options(ctx);
	SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1);
	SSL_CTX_set_default_passwd_cb(ctx, no_phrase);
	if (SSL_CTX_set_cipher_list(ctx, ciphers) != 1)
		return ssl_fail(0, "TLS ciphers", "");
	if (SSL_CTX_use_certificate_chain_file(ctx, s->cert) != 1)
		return ssl_fail(0, "certificate ", s->cert);
	if (SSL_CTX_use_PrivateKey_file(ctx, s->key, SSL_FILETYPE_PEM) != 1)
		return ssl_fail(0, "key ", s->key);
	if (SSL_CTX_check_private_key(ctx) != 1)
		return ssl_fail(0, "certificate and key differ: ", s->cert);
	return 0;
}

/* Shake hands in memory until neither side moves; whether both are done. */
static bool
play(SSL *server, SSL *client)
{
	for (int i = 0; i < 16; i++) {
		int a = SSL_do_handshake(client);
		int b = SSL_do_handshake(server);

		if (a == 1 && b == 1)
			return true;
	}
	return false;
}

static int
warm(SSL_CTX *ctx)
{
	SSL_CTX *cctx = SSL_CTX_new(TLS_client_method());
	SSL *server = SSL_new(ctx);
	SSL *client = cctx ? SSL_new(cctx) : NULL;
	BIO *a, *b;
	bool ok;

	if (!server || !client || BIO_new_bio_pair(&a, 0, &b, 0) != 1)
		oom();
	SSL_set_bio(server, a, a);
	SSL_set_bio(client, b, b);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	ok = play(server, client);
	SSL_free(client);
	SSL_free(server);
	SSL_CTX_free(cctx);
	if (!ok)
		return ssl_fail(0, "TLS self test", "");
	ERR_clear_error();
	return 0;
}

static void
stamp(const char *path, struct tls_stamp *to)
{
	struct stat st;

	memset(to, 0, sizeof(*to));
	if (stat(path, &st) < 0)
		return;
	to->ino = st.st_ino;
	to->mtime_ns =
	    (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	to->size = st.st_size;
}

/* A new context from the files, put in place of the old one. */
static int
read_files(struct tls_server *s)
{
	SSL_CTX *ctx;

	stamp(s->cert, &s->seen[0]);
	stamp(s->key, &s->seen[1]);
	s->loaded_ms = now_ms();
	ERR_clear_error();
	ctx = SSL_CTX_new(TLS_server_method());
	if (!ctx)
		return ssl_fail(0, "TLS", "");
	if (fill_server(ctx, s) < 0 || warm(ctx) < 0) {
		SSL_CTX_free(ctx);
		return -1;
	}
	SSL_CTX_free(s->ctx);
	s->ctx = ctx;
	return 0;
}

static int
set_path(
    char to[TLS_PATH], const char *root, const char *given, const char *name)
{
	int n = given && *given
	            ? snprintf(to, TLS_PATH, "%s", given)
	            : snprintf(to, TLS_PATH, "%s/tls/%s", root, name);

	if (n >= TLS_PATH) {
		errno = ENAMETOOLONG;
		return fail("certificate ", given);
	}
	return 0;
}

int
tls_server_load(
    struct tls_server *s, const char *root, const char *cert, const char *key)
{
	memset(s, 0, sizeof(*s));
	if (set_path(s->cert, root, cert, "cert.pem") < 0 ||
	    set_path(s->key, root, key, "key.pem") < 0)
		return -1;
	return read_files(s);
}

int
tls_server_refresh(struct tls_server *s, bool force)
{
	struct tls_stamp now[2];

	memset(now, 0, sizeof(now));
	stamp(s->cert, &now[0]);
	stamp(s->key, &now[1]);
	if (!force && memcmp(now, s->seen, sizeof(now)) == 0 &&
	    now_ms() - s->loaded_ms < TICKETS_MS)
		return 0;
	return read_files(s) < 0 ? -1 : 1;
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
		return ssl_fail(0, "TLS handshake", "");
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

	t->fd = fd;
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

int
tls_accept(struct tls *t, const struct tls_server *s, int fd, int64_t deadline)
{
	if (attach(t, s->ctx, fd) < 0)
		return -1;
	SSL_set_accept_state(t->ssl);
	return shake(t, deadline);
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
		return ssl_fail(0, "TLS", "");
	common_options(ctx);
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
		return ssl_fail(0, "TLS server name ", host);
	}
	if (check && check_host(t->ssl, host) != 1) {
		tls_end(t);
		return ssl_fail(0, "TLS server name ", host);
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
put_binding(const struct tls *t, struct buf *vars)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	unsigned char key[32];

	if (SSL_version(t->ssl) != TLS1_3_VERSION ||
	    SSL_export_keying_material(t->ssl, key, sizeof(key), label,
		sizeof(label) - 1, NULL, 0, 1) != 1)
		return;
	buf_z(vars, "SSL_CHANNEL_BINDING_TLS_EXPORTER=");
	for (size_t i = 0; i < sizeof(key); i++)
		buf_fmt(vars, "%02x", key[i]);
	buf_chr(vars, '\0');
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
	put_binding(t, vars);
}

void
tls_end(struct tls *t)
{
	SSL_free(t->ssl);
	t->ssl = NULL;
}
