/* SPDX-License-Identifier: ISC */
/* Loop devices are taken by their number, with nodes of our own: /dev may show
 * only a few of them. */
#define _GNU_SOURCE
#include "volume.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/now.h"

#define LOOP_MAJOR 7
#define TRIES 100

const struct volume_type volume_types[] = {
    {"ext4", 512, "", "",
	{"mkfs.ext4", "-q", "-F", "-E",
	    "nodiscard,lazy_itable_init=0,lazy_journal_init=0", "-N", "16384"},
	false},
    {"xfs", 512, "nouuid", "nouuid", {"mkfs.xfs", "-q", "-f", "-K"}, false},
    {"btrfs", 640, "nodiscard", "nodiscard", {"mkfs.btrfs", "-q", "-f", "-K"},
	true},
};
const int volume_types_n = sizeof(volume_types) / sizeof(volume_types[0]);

const struct volume_type *
volume_type(const char *name)
{
	for (int i = 0; i < volume_types_n; i++)
		if (strcmp(volume_types[i].name, name) == 0)
			return &volume_types[i];
	return NULL;
}

static bool
has_program(const char *name)
{
	static const char *const dirs[] = {"/sbin/", "/usr/sbin/", "/usr/bin/"};
	char path[RIG_PATH];

	for (size_t i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++) {
		rig_path(path, dirs[i], name, "");
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/* A driver that is a module shows up only after the first mount: then the
 * mount will tell. */
bool
volume_usable(const struct volume_type *t)
{
	return has_program(t->mkfs[0]);
}

void
volume_make(const struct volume_type *t, const char *path)
{
	const char *argv[14] = {NULL};
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int n = 0;

	if (fd < 0 || ftruncate(fd, (off_t)t->megabytes << 20) < 0)
		broken(path);
	close(fd);
	while (t->mkfs[n]) {
		argv[n] = t->mkfs[n];
		n++;
	}
	argv[n] = path;
	rig_run(argv, NULL);
}

/* Try to attach the file to loop device `number`.  Returns its descriptor, or
 * -1 when another process was quicker. */
static int
attach(int number, int file, char node[RIG_PATH])
{
	struct loop_config c = {
	    .fd = (__u32)file, .info = {.lo_flags = LO_FLAGS_AUTOCLEAR}};
	char name[32];
	int fd;

	snprintf(name, sizeof(name), "/loop%d", number);
	rig_path(node, rig_work, name, "");
	if (mknod(node, S_IFBLK | 0600, makedev(LOOP_MAJOR, (unsigned)number)) <
		0 &&
	    errno != EEXIST)
		broken(node);
	fd = open(node, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		broken(node);
	if (ioctl(fd, LOOP_CONFIGURE, &c) == 0)
		return fd;
	if (errno != EBUSY)
		broken("LOOP_CONFIGURE");
	close(fd);
	return -1;
}

/* Holds the device until the mount does. */
static int
loop_open(const char *file, char node[RIG_PATH])
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	int fd = open(file, O_RDWR | O_CLOEXEC);
	int loop = -1;

	if (control < 0 || fd < 0)
		broken(control < 0 ? "/dev/loop-control" : file);
	for (int i = 0; i < TRIES && loop < 0; i++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);

		if (number < 0)
			broken("LOOP_CTL_GET_FREE");
		loop = attach(number, fd, node);
	}
	if (loop < 0)
		broken_text(file, "no free loop device");
	close(control);
	close(fd);
	return loop;
}

int
volume_mount(
    const struct volume_type *t, const char *file, const char *dir, bool copy)
{
	char node[RIG_PATH];
	int loop = loop_open(file, node);
	int r, err;

	if (mkdir(dir, 0755) < 0 && errno != EEXIST)
		broken(dir);
	r = mount(node, dir, t->name, MS_NOATIME, copy ? t->again : t->options);
	err = errno;
	close(loop);
	errno = err;
	return r;
}

void
volume_unmount(const char *dir)
{
	int64_t deadline = now_plus_s(RIG_WAIT_S);

	/* What was killed may need a moment to let go. */
	while (umount(dir) < 0) {
		if (errno != EBUSY || now_left(deadline) == 0)
			broken(dir);
		poll(NULL, 0, 20);
	}
}

void
volume_sync(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || syncfs(fd) < 0)
		broken(dir);
	close(fd);
}
