/* SPDX-License-Identifier: ISC */
/* A delivery program for tests, run by the queue runner as deliver-local or
 * deliver-remote: who starts with a letter of queue/result.h and a dot
 * ("D.bob@host.test") has that fate; anybody else's message is written to
 * $FATES/ADDRESS.ID and counts as delivered. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "queue/job.h"

static bool
store(const struct job *j, const struct job_rcpt *r, int file)
{
	char path[4096], block[4096];
	uint64_t at = j->body_at, end = j->body_at + j->body_len;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%.*s.%.*s", getenv("FATES"),
	    STR_FMT(r->addr), STR_FMT(j->id));
	f = fopen(path, "w");
	if (!f)
		return false;
	while (at < end) {
		size_t want = end - at < sizeof(block) ? (size_t)(end - at)
		                                       : sizeof(block);
		ssize_t n = pread(file, block, want, (off_t)at);

		if (n <= 0 || fwrite(block, 1, (size_t)n, f) != (size_t)n)
			break;
		at += (uint64_t)n;
	}
	return fclose(f) == 0 && at == end;
}

static struct result
fate(const struct job *j, const struct job_rcpt *r, int file)
{
	char letter = r->addr.n > 1 && r->addr.p[1] == '.' ? r->addr.p[0] : 0;

	if (letter == 'D')
		return result_make(RESULT_FAILED, "5.1.1",
		    "mx.host.test[192.0.2.1] said: 550 5.1.1 nobody");
	if (letter == 'Z')
		return result_make(RESULT_DEFERRED, "4.2.2",
		    "mx.host.test[192.0.2.1] said: 452 4.2.2 full");
	if (letter && strchr("KXRT", letter))
		return result_make((enum result_kind)letter, "2.0.0",
		    "mx.host.test[192.0.2.1] said: 250 2.0.0 taken");
	return store(j, r, file)
	           ? result_make(RESULT_DONE, "2.0.0", "stored")
	           : result_make(RESULT_DEFERRED, "4.3.0", "not stored");
}

int
main(void)
{
	struct arena a;
	struct job j;
	int file;
	int r;

	log_open("fates");
	arena_init(&a, JOB_ARENA);
	while ((r = job_recv(0, &a, now_plus_s(600), &j, &file)) > 0) {
		if (r == JOB_SYNC) {
			job_say_synced(0, true);
			continue;
		}
		for (uint32_t i = 0; i < j.nrcpt; i++) {
			struct result said = fate(&j, &j.rcpts[i], file);

			job_say(0, j.number, i, &said);
		}
		close(file);
		job_say_done(0, j.number, false);
		arena_reset(&a);
	}
	return r == 0 ? 0 : EXIT_TEMP;
}
