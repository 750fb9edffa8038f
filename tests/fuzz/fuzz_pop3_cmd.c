/* SPDX-License-Identifier: ISC */
/* POP3 command lines: slices stay inside the line, numbers mean themselves. */
#include <stdint.h>
#include <stdlib.h>

#include "proto/pop3_cmd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

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
	return 0;
}
