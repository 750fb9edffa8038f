/* SPDX-License-Identifier: ISC */
/* Each client is a process with messages of its own.  Before a command it
 * writes down what may become of a message, after the OK what must be. */
#define _GNU_SOURCE
#include "store_load.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/now.h"
#include "imap.h"
#include "rig.h"

#define OWN 40     /* messages of a client */
#define SESSION 30 /* commands of a connection */
#define POP_MOST 3

struct own {
	uint32_t token;
	uint32_t uid[SHELF_FOLDERS]; /* 0: not there */
	unsigned back; /* SHELF_MAY: expunged, which a power cut may undo */
};

struct client {
	struct store_load *l;
	struct shelf *s;
	uint64_t seed;
	unsigned selected; /* SHELF_FOLDERS: none */
	size_t n;
	struct own own[OWN];
	struct imap imap;
};

static unsigned
any(struct client *c, size_t n)
{
	return (unsigned)(rig_random(&c->seed) % n);
}

/* What must be, as far as the client was told. */
static void
settled(struct client *c, const struct own *o)
{
	unsigned place = o->back;

	for (unsigned f = 0; f < SHELF_FOLDERS; f++)
		if (o->uid[f])
			place |= SHELF_MUST(f);
	c->s->place[o->token] = (unsigned char)place;
}

static void
may(struct client *c, const struct own *o, unsigned more)
{
	c->s->place[o->token] |= (unsigned char)more;
}

/* The answer told of the message's UID in folder f. */
static void
take_uid(struct client *c, struct own *o, unsigned f)
{
	if (c->imap.validity != c->s->validity[f] || !c->imap.uid)
		broken_text("live Maildir", "UIDVALIDITY is another");
	o->uid[f] = c->imap.uid;
	shelf_told(c->s, f, o->uid[f], o->token);
}

static void
append(struct client *c)
{
	struct own *o = &c->own[c->n];
	unsigned f = any(c, SHELF_FOLDERS);
	size_t n;

	*o = (struct own){.token = ledger_token(c->l->ledger)};
	n = ledger_text(o->token, "\r\n", c->imap.text);
	may(c, o, SHELF_MAY(f));
	imap_send(&c->imap, str_make(c->imap.text, n), "APPEND %s%s",
	    shelf_folders[f], any(c, 2) ? " (\\Seen)" : "");
	imap_finish(&c->imap);
	take_uid(c, o, f);
	settled(c, o);
	c->n++;
}

/* One of our messages and the folder it is in, which is selected. */
static struct own *
choose(struct client *c, unsigned *f)
{
	struct own *o = &c->own[any(c, c->n)];

	*f = any(c, SHELF_FOLDERS);
	while (!o->uid[*f])
		*f = (*f + 1) % SHELF_FOLDERS;
	if (*f != c->selected)
		imap_do(&c->imap, "SELECT %s", shelf_folders[*f]);
	c->selected = *f;
	return o;
}

static bool
is_only(const struct own *o, unsigned f)
{
	for (unsigned i = 0; i < SHELF_FOLDERS; i++)
		if (o->uid[i] && i != f)
			return false;
	return !o->back;
}

static void
copy(struct client *c, bool move)
{
	unsigned f, to;
	struct own *o = choose(c, &f);

	to = (f + 1 + any(c, SHELF_FOLDERS - 1)) % SHELF_FOLDERS;
	if (o->uid[to] || o->back & SHELF_MAY(to))
		return;
	if (!move) {
		may(c, o, SHELF_MAY(to));
	} else if (!is_only(o, f)) {
		return; /* "one of" is about one copy */
	} else {
		c->s->place[o->token] =
		    (unsigned char)(SHELF_ONE | SHELF_MAY(f) | SHELF_MAY(to));
	}
	imap_do(&c->imap, "UID %s %u %s", move ? "MOVE" : "COPY", o->uid[f],
	    shelf_folders[to]);
	take_uid(c, o, to);
	if (move)
		o->uid[f] = 0;
	settled(c, o);
}

static void
forget(struct client *c, struct own *o)
{
	for (unsigned f = 0; f < SHELF_FOLDERS; f++)
		if (o->uid[f])
			return;
	*o = c->own[--c->n];
}

static void
expunge(struct client *c)
{
	unsigned f;
	struct own *o = choose(c, &f);
	uint32_t uid = o->uid[f];

	o->uid[f] = 0;
	o->back |= SHELF_MAY(f);
	settled(c, o);
	imap_do(&c->imap, "UID STORE %u +FLAGS.SILENT (\\Deleted)", uid);
	imap_do(&c->imap, "UID EXPUNGE %u", uid);
	forget(c, o);
}

