/* SPDX-License-Identifier: ISC */
/* Mailbox names: that of a directory leads back to it; a valid one decodes and
 * encodes to itself; UTF-8 that can be encoded gives a valid name that decodes
 * to the same. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "maildir/folder.h"
#include "maildir/folder_name.h"
#include "msg/mutf7.h"
#include "proto/imap_match.h"

/* Any directory's name. */
static void
check_dir(struct str s)
{
	char dir[NAME_MAX + 1] = ".", found[NAME_MAX + 1] = "";
	struct buf name;

	if (str_has(s, '/') || str_copy(dir + 1, NAME_MAX, s) < 0)
		return;
	buf_init(&name, FOLDER_NAME_MAX);
	if (folder_name_read(dir, &name)) {
		int i = 0;

		while (i < FOLDER_NAME_SPELLINGS &&
		       !(folder_name_spell(buf_slice(&name), i, found) &&
			   strcasecmp(found, dir) == 0))
			i++;
		if (i == FOLDER_NAME_SPELLINGS ||
		    !folder_valid(buf_slice(&name)))
			abort();
	}
	buf_free(&name);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = str_make((const char *)data, n);
	struct buf b, c;

	check_dir(s);
	buf_init(&b, 8 * n + 64);
	buf_init(&c, 8 * n + 64);
	if (mutf7_valid(s)) {
		if (mutf7_decode(s, &b) < 0 ||
		    mutf7_encode(buf_slice(&b), &c) < 0 ||
		    !str_eq(buf_slice(&c), s))
			abort();
	}
	buf_reset(&b);
	buf_reset(&c);
	if (mutf7_encode(s, &b) == 0) {
		if (!mutf7_valid(buf_slice(&b)) ||
		    mutf7_decode(buf_slice(&b), &c) < 0 ||
		    !str_eq(buf_slice(&c), s))
			abort();
	}
	if (n > 1 && n < 2000) {
		struct str pattern = str_to(s, n / 2);

		imap_match(pattern, str_from(s, n / 2), '.');
	}
	buf_free(&b);
	buf_free(&c);
	return 0;
}
