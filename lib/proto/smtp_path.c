/* SPDX-License-Identifier: ISC */
/* Mailboxes and paths, RFC 5321 4.1.2 and 4.1.3, with RFC 6531 3.3: wherever
 * SMTP_PATH_UTF8 allows it an octet above 127 is like a letter, and what was
 * collected must be UTF-8. */
#include "proto/smtp_path.h"

#include <errno.h>
#include <string.h>

#include "base/ascii.h"
#include "base/num.h"
#include "msg/charset.h"
#include "msg/idna.h"

#define ALABEL_MAX 63  /* octets, RFC 1035 2.3.4 */
#define ULABEL_MAX 252 /* the same in UTF-8, four octets a character */

/* Whether c, an octet or -1, is one that UTF-8 mailboxes may hold in addition:
 * UTF8-non-ascii of RFC 6531 3.3. */
static bool
is_more(int c, unsigned allow)
{
	return c >= 0x80 && (allow & SMTP_PATH_UTF8);
}

/* atext of RFC 5322 3.2.3. */
static bool
is_atext(int c, unsigned allow)
{
	if (c <= 0 || c >= 0x80)
		return is_more(c, allow);
	return ascii_isalnum((char)c) || strchr("!#$%&'*+-/=?^_`{|}~", c);
}

static bool
is_in_label(int c, unsigned allow)
{
	if (c <= 0 || c >= 0x80)
		return is_more(c, allow);
	return ascii_isalnum((char)c) || c == '-' || c == '_';
}

static bool
is_label(struct str l, unsigned allow)
{
	bool high = false;

	if (l.n == 0 || l.p[0] == '-' || l.p[l.n - 1] == '-')
		return false;
	for (size_t i = 0; i < l.n; i++) {
		if (!is_in_label((unsigned char)l.p[i], allow))
			return false;
		high |= ascii_ishigh(l.p[i]);
	}
	return l.n <= (high ? ULABEL_MAX : ALABEL_MAX) &&
	       (!high || charset_is_utf8(l));
}

static bool
is_domain(struct str s, unsigned allow)
{
	struct str label;

	if (s.n == 0 || s.n > SMTP_PATH_DOMAIN)
		return false;
	while (str_cut(&s, '.', &label))
		if (!is_label(label, allow))
			return false;
	return true;
}

bool
smtp_path_is_domain(struct str s)
{
	return is_domain(s, 0);
}

static bool
is_ipv4(struct str s)
{
	struct str part;
	uint64_t v;
	int parts = 0;

	while (str_cut(&s, '.', &part)) {
		if (part.n > 3 || num_scan(part, 255, &v) < 0)
			return false;
		parts++;
	}
	return parts == 4;
}

static bool
is_hextet(struct str s)
{
	uint64_t v;

	return s.n <= 4 && num_scan_hex(s, 0xffff, &v) == 0;
}

/* Groups joined by single colons; the last may be an IPv4 address where tail
 * says so.  Returns how many 16-bit units they stand for, -1 when bad. */
static int
ipv6_units(struct str s, bool tail)
{
	struct str part;
	int units = 0;

	if (s.n == 0)
		return 0;
	while (str_cut(&s, ':', &part)) {
		if (tail && !s.p && is_ipv4(part))
			units += 2;
		else if (is_hextet(part))
			units++;
		else
			return -1;
	}
	return units;
}

static bool
is_ipv6(struct str s)
{
	size_t gap = str_search(s, STR("::"));
	int head, tail;

	if (gap == s.n)
		return ipv6_units(s, true) == 8;
	head = ipv6_units(str_to(s, gap), false);
	tail = ipv6_units(str_from(s, gap + 2), true);
	return head >= 0 && tail >= 0 && head + tail <= 7;
}

bool
smtp_path_is_literal(struct str s)
{
	if (s.n < 3 || s.n > SMTP_PATH_DOMAIN || s.p[0] != '[' ||
	    s.p[s.n - 1] != ']')
		return false;
	s = str_make(s.p + 1, s.n - 2);
	if (str_istarts(s, STR("IPv6:")))
		return is_ipv6(str_from(s, 5));
	return is_ipv4(s);
}

static bool
is_dot_string(struct str s, unsigned allow)
{
	struct str atom;

	while (str_cut(&s, '.', &atom)) {
		if (atom.n == 0)
			return false;
		for (size_t i = 0; i < atom.n; i++)
			if (!is_atext((unsigned char)atom.p[i], allow))
				return false;
	}
	return true;
}

static void
put(struct smtp_path *p, char c)
{
	p->text[p->n++] = c;
}

/* p->local is filled: write it into the text, quoted where it must be. */
static void
write_local(struct smtp_path *p)
{
	bool quoted = !is_dot_string(smtp_path_local(p), SMTP_PATH_UTF8);

	p->n = 0;
	if (quoted)
		put(p, '"');
	for (size_t i = 0; i < p->local_n; i++) {
		if (p->local[i] == '"' || p->local[i] == '\\')
			put(p, '\\');
		put(p, p->local[i]);
	}
	if (quoted)
		put(p, '"');
}

static void
write_ascii(struct smtp_path *p, struct str domain)
{
	put(p, '@');
	p->domain_at = p->n;
	for (size_t i = 0; i < domain.n; i++)
		put(p, ascii_lower(domain.p[i]));
	p->text[p->n] = 0;
}

/* False when it has no form in ASCII. */
static bool
write_domain(struct smtp_path *p, struct str domain)
{
	struct buf b;
	bool good;

	p->utf8 = !str_is_ascii(domain) || !str_is_ascii(smtp_path_local(p));
	if (str_is_ascii(domain)) {
		write_ascii(p, domain);
		return true;
	}
	buf_init(&b, SMTP_PATH_DOMAIN);
	good = idna_ascii(domain, &b) == 0;
	if (good)
		write_ascii(p, buf_slice(&b));
	buf_free(&b);
	return good;
}

