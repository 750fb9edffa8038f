/* SPDX-License-Identifier: ISC */
/* Replies, RFC 5321 4.2, RFC 2034. */
#include "tap.h"

#include "proto/smtp_reply.h"

static const struct {
	const char *line;
	unsigned code;
	bool more;
	const char *enhanced, *text;
} lines[] = {
    {"250 2.1.0 Ok", 250, false, "2.1.0", "Ok"},
    {"250-PIPELINING", 250, true, "", "PIPELINING"},
    {"250", 250, false, "", ""},
    {"250 ", 250, false, "", ""},
    {"550 5.1.1", 550, false, "5.1.1", ""},
    {"550 4.1.1 x", 550, false, "", "4.1.1 x"},
    {"550 5.1 x", 550, false, "", "5.1 x"},
    {"550 5.1.1.1 x", 550, false, "", "5.1.1.1 x"},
    {"550 5.1.1234 x", 550, false, "", "5.1.1234 x"},
    {"421-4.4.2 a - b", 421, true, "4.4.2", "a - b"},
    {"25", 0, false, NULL, NULL},
    {"250x", 0, false, NULL, NULL},
    {"150 x", 0, false, NULL, NULL},
    {"600 x", 0, false, NULL, NULL},
    {"abc x", 0, false, NULL, NULL},
    {"", 0, false, NULL, NULL},
};

static void
test_read(void)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		struct smtp_reply_line r;
		int ok = smtp_reply_read(str_z(lines[i].line), &r);

		CHECK_NUM(ok, lines[i].code ? 0 : -1, lines[i].line);
		if (ok < 0)
			continue;
		CHECK_NUM(r.code, lines[i].code, lines[i].line);
		CHECK_NUM(r.more, lines[i].more, lines[i].line);
		CHECK_STR(r.enhanced, str_z(lines[i].enhanced), lines[i].line);
		CHECK_STR(r.text, str_z(lines[i].text), lines[i].line);
	}
}

static void
test_write(void)
{
	static char text[700];
	struct buf b;

	buf_init(&b, 4096);
	smtp_reply_write(&(struct smtp_reply){250, "2.1.0", "Ok"}, &b);
	CHECK_STR(buf_slice(&b), STR("250 2.1.0 Ok\r\n"), "one line");
	buf_reset(&b);
	smtp_reply_write(&(struct smtp_reply){250, "", "host\nSIZE 10"}, &b);
	CHECK_STR(
	    buf_slice(&b), STR("250-host\r\n250 SIZE 10\r\n"), "several lines");
	buf_reset(&b);
	smtp_reply_write(&(struct smtp_reply){500, "5.5.2", "a\rb\xff"}, &b);
	CHECK_STR(buf_slice(&b), STR("500 5.5.2 a?b?\r\n"), "nothing odd");
	buf_reset(&b);
	memset(text, 'x', sizeof(text) - 1);
	smtp_reply_write(&(struct smtp_reply){500, "5.5.2", text}, &b);
	CHECK_NUM(b.n, 512, "RFC 5321 4.5.3.1.5");
	buf_free(&b);
}

int
main(void)
{
	test_read();
	test_write();
	return tap_done();
}
