/* SPDX-License-Identifier: ISC */
/* Special uses of mailboxes (RFC 6154): \Archive \Drafts \Junk \Sent \Trash.
 *
 * The mark is the file yubin-special-use in the folder, with the uses divided
 * by blanks or LF: so it goes where the folder goes.  An empty one says that
 * the folder has none.  A use that no folder is marked with belongs to the
 * folder that has one of its usual names. */
#ifndef MAILDIR_FOLDER_USE_H
#define MAILDIR_FOLDER_USE_H

#include <stdbool.h>

#include "base/arena.h"
#include "maildir/folder.h"

#define FOLDER_USES "yubin-special-use"

/* Read the mark of the directory dir into f; its text is in the arena. */
void folder_use_read(
    const struct home *h, const char *dir, struct arena *a, struct folder *f);

/* Give uses that no folder of the n has to those with usual names. */
void folder_use_guess(struct folder *list, size_t n);

#endif
