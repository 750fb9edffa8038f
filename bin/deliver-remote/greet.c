/* SPDX-License-Identifier: ISC */
/* The client's session up to the first MAIL: RFC 5321 3.1 and 4.1.1.1, RFC
 * 3207, RFC 8314.  Nothing a server says in clear text is believed after TLS
 * started. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "client.h"
#include "conf/settings.h"
#include "net/connect.h"

/* The host is of no use, for a reason of ours.  -1. */
static int
useless(
    struct client *c, struct delivery *d, const char *enhanced, const char *why)
{
	char text[DELIVERY_TEXT];

	smtp_answer_init(&c->answer);
	fail_text(0, why);
	delivery_excuse(d, false, enhanced, client_quote(c, text));
	return -1;
}

/* EHLO, and HELO for a server that does not know it.  0 or -1. */
static int
greet(struct client *c, struct delivery *d)
{
	int class;

	client_say(c, "EHLO %s", d->hostname);
	class = client_ehlo_answer(c);
	if (class == 5 && !c->broken && !c->protocol[0]) {
		c->pipelining = c->starttls = c->eight_bit = c->utf8 = false;
		c->size = c->dsn = c->chunking = false;
		c->auth_plain = c->auth_login = false;
		client_say(c, "HELO %s", d->hostname);
		class = client_answer(c, WAIT_MAIL);
	}
	if (class == 2 && !c->broken)
		return 0;
	client_excuse(c, d);
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

/* The handshake, in a process of its own.  On failure the connection is gone.*/
static int
shake_hands(struct client *c)
{
	struct buf vars;
	int fd;

	buf_init(&vars, 4096);
	fd = connect_tls(c->in.fd, c->host, c->route.check,
	    now_plus_s(settings_num("TLS_TIMEOUT")), &vars);
	c->in.fd = -1;
	if (fd >= 0) {
		client_attach(c, fd);
		note_protocol(c, buf_slice(&vars));
	} else {
		log_event("tls-failed", "host", c->host, "ip", c->ip, "err",
		    fail_last(), NULL);
		c->broken = true;
	}
	buf_free(&vars);
	return fd < 0 ? -1 : 0;
}

static bool
needs_tls(const struct client *c)
{
	return c->route.tls == ROUTE_TLS_REQUIRED;
}

/* RFC 3207.  A refusal leaves the session as it is; so says 4.1: the client
 * decides whether to go on, and we do unless told otherwise.  As
 * client_open(). */
static int
start_tls(struct client *c, struct delivery *d, struct manner *m)
{
	int class;

	client_say(c, "STARTTLS");
	class = client_answer(c, WAIT_MAIL);
	if (class < 0 || c->broken) {
		client_excuse(c, d);
		return -1;
	}
	if (c->answer.code != 220 && needs_tls(c)) {
		client_excuse(c, d);
		return -1;
	}
	if (c->answer.code != 220)
		return 0;
	if (in_pending(&c->in)) {
		c->broken = true;
		return useless(
		    c, d, "4.7.0", "clear text behind the reply to STARTTLS");
	}
	if (shake_hands(c) == 0)
		return greet(c, d);
	if (needs_tls(c)) {
		char why[400];

		snprintf(why, sizeof(why), "%s", fail_last());
		return useless(c, d, "4.7.5", why);
	}
	m->tls = false;
	return 1;
}

/* From the first octet to where MAIL may be said.  As client_open(). */
static int
begin(struct client *c, struct delivery *d, struct manner *m)
{
	int r = 0;

	if (c->route.tls == ROUTE_TLS_IMPLICIT && shake_hands(c) < 0) {
		char why[400];

		snprintf(why, sizeof(why), "%s", fail_last());
		return useless(c, d, "4.7.5", why);
	}
	c->owed = 1;
	if (client_answer(c, WAIT_GREETING) != 2 || c->broken) {
		d->no_service += c->answer.code == 521;
		client_excuse(c, d);
		return -1;
	}
	if (greet(c, d) < 0)
		return -1;
	if (!c->protocol[0] && c->starttls &&
	    (needs_tls(c) || (c->route.tls == ROUTE_TLS_WANTED && m->tls)))
		r = start_tls(c, d, m);
	if (r != 0)
		return r;
	if (needs_tls(c) && !c->protocol[0])
		return useless(c, d, "4.7.4",
		    "the host does not offer STARTTLS, which the route "
		    "requires");
	return *c->route.auth ? auth_login(c, d) : 0;
}

/* From where: what the route says, else the settings. */
static const char *
source(const struct delivery *d, int family)
{
	const char *given =
	    family == AF_INET ? d->route.source4 : d->route.source6;

	if (*given)
		return given;
	return settings_text(family == AF_INET ? "SOURCE_IPV4" : "SOURCE_IPV6");
}

static void
prepare(struct client *c, const struct delivery *d, const struct host *h,
    const struct dns_address *to)
{
	client_close(c);
	memset(c, 0, offsetof(struct client, in_data));
	c->in.fd = -1;
	snprintf(c->host, sizeof(c->host), "%s", h->name);
	snprintf(c->ip, sizeof(c->ip), "%s", to->text);
	c->port = h->port;
	str_copy(c->domain, sizeof(c->domain), d->domain);
	c->route = d->route;
}

int
client_open(struct client *c, struct delivery *d, const struct host *h,
    const struct dns_address *to, struct manner *m)
{
	char text[DELIVERY_TEXT];
	int fd, r;

	prepare(c, d, h, to);
	fd = connect_to(to, source(d, to->ss.ss_family),
	    now_plus_s(settings_num("CONNECT_TIMEOUT")));
	if (fd < 0) {
		delivery_excuse(d, false, "4.4.1", client_quote(c, text));
		return -1;
	}
	client_attach(c, fd);
	r = begin(c, d, m);
	if (r != 0)
		client_close(c);
	return r;
}
