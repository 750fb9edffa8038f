/* SPDX-License-Identifier: ISC */
#include "queue/full.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/num.h"
#include "base/now.h"

#define KEY_MOST 200 /* octets of an address; longer ones are not noted */
#define PATH_SIZE (sizeof(FULL_DIR) + 1 + KEY_MOST)

/* "full/" and the address as a file name, in small letters; false: it cannot be
 * one. */
static bool
path_of(char to[PATH_SIZE], struct str address)
{
	size_t n = sizeof(FULL_DIR);

	if (address.n == 0 || address.n > KEY_MOST || address.p[0] == '.')
		return false;
	memcpy(to, FULL_DIR "/", n);
	for (size_t i = 0; i < address.n; i++) {
		char c = ascii_lower(address.p[i]);

		if (c == '/' || ascii_iscntrl(c))
			return false;
		to[n++] = c;
	}
	to[n] = '\0';
	return true;
}

void
full_make(int queue)
{
	(void)!mkdirat(queue, FULL_DIR, 0750);
}

void
full_note(int queue, struct str address, uint64_t octets)
{
	const int flags =
	    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
	char path[PATH_SIZE], text[NUM_SIZE];
	int fd;

	if (!path_of(path, address))
		return;
	fd = openat(queue, path, flags, 0640);
	if (fd < 0)
		return;
	if (write(fd, text, num_print(text, octets)) < 0)
		unlinkat(queue, path, 0);
	close(fd);
}

/* What is noted in the open file, UINT64_MAX for nothing that counts. */
static uint64_t
noted(int fd, int64_t age_s)
{
	char text[NUM_SIZE];
	struct stat st;
	uint64_t octets;
	ssize_t n = read(fd, text, sizeof(text));

	if (n <= 0 || fstat(fd, &st) < 0 ||
	    now_wall_s() - (int64_t)st.st_mtime >= age_s ||
	    num_scan(str_make(text, (size_t)n), UINT64_MAX, &octets) < 0)
		return UINT64_MAX;
	return octets;
}

bool
full_is(const char *root, struct str address, uint64_t octets, int64_t age_s)
{
	char key[PATH_SIZE], path[PATH_MAX];
	uint64_t least;
	int fd, n;

	if (age_s == 0 || !path_of(key, address))
		return false;
	n = snprintf(path, sizeof(path), "%s/queue/%s", root, key);
	if (n < 0 || (size_t)n >= sizeof(path))
		return false;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return false;
	least = noted(fd, age_s);
	close(fd);
	return least <= FULL_SMALL || (octets && octets >= least - FULL_TRACE);
}
