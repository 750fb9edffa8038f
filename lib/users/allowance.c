/* SPDX-License-Identifier: ISC */
/* How much mail an account may keep. */
#include "users/allowance.h"

#include <errno.h>
#include <string.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "base/num.h"
#include "conf/settings.h"

#define MOST ((uint64_t)1 << 60)

/* "12M", with at most one B behind; a bare number counts units of `unit`. */
static bool
scan_octets(struct str s, uint64_t unit, uint64_t *v)
{
	static const char units[] = "bkmgt";
	const char *at;
	uint64_t n;

	if (s.n > 2 && ascii_lower(s.p[s.n - 1]) == 'b' &&
	    !ascii_isdigit(s.p[s.n - 2]))
		s.n--;
	at = s.n ? strchr(units, ascii_lower(s.p[s.n - 1])) : NULL;
	if (at && *at) {
		unit = (uint64_t)1 << (10 * (at - units));
		s.n--;
	}
	if (num_scan(s, MOST, &n) < 0 || n > MOST / unit)
		return false;
	*v = n * unit;
	return true;
}

static bool
scan_item(struct str s, bool first, struct allowance *a)
{
	char last = s.n ? s.p[s.n - 1] : '\0';

	if (last == 'S')
		return num_scan(str_to(s, s.n - 1), MOST, &a->storage) == 0;
	if (last == 'C')
		return num_scan(str_to(s, s.n - 1), MOST, &a->messages) == 0;
	if (first)
		return s.n == 0 || scan_octets(s, 1, &a->storage);
	return num_scan(s, MOST, &a->messages) == 0;
}

int
allowance_parse(struct str text, struct allowance *a)
{
	struct str item;
	bool first = true;

	*a = (struct allowance){0};
	if (text.n == 0 || str_ieq(text, STR("none")))
		return 0;
	for (; str_cut(&text, ',', &item); first = false) {
		if (!scan_item(str_trim(item), first, a)) {
			*a = (struct allowance){0};
			errno = EINVAL;
			return -1;
		}
	}
	return 0;
}

/* "*:storage=1G:messages=10"; rules for single folders and what else there
 * may be are passed over. */
static bool
scan_rule(struct str rule, struct allowance *a)
{
	struct str item;

	if (!str_cut(&rule, ':', &item) || !str_eq(item, STR("*")))
		return true;
	while (str_cut(&rule, ':', &item)) {
		struct str key, value = item;
		bool ok = true;

		str_cut(&value, '=', &key);
		if (str_ieq(key, STR("storage")))
			ok = scan_octets(value, 1024, &a->storage);
		else if (str_ieq(key, STR("bytes")))
			ok = scan_octets(value, 1, &a->storage);
		else if (str_ieq(key, STR("messages")))
			ok = num_scan(value, MOST, &a->messages) == 0;
		if (!ok)
			return false;
	}
	return true;
}

int
allowance_of(const struct user *u, struct allowance *a)
{
	const struct str key = STR("userdb_quota_rule=");
	struct str extra = u->extra, word;

	*a = (struct allowance){0};
	while (str_cut(&extra, ' ', &word)) {
		if (!str_starts(word, key))
			continue;
		if (scan_rule(str_from(word, key.n), a))
			return 0;
		*a = (struct allowance){0};
		return fail_text(EPROTO, "userdb_quota_rule cannot be read");
	}
	if (allowance_parse(str_z(settings_text("QUOTA")), a) == 0)
		return 0;
	return fail_text(EPROTO, "QUOTA cannot be read");
}

void
allowance_print(struct buf *b, const struct allowance *a)
{
	buf_num(b, a->storage);
	buf_chr(b, 'S');
	if (!a->messages)
		return;
	buf_chr(b, ',');
	buf_num(b, a->messages);
	buf_chr(b, 'C');
}

void
allowance_print_rule(struct buf *b, const struct allowance *a)
{
	buf_z(b, "*:bytes=");
	buf_num(b, a->storage);
	if (!a->messages)
		return;
	buf_z(b, ":messages=");
	buf_num(b, a->messages);
}
