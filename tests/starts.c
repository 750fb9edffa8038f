/* SPDX-License-Identifier: ISC */
/* starts SECONDS PROGRAM…: how many times a second each program can be started
 * (with -V) and waited for.  The programs take turns, so that noise of the
 * machine meets all alike; prints the median of the turns. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/now.h"

#define TURNS 9
#define PROGRAMS 32

extern char **environ;

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double
turn(char *program, int64_t ms)
{
	char version[] = "-V";
	char *argv[] = {program, version, NULL};
	int64_t start = now_wall_us();
	posix_spawn_file_actions_t fa;
	long n = 0;
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	do {
		if (posix_spawn(&pid, program, &fa, NULL, argv, environ) != 0 ||
		    waitpid(pid, NULL, 0) != pid) {
			perror(program);
			exit(111);
		}
		n++;
	} while (now_wall_us() - start < ms * 1000);
	posix_spawn_file_actions_destroy(&fa);
	return (double)n * 1e6 / (double)(now_wall_us() - start);
}

int
main(int argc, char **argv)
{
	static double rate[PROGRAMS][TURNS];
	int n = argc - 2;
	int64_t ms;

	if (n < 1 || n > PROGRAMS)
		return 100;
	ms = strtol(argv[1], NULL, 10) * 1000 / TURNS / n;
	for (int t = 0; t < TURNS; t++)
		for (int i = 0; i < n; i++)
			rate[i][t] = turn(argv[2 + i], ms);
	for (int i = 0; i < n; i++) {
		qsort(rate[i], TURNS, sizeof(double), by_value);
		printf("%8.0f starts/s  %s\n", rate[i][TURNS / 2], argv[2 + i]);
	}
	return 0;
}
