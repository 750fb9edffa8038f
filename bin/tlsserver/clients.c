/* SPDX-License-Identifier: ISC */
/* A plain array, searched from the start: a fork costs a thousand times more.
 */
#include "clients.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/now.h"

void
clients_init(struct clients *c, size_t max, size_t max_source)
{
	c->list = calloc(max, sizeof(*c->list));
	if (!c->list)
		oom();
	c->n = 0;
	c->max = max;
	c->max_source = max_source;
}

static void
map_four(struct in6_addr *to, const struct in_addr *four)
{
	memset(to, 0, sizeof(*to));
	memset(to->s6_addr + 10, 0xff, 2);
	memcpy(to->s6_addr + 12, four, 4);
}

void
peer_read(struct peer *p, const struct sockaddr_storage *ss)
{
	memset(p, 0, sizeof(*p));
	if (ss->ss_family == AF_INET) {
		const struct sockaddr_in *a = (const void *)ss;

		map_four(&p->address, &a->sin_addr);
		p->port = ntohs(a->sin_port);
	} else if (ss->ss_family == AF_INET6) {
		const struct sockaddr_in6 *a = (const void *)ss;

		p->address = a->sin6_addr;
		p->port = ntohs(a->sin6_port);
	} else {
		snprintf(p->ip, sizeof(p->ip), "local");
		return;
	}
	if (IN6_IS_ADDR_V4MAPPED(&p->address))
		inet_ntop(
		    AF_INET, p->address.s6_addr + 12, p->ip, sizeof(p->ip));
	else
		inet_ntop(AF_INET6, &p->address, p->ip, sizeof(p->ip));
}

static struct in6_addr
source_of(const struct peer *p)
{
	struct in6_addr s = p->address;

	if (!IN6_IS_ADDR_V4MAPPED(&s))
		memset(s.s6_addr + 8, 0, 8);
	return s;
}

size_t
clients_of(const struct clients *c, const struct peer *p)
{
	struct in6_addr s = source_of(p);
	size_t n = 0;

	for (size_t i = 0; i < c->n; i++)
		n += !c->list[i].resting &&
		     memcmp(&c->list[i].source, &s, sizeof(s)) == 0;
	return n;
}

size_t
clients_served(const struct clients *c)
{
	return c->n - c->resting;
}

struct client *
clients_add(struct clients *c, const struct peer *p)
{
	struct client *new = &c->list[c->n++];

	*new = (struct client){.sock = -1,
	    .ctl = -1,
	    .data = -1,
	    .since_ms = now_ms(),
	    .source = source_of(p)};
	memcpy(new->ip, p->ip, sizeof(new->ip));
	return new;
}

struct client *
clients_by_pid(const struct clients *c, pid_t pid)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].pid == pid || c->list[i].relay == pid)
			return &c->list[i];
	return NULL;
}

struct client *
clients_by_ctl(const struct clients *c, int ctl)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->list[i].ctl == ctl)
			return &c->list[i];
	return NULL;
}

void
clients_rest(struct clients *c, struct client *client)
{
	if (client->sock >= 0)
		close(client->sock);
	client->sock = -1;
	client->resting = true;
	client->since_ms = now_ms();
	c->resting++;
}

struct client *
clients_resting(const struct clients *c, const struct peer *p)
{
	for (size_t i = 0; c->resting > 0 && i < c->n; i++)
		if (c->list[i].resting && strcmp(c->list[i].ip, p->ip) == 0)
			return &c->list[i];
	return NULL;
}

void
clients_wake(struct clients *c, struct client *client)
{
	client->resting = false;
	client->since_ms = now_ms();
	c->resting--;
}

void
clients_end_rest(struct clients *c, int64_t then)
{
	for (size_t i = c->n; c->resting > 0 && i-- > 0;)
		if (c->list[i].resting && c->list[i].since_ms < then)
			clients_remove(c, &c->list[i]);
}

void
clients_remove(struct clients *c, struct client *gone)
{
	client_close(gone);
	c->resting -= gone->resting;
	*gone = c->list[--c->n];
}

bool
client_is_gone(const struct client *c)
{
	return c->pid == 0 && c->relay == 0 && c->ctl < 0;
}

void
client_close(struct client *c)
{
	if (c->sock >= 0)
		close(c->sock);
	if (c->ctl >= 0)
		close(c->ctl);
	if (c->data >= 0)
		close(c->data);
	c->sock = c->ctl = c->data = -1;
}
