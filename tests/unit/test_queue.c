/* SPDX-License-Identifier: ISC */
/* queue/put and queue/walk: files appear complete or not at all. */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "io/file.h"
#include "queue/put.h"

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
	struct queue_put q;
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
	queue = walk_open(root);
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
	struct queue_put q;
	char id[ID_SIZE];
	char path[sizeof(root) + 64];
	struct stat st;

	id_make(id);
	e = example(id);
	CHECK_NUM(queue_put_begin(&q, root, &e, 10), 0, "begin");
	snprintf(path, sizeof(path), "%s/queue/tmp/%s", root, id);
	CHECK_NUM(stat(path, &st), 0, "it is written in tmp");
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

static void
test_error_sticks(void)
{
	struct envelope e;
	struct queue_put q;
	char id[ID_SIZE];
	char block[4096] = "x";
	int queue;

	id_make(id);
	e = example(id);
	CHECK_NUM(queue_put_begin(&q, root, &e, 0), 0, "begin");
	close(q.fd);
	q.fd = open("/dev/full", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 20; i++)
		queue_put_data(&q, block, sizeof(block));
	CHECK(queue_put_commit(&q) < 0 && errno == ENOSPC,
	    "a failed write shows at the end");
	queue = walk_open(root);
	CHECK_NUM(count(queue, id), 0, "nothing appears");
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
	test_error_sticks();
	snprintf(cmd, sizeof(cmd), "rm -rf %s", root);
	if (system(cmd) != 0)
		return 1;
	return tap_done();
}
