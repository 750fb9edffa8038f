/* SPDX-License-Identifier: ISC */
/* Which hosts to ask: RFC 5321 5.1, RFC 7505, and the file routes. */
#include <stdio.h>

#include "base/fail.h"
#include "conf/settings.h"
#include "delivery.h"
#include "msg/idna.h"
#include "net/connect.h"

#define SMTP_PORT 25
#define DOMAIN_MAX 1024

static struct host *
add(struct delivery *d, const char *name, unsigned preference)
{
	struct host *h = &d->hosts[d->nhosts++];

	h->name = name;
	h->preference = preference;
	h->port = d->route.port ? d->route.port
	                        : (unsigned)settings_num("REMOTE_PORT");
	h->implicit = h->resolved = false;
	h->n = 0;
	return h;
}

/* Whether the host is this machine, by name or by address.  On another port
 * than SMTP's, an address of ours says nothing about who listens there. */
static bool
is_ourselves(const struct delivery *d, const struct host *h)
{
	if (str_ieq(str_z(h->name), str_z(d->hostname)))
		return true;
	if (h->port != SMTP_PORT)
		return false;
	for (size_t i = 0; i < h->n; i++)
		if (connect_is_local(&h->to[i]))
			return true;
	return false;
}

static void
resolve(struct delivery *d, struct host *h)
{
	h->resolved = true;
	h->found = dns_addresses(
	    d->resolver, h->name, h->port, h->to, HOST_ADDRESSES, &h->n);
	if (h->found == DNS_TEMP)
		delivery_excuse(d, false, "4.4.3", fail_last());
}

bool
hosts_resolve(struct delivery *d, size_t i)
{
	unsigned preference = d->hosts[i].preference;
	bool ours = false;

	if (d->hosts[i].resolved)
		return true;
	for (size_t k = i;
	     k < d->nhosts && d->hosts[k].preference == preference; k++) {
		resolve(d, &d->hosts[k]);
		ours |= !*d->route.host && is_ourselves(d, &d->hosts[k]);
	}
	/* Only hosts better than us may have the message. */
	if (ours)
		d->nhosts = i;
	if (ours && i == 0)
		delivery_decide_all(d, 'D', "5.4.6",
		    "the mail exchanger of this domain is this host, which "
		    "does not serve it");
	return !ours;
}

/* The domain as the DNS has it: RFC 6531 3.2, RFC 5891 5. */
static struct str
ascii_domain(struct delivery *d)
{
	struct str ascii = STR("");
	struct buf b;

	buf_init(&b, DOMAIN_MAX);
	if (idna_ascii(d->domain, &b) == 0)
		ascii = arena_str(&d->arena, buf_slice(&b));
	buf_free(&b);
	return ascii;
}

static void
from_dns(struct delivery *d)
{
	struct str domain = ascii_domain(d);
	struct dns_mx mx[DNS_HOSTS];
	size_t n;

	switch (dns_mx(d->resolver, domain, &d->arena, mx, &n)) {
	case DNS_FOUND:
		for (size_t i = 0; i < n; i++)
			add(d, mx[i].name, mx[i].preference);
		return;
	case DNS_NO_RECORD:
		add(d, arena_z(&d->arena, domain), 0)->implicit = true;
		return;
	case DNS_NO_DOMAIN:
		delivery_decide_all(d, 'D', "5.1.2", "no such domain");
		return;
	case DNS_NULL_MX:
		delivery_decide_all(d, 'D', "5.1.10",
		    "this domain accepts no mail (null MX, RFC 7505)");
		return;
	case DNS_TEMP:
		break;
	}
	delivery_decide_all(d, 'Z', "4.4.3", fail_last());
}

int
hosts_route(struct delivery *d)
{
	if (routes_lookup(d->root, d->domain, d->sender, &d->route) >= 0)
		return 0;
	delivery_decide_all(d, 'Z', "4.3.5", fail_last());
	return -1;
}

void
hosts_find(struct delivery *d)
{
	char ip[46];

	d->nhosts = 0;
	if (*d->route.host) {
		add(d, d->route.host, 0);
		return;
	}
	switch (dns_literal(d->domain, ip)) {
	case -1:
		delivery_decide_all(d, 'D', "5.1.2", "bad address literal");
		return;
	case 1:
		add(d, arena_z(&d->arena, str_z(ip)), 0);
		return;
	default:
		from_dns(d);
	}
}
