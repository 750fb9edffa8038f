/* SPDX-License-Identifier: ISC */
/* The device's process.  While it records, it also writes down each step in
 * shared memory, and a child forked at the start of the recording, which has
 * the disk as it was then, plays these steps one by one when asked to. */
#define _GNU_SOURCE
#include "device.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/now.h"
#include "fusefile.h"
#include "io/wait.h"

#define LOG_MAX ((size_t)512 * 1024 * 1024)

enum command_kind { CUT, RECORD, RECORD_END, REPLAY, FORGET };

struct command {
	enum command_kind kind;
	uint32_t n;
	uint64_t seed;
};

/* A write (n octets follow), or a flush (n is 0). */
struct step {
	uint64_t at;
	uint32_t n;
};

struct server {
	struct device *d;
	struct fusefile file;
	struct disk disk;
	int ctl, past; /* the other ends of the device's */
	bool recording;
	char *log; /* steps, shared with the player */
	size_t log_n;
};

/* -------------------------------------------------------------- images */

void
device_image(enum disk_image what, char to[RIG_PATH])
{
	static const char names[DISK_IMAGES][3] = {"0", "1", "2"};

	rig_path(to, rig_work, "/image-", names[what]);
}

static void
save_images(struct server *s, uint64_t seed)
{
	for (int i = 0; i < DISK_IMAGES; i++) {
		char path[RIG_PATH];

		device_image((enum disk_image)i, path);
		disk_save(&s->disk, (enum disk_image)i, seed, path);
	}
}

static void
answer(int fd, uint32_t value)
{
	if (send(fd, &value, sizeof(value), MSG_NOSIGNAL) != sizeof(value))
		broken("answer of the device");
}

/* A child with the disk as it is now. */
static bool
frozen(struct server *s)
{
	pid_t pid = fork();

	if (pid < 0)
		broken("fork");
	if (pid > 0)
		return false;
	close(s->file.fd); /* only the server keeps the mount alive */
	return true;
}

static void
cut(struct server *s, uint64_t seed)
{
	ledger_cut(s->d->ledger);
	if (!frozen(s))
		return;
	save_images(s, seed);
	answer(s->ctl, 0);
	_exit(0);
}

/* ----------------------------------------------------------- recording */

static void
record(struct server *s, const struct fusefile_job *j)
{
	struct step step = {j->at, j->kind == FUSEFILE_WRITE ? j->n : 0};

	if (s->log_n + sizeof(step) + step.n > LOG_MAX)
		broken_text("device", "the recording is too long");
	memcpy(s->log + s->log_n, &step, sizeof(step));
	s->log_n += sizeof(step);
	if (step.n)
		memcpy(s->log + s->log_n, j->data, step.n);
	s->log_n += step.n;
	s->d->counts->steps++;
}

/* Play one step of the log; whether it was a flush. */
static bool
play(struct server *s)
{
	struct step step;

	memcpy(&step, s->log + s->log_n, sizeof(step));
	s->log_n += sizeof(step);
	if (step.n)
		disk_write(&s->disk, step.at, s->log + s->log_n, step.n);
	else
		disk_flush(&s->disk);
	s->log_n += step.n;
	return step.n == 0;
}

static void
player(struct server *s)
{
	struct command c;
	bool flush = false;

	while (
	    recv(s->past, &c, sizeof(c), 0) == sizeof(c) && c.kind == REPLAY) {
		for (uint32_t i = 0; i < c.n; i++)
			flush = play(s);
		save_images(s, c.seed);
		answer(s->past, flush);
	}
	_exit(0);
}

static void
start_recording(struct server *s)
{
	s->recording = true;
	s->log_n = 0;
	s->d->counts->steps = 0;
	if (frozen(s))
		player(s);
	answer(s->ctl, 0);
}

/* -------------------------------------------------------------- serving */

static void
carry_out(struct server *s, const struct fusefile_job *j)
{
	const char *data = NULL;
	struct fusefile_job part = *j;

	switch (j->kind) {
	case FUSEFILE_READ:
		if (part.at >= s->disk.size)
			part.n = 0;
		else if (part.n > s->disk.size - part.at)
			part.n = (uint32_t)(s->disk.size - part.at);
		data = s->disk.live + (part.n ? part.at : 0);
		break;
	case FUSEFILE_WRITE:
		disk_write(&s->disk, j->at, j->data, j->n);
		s->d->counts->writes++;
		break;
	case FUSEFILE_SYNC:
		disk_flush(&s->disk);
		s->d->counts->flushes++;
		break;
	}
	if (s->recording && j->kind != FUSEFILE_READ)
		record(s, j);
	fusefile_done(&s->file, &part, data);
}

