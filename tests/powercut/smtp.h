/* SPDX-License-Identifier: ISC */
/* A plain SMTP client of yubin-smtpd, which it starts on a socketpair. */
#ifndef SMTP_H
#define SMTP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "device.h"
#include "ledger.h"

struct smtp {
	int fd;
	pid_t pid;
	size_t n;
	char in[4096]; /* answers not yet read */
	char text[2 * LEDGER_TEXT];
};

/* Start bin/yubin-smtpd and say EHLO; broken when it does not work. */
void smtp_open(struct smtp *s, const char *bin);

/* Submit the message of a token.  When the 250 was read the ledger knows.
 * Returns whether it was acknowledged; broken when the session broke. */
bool smtp_submit(struct smtp *s, const struct device *d, uint32_t token);

/* QUIT and wait for the program's end. */
void smtp_close(struct smtp *s);

#endif
