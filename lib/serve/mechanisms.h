/* SPDX-License-Identifier: ISC */
/* Which SASL mechanisms a client is offered: those that the administrator
 * wants, the checker knows, and the connection allows. */
#ifndef SERVE_MECHANISMS_H
#define SERVE_MECHANISMS_H

#include <stdbool.h>

#define MECHANISMS_MAX 128 /* octets of all names with blanks between */

/* Write the names, in capitals with a blank between each, the strongest first,
 * to to[MECHANISMS_MAX].
 *
 * SASL_MECHANISMS says which are wanted; where it is empty, all with our own
 * checker (the program is called yubin-checkpw), and with others those that the
 * checkpassword interface is made for: PLAIN LOGIN.  SCRAM-SHA-256-PLUS is
 * among them in IMAP only (by the variable SERVICE).  EXTERNAL needs a
 * client's certificate that was verified and has an address, SCRAM-SHA-256-PLUS
 * the binding data of the TLS channel, both from the TLS server (SSL_…
 * variables); OAUTHBEARER and XOAUTH2 need OAUTH_CHECKER. */
void mechanisms_offered(char to[MECHANISMS_MAX], const char *checker);

/* Whether SASL_MECHANISMS has known names only.  Returns 0, or -1 with the
 * first unknown one in fail_last(). */
int mechanisms_check(void);

/* Whether a name and password may be sent, by PLAIN, LOGIN or a command of the
 * protocol. */
bool mechanisms_password(const char *offered);

#endif
