/* SPDX-License-Identifier: ISC */
/* queue/put and queue/walk: files appear complete or not at all. */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "io/file.h"
#include "queue/entry.h"
#include "queue/put.h"
#include "queue/slot.h"

static char root[] = "/tmp/yubin-test-queue.XXXXXX";
static struct envelope_rcpt rcpt = {.addr = {"bob@example.test", 16}};

static struct envelope
example(const char *id)
{
	return (struct envelope){.id = str_z(id),
	    .sender = STR("a@b.test"),
	    .received_s = 1,
	    .rcpts = &rcpt,
	    .nrcpt = 1};
}

static size_t
count(int queue, const char *id)
{
	char path[WALK_PATH];
	struct arena a;
	char **names;
	size_t all = 0, n = 0;

	arena_init(&a, 1 << 20);
	walk_path(path, str_z(id));
	CHECK_NUM(
	    walk_list(queue, (int)strtol(path + 4, NULL, 16), &a, &names, &all),
	    0, "the directory can be listed");
	/* Other messages may share the directory. */
	for (size_t i = 0; i < all; i++)
		n += strcmp(names[i], id) == 0;
	arena_free(&a);
	return n;
}

static void
test_put(void)
{
	struct envelope e;
	static struct queue_put q;
	struct envelope_header h;
	char id[ID_SIZE], path[WALK_PATH];
	struct stat st;
	struct buf b;
	int queue;

	id_make(id);
	e = example(id);
	CHECK_NUM(queue_put_begin(&q, root, &e, 0), 0,
	    "begins in an empty root, making the directories");
	queue_put_data(&q, "Subject: x\r\n", 12);
	queue_put_data(&q, "\r\nbody\r\n", 8);
	CHECK_NUM(queue_put_commit(&q), 0, "commits without a runner");
	queue = walk_open(root, true);
	CHECK(queue >= 0, "the queue opens");
	CHECK_NUM(count(queue, id), 1, "one file");
	walk_path(path, str_z(id));
	CHECK(fstatat(queue, path, &st, 0) == 0 && (st.st_mode & 07777) == 0660,
	    "mode 0660");
	buf_init(&b, 100000);
	CHECK_NUM(file_read(queue, path, &b), 0, "readable");
	CHECK_NUM(envelope_header_scan(b.p, &h), 0, "a finished file");
	CHECK_NUM(b.n, envelope_body_at(&h) + 20, "its length is right");
	CHECK(memcmp(b.p + envelope_body_at(&h), "Subject: x\r\n\r\nbody\r\n",
		  20) == 0,
	    "the message, byte for byte");
	CHECK_NUM(h.body_crc, crc32c(0, "Subject: x\r\n\r\nbody\r\n", 20),
	    "its checksum");
	CHECK_NUM(b.p[ENVELOPE_HEADER], 'N', "nothing is delivered yet");
	CHECK(envelope_header_fits(
		  &h, str_make(b.p + envelope_text_at(&h), h.env_len)),
	    "the envelope's checksum");
	CHECK(queue_put_begin(&q, root, &e, 0) == 0 &&
		  queue_put_commit(&q) < 0 && errno == EEXIST,
	    "an id is never used twice");
	CHECK_NUM(count(queue, id), 1, "the first file stays");
	CHECK(fstatat(queue, "tmp", &st, 0) == 0, "tmp exists");
	buf_free(&b);
	close(queue);
}

