/* SPDX-License-Identifier: ISC */
/* The table of commands: what the RFCs say about each. */
#include "table.h"

/* clang-format off */
static const struct command commands[] = {
	/* name          handler          states         bits */
	{ "APPEND",      cmd_append,      ANY,           PULLS },
	{ "AUTHENTICATE", cmd_logged_in,  ANY,           0 },
	{ "CAPABILITY",  cmd_capability,  ANY,           0 },
	{ "CHECK",       cmd_check,       SELECTED,      0 },
	{ "CLOSE",       cmd_close,       SELECTED,      NO_SYNC },
	{ "COPY",        cmd_copy,        SELECTED,      TAKES_UID },
	{ "CREATE",      cmd_create,      ANY,           0 },
	{ "DELETE",      cmd_delete,      ANY,           0 },
	{ "ENABLE",      cmd_enable,      ANY,           0 },	/* RFC 5161 */
	{ "EXAMINE",     cmd_examine,     ANY,           NO_SYNC },
	{ "EXPUNGE",     cmd_expunge,     SELECTED,      TAKES_UID },
	{ "FETCH",       cmd_fetch,       SELECTED,      TAKES_UID | HOLDS_SEQ },
	{ "GETQUOTA",    cmd_getquota,    ANY,           0 },	/* RFC 9208 */
	{ "GETQUOTAROOT", cmd_getquotaroot, ANY,         0 },
	{ "ID",          cmd_id,          ANY,           0 },	/* RFC 2971 */
	{ "IDLE",        cmd_idle,        ANY,           0 },	/* RFC 2177 */
	{ "LIST",        cmd_list,        ANY,           0 },
	{ "LOGIN",       cmd_logged_in,   ANY,           0 },
	{ "LOGOUT",      cmd_logout,      ANY,           NO_SYNC },
	{ "LSUB",        cmd_lsub,        ANY,           0 },
	{ "MOVE",        cmd_move,        SELECTED,      TAKES_UID }, /* 6851 */
	{ "NAMESPACE",   cmd_namespace,   ANY,           0 },	/* RFC 2342 */
	{ "NOOP",        cmd_noop,        ANY,           0 },
	{ "RENAME",      cmd_rename,      ANY,           0 },
	{ "SEARCH",      cmd_search,      SELECTED,      TAKES_UID | HOLDS_SEQ },
	{ "SELECT",      cmd_select,      ANY,           NO_SYNC },
	{ "SETQUOTA",    cmd_setquota,    ANY,           0 },
	{ "STARTTLS",    cmd_logged_in,   ANY,           0 },
	{ "STATUS",      cmd_status,      ANY,           0 },
	{ "STORE",       cmd_store,       SELECTED,      TAKES_UID | HOLDS_SEQ },
	{ "SUBSCRIBE",   cmd_subscribe,   ANY,           0 },
	{ "UNSELECT",    cmd_unselect,    SELECTED,      NO_SYNC }, /* 3691 */
	{ "UNSUBSCRIBE", cmd_unsubscribe, ANY,           0 },
};
/* clang-format on */

const struct command *
table_find(struct str name)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (str_ieq(name, str_z(commands[i].name)))
			return &commands[i];
	return NULL;
}
