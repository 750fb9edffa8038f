/* SPDX-License-Identifier: ISC */
/* yubin-smtpd: one SMTP session on descriptors 0 and 1 (RFC 5321).  It splits
 * at once: the child speaks, the parent keeps the privilege (parent.h).  With
 * -w, one parent with a child for each connection (worker.h). */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "conf/settings.h"
#include "io/drop.h"
#include "io/file.h"
#include "parent.h"
#include "serve/checker.h"
#include "serve/starttls.h"
#include "session.h"
#include "worker.h"

static void
out_of_memory(void)
{
	static const char text[] = "421 4.3.0 out of memory, try later\r\n";

	if (write(1, text, sizeof(text) - 1) < 0)
		_exit(EXIT_TEMP);
}

/* Whoever owns the queue may write it: who to become when SMTP_USER does not
 * exist, as on a machine where nothing was installed. */
static const struct drop *
queue_owner(const char *root)
{
	static const char *const places[] = {"queue/tmp", "queue", "."};
	static struct drop owner;
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (file_join(path, sizeof(path), root, places[i]) == 0 &&
		    drop_owner(path, &owner) > 0)
			return &owner;
	return NULL;
}

static int
speak(struct smtp *s)
{
	if (s->monitor.fell_back)
		log_event("privileges", "err",
		    "the user named by SMTP_USER does not exist; using the "
		    "owner of the queue",
		    "uid", log_num(s->monitor.spare->uid), NULL);
	oom_hook(out_of_memory);
	do
		session_run(s);
	while (worker_again(s));
	return 0;
}

/* Found while the files that tell can still be read; without such a user the
 * owner of the queue will do. */
static int
find_user(struct smtp *s)
{
	static struct drop user;
	int r = 0;

	if (geteuid() == 0)
		r = drop_find(settings_text("SMTP_USER"), &user);
	if (r > 0)
		s->monitor.user = &user;
	s->monitor.fell_back = geteuid() == 0 && r == 0 && s->monitor.spare;
	if (s->monitor.fell_back)
		s->monitor.user = s->monitor.spare;
	return r;
}

/* The privileged process and one that speaks. */
static int
run_pair(struct smtp *s)
{
	int r;

	s->tls_offered = starttls_offered();
	parent_confine(s);
	r = monitor_split(&s->monitor, "SMTP_USER");
	if (r < 0)
		die(EXIT_TEMP);
	if (r > 0) {
		parent_run(s);
		return monitor_end(&s->monitor);
	}
	if (s->checker)
		starttls_leave();
	child_confine(s);
	return speak(s);
}

int
main(int argc, char **argv)
{
	static struct smtp s;
	bool worker = argc == 2 && strcmp(argv[1], "-w") == 0;

	checker_reply_mode(argc, argv);
	serve_program("smtpd", "[-w | checker]", argc, argv);
	serve_host(&s.serve);
	if (argc > 2) {
		fail_text(0, "one argument at most: a password checker");
		die(EXIT_PERM);
	}
	session_init(&s);
	s.monitor.spare = queue_owner(s.serve.root);
	if (find_user(&s) < 0)
		die(EXIT_TEMP);
	if (worker) {
		int r = worker_run(&s);

		return r == 0 ? speak(&s) : r < 0 ? EXIT_TEMP : 0;
	}
	serve_connection(&s.serve);
	s.checker = argc == 2 ? argv[1] : NULL;
	checker_service("smtp");
	if (mechanisms_check() < 0)
		die(EXIT_PERM);
	if (s.checker)
		mechanisms_offered(s.offered, s.checker);
	return run_pair(&s);
}
