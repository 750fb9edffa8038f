/* SPDX-License-Identifier: ISC */
/* One delivery: a message, a domain, its recipients and their fates. */
#ifndef DELIVER_REMOTE_JOB_H
#define DELIVER_REMOTE_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "net/dns.h"

#define JOB_TEXT 901     /* octets of a result's text, with NUL */
#define JOB_HOSTS 8      /* hosts asked in one run */
#define JOB_ADDRESSES 16 /* connections tried in one run */

struct rcpt {
	struct str address;
	char letter; /* 'K', 'D', 'Z', or 0 while undecided */
	bool sent;   /* named in the present transaction and accepted */
	char enhanced[16];
	char text[JOB_TEXT];
};

struct host {
	const char *name;
	unsigned port;
	bool implicit; /* the domain itself, for want of MX records */
};

struct job {
	const char *id;
	struct str sender, domain;
	struct rcpt *rcpts;
	size_t n;
	bool eight_bit, utf8;
	int fd;      /* the message, read with pread(2) */
	off_t start; /* its first octet */
	uint64_t size;
	const char *root;
	char hostname[256];
	struct arena arena;
	struct host hosts[DNS_HOSTS];
	size_t nhosts;
	/* Why nobody could be asked, for those still undecided at the end. */
	char last_enhanced[16];
	char last[JOB_TEXT];
};

/* Decide the fate of r: letter, enhanced code, text (made printable, cut). */
void job_decide(
    struct rcpt *r, char letter, const char *enhanced, const char *text);

/* The same for everyone undecided. */
void job_decide_all(
    struct job *j, char letter, const char *enhanced, const char *text);

size_t job_undecided(const struct job *j);

/* Remember why a host was of no use; the last reason counts. */
void job_excuse(struct job *j, const char *enhanced, const char *text);

/* Find the hosts: route, address literal, MX, or the domain itself.  When there
 * are none, everyone's fate is decided. */
void hosts_find(struct job *j);

/* Talk to one address of one host until everyone is decided or it is of no
 * further use.  tls: use it when offered.  Returns true when it should be
 * asked again without TLS. */
bool host_try(struct job *j, const struct host *h, const struct dns_address *to,
    bool tls);

#endif
