/* SPDX-License-Identifier: ISC */
/* yubin trace: what became of a message, from the logs. */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "base/fail.h"
#include "conf/settings.h"
#include "trace.h"

static int
usage(void)
{
	return refuse("usage: yubin trace [-uv] [--json] ID | ADDRESS | "
		      "@DOMAIN [FILE …]");
}

/* Take the options out of argv, wherever they stand, and end it with NULL.
 * Returns whether all are known. */
static bool
take_options(struct trace *t, int *argc, char **argv)
{
	bool options = true;
	int n = 0;

	for (int i = 0; i < *argc; i++) {
		const char *a = argv[i];

		if (!options || *a != '-' || !a[1]) {
			argv[n++] = argv[i];
		} else if (strcmp(a, "--") == 0) {
			options = false;
		} else if (strcmp(a, "--json") == 0) {
			t->json = true;
		} else if (a[strspn(a, "-uvj")] == '\0' && a[1] != '-') {
			t->utc |= strchr(a, 'u') != NULL;
			t->verbose |= strchr(a, 'v') != NULL;
			t->json |= strchr(a, 'j') != NULL;
		} else {
			return false;
		}
	}
	argv[n] = NULL;
	*argc = n;
	return true;
}

int
admin_trace(int argc, char **argv)
{
	static struct trace t;
	struct trace_ids ids = {0};
	struct str what;
	bool any;
	int r;

	if (!take_options(&t, &argc, argv) || argc < 2)
		return usage();
	what = str_z(argv[1]);
	if (!str_has(what, '@') && !id_valid(what))
		return refuse("%s is neither an id nor an address", argv[1]);
	r = logs_open(&t.logs, settings_root(), argv + 2, false);
	if (r != 0)
		return r;
	if (str_has(what, '@')) {
		any = trace_list(&t, what);
	} else {
		trace_ids_add(&ids, what);
		any = trace_story(&t, &ids);
		trace_ids_free(&ids);
	}
	logs_close(&t.logs);
	if (t.logs.failed)
		return EXIT_TEMP;
	return any ? 0 : refuse("the logs say nothing of %s", argv[1]);
}