static void
test_abort(void)
{
	struct envelope e;
	static struct queue_put q;
	char id[ID_SIZE];
	char path[sizeof(root) + 64];
	struct stat st;
	char block[4096] = "x";

	id_make(id);
	e = example(id);
	CHECK_NUM(queue_put_begin(&q, root, &e, 10), 0, "begin");
	for (int i = 0; i < 20; i++)
		queue_put_data(&q, block, sizeof(block));
	snprintf(path, sizeof(path), "%s/queue/tmp/%s", root, id);
	CHECK_NUM(
	    stat(path, &st), 0, "what is larger than a slot is written in tmp");
	queue_put_data(&q, "x", 1);
	queue_put_abort(&q);
	CHECK(stat(path, &st) < 0 && errno == ENOENT, "abort removes it");
	queue_put_abort(&q);
	CHECK(queue_put_commit(&q) < 0, "nothing to commit any more");
	CHECK(queue_put_begin(&q, root, &e, UINT64_MAX / 3) < 0 &&
		  errno == ENOSPC,
	    "no room for what is announced");
	e.sender = STR("a\nb");
	CHECK(queue_put_begin(&q, root, &e, 0) < 0 && errno == EINVAL,
	    "a bad envelope is refused");
	CHECK(stat(path, &st) < 0, "and leaves nothing");
}

/* Rises with each descriptor that is left open. */
static int
lowest_free(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static void
test_kept_open(void)
{
	static struct queue_put q;
	int before = lowest_free(), after_one = 0;
	char id[ID_SIZE];
	char block[4096] = "x";
	struct envelope e;

	for (int i = 0; i < 4; i++) {
		id_make(id);
		e = example(id);
		CHECK_NUM(queue_put_begin(&q, root, &e, 0), 0, "begin");
		for (int k = 0; k < (i % 2 ? 20 : 1); k++)
			queue_put_data(&q, block, sizeof(block));
		CHECK_NUM(queue_put_commit(&q), 0, "commit");
		after_one = i ? after_one : lowest_free();
	}
	CHECK_NUM(lowest_free(), after_one, "more messages hold no more open");
	queue_put_close(&q);
	CHECK_NUM(lowest_free(), before, "closed, nothing");
	queue_put_close(&q);
	CHECK_NUM(queue_put_begin(&q, root, &e, 0), 0, "opened again");
	for (int k = 0; k < 20; k++)
		queue_put_data(&q, block, sizeof(block));
	queue_put_abort(&q);
	CHECK_NUM(lowest_free(), before, "aborted, nothing either");
	CHECK(queue_put_begin(&q, root, &e, UINT64_MAX / 3) < 0,
	    "no room for the next one");
	CHECK_NUM(lowest_free(), before, "nor when it does not begin");
}

static void
test_error_sticks(void)
{
	struct envelope e;
	static struct queue_put q;
	char id[ID_SIZE];
	char block[4096] = "x";
	int queue;

	id_make(id);
	e = example(id);
	CHECK_NUM(queue_put_begin(&q, root, &e, 0), 0, "begin");
	q.fd = open("/dev/full", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 20; i++)
		queue_put_data(&q, block, sizeof(block));
	CHECK(queue_put_commit(&q) < 0 && errno == ENOSPC,
	    "a failed write shows at the end");
	queue = walk_open(root, true);
	CHECK_NUM(count(queue, id), 0, "nothing appears");
	close(queue);
}

static char id_of_slot[ID_SIZE];

static int
used_slots(int queue, int n)
{
	int used = 0;

	for (int i = 0; i < n; i++)
		used += slot_look(queue, i, id_of_slot) == 1;
	return used;
}

/* A runner that gives a slot back when it is told that somebody waits. */
static pid_t
start_runner(int queue)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	pid_t pid;
	char c;

	snprintf(
	    a.sun_path, sizeof(a.sun_path), "/proc/self/fd/%d/nudge", queue);
	CHECK_NUM(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0, "a runner");
	pid = fork();
	if (pid == 0) {
		alarm(20);
		_exit(recv(fd, &c, 1, 0) == 0 &&
			      slot_free(queue, "slot/0001") == 0
			  ? 0
			  : 1);
	}
	close(fd);
	return pid;
}

