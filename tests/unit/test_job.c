/* SPDX-License-Identifier: ISC */
/* queue/job: what one side sends, the other understands. */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/now.h"
#include "queue/job.h"

static const struct job_rcpt rcpts[2] = {
    {.addr = {"bob@example.test", 16}, .number = 4, .again = true},
    {.addr = {"eve@example.test", 16},
	.number = 5,
	.notify = 2,
	.orcpt = {"rfc822;Eve@x.test", 17}}};

static struct job
example(void)
{
	return (struct job){.number = 77,
	    .id = STR("0123456789abcdefghijk"),
	    .sender = STR(""),
	    .domain = STR("example.test"),
	    .envid = STR("e 1"),
	    .ret = 'F',
	    .utf8 = true,
	    .unsynced = true,
	    .body_at = 300,
	    .body_len = 12345678901,
	    .rcpts = rcpts,
	    .nrcpt = 2};
}

static void
test_request(int s[2], struct arena *a)
{
	struct job j = example(), got;
	int file = open("/dev/null", O_RDONLY);
	int came = -1;

	CHECK_NUM(job_send(s[0], &j, file), 0, "a job is sent");
	CHECK_NUM(job_recv(s[1], a, now_plus_s(5), &got, &came), JOB_JOB,
	    "and received");
	CHECK(came >= 0 && came != file && close(came) == 0, "with its file");
	CHECK_NUM(got.number, 77, "number");
	CHECK_STR(got.id, j.id, "id");
	CHECK_NUM(got.sender.n, 0, "null sender");
	CHECK_STR(got.domain, j.domain, "domain");
	CHECK_STR(got.envid, j.envid, "ENVID");
	CHECK_NUM(got.ret, 'F', "RET");
	CHECK(got.utf8 && got.unsynced && !got.eight_bit && !got.rewrite,
	    "flags");
	CHECK(got.body_at == 300 && got.body_len == 12345678901, "body");
	CHECK_NUM(got.nrcpt, 2, "recipients");
	CHECK_STR(got.rcpts[0].addr, rcpts[0].addr, "the first");
	CHECK(got.rcpts[0].again && !got.rcpts[1].again, "tried before");
	CHECK_NUM(got.rcpts[1].number, 5, "its number");
	CHECK_NUM(got.rcpts[1].notify, 2, "NOTIFY");
	CHECK_STR(got.rcpts[1].orcpt, rcpts[1].orcpt, "ORCPT");
	CHECK_NUM(job_send_sync(s[0]), 0, "a sync is asked for");
	CHECK_NUM(job_recv(s[1], a, now_plus_s(5), &got, &came), JOB_SYNC,
	    "and understood");
	CHECK_NUM(job_recv(s[1], a, now_ms(), &got, &came), -1, "nothing more");
	CHECK_NUM(errno, ETIMEDOUT, "in time");
	close(file);
}

static void
test_answers(int s[2], struct arena *a)
{
	struct result r =
	    result_make(RESULT_FAILED, "5.1.1", "no\n9 9 K 2.0.0 such user");
	struct job_answer got;
	struct str text;
	struct buf b;

	buf_init(&b, JOB_PACKET);
	CHECK_NUM(job_read(s[0], &b), -1, "no answer yet");
	CHECK_NUM(errno, EAGAIN, "which is no end");
	job_say(s[1], 77, 1, &r);
	job_say_done(s[1], 77, true);
	job_say_synced(s[1], true);
	CHECK_NUM(job_read(s[0], &b), 1, "the first packet");
	text = buf_slice(&b);
	CHECK_NUM(job_next(&text, a, &got), 1, "a line");
	CHECK(got.word == JOB_FATE && got.number == 77 && got.index == 1,
	    "of a recipient");
	CHECK_NUM(got.result.kind, 'D', "failed");
	CHECK_STR(got.result.text, STR("no 9 9 K 2.0.0 such user"),
	    "a line end in a text makes no second answer");
	CHECK_NUM(job_next(&text, a, &got), 0, "no other line");
	CHECK_NUM(job_read(s[0], &b), 1, "the second packet");
	text = buf_slice(&b);
	CHECK_NUM(job_next(&text, a, &got), 1, "a line");
	CHECK(got.word == JOB_DONE && got.unsynced && got.number == 77, "done");
	CHECK_NUM(job_read(s[0], &b), 1, "the third packet");
	text = buf_slice(&b);
	CHECK_NUM(job_next(&text, a, &got), 1, "a line");
	CHECK(got.word == JOB_SYNCED && got.ok, "synced");
	close(s[1]);
	CHECK_NUM(job_read(s[0], &b), 0, "the worker's end");
	buf_free(&b);
}

