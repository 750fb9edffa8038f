/* SPDX-License-Identifier: ISC */
/* The maildrop: how many messages, how large, their names; what is deleted. */
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/log.h"
#include "io/lock.h"
#include "pop3d.h"
#include "proto/pop3_uidl.h"

/* Whether message i is neither deleted nor vanished, and its size. */
static bool
present(struct pop3d *p, size_t i, uint64_t *octets)
{
	return !p->deleted[i] && mailbox_wire_size(&p->box, i, octets) == 1;
}

bool
maildrop_find(struct pop3d *p, uint32_t number, size_t *i)
{
	*i = (size_t)number - 1;
	if (number == 0 || number > p->box.n)
		bad(p, "There is no such message");
	else if (p->deleted[*i])
		bad(p, "That message is marked as deleted");
	else if (mailbox_gone(&p->box, *i))
		err(p, "That message was removed by another session");
	else
		return true;
	return false;
}

static void
totals(struct pop3d *p, size_t *n, uint64_t *octets)
{
	*n = 0;
	*octets = 0;
	for (size_t i = 0; i < p->box.n; i++) {
		uint64_t size;

		if (!present(p, i, &size))
			continue;
		(*n)++;
		*octets += size;
	}
}

void
cmd_stat(struct pop3d *p, struct str args)
{
	uint64_t octets;
	size_t n;

	(void)args;
	totals(p, &n, &octets);
	out_fmt(&p->s.out, "+OK %zu %llu\r\n", n, (unsigned long long)octets);
}

static void
print_size(struct pop3d *p, size_t i, uint64_t octets)
{
	out_num(&p->s.out, i + 1);
	out_chr(&p->s.out, ' ');
	out_num(&p->s.out, octets);
	out_z(&p->s.out, "\r\n");
}

/* Clients know the message by what the server before us has called it. */
static void
print_uidl(struct pop3d *p, size_t i, uint64_t octets)
{
	struct pop3_uidl u = {.uidvalidity = p->box.uidvalidity};
	char kept[NAME_SIZE], uidl[POP3_UIDL_SIZE];

	(void)octets;
	if (mailbox_uidl(&p->box, i, kept)) {
		pop3_uidl_escape(uidl, str_z(kept));
	} else {
		u.uid = mailbox_uid(&p->box, i);
		if (p->uidl_file)
			mailbox_base(&p->box, i, kept);
		u.file = str_z(kept);
		pop3_uidl_make(uidl, p->uidl, &u);
	}
	out_num(&p->s.out, i + 1);
	out_chr(&p->s.out, ' ');
	out_z(&p->s.out, uidl);
	out_z(&p->s.out, "\r\n");
}

static void
list_one(
    struct pop3d *p, size_t i, void (*print)(struct pop3d *, size_t, uint64_t))
{
	uint64_t octets;
	int r = mailbox_wire_size(&p->box, i, &octets);

	if (r < 0) {
		trouble(p);
	} else if (r == 0) {
		err(p, "That message was removed by another session");
	} else {
		out_z(&p->s.out, "+OK ");
		print(p, i, octets);
	}
}

/* LIST and UIDL: one message, or all. */
static void
list(struct pop3d *p, struct str args,
    void (*print)(struct pop3d *, size_t, uint64_t))
{
	uint32_t number;
	uint64_t octets;
	size_t i, n;

	if (args.n > 0) {
		if (!pop3_cmd_numbers(args, &number, 1))
			bad(p, "The argument is no message number");
		else if (maildrop_find(p, number, &i))
			list_one(p, i, print);
		return;
	}
	totals(p, &n, &octets);
	out_fmt(&p->s.out, "+OK %zu %s (%llu %s)\r\n", n, say(p, "messages"),
	    (unsigned long long)octets, say(p, "octets"));
	for (i = 0; i < p->box.n; i++)
		if (present(p, i, &octets))
			print(p, i, octets);
	out_z(&p->s.out, ".\r\n");
}

void
cmd_list(struct pop3d *p, struct str args)
{
	list(p, args, print_size);
}

void
cmd_uidl(struct pop3d *p, struct str args)
{
	list(p, args, print_uidl);
}

void
cmd_dele(struct pop3d *p, struct str args)
{
	uint32_t number;
	size_t i;

	if (!pop3_cmd_numbers(args, &number, 1)) {
		bad(p, "Say which message: DELE number");
		return;
	}
	if (!maildrop_find(p, number, &i))
		return;
	p->deleted[i] = true;
	ok(p, "Marked for deletion");
}

void
cmd_rset(struct pop3d *p, struct str args)
{
	(void)args;
	if (p->box.n)
		memset(p->deleted, 0, p->box.n * sizeof(*p->deleted));
	ok(p, "No message is marked for deletion");
}

/* The UPDATE state (RFC 1939 6).  Returns how many were removed, or -1. */
static int
update(struct pop3d *p, size_t *n)
{
	size_t *idx = calloc(p->box.n + 1, sizeof(*idx));
	int r;

	if (!idx)
		oom();
	*n = 0;
	for (size_t i = 0; i < p->box.n; i++)
		if (p->deleted[i])
			idx[(*n)++] = i;
	r = *n ? mailbox_remove(&p->box, idx, *n) : 0;
	quota_flush(&p->quota);
	free(idx);
	return r;
}

void
cmd_quit(struct pop3d *p, struct str args)
{
	size_t n;
	int r;

	(void)args;
	p->quit = true;
	r = update(p, &n);
	/* The client may come back as soon as it has the answer. */
	if (p->lock >= 0)
		lock_release(p->lock);
	if (r < 0) {
		log_event("error", "err", fail_last(), NULL);
		err(p, "[SYS/TEMP] Some deleted messages were not removed");
	} else {
		ok(p, "Goodbye");
	}
	log_event("quit", "retrieved", log_num(p->retrieved), "deleted",
	    log_num(n), "left", log_num(p->box.n - n), NULL);
}
