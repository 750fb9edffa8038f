/* SPDX-License-Identifier: ISC */
/* One delivery: a message, a domain, its recipients and their fates. */
#ifndef DELIVER_REMOTE_DELIVERY_H
#define DELIVER_REMOTE_DELIVERY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "net/dns.h"
#include "net/routes.h"
#include "queue/job.h"

#define DELIVERY_TEXT 901     /* octets of a result's text, with NUL */
#define DELIVERY_HOSTS 8      /* hosts asked in one delivery */
#define DELIVERY_ADDRESSES 16 /* connections tried in one delivery */
#define HOST_ADDRESSES 6      /* of these, to one host */
#define DELIVERY_SEARCH_S \
	1800 /* after so long, no further host is asked: the queue tries \
	      * again */

struct rcpt {
	struct str address;
	struct str orcpt; /* RFC 3461, decoded; empty when not given */
	unsigned notify;  /* of enum smtp_dsn_notify; 0 when not given */
	bool utf8;        /* the address is not ASCII */
	bool utf8_orcpt;  /* nor ORCPT */
	bool sent;        /* named in the present transaction and accepted */
	/* R relayed to a host without DSN, T to one with (RFC 3461); D failed
	 * for good, Z for now; 0 while undecided */
	char letter;
	char enhanced[16];
	char text[DELIVERY_TEXT];
};

struct host {
	const char *name;
	unsigned port, preference;
	bool implicit; /* the domain itself, for want of MX records */
	bool resolved; /* what follows is known */
	enum dns_result found;
	struct dns_address to[HOST_ADDRESSES];
	size_t n;
};

/* Why nobody could be asked, for those still undecided at the end. */
struct excuse {
	bool replied; /* a server said it: more than a dead connection */
	char enhanced[16];
	char text[DELIVERY_TEXT];
};

struct delivery {
	const char *id;
	struct str sender, domain, envid;
	char ret; /* as in struct envelope */
	struct rcpt *rcpts;
	size_t n;
	bool eight_bit; /* the message has octets above 127 */
	bool utf8;      /* the sender or the header needs SMTPUTF8 */
	bool utf8_mail; /* the message came with SMTPUTF8 */
	bool bad;       /* it cannot be sent by SMTP */
	bool unended;   /* its last line lacks its CRLF */
	int fd;         /* the message, read with pread(2) */
	off_t start;    /* its first octet */
	uint64_t size;
	int worker; /* socket that is told of each fate, or -1 */
	uint32_t number;

	const char *root;
	const char *hostname;
	struct resolver *resolver;
	struct arena arena;
	struct route route;
	struct host hosts[DNS_HOSTS];
	size_t nhosts;
	int64_t search_until; /* of now_ms() */
	size_t budget;        /* addresses that may still be tried */
	size_t asked;         /* hosts asked */
	size_t addressless;   /* hosts that have no address, says the DNS */
	size_t tried;         /* connections tried */
	size_t no_service;    /* of these, greeted with 521 (RFC 7504) */
	struct excuse excuse;
};

/* Find out what the message needs: eight_bit, utf8, bad, unended; and what
 * the addresses need, refusing those that could not stand in a command.
 * Returns 0, or -1: the message cannot be read. */
int delivery_check(struct delivery *d);

/* Decide the fate of r: letter, enhanced code, text (made printable, cut), and
 * tell the runner if we are its worker. */
void delivery_decide(struct delivery *d, struct rcpt *r, char letter,
    const char *enhanced, const char *text);

/* The same for everyone undecided. */
void delivery_decide_all(
    struct delivery *d, char letter, const char *enhanced, const char *text);

size_t delivery_undecided(const struct delivery *d);

/* Remember why a host was of no use; what a server said outweighs the network,
 * otherwise the last reason counts. */
void delivery_excuse(
    struct delivery *d, bool replied, const char *enhanced, const char *text);

/* Read the octets of the message from `at` on: at most n.  Returns how many, 0
 * at the end, -1 failed. */
ssize_t delivery_read(
    const struct delivery *d, uint64_t at, char *to, size_t n);

/* Look up the route.  0, or -1: everyone's fate is decided. */
int hosts_route(struct delivery *d);

/* Find the hosts: by route, address literal, MX, or the domain itself.  When
 * there are none, everyone's fate is decided. */
void hosts_find(struct delivery *d);

/* Look up the addresses of host i and of all that are as good.  False when one
 * of them is this machine: the list ends there then (RFC 5321 5.1). */
bool hosts_resolve(struct delivery *d, size_t i);

#endif
