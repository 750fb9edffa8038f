/* SPDX-License-Identifier: ISC */
/* yubin domain: a domain is ours when its folder exists. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin.h"
#include "base/ascii.h"
#include "base/fail.h"
#include "conf/settings.h"
#include "io/dir.h"
#include "io/file.h"
#include "users/domain.h"
#include "users/user.h"

static int
list(const char *root)
{
	struct str *names;
	struct arena a;
	size_t n;
	int r;

	arena_init(&a, 64u << 20);
	r = domain_list(root, &a, &names, &n);
	for (size_t i = 0; i < n; i++)
		printf("%.*s\n", STR_FMT(names[i]));
	arena_free(&a);
	return r < 0 ? failed("list the domains") : 0;
}

static void
lower(char *to, const char *from)
{
	for (; *from; from++)
		*to++ = ascii_lower(*from);
	*to = '\0';
}

static int
add(const char *root, const char *name)
{
	char dir[512] = "domains/", mail[512] = "mail/", path[4096];

	if (!domain_valid(str_z(name)))
		return refuse("%s is not a domain name", name);
	lower(dir + strlen(dir), name);
	lower(mail + strlen(mail), name);
	if (domain_is_local(root, str_z(name)) > 0)
		return 0;
	/* Mail for it is accepted as soon as the folder is there: last. */
	if (make_dir(root, mail, 0711, "yubin-mail", NULL) < 0 ||
	    make_dir(root, dir, 02750, NULL, "root") < 0 ||
	    file_join(path, sizeof(path), root, "domains") < 0)
		return failed("add the domain (has \"yubin init\" been run?)");
	return 0;
}

/* Take the domain's own files away; anything else in its folder keeps it. */
static int
remove_files(int dirfd)
{
	static const char *const ours[] = {"aliases", "users", ".lock"};

	for (size_t i = 0; i < 3; i++)
		if (unlinkat(dirfd, ours[i], 0) < 0 && errno != ENOENT)
			return fail("remove ", ours[i]);
	if (unlinkat(dirfd, "dkim", AT_REMOVEDIR) < 0 && errno != ENOENT)
		return fail("remove ", "dkim");
	return 0;
}

static int
del(const char *root, const char *name)
{
	struct str domain = str_z(name);
	struct user *users;
	char path[4096];
	struct arena a;
	size_t n = 0;
	int fd, r;

	if (!need_domain(root, domain))
		return EXIT_PERM;
	arena_init(&a, 64u << 20);
	r = user_list(root, domain, SIZE_MAX, &a, &users, &n);
	arena_free(&a);
	if (r < 0 || domain_path(path, sizeof(path), root, domain, NULL) < 0)
		return failed("read its users");
	if (n > 0)
		return refuse(
		    "%s still has %zu users; remove them first", name, n);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return failed("open the domain");
	r = remove_files(fd);
	close(fd);
	if (r < 0 || (rmdir(path) < 0 && fail("rmdir ", path) < 0))
		return failed("remove the domain");
	return 0;
}

int
admin_domain(int argc, char **argv)
{
	const char *root = settings_root();

	if (argc == 2 && strcmp(argv[1], "list") == 0)
		return list(root);
	if (argc == 3 && strcmp(argv[1], "add") == 0)
		return add(root, argv[2]);
	if (argc == 3 && strcmp(argv[1], "del") == 0)
		return del(root, argv[2]);
	return refuse("usage: yubin domain list | add DOMAIN | del DOMAIN");
}
