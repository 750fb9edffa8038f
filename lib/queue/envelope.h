/* SPDX-License-Identifier: ISC */
/* What is known about a message beside its text, and how the front of a queue
 * file is written: header line, one status octet a recipient, envelope.  Pure:
 * no files here.  lib/queue/README shows the format. */
#ifndef QUEUE_ENVELOPE_H
#define QUEUE_ENVELOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#define ENVELOPE_HEADER 128             /* octets, with the newline */
#define ENVELOPE_MAX (32 * 1024 * 1024) /* octets of an envelope */
#define ENVELOPE_RCPTS 100000           /* recipients of one message */
#define ENVELOPE_VALUE 4096             /* octets of one value */

/* The states of a recipient, one octet in the file. */
enum envelope_status {
	ENVELOPE_NEW = 'N',       /* never tried */
	ENVELOPE_ATTEMPTED = 'A', /* tried; being tried, or to be tried again */
	ENVELOPE_WARNED = 'W',    /* the same; the sender was told of a delay */
	ENVELOPE_SUCCESS = 'S',   /* delivered, the sender not yet told */
	ENVELOPE_RELAYED = 'R',   /* the same, by a host that will not tell */
	ENVELOPE_EXPANDED = 'X',  /* the same, by an alias or program */
	ENVELOPE_DONE = 'D',      /* delivered: final */
	ENVELOPE_FAILED = 'F',    /* failed for good, sender not yet told */
	ENVELOPE_BOUNCED = 'B'    /* failed, sender told: final */
};

/* When the sender wants to be told: bits of NOTIFY (RFC 3461 4.1). */
enum envelope_notify {
	ENVELOPE_NEVER = 1,
	ENVELOPE_ON_SUCCESS = 2,
	ENVELOPE_ON_FAILURE = 4,
	ENVELOPE_ON_DELAY = 8
};

struct envelope_rcpt {
	struct str addr;  /* local@domain, without <> */
	struct str orcpt; /* ORCPT, "type;address" decoded; empty: not given */
	unsigned notify;  /* of enum envelope_notify; 0: not given */
	char status;      /* of enum envelope_status; 0 counts as N */
};

struct envelope {
	struct str id;        /* base/id.h */
	struct str sender;    /* local@domain, or empty: the null sender */
	int64_t received_s;   /* since 1970 */
	struct str auth;      /* who logged in; empty for nobody */
	struct str client_ip; /* as in struct ucspi; empty when unknown */
	struct str helo;      /* what the client called itself */
	bool eight_bit;       /* BODY=8BITMIME (RFC 6152) */
	bool utf8;            /* SMTPUTF8 (RFC 6531) */
	struct str envid;     /* ENVID (RFC 3461 4.4), decoded; empty: none */
	char ret;             /* RET (4.3): 'F'ULL, 'H'DRS, 0 not given */
	struct envelope_rcpt *rcpts;
	size_t nrcpt;
};

struct envelope_header {
	uint32_t env_len;  /* octets of the envelope */
	uint64_t body_len; /* octets of the message behind it */
	uint32_t nrcpt;
	uint32_t env_crc;  /* CRC-32C of the envelope, continued over the
	                    * header up to " envcrc=" */
	uint32_t body_crc; /* CRC-32C of the message */
};

/* Append the envelope's text to b.  This is the one place where envelopes are
 * made, so it refuses what could break a record, a command or a log line:
 * Returns 0, or -1 EINVAL (an invalid id, no or too many recipients, a CR, LF,
 * NUL or too long value) or EMSGSIZE (b is full). */
int envelope_print(const struct envelope *e, struct buf *b);

/* Read what envelope_print() wrote.  Unknown keys are skipped.  Slices point
 * into text; e->rcpts is allocated in a; every status is N.
 * Returns 0, or -1 EPROTO with the reason as fail_last(). */
int envelope_scan(struct str text, struct arena *a, struct envelope *e);

/* Write the header line.  text_crc: crc32c() of the envelope's text; it
 * becomes h->env_crc, everything else in h is given. */
void envelope_header_print(
    char to[ENVELOPE_HEADER], struct envelope_header *h, uint32_t text_crc);

/* Read a header line.  Returns 0, or -1 EPROTO: not a finished queue file. */
int envelope_header_scan(
    const char from[ENVELOPE_HEADER], struct envelope_header *h);

/* Whether the header and the envelope's text belong together. */
bool envelope_header_fits(const struct envelope_header *h, struct str text);

/* Offsets in the file: of recipient i's status, the envelope, the message. */
uint64_t envelope_status_at(size_t i);
uint64_t envelope_text_at(const struct envelope_header *h);
uint64_t envelope_body_at(const struct envelope_header *h);

/* Whether a status octet is one of enum envelope_status; whether it is D or B;
 * whether a delivery is still to be tried (N, A or W); whether it succeeded and
 * the sender has to be told (S, R or X). */
bool envelope_status_valid(char c);
bool envelope_status_final(char c);
bool envelope_status_open(char c);
bool envelope_status_unsaid(char c);

#endif
