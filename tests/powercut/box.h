/* SPDX-License-Identifier: ISC */
/* The box that the rig runs in: mount and process namespaces of its own, so
 * that nothing stays behind however it ends. */
#ifndef BOX_H
#define BOX_H

/* Whether this system lets us: root, /dev/fuse and loop devices.  NULL, or
 * what is missing. */
const char *box_missing(void);

/* Run a function as the main process of a new box, with rig_work mounted.
 * Returns its exit status, or 128 + signal.  SIGINT and SIGTERM, and the end
 * of this process, end the box. */
int box_run(int (*rig)(void));

#endif
