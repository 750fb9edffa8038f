/* SPDX-License-Identifier: ISC */
/* powercut: is mail that was acknowledged still there after a power cut?
 *
 *   powercut [-S] [-b BIN] [-n NOSYNC_BIN] [-s SECONDS] [-r SEED]
 *            [FILE_SYSTEM…]
 *
 * The disk is a file of a FUSE server (fusefile.c) that works like a disk with
 * a volatile write cache (disk.c): a loop device on it turns each block FLUSH
 * into an FSYNC of the file.  On it, ext4, XFS or btrfs with a live server:
 * clients that submit to yubin-smtpd and note each 250 in a ledger,
 * yubin-queue-runner, readers that flag and remove mail (load.c).  A cut
 * freezes the device between two requests and writes three images (device.c):
 *
 *	last flush   what was written before the last flush, no more
 *	all writes   everything that the device answered
 *	half         of the writes since the last flush each 4 KiB by chance
 *
 * Each is mounted, which replays its journal; yubin-queue-runner --once --all
 * is the recovery; then each message acknowledged before the cut must lie in
 * its recipients' Maildirs, octet by octet, or be complete in the queue, and
 * nothing torn may have a name that a reader sees (check.c).  Maildir names
 * are made of the queue's ids, so no message may be there twice.
 *
 * Then the same for sessions that change a Maildir (store.c): what APPEND, COPY
 * and MOVE answered with OK, and deletions that POP3's QUIT answered, must be
 *so in the image, and UIDs must mean what they were told to mean.
 *
 * First, two messages one by one, cut behind every write and flush that the
 * device saw; then cuts at random moments under load.  At the end the same with
 * programs that do not sync (NOSYNC_BIN): now there must be losses.
 *
 * -S: only sessions, no queue.  Runs in namespaces of its own and leaves
 *nothing behind.  Exit status: 0 all well, 1 losses, 77 this system cannot run
 *it, 100 usage, 111 trouble. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "box.h"
#include "check.h"
#include "device.h"
#include "load.h"
#include "queue/slot.h"
#include "smtp.h"
#include "store.h"
#include "volume.h"

#define EXIT_SKIPPED 77
#define CUTS 100   /* a file system, in a full run */
#define ACKS 33400 /* likewise */
#define COUNTED 20 /* messages whose flushes are counted */
#define ROUNDS 4
#define ROUND_MS 8000 /* a round of a short run */
#define DELAY_MS 400
#define TEETH_CUTS 40
#define STORE_CUTS 60 /* a file system, in a full run */
#define HOURS 6       /* then even a full run is broken */

static struct options {
	const char *bin, *nosync;
	int64_t seconds; /* 0: a full run */
	uint64_t seed;
	bool store_only;
	const struct volume_type *types[8];
	int ntypes;
} opt = {.bin = "build/bin"};

/* One file system with a live server. */
struct bench {
	const struct volume_type *type;
	struct ledger *ledger;
	struct device device;
	struct load load;
	char mount[RIG_PATH], root[RIG_PATH];
	struct findings found;
	double flushes; /* a message alone */
	uint32_t steps, cuts;
};

static const char *const image_names[DISK_IMAGES] = {
    "last flush", "all writes", "half"};

/* ---------------------------------------------------------- begin, end */

static void
bench_open(struct bench *b, const struct volume_type *t, const char *bin)
{
	char file[RIG_PATH];

	memset(b, 0, sizeof(*b));
	b->type = t;
	b->ledger = rig_shared(sizeof(*b->ledger));
	rig_path(file, rig_work, "/empty", "");
	rig_path(b->mount, rig_work, "/live", "");
	rig_path(b->root, b->mount, "/root", "");
	volume_make(t, file);
	device_start(&b->device, b->ledger, file);
	if (unlink(file) < 0 ||
	    volume_mount(t, b->device.file, b->mount, false) < 0)
		broken(t->name);
	b->load =
	    (struct load){.bin = bin, .root = b->root, .device = &b->device};
	load_init(bin, b->root);
	volume_sync(b->mount);
}

static void
bench_close(struct bench *b)
{
	volume_unmount(b->mount);
	device_stop(&b->device);
	rig_unshare(b->ledger, sizeof(*b->ledger));
}

static void
check(struct bench *b, enum disk_image i, const char *when, uint32_t n)
{
	char file[RIG_PATH], what[100];

	device_image(i, file);
	snprintf(what, sizeof(what), "%s, %s %u, %s", b->type->name, when, n,
	    image_names[i]);
	check_image(b->type, file, opt.bin, b->ledger, what,
	    b->load.bin != opt.bin, &b->found);
}

/* ---------------------------------------------------------- one message */

