/* SPDX-License-Identifier: ISC */
/* msg/thread: base subjects and message ids, RFC 5256 2.1 and 2.2. */
#include "tap.h"

#include "msg/thread.h"

static const struct {
	const char *subject, *base;
	bool reply;
	const char *what;
} subjects[] = {
    {"Hello", "Hello", false, "nothing to remove"},
    {" Hello\tyou\n  there ", "Hello you there", false, "step 1, blanks"},
    {"=?utf-8?q?Re=3A_caf=C3=A9?=", "caf\xc3\xa9", true, "step 1, words"},
    {"Hello (fwd) (FWD) ", "Hello", true, "step 2"},
    {"Re: Hello", "Hello", true, "step 3"},
    {"RE : [list] Fwd: fw: Hello", "Hello", true, "step 3, repeated"},
    {"Re[2]: Hello", "Hello", true, "step 3, a blob before the colon"},
    {"[list] Re: Hello", "Hello", true, "step 3, a blob before Re:"},
    {"[list] Hello", "Hello", false, "step 4: no reply"},
    {"[list]", "[list]", false, "step 4: never down to nothing"},
    {"[a] [b]", "[b]", false, "step 4: the last one stays"},
    {"[Fwd: Re: Hello]", "Hello", true, "step 6"},
    {"[fwd: [fwd: Hello (fwd)] ]", "Hello", true, "step 6, nested"},
    {"Regards", "Regards", false, "no colon"},
    {"Re", "Re", false, "no colon"},
    {"Re:", "", true, "nothing left"},
    {"[a[b] x", "[a[b] x", false, "no blob"},
    {"", "", false, "none"},
};

static void
test_subjects(void)
{
	struct buf b;

	buf_init(&b, 2000);
	for (size_t i = 0; i < sizeof(subjects) / sizeof(*subjects); i++) {
		bool reply;

		buf_reset(&b);
		reply = thread_subject(str_z(subjects[i].subject), &b);
		CHECK_STR(
		    buf_slice(&b), str_z(subjects[i].base), subjects[i].what);
		CHECK_NUM(reply, subjects[i].reply, subjects[i].what);
	}
	buf_free(&b);
}

static void
test_ids(void)
{
	struct str rest = STR(" <a@x> junk (c) <\"b c\"@x>\n <<d@x>< <> <e@x"),
		   id;

	CHECK(thread_id(&rest, &id), "first");
	CHECK_STR(id, STR("a@x"), "an id");
	CHECK(thread_id(&rest, &id), "second");
	CHECK_STR(id, STR("\"b c\"@x"), "a quoted one, behind junk");
	CHECK(thread_id(&rest, &id), "third");
	CHECK_STR(id, STR("d@x"), "of two angles the inner one");
	CHECK(!thread_id(&rest, &id), "an empty one and an open one are none");
	CHECK_NUM(rest.n, 0, "all is read");
}

int
main(void)
{
	test_subjects();
	test_ids();
	return tap_done();
}
