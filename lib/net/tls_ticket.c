/* SPDX-License-Identifier: ISC */
/* Keys of session tickets: AES-256-CBC and HMAC-SHA256 (RFC 5077 4). */
#include "net/tls_ticket.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/fail.h"
#include "base/now.h"

static void
make(struct tls_ticket_key *k)
{
	if (RAND_bytes(k->name, sizeof(k->name)) != 1 ||
	    RAND_priv_bytes(k->aes, sizeof(k->aes)) != 1 ||
	    RAND_priv_bytes(k->hmac, sizeof(k->hmac)) != 1)
		oom();
	k->since_ms = now_ms();
	k->valid = true;
}

void
tls_ticket_start(struct tls_server *s)
{
	make(&s->tickets[0]);
}

void
tls_ticket_rotate(struct tls_server *s)
{
	int64_t age = now_ms() - s->tickets[0].since_ms;

	if (!s->tickets[0].valid || age < TLS_TICKET_MS)
		return;
	s->tickets[1] = s->tickets[0];
	/* Nobody came for so long that the old one has had its time, too. */
	if (age >= 2 * (int64_t)TLS_TICKET_MS)
		OPENSSL_cleanse(&s->tickets[1], sizeof(s->tickets[1]));
	make(&s->tickets[0]);
}

static int
use(const struct tls_ticket_key *k, unsigned char iv[EVP_MAX_IV_LENGTH],
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int encrypt)
{
	char digest[] = "SHA256";
	unsigned char secret[sizeof(k->hmac)];
	OSSL_PARAM params[3];
	int ok;

	memcpy(secret, k->hmac, sizeof(secret));
	params[0] = OSSL_PARAM_construct_octet_string(
	    OSSL_MAC_PARAM_KEY, secret, sizeof(secret));
	params[1] =
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
	params[2] = OSSL_PARAM_construct_end();
	ok = EVP_MAC_CTX_set_params(mac, params) == 1 &&
	     EVP_CipherInit_ex(
		 cipher, EVP_aes_256_cbc(), NULL, k->aes, iv, encrypt) == 1;
	OPENSSL_cleanse(secret, sizeof(secret));
	return ok ? 1 : -1;
}

/* OpenSSL's convention: 1 go on, 2 go on and give a new ticket, 0 no ticket,
 * -1 failed. */
static int
ticket_key(SSL *ssl, unsigned char name[16],
    unsigned char iv[EVP_MAX_IV_LENGTH], EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac, int encrypt)
{
	const struct tls_server *s = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

	if (encrypt) {
		const struct tls_ticket_key *k = &s->tickets[0];

		memcpy(name, k->name, sizeof(k->name));
		if (RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1)
			return -1;
		return use(k, iv, cipher, mac, 1);
	}
	for (int i = 0; i < TLS_TICKET_KEYS; i++) {
		const struct tls_ticket_key *k = &s->tickets[i];

		if (k->valid && memcmp(name, k->name, sizeof(k->name)) == 0 &&
		    use(k, iv, cipher, mac, 0) > 0)
			return i == 0 ? 1 : 2;
	}
	return 0;
}

void
tls_ticket_init(SSL_CTX *ctx, struct tls_server *s)
{
	if (!s->tickets[0].valid) {
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
		SSL_CTX_set_num_tickets(ctx, 0);
		return;
	}
	/* Each connection gives one, which is one more than a client has had.
	 */
	SSL_CTX_set_num_tickets(ctx, 1);
	SSL_CTX_set_app_data(ctx, s);
	SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, ticket_key);
}
