/* SPDX-License-Identifier: ISC */
/* proto/smtp_answer: whole replies of other servers. */
#include "tap.h"

#include <errno.h>

#include "proto/smtp_answer.h"

/* Feed lines separated by '|'; the result of the last one. */
static int
feed(struct smtp_answer *a, const char *lines)
{
	struct str rest = str_z(lines), line;
	int r = 1;

	smtp_answer_init(a);
	while (r > 0 && str_cut(&rest, '|', &line))
		r = smtp_answer_line(a, line);
	return r;
}

int
main(void)
{
	struct smtp_answer a;
	char many[1000];

	CHECK(feed(&a, "250 ok") == 0 && a.code == 250, "one line");
	CHECK_NUM(smtp_answer_class(&a), 2, "its class");
	CHECK_NUM(feed(&a, "250-a"), 1, "more to come (RFC 5321 4.2.1)");
	CHECK(feed(&a, "550-5.1.1 no|550-5.1.1 such|550 5.1.1 user") == 0 &&
		  strcmp(a.enhanced, "5.1.1") == 0,
	    "the enhanced code (RFC 2034)");
	CHECK_STR(str_z(a.text), STR("5.1.1 no such user"), "joined");
	CHECK(feed(&a, "550 2.1.1 x") == 0 && !a.enhanced[0],
	    "a code of another class is text");
	CHECK(feed(&a, "354") == 0 && a.code == 354, "a bare code");
	CHECK(feed(&a, "250-a|251 b") == -1 && errno == EPROTO,
	    "all lines have one code (RFC 5321 4.2.1)");
	CHECK_NUM(feed(&a, "hello"), -1, "no reply");
	CHECK_NUM(feed(&a, "250x"), -1, "no separator");
	CHECK_NUM(feed(&a, ""), -1, "an empty line");
	feed(&a, "250 \x1b[1m\xff");
	CHECK_STR(str_z(a.text), STR("?[1m?"), "made printable");
	smtp_answer_init(&a);
	for (int i = 0; i < SMTP_ANSWER_LINES; i++)
		if (smtp_answer_line(&a, STR("250-x")) != 1)
			CHECK(0, "many lines are fine");
	CHECK(smtp_answer_line(&a, STR("250 x")) == -1 && errno == EMSGSIZE,
	    "more are not");
	memset(many, 'y', sizeof(many));
	memcpy(many, "250 ", 4);
	smtp_answer_init(&a);
	CHECK_NUM(smtp_answer_line(&a, str_make(many, sizeof(many))), 0,
	    "a long text");
	CHECK_NUM(strlen(a.text), SMTP_ANSWER_TEXT, "is cut");
	return tap_done();
}
