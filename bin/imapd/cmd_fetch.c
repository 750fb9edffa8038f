/* SPDX-License-Identifier: ISC */
/* FETCH and UID FETCH (RFC 3501 6.4.5, 7.4.2). */
#include <stdlib.h>

#include "base/fail.h"
#include "base/log.h"
#include "fetch_body.h"
#include "msg/flags.h"
#include "msg/structure.h"
#include "proto/imap_fetch.h"
#include "proto/imap_write.h"
#include "table.h"

#define MANY 16    /* messages, above which the answer is long */
#define BULK 65536 /* octets of output buffer then */

/* Items for which the message's structure is wanted. */
#define NEEDS_PARTS (FETCH_BODY | FETCH_BODYSTRUCTURE)
/* Items for which it must be measured. */
#define NEEDS_MEASURE (FETCH_INTERNALDATE | FETCH_SIZE)

/* Set \Seen where the sections ask for it, all at once.  seen[i] tells for
 * which of index[] this was a change. */
static void
set_seen(struct imap *s, const size_t *index, size_t n, bool *seen)
{
	size_t *unseen = arena_array(&s->arena, n, sizeof(*unseen));
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		struct mail m;

		mailbox_mail(&s->box, index[i], &m);
		seen[i] = !(m.flags & FLAG_SEEN);
		if (seen[i])
			unseen[count++] = index[i];
	}
	if (count > 0 &&
	    mailbox_store(&s->box, unseen, count, STORE_ADD, FLAG_SEEN, 0) < 0)
		log_event("failed", "what", fail_last(), NULL);
}

/* A name of an item, with the blank that separates it from the one before. */
static void
item(struct imap *s, const char *name)
{
	struct buf *b = &s->text;

	if (b->n > 0 && b->p[b->n - 1] != '(')
		buf_chr(b, ' ');
	buf_z(b, name);
}

static void
small_items(struct imap *s, const struct mail *m, unsigned items)
{
	struct buf *b = &s->text;

	if (items & FETCH_UID) {
		item(s, "UID ");
		buf_num(b, m->uid);
	}
	if (items & FETCH_FLAGS) {
		item(s, "FLAGS ");
		imap_put_flags(b, m->flags, m->recent, m->keywords,
		    s->box.keyword, s->box.nkeywords);
	}
	if (items & FETCH_INTERNALDATE) {
		item(s, "INTERNALDATE ");
		imap_put_date(b, m->date_s);
	}
	if (items & FETCH_SIZE) {
		item(s, "RFC822.SIZE ");
		buf_num(b, m->wire_size);
	}
}

static void
digest_items(struct imap *s, const struct digest *d, unsigned items)
{
	struct buf *b = &s->text;

	if (items & FETCH_ENVELOPE) {
		item(s, "ENVELOPE ");
		structure_envelope(b, d->fields, &s->message);
	}
	if (items & FETCH_BODY) {
		item(s, "BODY ");
		if (structure_basic(b, d->structure, d->extra) < 0)
			buf_str(b, d->structure);
	}
	if (items & FETCH_BODYSTRUCTURE) {
		item(s, "BODYSTRUCTURE ");
		buf_str(b, d->structure);
	}
}

static void
sections(struct imap *s, struct fetch_text *t, const struct imap_fetch *f)
{
	for (size_t i = 0; i < f->n; i++) {
		/* A literal has emptied the buffer: the gap is still due. */
		if (s->text.n == 0)
			buf_chr(&s->text, ' ');
		else
			item(s, "");
		fetch_section(s, t, &f->sections[i]);
	}
}

/* What must be known of the message before its line is begun.  Returns 1, 0 it
 * is gone, -1 failed. */
static int
prepare(struct imap *s, size_t i, const struct imap_fetch *f, unsigned items,
    struct mail *m, struct fetch_text *t)
{
	unsigned needs = fetch_needs(f->sections, f->n);
	int r = 1;

	if (items & NEEDS_PARTS)
		needs |= FETCH_NEEDS_PARTS;
	if (items & FETCH_ENVELOPE)
		needs |= FETCH_NEEDS_HEADER;
	if (items & NEEDS_MEASURE)
		r = mailbox_measure(&s->box, i, m);
	else
		mailbox_mail(&s->box, i, m);
	if (r > 0 && needs & (FETCH_NEEDS_PARTS | FETCH_NEEDS_HEADER))
		r = mailbox_digest(
		    &s->box, i, needs & FETCH_NEEDS_PARTS, &t->digest);
	/* Fields that found no room in the digest are in the text. */
	if (r > 0 && (needs & FETCH_NEEDS_TEXT || (f->n && t->digest.cut))) {
		r = mailbox_read(&s->box, i, &t->stored);
		t->read = r > 0;
	}
	return r;
}

/* One message's line.  Returns as prepare(). */
static int
fetch_one(struct imap *s, size_t i, const struct imap_fetch *f, unsigned items)
{
	struct fetch_text t = {0};
	struct mail m;
	int r = prepare(s, i, f, items, &m, &t);

	if (r <= 0)
		return r;
	t.uid = m.uid;
	buf_str(&s->text, STR("* "));
	buf_num(&s->text, i + 1);
	buf_str(&s->text, STR(" FETCH ("));
	small_items(s, &m, items);
	digest_items(s, &t.digest, items);
	sections(s, &t, f);
	if (t.read)
		mailbox_read_end(&t.stored);
	buf_z(&s->text, ")\r\n");
	imap_flush_text(s);
	arena_reset(&s->message);
	return 1;
}

static enum reply
fetch_all(
    struct imap *s, const struct imap_fetch *f, const size_t *index, size_t n)
{
	bool *seen = arena_array(&s->arena, n, sizeof(*seen));
	char *bulk = n > MANY ? malloc(BULK) : NULL;
	bool gone = false, failed = false;

	/* A long answer in few pieces; a session that waits needs no more
	 * memory for that. */
	if (bulk)
		out_storage(&s->serve.out, bulk, BULK);

	if (f->seen && !s->box.readonly)
		set_seen(s, index, n, seen);
	for (size_t i = 0; i < n && !out_failed(&s->serve.out); i++) {
		unsigned items = f->items | (seen[i] ? FETCH_FLAGS : 0);
		int r = 0;

		if (!mailbox_gone(&s->box, index[i]))
			r = fetch_one(s, index[i], f, items);
		gone = gone || r == 0;
		failed = failed || r < 0;
	}
	if (bulk)
		out_storage(&s->serve.out, s->serve.out_data,
		    sizeof(s->serve.out_data));
	free(bulk);
	mailbox_digests_done(&s->box);
	if (failed)
		return imap_fail(s);
	if (gone && !s->uid)
		return imap_no(
		    s, "EXPUNGEISSUED", "some messages are no longer there");
	return REPLY_OK;
}

enum reply
cmd_fetch(struct imap *s, struct scan *args)
{
	struct imap_fetch f;
	struct imap_set set;
	size_t *index, n;

	if (!imap_sp(args) || !imap_set_scan(args, &s->arena, &set) ||
	    !imap_sp(args) || !imap_fetch_scan(args, &s->arena, &f) ||
	    !scan_finish(args) ||
	    !imap_select_set(s, args, &set, s->uid, &index, &n))
		return imap_bad(s, args->bad);
	if (s->uid)
		f.items |= FETCH_UID;
	return fetch_all(s, &f, index, n);
}
