/* SPDX-License-Identifier: ISC */
/* env/ below the root: settings of this host, one a file, as s6-envdir and
 * daemontools' envdir read it. */
#ifndef CONF_ENV_H
#define CONF_ENV_H

/* Put them into the environment, but for what is there already, and for names
 * that are no settings of ours.  A value is the first line of its file, without
 * blanks at its ends, of 4096 octets at most; an empty one is none.  Without
 * the folder nothing happens.  Returns 0, or -1: some could not be read. */
int env_load(const char *root);

#endif
