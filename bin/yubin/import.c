/* SPDX-License-Identifier: ISC */
/* yubin import: a Maildir of another server becomes ours in place.  The work is
 * the library's, which does it whenever such a folder is opened first; here it
 * is told. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin.h"
#include "base/fail.h"
#include "base/str.h"
#include "io/file.h"
#include "maildir/courier.h"
#include "maildir/folder.h"
#include "maildir/mailbox.h"
#include "maildir/quota.h"
#include "maildir/uidlist.h"
#include "serve/session.h"
#include "show.h"
#include "store.h"

enum kind { COURIER, DOVECOT, PLAIN };

static const char *const kind_names[] = {
    "Courier", "Dovecot or of ours", "a server that keeps nothing beside mail"};

struct import {
	struct store s;
	enum kind kind;
	bool dry;
	bool failed;
	size_t left; /* things that were not converted */
};

/* ---------------------------------------------------------------- what is it
 */

static bool
courier_was_here(int fd)
{
	return store_has(fd, COURIER_UIDS) ||
	       store_has(fd, COURIER_UIDS ".old") ||
	       store_has(fd, COURIER_POP3) || store_has(fd, COURIER_SUBSCRIBED);
}

static enum kind
detect(const struct store *s)
{
	for (size_t i = 0; i < s->nfolders; i++) {
		int fd = store_dir(s->home.fd, s->folders[i].dir);
		bool was = fd >= 0 && courier_was_here(fd);

		if (fd >= 0)
			close(fd);
		if (was)
			return COURIER;
	}
	return store_has(s->home.fd, UIDLIST) ? DOVECOT : PLAIN;
}

static int
kind_named(const char *name)
{
	if (strcmp(name, "courier") == 0)
		return COURIER;
	if (strcmp(name, "dovecot") == 0)
		return DOVECOT;
	if (strcmp(name, "qmail") == 0 || strcmp(name, "vpopmail") == 0)
		return PLAIN;
	return -1;
}

/* ------------------------------------------------------------------- folders
 */

static void
leave(struct import *im, struct str what, const char *why)
{
	printf("  left: ");
	show_str(stdout, what);
	printf(": %s\n", why);
	im->left++;
}

/* What is going to be taken over from Courier.  0 or -1. */
static int
tell_courier(struct import *im, int fd, const struct uidlist *u, bool inbox)
{
	struct courier_kept kept;
	struct courier_pop3 *list;
	int cur = store_dir(fd, "cur");
	size_t n = 0;
	int r;

	if (cur < 0)
		return fail("open ", "cur");
	r = courier_keywords(fd, cur, true, &kept);
	close(cur);
	if (r < 0 || (inbox && courier_pop3(fd, &im->s.a, &list, &n) < 0))
		return -1;
	printf("UIDVALIDITY %u and %zu UIDs are kept, keywords of %zu messages",
	    u->uidvalidity, u->n, kept.messages);
	if (inbox)
		printf(", %zu POP3 unique-ids", n);
	printf("\n");
	if (kept.left) {
		printf("  left: %zu keywords on messages: a folder has room "
		       "for 64\n",
		    kept.left);
		im->left += kept.left;
	}
	return 0;
}

static int
tell(struct import *im, int fd, const struct uidlist *u, bool inbox)
{
	struct courier_pop3 *list;
	size_t n = 0;

	if (u->courier)
		return tell_courier(im, fd, u, inbox);
	if (u->uidvalidity) {
		printf("has UIDVALIDITY %u and %zu UIDs; nothing to convert\n",
		    u->uidvalidity, u->n);
		if (store_has(fd, COURIER_UIDS))
			leave(im, STR(COURIER_UIDS),
			    "there is a " UIDLIST " already");
		return 0;
	}
	if (inbox && courier_pop3(fd, &im->s.a, &list, &n) < 0)
		return -1;
	printf("new to IMAP: it gets a UIDVALIDITY and UIDs");
	if (n)
		printf("; %zu POP3 unique-ids are kept", n);
	else if (inbox)
		printf("; POP3 unique-ids are file names, if POP3 was used");
	printf("\n");
	return 0;
}

/* 0 or -1. */
static int
convert(struct import *im, const struct store_folder *f, uint32_t uidvalidity)
{
	struct mailbox_status st;
	int r = mailbox_status(&im->s.home, f->name, false, &st);

	if (r == 0)
		return fail_text(0, "it is gone");
	if (r < 0)
		return -1;
	if (uidvalidity && st.uidvalidity != uidvalidity)
		return fail_text(0, "UIDVALIDITY could not be kept");
	return 0;
}

