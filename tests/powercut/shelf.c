/* SPDX-License-Identifier: ISC */
/* Facts in shared memory. */
#include "shelf.h"

#include <stdatomic.h>

#include "rig.h"

const char *const shelf_folders[SHELF_FOLDERS] = {"INBOX", "Aa", "Bb"};

void
shelf_told(struct shelf *s, unsigned f, uint32_t uid, uint32_t t)
{
	uint32_t old = s->highest[f];

	if (uid >= SHELF_UIDS)
		broken_text("shelf", "no more UIDs");
	if (s->told[f][uid] && s->told[f][uid] != t + 1)
		broken_text("live Maildir", "a UID was given twice");
	s->told[f][uid] = t + 1;
	while (old < uid &&
	       !atomic_compare_exchange_weak(&s->highest[f], &old, uid))
		;
	s->acked++;
}

void
shelf_cut(struct shelf *s, uint32_t tokens)
{
	for (uint32_t t = 0; t < tokens; t++)
		s->cut_place[t] = s->place[t];
	for (unsigned f = 0; f < SHELF_FOLDERS; f++) {
		s->cut_highest[f] = s->highest[f];
		for (uint32_t u = 0; u <= s->cut_highest[f]; u++)
			s->cut_told[f][u] = s->told[f][u];
	}
}
