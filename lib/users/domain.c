/* SPDX-License-Identifier: ISC */
/* Domains as folders, and the text files in them. */
#define _GNU_SOURCE
#include "users/domain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "base/now.h"
#include "io/dir.h"
#include "io/file.h"
#include "io/lock.h"

#define LABEL_MAX 63
#define EDIT_WAIT_S 10

static bool
label_valid(struct str label)
{
	if (label.n == 0 || label.n > LABEL_MAX)
		return false;
	for (size_t i = 0; i < label.n; i++) {
		char c = label.p[i];

		if (!ascii_isalnum(c) && c != '-' && c != '_')
			return false;
	}
	return true;
}

bool
domain_valid(struct str s)
{
	struct str label;

	if (s.n == 0 || s.n > DOMAIN_MAX)
		return false;
	while (str_cut(&s, '.', &label))
		if (!label_valid(label))
			return false;
	return true;
}

int
domain_path(char *to, size_t size, const char *root, struct str domain,
    const char *file)
{
	char low[DOMAIN_MAX + 1];
	int n;

	if (!domain_valid(domain))
		return fail_text(EINVAL, "not a valid domain");
	for (size_t i = 0; i < domain.n; i++)
		low[i] = ascii_lower(domain.p[i]);
	low[domain.n] = '\0';
	n = snprintf(to, size, "%s/domains/%s%s%s", root, low, file ? "/" : "",
	    file ? file : "");
	if (n < 0 || (size_t)n >= size) {
		errno = ENAMETOOLONG;
		return fail("path too long: ", low);
	}
	return 0;
}

int
domain_is_local(const char *root, struct str domain)
{
	char path[4096];
	struct stat st;

	if (!domain_valid(domain))
		return 0;
	if (domain_path(path, sizeof(path), root, domain, NULL) < 0)
		return -1;
	if (stat(path, &st) == 0)
		return S_ISDIR(st.st_mode);
	if (errno == ENOENT || errno == ENOTDIR)
		return 0;
	return fail("stat ", path);
}

int
domain_list(const char *root, struct arena *a, struct str **names, size_t *n)
{
	char path[4096];
	char **found;
	size_t count;

	*n = 0;
	*names = NULL;
	if (file_join(path, sizeof(path), root, "domains") < 0 ||
	    dir_list(AT_FDCWD, path, 0, DOMAIN_LIST_MAX, a, &found, &count) < 0)
		return -1;
	*names = arena_array(a, count, sizeof(**names));
	for (size_t i = 0; i < count; i++)
		if (domain_is_local(root, str_z(found[i])) > 0)
			(*names)[(*n)++] = str_z(found[i]);
	return 0;
}

int
domain_read(
    const char *root, struct str domain, const char *file, struct buf *b)
{
	char path[4096];

	if (!domain_valid(domain))
		return 0;
	if (domain_path(path, sizeof(path), root, domain, file) < 0)
		return -1;
	if (file_read(AT_FDCWD, path, b) == 0)
		return 1;
	return errno == ENOENT || errno == ENOTDIR ? 0 : -1;
}

static int
edit_open(struct domain_edit *e, const char *path)
{
	int r;

	e->dirfd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (e->dirfd < 0)
		return fail("open ", path);
	e->lockfd =
	    openat(e->dirfd, ".lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (e->lockfd < 0)
		return fail("open .lock in ", path);
	r = lock_take(e->lockfd, true, now_plus_s(EDIT_WAIT_S));
	if (r == 0)
		errno = ETIMEDOUT;
	if (r <= 0)
		return fail("lock ", path);
	if (file_read(e->dirfd, e->file, &e->old) < 0 && errno != ENOENT)
		return -1;
	return 0;
}

int
domain_edit_begin(struct domain_edit *e, const char *root, struct str domain,
    const char *file)
{
	char path[4096];
	int err;

	if (domain_path(path, sizeof(path), root, domain, NULL) < 0)
		return -1;
	*e = (struct domain_edit){.dirfd = -1, .lockfd = -1, .file = file};
	buf_init(&e->old, DOMAIN_FILE_MAX);
	if (edit_open(e, path) == 0)
		return 0;
	err = errno;
	domain_edit_end(e);
	errno = err;
	return -1;
}

/* The owner of the old file stays the owner, where we may say so. */
static void
keep_owner(const struct domain_edit *e, const struct stat *old)
{
	struct stat now;

	if (fstatat(e->dirfd, e->file, &now, 0) < 0 ||
	    (now.st_uid == old->st_uid && now.st_gid == old->st_gid))
		return;
	if (fchownat(e->dirfd, e->file, old->st_uid, old->st_gid, 0) < 0)
		errno = 0; /* an administrator who is not root */
}

int
domain_edit_commit(struct domain_edit *e, struct str text)
{
	struct stat st;
	bool existed = fstatat(e->dirfd, e->file, &st, 0) == 0;
	mode_t mode = existed ? st.st_mode & 0777 : 0640;

	if (file_replace(e->dirfd, e->file, text, mode) < 0)
		return -1;
	if (existed)
		keep_owner(e, &st);
	return 0;
}

void
domain_edit_end(struct domain_edit *e)
{
	buf_free(&e->old);
	if (e->lockfd >= 0)
		close(e->lockfd);
	if (e->dirfd >= 0)
		close(e->dirfd);
}
