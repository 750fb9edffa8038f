/* SPDX-License-Identifier: ISC */
/* Whatever a server says is cut and made printable here, once, so that it can
 * be quoted anywhere. */
#include "proto/smtp_answer.h"

#include <errno.h>
#include <string.h>

#include "proto/smtp_reply.h"

void
smtp_answer_init(struct smtp_answer *a)
{
	memset(a, 0, sizeof(*a));
}

static void
add_text(struct smtp_answer *a, struct str text)
{
	size_t n = strlen(a->text);

	if (n > 0 && n < SMTP_ANSWER_TEXT && text.n)
		a->text[n++] = ' ';
	for (size_t i = 0; i < text.n && n < SMTP_ANSWER_TEXT; i++) {
		char c = text.p[i];

		a->text[n++] = (c < ' ' || c > '~') ? '?' : c;
	}
	a->text[n] = '\0';
}

int
smtp_answer_line(struct smtp_answer *a, struct str line)
{
	struct smtp_reply_line l;

	if (a->lines++ >= SMTP_ANSWER_LINES) {
		errno = EMSGSIZE;
		return -1;
	}
	if (smtp_reply_read(line, &l) < 0)
		return -1;
	if (a->code && l.code != a->code) {
		errno = EPROTO;
		return -1;
	}
	a->code = l.code;
	if (l.enhanced.n && !a->enhanced[0] &&
	    str_copy(a->enhanced, sizeof(a->enhanced), l.enhanced) == 0)
		add_text(a, l.enhanced);
	add_text(a, l.text);
	return l.more;
}

unsigned
smtp_answer_class(const struct smtp_answer *a)
{
	return a->code / 100;
}
