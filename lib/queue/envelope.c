/* SPDX-License-Identifier: ISC */
/* The front of a queue file.  All of it is text a human can read with head(1):
 *
 *	yubin-queue 1 env=0000007b body=000000000000022d rcpts=00000002 envc…
 *	ND
 *	2:id,21:1l2m3n…,
 *	8:received,10:1700000000,
 *	6:sender,16:ann@example.test,
 *	4:rcpt,16:bob@example.test,
 *	4:rcpt,11:eve@host.tld,
 *	Received: …
 *
 * The envelope is pairs of netstrings, key and value, a newline behind each
 * pair.  Recipients come in the order of their status octets; the keys that
 * describe a recipient (notify, orcpt) stand behind it. */
#include "queue/envelope.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/crc32c.h"
#include "base/fail.h"
#include "base/id.h"
#include "base/num.h"
#include "base/scan.h"

#define KEY_MAX 64

static const char magic[] = "yubin-queue 1";

/* ------------------------------------------------------------- printing */

static bool
value_ok(struct str v)
{
	return v.n <= ENVELOPE_VALUE && !str_has(v, '\0') &&
	       !str_has(v, '\r') && !str_has(v, '\n');
}

static void
pair(struct buf *b, const char *key, struct str value)
{
	buf_netstr(b, str_z(key));
	buf_netstr(b, value);
	buf_chr(b, '\n');
}

static void
pair_unless_empty(struct buf *b, const char *key, struct str value)
{
	if (value.n > 0)
		pair(b, key, value);
}

static bool
printable(const struct envelope *e)
{
	if (!id_valid(e->id) || e->nrcpt == 0 || e->nrcpt > ENVELOPE_RCPTS ||
	    e->received_s < 0)
		return false;
	if (!value_ok(e->sender) || !value_ok(e->auth) ||
	    !value_ok(e->client_ip) || !value_ok(e->helo) ||
	    !value_ok(e->envid))
		return false;
	for (size_t i = 0; i < e->nrcpt; i++)
		if (!value_ok(e->rcpts[i].addr) || e->rcpts[i].addr.n == 0 ||
		    !value_ok(e->rcpts[i].orcpt))
			return false;
	return true;
}

static void
pair_num(struct buf *b, const char *key, uint64_t v)
{
	char number[NUM_SIZE];

	num_print(number, v);
	pair(b, key, str_z(number));
}

static void
print_rcpt(struct buf *b, const struct envelope_rcpt *r)
{
	pair(b, "rcpt", r->addr);
	if (r->notify)
		pair_num(b, "notify", r->notify);
	pair_unless_empty(b, "orcpt", r->orcpt);
}

int
envelope_print(const struct envelope *e, struct buf *b)
{
	if (!printable(e))
		return fail_text(EINVAL, "an envelope that cannot be written");
	pair(b, "id", e->id);
	pair_num(b, "received", (uint64_t)e->received_s);
	pair(b, "sender", e->sender);
	pair_unless_empty(b, "auth", e->auth);
	pair_unless_empty(b, "client", e->client_ip);
	pair_unless_empty(b, "helo", e->helo);
	if (e->eight_bit)
		pair(b, "8bit", STR("1"));
	if (e->utf8)
		pair(b, "utf8", STR("1"));
	pair_unless_empty(b, "envid", e->envid);
	if (e->ret)
		pair(b, "ret", str_make(&e->ret, 1));
	for (size_t i = 0; i < e->nrcpt; i++)
		print_rcpt(b, &e->rcpts[i]);
	return b->over ? fail_text(EMSGSIZE, "the envelope is too long") : 0;
}

/* ------------------------------------------------------------- scanning */

static int
bad(const char *why)
{
	return fail_text(EPROTO, why);
}

static bool
scan_pair(struct scan *s, struct str *key, struct str *value)
{
	return scan_netstr(s, KEY_MAX, key) &&
	       scan_netstr(s, ENVELOPE_VALUE, value) &&
	       scan_need(s, '\n', "no newline behind a pair");
}

