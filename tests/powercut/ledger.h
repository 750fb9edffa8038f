/* SPDX-License-Identifier: ISC */
/* What was promised.  Each message has a token, a number; its recipients and
 * its text follow from that, so anybody can check it octet by octet.  The
 * ledger lies in memory that all processes of the rig share. */
#ifndef LEDGER_H
#define LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define LEDGER_TOKENS (1U << 20)
#define LEDGER_USERS 4
#define LEDGER_DOMAIN "example.test"
#define LEDGER_TEXT (160 * 1024) /* octets of the longest text */

enum ledger_state {
	LEDGER_OPEN,    /* not acknowledged, or not yet */
	LEDGER_ACKED,   /* must be there */
	LEDGER_REMOVED, /* its reader removes it, or has done so */
};

struct shelf;

struct ledger {
	struct shelf *shelf;   /* cut with it, or NULL; set before the device */
	_Atomic uint32_t next; /* the first unused token */
	_Atomic uint32_t acked; /* how many were acknowledged */
	_Atomic unsigned char state[LEDGER_TOKENS];
	/* The device's steps that were done when the client read the 250. */
	_Atomic uint32_t acked_at[LEDGER_TOKENS];
	/* As of the last cut. */
	uint32_t cut_next;
	_Atomic uint32_t cuts;
	unsigned char cut_state[LEDGER_TOKENS];
};

/* A new token; broken when there are no more. */
uint32_t ledger_token(struct ledger *l);

void ledger_ack(struct ledger *l, uint32_t token, uint32_t step);

/* Copy the states to cut_state: called by the device, between two requests. */
void ledger_cut(struct ledger *l);

/* The same for a cut at a step of the device. */
void ledger_cut_at(struct ledger *l, uint32_t step);

/* Bit u is set when user u gets the message. */
unsigned ledger_users(uint32_t token);

/* "uN", the name of user u. */
const char *ledger_user(unsigned u);

/* Write the text, from "Subject: token-…" to the end, with `end` as line end,
 * to to[LEDGER_TEXT].  Returns its octets. */
size_t ledger_text(uint32_t token, const char *end, char *to);

/* Find the token in a stored message with LF (or CRLF) line ends and compare
 * all of the text.  Returns 1 whole, 0 it carries a token but is not whole, -1
 * no token. */
int ledger_check(struct str message, const char *end, uint32_t *token);

#endif
