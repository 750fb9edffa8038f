/* SPDX-License-Identifier: ISC */
/* RFC 5801 4, RFC 5802 7. */
#include "proto/gs2.h"

#include <errno.h>

#include "base/ascii.h"
#include "msg/saslprep.h"

/* cb-name: 1*(ALPHA / DIGIT / "." / "-") */
static bool
is_binding(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_isalnum(s.p[i]) && s.p[i] != '.' && s.p[i] != '-')
			return false;
	return s.n > 0;
}

static bool
flag(struct scan *s, struct gs2 *g)
{
	int c = scan_peek(s);

	if (c != 'n' && c != 'y' && c != 'p')
		return scan_fail(s, "no channel binding flag");
	g->flag = (char)c;
	scan_try(s, (char)c);
	if (c != 'p')
		return true;
	if (!scan_need(s, '=', "no channel binding"))
		return false;
	g->binding = scan_until(s, ',');
	return is_binding(g->binding) || scan_fail(s, "no channel binding");
}

bool
gs2_header(struct scan *s, struct gs2 *g)
{
	const char *start = s->p;

	*g = (struct gs2){0};
	if (!flag(s, g) || !scan_need(s, ',', "no comma"))
		return false;
	if (scan_peek(s) == 'a') {
		scan_try(s, 'a');
		if (!scan_need(s, '=', "no name") ||
		    !gs2_scan_name(s, &g->authzid))
			return false;
	}
	if (!scan_need(s, ',', "no comma"))
		return false;
	g->text = str_make(start, (size_t)(s->p - start));
	return true;
}

bool
gs2_scan_name(struct scan *s, struct str *name)
{
	struct str text = scan_until(s, ',');

	if (s->bad)
		return false;
	for (size_t i = 0; i < text.n; i++) {
		struct str rest = str_from(text, i);

		if (rest.p[0] == '\0' ||
		    (rest.p[0] == '=' && !str_starts(rest, STR("=2C")) &&
			!str_starts(rest, STR("=3D"))))
			return scan_fail(s, "a malformed name");
	}
	*name = text;
	return text.n > 0 || scan_fail(s, "an empty name");
}

int
gs2_name(struct str name, struct buf *to)
{
	struct buf plain;
	int r;

	buf_init(&plain, name.n + 1);
	for (size_t i = 0; i < name.n; i++) {
		bool escaped = name.p[i] == '=' && i + 2 < name.n;

		if (escaped)
			buf_chr(&plain, name.p[i + 1] == '2' ? ',' : '=');
		else
			buf_chr(&plain, name.p[i]);
		i += escaped ? 2 : 0;
	}
	r = saslprep(to, buf_slice(&plain));
	buf_free(&plain);
	return r;
}
