/* SPDX-License-Identifier: ISC */
/* The contexts of a TLS server. */
#include "net/tls_server.h"

#include <dirent.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "base/str.h"
#include "net/tls_common.h"
#include "net/tls_hello.h"
#include "net/tls_key.h"
#include "net/tls_ticket.h"

/* RFC 9325 4.2: forward secrecy and AEAD.  AES-128 comes first: enough, and a
 * handshake with its SHA-256 is cheaper. */
static const char suites[] = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
			     "TLS_CHACHA20_POLY1305_SHA256";
static const char ciphers[] =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
static const char groups[] = "X25519:P-256:P-384";
/* The order decides which of two certificates is used. */
static const char signatures[] =
    "ECDSA+SHA256:ed25519:ECDSA+SHA384:ECDSA+SHA512:RSA-PSS+SHA256:"
    "RSA-PSS+SHA384:RSA-PSS+SHA512:RSA+SHA256:RSA+SHA384:RSA+SHA512";

enum { CERT, KEY, CERT_RSA, KEY_RSA, FILES };

/* ------------------------------------------------------------------ files */

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

/* Where file i of c is; "" nowhere. */
static void
file_of(const struct tls_server *s, const struct tls_cert *c, int i,
    char to[TLS_PATH])
{
	static const char *const names[FILES] = {
	    "cert.pem", "key.pem", "cert-rsa.pem", "key-rsa.pem"};
	int n;

	if (!*c->host && i <= KEY)
		n = snprintf(to, TLS_PATH, "%s", i == CERT ? s->cert : s->key);
	else if (!*c->host && s->given)
		n = 0;
	else
		n = snprintf(to, TLS_PATH, "%s/%s%s%s", s->dir, c->host,
		    *c->host ? "/" : "", names[i]);
	if (n <= 0 || n >= TLS_PATH)
		*to = '\0';
}

static void
stamps(const struct tls_server *s, const struct tls_cert *c,
    struct tls_stamp to[FILES])
{
	char path[TLS_PATH];

	memset(to, 0, FILES * sizeof(*to));
	for (int i = 0; i < FILES; i++) {
		file_of(s, c, i, path);
		stamp(path, &to[i]);
	}
}

/* --------------------------------------------------------------- contexts */

/* The pair that begins with file `first`. */
static int
use_pair(SSL_CTX *ctx, const struct tls_server *s, const struct tls_cert *c,
    int first)
{
	char cert[TLS_PATH], key[TLS_PATH];

	file_of(s, c, first, cert);
	file_of(s, c, first + 1, key);
	if (SSL_CTX_use_certificate_chain_file(ctx, cert) != 1)
		return tls_fail(0, "certificate ", cert);
	if (tls_key_use(ctx, key) < 0)
		return -1;
	if (SSL_CTX_check_private_key(ctx) != 1)
		return tls_fail(0, "certificate and key differ: ", cert);
	return 0;
}

/* Whether a client's certificate is good is told, not enforced. */
static int
any_client(int ok, X509_STORE_CTX *x)
{
	(void)ok, (void)x;
	return 1;
}

static int
ask_clients(SSL_CTX *ctx, const char *ca)
{
	STACK_OF(X509_NAME) * names;

	if (!ca || !*ca)
		return 0;
	names = SSL_load_client_CA_file(ca);
	if (!names || SSL_CTX_load_verify_locations(ctx, ca, NULL) != 1)
		return tls_fail(0, "authorities ", ca);
	SSL_CTX_set_client_CA_list(ctx, names);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, any_client);
	return 0;
}

static int
fill(SSL_CTX *ctx, struct tls_server *s, const struct tls_cert *c)
{
	static const unsigned char id[] = "yubin";

	tls_options(ctx);
	SSL_CTX_set_options(ctx, SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1);
	if (SSL_CTX_set_ciphersuites(ctx, suites) != 1 ||
	    SSL_CTX_set_cipher_list(ctx, ciphers) != 1 ||
	    SSL_CTX_set1_groups_list(ctx, groups) != 1 ||
	    SSL_CTX_set1_sigalgs_list(ctx, signatures) != 1)
		return tls_fail(0, "TLS algorithms", "");
	if (use_pair(ctx, s, c, CERT) < 0 ||
	    (c->seen[CERT_RSA].ino && use_pair(ctx, s, c, CERT_RSA) < 0) ||
	    ask_clients(ctx, s->client_ca) < 0)
		return -1;
	tls_hello_init(ctx, s);
	tls_ticket_init(ctx, s);
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
		return tls_fail(0, "TLS self test", "");
	ERR_clear_error();
	return 0;
}

