/* SPDX-License-Identifier: ISC */
/* Templates of POP3 unique-ids. */
#include "proto/pop3_uidl.h"

#include "base/buf.h"

#define TEMPLATE_MOST 128
#define UIDL_MOST 70 /* RFC 1939 7 */
#define FILE_MOST 255
#define WIDTH_MOST 20

/* One piece of a template: an octet that stands for itself, or a variable. */
struct piece {
	char variable; /* u, v, f; 0: octet */
	char octet;
	bool hex, zeros;
	size_t width;
};

/* Cut the next piece off.  False: it is no good. */
static bool
cut_piece(struct str *rest, struct piece *p)
{
	size_t i = 1;

	*p = (struct piece){.octet = rest->p[0]};
	if (rest->p[0] != '%' || str_starts(*rest, STR("%%"))) {
		*rest = str_from(*rest, rest->p[0] == '%' ? 2 : 1);
		return true;
	}
	p->zeros = i < rest->n && rest->p[i] == '0';
	for (; i < rest->n && rest->p[i] >= '0' && rest->p[i] <= '9'; i++) {
		p->width = p->width * 10 + (size_t)(rest->p[i] - '0');
		if (p->width > WIDTH_MOST)
			return false;
	}
	p->hex = i < rest->n && rest->p[i] == 'X';
	i += p->hex;
	if (i >= rest->n || !str_has(STR("uvf"), rest->p[i]))
		return false;
	p->variable = rest->p[i];
	*rest = str_from(*rest, i + 1);
	return p->variable != 'f' || (!p->hex && !p->zeros && p->width == 0);
}

static bool
printable(char c)
{
	return c >= 0x21 && c <= 0x7e;
}

static void
put_escaped(struct buf *b, struct str text)
{
	text = str_to(text, FILE_MOST);
	for (size_t i = 0; i < text.n; i++)
		if (printable(text.p[i]))
			buf_chr(b, text.p[i]);
		else
			buf_fmt(b, "+%02X", (unsigned char)text.p[i]);
}

static void
put_number(struct buf *b, const struct piece *p, uint32_t v)
{
	char digits[WIDTH_MOST];
	size_t n = 0;
	unsigned base = p->hex ? 16 : 10;

	do {
		digits[n++] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	while (n < p->width)
		digits[n++] = '0';
	while (n > 0)
		buf_chr(b, digits[--n]);
}

bool pop3_uidl_wants_file(struct str template)
{
	struct piece p;

	while (template.n > 0 && cut_piece(&template, &p))
		if (p.variable == 'f')
			return true;
	return false;
}

bool pop3_uidl_valid(struct str template)
{
	size_t most = 0, files = 0, uids = 0;
	struct str rest = template;
	struct piece p;

	if (template.n > TEMPLATE_MOST)
		return false;
	while (rest.n > 0) {
		if (!cut_piece(&rest, &p) ||
		    (!p.variable && !printable(p.octet)) ||
		    (p.width > 0 && !p.zeros))
			return false;
		files += p.variable == 'f';
		uids += p.variable == 'u';
		if (p.variable != 'f')
			most += p.variable ? (p.width > 10 ? p.width : 10) : 1;
	}
	return files + uids > 0 && files <= 1 && most <= UIDL_MOST;
}

void
pop3_uidl_make(
    char to[POP3_UIDL_SIZE], struct str template, const struct pop3_uidl *u)
{
	struct piece p;
	struct buf b;

	buf_fixed(&b, to, POP3_UIDL_SIZE);
	while (template.n > 0 && cut_piece(&template, &p)) {
		if (p.variable == 'f')
			put_escaped(&b, u->file);
		else if (p.variable)
			put_number(&b, &p,
			    p.variable == 'u' ? u->uid : u->uidvalidity);
		else
			buf_chr(&b, p.octet);
	}
	buf_cstr(&b);
}

void
pop3_uidl_escape(char to[POP3_UIDL_SIZE], struct str text)
{
	struct buf b;

	buf_fixed(&b, to, POP3_UIDL_SIZE);
	put_escaped(&b, text);
	buf_cstr(&b);
}
