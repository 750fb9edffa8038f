/* SPDX-License-Identifier: ISC */
/* Reads messages that are meant to break readers: torture FILE...
 * Each is digested in a process of its own that may use 32 MiB of memory and,
 * for each 10 MB of the message, SECONDS of CPU; in pieces of all kinds the
 * answer must be the same, and the same as from the whole text.  Beside
 * NAME.eml may lie NAME.shape, the tree its parts must form:
 * "mixed(plain,rfc822{html})".  Prints the files that fail. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "msg/digest.h"
#include "msg/structure.h"

#if defined(__SANITIZE_ADDRESS__)
#define SECONDS 60 /* and memory cannot be limited */
#else
#define SECONDS 5 /* it takes a tenth of one on an idle machine */
#endif
#define MEMORY ((size_t)32 << 20)
#define PIECE 65536
#define SMALL 300000 /* octets that are fed one by one */

static int
failed(const char *path, const char *what)
{
	printf("%s: %s\n", path, what);
	return 1;
}

static FILE *
open_file(const char *path)
{
	FILE *f = fopen(path, "rb");

	if (f)
		return f;
	perror(path);
	exit(1);
}

/* The digest of the file in pieces of `step`, and how large the file is. */
static size_t
digest(const char *path, size_t step, struct digest_maker *m, struct buf *to)
{
	static char piece[PIECE];
	FILE *f = open_file(path);
	size_t n, total = 0;

	buf_reset(to);
	digest_begin(m);
	while ((n = fread(piece, 1, step, f)) > 0) {
		digest_feed(m, str_make(piece, n));
		total += n;
	}
	digest_end(m, true, to);
	fclose(f);
	return total;
}

static void
limit(size_t size)
{
	rlim_t s = SECONDS * (size / 10000000 + 1);
	struct rlimit cpu = {s, s};

	setrlimit(RLIMIT_CPU, &cpu);
#if !defined(__SANITIZE_ADDRESS__)
	struct rlimit memory = {MEMORY, MEMORY};
	setrlimit(RLIMIT_AS, &memory);
#endif
}

/* In pieces of three kinds. */
static int
check_pieces(const char *path)
{
	struct digest_maker m;
	struct buf one, two;
	size_t size;

	digest_init(&m);
	buf_init(&one, DIGEST_MAX);
	buf_init(&two, DIGEST_MAX);
	size = digest(path, PIECE, &m, &one);
	if (one.over)
		return failed(path, "too large a digest");
	digest(path, 997, &m, &two);
	if (!str_eq(buf_slice(&one), buf_slice(&two)))
		return failed(path, "another digest in pieces of 997");
	if (size > SMALL)
		return 0;
	digest(path, 1, &m, &two);
	if (!str_eq(buf_slice(&one), buf_slice(&two)))
		return failed(path, "another digest octet by octet");
	return 0;
}

static void
put_shape(const struct part_tree *t, struct buf *b)
{
	uint32_t i = 0;

	for (;;) {
		const struct part *p = &t->parts[i];

		buf_str(b, p->subtype);
		if (p->kind != PART_LEAF)
			buf_chr(b, p->kind == PART_MESSAGE ? '{' : '(');
		if (p->first != PART_NONE) {
			i = p->first;
			continue;
		}
		if (p->kind == PART_MULTIPART)
			buf_chr(b, ')');
		while (p->parent != PART_NONE && p->next == PART_NONE) {
			p = &t->parts[p->parent];
			buf_chr(b, p->kind == PART_MESSAGE ? '}' : ')');
		}
		if (p->parent == PART_NONE)
			return;
		buf_chr(b, ',');
		i = p->next;
	}
}

static int
check_shape(const char *path, const struct part_tree *t)
{
	char name[4096], want[1000];
	struct buf b;
	FILE *f;

	snprintf(name, sizeof(name), "%.*s.shape", (int)strlen(path) - 4, path);
	f = fopen(name, "r");
	if (!f)
		return 0;
	if (!fgets(want, sizeof(want), f))
		want[0] = '\0';
	fclose(f);
	want[strcspn(want, "\n")] = '\0';
	buf_init(&b, 1 << 20);
	put_shape(t, &b);
	if (strcmp(buf_cstr(&b), want) == 0)
		return 0;
	printf("%s: %s, not %s\n", path, buf_cstr(&b), want);
	return 1;
}

static bool
same(const struct part *a, const struct part *b)
{
	return a->kind == b->kind && a->header == b->header &&
	       a->body == b->body && a->end == b->end &&
	       a->header_lf == b->header_lf && a->body_lf == b->body_lf &&
	       a->lines == b->lines && a->parent == b->parent &&
	       str_eq(a->type, b->type) && str_eq(a->subtype, b->subtype);
}

/* The digest against the whole text. */
static int
check_whole(const char *path)
{
	struct digest_maker m;
	struct part_tree t, whole;
	struct buf made, text;
	struct digest d;
	struct arena a;
	FILE *f;
	size_t n;

	digest_init(&m);
	buf_init(&made, DIGEST_MAX);
	buf_init(&text, SIZE_MAX / 2);
	arena_init(&a, (size_t)64 << 20);
	n = digest(path, PIECE, &m, &made);
	f = open_file(path);
	if (fread(buf_room(&text, n), 1, n, f) != n)
		return failed(path, "cannot be read again");
	fclose(f);
	part_parse(&whole, buf_slice(&text), &a);
	if (digest_read(&d, buf_slice(&made)) < 0 ||
	    digest_tree(&d, &t, &a) < 0 || t.n != whole.n || d.size != n)
		return failed(path, "other parts in the digest");
	for (size_t i = 0; i < t.n; i++)
		if (!same(&t.parts[i], &whole.parts[i]))
			return failed(path, "another part in the digest");
	return check_shape(path, &whole);
}

/* Run check in a process with limits. */
static int
run(int (*check)(const char *path), const char *path, size_t size)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (size)
			limit(size);
		status = check(path);
		fflush(stdout);
		_exit(status);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return failed(path, "fork");
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		return failed(path, "too much time");
	if (WIFSIGNALED(status))
		return failed(path, "crashed");
	if (WEXITSTATUS(status) > 1)
		return failed(path, "too much memory");
	return WEXITSTATUS(status);
}

int
main(int argc, char **argv)
{
	int bad = 0;

	for (int i = 1; i < argc; i++) {
		FILE *f = open_file(argv[i]);
		long size = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : 0;

		fclose(f);
		bad += run(check_pieces, argv[i], (size_t)size + 1) ||
		       run(check_whole, argv[i], 0);
	}
	printf("%d messages, %d failed\n", argc - 1, bad);
	return bad != 0;
}
