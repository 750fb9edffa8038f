/* SPDX-License-Identifier: ISC */
/* The tokens of IMAP commands (RFC 3501 9), read from a whole command in
 * memory: its lines without the last CRLF, literals in place, each behind the
 * CRLF of its {n}.  Failures stick in the scan (base/scan.h).  Slices point
 * into the command or, where escapes had to be undone, into the arena. */
#ifndef PROTO_IMAP_TOKEN_H
#define PROTO_IMAP_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/scan.h"
#include "base/str.h"

/* How a literal was announced: {n}, {n+} (RFC 7888), ~{n} (RFC 3516). */
struct imap_literal {
	uint64_t n;   /* octets to come */
	bool nonsync; /* {n+}: the client does not wait for "+" */
	bool binary;  /* ~{n} */
};

/* Whether a line ends in a literal's header, that is, whether the command goes
 * on behind this line with l->n octets.  Braces at the end of a quoted string
 * do not count, as those end in '"'.
 * Returns 1 yes; 0 no; -1 it looks like one, but its number is missing,
 * negative or larger than 2^63 - 1. */
int imap_literal_tail(struct str line, struct imap_literal *l);

/* ATOM-CHAR, and ASTRING-CHAR, which allows ']' as well. */
bool imap_is_atom_char(char c);
bool imap_is_astring_char(char c);

/* One tag: ASTRING-CHARs but no '+'. */
bool imap_tag(struct scan *s, struct str *tag);

/* Exactly one space. */
bool imap_sp(struct scan *s);

/* 1*ATOM-CHAR.  A command's name, a keyword. */
bool imap_atom(struct scan *s, struct str *out);

/* A number up to 2^32 - 1; nz_number refuses 0. */
bool imap_number(struct scan *s, uint32_t *v);
bool imap_nz_number(struct scan *s, uint32_t *v);

/* Whether a string (quoted or literal) is next. */
bool imap_at_string(const struct scan *s);

/* Quoted string or literal.  Octets above 0x7f are let through, NUL never. */
bool imap_string(struct scan *s, struct arena *a, struct str *out);

/* Atom, with ']' allowed, or string. */
bool imap_astring(struct scan *s, struct arena *a, struct str *out);

/* String or NIL, which gives out->p == NULL. */
bool imap_nstring(struct scan *s, struct arena *a, struct str *out);

/* Mailbox name or pattern as LIST takes it: atom with '%', '*' and ']', or
 * string. */
bool imap_list_mailbox(struct scan *s, struct arena *a, struct str *out);

/* A parenthesised list of flags (RFC 3501 flag-list): each is an atom with or
 * without a backslash in front.  *flags has *n slices, at most max. */
bool imap_flag_list(
    struct scan *s, struct arena *a, size_t max, struct str **flags, size_t *n);

/* Flags without parentheses, separated by one space, as STORE allows. */
bool imap_flags_bare(
    struct scan *s, struct arena *a, size_t max, struct str **flags, size_t *n);

/* A date-time as APPEND takes it, quotes included, as seconds since 1970:
 * "17-Jul-1996 02:44:25 -0700" with the day's first digit possibly a space. */
bool imap_date_time(struct scan *s, int64_t *seconds);

/* A date as SEARCH takes it, quoted or not: days since 1970-01-01. */
bool imap_date(struct scan *s, int64_t *days);

#endif
