/* SPDX-License-Identifier: ISC */
/* OAUTHBEARER (RFC 7628) and XOAUTH2: OAUTH_CHECKER, a program of the
 * administrator's, says whose token it is. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "base/now.h"
#include "conf/settings.h"
#include "io/file.h"
#include "io/spawn.h"
#include "io/wait.h"
#include "proto/bearer.h"
#include "serve/converse.h"
#include "serve/sandbox.h"
#include "talk.h"

#define NAME_MAX_OCTETS 320

/* Everything the program prints, as far as it can be a name. */
static int
read_name(int fd, struct buf *name, int64_t deadline)
{
	char part[256];
	ssize_t n;

	for (;;) {
		int ready = wait_readable(fd, deadline);

		if (ready <= 0)
			return fail_text(ETIMEDOUT, "OAUTH_CHECKER is slow");
		n = read(fd, part, sizeof(part));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? fail("read from OAUTH_CHECKER", NULL)
			             : 0;
		buf_put(name, part, (size_t)n);
	}
}

/* user\0token\0host\0port\0 fit into a pipe: this does not block. */
static int
feed(int fd, struct str user, const struct bearer *t)
{
	struct buf b;
	int r;

	buf_init(&b, CONVERSE_MESSAGE + 16);
	buf_str(&b, user);
	buf_chr(&b, '\0');
	buf_str(&b, t->token);
	buf_chr(&b, '\0');
	buf_str(&b, t->host);
	buf_chr(&b, '\0');
	buf_str(&b, t->port);
	buf_chr(&b, '\0');
	r = file_write(fd, b.p, b.n);
	buf_wipe(&b);
	return r < 0 ? fail("write to OAUTH_CHECKER", NULL) : 0;
}

/* Its exit code, and what it has printed in *name; -1 failed. */
static int
run(struct str user, const struct bearer *t, struct buf *name)
{
	/* Earlier than whoever waits for us. */
	int64_t deadline = now_ms() + settings_num("CHECKER_TIMEOUT") * 900;
	const char *argv[] = {settings_text("OAUTH_CHECKER"), NULL};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int in[2], out[2];
	pid_t pid;
	int r;

	if (null < 0 || pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		return fail("pipe", NULL);
	pid = spawn_start(argv, (int[]){null, out[1], 2, in[0]}, 4, NULL);
	if (pid < 0)
		return fail("start ", argv[0]);
	close(in[0]);
	close(out[1]);
	r = feed(in[1], user, t);
	close(in[1]);
	if (r == 0)
		r = read_name(out[0], name, deadline);
	close(out[0]);
	if (r < 0)
		deadline = now_ms();
	r = spawn_wait(pid, deadline);
	return r < 0 ? fail("OAUTH_CHECKER", NULL) : r;
}

/* The client hears why in JSON before it hears that. */
_Noreturn static void
bad_token(struct login *l, bool google, const char *reason)
{
	struct str scope = str_z(settings_text("OAUTH_SCOPE"));
	struct str url = str_z(settings_text("OAUTH_CONFIGURATION"));
	struct buf b;

	buf_init(&b, 4096);
	if (google)
		bearer_error_xoauth2(&b, scope);
	else
		bearer_error(&b, scope, url);
	talk_say(l, 'F', buf_slice(&b));
	talk_refuse(l, reason);
}

/* Whose token it is, according to the program: the first line. */
static void
judge(struct login *l, const struct bearer *t, bool google)
{
	struct str rest, name;
	struct buf said;
	int code;

	buf_init(&said, NAME_MAX_OCTETS);
	code = run(l->id, t, &said);
	if (code == 1 || code == 3)
		bad_token(l, google, "bad-token");
	if (code != 0 || said.over) {
		if (code >= 0)
			fail_text(EPROTO, "OAUTH_CHECKER failed");
		later(l);
	}
	rest = buf_slice(&said);
	if (str_cut(&rest, '\n', &name) && str_trim(name).n > 0)
		l->id = arena_str(&l->arena, str_trim(name));
	buf_free(&said);
	if (l->id.n == 0)
		bad_token(l, google, "nobodys-token");
}

void
oauth_serve(struct login *l, bool google)
{
	struct str message = talk_hear(l);
	struct str wanted, account;
	struct bearer t;

	if (!*settings_text("OAUTH_CHECKER"))
		misused("there is no OAUTH_CHECKER");
	if (!(google ? bearer_parse_xoauth2(message, &t)
		     : bearer_parse(message, &t)))
		talk_malformed(l);
	l->id = google ? t.user : STR("");
	if (!google && t.user.n > 0)
		talk_name(l, t.user);
	wanted = l->id;
	talk_announce(l);
	sandbox_enter("checkpw-start", NULL, 0);
	judge(l, &t, google);
	account = talk_find(l);
	/* It says itself who may act as whom; we only see that it has not
	 * overlooked whom the client wants to be. */
	if (wanted.n > 0 && !str_eq(wanted, l->id)) {
		l->id = wanted;
		if (!str_ieq(talk_find(l), account))
			bad_token(l, google, "another-identity");
	}
	l->how = STR("token");
	talk_accept(l);
}
