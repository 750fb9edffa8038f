/* SPDX-License-Identifier: ISC */
/* Result lines of deliveries.  They come from our own programs, but hold words
 * of remote servers and of users' programs: nothing in them is trusted. */
#include "queue/result.h"

#include <errno.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "base/scan.h"

bool
result_is_success(enum result_kind kind)
{
	return kind == RESULT_DONE || kind == RESULT_EXPANDED ||
	       kind == RESULT_RELAYED || kind == RESULT_TRANSFERRED;
}

static const char *
default_status(enum result_kind kind)
{
	return result_is_success(kind) ? "2.0.0"
	       : kind == RESULT_FAILED ? "5.0.0"
	                               : "4.0.0";
}

static bool
is_kind(int c)
{
	return result_is_success((enum result_kind)c) || c == RESULT_FAILED ||
	       c == RESULT_DEFERRED;
}

/* class "." subject "." detail, the latter two up to three digits. */
static bool
status_ok(struct str s, enum result_kind kind)
{
	struct scan c = scan_make(s);
	uint64_t n;

	return scan_try(&c, *default_status(kind)) && scan_try(&c, '.') &&
	       scan_num(&c, 999, &n) && scan_try(&c, '.') &&
	       scan_num(&c, 999, &n) && scan_end(&c);
}

static struct str
clean(struct str text, struct arena *a)
{
	char *p;

	text = str_to(str_trim(text), RESULT_TEXT);
	p = arena_z(a, text);
	for (size_t i = 0; i < text.n; i++)
		if (ascii_iscntrl(p[i]) || ascii_ishigh(p[i]))
			p[i] = '?';
	return str_make(p, text.n);
}

int
result_scan(struct str line, struct arena *a, struct result *r)
{
	struct scan s = scan_make(line);
	struct str rest, word;
	int kind = scan_peek(&s);

	if (!is_kind(kind))
		return fail_text(EPROTO, "not a line of results");
	r->kind = (enum result_kind)kind;
	scan_try(&s, (char)kind);
	if (!scan_end(&s) && !scan_try(&s, ' '))
		return fail_text(EPROTO, "not a line of results");
	rest = scan_rest(&s);
	word = scan_until(&s, ' ');
	if (status_ok(word, r->kind)) {
		r->status = arena_str(a, word);
		r->text = clean(scan_rest(&s), a);
	} else {
		r->status = str_z(default_status(r->kind));
		r->text = clean(rest, a);
	}
	return 0;
}

struct result
result_make(enum result_kind kind, const char *status, const char *text)
{
	return (struct result){
	    .kind = kind, .status = str_z(status), .text = str_z(text)};
}

struct str
result_host(struct str text)
{
	size_t n = 0;

	while (n < text.n && (ascii_isalnum(text.p[n]) || text.p[n] == '.' ||
				 text.p[n] == '-'))
		n++;
	if (n == 0 || n == text.n || !str_has(str_to(text, n), '.'))
		return (struct str){"", 0};
	if (text.p[n] == '[' || str_starts(str_from(text, n), STR(" said: ")) ||
	    str_starts(str_from(text, n), STR(": ")))
		return str_to(text, n);
	return (struct str){"", 0};
}

static bool
is_reply(struct str s)
{
	return s.n >= 3 && s.p[0] >= '2' && s.p[0] <= '5' &&
	       ascii_isdigit(s.p[1]) && ascii_isdigit(s.p[2]) &&
	       (s.n == 3 || s.p[3] == ' ' || s.p[3] == '-');
}

struct str
result_reply(struct str text)
{
	struct str host = result_host(text);
	size_t at;

	if (host.n == 0)
		return (struct str){"", 0};
	/* The first reply code that follows a ": " behind the host. */
	for (at = host.n; at + 2 < text.n; at++)
		if (text.p[at] == ':' && text.p[at + 1] == ' ' &&
		    is_reply(str_from(text, at + 2)))
			return str_from(text, at + 2);
	return (struct str){"", 0};
}
