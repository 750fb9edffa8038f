/* SPDX-License-Identifier: ISC */
/* Replies out and in, RFC 5321 4.2. */
#include "proto/smtp_reply.h"

#include <errno.h>

#include "base/ascii.h"
#include "base/num.h"

static void
put_text(struct str text, size_t room, struct buf *b)
{
	text = str_to(text, room);
	for (size_t i = 0; i < text.n; i++) {
		bool plain = text.p[i] == '\t' || (!ascii_iscntrl(text.p[i]) &&
						      !ascii_ishigh(text.p[i]));

		buf_chr(b, plain ? text.p[i] : '?');
	}
}

void
smtp_reply_write(const struct smtp_reply *r, struct buf *b)
{
	struct str enhanced = str_z(r->enhanced);
	struct str rest = str_z(r->text);
	struct str line;
	size_t room = SMTP_REPLY_LINE - 2 - 4;

	if (enhanced.n)
		room -= enhanced.n + 1;
	while (str_cut(&rest, '\n', &line)) {
		buf_num(b, r->code);
		buf_chr(b, rest.p ? '-' : ' ');
		buf_str(b, enhanced);
		if (enhanced.n)
			buf_chr(b, ' ');
		put_text(line, room, b);
		buf_z(b, "\r\n");
	}
}

/* "5.1.1" for a code of the 500s: RFC 2034 4, RFC 3463 2. */
static struct str
enhanced(struct str s, char class)
{
	struct str word, rest, part;
	uint64_t v;

	s = str_to(s, str_find(s, ' '));
	word = rest = s;
	if (!str_cut(&rest, '.', &part) || part.n != 1 || part.p[0] != class)
		return str_to(s, 0);
	for (int i = 0; i < 2; i++)
		if (!str_cut(&rest, '.', &part) || part.n > 3 ||
		    num_scan(part, 999, &v) < 0)
			return str_to(s, 0);
	return rest.p ? str_to(s, 0) : word;
}

int
smtp_reply_read(struct str line, struct smtp_reply_line *r)
{
	uint64_t code;

	if (line.n < 3 || num_scan(str_to(line, 3), 599, &code) < 0 ||
	    code < 200 ||
	    (line.n > 3 && line.p[3] != ' ' && line.p[3] != '-')) {
		errno = EPROTO;
		return -1;
	}
	r->code = (unsigned)code;
	r->more = line.n > 3 && line.p[3] == '-';
	r->text = str_from(line, 4);
	r->enhanced = enhanced(r->text, line.p[0]);
	if (r->enhanced.n)
		r->text = str_from(r->text, r->enhanced.n + 1);
	return 0;
}
