/* SPDX-License-Identifier: ISC */
/* maildir/digests: shared by several writers, and rebuilt whatever is done to
 * the file. */
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "maildir/digests.h"

static int folder;

static struct str
name_of(unsigned i)
{
	static char name[32];

	snprintf(name, sizeof(name), "1700000000.M%u.host", i);
	return str_z(name);
}

static struct str
text_of(unsigned i)
{
	static char text[1000];

	snprintf(
	    text, sizeof(text), "digest %u %0*u", i, (int)(900 + i % 40), 0u);
	return str_z(text);
}

static void
add(struct digests *d, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		digests_add(d, name_of(i), i, text_of(i));
}

/* How many of 0..n are found, and right. */
static unsigned
found(struct digests *d, unsigned n)
{
	unsigned count = 0;
	struct str got;

	digests_refresh(d);
	/* Until several are missed the file is not searched. */
	for (int i = 0; i < 30; i++)
		digests_find(d, STR("none"), 0, 0, &got);
	for (unsigned i = 0; i < n; i++)
		if (digests_find(d, name_of(i), i, 0, &got) > 0)
			count += str_eq(got, text_of(i));
	return count;
}

static off_t
size(void)
{
	struct stat st;

	return fstatat(folder, DIGESTS, &st, 0) == 0 ? st.st_size : -1;
}

static void
overwrite(off_t at, const char *p, size_t n)
{
	int fd = openat(folder, DIGESTS, O_WRONLY | O_CREAT, 0600);

	if (fd < 0 || pwrite(fd, p, n, at) != (ssize_t)n)
		abort();
	close(fd);
}

static void
cut(off_t at)
{
	int fd = openat(folder, DIGESTS, O_WRONLY);

	if (fd < 0 || ftruncate(fd, at) < 0)
		abort();
	close(fd);
}

static void
test_sharing(void)
{
	struct digests a, b;
	const struct digests_place *p;
	struct str got;
	uint32_t at;
	size_t n;

	digests_init(&a, folder, DIGESTS);
	digests_init(&b, folder, DIGESTS);
	CHECK_NUM(found(&a, 10), 0, "there is nothing yet");
	CHECK_NUM(size(), -1, "and asking makes no file");
	add(&a, 0, 2000);
	digests_write(&a);
	CHECK_NUM(found(&a, 2000), 2000, "what was written");
	CHECK_NUM(found(&b, 2000), 2000, "others see it");
	add(&b, 2000, 3000);
	add(&a, 3000, 4000);
	digests_write(&b);
	digests_write(&a);
	CHECK_NUM(found(&a, 4000), 4000, "two writers");
	CHECK_NUM(found(&b, 4000), 4000, "seen by both");
	digests_add(&b, name_of(7), 7, STR("newer"));
	digests_write(&b);
	p = digests_placed(&b, &n);
	CHECK(n > 0 && p[n - 1].tag == 7, "it has a place");
	at = n ? p[n - 1].at : 0;
	CHECK_NUM(found(&a, 10), 9, "one that came twice");
	CHECK_NUM(digests_find(&a, name_of(7), 7, 0, &got), 1, "is there");
	CHECK_STR(got, STR("newer"), "the last one counts");
	digests_close(&a);
	digests_init(&a, folder, DIGESTS);
	CHECK_NUM(digests_find(&a, name_of(7), 7, at, &got), 1, "by its place");
	CHECK_STR(got, STR("newer"), "the same");
	CHECK_NUM(digests_find(&a, name_of(8), 8, at, &got), 0, "a wrong one");
	CHECK_NUM(found(&a, 9), 8, "is searched for when several are missed");
	CHECK_NUM(digests_find(&a, name_of(8), 8, at, &got), 1, "there it is");
	CHECK_STR(got, text_of(8), "whatever place is said");
	CHECK_NUM(digests_find(&a, name_of(9), 9, 12345, &got), 1, "nonsense");
	CHECK_STR(got, text_of(9), "does no harm either");
	digests_close(&a);
	digests_close(&b);
}

