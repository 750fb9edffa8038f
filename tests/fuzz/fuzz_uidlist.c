/* SPDX-License-Identifier: ISC */
/* dovecot-uidlist and dovecot-keywords from hostile hands: UIDs rise, the next
 * one is above all, names can be file names. */
#include <stdint.h>
#include <stdlib.h>

#include "maildir/keywords.h"
#include "maildir/name.h"
#include "maildir/uidlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_list(struct str text)
{
	struct uidlist u;
	uint32_t last = 0;

	uidlist_init(&u);
	if (uidlist_parse(&u, text) == 0 && u.uidvalidity == 0)
		abort();
	for (size_t i = 0; u.uidvalidity && i < u.n; i++) {
		struct uidlist_entry *e = &u.list[i];

		if (e->uid <= last || e->uid >= u.uidnext ||
		    !name_usable(e->base) || str_has(e->base, '/') ||
		    str_has(e->base, ':') || str_has(e->base, '\0'))
			abort();
		last = e->uid;
		uidlist_field(e, 'P');
	}
	uidlist_free(&u);
}

static void
check_keywords(struct str text)
{
	const char *names[KEYWORDS_N];
	struct arena a;

	arena_init(&a, 1 << 24);
	keywords_parse(text, &a, names);
	for (int i = 0; i < KEYWORDS_N; i++)
		if (names[i] && (!keywords_valid(str_z(names[i])) ||
				    keywords_find(names, str_z(names[i])) != i))
			abort();
	arena_free(&a);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = str_make((const char *)data, n);
	struct str first = str_to(text, str_find(text, '\n'));
	struct name name = name_parse(first);
	char made[NAME_SIZE];

	check_list(text);
	check_keywords(text);
	if (name_usable(first) && !str_has(first, '\0') &&
	    name_make(made, &name) == 0) {
		struct name again = name_parse(str_z(made));

		if (!str_eq(again.base, name.base) || again.flags != name.flags)
			abort();
	}
	return 0;
}
