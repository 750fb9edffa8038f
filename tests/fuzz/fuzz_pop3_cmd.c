/* SPDX-License-Identifier: ISC */
/* POP3 command lines: slices stay inside the line, numbers mean themselves.
 * The arguments as a language, and as a format of unique-ids, which are of
 * permitted octets. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "proto/pop3_cmd.h"
#include "proto/pop3_lang.h"
#include "proto/pop3_uidl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void try_uidl(struct str template)
{
	struct pop3_uidl u = {UINT32_MAX, UINT32_MAX, template};
	char to[POP3_UIDL_SIZE];
	size_t n;

	if (!pop3_uidl_valid(template))
		return;
	pop3_uidl_make(to, template, &u);
	n = strlen(to);
	if (n == 0 || (n > 70 && !pop3_uidl_wants_file(template)))
		abort();
	while (n-- > 0)
		if (to[n] < 0x21 || to[n] > 0x7e)
			abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str line = str_make((const char *)data, n);
	struct pop3_cmd c = pop3_cmd_parse(line);
	uint32_t v[2];

	if (c.args.n > n || (c.args.n && (c.args.p < line.p ||
					     c.args.p + c.args.n > line.p + n)))
		abort();
	if (pop3_cmd_numbers(c.args, v, 1) && pop3_cmd_numbers(c.args, v, 2))
		abort();
	if (pop3_lang_find(c.args) > POP3_LANGS)
		abort();
	try_uidl(c.args);
	return 0;
}