/* All n slots are taken. */
static void
test_pace(int queue, int n)
{
	static struct queue_put q;
	char id[ID_SIZE];
	struct envelope e;
	size_t left = 0;
	pid_t runner;
	int status;

	for (int paced = 0; paced < 2; paced++) {
		id_make(id);
		e = example(id);
		CHECK_NUM(queue_put_begin(&q, root, &e, 0), 0, "begin");
		if (paced)
			queue_put_pace(&q);
		runner = paced ? start_runner(queue) : 0;
		CHECK_NUM(queue_put_commit(&q), 0, "commit");
		CHECK_NUM(count(queue, id), (size_t)!paced,
		    paced ? "waits for a slot" : "waits for nothing");
	}
	CHECK(waitpid(runner, &status, 0) == runner && status == 0,
	    "which the runner gave back when asked");
	CHECK_NUM(used_slots(queue, n), n, "all slots are taken");
	CHECK_NUM(unlinkat(queue, "nudge", 0), 0, "without a runner");
	id_make(id);
	e = example(id);
	CHECK_NUM(queue_put_begin(&q, root, &e, 0), 0, "begin");
	queue_put_pace(&q);
	CHECK_NUM(queue_put_commit(&q), 0, "commit");
	CHECK_NUM(count(queue, id), 1, "nobody waits");
	queue_put_erase(&q);
	for (size_t i = 0; i < sizeof(q.chunk); i++)
		left += q.chunk[i] != 0;
	CHECK_NUM(left, 0, "nothing of them is left in memory");
	queue_put_close(&q);
}

static void
test_slots(void)
{
	struct envelope e;
	static struct queue_put q, big;
	struct entry entry;
	char ids[5][ID_SIZE], path[WALK_PATH], from[WALK_PATH];
	char block[4096] = "x";
	int queue = walk_open(root, true);
	struct arena a;
	struct stat st;

	arena_init(&a, ENTRY_ARENA);
	CHECK_NUM(slot_count(queue), 0, "no slots at first");
	CHECK_NUM(slot_make(queue, 4), 4, "four are made");
	CHECK_NUM(slot_count(queue), 4, "and published");
	CHECK(fstatat(queue, "slot/0003", &st, 0) == 0 &&
		  st.st_size == SLOT_SIZE && (st.st_mode & 07777) == 0660,
	    "of full size, for the queue's group");
	CHECK_NUM(used_slots(queue, 4), 0, "all free");
	for (int i = 0; i < 5; i++) {
		id_make(ids[i]);
		e = example(ids[i]);
		CHECK_NUM(queue_put_begin(&q, root, &e, 0), 0, "begin");
		queue_put_data(&q, "a\r\n", 3);
		CHECK_NUM(queue_put_commit(&q), 0, "commit");
	}
	CHECK_NUM(used_slots(queue, 4), 4, "four messages lie in slots");
	CHECK(slot_scarce(queue), "no slot is free");
	CHECK_NUM(count(queue, ids[4]), 1, "the fifth in a file");
	test_pace(queue, 4);
	CHECK_NUM(slot_look(queue, 2, path), 1, "a message in slot 2");
	CHECK_NUM(entry_open(&entry, queue, "slot/0002", &a), 1, "it opens");
	CHECK_STR(entry.e.id, str_z(path), "with the id slot_look() saw");
	CHECK_NUM(entry_check(&entry), 1, "its checksum is right");
	CHECK_NUM(entry_mark(&entry, 0, ENVELOPE_ATTEMPTED), 0, "marked");
	CHECK_NUM(entry_leave_slot(&entry, queue, from), 0, "it moves out");
	CHECK_STR(str_z(from), STR("slot/0002"), "from there");
	CHECK_NUM(count(queue, path), 1, "into a file");
	entry_close(&entry);
	arena_reset(&a);
	CHECK_NUM(entry_remove(queue, from), 0, "the slot is given back");
	CHECK_NUM(used_slots(queue, 4), 3, "and free");
	CHECK(!slot_scarce(queue), "which all four looks find");
	walk_path(from, str_z(path));
	CHECK_NUM(entry_open(&entry, queue, from, &a), 1, "the file opens");
	CHECK_NUM(entry.e.rcpts[0].status, 'A', "marks came along");
	CHECK_NUM(entry_check(&entry), 1, "so did the message");
	entry_close(&entry);
	id_make(ids[0]);
	e = example(ids[0]);
	CHECK_NUM(queue_put_begin(&big, root, &e, 0), 0, "a large one");
	for (int i = 0; i < 20; i++)
		queue_put_data(&big, block, sizeof(block));
	CHECK_NUM(queue_put_commit(&big), 0, "is accepted");
	CHECK_NUM(count(queue, ids[0]), 1, "into a file");
	CHECK_NUM(used_slots(queue, 4), 3, "the slot stays free");
	CHECK_NUM(slot_make(queue, 2), 2, "fewer slots");
	CHECK_NUM(slot_count(queue), 2, "are published");
	arena_free(&a);
	close(queue);
}

