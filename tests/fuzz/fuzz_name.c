/* SPDX-License-Identifier: ISC */
/* File names of messages and lists of keywords: what is written reads the
 * same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "maildir/keywords.h"
#include "maildir/name.h"

static void
check_name(struct str file)
{
	struct name a = name_parse(file), b;
	char text[NAME_SIZE];
	uint64_t size;

	if (a.base.n != name_base(file))
		abort();
	name_size(a.base, 'S', &size);
	name_size(a.base, 'W', &size);
	if (name_sizes(a.base).n > a.base.n)
		abort();
	/* No directory has a name with NUL. */
	if (str_has(file, '\0') || !name_usable(file) ||
	    name_make(text, &a) < 0)
		return;
	b = name_parse(str_z(text));
	if (!str_eq(a.base, b.base) || a.flags != b.flags ||
	    a.letters != b.letters || a.others != b.others)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str s = str_make((const char *)data, n);
	const char *names[KEYWORDS_N];
	struct arena a;

	check_name(s);
	arena_init(&a, 1 << 20);
	keywords_parse(s, &a, names);
	for (int i = 0; i < KEYWORDS_N; i++) {
		if (!names[i])
			continue;
		if (!keywords_valid(str_z(names[i])) ||
		    keywords_find(names, str_z(names[i])) < 0)
			abort();
	}
	arena_free(&a);
	return 0;
}
