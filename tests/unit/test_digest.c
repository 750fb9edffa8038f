/* SPDX-License-Identifier: ISC */
/* msg/digest: what it tells is what the message says, however it came. */
#include "tap.h"

#include <stdlib.h>

#include "base/varint.h"
#include "msg/digest.h"
#include "msg/structure.h"

static struct digest_maker maker;
static struct buf out;

static struct str text; /* the message below */

/* The digest of s fed in pieces of `step` octets. */
static struct str
make(struct str s, size_t step, bool whole)
{
	buf_reset(&out);
	digest_begin(&maker);
	for (; s.n; s = str_from(s, step))
		digest_feed(&maker, str_to(s, step));
	digest_end(&maker, whole, &out);
	return buf_slice(&out);
}

static const char forwarded[] =
    "Received: from x\nSubject: Re: [l] Caf\xc3\xa9\n"
    "DATE: Wed, 17 Jul 1996 02:23:25 -0700\nFrom: ann@x.test\n"
    "X-Long: y\n z\nTo: a@b.test,\n c@d.test\n"
    "Content-Type: multipart/mixed; boundary=q\n\n"
    "--q\r\nContent-Type: text/HTML; charset=utf-8\r\n"
    "Content-Transfer-Encoding: base64\r\n\r\nPGI+\r\n--q\n"
    "Content-Type: message/rfc822\n\nSubject: in\n\nbody\n--q--\n";

static void
test_whole(void)
{
	struct digest d;
	struct arena a;
	struct part_tree t;
	struct buf b;

	arena_init(&a, 4 << 20);
	buf_init(&b, 10000);
	CHECK_NUM(digest_read(&d, make(text, 10000, true)), 0, "a digest");
	CHECK(d.whole && !d.cut && d.dated && d.reply, "marks");
	CHECK_NUM(d.date_s, 837595405, "the Date, in seconds since 1970");
	CHECK_NUM(d.zone_min, -7 * 60, "its zone");
	CHECK_STR(d.subject, STR("Caf\xc3\xa9"), "base subject");
	CHECK_NUM(d.size, sizeof(forwarded) - 1, "octets stored");
	CHECK_NUM(d.wire, sizeof(forwarded) - 1 + 17, "LFs without CR");
	CHECK_NUM(d.header_wire - d.header, 10, "of the header");
	CHECK_STR(d.fields,
	    STR("Subject: Re: [l] Caf\xc3\xa9\n"
		"DATE: Wed, 17 Jul 1996 02:23:25 -0700\nFrom: ann@x.test\n"
		"To: a@b.test,\n c@d.test\n"
		"Content-Type: multipart/mixed; boundary=q\n\n"),
	    "fields kept, as they stand");
	structure_basic(&b, d.structure, d.extra);
	CHECK_STR(buf_slice(&b),
	    STR("((\"text\" \"HTML\" (\"charset\" \"utf-8\") NIL NIL \"base64\""
		" 4 0)(\"message\" \"rfc822\" NIL NIL NIL \"7BIT\" 19 (NIL "
		"\"in\" NIL NIL NIL NIL NIL NIL NIL NIL) (\"text\" \"plain\" "
		"(\"CHARSET\" \"US-ASCII\") NIL NIL \"7BIT\" 4 0) 2) "
		"\"mixed\")"),
	    "structure");
	CHECK_NUM(digest_tree(&d, &t, &a), 0, "its parts");
	t.text = text;
	CHECK_NUM(t.n, 4, "four");
	CHECK_STR(part_body(&t, &t.parts[1]), STR("PGI+"), "the first");
	CHECK_NUM(t.parts[1].encoding, PART_BASE64, "its encoding");
	CHECK_STR(t.parts[1].subtype, STR("HTML"), "its type");
	CHECK_STR(part_header(&t, &t.parts[3]), STR("Subject: in\n\n"),
	    "the header of the message within");
	arena_free(&a);
	buf_free(&b);
}

static void
test_pieces(void)
{
	struct buf whole;

	buf_init(&whole, DIGEST_MAX);
	buf_str(&whole, make(text, text.n, true));
	for (size_t step = 1; step < 20; step++)
		CHECK_STR(make(text, step, true), buf_slice(&whole),
		    "the same in pieces");
	buf_free(&whole);
}