static void
import_folder(struct import *im, const struct store_folder *f)
{
	int fd = store_dir(im->s.home.fd, f->dir);
	struct uidlist u;
	int r = fd < 0 ? fail("open ", f->dir) : 0;

	uidlist_init(&u);
	show_str(stdout, f->name);
	printf(": ");
	if (r == 0)
		r = uidlist_load(&u, fd);
	if (r >= 0)
		r = tell(im, fd, &u, f->dir[1] == '\0');
	if (r >= 0 && !im->dry)
		r = convert(im, f, u.uidvalidity);
	if (r < 0) {
		printf("  failed: %s\n", fail_last());
		im->failed = true;
	}
	uidlist_free(&u);
	if (fd >= 0)
		close(fd);
}

/* ------------------------------------------------------------- subscriptions
 */

static void
tell_foreign(struct import *im, struct str text)
{
	struct str line;

	while (str_cut(&text, '\n', &line))
		if (line.n && courier_subscribed(line).n == 0)
			leave(im, line, "no folder of this Maildir");
}

static void
import_subscriptions(struct import *im)
{
	int fd = im->s.home.fd;
	struct str *names;
	struct buf b;
	size_t n;

	if (!store_has(fd, COURIER_SUBSCRIBED))
		return;
	if (store_has(fd, "subscriptions")) {
		printf("subscriptions: there are some; nothing to convert\n");
		return;
	}
	buf_init(&b, (size_t)16 << 20);
	if (file_read(fd, COURIER_SUBSCRIBED, &b) < 0 ||
	    folder_subscribed(&im->s.home, &im->s.a, &names, &n) < 0) {
		printf("subscriptions: failed: %s\n", fail_last());
		im->failed = true;
		buf_free(&b);
		return;
	}
	printf("subscriptions: %zu are kept\n", n);
	tell_foreign(im, buf_slice(&b));
	buf_free(&b);
	/* The first change writes all of them. */
	if (!im->dry && n > 0 &&
	    folder_subscribe(&im->s.home, names[0], true) < 0) {
		printf("  failed: %s\n", fail_last());
		im->failed = true;
	}
}

/* --------------------------------------------------------------------- rest */

static void
tell_rest(struct import *im)
{
	static const struct {
		const char *name, *why;
	} files[] = {
	    {"shared-maildirs", "other people's folders are not shared here"},
	    {"shared-folders", "other people's folders are not shared here"},
	    {"courierimaphieracl", "access lists are not known here"},
	    {"courierimapacl", "access lists are not known here"},
	};

	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		if (store_has(im->s.home.fd, files[i].name))
			leave(im, str_z(files[i].name), files[i].why);
	for (size_t i = 0; i < im->s.nothers; i++)
		if (im->s.others[i][0] == '.')
			leave(im, str_z(im->s.others[i]),
			    "no folder: it has no cur/");
}

/* Courier's and vpopmail's file is ours too. */
static void
tell_quota(const struct import *im)
{
	struct quota_limit limit;
	struct buf b;
	struct str line;

	buf_init(&b, (size_t)1 << 20);
	if (file_read(im->s.home.fd, "maildirsize", &b) == 0) {
		line = str_to(buf_slice(&b), str_find(buf_slice(&b), '\n'));
		if (quota_parse(line, &limit) == 0 && limit.told) {
			printf("quota: ");
			show_str(stdout, line);
			printf(", the first line of maildirsize, unless the "
			       "account says another\n");
		}
	}
	buf_free(&b);
}

static int
import(struct import *im)
{
	struct store *s = &im->s;

	printf("%s is a Maildir of %s: %zu folders%s\n", s->what,
	    kind_names[im->kind], s->nfolders,
	    im->dry ? " (nothing is changed)" : "");
	for (size_t i = 0; i < s->nfolders; i++) {
		store_progress(i, s->nfolders);
		import_folder(im, &s->folders[i]);
	}
	store_progress(s->nfolders, s->nfolders);
	import_subscriptions(im);
	tell_quota(im);
	tell_rest(im);
	if (im->failed) {
		printf("not everything could be done; it may be tried again\n");
		return EXIT_TEMP;
	}
	if (im->left)
		printf("done, but for %zu left\n", im->left);
	else
		printf("done\n");
	return 0;
}

int
admin_import(int argc, char **argv)
{
	struct import im = {0};
	int kind, r;

	if (argc > 1 && strcmp(argv[1], "-n") == 0) {
		im.dry = true;
		argv++, argc--;
	}
	kind = argc == 3 ? kind_named(argv[1]) : -1;
	if (kind < 0)
		return refuse("usage: yubin import [-n] courier | dovecot | "
			      "qmail | vpopmail ADDRESS | DIR");
	r = store_open(&im.s, argv[2]);
	if (r != 0)
		return r;
	im.kind = detect(&im.s);
	r = (int)im.kind != kind
	        ? refuse("%s is a Maildir of %s", argv[2], kind_names[im.kind])
	        : import(&im);
	store_close(&im.s);
	return r;
}
