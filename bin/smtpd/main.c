/* SPDX-License-Identifier: ISC */
/* yubin-smtpd: one SMTP session on descriptors 0 and 1 (RFC 5321).  It splits
 * at once: the child speaks, the parent keeps the privilege (parent.h). */
#include <limits.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/log.h"
#include "io/drop.h"
#include "io/file.h"
#include "parent.h"
#include "serve/checker.h"
#include "serve/starttls.h"
#include "session.h"

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

int
main(int argc, char **argv)
{
	static struct smtp s;
	int r;

	checker_reply_mode(argc, argv);
	serve_start(&s.serve, "smtpd", "[checker]", argc, argv);
	if (argc > 2) {
		fail_text(0, "one argument at most: a password checker");
		die(EXIT_PERM);
	}
	s.checker = argc == 2 ? argv[1] : NULL;
	s.tls_offered = starttls_offered();
	session_init(&s);
	s.monitor.spare = queue_owner(s.serve.root);
	r = monitor_split(&s.monitor, "SMTP_USER");
	if (r < 0)
		die(EXIT_TEMP);
	if (r > 0) {
		parent_run(&s);
		return monitor_end(&s.monitor);
	}
	if (s.monitor.fell_back)
		log_event("privileges", "err",
		    "the user named by SMTP_USER does not exist; using the "
		    "owner of the queue",
		    "uid", log_num(s.monitor.spare->uid), NULL);
	oom_hook(out_of_memory);
	session_run(&s);
	return 0;
}
