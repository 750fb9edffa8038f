/* SPDX-License-Identifier: ISC */
/* Start-up that the programs serving one connection share. */
#ifndef SERVE_SESSION_H
#define SERVE_SESSION_H

#include <stdbool.h>

#include "io/in.h"
#include "io/out.h"
#include "io/ucspi.h"

#define SERVE_IN 16384  /* octets of the input buffer */
#define SERVE_OUT 16384 /* octets of the output buffer */

struct serve {
	struct ucspi peer;
	struct in in;   /* on descriptor 0, flushes out before it blocks */
	struct out out; /* on descriptor 1 */
	char hostname[256];
	const char *root; /* settings_root() */
	bool tls;         /* the connection is encrypted already */
	char in_data[SERVE_IN];
	char out_data[SERVE_OUT];
};

/* Start the program prog ("smtpd"): answer -h (usage is the text behind
 * "usage: yubin-PROG", then the settings) and -V, open the log, check the
 * settings, ignore SIGPIPE, set umask 077, make descriptors from 3 on
 * close-on-exec (those of UCSPI-TLS too: whoever execs a program that needs
 * them says so itself), set TCP_NODELAY, find the peer's address and add it to
 * each log line, set up in and out.  s must be zeroed and stay where it is.
 * Logs and exits when anything is wrong. */
void serve_start(struct serve *s, const char *prog, const char *usage, int argc,
    char **argv);

/* Only its first part: descriptors 0 to 2 (/dev/null where closed), log, -h and
 * -V, settings, SIGPIPE, umask; for programs that serve no connection. */
void serve_program(const char *prog, const char *usage, int argc, char **argv);

/* Its second part: descriptors from 3 on, s->root and s->hostname. */
void serve_host(struct serve *s);

/* Its last part, about the connection on descriptors 0 and 1. */
void serve_connection(struct serve *s);

/* This host's name: YUBIN_HOSTNAME or the system's, "localhost" when that is
 * empty or no valid host name.  Written as a C string to name[256]. */
void serve_hostname(char name[256]);

#endif