static int
by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* The median: the journal commits by itself every few seconds. */
static void
count_flushes(struct bench *b)
{
	static struct smtp s;
	uint64_t counts[COUNTED];

	/* The runner makes slots when it starts. */
	load_runner_start(&b->load);
	load_runner_stop(&b->load);
	smtp_open(&s, b->load.bin);
	for (int i = 0; i < COUNTED; i++) {
		uint64_t before;

		volume_sync(b->mount);
		before = b->device.counts->flushes;
		if (!smtp_submit(&s, &b->device, ledger_token(b->ledger)))
			broken_text("smtpd", "message refused");
		counts[i] = b->device.counts->flushes - before;
	}
	smtp_close(&s);
	qsort(counts, COUNTED, sizeof(*counts), by_number);
	b->flushes = (double)counts[COUNTED / 2];
}

/* A message to two users that fits in a slot of the queue, or does not. */
static uint32_t
choose(struct bench *b, bool large)
{
	static char text[LEDGER_TEXT];
	unsigned users;
	uint32_t t;

	do {
		t = ledger_token(b->ledger);
		users = ledger_users(t);
	} while ((users & (users - 1)) == 0 ||
		 (ledger_text(t, "\r\n", text) > SLOT_SIZE) != large);
	return t;
}

/* All of its way, from MAIL to the end of its queue file. */
static uint32_t
record_message(struct bench *b, bool large)
{
	static struct smtp s;
	uint32_t t = choose(b, large);

	load_runner_start(&b->load);
	load_settle(&b->load);
	volume_sync(b->mount);
	device_record(&b->device);
	smtp_open(&s, b->load.bin);
	if (!smtp_submit(&s, &b->device, t))
		broken_text("smtpd", "message refused");
	smtp_close(&s);
	load_settle(&b->load);
	load_runner_stop(&b->load);
	volume_sync(b->mount);
	return device_record_end(&b->device);
}

/* Behind a flush all three images are the same; behind a write, "last flush"
 * is that of the step before. */
static void
check_step(struct bench *b, uint32_t step, bool flush)
{
	ledger_cut_at(b->ledger, step);
	b->cuts++;
	if (flush) {
		check(b, DISK_FLUSHED, "step", step);
		return;
	}
	check(b, DISK_ALL, "step", step);
	check(b, DISK_HALF, "step", step);
}

static void
cut_every_step(struct bench *b, bool large, int64_t ms)
{
	uint32_t step = 0, stride = 1, steps = record_message(b, large);
	int64_t start = now_ms(), one;

	device_replay(&b->device, 0, 0);
	check_step(b, 0, true);
	one = now_ms() - start + 1;
	if (opt.seconds)
		stride = 1 + (uint32_t)((int64_t)steps * one / ms);
	while (step < steps) {
		uint32_t n = stride < steps - step ? stride : steps - step;
		bool flush =
		    device_replay(&b->device, n, rig_random(&opt.seed));

		step += n;
		check_step(b, step, flush);
	}
	b->steps += steps;
	device_forget(&b->device);
}

/* -------------------------------------------------------------- the load */

static void
cut_now(struct bench *b)
{
	poll(NULL, 0, (int)(rig_random(&opt.seed) % DELAY_MS));
	device_cut(&b->device, rig_random(&opt.seed));
	b->cuts++;
	for (int i = 0; i < DISK_IMAGES; i++)
		check(b, (enum disk_image)i, "cut", b->cuts);
}

/* Whether a round of a full run has its share. */
static bool
enough(const struct bench *b, uint32_t cuts, uint32_t part)
{
	return cuts >= CUTS * part / ROUNDS &&
	       b->ledger->acked >= ACKS * part / ROUNDS;
}

/* Rounds with ever more clients, each until its share is done; short runs have
 * fewer. */
static void
cut_under_load(struct bench *b, int64_t deadline)
{
	static const int clients[ROUNDS] = {8, 16, 32, 64};
	int64_t left = deadline - now_ms();
	uint32_t before = b->cuts, rounds = ROUNDS;

	if (opt.seconds && left < ROUNDS * ROUND_MS)
		rounds = 1 + (uint32_t)(left > 0 ? left / ROUND_MS : 0);
	load_runner_start(&b->load);
	for (uint32_t i = 0; i < rounds; i++) {
		int64_t end = now_ms() + (deadline - now_ms()) / (rounds - i);

		load_start(&b->load, clients[i + (ROUNDS - rounds) / 2]);
		do
			cut_now(b);
		while (opt.seconds ? now_ms() < end
				   : !enough(b, b->cuts - before, i + 1));
		load_stop(&b->load);
	}
	load_settle(&b->load);
	load_runner_stop(&b->load);
}

/* ------------------------------------------------------------------ runs */

