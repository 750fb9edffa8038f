/* SPDX-License-Identifier: ISC */
/* What the two sides of TLS share; for lib/net alone. */
#ifndef NET_TLS_COMMON_H
#define NET_TLS_COMMON_H

#include <openssl/ssl.h>

/* Options of every context: TLS 1.2 at least, no compression, no renegotiation,
 * partial writes, no session cache. */
void tls_options(SSL_CTX *ctx);

/* -1 with errno err, and what, a detail, and OpenSSL's reason in fail_last().*/
int tls_fail(int err, const char *what, const char *detail);

#endif
