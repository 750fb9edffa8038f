/* SPDX-License-Identifier: ISC */
/* Login names. */
#include "users/login_name.h"

#include <stddef.h>

#include "conf/settings.h"
#include "users/domain.h"

static int
default_domain(const char *root, struct arena *a, struct str *domain)
{
	struct str *names;
	size_t n;

	*domain = str_z(settings_text("YUBIN_DOMAIN"));
	if (domain->n > 0)
		return 1;
	if (domain_list(root, a, &names, &n) < 0)
		return -1;
	if (n != 1)
		return 0;
	*domain = names[0];
	return 1;
}

int
login_name_split(
    const char *root, struct str id, struct arena *a, struct login_name *to)
{
	const char *separator = settings_text("MASTER_SEPARATOR");
	size_t at;

	to->master = (struct str){NULL, 0};
	if (settings_text("MASTER_USERS")[0] && separator[0]) {
		size_t sep = str_rfind(id, separator[0]);

		if (sep < id.n)
			to->master = str_from(id, sep + 1);
		id = str_to(id, sep);
	}
	at = str_rfind(id, '@');
	to->local = str_to(id, at);
	to->domain = str_from(id, at + 1);
	return at < id.n ? 1 : default_domain(root, a, &to->domain);
}
