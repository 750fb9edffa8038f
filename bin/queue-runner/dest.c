/* SPDX-License-Identifier: ISC */
/* Destinations: how many deliveries run to each, and a pause after failures of
 * the network, so that a dead host does not hold up the mail for others. */
#include "runner.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/now.h"

#define PAUSE_MS 30000
#define PAUSE_DOUBLINGS 6 /* at most 32 minutes */
#define KEEP_MS 3600000   /* then failures are forgotten */

struct dest *
dest_find(struct runner *r, struct str domain)
{
	struct dest *d;

	for (d = r->dests; d; d = d->next)
		if (str_ieq(str_z(d->name), domain))
			return d;
	d = calloc(1, sizeof(*d));
	if (!d)
		oom();
	/* Longer than any domain: it fails as soon as it is tried. */
	if (str_copy(d->name, sizeof(d->name), domain) < 0)
		memcpy(d->name, "invalid", sizeof("invalid"));
	d->next = r->dests;
	r->dests = d;
	return d;
}

void
dest_report(struct dest *d, bool network_failed)
{
	if (!network_failed) {
		d->failures = 0;
		d->until_ms = 0;
		return;
	}
	d->until_ms = now_ms() + ((int64_t)PAUSE_MS << d->failures);
	if (d->failures < PAUSE_DOUBLINGS)
		d->failures++;
}

/* Only when no active message points to one. */
void
dest_prune(struct runner *r)
{
	struct dest **at = &r->dests;
	int64_t now = now_ms();

	if (r->nactive > 0)
		return;
	while (*at) {
		struct dest *d = *at;

		if (d->running == 0 && d->until_ms + KEEP_MS <= now) {
			*at = d->next;
			free(d);
		} else {
			at = &d->next;
		}
	}
}
