/* SPDX-License-Identifier: ISC */
/* The Received: field we put in front, RFC 5321 4.4. */
#ifndef SMTPD_RECEIVED_H
#define SMTPD_RECEIVED_H

#include "session.h"

/* Append the field for the present transaction, folded, with its CRLFs. */
void received_write(const struct smtp *s, int64_t now_s, struct buf *b);

#endif
