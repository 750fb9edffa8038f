/* SPDX-License-Identifier: ISC */
/* EXTERNAL (RFC 4422 appendix A): a client's certificate that the TLS server
 * has verified is enough.  What it says is in the environment (tlsserver(8)),
 * which whoever starts us vouches for: the account is an address among its
 * names, or its common name, if that is one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "talk.h"

#define NAMES 6 /* five addresses and the common name */

/* Address i of the certificate; "" when it has none. */
static struct str
address(int i)
{
	char variable[40] = "SSL_CLIENT_S_DN_CN";
	struct str s;

	if (i < NAMES - 1)
		snprintf(
		    variable, sizeof(variable), "SSL_CLIENT_SAN_Email_%d", i);
	s = str_z(getenv(variable));
	return str_has(s, '@') ? s : STR("");
}

static struct str
first_address(void)
{
	for (int i = 0; i < NAMES; i++)
		if (address(i).n > 0)
			return address(i);
	return STR("");
}

static bool
certified(struct str account)
{
	for (int i = 0; i < NAMES; i++)
		if (str_ieq(address(i), account))
			return true;
	return false;
}

void
external_serve(struct login *l)
{
	const char *verdict = getenv("SSL_CLIENT_VERIFY");
	struct str message = talk_hear(l);
	struct str account;

	/* authzid: UTF-8 without NUL, or empty: whoever the certificate says */
	l->id = first_address();
	if (message.n > 0 && (str_has(message, '\0') || message.n > 1000))
		talk_malformed(l);
	if (message.n > 0)
		l->id = message;
	if (!verdict || strcmp(verdict, "SUCCESS") != 0 || l->id.n == 0)
		talk_refuse(l, "no-certificate");
	talk_announce(l);
	account = talk_find(l);
	confine(l);
	if (!certified(account))
		talk_refuse(l, "another-certificate");
	l->how = STR("certificate");
	talk_accept(l);
}
