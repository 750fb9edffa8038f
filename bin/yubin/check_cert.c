/* SPDX-License-Identifier: ISC */
/* yubin check: the certificate. */
#include <errno.h>
#include <limits.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "check.h"
#include "io/file.h"
#include "serve/session.h"

#define SOON_DAYS 14

/* NULL when it cannot be opened, which is a finding unless errno is ENOENT. */
static FILE *
open_pem(struct check *c, char path[PATH_MAX], const char *name)
{
	FILE *f;

	if (file_join(path, PATH_MAX, c->root, name) < 0)
		return NULL;
	f = fopen(path, "re");
	if (!f && errno == ENOENT)
		found(c, "%s is missing: no TLS; run \"yubin cert\"", path);
	else if (!f)
		found(c, "%s cannot be read", path);
	return f;
}

static void
check_dates(struct check *c, const char *path, const X509 *cert)
{
	int days = 0, seconds = 0;

	if (X509_cmp_current_time(X509_get0_notBefore(cert)) > 0)
		found(c, "%s is not valid yet", path);
	if (!ASN1_TIME_diff(&days, &seconds, NULL, X509_get0_notAfter(cert)))
		found(c, "%s has an unreadable end of validity", path);
	else if (days < 0 || seconds < 0)
		found(c, "%s has expired", path);
	else if (days < SOON_DAYS)
		found(c, "%s expires in %d days", path, days);
}

static void
check_pair(struct check *c, const char *path, X509 *cert)
{
	char key_path[PATH_MAX];
	FILE *f = open_pem(c, key_path, "tls/key.pem");
	EVP_PKEY *key;

	if (!f)
		return;
	key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
	fclose(f);
	if (!key)
		found(c, "%s is not a private key in PEM", key_path);
	else if (X509_check_private_key(cert, key) != 1)
		found(c, "%s is not the key of %s", key_path, path);
	EVP_PKEY_free(key);
}

void
check_certificate(struct check *c)
{
	char path[PATH_MAX], host[256];
	FILE *f = open_pem(c, path, "tls/cert.pem");
	X509 *cert;

	if (!f)
		return;
	cert = PEM_read_X509(f, NULL, NULL, NULL);
	fclose(f);
	if (!cert) {
		found(c, "%s is not a certificate in PEM", path);
		return;
	}
	check_dates(c, path, cert);
	serve_hostname(host);
	if (X509_check_host(cert, host, 0, 0, NULL) != 1)
		found(c, "%s is not for this host, %s", path, host);
	check_pair(c, path, cert);
	X509_free(cert);
}
