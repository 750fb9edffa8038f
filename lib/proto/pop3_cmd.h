/* SPDX-License-Identifier: ISC */
/* One POP3 command line: RFC 1939 3 and 9, RFC 2449 4; and what the programs
 * before and after the login have in common. */
#ifndef PROTO_POP3_CMD_H
#define PROTO_POP3_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

#define POP3_LINE 253 /* octets of a command without its CRLF */

/* The capabilities that are the same whoever serves the session, before and
 * after the login; each line with its CRLF.  Without a version: strangers ask
 * too. */
#define POP3_CAPABILITIES \
	"TOP\r\n" \
	"UIDL\r\n" \
	"PIPELINING\r\n" \
	"RESP-CODES\r\n" \
	"AUTH-RESP-CODE\r\n" \
	"UTF8\r\n" \
	"LANG\r\n" \
	"EXPIRE NEVER\r\n" \
	"IMPLEMENTATION yubin\r\n"

/* The environment variable that tells a session what went before the login, in
 * lines that end in LF: "LANG ja", "UTF8", and "CAPA" with a line of CAPA that
 * the login program has added to POP3_CAPABILITIES. */
#define POP3_STATE "POP3_STATE"

enum pop3_verb {
	POP3_UNKNOWN,
	POP3_APOP,
	POP3_AUTH,
	POP3_CAPA,
	POP3_DELE,
	POP3_LANG,
	POP3_LIST,
	POP3_NOOP,
	POP3_PASS,
	POP3_QUIT,
	POP3_RETR,
	POP3_RSET,
	POP3_STAT,
	POP3_STLS,
	POP3_TOP,
	POP3_UIDL,
	POP3_USER,
	POP3_UTF8
};

struct pop3_cmd {
	enum pop3_verb verb;
	struct str args; /* behind the verb, blanks at both ends removed */
};

/* Take a line (without CRLF) apart; points into it.  Any octets are allowed;
 * what is no keyword known here is POP3_UNKNOWN. */
struct pop3_cmd pop3_cmd_parse(struct str line);

/* Read the arguments as exactly n numbers between runs of blanks, each at
 * most UINT32_MAX.  False: they are anything else. */
bool pop3_cmd_numbers(struct str args, uint32_t *v, size_t n);

#endif
