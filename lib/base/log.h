/* SPDX-License-Identifier: ISC */
/* One line per event on standard error: `prog[pid]: ev=accepted id=… from=…`.
 * Values are quoted when they hold blanks or quotes, and every octet that is
 * not printable ASCII or part of valid UTF-8 is written as \xHH: one call is
 * always exactly one line, at most LOG_LINE octets.  Never message content,
 * never passwords.  No time stamps: the logger (s6-log, journald) adds them. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

#include "base/str.h"

#define LOG_LINE 1024

/* Set the name that starts each line (a string that stays), and find out
 * whether standard error may be written: under inetd it is the client's
 * connection, and then descriptor 2 is replaced by syslog's /dev/log or,
 * failing that, /dev/null.  Call once at start. */
void log_open(const char *prog);

/* A key=value that every later line carries right behind ev=, for example the
 * peer's address; both are copied.  At most LOG_CONTEXT of them, further ones
 * are ignored; the same key again replaces its value, NULL removes it. */
#define LOG_CONTEXT 4
void log_context(const char *key, const char *value);

/* Print one event: pairs of key and value, ended by NULL.  A NULL value leaves
 * its pair out.  errno is kept. */
void log_event(const char *ev, ...) __attribute__((sentinel));

/* Like log_event(), printed only when YUBIN_DEBUG is set to something. */
void log_debug(const char *ev, ...) __attribute__((sentinel));

/* Keep lines back from now on, to be written together: at log_release(), and
 * whenever 4096 octets are full.  For a loop over many results: no fork and no
 * exit may come in between. */
void log_hold(void);
void log_release(void);

/* v in decimal, for use as a value; holds the last eight such texts. */
const char *log_num(unsigned long long v);

/* s as a C string cut at 255 octets, NULs shown as '?', for use as a value;
 * holds the last eight such texts. */
const char *log_str(struct str s);

#endif