/* ------------------------------------------------------------------ POP3 */

static bool
pop_ok(struct imap *s)
{
	return str_starts(imap_line(s), STR("+OK"));
}

/* The number of the message with this UID, in UIDL's listing. */
static void
pop_list(struct client *c, struct own *const *o, unsigned *number, size_t n)
{
	struct str line;

	imap_say(&c->imap, "UIDL\r\n");
	if (!pop_ok(&c->imap))
		broken_text("pop3d", "UIDL");
	while (line = imap_line(&c->imap), !str_eq(line, STR("."))) {
		unsigned i, uid, validity;
		char text[100];

		snprintf(text, sizeof(text), "%.*s", STR_FMT(line));
		if (sscanf(text, "%u %8x%8x", &i, &uid, &validity) != 3)
			broken_text("pop3d", "unknown UIDL");
		for (size_t k = 0; k < n; k++)
			if (o[k]->uid[0] == uid)
				number[k] = i;
	}
}

static void
pop_session(struct client *c)
{
	struct own *gone[POP_MOST];
	unsigned number[POP_MOST] = {0};
	size_t n = 0;

	for (size_t i = 0; i < c->n && n < POP_MOST; i++)
		if (c->own[i].uid[0] && is_only(&c->own[i], 0) &&
		    any(c, 3) == 0)
			gone[n++] = &c->own[i];
	if (n == 0)
		return;
	imap_open(&c->imap, c->l->bin, "pop3d");
	pop_list(c, gone, number, n);
	for (size_t i = 0; i < n; i++) {
		c->s->place[gone[i]->token] = SHELF_MAY(0);
		imap_say(&c->imap, "DELE %u\r\n", number[i]);
		if (!pop_ok(&c->imap))
			broken_text("pop3d", "DELE");
	}
	imap_say(&c->imap, "QUIT\r\n");
	if (!pop_ok(&c->imap))
		broken_text("pop3d", "QUIT");
	/* Highest first, as forget() fills a gap with the last. */
	while (n-- > 0) {
		gone[n]->uid[0] = 0;
		settled(c, gone[n]);
		c->s->acked++;
		forget(c, gone[n]);
	}
	imap_close(&c->imap);
}

/* --------------------------------------------------------------- sessions */

static void
act(struct client *c)
{
	unsigned what = any(c, 10);

	if (c->n < 4 || (what < 4 && c->n < OWN))
		append(c);
	else if (what < 6)
		copy(c, false);
	else if (what < 8)
		copy(c, true);
	else
		expunge(c);
}

_Noreturn static void
client(struct store_load *l, uint64_t seed)
{
	static struct client c;

	c = (struct client){.l = l, .s = l->ledger->shelf, .seed = seed};
	while (!*l->stop) {
		imap_open(&c.imap, l->bin, "imapd");
		c.selected = SHELF_FOLDERS;
		for (int i = 0; i < SESSION && !*l->stop; i++)
			act(&c);
		imap_close(&c.imap);
		pop_session(&c);
	}
	_exit(0);
}

void
store_load_init(const char *bin, struct shelf *s)
{
	static struct imap imap;

	imap_open(&imap, bin, "imapd");
	for (unsigned f = 0; f < SHELF_FOLDERS; f++) {
		const char *name = shelf_folders[f];

		if (f > 0)
			imap_do(&imap, "CREATE %s", name);
		imap_send(&imap, STR("nothing\r\n"), "APPEND %s", name);
		imap_finish(&imap);
		s->validity[f] = imap.validity;
		imap_do(&imap, "SELECT %s", name);
		imap_do(&imap, "STORE 1 +FLAGS.SILENT (\\Deleted)");
		imap_do(&imap, "EXPUNGE");
	}
	imap_close(&imap);
}

void
store_load_start(struct store_load *l)
{
	uint64_t seed = (uint64_t)now_wall_us();

	l->stop = rig_shared(sizeof(*l->stop));
	for (int i = 0; i < STORE_CLIENTS; i++) {
		l->clients[i] = fork();
		if (l->clients[i] < 0)
			broken("fork");
		if (l->clients[i] == 0)
			client(l, seed + (uint64_t)i);
	}
}

void
store_load_stop(struct store_load *l)
{
	*l->stop = true;
	for (int i = 0; i < STORE_CLIENTS; i++)
		rig_wait(l->clients[i], "a client");
	rig_unshare(l->stop, sizeof(*l->stop));
}
