/* SPDX-License-Identifier: ISC */
/* job PROGRAM ARGS…: play the queue runner to a worker (lib/queue/job.h).
 * Commands on descriptor 0, a line each, words between blanks:
 *
 *	job NUMBER ID SENDER FILE [KEY=VALUE…] RCPT…
 *
 * sends a job.  SENDER is <> for null.  Keys are unsynced, rewrite, utf8, 8bit,
 * domain, envid, ret, at, length (else all of FILE) and, before the RCPT they
 * are for, notify and orcpt.  RCPT is ADDRESS or ADDRESS#N (its number; else
 * its position), with a "!" behind it when it was tried before.
 *
 *	sync
 *	wait COUNT
 *	repeat COUNT
 *	say TEXT
 *	end
 *
 * ask for a sync; print answers until COUNT jobs are done or syncs answered;
 * send the next job COUNT times with new ids and numbers, and count its answers
 * instead of printing them; print TEXT; end the socket and print all that still
 * comes.  Exits as the worker does; 99 when it ends unasked.  A minute without
 * an expected answer ends the test with 98. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/id.h"
#include "base/log.h"
#include "base/now.h"
#include "io/spawn.h"
#include "io/wait.h"
#include "queue/job.h"

#define WORDS 200
#define WAIT_S 60

static int sock;
static struct arena arena;
static struct buf answers; /* packets not yet printed */
static bool quiet;
static unsigned long done, synced, kept, other;

_Noreturn static void
broken(const char *what)
{
	fprintf(stderr, "job: %s: %s\n", what, fail_last());
	exit(98);
}

/* Print the answers of one packet.  False: the worker has ended. */
static bool
read_packet(void)
{
	struct job_answer a;
	struct str text, line;
	int r;

	if (wait_readable(sock, now_plus_s(WAIT_S)) != 1)
		broken("no answer");
	r = job_read(sock, &answers);
	if (r < 0)
		broken("read");
	if (r == 0)
		return false;
	text = line = buf_slice(&answers);
	while ((r = job_next(&text, &arena, &a)) != 0) {
		if (r < 0)
			broken("answer");
		done += a.word == JOB_DONE;
		synced += a.word == JOB_SYNCED;
		kept += a.word == JOB_FATE && a.result.kind == RESULT_DONE;
		other += a.word == JOB_FATE && a.result.kind != RESULT_DONE;
	}
	if (!quiet)
		printf("%.*s", (int)line.n, line.p);
	fflush(stdout);
	return true;
}

static void
wait_answers(unsigned long count)
{
	/* A packet may have brought more than was waited for. */
	static unsigned long awaited;

	awaited += count;
	while (done + synced < awaited)
		if (!read_packet())
			exit(99);
}

static bool
take_key(struct job *j, struct job_rcpt *next, char *word)
{
	char *value = strchr(word, '=');

	if (strcmp(word, "unsynced") == 0)
		j->unsynced = true;
	else if (strcmp(word, "rewrite") == 0)
		j->rewrite = true;
	else if (strcmp(word, "utf8") == 0)
		j->utf8 = true;
	else if (strcmp(word, "8bit") == 0)
		j->eight_bit = true;
	else if (value && strncmp(word, "domain=", 7) == 0)
		j->domain = str_z(value + 1);
	else if (value && strncmp(word, "envid=", 6) == 0)
		j->envid = str_z(value + 1);
	else if (value && strncmp(word, "ret=", 4) == 0)
		j->ret = value[1];
	else if (value && strncmp(word, "at=", 3) == 0)
		j->body_at = strtoull(value + 1, NULL, 10);
	else if (value && strncmp(word, "length=", 7) == 0)
		j->body_len = strtoull(value + 1, NULL, 10);
	else if (value && strncmp(word, "notify=", 7) == 0)
		next->notify = (unsigned)strtoul(value + 1, NULL, 10);
	else if (value && strncmp(word, "orcpt=", 6) == 0)
		next->orcpt = str_z(value + 1);
	else
		return false;
	return true;
}

