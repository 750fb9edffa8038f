/* SPDX-License-Identifier: ISC */
/* Landlock: what files, ports, abstract sockets and processes a process may
 * reach (the kernel's Documentation/userspace-api/landlock.rst), as far as the
 * running kernel knows it.  Version ("ABI") 1 has files; 2 moving between
 * folders; 3 truncating; 4 TCP; 5 ioctl on devices; 6 signals and abstract
 * sockets.  Debian 12 has 2, Debian 13 has 6. */
#ifndef SERVE_LANDLOCK_H
#define SERVE_LANDLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LANDLOCK_WANTED 6

/* What a process may do below a folder, or with a file. */
enum landlock_right {
	LANDLOCK_READ = 1,  /* open for reading, list */
	LANDLOCK_WRITE = 2, /* READ, and make, change, move, remove files */
	LANDLOCK_EXEC = 4,  /* READ, and execute */
	LANDLOCK_LIST = 8,  /* alone: list folders, but open no file */
	LANDLOCK_MOVE = 16  /* WRITE, and move sockets, fifos, links too */
};

struct landlock_path {
	const char *path;
	unsigned rights;
};

/* Handled kinds; what is handled is denied but for the rules. */
enum landlock_scope {
	LANDLOCK_FILES = 1,
	LANDLOCK_ODD = 2,      /* executing; devices, sockets, fifos, links */
	LANDLOCK_TCP = 4,      /* connecting */
	LANDLOCK_TCP_BIND = 8, /* binding */
	LANDLOCK_SIGNALS = 16, /* to processes that are not confined likewise */
	LANDLOCK_ABSTRACT = 32 /* connecting to their abstract sockets */
};

/* The version the kernel has; 0 for none. */
int landlock_version(void);

/* What of these scopes that version cannot do. */
unsigned landlock_lacks(int version, unsigned scopes);

/* Confine this process and all that come of it, for good.  Paths that do not
 * exist are passed over.  ports: what may be connected to.  Returns 0, or -1
 * and nothing has changed. */
int landlock_enter(int version, unsigned scopes,
    const struct landlock_path *paths, size_t npaths, const uint16_t *ports,
    size_t nports);

#endif
