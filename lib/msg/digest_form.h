/* SPDX-License-Identifier: ISC */
/* What writer and reader of digests must agree on. */
#ifndef MSG_DIGEST_FORM_H
#define MSG_DIGEST_FORM_H

/* A digest of another version is made anew: count up with every change of what
 * is written, also of what structure.c or kept.c would say of a message. */
#define DIGEST_VERSION 1

#define DIGEST_MAGIC "yD"
#define DIGEST_HEAD 8
#define DIGEST_STRUCTURE (((size_t)2 << 20) - 1) /* octets */
#define DIGEST_EXTRA ((size_t)256 << 10)

#define DIGEST_WHOLE 1u
#define DIGEST_CUT 2u
#define DIGEST_DATED 4u
#define DIGEST_REPLY 8u

#endif
