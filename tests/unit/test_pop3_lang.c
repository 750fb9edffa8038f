/* SPDX-License-Identifier: ISC */
/* Languages of POP3's answers: RFC 6856 3, RFC 4647 3.4. */
#include "proto/pop3_lang.h"
#include "tap.h"

static void
test_find(void)
{
	static const struct {
		const char *range;
		enum pop3_lang lang;
	} t[] = {
	    {"en", POP3_EN},
	    {"EN", POP3_EN},
	    {"en-GB", POP3_EN},
	    {"en-Latn-US-x-y", POP3_EN},
	    {"ja", POP3_JA},
	    {"ja-JP", POP3_JA},
	    {"i-default", POP3_I_DEFAULT},
	    {"I-Default", POP3_I_DEFAULT},
	    {"*", POP3_EN},
	    {"", POP3_LANGS},
	    {"i", POP3_LANGS},
	    {"mul", POP3_LANGS},
	    {"jav", POP3_LANGS},
	    {"j", POP3_LANGS},
	    {"*-GB", POP3_LANGS},
	    {"en de", POP3_LANGS},
	    {"-", POP3_LANGS},
	    {"--", POP3_LANGS},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		CHECK_NUM(
		    pop3_lang_find(str_z(t[i].range)), t[i].lang, t[i].range);
	CHECK_NUM(pop3_lang_find(STR("ja\0")), POP3_LANGS, "NUL");
}

/* "tag description", in the language itself, and the dot: RFC 6856 3.3. */
static void
test_list(void)
{
	struct str rest = str_z(pop3_lang_list), line;
	int n = 0;

	while (str_cut(&rest, '\n', &line) && line.p[0] != '.') {
		struct str tag = str_to(line, str_find(line, ' '));

		CHECK(str_ends(line, STR("\r")), "lines end in CRLF");
		CHECK(pop3_lang_find(tag) != POP3_LANGS, "LANG takes it");
		CHECK_STR(tag, str_z(pop3_lang_tag(pop3_lang_find(tag))),
		    "the tag that LANG answers");
		n++;
	}
	CHECK_NUM(n, POP3_LANGS, "every language");
	CHECK_STR(line, STR(".\r"), "and the end");
}

static void
test_text(void)
{
	CHECK_STR(str_z(pop3_lang_text(POP3_EN, "Goodbye")), STR("Goodbye"),
	    "English");
	CHECK_STR(str_z(pop3_lang_text(POP3_I_DEFAULT, "Goodbye")),
	    STR("Goodbye"), "the default");
	CHECK_STR(str_z(pop3_lang_text(POP3_JA, "Goodbye")), STR("さようなら"),
	    "Japanese");
	CHECK_STR(str_z(pop3_lang_text(POP3_JA, "nobody says this")),
	    STR("nobody says this"), "not translated");
}

int
main(void)
{
	test_find();
	test_list();
	test_text();
	return tap_done();
}
