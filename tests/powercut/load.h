/* SPDX-License-Identifier: ISC */
/* The live server on the volume, and its users: the runner, clients that
 * submit, readers that move mail to cur and remove it. */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <sys/types.h>

#include "device.h"
#include "ledger.h"

#define LOAD_WRITERS 64

struct load {
	const char *bin; /* the folder of the programs */
	const char *root;
	struct device *device;
	struct load_shared *shared;
	pid_t runner, reader, writers[LOAD_WRITERS];
	int nwriters;
};

/* Make a YUBIN_ROOT with the ledger's users at root, by the programs in bin,
 * and set it in the environment. */
void load_init(const char *bin, const char *root);

/* Start or end the queue runner; log: where its lines go. */
void load_runner_start(struct load *l);
void load_runner_stop(struct load *l);

/* Start n clients and the readers; end them.  Clients pause while too many
 * messages wait for delivery.  Readers remove only what a cut has seen. */
void load_start(struct load *l, int n);
void load_stop(struct load *l);

/* Wait until the queue is empty; broken when it does not become so. */
void load_settle(const struct load *l);

/* Remove all delivered messages; nothing else may run. */
void load_drain(struct load *l);

#endif
