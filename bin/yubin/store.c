/* SPDX-License-Identifier: ISC */
/* One Maildir for the administrator. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin.h"
#include "base/fail.h"
#include "conf/settings.h"
#include "io/dir.h"
#include "maildir/folder.h"
#include "maildir/folder_name.h"
#include "serve/session.h"
#include "users/user.h"

#define MEMORY ((size_t)1 << 30)
#define TOP_MAX 200000

bool
store_has(int fd, const char *name)
{
	return faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int
store_dir(int fd, const char *name)
{
	return openat(
	    fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* The Maildir of an account.  Returns 0 or the exit code. */
static int
account(struct store *s, char path[PATH_MAX])
{
	const char *root = settings_root();
	struct str local, domain;
	struct user u;
	int r;

	if (!split_address(s->what, &local, &domain) ||
	    !need_domain(root, domain))
		return EXIT_PERM;
	r = user_find(root, local, domain, &s->a, &u);
	if (r < 0)
		return failed("look for the account");
	if (r == 0)
		return refuse("there is no account %s", s->what);
	if (str_copy(path, PATH_MAX, u.maildir) < 0)
		return failed(s->what);
	return 0;
}

/* Whether this entry of the Maildir is a folder; its name then is in b. */
static bool
is_folder(struct store *s, const char *entry, struct buf *b)
{
	char cur[NAME_MAX + 8];

	buf_reset(b);
	snprintf(cur, sizeof(cur), "%s/cur", entry);
	return folder_name_read(entry, b) && folder_valid(buf_slice(b)) &&
	       store_has(s->home.fd, cur);
}

int
store_list(struct store *s)
{
	struct buf b;
	char **names;
	size_t n;

	if (dir_list(s->home.fd, ".", 1, TOP_MAX, &s->a, &names, &n) < 0)
		return failed(s->what);
	buf_init(&b, 4096);
	s->nfolders = s->nothers = 0;
	s->folders = arena_array(&s->a, n + 1, sizeof(*s->folders));
	s->others = arena_array(&s->a, n + 1, sizeof(*s->others));
	s->folders[s->nfolders++] =
	    (struct store_folder){.name = STR("INBOX"), .dir = "."};
	for (size_t i = 0; i < n; i++) {
		if (is_folder(s, names[i], &b))
			s->folders[s->nfolders++] = (struct store_folder){
			    .name = arena_str(&s->a, buf_slice(&b)),
			    .dir = names[i]};
		else
			s->others[s->nothers++] = names[i];
	}
	buf_free(&b);
	return 0;
}

int
store_open(struct store *s, const char *what)
{
	char path[PATH_MAX];
	const char *at = path;
	int r;

	*s = (struct store){.what = what, .home.fd = -1};
	arena_init(&s->a, MEMORY);
	if (strchr(what, '@') && !strchr(what, '/'))
		r = account(s, path);
	else
		r = str_copy(path, sizeof(path), str_z(what)) < 0 ? failed(what)
		                                                  : 0;
	if (r == 0 &&
	    (home_become(&at) < 0 || home_open(&s->home, at, false) < 0))
		r = failed(what);
	if (r == 0 && !store_has(s->home.fd, "cur"))
		r = refuse("%s is no Maildir: it has no cur/", what);
	if (r == 0)
		r = store_list(s);
	if (r != 0)
		store_close(s);
	return r;
}

void
store_close(struct store *s)
{
	home_close(&s->home);
	arena_free(&s->a);
}

void
store_progress(size_t done, size_t all)
{
	if (!isatty(2) || all < 2)
		return;
	if (done < all)
		fprintf(stderr, "\r%zu of %zu folders ", done, all);
	else
		fprintf(stderr, "\r                              \r");
}
