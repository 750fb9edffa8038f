/* SPDX-License-Identifier: ISC */
/* Reading answers, by libresolv's parser. */
#define _GNU_SOURCE
#include "net/answer.h"

#include <resolv.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "base/str.h"

enum dns_result
answer_malformed(void)
{
	fail_text(0, "malformed DNS answer");
	return DNS_TEMP;
}

void
answer_init(struct answer *s, const uint8_t *p, size_t len)
{
	memset(s, 0, sizeof(*s));
	s->bad =
	    len > RESOLVER_ANSWER || ns_initparse(p, (int)len, &s->msg) < 0;
}

/* The target of the alias that owner has, copied to name.  Returns 1, 0 it has
 * none, -1 malformed. */
static int
follow(struct answer *s, char name[NS_MAXDNAME])
{
	ns_rr rr;

	for (int i = 0; i < ns_msg_count(s->msg, ns_s_an); i++) {
		if (ns_parserr(&s->msg, ns_s_an, i, &rr) < 0)
			return -1;
		if (ns_rr_type(rr) != ns_t_cname ||
		    !str_ieq(str_z(ns_rr_name(rr)), str_z(name)))
			continue;
		return ns_name_uncompress(ns_msg_base(s->msg),
			   ns_msg_end(s->msg), ns_rr_rdata(rr), name,
			   NS_MAXDNAME) < 0
		           ? -1
		           : 1;
	}
	return 0;
}

/* No record was found: an alias of something without such records is a fact,
 * a circle is a fault that somebody may repair. */
static int
check_aliases(struct answer *s)
{
	char name[NS_MAXDNAME];
	ns_rr rr;
	size_t n = 0;
	int r;

	if (s->aliases == 0)
		return 0;
	if (ns_parserr(&s->msg, ns_s_qd, 0, &rr) < 0)
		return (int)answer_malformed();
	snprintf(name, sizeof(name), "%s", ns_rr_name(rr));
	while ((r = follow(s, name)) > 0)
		if (++n > s->aliases || n > ANSWER_ALIASES)
			return fail_text(0, "the aliases run in a circle");
	return r < 0 ? (int)answer_malformed() : 0;
}

int
answer_next(struct answer *s, int type, ns_rr *rr)
{
	if (s->bad)
		return (int)answer_malformed();
	while (s->i < ns_msg_count(s->msg, ns_s_an)) {
		if (ns_parserr(&s->msg, ns_s_an, s->i++, rr) < 0)
			return (int)answer_malformed();
		if (ns_rr_class(*rr) != ns_c_in)
			continue;
		if ((int)ns_rr_type(*rr) == type) {
			s->found++;
			return 1;
		}
		s->aliases += ns_rr_type(*rr) == ns_t_cname;
	}
	return s->found ? 0 : check_aliases(s);
}