static void
report(const struct bench *b, int64_t start)
{
	printf("%s: %u cuts, %llu images, %u acknowledged, %llu looked for, "
	       "%llu lost, %llu torn, %llu twice, %llu still queued, "
	       "%llu in bad, %llu in tmp, %llu old in tmp; %u steps of two "
	       "messages; %.0f flushes a message; %lld s\n",
	    b->type->name, b->cuts, (unsigned long long)b->found.images,
	    b->ledger->acked, (unsigned long long)b->found.expected,
	    (unsigned long long)b->found.lost,
	    (unsigned long long)b->found.torn,
	    (unsigned long long)b->found.twice,
	    (unsigned long long)b->found.queued,
	    (unsigned long long)b->found.bad, (unsigned long long)b->found.left,
	    (unsigned long long)b->found.stale, b->steps, b->flushes,
	    (long long)(now_ms() - start) / 1000);
	fflush(stdout);
}

struct totals {
	uint64_t cuts, acked, lost;
	struct findings found;
	struct store_sum store;
	char flushes[200];
	uint64_t teeth_lost, teeth_images;
	bool failed;
};

static void
print_store(const struct store_sum *s)
{
	const struct store_findings *f = &s->found;

	printf("%llu images, %llu acknowledged, %llu looked for, %llu lost, "
	       "%llu torn, %llu too often, %llu moved halfway, "
	       "%llu UIDs wrong",
	    (unsigned long long)f->images, (unsigned long long)s->acked,
	    (unsigned long long)f->expected, (unsigned long long)f->lost,
	    (unsigned long long)f->torn, (unsigned long long)f->twice,
	    (unsigned long long)f->halfway, (unsigned long long)f->uids);
}

static void
run_store(const struct volume_type *t, int64_t deadline, struct totals *sum)
{
	struct store_sum s = {0};

	store_run(t, opt.bin, opt.bin, opt.seconds ? deadline : 0, STORE_CUTS,
	    false, &opt.seed, &s);
	sum->store.cuts += s.cuts;
	sum->store.acked += s.acked;
	store_check_add(&sum->store.found, &s.found);
	sum->failed = sum->failed || store_check_failed(&s.found);
	printf("%s, store: %llu cuts, ", t->name, (unsigned long long)s.cuts);
	print_store(&s);
	printf("\n");
}

static void
run_type(const struct volume_type *t, int64_t ms, struct totals *sum)
{
	static struct bench b;
	int64_t start = now_ms();
	size_t n = strlen(sum->flushes);

	bench_open(&b, t, opt.bin);
	count_flushes(&b);
	cut_every_step(&b, false, ms / 6);
	cut_every_step(&b, true, ms / 6);
	cut_under_load(&b, start + ms);
	check_live(b.root, b.ledger, &b.found);
	report(&b, start);
	sum->cuts += b.cuts;
	sum->acked += b.ledger->acked;
	sum->failed = sum->failed || check_failed(&b.found);
	check_add(&sum->found, &b.found);
	snprintf(sum->flushes + n, sizeof(sum->flushes) - n, "%s%s %.0f",
	    n ? ", " : "", t->name, b.flushes);
	bench_close(&b);
}

static void
run_both(const struct volume_type *t, int64_t ms, struct totals *sum)
{
	if (!opt.store_only)
		run_type(t, ms * 3 / 4, sum);
	run_store(t, now_ms() + (opt.store_only ? ms : ms / 4), sum);
}

/* A folder of copies of the programs, those named without their syncs. */
static void
mix_programs(char dir[RIG_PATH], const char *const *unsynced)
{
	const char *copy[] = {"/bin/cp", "-R", opt.bin, dir, NULL};
	const char *clear[] = {"/bin/rm", "-rf", dir, NULL};

	rig_path(dir, rig_work, "/mixed", "");
	rig_run(clear, NULL);
	rig_run(copy, NULL);
	for (; *unsynced; unsynced++) {
		char from[RIG_PATH];
		const char *over[] = {"/bin/cp", "-f", from, dir, NULL};

		rig_path(from, opt.nosync, "/", *unsynced);
		rig_run(over, NULL);
	}
}

/* With programs that do not sync the same rig must find losses. */
static void
run_tooth(const char *what, const char *const *unsynced, struct totals *sum)
{
	static struct bench b;
	char dir[RIG_PATH];

	mix_programs(dir, unsynced);
	bench_open(&b, opt.types[0], dir);
	load_runner_start(&b.load);
	load_start(&b.load, 8);
	while (b.found.lost == 0 && b.cuts < TEETH_CUTS)
		cut_now(&b);
	load_stop(&b.load);
	load_settle(&b.load);
	load_runner_stop(&b.load);
	printf("%s without syncs: %llu lost in %llu images\n", what,
	    (unsigned long long)b.found.lost,
	    (unsigned long long)b.found.images);
	sum->teeth_lost += b.found.lost;
	sum->teeth_images += b.found.images;
	sum->failed = sum->failed || b.found.lost == 0;
	bench_close(&b);
}

