/* SPDX-License-Identifier: ISC */
/* Landlock without the newest headers: numbers as in linux/landlock.h. */
#define _GNU_SOURCE
#include "serve/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fail.h"

#define SYS_CREATE 444
#define SYS_ADD_RULE 445
#define SYS_RESTRICT 446

#define GET_VERSION 1u
#define RULE_PATH 1
#define RULE_PORT 2

#define FS_EXECUTE (1u << 0)
#define FS_WRITE_FILE (1u << 1)
#define FS_READ_FILE (1u << 2)
#define FS_READ_DIR (1u << 3)
#define FS_REMOVE (3u << 4) /* folders, files */
#define FS_MAKE_CHAR (1u << 6)
#define FS_MAKE_DIR (1u << 7)
#define FS_MAKE_REG (1u << 8)
#define FS_MAKE_ODD (15u << 9) /* sockets, fifos, block devices, links */
#define FS_REFER (1u << 13)    /* version 2 */
#define FS_TRUNCATE (1u << 14) /* version 3 */
#define FS_IOCTL (1u << 15)    /* version 5 */

#define ALL_FILE (FS_EXECUTE | FS_WRITE_FILE | FS_READ_FILE | FS_TRUNCATE)
#define READS (FS_READ_FILE | FS_READ_DIR)
#define WRITES \
	(READS | FS_WRITE_FILE | FS_TRUNCATE | FS_REMOVE | FS_MAKE_DIR | \
	    FS_MAKE_REG | FS_REFER)
#define ODD (FS_EXECUTE | FS_MAKE_CHAR | FS_MAKE_ODD)

struct attributes {
	uint64_t files;
	uint64_t tcp;    /* version 4 */
	uint64_t scoped; /* version 6 */
};

struct path_rule {
	uint64_t allowed;
	int32_t fd;
} __attribute__((packed));

struct port_rule {
	uint64_t allowed;
	uint64_t port;
};

int
landlock_version(void)
{
	long v = syscall(SYS_CREATE, NULL, (size_t)0, GET_VERSION);

	return v < 0 ? 0 : (int)v;
}

/* Without the right to move between folders, which version 1 cannot grant,
 * there is no delivering into a Maildir. */
unsigned
landlock_lacks(int version, unsigned scopes)
{
	unsigned lacks = 0;

	if (version < 2)
		lacks |= LANDLOCK_FILES | LANDLOCK_ODD;
	if (version < 4)
		lacks |= LANDLOCK_TCP | LANDLOCK_TCP_BIND;
	if (version < 6)
		lacks |= LANDLOCK_SIGNALS | LANDLOCK_ABSTRACT;
	return lacks & scopes;
}

/* The rights on files that this version knows. */
static uint64_t
known(int version)
{
	uint64_t all = WRITES | ODD;

	if (version < 3)
		all &= ~(uint64_t)FS_TRUNCATE;
	if (version >= 5)
		all |= FS_IOCTL;
	return all;
}

static struct attributes
handled(int version, unsigned scopes)
{
	struct attributes a = {0, 0, 0};

	scopes &= ~landlock_lacks(version, scopes);
	if (scopes & LANDLOCK_FILES)
		a.files = known(version);
	else if (scopes & LANDLOCK_ODD)
		a.files = (known(version) & ODD) | FS_REFER;
	else if (version >= 2)
		a.files = FS_REFER;
	if (scopes & LANDLOCK_TCP_BIND)
		a.tcp |= 1;
	if (scopes & LANDLOCK_TCP)
		a.tcp |= 2;
	if (scopes & LANDLOCK_ABSTRACT)
		a.scoped |= 1;
	if (scopes & LANDLOCK_SIGNALS)
		a.scoped |= 2;
	return a;
}

/* Moving between folders is denied by each confinement that does not grant it,
 * also by one that has nothing to do with files. */
static int
add_moving(int ruleset)
{
	struct path_rule rule = {.allowed = FS_REFER};
	int r;

	rule.fd = open("/", O_PATH | O_CLOEXEC);
	if (rule.fd < 0)
		return -1;
	r = (int)syscall(SYS_ADD_RULE, ruleset, RULE_PATH, &rule, 0);
	close(rule.fd);
	return r;
}

static int
add_path(int ruleset, uint64_t files, const struct landlock_path *p)
{
	struct path_rule rule = {.allowed = READS};
	struct stat st;
	int r;

	if (!p->path || !*p->path)
		return 0;
	rule.fd = open(p->path, O_PATH | O_CLOEXEC);
	if (rule.fd < 0)
		return 0;
	if (p->rights == LANDLOCK_LIST)
		rule.allowed = FS_READ_DIR;
	if (p->rights & LANDLOCK_MOVE)
		rule.allowed |= WRITES | FS_MAKE_ODD;
	if (p->rights & LANDLOCK_WRITE)
		rule.allowed |= WRITES;
	if (p->rights & LANDLOCK_EXEC)
		rule.allowed |= FS_EXECUTE;
	if (fstat(rule.fd, &st) == 0 && !S_ISDIR(st.st_mode))
		rule.allowed &= ALL_FILE;
	rule.allowed &= files;
	r = rule.allowed
	        ? (int)syscall(SYS_ADD_RULE, ruleset, RULE_PATH, &rule, 0)
	        : 0;
	close(rule.fd);
	return r;
}

static int
restrict_to(int ruleset, uint64_t files, const struct landlock_path *paths,
    size_t npaths, const uint16_t *ports, size_t nports)
{
	if (!(files & FS_READ_FILE) && files && add_moving(ruleset) < 0)
		return -1;
	for (size_t i = 0; files && i < npaths; i++)
		if (add_path(ruleset, files, &paths[i]) < 0)
			return -1;
	for (size_t i = 0; i < nports; i++) {
		struct port_rule rule = {.allowed = 2, .port = ports[i]};

		if (syscall(SYS_ADD_RULE, ruleset, RULE_PORT, &rule, 0) < 0)
			return -1;
	}
	return (int)syscall(SYS_RESTRICT, ruleset, 0);
}

int
landlock_enter(int version, unsigned scopes, const struct landlock_path *paths,
    size_t npaths, const uint16_t *ports, size_t nports)
{
	struct attributes a = handled(version, scopes);
	size_t size = version < 4   ? sizeof(a.files)
	              : version < 6 ? 2 * sizeof(a.files)
	                            : sizeof(a);
	int ruleset, r, err;

	if (a.files == FS_REFER && !a.tcp && !a.scoped)
		a.files = 0;
	if (!a.files && !a.tcp && !a.scoped)
		return 0;
	ruleset = (int)syscall(SYS_CREATE, &a, size, 0);
	if (ruleset < 0)
		return -1;
	r = restrict_to(
	    ruleset, a.files, paths, npaths, ports, a.tcp & 2 ? nports : 0);
	err = errno;
	close(ruleset);
	errno = err;
	return r;
}