/* A new context from the files, put in place of the old one. */
static int
read_files(struct tls_server *s, struct tls_cert *c)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	ERR_clear_error();
	if (!ctx)
		return tls_fail(0, "TLS", "");
	if (fill(ctx, s, c) < 0 || warm(ctx) < 0) {
		SSL_CTX_free(ctx);
		return -1;
	}
	SSL_CTX_free(c->ctx);
	c->ctx = ctx;
	return 0;
}

/* As tls_server_refresh().  A host whose certificate is taken away has none.*/
static int
refresh(struct tls_server *s, struct tls_cert *c, bool force)
{
	struct tls_stamp now[FILES];

	stamps(s, c, now);
	if (!force && memcmp(now, c->seen, sizeof(now)) == 0)
		return 0;
	memcpy(c->seen, now, sizeof(now));
	if (*c->host && now[CERT].ino == 0) {
		SSL_CTX_free(c->ctx);
		c->ctx = NULL;
		return 1;
	}
	return read_files(s, c) < 0 ? -1 : 1;
}

/* ------------------------------------------------------------------ hosts */

/* A name that SNI may have, or "*." and such a name. */
static bool
host_name(const char *name, char to[TLS_HOST])
{
	struct str s = str_z(name);

	if (s.n == 0 || s.n >= TLS_HOST || *name == '.')
		return false;
	for (size_t i = 0; i < s.n; i++) {
		bool star = i == 0 && s.n > 2 && s.p[0] == '*' && s.p[1] == '.';

		if (!ascii_isalnum(s.p[i]) && !strchr("-._", s.p[i]) && !star)
			return false;
		to[i] = ascii_lower(s.p[i]);
	}
	to[s.n] = '\0';
	return true;
}

static void
add_host(struct tls_server *s, const char *host)
{
	for (size_t i = 0; i < s->nhosts; i++)
		if (strcmp(s->hosts[i].host, host) == 0)
			return;
	if (s->nhosts == TLS_HOSTS)
		return;
	if (!s->hosts && !(s->hosts = calloc(TLS_HOSTS, sizeof(*s->hosts))))
		oom();
	memcpy(s->hosts[s->nhosts++].host, host, strlen(host) + 1);
}

/* Folders that are there now.  One that went stays known, without files. */
static void
find_hosts(struct tls_server *s, bool force)
{
	struct tls_stamp now;
	struct dirent *e;
	DIR *d;

	stamp(s->dir, &now);
	if (!force && memcmp(&now, &s->seen_dir, sizeof(now)) == 0)
		return;
	s->seen_dir = now;
	d = opendir(s->dir);
	while (d && (e = readdir(d))) {
		char host[TLS_HOST];
		char path[TLS_PATH];
		struct stat st;

		if (host_name(e->d_name, host) &&
		    snprintf(path, sizeof(path), "%s/%s", s->dir, host) <
			TLS_PATH &&
		    stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			add_host(s, host);
	}
	if (d)
		closedir(d);
}

/* --------------------------------------------------------------- together */

int
tls_server_refresh(struct tls_server *s, bool force)
{
	int r = refresh(s, &s->base, force);

	tls_ticket_rotate(s);
	find_hosts(s, force);
	for (size_t i = 0; i < s->nhosts; i++) {
		int one = refresh(s, &s->hosts[i], force);

		if (one < 0 || (one > 0 && r == 0))
			r = one;
	}
	return r;
}

static int
set_path(
    char to[TLS_PATH], const char *root, const char *given, const char *name)
{
	int n = given && *given
	            ? snprintf(to, TLS_PATH, "%s", given)
	            : snprintf(to, TLS_PATH, "%s/tls%s", root, name);

	if (n >= TLS_PATH) {
		errno = ENAMETOOLONG;
		return fail("certificate ", given);
	}
	return 0;
}

int
tls_server_load(struct tls_server *s, const struct tls_settings *set)
{
	tls_key_memory();
	tzset(); /* which OpenSSL would do where it cannot open files */
	memset(s, 0, sizeof(*s));
	s->client_ca = set->client_ca;
	s->protocols = set->protocols;
	s->given = set->cert && *set->cert;
	if (set_path(s->dir, set->root, NULL, "") < 0 ||
	    set_path(s->cert, set->root, set->cert, "/cert.pem") < 0 ||
	    set_path(s->key, set->root, set->key, "/key.pem") < 0)
		return -1;
	if (set->tickets)
		tls_ticket_start(s);
	if (refresh(s, &s->base, true) < 0)
		return -1;
	tls_server_refresh(s, false);
	return 0;
}

void
tls_server_forget(struct tls_server *s)
{
	tls_key_forget(s->base.ctx);
	for (size_t i = 0; i < s->nhosts; i++)
		tls_key_forget(s->hosts[i].ctx);
	OPENSSL_cleanse(s->tickets, sizeof(s->tickets));
}
