/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE
/* A table of copies by token and folder, filled by FETCH. */
#include "store_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/num.h"
#include "imap.h"

#define TOLD 5 /* problems named in a report */

struct check {
	const struct ledger *l;
	const struct shelf *s;
	const char *what;
	bool quiet;
	bool both_names; /* volume.h */
	int told;
	uint32_t tokens;
	unsigned char *copies; /* [token * SHELF_FOLDERS + folder] */
	struct store_findings f;
};

static void
tell(struct check *c, uint64_t *count, const char *wrong, unsigned f,
    uint32_t which)
{
	(*count)++;
	if (!c->quiet && c->told++ < TOLD)
		fprintf(stderr, "powercut: %s: %s: %s %u\n", c->what, wrong,
		    shelf_folders[f], which);
}

/* The number behind a word of a FETCH. */
static uint64_t
number(struct str line, const char *word)
{
	size_t at = str_search(line, str_z(word));
	struct str s = str_from(line, at + strlen(word));
	uint64_t v = 0;
	size_t n = 0;

	while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
		n++;
	if (at == line.n || num_scan(str_to(s, n), UINT64_MAX, &v) < 0)
		broken_text("FETCH", word);
	return v;
}

/* A line of FETCH ends in the text's size. */
static void
take(struct check *c, struct imap *s, unsigned f, struct str line)
{
	uint32_t uid = (uint32_t)number(line, "UID "), t;
	uint64_t size = number(line, "RFC822.SIZE ");
	uint64_t n = number(str_from(line, str_rfind(line, '{')), "{");
	uint64_t subject = 0;
	size_t at = str_search(line, STR("\"token-"));

	num_scan_hex(str_to(str_from(line, at + 7), 8), UINT32_MAX, &subject);
	/* This overwrites the line. */
	if (ledger_check(imap_literal(s, n), "\r\n", &t) != 1 ||
	    t >= c->tokens || size != n || subject != t) {
		tell(c, &c->f.torn, "torn, UID", f, uid);
		return;
	}
	c->copies[t * SHELF_FOLDERS + f]++;
	if (uid <= c->s->cut_highest[f] && c->s->cut_told[f][uid] &&
	    c->s->cut_told[f][uid] != t + 1)
		tell(c, &c->f.uids, "another message, UID", f, uid);
}

static void
look(struct check *c, struct imap *s, unsigned f)
{
	struct str line;
	bool any = false;

	imap_send(s, STR(""), "SELECT %s", shelf_folders[f]);
	while (line = imap_line(s), !imap_done(s, line)) {
		if (str_starts(line, STR("* OK [UIDVALIDITY ")) &&
		    number(line, "UIDVALIDITY ") != c->s->validity[f])
			tell(c, &c->f.uids, "UIDVALIDITY changed", f, 0);
		if (str_starts(line, STR("* OK [UIDNEXT ")) &&
		    number(line, "UIDNEXT ") <= c->s->cut_highest[f])
			tell(c, &c->f.uids, "UIDs used again", f,
			    c->s->cut_highest[f]);
		any = any || (str_ends(line, STR(" EXISTS")) &&
				 !str_starts(line, STR("* 0 ")));
	}
	if (!any)
		return;
	imap_send(
	    s, STR(""), "FETCH 1:* (UID RFC822.SIZE ENVELOPE BODY.PEEK[])");
	while (line = imap_line(s), !imap_done(s, line))
		if (str_ends(line, STR("}")))
			take(c, s, f, line);
}

/* ------------------------------------------------------------ comparing */

static void
compare(struct check *c, uint32_t t)
{
	unsigned place = c->s->cut_place[t], all = 0;

	for (unsigned f = 0; f < SHELF_FOLDERS; f++) {
		unsigned n = c->copies[t * SHELF_FOLDERS + f];
		bool must = place & SHELF_MUST(f);

		all += n;
		c->f.expected += must;
		if (must && n == 0)
			tell(c, &c->f.lost, "LOST", f, t);
		if (n > (must || place & SHELF_MAY(f) ? 1 : 0))
			tell(c, &c->f.twice, "too often", f, t);
	}
	if (!(place & SHELF_ONE))
		return;
	c->f.expected++;
	if (all == 0)
		tell(c, &c->f.lost, "LOST in a move", 0, t);
	if (all == 2 && c->both_names)
		c->f.halfway++;
	else if (all > 1)
		tell(c, &c->f.twice, "moved and still there", 0, t);
}

static void
check(struct check *c, const char *bin)
{
	static struct imap imap;

	c->tokens = c->l->next;
	c->copies = calloc(c->tokens + (size_t)1, SHELF_FOLDERS);
	if (!c->copies)
		oom();
	imap_open(&imap, bin, "imapd");
	for (unsigned f = 0; f < SHELF_FOLDERS; f++)
		look(c, &imap, f);
	imap_close(&imap);
	for (uint32_t t = 0; t < c->l->cut_next; t++)
		compare(c, t);
	free(c->copies);
}

void
store_check_add(struct store_findings *sum, const struct store_findings *f)
{
	sum->images += f->images;
	sum->expected += f->expected;
	sum->lost += f->lost;
	sum->torn += f->torn;
	sum->twice += f->twice;
	sum->halfway += f->halfway;
	sum->uids += f->uids;
}

bool
store_check_failed(const struct store_findings *f)
{
	return f->lost || f->torn || f->twice || f->uids;
}

void
store_check_maildir(const char *mount, char to[RIG_PATH])
{
	rig_path(to, mount, "/Maildir", "");
}

void
store_check_image(const struct volume_type *t, const char *file,
    const char *bin, const struct ledger *l, const char *what, bool quiet,
    struct store_findings *sum)
{
	struct check c = {.l = l,
	    .s = l->shelf,
	    .what = what,
	    .quiet = quiet,
	    .both_names = t->both_names};
	char dir[RIG_PATH], maildir[RIG_PATH];

	rig_path(dir, rig_work, "/cut", "");
	store_check_maildir(dir, maildir);
	if (volume_mount(t, file, dir, true) < 0 ||
	    setenv("MAILDIR", maildir, 1) < 0)
		broken(what);
	check(&c, bin);
	volume_unmount(dir);
	if (unlink(file) < 0)
		broken(file);
	c.f.images = 1;
	store_check_add(sum, &c.f);
}