static void
test_processes(void)
{
	struct digests d;

	unlinkat(folder, DIGESTS, 0);
	for (unsigned k = 0; k < 4; k++) {
		if (fork() > 0)
			continue;
		digests_init(&d, folder, DIGESTS);
		for (unsigned i = 0; i < 50; i++) {
			add(&d, (k * 50 + i) * 10, (k * 50 + i + 1) * 10);
			digests_write(&d);
		}
		digests_close(&d);
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	digests_init(&d, folder, DIGESTS);
	CHECK_NUM(found(&d, 2000), 2000, "four processes at once");
	digests_close(&d);
}

/* Entries are lost, never wrong, and can be added again. */
static void
check_damage(struct digests *d, unsigned least, unsigned most, const char *what)
{
	struct digests fresh;
	unsigned n;

	digests_init(&fresh, folder, DIGESTS);
	n = found(&fresh, 1000);
	CHECK(n >= least && n <= most, what);
	if (n < least || n > most)
		printf("# %u of 1000\n", n);
	digests_close(&fresh);
	add(d, 0, 1000);
	digests_write(d);
	CHECK_NUM(found(d, 1000), 1000, "added again");
	digests_init(&fresh, folder, DIGESTS);
	CHECK_NUM(found(&fresh, 1000), 1000, "for all");
	digests_close(&fresh);
}

static void
test_damage(void)
{
	static char random[5000];
	struct digests d;

	unlinkat(folder, DIGESTS, 0);
	digests_init(&d, folder, DIGESTS);
	add(&d, 0, 1000);
	digests_write(&d);
	overwrite(size() / 2, random, 5000);
	check_damage(&d, 800, 999, "a hole of zeros");
	unlinkat(folder, DIGESTS, 0);
	check_damage(&d, 0, 0, "deleted");
	cut(size() / 2);
	check_damage(&d, 400, 600, "cut in the middle");
	overwrite(0, "yubin digests 0\n", 16);
	check_damage(&d, 0, 0, "another version");
	srand(1);
	for (size_t i = 0; i < sizeof(random); i++)
		random[i] = (char)rand();
	for (off_t at = 0; at < size(); at += (off_t)sizeof(random))
		overwrite(at, random, sizeof(random));
	check_damage(&d, 0, 0, "random octets");
	overwrite(size(), "torn", 4);
	check_damage(&d, 1000, 1000, "a torn entry at the end");
	unlinkat(folder, DIGESTS, 0);
	overwrite(0, "", 0);
	check_damage(&d, 0, 0, "an empty file");
	unlinkat(folder, DIGESTS, 0);
	if (mkdirat(folder, DIGESTS, 0700) < 0)
		abort();
	add(&d, 0, 10);
	digests_write(&d);
	CHECK_NUM(found(&d, 10), 0, "a directory is no file");
	unlinkat(folder, DIGESTS, AT_REMOVEDIR);
	digests_close(&d);
}

static void
test_rewrite(void)
{
	struct digests d, other, new;
	struct str got;
	off_t before;

	digests_init(&d, folder, DIGESTS);
	digests_init(&other, folder, DIGESTS);
	add(&d, 0, 3000);
	digests_write(&d);
	CHECK_NUM(found(&other, 3000), 3000, "all");
	CHECK(!digests_wasteful(&other, 0), "who wrote nothing leaves it");
	CHECK(!digests_wasteful(&d, 1000), "not worth it");
	CHECK(digests_wasteful(&d, 900), "worth it");
	before = size();
	CHECK_NUM(digests_rewrite_begin(&d, &new), 0, "begin");
	for (unsigned i = 0; i < 900; i++)
		if (digests_find(&d, name_of(i), 0, 0, &got) > 0)
			digests_add(&new, name_of(i), i, got);
	digests_rewrite_end(&d, &new);
	CHECK(size() < before / 2, "smaller");
	CHECK_NUM(found(&d, 3000), 900, "those that were to stay");
	CHECK_NUM(found(&other, 3000), 900, "for others too");
	add(&other, 900, 1000);
	digests_write(&other);
	CHECK_NUM(found(&d, 3000), 1000, "which write to the new file");
	digests_close(&d);
	digests_close(&other);
}

int
main(void)
{
	char dir[] = "/tmp/test_digests.XXXXXX";

	if (!mkdtemp(dir))
		return 1;
	folder = open(dir, O_RDONLY | O_DIRECTORY);
	test_sharing();
	test_processes();
	test_damage();
	test_rewrite();
	unlinkat(folder, DIGESTS, 0);
	CHECK_NUM(rmdir(dir), 0, "nothing else is left");
	return tap_done();
}
