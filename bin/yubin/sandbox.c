/* SPDX-License-Identifier: ISC */
/* yubin sandbox: what each process is held to, and what of it this kernel
 * does. */
#include <stdio.h>
#include <string.h>

#include "admin.h"
#include "base/json.h"
#include "conf/settings.h"
#include "serve/calls.h"
#include "serve/sandbox.h"

#define LACKS 200

struct kernel {
	int landlock;
	bool seccomp;
};

static bool
of_program(const struct profile *p, const char *prog)
{
	struct str rest = str_z(p->program);
	struct str word;

	while (str_cut(&rest, ' ', &word))
		if (str_eq(word, str_z(prog)))
			return true;
	return strcmp(p->name, prog) == 0;
}

static void
put_calls(struct buf *b, const unsigned char *list, bool json)
{
	size_t column = 0;

	for (; *list != CALL_NONE; list++) {
		const char *name = calls[*list].name;

		if (json) {
			json_str(b, str_z(name));
			continue;
		}
		if (column > 60) {
			buf_z(b, "\n           ");
			column = 0;
		}
		buf_fmt(b, " %s", name);
		column += strlen(name) + 1;
	}
}

static void
put_limit(struct buf *b, const char *name, unsigned long long value)
{
	if (value)
		buf_fmt(b, " %s %llu", name, value);
}

static void
put_limits(struct buf *b, const struct profile *p)
{
	buf_z(b, "  limits    core 0");
	put_limit(b, "data-MiB", p->data_mib);
	put_limit(b, "address-MiB", p->address_mib);
	put_limit(b, "descriptors", p->descriptors);
	buf_z(b, p->no_fork ? " processes 0" : "");
	buf_z(b, p->no_write ? " file-size 0" : "");
	buf_chr(b, '\n');
}

static const char *
connects(const struct profile *p)
{
	if (p->mode == SECCOMP_WIDE)
		return "as programs may need them, none raw";
	if (p->sockets & SECCOMP_INET)
		return "TCP to the ports of mail, DNS and routes, UDP, Unix";
	return p->sockets & SECCOMP_UNIX ? "Unix" : "none";
}

static void
put_text(struct buf *b, const struct profile *p, const char *lacks)
{
	buf_fmt(b, "%s: %s\n", p->name, p->what);
	buf_fmt(b, "  program   %s\n", p->program);
	buf_fmt(b, "  files     %s\n", p->files);
	buf_fmt(b, "  sockets   %s\n", connects(p));
	put_limits(b, p);
	buf_z(b, p->mode == SECCOMP_LIST ? "  may call " : "  may not  ");
	put_calls(b, p->calls, false);
	if (p->inner)
		buf_fmt(b, "\n            and for its children what %s may",
		    p->inner);
	buf_fmt(b, "\n  kernel    %s%s\n\n",
	    *lacks ? "cannot: " : "does it all", lacks);
}

static void
put_json(struct buf *b, const struct profile *p, const char *lacks)
{
	json_begin(b, '{');
	json_key_str(b, "profile", str_z(p->name));
	json_key_str(b, "program", str_z(p->program));
	json_key_str(b, "process", str_z(p->what));
	json_key_str(b, "files", str_z(p->files));
	json_key_str(b, "sockets", str_z(connects(p)));
	json_key_num(b, "data_mib", p->data_mib);
	json_key_num(b, "address_mib", p->address_mib);
	json_key_num(b, "descriptors", p->descriptors);
	json_key(b, STR("no_fork"));
	json_bool(b, p->no_fork);
	json_key(b, STR("no_write"));
	json_bool(b, p->no_write);
	json_key_str(b, "inner", str_z(p->inner ? p->inner : ""));
	json_key(b, p->mode == SECCOMP_LIST ? STR("may_call") : STR("may_not"));
	json_begin(b, '[');
	put_calls(b, p->calls, true);
	json_end(b, ']');
	json_key_str(b, "lacks", str_z(lacks));
	json_end(b, '}');
}

static void
put_kernel(struct buf *b, const struct kernel *k, bool json)
{
	const char *mode = settings_text("YUBIN_SANDBOX");

	if (json) {
		json_begin(b, '{');
		json_key_str(b, "YUBIN_SANDBOX", str_z(mode));
		json_key_num(b, "landlock", k->landlock);
		json_key(b, STR("seccomp"));
		json_bool(b, k->seccomp);
		json_key(b, STR("libc"));
		json_begin(b, '[');
		put_calls(b, calls_of_libc, true);
		json_end(b, ']');
		json_key(b, STR("profiles"));
		json_begin(b, '[');
		return;
	}
	buf_fmt(b, "YUBIN_SANDBOX=%s; this kernel: seccomp %s, Landlock ", mode,
	    k->seccomp ? "yes" : "no");
	buf_fmt(b, k->landlock ? "version %d" : "no", k->landlock);
	buf_fmt(b, " (%d has all that is asked for)\n\n", LANDLOCK_WANTED);
}

int
admin_sandbox(int argc, char **argv)
{
	struct kernel k = {landlock_version(), sandbox_has_seccomp()};
	bool json = argc > 1 && strcmp(argv[1], "--json") == 0;
	const char *prog = argv[1 + json];
	char lacks[LACKS];
	size_t n = 0;
	struct buf b;

	if (argc > 2 + json)
		return refuse("usage: yubin sandbox [--json] [PROGRAM]");
	if (prog && strncmp(prog, "yubin-", 6) == 0)
		prog += 6;
	buf_init(&b, 1u << 20);
	put_kernel(&b, &k, json);
	for (size_t i = 0; i < profiles_n; i++) {
		const struct profile *p = &profiles[i];

		if (prog && !of_program(p, prog))
			continue;
		n++;
		sandbox_lacks(p, k.landlock, k.seccomp, lacks, sizeof(lacks));
		(json ? put_json : put_text)(&b, p, lacks);
	}
	if (json)
		buf_z(&b, "]}\n");
	else if (n > 0)
		buf_fmt(&b, "each list has besides:");
	if (!json && n > 0) {
		put_calls(&b, calls_of_libc, false);
		buf_chr(&b, '\n');
	}
	if (n > 0)
		printf("%s", buf_cstr(&b));
	buf_free(&b);
	return n > 0 ? 0 : refuse("no program %s has a sandbox", prog);
}
