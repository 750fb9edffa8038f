/* SPDX-License-Identifier: ISC */
/* Completing a header, RFC 6409 8 and RFC 5322 3.6. */
#include "head.h"

#include "base/arena.h"
#include "base/ascii.h"
#include "msg/addr.h"
#include "msg/date.h"
#include "msg/header.h"

static bool
one_of(struct str name, const char *const *names)
{
	for (; *names; names++)
		if (str_ieq(name, str_z(*names)))
			return true;
	return false;
}

struct str
head_skip_from(struct str text)
{
	if (!str_starts(text, STR("From ")))
		return text;
	return str_from(text, str_find(text, '\n') + 1);
}

bool
head_complete(struct str text)
{
	struct header h = header_make(head_skip_from(text));
	struct header_field f;

	while (header_next(&h, &f))
		if (f.name.n == 0)
			return str_has(f.whole, '\n');
	return str_starts(h.rest, STR("\r\n"));
}

static void
put_received(const struct head *h, struct buf *b)
{
	char date[DATE_SIZE];

	date_rfc5322(date, h->now_s, 0);
	buf_fmt(b, "Received: by %s (uid %u) id %s;\r\n\t%s\r\n", h->host,
	    h->uid, h->id, date);
}

static bool
is_plain(char c)
{
	return ascii_isalnum(c) || ascii_ishigh(c) || c == ' ' || c == '-' ||
	       c == '_';
}

/* A display name: as it is where it may be, else quoted (RFC 5322 3.2.5). */
static void
put_name(struct str name, struct buf *b)
{
	bool quoted = false;

	for (size_t i = 0; i < name.n; i++)
		quoted |= !is_plain(name.p[i]);
	if (quoted)
		buf_chr(b, '"');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\')
			buf_chr(b, '\\');
		buf_chr(b, ascii_iscntrl(name.p[i]) ? ' ' : name.p[i]);
	}
	if (quoted)
		buf_chr(b, '"');
	buf_chr(b, ' ');
}

static void
put_from(const struct head *h, struct buf *b)
{
	buf_z(b, "From: ");
	if (*h->name)
		put_name(str_z(h->name), b);
	/* The null sender's mail comes from somebody all the same. */
	if (*h->sender)
		buf_fmt(b, *h->name ? "<%s>" : "%s", h->sender);
	else
		buf_fmt(
		    b, *h->name ? "<postmaster@%s>" : "postmaster@%s", h->host);
	buf_z(b, "\r\n");
}

static void
put_missing(const struct head *h, struct str fields, struct buf *b)
{
	char date[DATE_SIZE];
	struct str v;

	if (!header_find(fields, STR("From"), &v))
		put_from(h, b);
	if (!header_find(fields, STR("Date"), &v)) {
		date_rfc5322(date, h->now_s, 0);
		buf_fmt(b, "Date: %s\r\n", date);
	}
	if (!header_find(fields, STR("Message-ID"), &v))
		buf_fmt(b, "Message-ID: <%s@%s>\r\n", h->id, h->host);
}

/* Where a domain is to be put into the value, which holds one address without
 * any ("root (Cron Daemon)", "Ann <ann>"); SIZE_MAX when it is not so. */
static size_t
missing_domain(struct str value, struct arena *a)
{
	struct addr_list l;
	struct str box;
	size_t at;

	if (str_has(value, '@'))
		return SIZE_MAX;
	addr_parse(&l, value, a);
	if (l.n != 1 || l.addrs[0].kind != ADDR_BOX || l.addrs[0].host.n ||
	    l.addrs[0].mailbox.n == 0)
		return SIZE_MAX;
	box = l.addrs[0].mailbox;
	at = str_find(value, '<');
	at = at < value.n ? at + 1 : 0;
	at += str_search(str_from(value, at), box);
	return at < value.n ? at + box.n : SIZE_MAX;
}

/* A field as it stands, but for a domain where an address lacks it. */
static void
put_field(const struct head *h, const struct header_field *f, struct buf *b)
{
	static const char *const addresses[] = {
	    "From", "Sender", "Reply-To", "To", "Cc", NULL};
	size_t at = SIZE_MAX;
	struct arena a;

	if (one_of(f->name, addresses)) {
		arena_init(&a, (size_t)16 << 20);
		at = missing_domain(f->value, &a);
		arena_free(&a);
	}
	if (at < SIZE_MAX) {
		at += (size_t)(f->value.p - f->whole.p);
		buf_str(b, str_to(f->whole, at));
		buf_fmt(b, "@%s", h->host);
		buf_str(b, str_from(f->whole, at));
	} else {
		buf_str(b, f->whole);
	}
}

void
head_complete_to(const struct head *h, struct str text, struct buf *b)
{
	static const char *const dropped[] = {
	    "Bcc", "Resent-Bcc", "Return-Path", NULL};
	struct str body = text = head_skip_from(text);
	struct header walk = header_make(text);
	struct header_field f;

	put_received(h, b);
	while (header_next(&walk, &f) && f.name.n) {
		if (!one_of(f.name, dropped))
			put_field(h, &f, b);
		body = walk.rest;
	}
	put_missing(h, str_to(text, text.n - body.n), b);
	if (!str_starts(body, STR("\r\n")))
		buf_z(b, "\r\n");
	buf_str(b, body);
}

bool
head_eight_bit(struct str text)
{
	struct str v;

	for (size_t i = 0; i < text.n; i++)
		if (ascii_ishigh(text.p[i]))
			return true;
	return header_find(text, STR("Content-Transfer-Encoding"), &v) &&
	       str_ieq(str_trim(v), STR("8bit"));
}
