/* SPDX-License-Identifier: ISC */
/* yubin: administration.  Each subcommand has a file of its own; a name that
 * is not in the table is a program yubin-NAME. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "base/fail.h"
#include "conf/env.h"
#include "conf/libexec.h"
#include "conf/settings.h"
#include "serve/session.h"
#include "users/domain.h"
#include "users/user.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *args;
	const char *help;
} commands[] = {
    {"init", admin_init, "[HOSTNAME]", "create the root of the state"},
    {"domain", admin_domain, "list | add DOMAIN | del DOMAIN",
	"the domains we receive mail for"},
    {"user", admin_user,
	"list [DOMAIN] | add ADDR | passwd ADDR | del ADDR | "
	"show ADDR | quota [ADDR [QUOTA]]",
	"accounts; passwords are read from standard input"},
    {"app", admin_app,
	"list ADDR | add [--scope …] [--expires DAY] ADDR LABEL | "
	"remove ADDR LABEL",
	"an account's further passwords, one for each app"},
    {"logins", user_show, "[--json] ADDR", "an account's last logins"},
    {"password", admin_password, "[--scheme SCHEME]",
	"print what the users file has for a password"},
    {"alias", admin_alias, "list [DOMAIN] | add ADDR TARGET … | del ADDR",
	"other names for accounts, programs, addresses elsewhere"},
    {"cert", admin_cert, "[HOSTNAME]",
	"make a self-signed certificate where there is none"},
    {"check", admin_check, "", "say in plain words what is wrong"},
    {"queue", admin_queue,
	"list | stats | show ID … | hold | release | retry | drop ID … …",
	"the messages that wait; \"yubin queue\" tells more"},
    {"maildir", admin_maildir, "check | repair | stats [--json] ADDRESS | DIR",
	"look into a Maildir, and mend it"},
    {"import", admin_import,
	"[-n] courier | dovecot | qmail | vpopmail ADDRESS | DIR",
	"a Maildir of another server becomes ours in place"},
    {"trace", admin_trace, "[-uv] [--json] ID | ADDRESS | @DOMAIN [FILE …]",
	"what became of a message, from the logs"},
    {"settings", admin_settings, "[--mdoc] [PROGRAM]",
	"the variables programs read"},
    {"sandbox", admin_sandbox, "[--json] [PROGRAM]",
	"what the kernel holds each process to"},
};

#define NCOMMANDS (sizeof(commands) / sizeof(commands[0]))

static int
help(FILE *to)
{
	fprintf(to, "usage: yubin COMMAND …\n\n");
	for (size_t i = 0; i < NCOMMANDS; i++)
		fprintf(to, "  %s %s\n      %s\n", commands[i].name,
		    commands[i].args, commands[i].help);
	fprintf(to, "\nAny other COMMAND runs the program yubin-COMMAND.\n"
		    "YUBIN_ROOT is the root of the state "
		    "[/var/lib/yubin].\n");
	return to == stdout ? 0 : EXIT_PERM;
}

int
refuse(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "yubin: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	return EXIT_PERM;
}

int
failed(const char *what)
{
	int err = errno;

	refuse("%s: %s", what, fail_last());
	return err == EINVAL || err == ENOENT || err == EEXIST || err == EPROTO
	           ? EXIT_PERM
	           : EXIT_TEMP;
}

const char *
take_option(int *argc, char **argv, const char *name)
{
	const char *value = NULL;
	int n = 0;

	for (int i = 0; i < *argc; i++)
		if (strcmp(argv[i], name) == 0 && i + 1 < *argc)
			value = argv[++i];
		else
			argv[n++] = argv[i];
	*argc = n;
	argv[n] = NULL;
	return value;
}

bool
take_flag(int *argc, char **argv, const char *name)
{
	bool there = false;
	int n = 0;

	for (int i = 0; i < *argc; i++)
		if (strcmp(argv[i], name) == 0)
			there = true;
		else
			argv[n++] = argv[i];
	*argc = n;
	argv[n] = NULL;
	return there;
}

bool
split_address(const char *text, struct str *local, struct str *domain)
{
	struct str s = str_z(text);
	size_t at = str_rfind(s, '@');

	*local = str_to(s, at);
	*domain = str_from(s, at + 1);
	if (at < s.n && local->n > 0 && domain_valid(*domain))
		return true;
	refuse("%s is not an address", text);
	return false;
}

bool
need_domain(const char *root, struct str domain)
{
	int r = domain_is_local(root, domain);

	if (r > 0)
		return true;
	if (r < 0)
		failed("look for the domain");
	else
		refuse("%.*s is not one of our domains; add it with "
		       "\"yubin domain add\"",
		    STR_FMT(domain));
	return false;
}

int
no_user(struct str local, struct str domain)
{
	return refuse(
	    "there is no user %.*s@%.*s", STR_FMT(local), STR_FMT(domain));
}

int
has_user(const char *root, struct str local, struct str domain)
{
	struct user u;
	struct arena a;
	int r;

	arena_init(&a, 1u << 20);
	r = user_find(root, local, domain, &a, &u);
	arena_free(&a);
	return r;
}

int
need_user(const char *root, struct str local, struct str domain)
{
	int r = has_user(root, local, domain);

	if (r < 0)
		return failed("read the users");
	return r == 0 ? no_user(local, domain) : 0;
}

int
which_domains(const char *root, const char *domain, struct arena *a,
    struct str **names, size_t *n)
{
	if (!domain)
		return domain_list(root, a, names, n) < 0
		           ? failed("list the domains")
		           : 0;
	if (!need_domain(root, str_z(domain)))
		return EXIT_PERM;
	*names = arena_alloc(a, sizeof(**names));
	**names = str_z(domain);
	*n = 1;
	return 0;
}

/* yubin-NAME beside us, with our arguments. */
static int
run_other(char **argv)
{
	char path[4096];

	for (const char *p = argv[1]; *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-", *p))
			return help(stderr);
	if (libexec_path(path, sizeof(path), argv[1]) < 0)
		return failed("find the programs");
	execv(path, argv + 1);
	if (errno != ENOENT)
		return failed(path);
	refuse("there is no command %s\n", argv[1]);
	return help(stderr);
}

int
main(int argc, char **argv)
{
	serve_program("yubin", "COMMAND …", argc, argv);
	if (argc < 2)
		return help(stderr);
	if (strcmp(argv[1], "help") == 0)
		return help(stdout);
	for (size_t i = 0; i < NCOMMANDS; i++) {
		int r;

		if (strcmp(argv[1], commands[i].name) != 0)
			continue;
		env_load(settings_root()); /* as far as we may */
		r = commands[i].run(argc - 1, argv + 1);
		if (fflush(stdout) != 0 || ferror(stdout))
			return EXIT_TEMP;
		return r;
	}
	return run_other(argv);
}
