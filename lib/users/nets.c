/* SPDX-License-Identifier: ISC */
/* Addresses in networks. */
#include "users/nets.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/num.h"

/* An address as its octets: 4 or 16, or 0 when it is none. */
static size_t
octets(unsigned char to[16], const char *text)
{
	if (inet_pton(AF_INET, text, to) == 1)
		return 4;
	return inet_pton(AF_INET6, text, to) == 1 ? 16 : 0;
}

static bool
net_has(struct str net, const unsigned char *source, size_t n)
{
	unsigned char octet[16];
	size_t slash = str_find(net, '/');
	char text[INET6_ADDRSTRLEN];
	uint64_t bits = 8 * n;

	if (str_copy(text, sizeof(text), str_to(net, slash)) < 0 ||
	    octets(octet, text) != n ||
	    (slash < net.n &&
		num_scan(str_from(net, slash + 1), 8 * n, &bits) < 0))
		return false;
	for (size_t i = 0; i < n && bits > 0; i++) {
		unsigned part = bits < 8 ? (unsigned)bits : 8;
		unsigned mask = 0xff00u >> part & 0xff;

		if ((octet[i] ^ source[i]) & mask)
			return false;
		bits -= part;
	}
	return true;
}

bool
nets_has(struct str list, const char *source)
{
	unsigned char octet[16];
	size_t n = octets(octet, source);
	struct str net;

	while (str_cut(&list, ',', &net)) {
		net = str_trim(net);
		if (n == 0 ? str_eq(net, STR("local")) &&
				 strcmp(source, "local") == 0
			   : net_has(net, octet, n))
			return true;
	}
	return false;
}
