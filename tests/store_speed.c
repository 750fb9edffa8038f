/* SPDX-License-Identifier: ISC */
/* What a mailbox costs at some sizes, in microseconds of processor
 * time, and the private memory
 * of the process that has it open.
 *
 *   store_speed DIRECTORY MESSAGES...
 *
 * Makes DIRECTORY/N with N messages in cur/ (kept for the next time). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fail.h"
#include "maildir/deliver.h"
#include "maildir/mailbox.h"
#include "msg/flags.h"

static struct home home;

static double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void
fill(const char *dir, size_t n)
{
	char path[4400];
	static const char text[] = "Subject: x\n\nHello.\n";

	snprintf(path, sizeof(path), "%s/cur", dir);
	if (access(path, F_OK) == 0)
		return;
	mkdir(dir, 0700);
	mkdir(path, 0700);
	for (size_t i = 0; i < n; i++) {
		int fd;

		snprintf(path, sizeof(path),
		    "%s/cur/%zu.Iabcdefghijklmnop%zu.host,S=19,W=22:2,S", dir,
		    1600000000 + i, i);
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		if (fd < 0 || write(fd, text, sizeof(text) - 1) < 0)
			die(1);
		close(fd);
	}
}

static void
private_memory(void)
{
	char line[256];
	FILE *f = fopen("/proc/self/smaps_rollup", "r");

	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "Rss", 3) == 0 ||
		    strncmp(line, "Anonymous", 9) == 0)
			printf("  %s", line);
	if (f)
		fclose(f);
}

static void
opening(struct mailbox *m, const char *what)
{
	double start = now_us();

	if (mailbox_open(m, &home, STR("INBOX"), false) != 1)
		die(1);
	(void)mailbox_first_unseen(m);
	printf("  %-28s %10.0f\n", what, now_us() - start);
}

static void
deliver_one(void)
{
	struct deliver d;

	if (deliver_open(&d, &home, STR("INBOX"), NULL) != 1)
		die(1);
	deliver_data(&d, "x\r\n", 3);
	if (deliver_commit(&d) != 1)
		die(1);
	deliver_close(&d);
}

static void
store_one(struct mailbox *m, size_t i)
{
	struct mailbox_changes c;
	double start = now_us();

	for (int k = 0; k < 20; k++) {
		if (mailbox_store(m, &i, 1, k % 2 ? STORE_REMOVE : STORE_ADD,
			FLAG_FLAGGED, 0) < 0 ||
		    mailbox_sync(m, true, &c) < 0)
			die(1);
	}
	printf(
	    "  %-28s %10.0f\n", "store one, and sync", (now_us() - start) / 20);
}

static void
walk(struct mailbox *m)
{
	double start = now_us();
	uint64_t sum = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct mail mail;

		mailbox_mail(m, i, &mail);
		sum += mail.flags + mail.uid;
	}
	printf("  %-28s %10.0f (%llu)\n", "flags of all", now_us() - start,
	    (unsigned long long)sum % 10);
}

static void
run(const char *root, const char *count)
{
	char dir[4096], index[4200];
	size_t n = strtoul(count, NULL, 10);
	struct mailbox m;
	struct mailbox_changes c;
	double start;

	snprintf(dir, sizeof(dir), "%s/%s", root, count);
	snprintf(index, sizeof(index), "%s/yubin-index", dir);
	fill(dir, n);
	if (home_open(&home, dir, true) < 0)
		die(1);
	unlink(index);
	printf("%zu messages\n", n);
	opening(&m, "open without an index");
	mailbox_settle(&m);
	mailbox_close(&m);
	opening(&m, "open");
	mailbox_close(&m);
	opening(&m, "open again");
	private_memory();
	store_one(&m, m.n / 2);
	walk(&m);
	walk(&m);
	private_memory();
	start = now_us();
	mailbox_settle(&m);
	printf("  %-28s %10.0f\n", "settle", now_us() - start);
	mailbox_close(&m);
	deliver_one();
	opening(&m, "open after a delivery");
	deliver_one();
	start = now_us();
	if (mailbox_sync(&m, true, &c) < 0 || !c.exists)
		die(1);
	printf("  %-28s %10.0f\n", "sync after a delivery", now_us() - start);
	mailbox_close(&m);
	home_close(&home);
}

int
main(int argc, char **argv)
{
	if (argc < 3)
		return 100;
	mkdir(argv[1], 0700);
	for (int i = 2; i < argc; i++)
		run(argv[1], argv[i]);
	return 0;
}
