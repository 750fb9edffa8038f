/* SPDX-License-Identifier: ISC */
/* What the files of pop3d share: one session, its replies, its handlers. */
#ifndef POP3D_H
#define POP3D_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "maildir/mailbox.h"
#include "maildir/quota.h"
#include "proto/pop3_cmd.h"
#include "proto/pop3_lang.h"
#include "serve/session.h"

struct pop3d {
	struct serve s;
	struct home home;
	struct quota quota;
	struct mailbox box;
	bool *deleted; /* box.n of them */
	size_t retrieved;
	int errors_left;
	bool quit;
	int lock; /* the maildrop's lock, or -1 */
	struct str uidl;
	bool uidl_file;          /* it has %f */
	struct str capabilities; /* of the login program, lines with CRLF */
	enum pop3_lang lang;
	bool utf8;         /* the client has said so */
	bool utf8_refused; /* to clients that have not */
};

/* Replies of one line, in the client's language; bad() for errors of the
 * client, of which it may make a few only; trouble() for those of ours, logged
 * from fail_last(). */
void ok(struct pop3d *p, const char *text);
void err(struct pop3d *p, const char *text);
void bad(struct pop3d *p, const char *text);
void trouble(struct pop3d *p);
const char *say(const struct pop3d *p, const char *english);

/* maildrop.c: the index *i of the message that a command names, which is there
 * and not deleted.  False: it is not, and that is answered. */
bool maildrop_find(struct pop3d *p, uint32_t number, size_t *i);
void cmd_stat(struct pop3d *p, struct str args);
void cmd_list(struct pop3d *p, struct str args);
void cmd_uidl(struct pop3d *p, struct str args);
void cmd_dele(struct pop3d *p, struct str args);
void cmd_rset(struct pop3d *p, struct str args);
void cmd_quit(struct pop3d *p, struct str args);

/* text.c */
void cmd_retr(struct pop3d *p, struct str args);
void cmd_top(struct pop3d *p, struct str args);

/* options.c: what the login program has said (POP3_STATE). */
void options_take(struct pop3d *p);
void cmd_capa(struct pop3d *p, struct str args);
void cmd_lang(struct pop3d *p, struct str args);
void cmd_utf8(struct pop3d *p, struct str args);

#endif
