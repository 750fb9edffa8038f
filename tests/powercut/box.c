/* SPDX-License-Identifier: ISC */
/* Three processes: ours, which waits; the first of the process namespace, which
 * reaps; the rig.  When the first one ends the kernel kills all others, the
 * mounts go with the last of them, and the loop devices with the mounts. */
#define _GNU_SOURCE
#include "box.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rig.h"

static volatile sig_atomic_t box_pid;

const char *
box_missing(void)
{
	static const char *const needed[] = {"/dev/fuse", "/dev/loop-control"};

	if (geteuid() != 0)
		return "only root can mount";
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		int fd = open(needed[i], O_RDWR | O_CLOEXEC);

		if (fd < 0)
			return needed[i];
		close(fd);
	}
	return NULL;
}

static int
status_of(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Reap everybody until pid has ended. */
static int
reap(pid_t pid)
{
	int status = 0;
	pid_t r;

	do
		r = wait(&status);
	while (r != pid && (r >= 0 || errno == EINTR));
	return r == pid ? status_of(status) : 1;
}

static void
move_in(void)
{
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("proc", "/proc", "proc", 0, NULL) < 0 ||
	    mount("powercut", rig_work, "tmpfs", 0, "mode=0755") < 0)
		broken("namespace");
}

_Noreturn static void
first(int (*rig)(void))
{
	pid_t pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	move_in();
	pid = fork();
	if (pid < 0)
		broken("fork");
	if (pid == 0)
		exit(rig());
	_exit(reap(pid));
}

static void
end_box(int sig)
{
	(void)sig;
	if (box_pid > 0)
		kill((pid_t)box_pid, SIGKILL);
}

int
box_run(int (*rig)(void))
{
	struct sigaction end = {.sa_handler = end_box};
	const char *tmp = getenv("TMPDIR");
	int status;
	pid_t pid;

	rig_path(rig_work, tmp ? tmp : "/tmp", "/powercut-XXXXXX", "");
	if (!mkdtemp(rig_work))
		broken(rig_work);
	fflush(NULL);
	if (unshare(CLONE_NEWPID) < 0)
		broken("unshare");
	pid = fork();
	if (pid < 0)
		broken("fork");
	if (pid == 0)
		first(rig);
	box_pid = pid;
	sigaction(SIGINT, &end, NULL);
	sigaction(SIGTERM, &end, NULL);
	status = reap(pid);
	if (rmdir(rig_work) < 0)
		perror(rig_work);
	return status;
}
