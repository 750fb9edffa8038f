/* SPDX-License-Identifier: ISC */
/* The live sessions of the rig over the store: clients that append, copy,
 * move, expunge and remove by POP3, all in one Maildir. */
#ifndef STORE_LOAD_H
#define STORE_LOAD_H

#include <stdbool.h>
#include <sys/types.h>

#include "shelf.h"

#define STORE_CLIENTS 8

struct store_load {
	const char *bin;
	struct ledger *ledger;
	_Atomic bool *stop;
	pid_t clients[STORE_CLIENTS];
};

/* Make the folders of the Maildir in the environment, and note their
 * UIDVALIDITY. */
void store_load_init(const char *bin, struct shelf *s);

void store_load_start(struct store_load *l);
void store_load_stop(struct store_load *l);

#endif
