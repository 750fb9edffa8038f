/* SPDX-License-Identifier: ISC */
/* Making digests. */
#include "msg/digest.h"

#include "base/crc32c.h"
#include "base/varint.h"
#include "msg/date.h"
#include "msg/digest_form.h"
#include "msg/header.h"
#include "msg/structure.h"
#include "msg/thread.h"

void
digest_init(struct digest_maker *m)
{
	*m = (struct digest_maker){0};
	m->walk = part_open();
	arena_init(&m->a, (size_t)8 << 20);
	arena_init(&m->scratch, (size_t)8 << 20);
	buf_init(&m->structure, DIGEST_STRUCTURE);
	buf_init(&m->extra, DIGEST_EXTRA);
}

void
digest_free(struct digest_maker *m)
{
	part_close(m->walk);
	arena_free(&m->a);
	arena_free(&m->scratch);
	buf_free(&m->structure);
	buf_free(&m->extra);
}

void
digest_begin(struct digest_maker *m)
{
	arena_reset(&m->a);
	part_begin(m->walk, &m->t, &m->a);
}

void
digest_feed(struct digest_maker *m, struct str piece)
{
	part_feed(m->walk, piece);
}

bool
digest_header_read(const struct digest_maker *m)
{
	return part_header_read(m->walk);
}

static void
put_string(struct buf *to, struct str s)
{
	varint_put(to, s.n);
	buf_str(to, s);
}

/* Small numbers of either sign become small ones without. */
static void
put_signed(struct buf *to, int64_t v)
{
	varint_put(to, v < 0 ? ~((uint64_t)v << 1) : (uint64_t)v << 1);
}

static unsigned
put_header(struct buf *to, const struct part *p)
{
	unsigned flags = p->cut ? DIGEST_CUT : 0;
	struct str value;
	int64_t date = 0;
	int zone = 0;
	struct buf b;

	if (header_find(p->fields, STR("Date"), &value) &&
	    date_parse(value, &date, &zone) == 0)
		flags |= DIGEST_DATED;
	varint_put(to, p->body);
	varint_put(to, p->header_lf);
	put_signed(to, date);
	put_signed(to, zone);
	buf_init(&b, 1000);
	header_find(p->fields, STR("Subject"), &value);
	if (thread_subject(value, &b))
		flags |= DIGEST_REPLY;
	put_string(to, buf_slice(&b));
	buf_free(&b);
	put_string(to, p->fields);
	return flags;
}

static void
put_part(struct buf *to, const struct part_tree *t, uint32_t i)
{
	const struct part *p = &t->parts[i];
	size_t before = i ? t->parts[i - 1].header : 0;

	varint_put(to, (unsigned)p->kind | (unsigned)p->encoding << 2 |
			   (unsigned)p->declared << 4);
	varint_put(to, i ? i - p->parent : 0);
	varint_put(to, p->header - before);
	varint_put(to, p->body - p->header);
	varint_put(to, p->end - p->body);
	varint_put(to, p->header_lf);
	varint_put(to, p->body_lf);
	varint_put(to, p->lines);
	put_string(to, p->type);
	put_string(to, p->subtype);
}

static void
put_whole(struct digest_maker *m, struct buf *to)
{
	const struct part *p = &m->t.parts[0];

	buf_reset(&m->structure);
	buf_reset(&m->extra);
	structure_put(&m->structure, &m->t, &m->extra, &m->scratch);
	varint_put(to, p->end);
	varint_put(to, p->header_lf + p->body_lf);
	put_string(to, buf_slice(&m->structure));
	put_string(to, buf_slice(&m->extra));
	varint_put(to, m->t.n);
	for (uint32_t i = 0; i < m->t.n; i++)
		put_part(to, &m->t, i);
}

void
digest_end(struct digest_maker *m, bool whole, struct buf *to)
{
	size_t start = to->n;
	unsigned flags = whole ? DIGEST_WHOLE : 0;
	uint32_t crc;
	char *head;

	part_end(m->walk);
	buf_z(to, DIGEST_MAGIC);
	if (!buf_room(to, DIGEST_HEAD - 2))
		return;
	flags |= put_header(to, &m->t.parts[0]);
	if (whole)
		put_whole(m, to);
	if (to->over)
		return;
	head = to->p + start;
	head[2] = DIGEST_VERSION;
	head[3] = (char)flags;
	crc = crc32c(0, head, 4);
	crc = crc32c(crc, head + DIGEST_HEAD, to->n - start - DIGEST_HEAD);
	for (int i = 0; i < 4; i++)
		head[4 + i] = (char)(crc >> 8 * i);
}
