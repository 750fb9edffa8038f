/* SPDX-License-Identifier: ISC */
/* The commands. */
#ifndef IMAPD_TABLE_H
#define IMAPD_TABLE_H

#include "session.h"

/* The command called name, in any case, or NULL. */
const struct command *table_find(struct str name);

/* The handlers, one comment each in its file. */
enum reply cmd_append(struct imap *s, struct scan *args);
enum reply cmd_capability(struct imap *s, struct scan *args);
enum reply cmd_check(struct imap *s, struct scan *args);
enum reply cmd_close(struct imap *s, struct scan *args);
enum reply cmd_copy(struct imap *s, struct scan *args);
enum reply cmd_create(struct imap *s, struct scan *args);
enum reply cmd_delete(struct imap *s, struct scan *args);
enum reply cmd_enable(struct imap *s, struct scan *args);
enum reply cmd_examine(struct imap *s, struct scan *args);
enum reply cmd_expunge(struct imap *s, struct scan *args);
enum reply cmd_fetch(struct imap *s, struct scan *args);
enum reply cmd_getquota(struct imap *s, struct scan *args);
enum reply cmd_getquotaroot(struct imap *s, struct scan *args);
enum reply cmd_id(struct imap *s, struct scan *args);
enum reply cmd_idle(struct imap *s, struct scan *args);
enum reply cmd_list(struct imap *s, struct scan *args);
enum reply cmd_logged_in(struct imap *s, struct scan *args);
enum reply cmd_logout(struct imap *s, struct scan *args);
enum reply cmd_lsub(struct imap *s, struct scan *args);
enum reply cmd_move(struct imap *s, struct scan *args);
enum reply cmd_namespace(struct imap *s, struct scan *args);
enum reply cmd_noop(struct imap *s, struct scan *args);
enum reply cmd_rename(struct imap *s, struct scan *args);
enum reply cmd_search(struct imap *s, struct scan *args);
enum reply cmd_select(struct imap *s, struct scan *args);
enum reply cmd_setquota(struct imap *s, struct scan *args);
enum reply cmd_status(struct imap *s, struct scan *args);
enum reply cmd_store(struct imap *s, struct scan *args);
enum reply cmd_subscribe(struct imap *s, struct scan *args);
enum reply cmd_unselect(struct imap *s, struct scan *args);
enum reply cmd_unsubscribe(struct imap *s, struct scan *args);

#endif
