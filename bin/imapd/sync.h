/* SPDX-License-Identifier: ISC */
/* Telling the client what changed in the selected mailbox. */
#ifndef IMAPD_SYNC_H
#define IMAPD_SYNC_H

#include "session.h"

/* Look at the mailbox on disk and write EXPUNGE (only when may_expunge),
 * EXISTS, RECENT, FLAGS and FETCH for what this or any session changed.  A
 * mailbox that is gone ends the session with BYE.  Nothing happens while none
 * is selected. */
void imap_sync(struct imap *s, bool may_expunge);

/* "* FLAGS (…)" and "* OK [PERMANENTFLAGS (…)]" of the selected mailbox. */
void imap_send_flags(struct imap *s);

/* The keywords in use, as a mask. */
uint64_t imap_known_keywords(const struct mailbox *m);

/* "* n FETCH (FLAGS (…))" of one message, its UID too when with_uid. */
void imap_send_fetch_flags(struct imap *s, size_t i, bool with_uid);

#endif
