/* SPDX-License-Identifier: ISC */
/* The answer section of a DNS message, record by record. */
#ifndef NET_ANSWER_H
#define NET_ANSWER_H

#include <arpa/nameser.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/resolver.h"

#define ANSWER_ALIASES 16 /* CNAME records in one answer */

struct answer {
	ns_msg msg;
	int i;     /* the next record */
	int found; /* records of the type asked for */
	size_t aliases;
	bool bad;
};

/* Start in the message of len octets, which must stay. */
void answer_init(struct answer *s, const uint8_t *p, size_t len);

/* The next record of the type (class IN), whoever owns it: aliases have been
 * followed by the server (RFC 1034 3.6.2).  Returns 1; 0 no more; -1 the
 * message is malformed, or nothing but a circle of aliases, or more than
 * ANSWER_ALIASES of them; fail_last() says so. */
int answer_next(struct answer *s, int type, ns_rr *rr);

/* Say so in fail_last(); DNS_TEMP. */
enum dns_result answer_malformed(void);

#endif
