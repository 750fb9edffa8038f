/* SPDX-License-Identifier: ISC */
/* How failure travels.  A library function that fails returns -1 with errno
 * set; where a path or a host matters it says `return fail("open ", path);`,
 * which also fills the process's one error slot.  Programs print the slot with
 * die() or log it; libraries never print. */
#ifndef BASE_FAIL_H
#define BASE_FAIL_H

#define EXIT_PERM 100 /* usage, or it will never work */
#define EXIT_TEMP 111 /* it may work later */

/* Remember what (a few words ending in a blank, or "") and detail (a path, a
 * host; may be NULL) together with errno, which is kept.  Returns -1. */
int fail(const char *what, const char *detail);

/* Like fail() for failures that errno cannot name: text is the whole message.
 * errno becomes EPROTO unless err is another value than 0.  Returns -1. */
int fail_text(int err, const char *text);

/* The last failure in words: "open /x: Permission denied", or the text of
 * errno when nothing was recorded for it.  Valid until the next fail(). */
const char *fail_last(void);

/* Log the last failure at error level (base/log.h) and exit with code. */
_Noreturn void die(int code);

/* Log "out of memory", call the hook set by oom_hook() once, exit 111. */
_Noreturn void oom(void);

/* What to do before dying of memory shortage, for example writing the
 * protocol's "try later"; it must not allocate.  NULL for nothing. */
void oom_hook(void (*hook)(void));

#endif
