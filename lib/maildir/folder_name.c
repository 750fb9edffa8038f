/* SPDX-License-Identifier: ISC */
/* Which names a mailbox may have, and what its directory is called.  Names
 * arrive from clients: nothing that reaches the file system may hold '/',
 * control characters or empty levels, and every name has one spelling only (RFC
 * 3501 5.1.3). */
#include "maildir/folder_name.h"

#include <string.h>

#include "base/ascii.h"
#include "base/utf8.h"
#include "maildir/folder.h"
#include "msg/mutf7.h"

#define INBOX_N 5
#define TEXT_MAX 2048

bool
folder_valid(struct str name)
{
	char before = FOLDER_DELIMITER;

	if (name.n == 0 || name.n > FOLDER_NAME_MAX)
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c == '/' ||
		    (c == FOLDER_DELIMITER && before == FOLDER_DELIMITER))
			return false;
		before = c;
	}
	return before != FOLDER_DELIMITER && mutf7_valid(name);
}

static bool
under_inbox(struct str name)
{
	return name.n > INBOX_N && str_istarts(name, STR("INBOX")) &&
	       name.p[INBOX_N] == FOLDER_DELIMITER;
}

/* ------------------------------------------------- from a directory's name */

/* U+F700 + octet, of the private use area, in UTF-8. */
static void
put_octet(struct buf *b, unsigned char c)
{
	buf_chr(b, (char)0xef);
	buf_chr(b, (char)(0x9c + (c >> 6)));
	buf_chr(b, (char)(0x80 | (c & 0x3f)));
}

static bool
is_octet(const char *p, size_t n)
{
	return n >= 3 && (unsigned char)p[0] == 0xef &&
	       (unsigned char)p[1] >= 0x9c && (unsigned char)p[1] <= 0x9f;
}

/* The octets at i that stand for themselves; 0: the first one cannot. */
static size_t
plain(struct str s, size_t i)
{
	size_t n = utf8_len(str_from(s, i));

	if (is_octet(s.p + i, n))
		return 0;
	if (s.p[i] == FOLDER_DELIMITER &&
	    (i + 1 == s.n || s.p[i - 1] == FOLDER_DELIMITER))
		return 0;
	return n && utf8_plain(s.p + i, n) ? n : 0;
}

/* What stands for a directory's name that is no valid one. */
static bool
put_foreign(struct buf *name, struct str s)
{
	struct buf text;
	bool ok;

	buf_init(&text, TEXT_MAX);
	for (size_t i = 0; i < s.n;) {
		size_t n = plain(s, i);

		if (n)
			buf_put(&text, s.p + i, n);
		else
			put_octet(&text, (unsigned char)s.p[i]);
		i += n ? n : 1;
	}
	ok = !text.over && mutf7_encode(buf_slice(&text), name) == 0;
	buf_free(&text);
	return ok;
}

bool
folder_name_read(const char *dir, struct buf *name)
{
	struct str s = str_z(dir);
	size_t start = name->n;

	if (s.n < 2 || s.p[0] != '.' || s.p[1] == FOLDER_DELIMITER)
		return false;
	s = str_from(s, 1);
	if (folder_valid(s))
		buf_str(name, s);
	else if (!put_foreign(name, s))
		return false;
	if (name->over)
		return false;
	s = str_from(buf_slice(name), start);
	if (under_inbox(s))
		memcpy(name->p + start, "INBOX", INBOX_N);
	return folder_valid(s);
}

/* --------------------------------------------------- to a directory's name */

/* Make the characters that stand for octets these octets; returns the new
 * length. */
static size_t
restore(char *p, size_t n)
{
	size_t to = 0;

	for (size_t i = 0; i < n;) {
		if (is_octet(p + i, n - i)) {
			p[to++] = (char)(((unsigned char)p[i + 1] - 0x9c) << 6 |
					 (p[i + 2] & 0x3f));
			i += 3;
		} else {
			p[to++] = p[i++];
		}
	}
	return to;
}

/* The directory's name without its dot: modified UTF-7, UTF-8, or that with
 * its stray octets. */
static bool
form(struct str name, int which, struct buf *b)
{
	size_t n;

	if (which == 0) {
		buf_str(b, name);
		return true;
	}
	if (!str_has(name, '&') || mutf7_decode(name, b) < 0)
		return false;
	if (which == 1)
		return !str_has(buf_slice(b), '/');
	n = restore(b->p, b->n);
	if (n == b->n)
		return false;
	b->n = n;
	return !str_has(buf_slice(b), '/') && !str_has(buf_slice(b), '\0');
}

bool
folder_name_spell(struct str name, int i, char dir[NAME_MAX + 1])
{
	static const char *const inbox[] = {"INBOX", "inbox", "Inbox"};
	int variant = i / 3;
	struct buf b;
	bool ok;

	if (variant > 0 && !under_inbox(name))
		return false;
	buf_init(&b, TEXT_MAX);
	ok = form(name, i % 3, &b) && b.n < NAME_MAX && !b.over;
	if (ok && under_inbox(name))
		memcpy(b.p, inbox[variant], INBOX_N);
	dir[0] = '.';
	if (ok)
		str_copy(dir + 1, NAME_MAX, buf_slice(&b));
	buf_free(&b);
	return ok;
}
