/* SPDX-License-Identifier: ISC */
/* What IMAP and POP3 sessions were promised about the messages of one Maildir:
 * where each is, and what UIDs mean.  Messages are the ledger's tokens; each
 * is the affair of one client.  It lies in shared memory. */
#ifndef SHELF_H
#define SHELF_H

#include <stdint.h>

#include "ledger.h"

#define SHELF_FOLDERS 3
#define SHELF_UIDS (1U << 18) /* in a folder */

/* A place: in which folders there must be a copy, in which there may be one,
 * and whether it is in one of these (a MOVE). */
#define SHELF_MUST(f) (1U << (f))
#define SHELF_MAY(f) (8U << (f))
#define SHELF_ONE 64U

struct shelf {
	_Atomic unsigned char place[LEDGER_TOKENS];
	_Atomic uint32_t told[SHELF_FOLDERS][SHELF_UIDS]; /* token + 1 */
	_Atomic uint32_t highest[SHELF_FOLDERS];          /* UID told */
	uint32_t validity[SHELF_FOLDERS];
	_Atomic uint32_t acked; /* commands */
	/* As of the last cut. */
	unsigned char cut_place[LEDGER_TOKENS];
	uint32_t cut_told[SHELF_FOLDERS][SHELF_UIDS];
	uint32_t cut_highest[SHELF_FOLDERS];
};

extern const char *const shelf_folders[SHELF_FOLDERS];

/* A client was told that uid in folder f is the message t. */
void shelf_told(struct shelf *s, unsigned f, uint32_t uid, uint32_t t);

/* Copy all to cut_*: called by ledger_cut(); tokens: those in use. */
void shelf_cut(struct shelf *s, uint32_t tokens);

#endif
