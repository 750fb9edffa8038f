/* SPDX-License-Identifier: ISC */
/* Commands out and replies in: RFC 5321 4.2, with every wait bounded. */
#include "client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"
#include "base/num.h"
#include "conf/settings.h"

int
client_limit(int seconds)
{
	int most = (int)settings_num("REMOTE_TIMEOUT");

	return seconds < most ? seconds : most;
}

void
client_attach(struct client *c, int fd)
{
	out_init(&c->out, fd, c->out_data, sizeof(c->out_data));
	in_init(&c->in, fd, NULL, c->in_data, sizeof(c->in_data));
	c->in.lax = true;
	c->out.stall_s = client_limit(WAIT_BLOCK);
	c->open = true;
	c->owed = 0;
}

int
client_broken(struct client *c, const char *why)
{
	c->broken = true;
	c->answer.code = 0; /* half a reply says nothing */
	return why ? fail_text(0, why) : -1;
}

bool
client_quiet(struct client *c)
{
	if (c->broken || !in_pending(&c->in))
		return !c->broken;
	/* Something came before we spoke: the end, a farewell (421 may come at
	 * any time), or what would pass for the reply to the next command. */
	if (client_answer(c, WAIT_QUIT) > 0 && c->answer.code != 421)
		client_broken(c, "a reply that nobody asked for");
	return false;
}

void
client_say(struct client *c, const char *fmt, ...)
{
	char line[2048];
	va_list ap;
	int n;

	if (c->broken || (c->owed == 0 && !client_quiet(c)))
		return;
	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 2, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line) - 2) {
		client_broken(c, "command too long");
		return;
	}
	memcpy(line + n, "\r\n", 2);
	out_put(&c->out, line, (size_t)n + 2);
	c->owed++;
}

static int
read_failed(struct client *c, int r)
{
	if (r == 0)
		return client_broken(c, "connection closed by the other side");
	if (errno == ETIMEDOUT)
		return client_broken(c, "no answer in time");
	if (errno == EPROTO || errno == EMSGSIZE)
		return client_broken(c, "not an SMTP reply");
	fail("connection", NULL);
	return client_broken(c, NULL);
}

/* One line of the answer to EHLO. */
static void
keyword(struct client *c, struct str line)
{
	struct str word, rest = str_from(line, 4);
	uint64_t n;

	if (!str_cut(&rest, ' ', &word))
		return;
	if (str_ieq(word, STR("PIPELINING")))
		c->pipelining = true;
	else if (str_ieq(word, STR("STARTTLS")))
		c->starttls = true;
	else if (str_ieq(word, STR("8BITMIME")))
		c->eight_bit = true;
	else if (str_ieq(word, STR("SMTPUTF8")))
		c->utf8 = true;
	else if (str_ieq(word, STR("DSN")))
		c->dsn = true;
	else if (str_ieq(word, STR("CHUNKING")))
		c->chunking = true;
	else if (str_ieq(word, STR("SIZE"))) {
		c->size = true;
		if (num_scan(str_trim(rest), UINT64_MAX, &n) == 0)
			c->max_size = n;
	} else if (str_ieq(word, STR("AUTH"))) {
		while (str_cut(&rest, ' ', &word)) {
			c->auth_plain |= str_ieq(word, STR("PLAIN"));
			c->auth_login |= str_ieq(word, STR("LOGIN"));
		}
	}
}

static int
read_answer(struct client *c, int wait_s, bool ehlo)
{
	struct str line;
	int more = 1;

	if (c->broken)
		return -1;
	/* Even when writing failed, the reason may be waiting to be read. */
	out_flush(&c->out);
	smtp_answer_init(&c->answer);
	c->in.deadline = now_plus_s(client_limit(wait_s));
	while (more > 0) {
		int r = in_line(&c->in, &line, SMTP_ANSWER_LINE);

		if (r <= 0)
			return read_failed(c, r);
		if (ehlo && c->answer.lines > 0)
			keyword(c, line);
		more = smtp_answer_line(&c->answer, line);
		if (more < 0)
			return client_broken(c, "not an SMTP reply");
	}
	if (c->owed > 0)
		c->owed--;
	if (c->answer.code == 421)
		c->broken = true;
	return (int)smtp_answer_class(&c->answer);
}

int
client_answer(struct client *c, int wait_s)
{
	return read_answer(c, wait_s, false);
}

int
client_ehlo_answer(struct client *c)
{
	c->pipelining = c->starttls = c->eight_bit = c->utf8 = false;
	c->size = c->dsn = c->chunking = false;
	c->auth_plain = c->auth_login = false;
	c->max_size = 0;
	return read_answer(c, WAIT_MAIL, true);
}

const char *
client_quote(struct client *c, char text[DELIVERY_TEXT])
{
	if (c->answer.code)
		snprintf(text, DELIVERY_TEXT, "%.255s[%.45s] said: %u %.500s",
		    c->host, c->ip, c->answer.code, c->answer.text);
	else
		snprintf(text, DELIVERY_TEXT, "%.255s[%.45s]: %.500s", c->host,
		    c->ip, fail_last());
	return text;
}

const char *
client_enhanced(const struct client *c)
{
	static const char *const made_up[] = {
	    "2.0.0", "4.0.0", "4.0.0", "5.0.0"};
	unsigned class = smtp_answer_class(&c->answer);

	if (c->answer.enhanced[0])
		return c->answer.enhanced;
	return class < 2 ? "4.4.2" : made_up[class - 2];
}

void
client_excuse(struct client *c, struct delivery *d)
{
	char text[DELIVERY_TEXT], code[16] = "4.4.2";

	/* A lasting refusal of the session is none of the message. */
	if (c->answer.code)
		snprintf(code, sizeof(code), "%s",
		    c->answer.enhanced[0] ? c->answer.enhanced : "4.3.2");
	code[0] = '4';
	delivery_excuse(d, c->answer.code != 0, code, client_quote(c, text));
}

void
client_close(struct client *c)
{
	if (!c->open)
		return;
	if (!c->broken) {
		client_say(c, "QUIT");
		client_answer(c, WAIT_QUIT);
	}
	if (c->in.fd >= 0)
		close(c->in.fd);
	c->in.fd = -1;
	c->open = false;
}
