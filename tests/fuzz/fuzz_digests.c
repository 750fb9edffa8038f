/* SPDX-License-Identifier: ISC */
/* The file of digests: whatever octets are in it, what is found was added. */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "maildir/digests.h"

static void
check(struct digests *d, struct str base, struct str want)
{
	struct str got;

	/* Until several are missed the file is not searched. */
	for (uint32_t at = 0; at < 40; at++)
		if (digests_find(d, base, 1, at, &got) > 0 && str_eq(got, want))
			return;
	abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char dir[] = "/tmp/fuzz_digests.XXXXXX";
	struct digests d, other;
	int folder, fd;

	if (!mkdtemp(dir) || (folder = open(dir, O_RDONLY)) < 0 ||
	    (fd = openat(folder, DIGESTS, O_WRONLY | O_CREAT, 0600)) < 0 ||
	    write(fd, data, n) != (ssize_t)n)
		abort();
	close(fd);
	digests_init(&d, folder, DIGESTS);
	digests_init(&other, folder, DIGESTS);
	digests_add(&d, STR("base"), 1, STR("digest"));
	digests_write(&d);
	check(&d, STR("base"), STR("digest"));
	check(&other, STR("base"), STR("digest"));
	digests_close(&d);
	digests_close(&other);
	unlinkat(folder, DIGESTS, 0);
	close(folder);
	if (rmdir(dir) < 0)
		abort();
	return 0;
}