static void
take_rcpt(struct job *j, struct job_rcpt *r, char *word)
{
	size_t n = strlen(word);
	char *hash;

	r->again = n > 0 && word[n - 1] == '!';
	if (r->again)
		word[n - 1] = '\0';
	r->number = (uint32_t)j->nrcpt;
	hash = strchr(word, '#');
	if (hash) {
		*hash = '\0';
		r->number = (uint32_t)strtoul(hash + 1, NULL, 10);
	}
	r->addr = str_z(word);
	j->nrcpt++;
}

static void
send_job(const struct job *j, int file)
{
	while (job_send(sock, j, file) < 0) {
		if (errno != EAGAIN)
			broken("send");
		wait_writable(sock, now_plus_s(WAIT_S));
	}
}

static void
repeat(struct job *j, int file, unsigned long count)
{
	char id[ID_SIZE];

	quiet = true;
	for (unsigned long i = 0; i < count; i++) {
		id_make(id);
		j->id = str_z(id);
		j->number++;
		send_job(j, file);
		/* Two at a time, so that nobody waits for the other. */
		if (i > 0)
			wait_answers(1);
		arena_reset(&arena);
	}
	wait_answers(1);
	quiet = false;
	printf("%lu done, %lu stored, %lu not\n", done, kept, other);
	fflush(stdout);
}

static void
command_job(char **word, int n, unsigned long count)
{
	static struct job_rcpt rcpts[JOB_RCPTS + 1];
	struct job j = {.rcpts = rcpts};
	struct stat st;
	int file;

	if (n < 6)
		broken("job: too few words");
	memset(rcpts, 0, sizeof(rcpts));
	j.number = (uint32_t)strtoul(word[1], NULL, 10);
	j.id = str_z(word[2]);
	j.sender = str_z(strcmp(word[3], "<>") == 0 ? "" : word[3]);
	file = open(word[4], O_RDONLY | O_CLOEXEC);
	if (file < 0 || fstat(file, &st) < 0)
		broken(word[4]);
	j.body_len = (uint64_t)st.st_size;
	for (int i = 5; i < n && j.nrcpt <= JOB_RCPTS; i++)
		if (!take_key(&j, &rcpts[j.nrcpt], word[i]))
			take_rcpt(&j, &rcpts[j.nrcpt], word[i]);
	if (count)
		repeat(&j, file, count);
	else
		send_job(&j, file);
	close(file);
}

static void
end(void)
{
	shutdown(sock, SHUT_WR);
	while (read_packet())
		continue;
}

/* Returns false after the end. */
static bool
command(char *line)
{
	static unsigned long count;
	char *word[WORDS], *rest = line;
	int n = 0;

	if (strncmp(line, "say ", 4) == 0) {
		fputs(line + 4, stdout);
		fflush(stdout);
		return true;
	}
	while (n < WORDS && (word[n] = strtok_r(rest, " \t\n", &rest)))
		n++;
	if (n == 0)
		return true;
	if (strcmp(word[0], "job") == 0) {
		command_job(word, n, count);
		count = 0;
	} else if (strcmp(word[0], "sync") == 0) {
		if (job_send_sync(sock) < 0)
			broken("sync");
	} else if (strcmp(word[0], "repeat") == 0 && n == 2) {
		count = strtoul(word[1], NULL, 10);
	} else if (strcmp(word[0], "wait") == 0 && n == 2) {
		wait_answers(strtoul(word[1], NULL, 10));
	} else if (strcmp(word[0], "end") == 0) {
		return false;
	} else {
		broken(word[0]);
	}
	arena_reset(&arena);
	return true;
}

int
main(int argc, char **argv)
{
	char *line = NULL;
	size_t size = 0;
	pid_t pid;
	int s[2];

	log_open("job");
	if (argc < 2 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s) < 0)
		broken("start");
	pid = spawn_start(
	    (const char *const *)(argv + 1), (int[]){s[1], 1, 2}, 3, NULL);
	if (pid < 0)
		broken("start");
	close(s[1]);
	sock = s[0];
	arena_init(&arena, (size_t)16 * JOB_ARENA);
	buf_init(&answers, JOB_PACKET);
	while (getline(&line, &size, stdin) > 0 && command(line))
		continue;
	end();
	free(line);
	return spawn_wait(pid, now_plus_s(WAIT_S));
}
