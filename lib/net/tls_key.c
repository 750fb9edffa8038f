/* SPDX-License-Identifier: ISC */
/* Private keys in memory. */
#define _DEFAULT_SOURCE /* explicit_bzero */
#include "net/tls_key.h"

#include <fcntl.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "io/file.h"
#include "net/tls_common.h"

#define KEY_MAX 65536 /* octets of a key file */

static void
wiping_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void *
plain_malloc(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return n ? malloc(n) : NULL;
}

static void *
wiping_realloc(void *p, size_t n, const char *file, int line)
{
	size_t old = p ? malloc_usable_size(p) : 0;
	void *to;

	if (n == 0) {
		wiping_free(p, file, line);
		return NULL;
	}
	to = malloc(n);
	if (!to || !p)
		return to;
	memcpy(to, p, old < n ? old : n);
	wiping_free(p, file, line);
	return to;
}

void
tls_key_memory(void)
{
	/* Refused when OpenSSL is in use already: then it was done before. */
	CRYPTO_set_mem_functions(plain_malloc, wiping_realloc, wiping_free);
}

/* Never ask a terminal for the pass phrase of a key. */
static int
no_phrase(char *to, int size, int rw, void *arg)
{
	(void)to, (void)size, (void)rw, (void)arg;
	return -1;
}

/* Not by OpenSSL's way of reading files, whose buffer would stay as it is. */
int
tls_key_use(SSL_CTX *ctx, const char *path)
{
	EVP_PKEY *key = NULL;
	struct buf pem;
	BIO *bio;
	int r;

	buf_init(&pem, KEY_MAX);
	if (file_read(AT_FDCWD, path, &pem) < 0) {
		buf_wipe(&pem);
		return fail("key ", path);
	}
	bio = BIO_new_mem_buf(pem.p ? pem.p : "", (int)pem.n);
	if (bio)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_phrase, NULL);
	r = key ? SSL_CTX_use_PrivateKey(ctx, key) : 0;
	EVP_PKEY_free(key);
	BIO_free(bio);
	buf_wipe(&pem);
	return r == 1 ? 0 : tls_fail(0, "key ", path);
}

/* A public key fits the certificate as well, and takes the private one's place,
 * which OpenSSL then writes zeros over. */
void
tls_key_forget(SSL_CTX *ctx)
{
	long next = SSL_CERT_SET_FIRST;

	while (ctx && SSL_CTX_set_current_cert(ctx, next) == 1) {
		X509 *x = SSL_CTX_get0_certificate(ctx);

		SSL_CTX_use_PrivateKey(ctx, X509_get0_pubkey(x));
		next = SSL_CERT_SET_NEXT;
	}
	ERR_clear_error();
}
