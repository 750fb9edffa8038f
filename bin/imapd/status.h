/* SPDX-License-Identifier: ISC */
/* STATUS items, for STATUS itself and LIST … RETURN (STATUS (…)). */
#ifndef IMAPD_STATUS_H
#define IMAPD_STATUS_H

#include "session.h"

/* Read "(MESSAGES UNSEEN …)" into bits. */
bool status_scan(struct scan *args, unsigned *items);

/* Write "* STATUS name (…)".  Returns 1; 0 no such mailbox; -1 failed. */
int status_send(struct imap *s, struct str name, unsigned items);

#endif