static void
test_together(int s[2], struct arena *a)
{
	struct result r = result_make(RESULT_DONE, "2.0.0", "stored");
	struct job_answer got;
	struct str text;
	struct buf b;

	buf_init(&b, JOB_PACKET);
	CHECK_NUM(job_answer(s[1], &b), 0, "nothing to say");
	job_print(&b, 8, 0, &r);
	job_print(&b, 8, 1, &r);
	job_print_done(&b, 8, false);
	CHECK_NUM(job_answer(s[1], &b), 0, "answers together");
	CHECK_NUM(b.n, 0, "are gone then");
	CHECK_NUM(job_read(s[0], &b), 1, "one packet");
	text = buf_slice(&b);
	for (uint32_t i = 0; i < 2; i++)
		CHECK(job_next(&text, a, &got) == 1 && got.word == JOB_FATE &&
			  got.index == i,
		    "a fate");
	CHECK(job_next(&text, a, &got) == 1 && got.word == JOB_DONE &&
		  !got.unsynced,
	    "and done");
	CHECK_NUM(job_next(&text, a, &got), 0, "that is all");
	buf_free(&b);
}

static void
test_nonsense(struct arena *a)
{
	static const char *const t[] = {"x", "1", "1 ", "1 2", "1 2 Q 2.0.0 x",
	    "-1 0 K 2.0.0 x", "99999999999 0 K 2.0.0 x", "1 donee"};
	struct job_answer got;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		struct str text = str_z(t[i]);

		CHECK_NUM(job_next(&text, a, &got), -1, t[i]);
	}
}

static void
test_bad_requests(int s[2], struct arena *a)
{
	static const char *const t[] = {"3:job", "3:job,1:x,",
	    "2:id,3:../,4:rcpt,1:x,", "2:id,21:0123456789abcdefghijk,",
	    "2:id,21:0123456789abcdefghijk,4:rcpt,1:x,6:number,1:x,"};
	static const char whole[] =
	    "3:job,1:9,2:id,21:0123456789abcdefghijk,4:rcpt,1:x,";
	struct job got;
	int file;

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		if (send(s[0], t[i], str_z(t[i]).n, 0) < 0)
			continue;
		CHECK_NUM(
		    job_recv(s[1], a, now_plus_s(5), &got, &file), -1, t[i]);
		CHECK_NUM(errno, EPROTO, "is no request");
	}
	send(s[0], whole, str_z(whole).n, 0);
	CHECK_NUM(job_recv(s[1], a, NOW_NEVER, &got, &file), -1, "no file");
	CHECK(errno == EMFILE && got.nrcpt == 1 && got.number == 9,
	    "but the job is known");
	CHECK_NUM(job_recv(-1, a, NOW_NEVER, &got, &file), -1, "nothing read");
	CHECK_NUM(got.nrcpt, 0, "no job is known");
}

int
main(void)
{
	struct arena a;
	int s[2];

	arena_init(&a, (size_t)16 * JOB_ARENA);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s) < 0)
		return 1;
	test_request(s, &a);
	test_nonsense(&a);
	test_together(s, &a);
	test_answers(s, &a);
	close(s[0]);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s) < 0)
		return 1;
	test_bad_requests(s, &a);
	arena_free(&a);
	return tap_done();
}
