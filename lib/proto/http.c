/* SPDX-License-Identifier: ISC */
/* The few forms of a request's first lines. */
#include "proto/http.h"

#include <stddef.h>
#include <string.h>

#include "base/ascii.h"

bool
http_request(struct str line)
{
	static const char methods[] =
	    "GET POST PUT HEAD DELETE OPTIONS PATCH TRACE CONNECT PRI";
	size_t blank = str_find(line, ' ');
	struct str method = str_to(line, blank);
	struct str target = str_from(line, blank + 1);
	struct str rest = str_z(methods);
	struct str word;

	if (blank == line.n)
		return false;
	while (str_cut(&rest, ' ', &word)) {
		if (!str_eq(word, method))
			continue;
		return str_starts(target, STR("/")) ||
		       str_starts(target, STR("* ")) ||
		       str_istarts(target, STR("http")) ||
		       (str_eq(method, STR("CONNECT")) && target.n > 0);
	}
	return false;
}

bool
http_field(struct str line)
{
	size_t colon = str_find(line, ':');

	if (colon == 0 || colon == line.n || !ascii_isalpha(line.p[0]))
		return false;
	for (size_t i = 0; i < colon; i++)
		if (!ascii_isalnum(line.p[i]) && line.p[i] != '-' &&
		    line.p[i] != '_')
			return false;
	return true;
}
