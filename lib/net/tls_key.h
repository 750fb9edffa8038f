/* SPDX-License-Identifier: ISC */
/* Private keys in memory: as few copies as can be, and none for longer than it
 * takes. */
#ifndef NET_TLS_KEY_H
#define NET_TLS_KEY_H

struct ssl_ctx_st;

/* Before anything else of OpenSSL: all memory that it gives back is zeroed, for
 * it leaves decoded keys there, and our processes are forked. */
void tls_key_memory(void);

/* Use the key (PEM) in that file.  0, or -1 with fail_last(). */
int tls_key_use(struct ssl_ctx_st *ctx, const char *path);

/* Forget all private keys of a context, which is of no more use for new
 * sessions. */
void tls_key_forget(struct ssl_ctx_st *ctx);

#endif
