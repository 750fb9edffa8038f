/* SPDX-License-Identifier: ISC */
/* Capabilities (RFC 2449), language and UTF-8 (RFC 6856), and what of these
 * comes from before the login. */
#include <stdlib.h>

#include "base/fail.h"
#include "pop3d.h"

#define CAPABILITIES_MOST 4096

void
options_take(struct pop3d *p)
{
	struct str rest = str_z(getenv(POP3_STATE));
	struct str line;
	struct buf b; /* lives as long as the session */

	buf_init(&b, CAPABILITIES_MOST);
	while (str_cut(&rest, '\n', &line)) {
		if (str_starts(line, STR("LANG ")))
			p->lang = pop3_lang_find(str_from(line, 5));
		else if (str_eq(line, STR("UTF8")))
			p->utf8 = true;
		else if (str_starts(line, STR("CAPA ")) && line.n > 5) {
			buf_str(&b, str_from(line, 5));
			buf_z(&b, "\r\n");
		}
	}
	if (p->lang == POP3_LANGS)
		p->lang = POP3_I_DEFAULT;
	p->capabilities = b.over ? STR("") : buf_slice(&b);
	unsetenv(POP3_STATE);
}

void
cmd_capa(struct pop3d *p, struct str args)
{
	(void)args;
	ok(p, "Capabilities");
	out_str(&p->s.out, p->capabilities);
	out_z(&p->s.out, POP3_CAPABILITIES ".\r\n");
}

/* RFC 6856 3. */
void
cmd_lang(struct pop3d *p, struct str args)
{
	enum pop3_lang lang = pop3_lang_find(args);

	if (args.n == 0) {
		ok(p, "Languages");
		out_z(&p->s.out, pop3_lang_list);
	} else if (lang == POP3_LANGS) {
		bad(p, "There is no such language");
	} else {
		p->lang = lang;
		out_fmt(&p->s.out, "+OK %s %s\r\n", pop3_lang_tag(lang),
		    say(p, "This is the language"));
	}
}

/* RFC 6856 2.1 has it before the login; some clients say it after. */
void
cmd_utf8(struct pop3d *p, struct str args)
{
	(void)args;
	p->utf8 = true;
	ok(p, "UTF-8 it is");
}
