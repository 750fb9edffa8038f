/* SPDX-License-Identifier: ISC */
/* Sending messages: RETR and TOP. */
#include "base/crlf.h"
#include "base/fail.h"
#include "base/log.h"
#include "base/utf8.h"
#include "msg/flags.h"
#include "pop3d.h"

/* The next line of *text with its LF, cut off. */
static struct str
cut_line(struct str *text)
{
	size_t lf = str_find(*text, '\n');
	struct str line = str_to(*text, lf + 1);

	*text = str_from(*text, lf + 1);
	return line;
}

static bool
empty(struct str line)
{
	return str_eq(line, STR("\n")) || str_eq(line, STR("\r\n"));
}

/* The header and `lines` lines of the body, byte-stuffed (RFC 1939 3). */
static void
send_text(struct pop3d *p, struct str text, uint32_t lines)
{
	struct out *o = &p->s.out;
	bool body = false;
	char last = '\n';

	o->cr = false;
	while (text.n > 0 && !out_failed(o)) {
		struct str line;

		if (body && lines == 0)
			break;
		line = cut_line(&text);
		if (body && lines != UINT32_MAX)
			lines--;
		if (!body)
			body = empty(line);
		if (line.p[0] == '.')
			out_chr(o, '.');
		out_crlf(o, line);
		last = line.p[line.n - 1];
	}
	out_z(o, last == '\n' ? ".\r\n" : "\r\n.\r\n");
}

/* The octets of all of message i, but for the stuffed dots.  Where the name of
 * its file told something else, LIST says the truth from now on. */
static uint64_t
sent_size(struct pop3d *p, size_t i, struct str text)
{
	bool ended = text.n == 0 || text.p[text.n - 1] == '\n';
	uint64_t octets = crlf_size(text), listed;
	struct mail mail;

	if (mailbox_wire_size(&p->box, i, &listed) == 1 && listed != octets)
		mailbox_measure(&p->box, i, &mail);
	return octets + (ended ? 0 : 2);
}

/* Whether there is a character beyond ASCII in the header, in UTF-8: a message
 * of RFC 6532. */
static bool
utf8_header(struct str text)
{
	struct str line;

	for (; text.n > 0 && !empty(line = cut_line(&text));)
		for (size_t n; line.n > 0; line = str_from(line, n ? n : 1)) {
			n = utf8_len(line);
			if (n > 1)
				return true;
		}
	return false;
}

/* Answer with the text of message i.  Returns whether it was sent. */
static bool
send_message(struct pop3d *p, size_t i, uint32_t lines)
{
	struct mailbox_text t;
	int r = mailbox_read(&p->box, i, &t);
	bool sent = true;

	if (r < 0)
		trouble(p);
	if (r == 0)
		err(p, "That message was removed by another session");
	if (r <= 0)
		return false;
	if (p->utf8_refused && !p->utf8 && utf8_header(t.text)) {
		err(p, "[UTF8] That message needs a client that has said UTF8");
		sent = false;
	} else if (lines == UINT32_MAX) {
		out_fmt(&p->s.out, "+OK %llu %s\r\n",
		    (unsigned long long)sent_size(p, i, t.text),
		    say(p, "octets"));
	} else {
		ok(p, "Top of the message follows");
	}
	if (sent)
		send_text(p, t.text, lines);
	mailbox_read_end(&t);
	return sent;
}

void
cmd_retr(struct pop3d *p, struct str args)
{
	uint32_t number;
	struct mail mail;
	size_t i;

	if (!pop3_cmd_numbers(args, &number, 1)) {
		bad(p, "Say which message: RETR number");
		return;
	}
	if (!maildrop_find(p, number, &i) || !send_message(p, i, UINT32_MAX))
		return;
	p->retrieved++;
	mailbox_mail(&p->box, i, &mail);
	if (!(mail.flags & FLAG_SEEN) &&
	    mailbox_store(&p->box, &i, 1, STORE_ADD, FLAG_SEEN, 0) < 0)
		log_event("error", "err", fail_last(), NULL);
}

void
cmd_top(struct pop3d *p, struct str args)
{
	uint32_t v[2];
	size_t i;

	if (!pop3_cmd_numbers(args, v, 2)) {
		bad(p, "Say which message and how much: TOP number lines");
		return;
	}
	if (maildrop_find(p, v[0], &i))
		send_message(p, i, v[1] == UINT32_MAX ? v[1] - 1 : v[1]);
}
