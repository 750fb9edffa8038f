/* SPDX-License-Identifier: ISC */
/* RFC 5802 7. */
#include "proto/scram_text.h"

#include "base/ascii.h"
#include "base/scan.h"
#include "base/utf8.h"
#include "msg/b64.h"

/* printable: %x21-2B / %x2D-7E; scan_until() has stopped at the comma. */
static bool
is_nonce(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	return s.n > 0;
}

/* value: 1*value-char, anything of UTF-8 but NUL and the comma */
static bool
is_value(struct str s)
{
	if (s.n == 0 || str_has(s, '\0'))
		return false;
	while (s.n > 0) {
		size_t n = utf8_len(s);

		if (n == 0)
			return false;
		s = str_from(s, n);
	}
	return true;
}

/* "X=", then the value up to the comma or the end. */
static bool
attribute(struct scan *s, char name, struct str *value)
{
	if (!scan_need(s, name, "another attribute expected") ||
	    !scan_need(s, '=', "no value"))
		return false;
	*value = scan_until(s, ',');
	return !s->bad;
}

/* extensions: attr-val *("," attr-val), each behind a comma; stops in front of
 * the one called `stop`. */
static bool
extensions(struct scan *s, char stop)
{
	while (scan_try(s, ',')) {
		int name = scan_peek(s);
		struct str value;

		if (name == stop)
			return true;
		if (name < 0 || !ascii_isalpha((char)name))
			return scan_fail(s, "no attribute");
		if (!attribute(s, (char)name, &value) || !is_value(value))
			return scan_fail(s, "a malformed extension");
	}
	return true;
}

bool
scram_text_first(struct str message, struct scram_text_first *f)
{
	struct scan s = scan_make(message);

	if (!gs2_header(&s, &f->gs2))
		return false;
	f->bare = scan_rest(&s);
	return scan_need(&s, 'n', "no name") && scan_need(&s, '=', "no name") &&
	       gs2_scan_name(&s, &f->name) && scan_need(&s, ',', "no nonce") &&
	       attribute(&s, 'r', &f->nonce) && is_nonce(f->nonce) &&
	       extensions(&s, 0) && scan_finish(&s);
}

bool
scram_text_final(struct str message, struct scram_text_final *f)
{
	struct scan s = scan_make(message);

	if (!attribute(&s, 'c', &f->binding) || f->binding.n == 0 ||
	    !scan_need(&s, ',', "no nonce") || !attribute(&s, 'r', &f->nonce) ||
	    !is_nonce(f->nonce) || !extensions(&s, 'p'))
		return false;
	f->without_proof = str_to(message, (size_t)(s.p - message.p) - 1);
	return attribute(&s, 'p', &f->proof) && f->proof.n > 0 &&
	       scan_finish(&s);
}

void
scram_text_server_first(struct buf *b, struct str client_nonce,
    struct str our_nonce, struct str salt, unsigned iterations)
{
	buf_z(b, "r=");
	buf_str(b, client_nonce);
	buf_str(b, our_nonce);
	buf_z(b, ",s=");
	b64_encode(b, salt);
	buf_z(b, ",i=");
	buf_num(b, iterations);
}

bool
scram_text_bound(
    const struct scram_text_final *f, struct str gs2_header, struct str channel)
{
	struct buf plain, b64;
	bool same;

	buf_init(&plain, gs2_header.n + channel.n);
	buf_init(&b64, (gs2_header.n + channel.n) * 2 + 4);
	buf_str(&plain, gs2_header);
	buf_str(&plain, channel);
	b64_encode(&b64, buf_slice(&plain));
	same = str_eq(buf_slice(&b64), f->binding);
	buf_free(&plain);
	buf_free(&b64);
	return same;
}
