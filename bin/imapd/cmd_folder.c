/* SPDX-License-Identifier: ISC */
/* CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 3501 6.3.3 to 6.3.7),
 * with the response codes of RFC 5530; CREATE with special uses (RFC 6154). */
#include <errno.h>

#include "table.h"

/* One mailbox name and nothing else. */
static bool
one_name(struct imap *s, struct scan *args, struct str *name)
{
	return imap_sp(args) && imap_mailbox(s, args, name) &&
	       scan_finish(args);
}

/* What a failed folder_*() call means. */
static enum reply
refused(struct imap *s)
{
	switch (errno) {
	case EINVAL:
		return imap_no(s, "CANNOT", "no mailbox can have this name");
	case ENAMETOOLONG:
		return imap_no(s, "CANNOT", "the name is too long");
	case EEXIST:
		return imap_no(s, "ALREADYEXISTS", "mailbox exists already");
	case ENOENT:
		return imap_no(s, "NONEXISTENT", "no such mailbox");
	case ENOTEMPTY:
		return imap_no(s, NULL, "it is only a parent of mailboxes");
	case EPERM:
		return imap_no(s, "CANNOT", "not with this mailbox");
	default:
		return imap_fail(s);
	}
}

/* Whether the selected mailbox is name or, but for INBOX, below it. */
static bool
concerns_selected(const struct imap *s, struct str name)
{
	if (!s->selected || !str_starts(s->box_name, name))
		return false;
	return s->box_name.n == name.n ||
	       s->box_name.p[name.n] == IMAP_DELIMITER;
}

/* "(USE (\Sent \Archive))" (RFC 6154 3, 6): the uses, divided by blanks, in
 * *uses; *known says whether all of them are. */
static bool
create_params(struct imap *s, struct scan *args, struct str *uses, bool *known)
{
	struct buf b;

	*known = true;
	buf_init(&b, IMAP_COMMAND);
	if (!scan_try_word(args, STR("(USE (")))
		return scan_fail(args, "(USE (...)) expected");
	while (!args->bad && !scan_try(args, ')')) {
		const char *start = args->p;
		struct str name;

		if (b.n)
			buf_chr(&b, ' ');
		scan_need(args, '\\', "special use expected");
		if (imap_atom(args, &name))
			name = str_make(start, name.n + 1);
		*known = *known && !args->bad && folder_use_known(name);
		if (!args->bad)
			buf_str(&b, name);
		if (!args->bad && scan_peek(args) != ')')
			imap_sp(args);
	}
	*uses = arena_str(&s->arena, buf_slice(&b));
	buf_free(&b);
	return scan_need(args, ')', "')' expected");
}

/* Make it, and tell its id (RFC 8474 4.1). */
static enum reply
create(struct imap *s, struct str name, struct str uses)
{
	char id[FOLDER_ID_SIZE];

	if (folder_create(&s->home, name, uses) < 0)
		return refused(s);
	if (folder_id(&s->home, name, id) > 0)
		buf_fmt(&s->reply, "[MAILBOXID (%s)] created", id);
	return REPLY_OK;
}

/* CREATE.  A delimiter at the end announces children and is dropped. */
enum reply
cmd_create(struct imap *s, struct scan *args)
{
	struct str name, uses = STR("");
	bool known = true;

	if (!imap_sp(args) || !imap_mailbox(s, args, &name) ||
	    (scan_try(args, ' ') && !create_params(s, args, &uses, &known)) ||
	    !scan_finish(args))
		return imap_bad(s, args->bad);
	if (name.n > 1 && name.p[name.n - 1] == IMAP_DELIMITER)
		name.n--;
	if (str_eq(name, STR("INBOX")))
		return imap_no(s, "ALREADYEXISTS", "INBOX is always there");
	if (!folder_valid(name))
		return imap_no(s, "CANNOT", "no mailbox can have this name");
	if (!known)
		return imap_no(s, "USEATTR", "unknown special use");
	return create(s, name, uses);
}

/* DELETE.  When it is the selected mailbox, it is left first. */
enum reply
cmd_delete(struct imap *s, struct scan *args)
{
	struct str name;

	if (!one_name(s, args, &name))
		return imap_bad(s, args->bad);
	if (str_eq(name, STR("INBOX")))
		return imap_no(s, "CANNOT", "INBOX cannot be deleted");
	if (!folder_valid(name))
		return imap_no(s, "NONEXISTENT", "no such mailbox");
	if (folder_delete(&s->home, name) < 0)
		return refused(s);
	if (s->selected && str_eq(s->box_name, name))
		imap_unselect(s);
	return REPLY_OK;
}

/* RENAME.  A selected mailbox that gets another name is left. */
enum reply
cmd_rename(struct imap *s, struct scan *args)
{
	struct str from, to;

	if (!imap_sp(args) || !imap_mailbox(s, args, &from) ||
	    !one_name(s, args, &to))
		return imap_bad(s, args->bad);
	if (to.n > 1 && to.p[to.n - 1] == IMAP_DELIMITER)
		to.n--;
	if (str_eq(to, STR("INBOX")))
		return imap_no(s, "ALREADYEXISTS", "INBOX is always there");
	if (!folder_valid(to))
		return imap_no(s, "CANNOT", "no mailbox can have this name");
	if (!folder_valid(from))
		return imap_no(s, "NONEXISTENT", "no such mailbox");
	if (folder_rename(&s->home, from, to) < 0)
		return refused(s);
	if (!str_eq(from, STR("INBOX")) && concerns_selected(s, from))
		imap_unselect(s);
	return REPLY_OK;
}

static enum reply
subscribe(struct imap *s, struct scan *args, bool on)
{
	struct str name;

	if (!one_name(s, args, &name))
		return imap_bad(s, args->bad);
	if (!folder_valid(name))
		return imap_no(s, "CANNOT", "no mailbox can have this name");
	return folder_subscribe(&s->home, name, on) < 0 ? refused(s) : REPLY_OK;
}

enum reply
cmd_subscribe(struct imap *s, struct scan *args)
{
	return subscribe(s, args, true);
}

enum reply
cmd_unsubscribe(struct imap *s, struct scan *args)
{
	return subscribe(s, args, false);
}
