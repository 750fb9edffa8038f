/* SPDX-License-Identifier: ISC */
/* msg/qp: quoted-printable, RFC 2045 6.7. */
#include "tap.h"

#include "base/buf.h"
#include "msg/qp.h"

static const struct {
	const char *in, *want, *what;
} texts[] = {
    {"", "", "nothing"},
    {"plain text\r\nand more\n", "plain text\r\nand more\n", "as it stands"},
    {"caf=C3=A9 =3d =3D", "caf\xc3\xa9 = =", "octets, rule 1"},
    {"Now's the time =\r\nfor all folk to come=\n to the aid",
	"Now's the time for all folk to come to the aid",
	"soft breaks, rule 5"},
    {"a= \t\r\nb", "ab", "blanks behind '='"},
    {"a \t\r\nb  \nc ", "a\r\nb\nc ", "blanks at a line's end go, rule 3"},
    {"a \t b", "a \t b", "others stay"},
    {"a=20\nb", "a \nb", "encoded blanks stay"},
    {"=", "=", "a lone '='"},
    {"=4", "=4", "half an escape"},
    {"=4\n", "=4\n", "half an escape at the line's end"},
    {"=XY =4G ==41", "=XY =4G =A", "what is no escape stays"},
    {"= x", "= x", "'=' and a blank"},
    {"a=\rb", "a=\rb", "a bare CR"},
    {"a=\r\r\nb", "a=\r\r\nb", "two CRs"},
    {"=\r\n=\r\n", "", "only soft breaks"},
};

static void
test_pieces(void)
{
	struct buf b;
	struct qp d;

	buf_init(&b, 1000);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		struct str s = str_z(texts[i].in);

		for (size_t step = 1; step <= 100; step += step < 5 ? 1 : 95) {
			buf_reset(&b);
			qp_begin(&d);
			for (size_t k = 0; k < s.n; k += step)
				qp_feed(&d, str_to(str_from(s, k), step), &b);
			qp_end(&d, &b);
			CHECK_STR(
			    buf_slice(&b), str_z(texts[i].want), texts[i].what);
		}
	}
	buf_free(&b);
}

/* More blanks than can be held are text. */
static void
test_blanks(void)
{
	struct buf in, b;
	struct qp d;

	buf_init(&in, 10000);
	buf_init(&b, 10000);
	for (int i = 0; i < 1000; i++)
		buf_chr(&in, i % 3 ? ' ' : '\t');
	buf_z(&in, "x");
	qp_begin(&d);
	qp_feed(&d, buf_slice(&in), &b);
	qp_end(&d, &b);
	CHECK(str_eq(buf_slice(&in), buf_slice(&b)), "a long run of blanks");
	buf_free(&in);
	buf_free(&b);
}

int
main(void)
{
	test_pieces();
	test_blanks();
	return tap_done();
}
