/* SPDX-License-Identifier: ISC */
/* Salts by HMAC. */
#define _GNU_SOURCE
#include "users/pretend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/buf.h"
#include "base/fail.h"
#include "base/hash.h"
#include "io/file.h"
#include "users/secret.h"

#define KEY 32

/* Two at once make one key: whose link is first.  It has its octets on disk
 * before it has its name: an empty one would be everybody's. */
static int
make_key(const char *path)
{
	unsigned char key[KEY];
	char text[4096];
	int fd, r;

	if (secret_random(key, sizeof(key)) < 0)
		return -1;
	if (snprintf(text, sizeof(text), "%s.XXXXXX", path) >=
	    (int)sizeof(text))
		return fail_text(ENAMETOOLONG, "the root's name is too long");
	fd = mkstemp(text);
	if (fd < 0)
		return fail("make ", text);
	r = file_write(fd, key, sizeof(key));
	if (r == 0 && fsync(fd) < 0)
		r = fail("write ", text);
	if (r == 0 && link(text, path) < 0 && errno != EEXIST)
		r = fail("make ", path);
	unlink(text);
	close(fd);
	return r;
}

/* The key into b. */
static int
read_key(const char *root, struct buf *b)
{
	char path[4000];

	if (file_join(path, sizeof(path), root, "domains/.pretend") < 0)
		return -1;
	if (file_read(AT_FDCWD, path, b) == 0)
		return 0;
	if (errno == ENOENT && make_key(path) == 0)
		return file_read(AT_FDCWD, path, b);
	return errno == EACCES || errno == EROFS || errno == EPERM ||
	               errno == ENOENT
	           ? 0
	           : -1;
}

/* Block i of the name's octets. */
static void
make_block(struct str key, struct str local, struct str domain, char i,
    unsigned char block[KEY])
{
	struct buf text;

	buf_init(&text, local.n + domain.n + 2);
	buf_chr(&text, i);
	buf_str(&text, local);
	buf_chr(&text, '@');
	buf_str(&text, domain);
	for (size_t k = 0; k < text.n; k++)
		text.p[k] = ascii_lower(text.p[k]);
	hash_hmac(HASH_SHA256, key, buf_slice(&text), block);
	buf_free(&text);
}

int
pretend_salt(const char *root, struct str local, struct str domain,
    unsigned char *salt, size_t n)
{
	unsigned char block[KEY];
	struct buf key;

	buf_init(&key, 1024);
	if (read_key(root, &key) < 0) {
		buf_wipe(&key);
		return -1;
	}
	for (size_t at = 0; at < n; at += KEY) {
		make_block(buf_slice(&key), local, domain,
		    (char)('0' + at / KEY), block);
		memcpy(salt + at, block, n - at < KEY ? n - at : KEY);
	}
	buf_wipe(&key);
	return 0;
}
