/* SPDX-License-Identifier: ISC */
/* SASL in checkpw: its side of serve/converse.h. */
#ifndef TALK_H
#define TALK_H

#include "checkpw.h"

/* The whole conversation, of this mechanism; does not return. */
_Noreturn void talk_serve(struct login *l, const char *mechanism);

/* The client's next message, in the arena.  When none comes, we leave. */
struct str talk_hear(struct login *l);

/* Say something: C, T, D, F, R or B. */
void talk_say(struct login *l, char what, struct str text);

/* All that is needed to judge l->id is known: wait for the delay to pass. */
void talk_announce(struct login *l);

/* Ends, after talk_announce(), if that was not done yet: refused; accepted, for
 * which l has what find_ids() finds. */
_Noreturn void talk_refuse(struct login *l, const char *reason);
_Noreturn void talk_accept(struct login *l);

/* The end of one whose message nobody can read. */
_Noreturn void talk_malformed(struct login *l);

/* Make l->id what a GS2 name stands for; one that is none is malformed. */
void talk_name(struct login *l, struct str name);

/* Look l->id up for who has proved by other means than a password to be it, and
 * refuse when there is no such account, or a locked one.  Returns its name. */
struct str talk_find(struct login *l);

/* The mechanisms. */
_Noreturn void scram_serve(struct login *l, bool plus);
_Noreturn void external_serve(struct login *l);
_Noreturn void oauth_serve(struct login *l, bool google);

#endif
