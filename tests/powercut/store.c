/* SPDX-License-Identifier: ISC */
/* One volume, its clients and its cuts. */
#define _GNU_SOURCE
#include "store.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/now.h"
#include "device.h"
#include "store_load.h"

#define DELAY_MS 400

struct store {
	const struct volume_type *type;
	struct ledger *ledger;
	struct device device;
	char mount[RIG_PATH], maildir[RIG_PATH];
};

static void
open_store(struct store *s, const struct volume_type *t, const char *bin)
{
	char file[RIG_PATH];

	s->type = t;
	s->ledger = rig_shared(sizeof(*s->ledger));
	s->ledger->shelf = rig_shared(sizeof(*s->ledger->shelf));
	rig_path(file, rig_work, "/empty", "");
	rig_path(s->mount, rig_work, "/live", "");
	store_check_maildir(s->mount, s->maildir);
	volume_make(t, file);
	device_start(&s->device, s->ledger, file);
	if (unlink(file) < 0 ||
	    volume_mount(t, s->device.file, s->mount, false) < 0 ||
	    mkdir(s->maildir, 0700) < 0 || setenv("MAILDIR", s->maildir, 1) < 0)
		broken(t->name);
	store_load_init(bin, s->ledger->shelf);
	volume_sync(s->mount);
}

static void
close_store(struct store *s)
{
	volume_unmount(s->mount);
	device_stop(&s->device);
	rig_unshare(s->ledger->shelf, sizeof(*s->ledger->shelf));
	rig_unshare(s->ledger, sizeof(*s->ledger));
}

static void
cut(struct store *s, const char *check, uint64_t cuts, bool quiet,
    uint64_t *seed, struct store_findings *found)
{
	static const char *const names[DISK_IMAGES] = {
	    "last flush", "all writes", "half"};

	poll(NULL, 0, (int)(rig_random(seed) % DELAY_MS));
	device_cut(&s->device, rig_random(seed));
	for (int i = 0; i < DISK_IMAGES; i++) {
		char file[RIG_PATH], what[100];

		device_image((enum disk_image)i, file);
		snprintf(what, sizeof(what), "%s, store, cut %llu, %s",
		    s->type->name, (unsigned long long)cuts, names[i]);
		store_check_image(
		    s->type, file, check, s->ledger, what, quiet, found);
	}
}

void
store_run(const struct volume_type *t, const char *bin, const char *check,
    int64_t deadline, uint32_t cuts_most, bool until_lost, uint64_t *seed,
    struct store_sum *sum)
{
	struct store s;
	struct store_load load = {.bin = bin};
	uint32_t cuts = 0;

	open_store(&s, t, bin);
	load.ledger = s.ledger;
	store_load_start(&load);
	do
		cut(&s, check, ++cuts, until_lost, seed, &sum->found);
	while ((deadline ? now_ms() < deadline : cuts < cuts_most) &&
	       !(until_lost && (sum->found.lost || cuts == cuts_most)));
	store_load_stop(&load);
	sum->cuts += cuts;
	sum->acked += s.ledger->shelf->acked;
	close_store(&s);
}