static size_t
count_rcpts(struct str text)
{
	struct scan s = scan_make(text);
	struct str key, value;
	size_t n = 0;

	while (!scan_end(&s) && scan_pair(&s, &key, &value))
		if (str_eq(key, STR("rcpt")))
			n++;
	return n;
}

static bool
take_received(struct str value, struct envelope *e)
{
	uint64_t n;

	if (num_scan(value, INT64_MAX, &n) < 0)
		return false;
	e->received_s = (int64_t)n;
	return true;
}

/* Keys that describe the recipient in front of them. */
static bool
take_of_rcpt(struct envelope_rcpt *r, struct str key, struct str value)
{
	uint64_t n;

	if (str_eq(key, STR("orcpt")))
		r->orcpt = value;
	if (!str_eq(key, STR("notify")))
		return true;
	if (num_scan(value, 15, &n) < 0)
		return false;
	r->notify = (unsigned)n;
	return true;
}

static bool
take_ret(struct str value, struct envelope *e)
{
	if (!str_eq(value, STR("F")) && !str_eq(value, STR("H")))
		return false;
	e->ret = value.p[0];
	return true;
}

static bool
take(struct envelope *e, struct str key, struct str value)
{
	if (!value_ok(value))
		return false;
	if (e->nrcpt > 0 && !str_eq(key, STR("rcpt")))
		return take_of_rcpt(&e->rcpts[e->nrcpt - 1], key, value);
	if (str_eq(key, STR("id")))
		e->id = value;
	else if (str_eq(key, STR("received")))
		return take_received(value, e);
	else if (str_eq(key, STR("sender")))
		e->sender = value;
	else if (str_eq(key, STR("auth")))
		e->auth = value;
	else if (str_eq(key, STR("client")))
		e->client_ip = value;
	else if (str_eq(key, STR("helo")))
		e->helo = value;
	else if (str_eq(key, STR("8bit")))
		e->eight_bit = true;
	else if (str_eq(key, STR("utf8")))
		e->utf8 = true;
	else if (str_eq(key, STR("envid")))
		e->envid = value;
	else if (str_eq(key, STR("ret")))
		return take_ret(value, e);
	else if (str_eq(key, STR("rcpt"))) {
		e->rcpts[e->nrcpt].addr = value;
		e->rcpts[e->nrcpt++].status = ENVELOPE_NEW;
		return value.n > 0;
	}
	return true;
}

int
envelope_scan(struct str text, struct arena *a, struct envelope *e)
{
	struct scan s = scan_make(text);
	struct str key, value;
	size_t nrcpt = count_rcpts(text);

	memset(e, 0, sizeof(*e));
	if (nrcpt == 0 || nrcpt > ENVELOPE_RCPTS)
		return bad("envelope: no or too many recipients");
	e->rcpts = arena_array(a, nrcpt, sizeof(*e->rcpts));
	e->received_s = -1;
	while (!scan_end(&s)) {
		if (!scan_pair(&s, &key, &value))
			return bad("envelope: not pairs of netstrings");
		if (!take(e, key, value))
			return bad("envelope: a bad value");
	}
	if (!id_valid(e->id))
		return bad("envelope: no valid id");
	if (!e->sender.p || e->received_s < 0)
		return bad("envelope: no sender or time");
	return 0;
}

/* --------------------------------------------------------------- header */

/* Everything up to the checksums: what env_crc covers beside the envelope.  It
 * has a fixed length since all numbers do. */
static size_t
print_front(char to[ENVELOPE_HEADER], const struct envelope_header *h)
{
	int n = snprintf(to, ENVELOPE_HEADER,
	    "%s env=%08" PRIx32 " body=%016" PRIx64 " rcpts=%08" PRIx32, magic,
	    h->env_len, h->body_len, h->nrcpt);

	return n < 0 ? 0 : (size_t)n;
}

