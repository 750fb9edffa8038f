/* SPDX-License-Identifier: ISC */
/* Courier's POP3 unique-ids and subscriptions. */
#include "maildir/courier.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/num.h"
#include "io/file.h"
#include "maildir/name.h"

#define TEXT_MAX ((size_t)256 << 20)

static int
by_base(const void *a, const void *b)
{
	const struct courier_pop3 *x = a, *y = b;

	return str_cmp(x->base, y->base);
}

/* "<number>:<validity>", and a mark behind another ":" since version 3. */
static bool
parse_id(struct str text, uint64_t *number, uint64_t *validity)
{
	struct str first, second;

	return str_cut(&text, ':', &first) && str_cut(&text, ':', &second) &&
	       num_scan(first, UINT64_MAX, number) == 0 &&
	       num_scan(second, UINT64_MAX, validity) == 0;
}

/* As Courier spells it: a number, or from the oldest versions the file name
 * with "+HH" for what a unique-id may not have. */
static struct str
spell(struct str base, uint64_t number, uint64_t validity, struct arena *a)
{
	struct buf b;
	struct str s;

	buf_init(&b, 1024);
	if (number && validity)
		buf_fmt(&b, "UID%llu-%llu", (unsigned long long)number,
		    (unsigned long long)validity);
	else if (number)
		buf_fmt(&b, "UID%llu", (unsigned long long)number);
	for (size_t i = 0; !number && i < base.n; i++) {
		unsigned char c = (unsigned char)base.p[i];

		if (c < 0x21 || c > 0x7e || c == '\'' || c == '"' || c == '+')
			buf_fmt(&b, "+%02X", c);
		else
			buf_chr(&b, (char)c);
	}
	s = arena_str(a, b.over ? STR("") : buf_slice(&b));
	buf_free(&b);
	return s;
}

/* "<name> <size> <id>": names may hold blanks. */
static bool
parse_line(struct courier_pop3 *e, struct str line, struct arena *a)
{
	size_t last = str_rfind(line, ' ');
	size_t before = str_rfind(str_to(line, last), ' ');
	struct str name = str_to(line, before);
	uint64_t number, validity;

	if (last == line.n || before == last ||
	    !parse_id(str_from(line, last + 1), &number, &validity))
		return false;
	name = str_to(name, name_base(name));
	e->base = arena_str(a, name);
	e->uidl = spell(name, number, validity, a);
	return name.n > 0;
}

int
courier_pop3(int fd, struct arena *a, struct courier_pop3 **list, size_t *n)
{
	struct buf b;
	struct str text, rest, line;
	size_t lines = 0;
	int r;

	*n = 0;
	*list = NULL;
	buf_init(&b, TEXT_MAX);
	r = file_read(fd, COURIER_POP3, &b);
	text = r < 0 ? STR("") : buf_slice(&b);
	for (rest = text; str_cut(&rest, '\n', &line);)
		lines++;
	*list = arena_array(a, lines + 1, sizeof(**list));
	rest = text;
	if (str_cut(&rest, '\n', &line) &&
	    (str_starts(line, STR("/3 ")) || str_starts(line, STR("/2 "))))
		while (str_cut(&rest, '\n', &line))
			*n += parse_line(&(*list)[*n], line, a);
	if (*n)
		qsort(*list, *n, sizeof(**list), by_base);
	buf_free(&b);
	return r < 0 && errno != ENOENT ? -1 : 0;
}

struct str
courier_pop3_find(const struct courier_pop3 *list, size_t n, struct str base)
{
	struct courier_pop3 key = {.base = base}, *found = NULL;

	if (n)
		found = bsearch(&key, list, n, sizeof(*list), by_base);
	return found ? found->uidl : STR("");
}

int
courier_retire(int fd)
{
	if (renameat(fd, COURIER_UIDS, fd, COURIER_UIDS ".old") == 0 ||
	    errno == ENOENT)
		return 0;
	return fail("rename ", COURIER_UIDS);
}

struct str
courier_subscribed(struct str line)
{
	if (str_ieq(line, STR("INBOX")))
		return line;
	return str_istarts(line, STR("INBOX.")) ? str_from(line, 6) : STR("");
}
