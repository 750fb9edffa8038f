/* SPDX-License-Identifier: ISC */
/* slots DIR [SECONDS]: how many messages a second each of two orders of
 * acceptance makes durable, below the folder DIR (on the disk in question):
 *
 *   rename	tmp file, write, rename into place, fsync(file), fsync(folder)
 *   slots	overwrite a file that was written in full before, fdatasync
 *
 * by 1 and by 20 writers, each a process with its own files, messages of
 * 4,500 octets.  A writer of the first kind removes its oldest message for
 * each new one, as deliveries would.  The orders take turns, so that noise of
 * the machine meets both alike; prints the medians of the turns. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/now.h"

#define TURNS 7
#define MESSAGE 4500
#define SLOT 65536
#define SLOTS 8 /* a writer */
#define KEPT 32 /* messages a writer has in the queue */
#define WRITERS_MAX 20

static const int counts[] = {1, WRITERS_MAX};
static char message[MESSAGE];
static char zeros[SLOT];
static long *made; /* shared, one a writer */

_Noreturn static void
broken(const char *what)
{
	fprintf(stderr, "slots: %s: %s\n", what, strerror(errno));
	exit(111);
}

static void
path_of(char path[64], const char *dir, int writer, long n)
{
	snprintf(path, 64, "%s/w%d-%ld", dir, writer, n);
}

static void
by_rename(int writer, long n)
{
	char tmp[64], to[64], old[64], dir[8];
	int fd, d;

	snprintf(dir, sizeof(dir), "new/%x", (unsigned)(n + writer) % 16);
	path_of(tmp, "tmp", writer, n);
	path_of(to, dir, writer, n);
	fd = open(tmp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	d = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || d < 0 || write(fd, message, MESSAGE) != MESSAGE ||
	    rename(tmp, to) < 0 || fsync(fd) < 0 || fsync(d) < 0 ||
	    close(fd) < 0 || close(d) < 0)
		broken(to);
	if (n < KEPT)
		return;
	snprintf(
	    dir, sizeof(dir), "new/%x", (unsigned)(n - KEPT + writer) % 16);
	path_of(old, dir, writer, n - KEPT);
	if (unlink(old) < 0)
		broken(old);
}

static int slot_fds[SLOTS];

static void
by_slot(int writer, long n)
{
	int fd = slot_fds[n % SLOTS];

	(void)writer;
	if (pwrite(fd, message, MESSAGE, 0) != MESSAGE || fdatasync(fd) < 0)
		broken("slot");
}

static void
open_slots(int writer, int flags)
{
	for (int i = 0; i < SLOTS; i++) {
		char path[64];

		path_of(path, "slot", writer, i);
		slot_fds[i] = open(path, flags | O_RDWR | O_CLOEXEC, 0600);
		if (slot_fds[i] < 0)
			broken(path);
	}
}

static void
make_slots(int writer)
{
	open_slots(writer, O_CREAT | O_EXCL);
	for (int i = 0; i < SLOTS; i++)
		if (write(slot_fds[i], zeros, SLOT) != SLOT ||
		    fsync(slot_fds[i]) < 0 || close(slot_fds[i]) < 0)
			broken("slot");
}

static const struct order {
	const char *name;
	void (*put)(int writer, long n);
} orders[] = {{"rename", by_rename}, {"slots", by_slot}};

/* Every writer goes on for `ms` and leaves its files for the next turn. */
static void
writer_run(const struct order *o, int writer, int64_t ms)
{
	int64_t end = now_ms() + ms;
	long start = made[writer], n = start;

	if (o->put == by_slot)
		open_slots(writer, 0);
	do
		o->put(writer, n++);
	while (now_ms() < end);
	made[writer] = n;
}

/* Messages a second of one turn; `made` counts on from `base`. */
static double
turn(const struct order *o, int writers, int64_t ms)
{
	int64_t start = now_ms();
	long before = 0, after = 0;

	for (int w = 0; w < writers; w++) {
		pid_t pid = fork();

		before += made[w];
		if (pid < 0)
			broken("fork");
		if (pid == 0) {
			writer_run(o, w, ms);
			_exit(0);
		}
	}
	for (int w = 0, status; w < writers; w++)
		if (wait(&status) < 0 || status != 0)
			broken("writer");
	for (int w = 0; w < writers; w++)
		after += made[w];
	return (double)(after - before) * 1e3 / (double)(now_ms() - start);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void
make_dirs(const char *root)
{
	char dir[8];

	if (mkdir(root, 0700) < 0 && errno != EEXIST)
		broken(root);
	if (chdir(root) < 0)
		broken(root);
	for (unsigned x = 0; x < 16; x++) {
		if (x == 0 &&
		    (mkdir("tmp", 0700) < 0 || mkdir("new", 0700) < 0 ||
			mkdir("slot", 0700) < 0))
			broken(root);
		snprintf(dir, sizeof(dir), "new/%x", x);
		if (mkdir(dir, 0700) < 0)
			broken(dir);
	}
	for (int w = 0; w < WRITERS_MAX; w++)
		make_slots(w);
}

int
main(int argc, char **argv)
{
	static double rate[2][2][TURNS];
	static long done[2][WRITERS_MAX];
	int64_t ms = argc > 2 ? strtol(argv[2], NULL, 10) * 1000 : 14000;

	if (argc < 2)
		return 100;
	made = mmap(NULL, sizeof(done[0]), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (made == MAP_FAILED)
		broken("mmap");
	memset(message, 'm', sizeof(message));
	make_dirs(argv[1]);
	for (int t = 0; t < TURNS * 4; t++) {
		int o = t % 2, c = t / 2 % 2;

		memcpy(made, done[o], sizeof(done[o]));
		rate[o][c][t / 4] = turn(&orders[o], counts[c], ms / TURNS / 4);
		memcpy(done[o], made, sizeof(done[o]));
	}
	for (int c = 0; c < 2; c++)
		for (int o = 0; o < 2; o++) {
			qsort(rate[o][c], TURNS, sizeof(double), by_value);
			printf(
			    "%8.0f messages/s  %-6s  writers=%d  (%.0f-%.0f)\n",
			    rate[o][c][TURNS / 2], orders[o].name, counts[c],
			    rate[o][c][0], rate[o][c][TURNS - 1]);
		}
	return 0;
}
