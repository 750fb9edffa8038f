/* SPDX-License-Identifier: ISC */
/* What the client may reach from when its first delivery begins: the files it
 * reads for each, and the ports that the settings and the routes name.  When
 * these change, the queue's runner starts another worker for what comes next;
 * one without it ends after that delivery (worker.c), which is tried again. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "conf/settings.h"
#include "credentials.h"
#include "delivery.h"
#include "io/file.h"
#include "net/routes.h"
#include "serve/sandbox.h"
#include "worker.h"

#define PATHS 40
#define PORTS 64
#define ROUTES_MAX (1 << 20)
#define DNS_PORT 53
#define SUBMISSIONS_PORT 465

struct reach {
	struct landlock_path paths[PATHS];
	size_t npaths;
	uint16_t ports[PORTS];
	size_t nports;
};

static void
add_path(struct reach *r, const char *path)
{
	if (path && *path && r->npaths < PATHS)
		r->paths[r->npaths++] =
		    (struct landlock_path){path, LANDLOCK_READ};
}

static void
add_port(struct reach *r, unsigned port)
{
	for (size_t i = 0; i < r->nports; i++)
		if (r->ports[i] == port)
			return;
	if (port > 0 && r->nports < PORTS)
		r->ports[r->nports++] = (uint16_t)port;
}

/* The text stays: paths point into what is copied here. */
static void
add_routes(struct reach *r, const char *root)
{
	static char path[PATH_MAX];
	struct route route;
	struct str text;
	struct buf b;

	if (file_join(path, sizeof(path), root, "routes") < 0)
		return;
	add_path(r, path);
	buf_init(&b, ROUTES_MAX);
	if (file_read(AT_FDCWD, path, &b) == 0) {
		text = buf_slice(&b);
		while (routes_next(&text, &route)) {
			char *auth = *route.auth ? malloc(PATH_MAX) : NULL;

			add_port(r, route.port);
			if (auth &&
			    credentials_path(auth, root, route.auth) == 0)
				add_path(r, auth);
		}
	}
	buf_free(&b);
}

/* Asked by TCP when the answer is long; DNS_SERVER may name another port. */
static void
add_servers(struct reach *r, const struct resolver *resolver)
{
	for (size_t i = 0; i < resolver->n; i++) {
		const struct sockaddr_storage *ss = &resolver->servers[i].ss;
		const struct sockaddr_in *four = (const void *)ss;
		const struct sockaddr_in6 *six = (const void *)ss;

		add_port(r, ntohs(ss->ss_family == AF_INET6 ? six->sin6_port
							    : four->sin_port));
	}
}

void
confine(const struct delivery *d)
{
	static const char *const files[] = {"/etc/resolv.conf", "/etc/hosts",
	    "/etc/localtime", "/etc/ssl/certs", "/etc/ssl/openssl.cnf",
	    "/usr/lib/ssl", "/usr/share/ca-certificates",
	    "/usr/local/share/ca-certificates", "/etc/pki/tls", "/dev/null"};
	static struct reach r;

	add_routes(&r, d->root);
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		add_path(&r, files[i]);
	add_path(&r, getenv("SSL_CERT_FILE"));
	add_path(&r, getenv("SSL_CERT_DIR"));
	add_port(&r, DNS_PORT);
	add_port(&r, SUBMISSIONS_PORT);
	add_port(&r, (unsigned)settings_num("REMOTE_PORT"));
	add_servers(&r, d->resolver);
	sandbox_enter_ports(
	    "deliver-remote", r.paths, r.npaths, r.ports, r.nports);
}
