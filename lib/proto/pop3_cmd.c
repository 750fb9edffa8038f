/* SPDX-License-Identifier: ISC */
/* POP3 command lines. */
#include "proto/pop3_cmd.h"

#include "base/scan.h"

static const struct {
	const char *word;
	enum pop3_verb verb;
} verbs[] = {
    {"APOP", POP3_APOP},
    {"AUTH", POP3_AUTH},
    {"CAPA", POP3_CAPA},
    {"DELE", POP3_DELE},
    {"LANG", POP3_LANG},
    {"LIST", POP3_LIST},
    {"NOOP", POP3_NOOP},
    {"PASS", POP3_PASS},
    {"QUIT", POP3_QUIT},
    {"RETR", POP3_RETR},
    {"RSET", POP3_RSET},
    {"STAT", POP3_STAT},
    {"STLS", POP3_STLS},
    {"TOP", POP3_TOP},
    {"UIDL", POP3_UIDL},
    {"USER", POP3_USER},
    {"UTF8", POP3_UTF8},
};

struct pop3_cmd
pop3_cmd_parse(struct str line)
{
	size_t end = str_find(line, ' ');
	struct pop3_cmd c = {.args = str_trim(str_from(line, end))};

	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (str_ieq(str_to(line, end), str_z(verbs[i].word)))
			c.verb = verbs[i].verb;
	return c;
}

bool
pop3_cmd_numbers(struct str args, uint32_t *v, size_t n)
{
	struct scan s = scan_make(args);

	for (size_t i = 0; i < n; i++) {
		uint64_t number;

		if (i > 0 && scan_blanks(&s) == 0)
			return false;
		if (!scan_num(&s, UINT32_MAX, &number))
			return false;
		v[i] = (uint32_t)number;
	}
	return scan_end(&s);
}