static uint32_t
env_crc(const struct envelope_header *h, uint32_t text_crc)
{
	char front[ENVELOPE_HEADER];
	size_t n = print_front(front, h);

	return crc32c(text_crc, front, n);
}

static void
print_line(char to[ENVELOPE_HEADER], const struct envelope_header *h)
{
	size_t n = print_front(to, h);
	int more = snprintf(to + n, ENVELOPE_HEADER - n,
	    " envcrc=%08" PRIx32 " bodycrc=%08" PRIx32, h->env_crc,
	    h->body_crc);

	n += more < 0 ? 0 : (size_t)more;
	memset(to + n, ' ', ENVELOPE_HEADER - n);
	to[ENVELOPE_HEADER - 1] = '\n';
}

void
envelope_header_print(
    char to[ENVELOPE_HEADER], struct envelope_header *h, uint32_t text_crc)
{
	h->env_crc = env_crc(h, text_crc);
	print_line(to, h);
}

static bool
field(struct scan *s, const char *name, size_t digits, uint64_t *v)
{
	struct str text;

	if (!scan_try_word(s, str_z(name)) || !scan_take(s, digits, &text))
		return false;
	return num_scan_hex(text, UINT64_MAX, v) == 0;
}

int
envelope_header_scan(
    const char from[ENVELOPE_HEADER], struct envelope_header *h)
{
	struct scan s = scan_make(str_make(from, ENVELOPE_HEADER));
	char again[ENVELOPE_HEADER];
	uint64_t env, body, rcpts, ecrc, bcrc;

	if (!scan_try_word(&s, str_z(magic)) || !field(&s, " env=", 8, &env) ||
	    !field(&s, " body=", 16, &body) ||
	    !field(&s, " rcpts=", 8, &rcpts) ||
	    !field(&s, " envcrc=", 8, &ecrc) ||
	    !field(&s, " bodycrc=", 8, &bcrc))
		return bad("not a finished queue file");
	h->env_len = (uint32_t)env;
	h->body_len = body;
	h->nrcpt = (uint32_t)rcpts;
	h->env_crc = (uint32_t)ecrc;
	h->body_crc = (uint32_t)bcrc;
	print_line(again, h);
	if (memcmp(again, from, ENVELOPE_HEADER) != 0)
		return bad("not a finished queue file");
	if (env > ENVELOPE_MAX || rcpts == 0 || rcpts > ENVELOPE_RCPTS ||
	    body > INT64_MAX / 2)
		return bad("queue file: lengths out of range");
	return 0;
}

bool
envelope_header_fits(const struct envelope_header *h, struct str text)
{
	return text.n == h->env_len &&
	       env_crc(h, crc32c(0, text.p, text.n)) == h->env_crc;
}

uint64_t
envelope_status_at(size_t i)
{
	return ENVELOPE_HEADER + (uint64_t)i;
}

uint64_t
envelope_text_at(const struct envelope_header *h)
{
	return envelope_status_at(h->nrcpt) + 1;
}

uint64_t
envelope_body_at(const struct envelope_header *h)
{
	return envelope_text_at(h) + h->env_len;
}

bool
envelope_status_valid(char c)
{
	return envelope_status_open(c) || envelope_status_final(c) ||
	       envelope_status_unsaid(c) || c == ENVELOPE_FAILED;
}

bool
envelope_status_unsaid(char c)
{
	return c == ENVELOPE_SUCCESS || c == ENVELOPE_RELAYED ||
	       c == ENVELOPE_EXPANDED;
}

bool
envelope_status_final(char c)
{
	return c == ENVELOPE_DONE || c == ENVELOPE_BOUNCED;
}

bool
envelope_status_open(char c)
{
	return c == ENVELOPE_NEW || c == ENVELOPE_ATTEMPTED ||
	       c == ENVELOPE_WARNED;
}
