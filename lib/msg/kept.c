/* SPDX-License-Identifier: ISC */
/* The table of kept fields, by length so that most names are refused at once.*/
#include "msg/kept.h"

#include "base/ascii.h"

#define LONGEST 27

/* clang-format off */
static const char *const kept[LONGEST + 1][8] = {
    [2] = {"To", "Cc"},
    [3] = {"Bcc"},
    [4] = {"From", "Date"},
    [5] = {"Lines"},
    [6] = {"Sender"},
    [7] = {"Subject", "List-Id", "X-Label"},
    [8] = {"Reply-To", "Priority"},
    [9] = {"List-Post"},
    [10] = {"Message-ID", "References", "Content-ID", "Importance",
	"X-Priority", "Newsgroups", "Precedence"},
    [11] = {"In-Reply-To", "Content-MD5"},
    [12] = {"Content-Type"},
    [14] = {"Auto-Submitted"},
    [16] = {"Content-Language", "Content-Location", "List-Unsubscribe",
	"Mail-Followup-To"},
    [19] = {"Content-Disposition", "Content-Description"},
    [25] = {"Content-Transfer-Encoding"},
    [27] = {"Disposition-Notification-To"},
};
/* clang-format on */

bool
kept_name(struct str name)
{
	const char *const *p;

	if (name.n > LONGEST)
		return false;
	for (p = kept[name.n]; *p; p++)
		if (str_ieq(name, str_make(*p, name.n)))
			return true;
	return false;
}

bool
kept_line(struct str start)
{
	struct str name = str_to(start, str_find(start, ':'));

	if (name.n == start.n)
		return false;
	while (name.n && ascii_isblank(name.p[name.n - 1]))
		name.n--;
	return kept_name(name);
}
