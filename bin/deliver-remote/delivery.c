/* SPDX-License-Identifier: ISC */
/* Fates of recipients, and what a message needs. */
#include "delivery.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "proto/smtp_dot.h"

static void
printable(char to[DELIVERY_TEXT], const char *text)
{
	size_t n = 0;

	for (; *text && n < DELIVERY_TEXT - 1; text++)
		to[n++] = (*text < ' ' || *text > '~') ? '?' : *text;
	to[n] = '\0';
}

void
delivery_decide(struct delivery *d, struct rcpt *r, char letter,
    const char *enhanced, const char *text)
{
	struct result result;

	r->letter = letter;
	snprintf(r->enhanced, sizeof(r->enhanced), "%s", enhanced);
	printable(r->text, text);
	if (d->worker < 0)
		return;
	result = result_make((enum result_kind)letter, r->enhanced, r->text);
	/* When the runner is gone, so are we, at its next word. */
	job_say(d->worker, d->number, (uint32_t)(r - d->rcpts), &result);
}

void
delivery_decide_all(
    struct delivery *d, char letter, const char *enhanced, const char *text)
{
	for (size_t i = 0; i < d->n; i++)
		if (!d->rcpts[i].letter)
			delivery_decide(
			    d, &d->rcpts[i], letter, enhanced, text);
}

size_t
delivery_undecided(const struct delivery *d)
{
	size_t n = 0;

	for (size_t i = 0; i < d->n; i++)
		n += !d->rcpts[i].letter;
	return n;
}

void
delivery_excuse(
    struct delivery *d, bool replied, const char *enhanced, const char *text)
{
	struct excuse *e = &d->excuse;

	if (e->replied && !replied)
		return;
	e->replied = replied;
	snprintf(e->enhanced, sizeof(e->enhanced), "%s", enhanced);
	printable(e->text, text);
}

ssize_t
delivery_read(const struct delivery *d, uint64_t at, char *to, size_t n)
{
	ssize_t got;

	if (at >= d->size)
		return 0;
	if (n > d->size - at)
		n = (size_t)(d->size - at);
	do
		got = pread(d->fd, to, n, d->start + (off_t)at);
	while (got < 0 && errno == EINTR);
	if (got == 0)
		return fail_text(EIO, "the message is shorter than it was");
	return got < 0 ? fail("read the message", NULL) : got;
}

/* ------------------------------------------------------ what is needed */

static bool
has_high(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ascii_ishigh(s.p[i]))
			return true;
	return false;
}

/* The header ends at an empty line, which may lie across two blocks. */
struct header_end {
	char last[3];
	bool passed;
};

/* Octets above 127 in the header need SMTPUTF8 (RFC 6531), in the body only
 * 8BITMIME (RFC 6152). */
static void
look_at(struct delivery *d, struct header_end *e, struct str block)
{
	static const struct str end = {"\r\n\r\n", 4};
	char seam[6];
	size_t at;

	if (!e->passed) {
		memcpy(seam, e->last, 3);
		at = block.n < 3 ? block.n : 3;
		memcpy(seam + 3, block.p, at);
		at = str_search(str_make(seam, 3 + at), end) < 3
		         ? 0
		         : str_search(block, end);
		d->utf8 |= d->utf8_mail && has_high(str_to(block, at));
		e->passed = at < block.n;
		if (block.n >= 3)
			memcpy(e->last, block.p + block.n - 3, 3);
	}
	if (!d->eight_bit)
		d->eight_bit = has_high(block);
}

static int
check_message(struct delivery *d)
{
	struct header_end e = {{'\0', '\r', '\n'}, false};
	struct smtp_stuff stuff;
	char block[16384];
	uint64_t at = 0;
	ssize_t n;

	smtp_stuff_init(&stuff);
	while ((n = delivery_read(d, at, block, sizeof(block))) > 0) {
		struct str in = str_make(block, (size_t)n), piece;

		look_at(d, &e, in);
		while (smtp_stuff_next(&stuff, &in, &piece) > 0)
			;
		if (stuff.fault != SMTP_DOT_FINE) {
			d->bad = true;
			return 0;
		}
		at += (uint64_t)n;
	}
	d->unended = smtp_stuff_end(&stuff).n > 3;
	d->bad = stuff.fault != SMTP_DOT_FINE;
	return n < 0 ? -1 : 0;
}

/* Nothing that could end the command's line or its path may be inside. */
static bool
good_address(struct str a)
{
	bool quoted = false;

	for (size_t i = 0; i < a.n; i++) {
		char c = a.p[i];

		if (ascii_iscntrl(c))
			return false;
		if (c == '\\' && quoted) {
			i++;
			if (i == a.n || ascii_iscntrl(a.p[i]))
				return false;
		} else if (c == '"') {
			quoted = !quoted;
		} else if (!quoted && (c == ' ' || c == '<' || c == '>')) {
			return false;
		}
	}
	return !quoted && a.n <= 512;
}

int
delivery_check(struct delivery *d)
{
	if (check_message(d) < 0)
		return -1;
	d->utf8 |= has_high(d->sender);
	if (!good_address(d->sender))
		delivery_decide_all(d, 'D', "5.1.7", "bad sender address");
	for (size_t i = 0; i < d->n; i++) {
		struct rcpt *r = &d->rcpts[i];

		r->utf8 = has_high(r->address);
		r->utf8_orcpt = has_high(r->orcpt);
		if (!r->letter && (!r->address.n || !good_address(r->address)))
			delivery_decide(
			    d, r, 'D', "5.1.3", "bad recipient address");
	}
	if (d->bad)
		delivery_decide_all(d, 'D', "5.6.0",
		    "the message holds a bare CR, a bare LF or a NUL and "
		    "cannot be sent by SMTP");
	return 0;
}
