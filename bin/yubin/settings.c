/* SPDX-License-Identifier: ISC */
/* yubin settings: the table of variables. */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "conf/settings.h"

static void
print_all(void)
{
	for (size_t i = 0; i < settings_n; i++) {
		const struct setting *s = &settings[i];

		printf("%-20s %s\n", s->name, s->help);
		printf("%-20s read by %s", "",
		    strcmp(s->programs, "*") == 0 ? "all programs"
						  : s->programs);
		if (*s->value)
			printf("; default %s%s%s", s->value,
			    s->type == SETTING_NUMBER && *s->unit ? " " : "",
			    s->type == SETTING_NUMBER ? s->unit : "");
		if (s->type == SETTING_NUMBER)
			printf("; %lld to %lld", (long long)s->least,
			    (long long)s->most);
		printf("\n");
	}
}

int
admin_settings(int argc, char **argv)
{
	bool mdoc = argc > 1 && strcmp(argv[1], "--mdoc") == 0;
	const char *prog = argv[1 + mdoc];
	struct buf b;

	if (argc > 2 + mdoc || (mdoc && !prog))
		return refuse("usage: yubin settings [--mdoc] [PROGRAM]");
	if (!prog) {
		print_all();
		return 0;
	}
	if (strncmp(prog, "yubin-", 6) == 0)
		prog += 6;
	buf_init(&b, 1u << 20);
	if (mdoc)
		settings_mdoc(prog, &b);
	else
		settings_help(prog, &b);
	printf("%s", buf_cstr(&b));
	buf_free(&b);
	return 0;
}
