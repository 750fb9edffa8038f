/* SPDX-License-Identifier: ISC */
/* The Maildir++ of one user. */
#include "maildir/home.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/num.h"
#include "base/now.h"
#include "io/drop.h"
#include "io/file.h"
#include "io/lock.h"
#include "maildir/digests.h"
#include "maildir/folder.h"
#include "maildir/index.h"
#include "maildir/folder_name.h"

#define VALIDITY "dovecot-uidvalidity"
#define VALIDITY_WAIT_S 30

int
home_open(struct home *h, const char *path, bool create)
{
	*h = (struct home){.fd = -1, .cache = HOME_BESIDE};
	if (str_copy(h->path, sizeof(h->path), str_z(path)) < 0)
		return fail("open ", path);
	h->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (h->fd < 0 && errno == ENOENT && create) {
		if (file_mkdirs(path, 0700) < 0)
			return -1;
		h->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	return h->fd < 0 ? fail("open ", path) : 0;
}

int
home_become(const char **path)
{
	struct drop owner;

	if (geteuid() != 0 || !drop_owner(*path, &owner) || owner.uid == 0)
		return 0;
	/* Before, for the owner may not be allowed to pass the folders above.
	 */
	if (chdir(*path) < 0)
		return fail("chdir ", *path);
	*path = ".";
	return drop_to(&owner);
}

/* Our own directory below path, open; -1 none to be had. */
static int
open_cache(const struct home *h, const char *path, char to[PATH_MAX])
{
	struct stat st, own;
	int fd, n;

	if (fstat(h->fd, &st) < 0)
		return -1;
	n = snprintf(to, PATH_MAX, "%s/%llx-%llx", path,
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	if (n < 0 || n >= PATH_MAX)
		return -1;
	(void)file_mkdirs(to, 0700);
	fd = open(to, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd >= 0 && fstat(fd, &own) == 0 && own.st_uid == geteuid())
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

void
home_cache(struct home *h, const char *path, char to[PATH_MAX])
{
	to[0] = '\0';
	if (!path[0])
		return;
	h->cache = open_cache(h, path, to);
	if (h->cache >= 0)
		return;
	h->cache = HOME_NOWHERE;
	to[0] = '\0';
}

int
home_index(const struct home *h, int folder, int cur, char name[HOME_INDEX])
{
	struct stat st;

	snprintf(name, HOME_INDEX, "%s", INDEX);
	if (h->cache == HOME_BESIDE)
		return folder;
	if (h->cache < 0 || fstat(cur, &st) < 0)
		return HOME_NOWHERE;
	snprintf(name, HOME_INDEX, INDEX "-%llx-%llx",
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	return h->cache;
}

void
home_forget(const struct home *h, const char *dir)
{
	char path[NAME_MAX + 8], index[HOME_INDEX], digests[DIGESTS_NAME];
	int cur;

	if (h->cache < 0)
		return;
	snprintf(path, sizeof(path), "%s/cur", dir);
	cur = openat(h->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cur < 0)
		return;
	if (home_index(h, -1, cur, index) >= 0) {
		digests_name(digests, index);
		unlinkat(h->cache, index, 0);
		unlinkat(h->cache, digests, 0);
	}
	close(cur);
}

void
home_close(struct home *h)
{
	if (h->cache >= 0)
		close(h->cache);
	h->cache = HOME_BESIDE;
	if (h->fd >= 0)
		close(h->fd);
	h->fd = -1;
}

/* Whether the directory may be spelled in more ways than one. */
static bool
has_spellings(struct str name)
{
	return str_has(name, '&') || str_istarts(name, STR("INBOX."));
}

int
home_folder_dir(const struct home *h, struct str name, char dir[NAME_MAX + 1])
{
	struct stat st;

	if (str_ieq(name, STR("INBOX"))) {
		memcpy(dir, ".", 2);
		return 0;
	}
	if (!folder_valid(name)) {
		errno = EINVAL;
		return -1;
	}
	if (folder_name_spell(name, 0, dir) && !has_spellings(name))
		return 0;
	for (int i = 0; i < FOLDER_NAME_SPELLINGS; i++)
		if (folder_name_spell(name, i, dir) &&
		    fstatat(h->fd, dir, &st, 0) == 0 && S_ISDIR(st.st_mode))
			return 0;
	if (folder_name_spell(name, 0, dir))
		return 0;
	errno = ENAMETOOLONG;
	return -1;
}

/* Make the subdirectories that are missing.  Only INBOX may lack cur: another
 * hidden directory without it is no mailbox. */
static int
complete(int fd, bool inbox)
{
	static const char *const parts[] = {"cur", "new", "tmp"};
	struct stat st;

	if (!inbox && fstatat(fd, "cur", &st, 0) < 0)
		return errno == ENOENT ? 0 : fail("stat ", "cur");
	for (int i = 0; i < 3; i++)
		if (mkdirat(fd, parts[i], 0700) < 0 && errno != EEXIST &&
		    fstatat(fd, parts[i], &st, 0) < 0)
			return fail("mkdir ", parts[i]);
	return 1;
}

/* The descriptor, or -1; ENOENT for a bad name too. */
static int
open_dir(const struct home *h, struct str name, char dir[NAME_MAX + 1])
{
	if (home_folder_dir(h, name, dir) < 0) {
		errno = ENOENT;
		return -1;
	}
	return openat(h->fd, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int
home_folder_open(const struct home *h, struct str name, int *fd)
{
	char dir[NAME_MAX + 1];
	int r;

	*fd = open_dir(h, name, dir);
	/* An interrupted RENAME may be about to give that name. */
	if (*fd < 0 && errno == ENOENT && folder_mend(h) > 0)
		*fd = open_dir(h, name, dir);
	if (*fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0
		                                           : fail("open ", dir);
	r = complete(*fd, dir[1] == '\0');
	if (r <= 0) {
		int err = errno;

		close(*fd);
		errno = err;
	}
	return r;
}

/* The value in the open file, 0 when it holds none. */
static uint32_t
read_value(int fd)
{
	char text[16];
	uint64_t v;
	ssize_t n = pread(fd, text, sizeof(text), 0);

	if (n < 0 || num_scan_hex(str_trim(str_make(text, (size_t)n)),
			 UINT32_MAX, &v) < 0)
		return 0;
	return (uint32_t)v;
}

/* Dovecot keeps the value a second time, as an empty file's name. */
static void
rename_mark(const struct home *h, uint32_t old, uint32_t v)
{
	char from[48], to[48];
	int fd;

	snprintf(from, sizeof(from), VALIDITY ".%08x", old);
	snprintf(to, sizeof(to), VALIDITY ".%08x", v);
	if (renameat(h->fd, from, h->fd, to) == 0)
		return;
	fd = openat(h->fd, to, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd >= 0)
		close(fd);
}

static int
write_value(const struct home *h, int fd, uint32_t old, uint32_t v)
{
	char text[16];

	snprintf(text, sizeof(text), "%08x", v);
	if (pwrite(fd, text, 8, 0) != 8 || fdatasync(fd) < 0)
		return fail("write ", VALIDITY);
	if (old == 0 && file_sync_dir(h->fd) < 0)
		return -1;
	rename_mark(h, old, v);
	return 0;
}

/* Advance the value beyond `above`, at least to the time of day when `clock`;
 * leave it alone when it is there already and !clock. */
static int
advance(const struct home *h, uint32_t above, bool clock, uint32_t *v)
{
	int fd = openat(h->fd, VALIDITY, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	uint32_t old, now = (uint32_t)now_wall_s();
	int r, err;

	if (fd < 0)
		return fail("open ", VALIDITY);
	r = lock_take(fd, true, now_plus_s(VALIDITY_WAIT_S));
	if (r == 0)
		errno = ETIMEDOUT;
	r = r == 1 ? 0 : fail("lock ", VALIDITY);
	old = r < 0 ? 0 : read_value(fd);
	*v = old > above ? old : above;
	if (clock)
		*v = *v < now ? now : *v + 1;
	/* Over the end after 2106 or with garbage: start again. */
	if (*v == 0)
		*v = 1;
	if (r == 0 && *v != old)
		r = write_value(h, fd, old, *v);
	err = errno;
	close(fd);
	errno = err;
	return r;
}

int
home_uidvalidity_next(const struct home *h, uint32_t *v)
{
	return advance(h, 0, true, v);
}

int
home_uidvalidity_note(const struct home *h, uint32_t v)
{
	uint32_t ignored;

	return advance(h, v, false, &ignored);
}
