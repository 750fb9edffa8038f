/* SPDX-License-Identifier: ISC */
/* Which hosts to ask: RFC 5321 5.1, RFC 7505, and the file routes. */
#include <stdio.h>

#include "base/fail.h"
#include "conf/settings.h"
#include "job.h"
#include "net/connect.h"
#include "net/routes.h"

static void
add(struct job *j, const char *name, unsigned port)
{
	if (j->nhosts < DNS_HOSTS)
		j->hosts[j->nhosts++] = (struct host){.name = name,
		    .port =
			port ? port : (unsigned)settings_num("REMOTE_PORT")};
}

/* Whether the host is this machine, by name or by address. */
static bool
is_ourselves(const struct job *j, const char *name)
{
	struct dns_address a[4];
	size_t n;

	if (str_ieq(str_z(name), str_z(j->hostname)))
		return true;
	if (dns_addresses(name, 25, a, 4, &n) != DNS_FOUND)
		return false;
	for (size_t i = 0; i < n; i++)
		if (connect_is_local(&a[i]))
			return true;
	return false;
}

/* If we are in the list, only better hosts than us may have the message. */
static void
take_mx(struct job *j, const struct dns_mx *mx, size_t n)
{
	unsigned limit = 65536;

	for (size_t i = 0; i < n && mx[i].preference < limit; i++)
		if (is_ourselves(j, mx[i].name))
			limit = mx[i].preference;
	for (size_t i = 0; i < n && mx[i].preference < limit; i++)
		add(j, mx[i].name, 0);
	if (!j->nhosts)
		job_decide_all(j, 'D', "5.4.6",
		    "the mail exchanger of this domain is this host, which "
		    "does not serve it");
}

static void
from_dns(struct job *j)
{
	struct dns_mx mx[DNS_HOSTS];
	size_t n;

	switch (dns_mx(j->domain, &j->arena, mx, &n)) {
	case DNS_FOUND:
		take_mx(j, mx, n);
		return;
	case DNS_NO_RECORD:
		add(j, arena_z(&j->arena, j->domain), 0);
		j->hosts[0].implicit = true;
		return;
	case DNS_NO_DOMAIN:
		job_decide_all(j, 'D', "5.1.2", "no such domain");
		return;
	case DNS_NULL_MX:
		job_decide_all(j, 'D', "5.1.10",
		    "this domain accepts no mail (null MX, RFC 7505)");
		return;
	case DNS_TEMP:
		break;
	}
	job_decide_all(j, 'Z', "4.4.3", fail_last());
}

void
hosts_find(struct job *j)
{
	struct route r;
	char ip[46];

	switch (routes_lookup(j->root, j->domain, j->sender, &r)) {
	case -1:
		job_decide_all(j, 'Z', "4.3.5", fail_last());
		return;
	case 1:
		if (!*r.host)
			break;
		add(j, arena_z(&j->arena, str_z(r.host)), r.port);
		return;
	default:
		break;
	}
	switch (dns_literal(j->domain, ip)) {
	case -1:
		job_decide_all(j, 'D', "5.1.2", "bad address literal");
		return;
	case 1:
		add(j, arena_z(&j->arena, str_z(ip)), 0);
		return;
	default:
		from_dns(j);
	}
}
