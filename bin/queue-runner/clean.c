/* SPDX-License-Identifier: ISC */
/* Leftovers: files in tmp whose writer died, notes about full mailboxes, and
 * files in new that no 250 was ever given for. */
#include "runner.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "io/dir.h"
#include "queue/full.h"

#define TMP_AGE_S (36 * 3600)
#define CLEAN_EVERY_MS 3600000
#define CLEAN_ARENA ((size_t)256 * 1024 * 1024)

/* Remove files of that age in this directory. */
static void
clean_dir(struct runner *r, const char *dir, int64_t age_s, bool tell)
{
	struct arena a;
	char **names;
	char path[300];
	struct stat st;
	size_t n;

	arena_init(&a, CLEAN_ARENA);
	if (dir_list(r->queue, dir, 1, WALK_FILES, &a, &names, &n) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		if (fstatat(r->queue, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    st.st_mtim.tv_sec > now_wall_s() - age_s)
			continue;
		if (unlinkat(r->queue, path, 0) == 0 && tell)
			log_event("cleaned", "file", path, NULL);
	}
	arena_free(&a);
}

void
clean_tmp(struct runner *r)
{
	if (now_ms() < r->next_clean_ms)
		return;
	r->next_clean_ms = now_ms() + CLEAN_EVERY_MS;
	clean_dir(r, "tmp", TMP_AGE_S, true);
	clean_dir(r, FULL_DIR, FULL_KEEP_S, false);
}

bool
clean_bad(struct runner *r, struct message *m)
{
	char why[200];
	char path[WALK_PATH], to[WALK_PATH];

	snprintf(why, sizeof(why), "%s", fail_last());
	message_path(path, m);
	snprintf(to, sizeof(to), "bad/%s", m->id);
	if (entry_move(r->queue, path, to) < 0) {
		log_event("trouble", "id", m->id, "err", fail_last(), NULL);
		return false;
	}
	log_event("bad", "id", m->id, "err", why, NULL);
	return true;
}

bool
clean_misplaced(struct runner *r, int dir, const char *id)
{
	char from[WALK_PATH];
	char to[WALK_PATH];

	walk_path(to, str_z(id));
	snprintf(
	    from, sizeof(from), "new/%x/%.*s", (unsigned)dir & 15, ID_LEN, id);
	if (strcmp(from, to) == 0)
		return false;
	/* By a human's hand; the runner alone moves files here. */
	if (faccessat(r->queue, to, F_OK, AT_SYMLINK_NOFOLLOW) == 0 ||
	    renameat(r->queue, from, r->queue, to) < 0 ||
	    entry_sync_dir(r->queue, to) < 0)
		log_event(
		    "trouble", "id", id, "err", "in a wrong directory", NULL);
	return true;
}
