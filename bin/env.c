/* SPDX-License-Identifier: ISC */
/* yubin-env: the settings below the root, then another program.  For
 * super-servers that know nothing of them: inetd, systemd, tcpserver. */
#include <signal.h>
#include <unistd.h>

#include "base/fail.h"
#include "conf/env.h"
#include "conf/settings.h"
#include "serve/session.h"

int
main(int argc, char **argv)
{
	serve_program("env", "program [argument ...]", argc, argv);
	if (argc < 2 || *argv[1] == '-') {
		fail_text(0, "need a program; see yubin-env -h");
		die(EXIT_PERM);
	}
	if (env_load(settings_root()) < 0)
		die(EXIT_TEMP);
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[1], argv + 1);
	fail("start ", argv[1]);
	die(EXIT_TEMP);
}
