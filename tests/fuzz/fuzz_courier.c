/* SPDX-License-Identifier: ISC */
/* A Maildir with Courier's files from hostile hands, taken over: UIDs rise, no
 * message is lost, and a second session sees the same as the first.
 *
 * The input is, with 0x1e between them, courierimapuiddb, :list of the
 * keywords, the keywords of one message, courierpop3dsizelist,
 * courierimapsubscribed. */
#define _XOPEN_SOURCE 700
#include <fcntl.h>
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "maildir/courier.h"
#include "maildir/folder.h"
#include "maildir/mailbox.h"

#define MAILS 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
put(int dir, const char *path, struct str text)
{
	int fd = openat(dir, path, O_WRONLY | O_CREAT, 0600);

	if (fd < 0 || file_write(fd, text.p, text.n) < 0 || close(fd) < 0)
		abort();
}

static void
fill(int dir, struct str text)
{
	static const char *const files[] = {COURIER_UIDS,
	    COURIER_KEYWORDS "/:list", COURIER_KEYWORDS "/1.a", COURIER_POP3,
	    COURIER_SUBSCRIBED};
	static const char *const mails[MAILS] = {
	    "cur/1.a:2,S", "cur/2.b:2,", "cur/3.c", "new/4.d"};
	struct str part;

	if (mkdirat(dir, "cur", 0700) < 0 || mkdirat(dir, "new", 0700) < 0 ||
	    mkdirat(dir, COURIER_KEYWORDS, 0700) < 0)
		abort();
	for (int i = 0; i < MAILS; i++)
		put(dir, mails[i], STR("Subject: x\n\nx\n"));
	for (int i = 0; i < 5 && str_cut(&text, 0x1e, &part); i++)
		put(dir, files[i], part);
}

struct seen {
	uint32_t uidvalidity, uids[MAILS];
	uint64_t keywords[MAILS];
	char uidls[MAILS][NAME_SIZE];
};

static void
look(const struct home *h, struct seen *seen)
{
	struct mailbox m;

	memset(seen, 0, sizeof(*seen));
	if (mailbox_open(&m, h, STR("INBOX"), false) != 1 || m.n != MAILS)
		abort();
	seen->uidvalidity = m.uidvalidity;
	for (size_t i = 0; i < MAILS; i++) {
		struct mail mail;

		mailbox_mail(&m, i, &mail);
		seen->uids[i] = mail.uid;
		seen->keywords[i] = mail.keywords;
		mailbox_uidl(&m, i, seen->uidls[i]);
		if (mail.uid == 0 || mail.uid >= m.uidnext ||
		    (i > 0 && mail.uid <= seen->uids[i - 1]))
			abort();
	}
	mailbox_close(&m);
}

static int
drop(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char dir[] = "/tmp/fuzz_courier.XXXXXX";
	struct seen first, again;
	struct home h;
	struct arena a;
	struct str *names;
	size_t count;

	if (!mkdtemp(dir) || home_open(&h, dir, true) < 0)
		abort();
	fill(h.fd, str_make((const char *)data, n));
	arena_init(&a, (size_t)1 << 24);
	if (folder_subscribed(&h, &a, &names, &count) < 0)
		abort();
	arena_free(&a);
	look(&h, &first);
	look(&h, &again);
	if (memcmp(&first, &again, sizeof(first)) != 0)
		abort();
	home_close(&h);
	nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS);
	return 0;
}
