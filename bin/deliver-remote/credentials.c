/* SPDX-License-Identifier: ISC */
/* Credentials: a file each. */
#include "credentials.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fail.h"
#include "io/file.h"
#include "net/routes.h"

#define FILE_MAX 4096
#define ROUTES_MAX (1 << 20)

static struct kept {
	char path[CREDENTIALS_PATH];
	struct credentials k;
} kept[CREDENTIALS_FILES];
static size_t nkept;

int
credentials_path(
    char path[CREDENTIALS_PATH], const char *root, const char *file)
{
	if (*file == '/')
		return str_copy(path, CREDENTIALS_PATH, str_z(file));
	return file_join(path, CREDENTIALS_PATH, root, file);
}

/* "user password" in the first line; the password may hold blanks. */
static int
parse(struct str text, struct credentials *to)
{
	struct str line = str_to(text, str_find(text, '\n'));
	size_t i = 0;

	line = str_to(line, str_find(line, '\r'));
	while (i < line.n && !ascii_isblank(line.p[i]))
		i++;
	if (i == 0 || i + 1 >= line.n)
		return -1;
	if (str_copy(to->user, sizeof(to->user), str_to(line, i)) < 0)
		return -1;
	return str_copy(
	    to->password, sizeof(to->password), str_from(line, i + 1));
}

static int
check_mode(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return fail("credentials ", path);
	if (!S_ISREG(st.st_mode) || (st.st_mode & 027) != 0) {
		errno = EPERM;
		return fail(
		    "credentials that others may read or write: ", path);
	}
	return 0;
}

static int
read_file(const char *path, struct credentials *to)
{
	struct buf b;
	int r;

	if (check_mode(path) < 0)
		return -1;
	buf_init(&b, FILE_MAX);
	r = file_read(AT_FDCWD, path, &b);
	if (r < 0)
		fail("credentials ", path);
	else if ((r = parse(buf_slice(&b), to)) < 0) {
		errno = EINVAL;
		fail("credentials that are not \"user password\": ", path);
	}
	buf_free(&b);
	return r;
}

void
credentials_keep(const char *root)
{
	char path[CREDENTIALS_PATH];
	struct str text;
	struct route r;
	struct buf b;

	buf_init(&b, ROUTES_MAX);
	if (file_join(path, sizeof(path), root, "routes") == 0 &&
	    file_read(AT_FDCWD, path, &b) == 0) {
		text = buf_slice(&b);
		while (nkept < CREDENTIALS_FILES && routes_next(&text, &r)) {
			struct kept *k = &kept[nkept];

			if (*r.auth &&
			    credentials_path(k->path, root, r.auth) == 0 &&
			    read_file(k->path, &k->k) == 0)
				nkept++;
		}
	}
	buf_free(&b);
}

int
credentials_get(const char *root, const char *file, struct credentials *to)
{
	char path[CREDENTIALS_PATH];

	if (credentials_path(path, root, file) < 0)
		return fail("credentials ", file);
	if (read_file(path, to) == 0)
		return 0;
	if (errno != EACCES)
		return -1;
	for (size_t i = 0; i < nkept; i++)
		if (strcmp(kept[i].path, path) == 0) {
			*to = kept[i].k;
			return 0;
		}
	return -1;
}
