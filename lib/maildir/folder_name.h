/* SPDX-License-Identifier: ISC */
/* The name of a mailbox and the name of its directory.  A directory is ".x"
 * where x is the mailbox's name in modified UTF-7.  Others that were made by
 * hand, or by Dovecot with its option for UTF-8, have a name too: x as UTF-8,
 * and octets that are none, control characters and dots that make an empty
 * level as U+F700 + octet.  Pure. */
#ifndef MAILDIR_FOLDER_NAME_H
#define MAILDIR_FOLDER_NAME_H

#include <limits.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

#define FOLDER_NAME_SPELLINGS 9

/* Append the name of the mailbox that the directory dir would be; INBOX as the
 * first level is in capitals.  False: it is none (no dot in front, or two). */
bool folder_name_read(const char *dir, struct buf *name);

/* Write spelling i (0 to FOLDER_NAME_SPELLINGS - 1) of the directory of the
 * mailbox `name`, which is valid and not INBOX itself.  0 is the one that we
 * make.  False: there is none of this number, or it is too long. */
bool folder_name_spell(struct str name, int i, char dir[NAME_MAX + 1]);

#endif
