/* SPDX-License-Identifier: ISC */
/* Which hosts are asked, in which order, and when to stop. */
#include "ask.h"

#include <stdio.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "conf/settings.h"

#define USES_MAX 100 /* transactions on one connection */

static void
log_asked(
    const struct client *c, const struct delivery *d, size_t before, bool kept)
{
	size_t left = delivery_undecided(d);

	log_event("remote", "host", c->host, "ip", c->ip, "port",
	    log_num(c->port), "tls", c->protocol[0] ? c->protocol : "no",
	    "decided", log_num(before - left), "left", log_num(left), "kept",
	    kept ? "1" : NULL, "err", left ? d->excuse.text : NULL, NULL);
}

/* One address of a host, in a manner it can bear. */
static void
ask_address(struct client *c, struct delivery *d, const struct host *h,
    const struct dns_address *to)
{
	struct manner m = {.tls = true, .chunking = true};
	bool again = true;

	while (again && delivery_undecided(d)) {
		size_t before = delivery_undecided(d);
		int r = client_open(c, d, h, to, &m);

		again = r > 0;
		if (r == 0)
			again = transactions(c, d, &m);
		if (!again)
			log_asked(c, d, before, false);
	}
	d->tried++;
}

static void
ask_host(struct client *c, struct delivery *d, const struct host *h)
{
	if (h->found != DNS_FOUND && h->found != DNS_TEMP)
		d->addressless++;
	d->asked += h->n > 0;
	for (size_t i = 0; i < h->n && d->budget > 0; i++) {
		if (!delivery_undecided(d) || now_ms() > d->search_until)
			return;
		d->budget--;
		ask_address(c, d, h, &h->to[i]);
	}
}

/* All that is known says that there is nobody to take mail. */
static void
decide_nowhere(struct delivery *d)
{
	if (*d->route.host)
		delivery_decide_all(d, 'Z', "4.3.5",
		    "the host named by the route has no address");
	else if (d->hosts[0].implicit)
		delivery_decide_all(d, 'D', "5.4.4",
		    "the domain has neither a mail exchanger nor an address");
	else
		delivery_decide_all(d, 'D', "5.4.4",
		    "no mail exchanger of this domain has an address");
}

/* A connection left by the delivery before: if it has died meanwhile, this one
 * begins as if there had been none. */
static void
ask_again(struct client *c, struct delivery *d)
{
	struct excuse before = d->excuse;
	size_t left = delivery_undecided(d);
	struct manner m = {.tls = true, .chunking = true};

	transactions(c, d, &m);
	if (!c->broken || left > delivery_undecided(d))
		log_asked(c, d, left, true);
	if (c->broken)
		d->excuse = before;
}

static bool
leads_there(const struct client *c, const struct delivery *d)
{
	return c->open && !c->broken && c->used < USES_MAX &&
	       str_ieq(str_z(c->domain), d->domain) &&
	       routes_same(&c->route, &d->route);
}

static void
ask_hosts(struct client *c, struct delivery *d)
{
	hosts_find(d);
	for (size_t i = 0; i < d->nhosts && d->asked < DELIVERY_HOSTS; i++) {
		if (!delivery_undecided(d) || !hosts_resolve(d, i))
			break;
		ask_host(c, d, &d->hosts[i]);
	}
	if (d->nhosts > 0 && d->addressless == d->nhosts)
		decide_nowhere(d);
	/* RFC 7504: a host that says so takes no mail, and never will. */
	if (d->tried > 0 && d->no_service == d->tried && d->addressless == 0 &&
	    d->asked == d->nhosts)
		delivery_decide_all(d, 'D', "5.3.2", d->excuse.text);
}

void
ask(struct client *c, struct delivery *d)
{
	d->search_until = now_plus_s(DELIVERY_SEARCH_S);
	d->budget = DELIVERY_ADDRESSES;
	if (!delivery_undecided(d) || hosts_route(d) < 0)
		return;
	delivery_excuse(d, false, "4.4.1", "no mail host could be reached");
	if (leads_there(c, d))
		ask_again(c, d);
	if (delivery_undecided(d))
		ask_hosts(c, d);
	if (!delivery_undecided(d))
		return;
	delivery_decide_all(d, 'Z', d->excuse.enhanced, d->excuse.text);
	client_close(c); /* it did not do, and may not next time */
}
