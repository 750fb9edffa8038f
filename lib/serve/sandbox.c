/* SPDX-License-Identifier: ISC */
/* Entering a profile. */
#define _GNU_SOURCE
#include "serve/sandbox.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "conf/settings.h"
#include "serve/sandbox_check.h"

#define REMEMBERED 16
#define LACKS 200

/* Of the paths we have entered with. */
static struct remembered {
	const char *path; /* the caller's */
	dev_t dev;
	ino_t ino;
} remembered[REMEMBERED];
static size_t nremembered;

static bool told; /* inherited by children: they need not say it again */

static void
limit(int what, rlim_t most)
{
	struct rlimit now, r = {.rlim_cur = most, .rlim_max = most};

	if (getrlimit(what, &now) == 0 && now.rlim_max != RLIM_INFINITY &&
	    now.rlim_max < most)
		r.rlim_cur = r.rlim_max = now.rlim_max;
	if (setrlimit(what, &r) < 0)
		errno = 0; /* lower already */
}

static bool
is_file(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static void
set_limits(const struct profile *p)
{
	const rlim_t mib = 1024 * 1024;

	limit(RLIMIT_CORE, 0);
	if (p->data_mib)
		limit(RLIMIT_DATA, p->data_mib * mib);
	if (p->address_mib)
		limit(RLIMIT_AS, p->address_mib * mib);
	if (p->descriptors)
		limit(RLIMIT_NOFILE, p->descriptors);
	if (p->no_fork)
		limit(RLIMIT_NPROC, 0);
	if (p->no_write && !is_file(1) && !is_file(2))
		limit(RLIMIT_FSIZE, 0);
}

static void
remember(const struct landlock_path *paths, size_t n)
{
	struct stat st;

	nremembered = 0;
	for (size_t i = 0; i < n && nremembered < REMEMBERED; i++) {
		if (!paths[i].path || !*paths[i].path)
			continue;
		if (stat(paths[i].path, &st) < 0)
			memset(&st, 0, sizeof(st));
		remembered[nremembered++] =
		    (struct remembered){paths[i].path, st.st_dev, st.st_ino};
	}
}

bool
sandbox_stale(void)
{
	struct stat st;

	for (size_t i = 0; i < nremembered; i++)
		if (stat(remembered[i].path, &st) == 0 &&
		    (st.st_dev != remembered[i].dev ||
			st.st_ino != remembered[i].ino))
			return true;
	return false;
}

bool
sandbox_has_seccomp(void)
{
	/* EFAULT when it is there: it looked for the program. */
	return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

void
sandbox_lacks(
    const struct profile *p, int version, bool seccomp, char *to, size_t size)
{
	static const struct {
		unsigned scope;
		const char *word;
	} words[] = {{LANDLOCK_FILES, "files"}, {LANDLOCK_ODD, "odd-files"},
	    {LANDLOCK_TCP, "connect"}, {LANDLOCK_TCP_BIND, "bind"},
	    {LANDLOCK_SIGNALS, "signals"}, {LANDLOCK_ABSTRACT, "abstract"}};
	unsigned lacks = landlock_lacks(version, p->scopes);
	int n = snprintf(to, size, "%s", seccomp ? "" : "system-calls");

	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (lacks & words[i].scope && n >= 0 && (size_t)n < size)
			n += snprintf(to + n, size - (size_t)n, "%s%s",
			    n ? " " : "", words[i].word);
	if ((p->scopes & LANDLOCK_FILES) && version == 2 && n >= 0 &&
	    (size_t)n < size)
		snprintf(to + n, size - (size_t)n, "%struncate", n ? " " : "");
}

static void
tell(const struct profile *p, int version, bool seccomp, const char *err)
{
	char lacks[LACKS];

	sandbox_lacks(p, version, seccomp, lacks, sizeof(lacks));
	if (told || (!*lacks && !err))
		return;
	told = true;
	log_event("sandbox", "profile", p->name, "lacks", *lacks ? lacks : NULL,
	    "landlock", log_num((unsigned)version), "err", err, NULL);
}

/* Whether whoever started us has handed the wide form down, which is the same
 * in all profiles: other filters may deny asking for one's own personality, but
 * with another error. */
static bool
is_wide(void)
{
	return syscall(SYS_personality, 0xffffffffUL) < 0 &&
	       errno == SECCOMP_OURS;
}

static int
enter_seccomp(const struct profile *p, bool log_only)
{
	const struct profile *inner = p->inner ? profile_find(p->inner) : NULL;
	struct seccomp s;

	if (p->mode == SECCOMP_WIDE && is_wide())
		return 0;
	seccomp_make(&s, p->mode, p->calls, inner ? inner->calls : NULL,
	    p->sockets | (inner ? inner->sockets : 0), log_only);
	return seccomp_load(&s);
}

void
sandbox_enter_ports(const char *name, const struct landlock_path *paths,
    size_t npaths, const uint16_t *ports, size_t nports)
{
	static int version = -1;
	const struct profile *p = profile_find(name);
	const char *mode = settings_text("YUBIN_SANDBOX");
	const char *err = NULL;
	bool log_only = strcmp(mode, "log") == 0;
	bool seccomp;

	if (!p || SANDBOX_IMPOSSIBLE)
		return;
	if (strcmp(mode, "off") == 0) {
		sandbox_check(p);
		return;
	}
	if (version < 0)
		version = landlock_version();
	set_limits(p);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		err = strerror(errno);
	if (p->scopes & LANDLOCK_FILES)
		remember(paths, npaths);
	if (!log_only && landlock_enter(version, p->scopes, paths, npaths,
			     ports, nports) < 0)
		err = strerror(errno);
	seccomp = enter_seccomp(p, log_only) == 0;
	sandbox_mark(name);
	if (!seccomp && sandbox_has_seccomp())
		err = strerror(errno);
	tell(p, version, seccomp, err);
	sandbox_check(p);
}

void
sandbox_enter(
    const char *name, const struct landlock_path *paths, size_t npaths)
{
	sandbox_enter_ports(name, paths, npaths, NULL, 0);
}
