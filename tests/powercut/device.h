/* SPDX-License-Identifier: ISC */
/* The device under test: a process that serves the disk's file by FUSE, counts
 * what arrives and can be frozen at any moment without stopping.  A cut is a
 * fork between two requests: the child has the disk of that instant and writes
 * the three images that a power cut may leave. */
#ifndef DEVICE_H
#define DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "disk.h"
#include "ledger.h"
#include "rig.h"

/* Seen by all processes. */
struct device_counts {
	_Atomic uint64_t writes;
	_Atomic uint64_t flushes;
	_Atomic uint32_t steps; /* writes and flushes since device_record() */
};

struct device {
	struct ledger *ledger;
	struct device_counts *counts;
	char file[RIG_PATH]; /* the disk's file */
	char mount[RIG_PATH];
	int ctl;  /* commands to the device */
	int past; /* commands to the recording's player */
	pid_t pid;
};

/* Start a device with the contents of the file `from`. */
void device_start(struct device *d, struct ledger *l, const char *from);

/* Cut now: the ledger has its cut states, the images are written. */
void device_cut(struct device *d, uint64_t seed);

/* Record what arrives from now on, from step 1. */
void device_record(struct device *d);

/* End of the recording; device_replay() may follow until device_forget().
 * Returns how many steps it has. */
uint32_t device_record_end(struct device *d);

/* Go on by n steps (0 at first: before the first one) and write the images of
 * a cut right behind the step that was reached.  Returns true when that step
 * was a flush. */
bool device_replay(struct device *d, uint32_t n, uint64_t seed);
void device_forget(struct device *d);

/* The path of an image. */
void device_image(enum disk_image what, char to[RIG_PATH]);

/* Unmount the disk's file, which must not be in use, and end the device. */
void device_stop(struct device *d);

#endif