static void
obey(struct server *s)
{
	struct command c;

	if (recv(s->ctl, &c, sizeof(c), 0) != sizeof(c))
		_exit(0);
	switch (c.kind) {
	case CUT:
		cut(s, c.seed);
		break;
	case RECORD:
		start_recording(s);
		break;
	case RECORD_END:
		s->recording = false;
		answer(s->ctl, s->d->counts->steps);
		break;
	case REPLAY:
	case FORGET:
		break; /* the player's */
	}
}

_Noreturn static void
serve(struct server *s)
{
	struct pollfd p[2] = {{.fd = s->file.fd, .events = POLLIN},
	    {.fd = s->ctl, .events = POLLIN}};
	struct fusefile_job j;
	int r = 0;

	/* Were this the last process to see the mounts on its disk, its end
	 * would unmount them, and wait for itself. */
	if (unshare(CLONE_NEWNS) < 0 || umount2(s->d->mount, MNT_DETACH) < 0)
		broken("the device's namespace");
	answer(s->ctl, 0);
	/* Memory that it needs must not be waited for on its own disk. */
	prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0);
	signal(SIGCHLD, SIG_IGN);
	while (r >= 0) {
		if (poll(p, 2, -1) < 0 && errno != EINTR)
			broken("poll");
		if (p[1].revents)
			obey(s);
		r = fusefile_next(&s->file, &j);
		if (r > 0)
			carry_out(s, &j);
	}
	_exit(0);
}

/* ----------------------------------------------------------- the client */

static uint32_t
await(int fd)
{
	uint32_t value;

	if (wait_readable(fd, now_plus_s(RIG_WAIT_S)) != 1 ||
	    recv(fd, &value, sizeof(value), 0) != sizeof(value))
		broken("wait for the device");
	return value;
}

static uint32_t
ask(int fd, enum command_kind kind, uint32_t n, uint64_t seed)
{
	struct command c = {kind, n, seed};

	if (send(fd, &c, sizeof(c), MSG_NOSIGNAL) != sizeof(c))
		broken("command to the device");
	return kind == FORGET ? 0 : await(fd);
}

static void
pair(int *here, int *there)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		broken("socketpair");
	*here = fds[0];
	*there = fds[1];
}

void
device_start(struct device *d, struct ledger *l, const char *from)
{
	struct server s = {.d = d};
	int fd = open(from, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		broken(from);
	*d = (struct device){.ledger = l};
	d->counts = rig_shared(sizeof(*d->counts));
	rig_path(d->mount, rig_work, "/device", "");
	rig_path(d->file, d->mount, "/", FUSEFILE_NAME);
	if (mkdir(d->mount, 0700) < 0 && errno != EEXIST)
		broken(d->mount);
	disk_load(&s.disk, fd);
	close(fd);
	s.log = rig_shared(LOG_MAX);
	pair(&d->ctl, &s.ctl);
	pair(&d->past, &s.past);
	fusefile_mount(&s.file, d->mount, s.disk.size);
	d->pid = fork();
	if (d->pid < 0)
		broken("fork");
	if (d->pid == 0) {
		close(d->ctl);
		close(d->past);
		serve(&s);
	}
	close(s.ctl);
	close(s.past);
	disk_free(&s.disk);
	fusefile_free(&s.file);
	rig_unshare(s.log, LOG_MAX);
	await(d->ctl);
}

void
device_cut(struct device *d, uint64_t seed)
{
	ask(d->ctl, CUT, 0, seed);
}

void
device_record(struct device *d)
{
	ask(d->ctl, RECORD, 0, 0);
}

uint32_t
device_record_end(struct device *d)
{
	return ask(d->ctl, RECORD_END, 0, 0);
}

bool
device_replay(struct device *d, uint32_t n, uint64_t seed)
{
	return ask(d->past, REPLAY, n, seed) != 0;
}

void
device_forget(struct device *d)
{
	ask(d->past, FORGET, 0, 0);
}

void
device_stop(struct device *d)
{
	if (umount(d->mount) < 0)
		broken(d->mount);
	rig_wait(d->pid, "the device");
	close(d->ctl);
	close(d->past);
	rig_unshare(d->counts, sizeof(*d->counts));
}