static void
test_header_only(void)
{
	struct part_tree t;
	struct digest d;
	struct arena a;

	arena_init(&a, 4 << 20);
	digest_begin(&maker);
	digest_feed(&maker, str_to(text, 100));
	CHECK(!digest_header_read(&maker), "the header goes on");
	digest_feed(&maker, str_from(text, 100));
	CHECK(digest_header_read(&maker), "it is read");
	buf_reset(&out);
	digest_end(&maker, false, &out);
	CHECK_NUM(digest_read(&d, buf_slice(&out)), 0, "a digest");
	CHECK(!d.whole && d.dated, "of the header");
	CHECK(str_ends(d.fields, STR("boundary=q\n\n")), "with its end");
	CHECK_NUM(digest_tree(&d, &t, &a), -1, "without parts");
	arena_free(&a);
}

/* Every octet wrong once, every length once. */
static void
test_damage(void)
{
	struct str good = make(text, 10000, true);
	struct digest d;
	size_t taken = 0;

	for (size_t i = 0; i < good.n; i++) {
		char *p = malloc(good.n);

		if (!p)
			abort();
		memcpy(p, good.p, good.n);
		p[i] = (char)(p[i] ^ 0x20);
		taken += digest_read(&d, str_make(p, good.n)) == 0;
		free(p);
		p = malloc(i + 1);
		if (!p)
			abort();
		memcpy(p, good.p, i);
		taken += digest_read(&d, str_make(p, i)) == 0;
		free(p);
	}
	CHECK_NUM(taken, 0, "no damaged digest is taken for a good one");
}

/* More fields than are kept: what fits, and a mark. */
static void
test_cut(void)
{
	struct digest d;
	struct buf b;

	buf_init(&b, 4 << 20);
	buf_z(&b, "Subject: x\nTo: ");
	while (b.n < PART_KEEP + 1000)
		buf_z(&b, "someone@example.test, ");
	buf_z(&b, "\nCc: a@b.test\n\nbody\n");
	digest_read(&d, make(buf_slice(&b), b.n, true));
	CHECK(d.cut, "marked");
	CHECK_NUM(d.fields.n, PART_KEEP, "what fits");
	CHECK(str_starts(d.fields, STR("Subject: x\nTo: some")), "kept");
	CHECK_NUM(d.size, b.n, "sizes are right");
	buf_reset(&b);
	while (b.n < 3 << 20)
		buf_z(&b, "X-Junk: nothing anybody asks for\n");
	buf_z(&b, "Subject: x\n\n");
	digest_read(&d, make(buf_slice(&b), b.n, true));
	CHECK(!d.cut, "other fields take no room");
	CHECK_STR(d.fields, STR("Subject: x\n\n"), "however many");
	buf_free(&b);
}

static void
test_varint(void)
{
	static const uint64_t numbers[] = {0, 1, 127, 128, 16383, 16384,
	    UINT32_MAX, UINT64_MAX >> 1, UINT64_MAX};
	struct buf b;
	struct scan s;

	buf_init(&b, 100);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		buf_reset(&b);
		varint_put(&b, numbers[i]);
		s = scan_make(buf_slice(&b));
		CHECK(varint_take(&s, numbers[i]) == numbers[i] && scan_end(&s),
		    "there and back");
	}
	CHECK_NUM(b.n, 10, "64 bits need ten octets");
	s = scan_make(str_to(buf_slice(&b), 9));
	CHECK(varint_take(&s, UINT64_MAX) == 0 && s.bad, "cut short");
	s = scan_make(STR("\x81\x01"));
	CHECK(varint_take(&s, 128) == 0 && s.bad, "above the ceiling");
	s = scan_make(STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"));
	CHECK(varint_take(&s, UINT64_MAX) == 0 && s.bad, "above 64 bits");
	buf_free(&b);
}

int
main(void)
{
	text = str_z(forwarded);
	digest_init(&maker);
	buf_init(&out, DIGEST_MAX);
	test_whole();
	test_pieces();
	test_header_only();
	test_damage();
	test_cut();
	test_varint();
	digest_free(&maker);
	buf_free(&out);
	return tap_done();
}
