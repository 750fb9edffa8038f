/* SPDX-License-Identifier: ISC */
/* The client's session up to the first MAIL: RFC 5321 3.1 and 4.1.1.1, RFC
 * 3207.  Nothing a server says in clear text is believed after TLS started. */
#include "client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "base/num.h"
#include "conf/settings.h"
#include "net/connect.h"

static int
wait_limit(int wait_s)
{
	int most = (int)settings_num("REMOTE_TIMEOUT");

	return wait_s < most ? wait_s : most;
}

static void
attach(struct client *c, int fd)
{
	out_init(&c->out, fd, c->out_data, sizeof(c->out_data));
	in_init(&c->in, fd, NULL, c->in_data, sizeof(c->in_data));
	c->in.lax = true;
	c->out.stall_s = wait_limit(WAIT_BLOCK);
}

void
client_say(struct client *c, const char *fmt, ...)
{
	char line[2048];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof(line) - 2, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(line) - 2) {
		fail_text(EMSGSIZE, "command too long");
		c->broken = true;
		return;
	}
	memcpy(line + n, "\r\n", 2);
	out_put(&c->out, line, (size_t)n + 2);
}

static int
broken(struct client *c, const char *why)
{
	c->broken = true;
	c->answer.code = 0; /* half a reply says nothing */
	return why ? fail_text(0, why) : -1;
}

static int
read_failed(struct client *c, int r)
{
	if (r == 0)
		return broken(c, "connection closed by the other side");
	if (errno == ETIMEDOUT)
		return broken(c, "no answer in time");
	if (errno == EPROTO || errno == EMSGSIZE)
		return broken(c, "not an SMTP reply");
	fail("connection", NULL);
	return broken(c, NULL);
}

int
client_answer(struct client *c, int wait_s)
{
	struct str line;
	int more = 1;

	if (c->broken)
		return -1;
	/* Even when writing failed, the reason may be waiting to be read. */
	out_flush(&c->out);
	smtp_answer_init(&c->answer);
	c->in.deadline = now_plus_s(wait_limit(wait_s));
	while (more > 0) {
		int r = in_line(&c->in, &line, SMTP_ANSWER_LINE);

		if (r <= 0)
			return read_failed(c, r);
		more = smtp_answer_line(&c->answer, line);
		if (more < 0)
			return broken(c, "not an SMTP reply");
	}
	if (c->answer.code == 421)
		c->broken = true;
	return (int)smtp_answer_class(&c->answer);
}

const char *
client_quote(struct client *c, char text[JOB_TEXT])
{
	if (c->answer.code)
		snprintf(text, JOB_TEXT, "%.255s[%.45s] said: %u %.500s",
		    c->host, c->ip, c->answer.code, c->answer.text);
	else
		snprintf(text, JOB_TEXT, "%.255s[%.45s]: %.500s", c->host,
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

static void
excuse(struct client *c, struct job *j, const char *enhanced)
{
	char text[JOB_TEXT];

	job_excuse(j, enhanced, client_quote(c, text));
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
	else if (str_ieq(word, STR("SIZE"))) {
		c->size = true;
		if (num_scan(str_trim(rest), UINT64_MAX, &n) == 0)
			c->max_size = n;
	}
}

/* client_answer() that looks at each line; the first is the greeting. */
static int
ehlo_answer(struct client *c)
{
	struct str line;
	int more = 1;

	c->pipelining = c->starttls = c->eight_bit = c->utf8 = false;
	c->size = false;
	c->max_size = 0;
	out_flush(&c->out);
	smtp_answer_init(&c->answer);
	c->in.deadline = now_plus_s(wait_limit(WAIT_MAIL));
	while (more > 0) {
		int r = in_line(&c->in, &line, SMTP_ANSWER_LINE);

		if (r <= 0)
			return read_failed(c, r);
		if (c->answer.lines > 0)
			keyword(c, line);
		more = smtp_answer_line(&c->answer, line);
		if (more < 0)
			return broken(c, "not an SMTP reply");
	}
	if (c->answer.code == 421)
		c->broken = true;
	return (int)smtp_answer_class(&c->answer);
}

/* EHLO, and HELO for a server that does not know it.  0 or -1. */
static int
greet(struct client *c, struct job *j)
{
	int class;

	client_say(c, "EHLO %s", j->hostname);
	class = ehlo_answer(c);
	if (class == 5 && !c->broken && !c->protocol[0]) {
		c->pipelining = c->starttls = c->eight_bit = false;
		c->size = c->utf8 = false;
		client_say(c, "HELO %s", j->hostname);
		class = client_answer(c, WAIT_MAIL);
	}
	if (class == 2) {
		c->greeted = true;
		return 0;
	}
	excuse(c, j, "4.4.2");
	return -1;
}

static void
note_protocol(struct client *c, struct str vars)
{
	struct str entry;

	while (str_cut(&vars, '\0', &entry))
		if (str_starts(entry, STR("SSL_PROTOCOL=")) &&
		    str_copy(c->protocol, sizeof(c->protocol),
			str_from(entry, 13)) == 0)
			return;
	snprintf(c->protocol, sizeof(c->protocol), "TLS");
}

/* RFC 3207.  A refusal leaves the session as it is; so says 4.1: the client
 * decides whether to go on, and we do. */
static enum client_open
start_tls(struct client *c, struct job *j)
{
	struct buf vars;
	int class, fd;

	client_say(c, "STARTTLS");
	class = client_answer(c, WAIT_MAIL);
	if (class < 0 || c->broken) {
		excuse(c, j, "4.4.2");
		return CLIENT_USELESS;
	}
	if (c->answer.code != 220)
		return CLIENT_READY;
	if (in_pending(&c->in)) {
		smtp_answer_init(&c->answer);
		broken(c, "clear text behind the reply to STARTTLS");
		excuse(c, j, "4.7.0");
		return CLIENT_USELESS;
	}
	buf_init(&vars, 4096);
	fd = connect_tls(
	    c->in.fd, c->host, now_plus_s(settings_num("TLS_TIMEOUT")), &vars);
	if (fd >= 0) {
		attach(c, fd);
		note_protocol(c, buf_slice(&vars));
	}
	buf_free(&vars);
	if (fd >= 0)
		return greet(c, j) < 0 ? CLIENT_USELESS : CLIENT_READY;
	log_event("tls-failed", "host", c->host, "ip", c->ip, "err",
	    fail_last(), NULL);
	c->broken = true;
	c->in.fd = -1;
	return CLIENT_TLS_FAILED;
}

enum client_open
client_open(
    struct client *c, struct job *j, const struct dns_address *to, bool tls)
{
	enum client_open r = CLIENT_USELESS;
	int fd = connect_to(to, now_plus_s(settings_num("CONNECT_TIMEOUT")));

	c->ip = to->text;
	if (fd < 0) {
		excuse(c, j, "4.4.1");
		return CLIENT_USELESS;
	}
	attach(c, fd);
	if (client_answer(c, WAIT_GREETING) != 2)
		excuse(c, j, "4.4.2");
	else if (greet(c, j) == 0)
		r = tls && c->starttls ? start_tls(c, j) : CLIENT_READY;
	if (r != CLIENT_READY)
		client_close(c);
	return r;
}

void
client_close(struct client *c)
{
	if (!c->broken) {
		client_say(c, "QUIT");
		client_answer(c, WAIT_QUIT);
	}
	if (c->in.fd >= 0)
		close(c->in.fd);
	c->in.fd = -1;
}