static void
run_teeth(struct totals *sum)
{
	static const char *const accept[] = {"yubin-smtpd", NULL};
	static const char *const deliver[] = {
	    "yubin-deliver-local", "yubin-queue-runner", NULL};

	struct store_sum s = {0};

	if (!opt.store_only) {
		run_tooth("acceptance", accept, sum);
		run_tooth("delivery", deliver, sum);
	}
	store_run(opt.types[0], opt.nosync, opt.bin, 0, TEETH_CUTS, true,
	    &opt.seed, &s);
	printf("store without syncs: ");
	print_store(&s);
	printf("\n");
	sum->failed = sum->failed || s.found.lost == 0;
}

static void
print_totals(const struct totals *s)
{
	const struct findings *f = &s->found;

	printf("store: %llu cuts, ", (unsigned long long)s->store.cuts);
	print_store(&s->store);
	printf("\n");
	if (opt.store_only)
		return;
	printf("powercut: %llu cuts, %llu images, %llu acknowledged, "
	       "%llu lost, %llu torn, %llu twice (bound 0), %llu old in tmp; "
	       "flushes a message: %s; without syncs %llu lost in %llu images"
	       "\n",
	    (unsigned long long)s->cuts, (unsigned long long)f->images,
	    (unsigned long long)s->acked, (unsigned long long)f->lost,
	    (unsigned long long)f->torn, (unsigned long long)f->twice,
	    (unsigned long long)f->stale, s->flushes,
	    (unsigned long long)s->teeth_lost,
	    (unsigned long long)s->teeth_images);
}

static int
rig(void)
{
	static struct totals sum;
	int64_t ms = opt.seconds * 1000 * 9 / 10;

	alarm(opt.seconds ? (unsigned)opt.seconds * 2 + 300 : HOURS * 3600);
	for (int i = 0; i < opt.ntypes; i++)
		run_both(opt.types[i], ms / opt.ntypes, &sum);
	if (opt.nosync)
		run_teeth(&sum);
	print_totals(&sum);
	return sum.failed;
}

/* ----------------------------------------------------------------- start */

_Noreturn static void
usage(void)
{
	fprintf(stderr, "usage: powercut [-S] [-b BIN] [-n NOSYNC_BIN] "
			"[-s SECONDS] [-r SEED] [ext4|xfs|btrfs…]\n");
	exit(EXIT_PERM);
}

static void
skip(const char *why)
{
	printf("powercut: skipped: %s\n", why);
	exit(EXIT_SKIPPED);
}

static const char *
absolute(const char *path)
{
	char *p = realpath(path, NULL);

	if (!p)
		broken(path);
	return p;
}

static void
add_type(const struct volume_type *t)
{
	if (!t || opt.ntypes == sizeof(opt.types) / sizeof(opt.types[0]))
		usage();
	if (!volume_usable(t))
		skip(t->mkfs[0]);
	opt.types[opt.ntypes++] = t;
}

static void
environment(void)
{
	/* Whatever this system has: root owns all of it. */
	if (setenv("SMTP_USER", "no-such-user", 1) < 0 ||
	    setenv("MAIL_USER", "no-such-user", 1) < 0 ||
	    setenv("QUEUE_USER", "no-such-user", 1) < 0 ||
	    setenv("YUBIN_HOSTNAME", "mx." LEDGER_DOMAIN, 1) < 0 ||
	    setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1) < 0)
		broken("setenv");
}

int
main(int argc, char **argv)
{
	const char *missing = box_missing();
	int c;

	opt.seed = (uint64_t)now_wall_us();
	while ((c = getopt(argc, argv, "Sb:n:s:r:")) != -1) {
		if (c == 'b')
			opt.bin = optarg;
		else if (c == 'S')
			opt.store_only = true;
		else if (c == 'n')
			opt.nosync = optarg;
		else if (c == 's')
			opt.seconds = strtol(optarg, NULL, 10);
		else if (c == 'r')
			opt.seed = strtoull(optarg, NULL, 10);
		else
			usage();
	}
	if (missing)
		skip(missing);
	for (int i = optind; i < argc; i++)
		add_type(volume_type(argv[i]));
	for (int i = 0; optind == argc && i < volume_types_n; i++)
		add_type(&volume_types[i]);
	opt.bin = absolute(opt.bin);
	if (opt.nosync)
		opt.nosync = absolute(opt.nosync);
	environment();
	printf("seed %llu\n", (unsigned long long)opt.seed);
	return box_run(rig);
}
