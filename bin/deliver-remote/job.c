/* SPDX-License-Identifier: ISC */
/* Fates of recipients. */
#include "job.h"

#include <stdio.h>
#include <string.h>

static void
printable(char to[JOB_TEXT], const char *text)
{
	size_t n = 0;

	for (; *text && n < JOB_TEXT - 1; text++)
		to[n++] = (*text < ' ' || *text > '~') ? '?' : *text;
	to[n] = '\0';
}

void
job_decide(struct rcpt *r, char letter, const char *enhanced, const char *text)
{
	r->letter = letter;
	snprintf(r->enhanced, sizeof(r->enhanced), "%s", enhanced);
	printable(r->text, text);
}

void
job_decide_all(
    struct job *j, char letter, const char *enhanced, const char *text)
{
	for (size_t i = 0; i < j->n; i++)
		if (!j->rcpts[i].letter)
			job_decide(&j->rcpts[i], letter, enhanced, text);
}

size_t
job_undecided(const struct job *j)
{
	size_t n = 0;

	for (size_t i = 0; i < j->n; i++)
		n += !j->rcpts[i].letter;
	return n;
}

void
job_excuse(struct job *j, const char *enhanced, const char *text)
{
	snprintf(j->last_enhanced, sizeof(j->last_enhanced), "%s", enhanced);
	printable(j->last, text);
}