static bool
add_local(struct scan *s, struct smtp_path *p, char c)
{
	if (p->local_n == SMTP_PATH_LOCAL)
		return scan_fail(s, "local part is too long");
	p->local[p->local_n++] = c;
	return true;
}

/* QcontentSMTP: blanks and printable ASCII, with \ before any of them. */
static bool
scan_quoted(struct scan *s, unsigned allow, struct smtp_path *p)
{
	while (!scan_try(s, '"')) {
		bool pair = scan_try(s, '\\');
		int c;

		c = scan_peek(s);
		if ((c < 0x20 || c > 0x7e) && (pair || !is_more(c, allow)))
			return scan_fail(s, "bad quoted local part");
		s->p++;
		if (!add_local(s, p, (char)c))
			return false;
	}
	return p->local_n > 0 || scan_fail(s, "empty local part");
}

static bool
scan_local(struct scan *s, unsigned allow, struct smtp_path *p)
{
	p->local_n = 0;
	p->local[0] = 0;
	if (scan_try(s, '"')) {
		if (!scan_quoted(s, allow, p))
			return false;
	} else {
		while (is_atext(scan_peek(s), allow) || scan_peek(s) == '.') {
			if (!add_local(s, p, *s->p))
				return false;
			s->p++;
		}
		if (!is_dot_string(smtp_path_local(p), allow))
			return scan_fail(s, "bad local part");
	}
	p->local[p->local_n] = 0;
	return charset_is_utf8(smtp_path_local(p)) ||
	       scan_fail(s, "local part is not UTF-8");
}

static bool
scan_domain(struct scan *s, unsigned allow, struct str *domain)
{
	const char *start = s->p;

	if (scan_try(s, '[')) {
		scan_until(s, ']');
		scan_need(s, ']', "address literal is not closed");
		*domain = str_make(start, (size_t)(s->p - start));
		return !s->bad && (smtp_path_is_literal(*domain) ||
				      scan_fail(s, "bad address literal"));
	}
	while (is_in_label(scan_peek(s), allow) || scan_peek(s) == '.')
		s->p++;
	*domain = str_make(start, (size_t)(s->p - start));
	return is_domain(*domain, allow) || scan_fail(s, "bad domain");
}

bool
smtp_path_scan_mailbox(struct scan *s, unsigned allow, struct smtp_path *p)
{
	struct str domain;

	*p = (struct smtp_path){.n = 0};
	if (!scan_local(s, allow, p) ||
	    !scan_need(s, '@', "address has no domain") ||
	    !scan_domain(s, allow, &domain))
		return false;
	write_local(p);
	return write_domain(p, domain) || scan_fail(s, "bad domain");
}

/* "@one,@two:" */
static bool
scan_route(struct scan *s, unsigned allow)
{
	struct str domain;

	if (scan_peek(s) != '@')
		return true;
	do {
		if (!scan_need(s, '@', "bad source route") ||
		    !scan_domain(s, allow, &domain))
			return false;
	} while (scan_try(s, ','));
	return scan_need(s, ':', "bad source route");
}

bool
smtp_path_scan(struct scan *s, unsigned allow, struct smtp_path *p)
{
	*p = (struct smtp_path){.n = 0};
	if (!scan_need(s, '<', "address must stand in <angle brackets>"))
		return false;
	if ((allow & SMTP_PATH_NULL) && scan_try(s, '>'))
		return true;
	if ((allow & SMTP_PATH_POSTMASTER) &&
	    scan_try_word(s, STR("postmaster>"))) {
		memcpy(p->local, "postmaster", 11);
		p->local_n = 10;
		write_local(p);
		p->text[p->n] = 0;
		p->domain_at = p->n;
		return true;
	}
	return scan_route(s, allow) && smtp_path_scan_mailbox(s, allow, p) &&
	       scan_need(s, '>', "address must end in >");
}

int
smtp_path_parse(struct str text, unsigned allow, struct smtp_path *p)
{
	struct scan s = scan_make(text);

	if (smtp_path_scan_mailbox(&s, allow, p) && scan_end(&s))
		return 0;
	*p = (struct smtp_path){.n = 0};
	errno = EINVAL;
	return -1;
}

static bool
is_local(struct str s, unsigned allow)
{
	if (s.n == 0 || s.n > SMTP_PATH_LOCAL || !charset_is_utf8(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (ascii_iscntrl(s.p[i]) ||
		    (ascii_ishigh(s.p[i]) && !(allow & SMTP_PATH_UTF8)))
			return false;
	return true;
}

int
smtp_path_make(
    struct str local, struct str domain, unsigned allow, struct smtp_path *p)
{
	*p = (struct smtp_path){.n = 0};
	if (!is_local(local, allow) ||
	    (!is_domain(domain, allow) && !smtp_path_is_literal(domain))) {
		errno = EINVAL;
		return -1;
	}
	memcpy(p->local, local.p, local.n);
	p->local_n = local.n;
	write_local(p);
	if (write_domain(p, domain))
		return 0;
	*p = (struct smtp_path){.n = 0};
	errno = EINVAL;
	return -1;
}

struct str
smtp_path_text(const struct smtp_path *p)
{
	return str_make(p->text, p->n);
}

struct str
smtp_path_local(const struct smtp_path *p)
{
	return str_make(p->local, p->local_n);
}

struct str
smtp_path_domain(const struct smtp_path *p)
{
	return str_make(p->text + p->domain_at, p->n - p->domain_at);
}