static void
test_large_envelope(void)
{
	static struct envelope_rcpt many[3000];
	char id[ID_SIZE], path[WALK_PATH];
	struct envelope e;
	static struct queue_put q;
	struct entry entry;
	struct arena a;
	int queue = walk_open(root, true);

	id_make(id);
	e = example(id);
	for (size_t i = 0; i < 3000; i++)
		many[i].addr = STR("somebody.with.a.name@example.test");
	e.rcpts = many;
	e.nrcpt = 3000;
	arena_init(&a, ENTRY_ARENA);
	CHECK_NUM(queue_put_begin(&q, root, &e, 0), 0,
	    "an envelope larger than a slot");
	queue_put_data(&q, "a\r\n", 3);
	CHECK_NUM(queue_put_commit(&q), 0, "is accepted");
	walk_path(path, str_z(id));
	CHECK_NUM(entry_open(&entry, queue, path, &a), 1, "opens");
	CHECK_NUM(entry.e.nrcpt, 3000, "has all recipients");
	CHECK_NUM(entry_check(&entry), 1, "and its message");
	entry_close(&entry);
	arena_free(&a);
	close(queue);
}

static void
test_damaged_slot(void)
{
	struct envelope_header h = {.env_len = 64, .body_len = 9, .nrcpt = 1};
	int queue = walk_open(root, true);
	char id[ID_SIZE], text[ENVELOPE_HEADER + 256] = "";
	int fd = openat(queue, "slot/0001", O_WRONLY);

	CHECK(fd >= 0 && pwrite(fd, "x", 1, 5) == 1, "damage a slot's header");
	CHECK(slot_look(queue, 1, id) < 0 && errno == EPROTO,
	    "which is neither free nor a message");
	envelope_header_print(text, &h, 0);
	CHECK_NUM(pwrite(fd, text, sizeof(text), 0), sizeof(text),
	    "a header, and zeros behind it");
	CHECK(slot_look(queue, 1, id) < 0 && errno == EPROTO,
	    "which is no message either");
	close(fd);
	close(queue);
}

static void
test_walk(void)
{
	const struct {
		struct str id;
		const char *path;
	} t[] = {
	    {STR("000000000000000000000"), "new/0/000000000000000000000"},
	    {STR("00000000000000000000f"), "new/f/00000000000000000000f"},
	    {STR("00000000000000000000g"), "new/0/00000000000000000000g"},
	    {STR("00000000000000000000v"), "new/f/00000000000000000000v"},
	};
	char path[WALK_PATH];

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		walk_path(path, t[i].id);
		CHECK_STR(str_z(path), str_z(t[i].path), "place of an id");
	}
}

int
main(void)
{
	char cmd[sizeof(root) + 16];

	if (!mkdtemp(root))
		return 1;
	test_walk();
	test_put();
	test_abort();
	test_kept_open();
	test_error_sticks();
	test_slots();
	test_large_envelope();
	test_damaged_slot();
	snprintf(cmd, sizeof(cmd), "rm -rf %s", root);
	if (system(cmd) != 0)
		return 1;
	return tap_done();
}
