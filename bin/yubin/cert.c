/* SPDX-License-Identifier: ISC */
/* yubin cert: a self-signed certificate, so that TLS works from the first
 * minute.  One that is there already is never touched. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "base/fail.h"
#include "conf/settings.h"
#include "io/file.h"
#include "serve/session.h"
#include "users/domain.h"

#define VALID_S (3650L * 86400)

static int
crypto_failed(const char *what)
{
	char text[256];

	ERR_error_string_n(ERR_get_error(), text, sizeof(text));
	fail_text(EIO, text);
	return fail(what, NULL);
}

static bool
add_extension(X509 *cert, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;
	bool ok;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ok = ext && X509_add_ext(cert, ext, -1) == 1;
	X509_EXTENSION_free(ext);
	return ok;
}

static bool
set_serial(X509 *cert)
{
	BIGNUM *bn = BN_new();
	bool ok = bn && BN_rand(bn, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) &&
	          BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(cert));

	BN_free(bn);
	return ok;
}

/* Fill the certificate in and sign it. */
static bool
fill(X509 *cert, EVP_PKEY *key, const char *host)
{
	X509_NAME *name = X509_get_subject_name(cert);
	char alt[300];

	snprintf(alt, sizeof(alt), "DNS:%s", host);
	/* A common name has at most 64 octets; the real name is in the
	 * subjectAltName (RFC 9525). */
	return X509_set_version(cert, 2) && set_serial(cert) &&
	       X509_gmtime_adj(X509_getm_notBefore(cert), -3600) &&
	       X509_gmtime_adj(X509_getm_notAfter(cert), VALID_S) &&
	       X509_set_pubkey(cert, key) &&
	       X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
		   (const unsigned char *)(str_z(host).n <= 64 ? host : "mail"),
		   -1, -1, 0) &&
	       X509_set_issuer_name(cert, name) &&
	       add_extension(cert, NID_subject_alt_name, alt) &&
	       add_extension(
		   cert, NID_basic_constraints, "critical,CA:FALSE") &&
	       add_extension(
		   cert, NID_ext_key_usage, "serverAuth,clientAuth") &&
	       X509_sign(cert, key, EVP_sha256()) > 0;
}

static int
write_bio(int dir, const char *name, BIO *bio, mode_t mode)
{
	char *p;
	long n = BIO_get_mem_data(bio, &p);

	return file_replace(dir, name, str_make(p, (size_t)n), mode);
}

/* The key first: a certificate is never there without its key. */
static int
write_both(int dir, X509 *cert, EVP_PKEY *key)
{
	BIO *a = BIO_new(BIO_s_mem());
	BIO *b = BIO_new(BIO_s_mem());
	int r = -1;

	if (!a || !b ||
	    !PEM_write_bio_PKCS8PrivateKey(a, key, NULL, NULL, 0, NULL, NULL) ||
	    !PEM_write_bio_X509(b, cert))
		crypto_failed("write the certificate");
	else if (write_bio(dir, "key.pem", a, 0600) == 0)
		r = write_bio(dir, "cert.pem", b, 0644);
	BIO_free(a);
	BIO_free(b);
	return r;
}

static int
make(int dir, const char *host)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	int r;

	if (!key || !cert || !fill(cert, key, host))
		r = crypto_failed("make the certificate");
	else
		r = write_both(dir, cert, key);
	X509_free(cert);
	EVP_PKEY_free(key);
	return r;
}

int
admin_cert(int argc, char **argv)
{
	char path[4096], host[256];
	struct stat st;
	int dir, r = 0;

	if (argc > 2)
		return refuse("usage: yubin cert [HOSTNAME]");
	if (argc == 2)
		snprintf(host, sizeof(host), "%s", argv[1]);
	else
		serve_hostname(host);
	if (!domain_valid(str_z(host)))
		return refuse("%s is not a host name", host);
	if (file_join(path, sizeof(path), settings_root(), "tls") < 0)
		return failed("cert");
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		fail("open ", path);
		return failed("cert (has \"yubin init\" been run?)");
	}
	if (fstatat(dir, "cert.pem", &st, 0) == 0 ||
	    fstatat(dir, "key.pem", &st, 0) == 0)
		printf("%s has a certificate or a key already\n", path);
	else
		r = make(dir, host);
	close(dir);
	return r < 0 ? failed("cert") : 0;
}
