/* SPDX-License-Identifier: ISC */
/* The list of mechanisms. */
#include "serve/mechanisms.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/fail.h"
#include "base/str.h"
#include "conf/settings.h"

static bool
is_set(const char *variable)
{
	const char *v = getenv(variable);

	return v && *v;
}

static bool
certificate(void)
{
	const char *verdict = getenv("SSL_CLIENT_VERIFY");

	return verdict && strcmp(verdict, "SUCCESS") == 0 &&
	       (is_set("SSL_CLIENT_SAN_Email_0") ||
		   str_has(str_z(getenv("SSL_CLIENT_S_DN_CN")), '@'));
}

static bool
binding(void)
{
	return is_set("SSL_CHANNEL_BINDING_TLS_EXPORTER") ||
	       is_set("SSL_CHANNEL_BINDING_TLS_SERVER_END_POINT") ||
	       is_set("SSL_CHANNEL_BINDING_TLS_UNIQUE");
}

static bool
always(void)
{
	return true;
}

static bool
oauth(void)
{
	return *settings_text("OAUTH_CHECKER") != '\0';
}

/* Who wants it when nobody has said so. */
enum wish {
	ANY_CHECKER,
	OURS,
	/* With our checker, in IMAP: mutt with GNU SASL, as Debian has it,
	 * begins with it, cannot do it over TLS 1.3, and then neither sends nor
	 * logs in by POP3.  In IMAP it goes on with another mechanism. */
	OURS_IN_IMAP
};

/* The strongest first. */
static const struct {
	const char *name;
	bool (*possible)(void);
	enum wish wish;
} mechanisms[] = {
    {"EXTERNAL", certificate, OURS},
    {"SCRAM-SHA-256-PLUS", binding, OURS_IN_IMAP},
    {"SCRAM-SHA-256", always, OURS},
    {"OAUTHBEARER", oauth, OURS},
    {"XOAUTH2", oauth, OURS},
    {"PLAIN", always, ANY_CHECKER},
    {"LOGIN", always, ANY_CHECKER},
};

#define MECHANISMS (sizeof(mechanisms) / sizeof(*mechanisms))

static bool
is_ours(const char *checker)
{
	struct str path = str_z(checker);
	size_t slash = str_rfind(path, '/');

	return str_eq(slash < path.n ? str_from(path, slash + 1) : path,
	    STR("yubin-checkpw"));
}

static bool
is_imap(void)
{
	const char *service = getenv("SERVICE");

	return service && strcmp(service, "imap") == 0;
}

void
mechanisms_offered(char to[MECHANISMS_MAX], const char *checker)
{
	struct str wanted = str_trim(str_z(settings_text("SASL_MECHANISMS")));
	enum wish most = !is_ours(checker) ? ANY_CHECKER
	                 : is_imap()       ? OURS_IN_IMAP
	                                   : OURS;
	struct buf b;

	buf_fixed(&b, to, MECHANISMS_MAX);
	for (size_t i = 0; i < MECHANISMS; i++) {
		const char *name = mechanisms[i].name;
		bool wish = wanted.n > 0 ? str_listed(wanted, str_z(name))
		                         : mechanisms[i].wish <= most;

		if (!wish || !mechanisms[i].possible())
			continue;
		if (b.n > 0)
			buf_chr(&b, ' ');
		buf_z(&b, name);
	}
	buf_cstr(&b);
}

int
mechanisms_check(void)
{
	struct str wanted = str_z(settings_text("SASL_MECHANISMS"));
	struct str name;

	while (str_cut(&wanted, ' ', &name)) {
		bool known = name.n == 0;
		char text[64];

		for (size_t i = 0; i < MECHANISMS; i++)
			if (str_ieq(name, str_z(mechanisms[i].name)))
				known = true;
		if (known)
			continue;
		if (str_copy(text, sizeof(text), name) < 0)
			*text = '\0';
		errno = EINVAL;
		return fail("SASL_MECHANISMS has an unknown name: ", text);
	}
	return 0;
}

bool
mechanisms_password(const char *offered)
{
	return str_listed(str_z(offered), STR("PLAIN")) ||
	       str_listed(str_z(offered), STR("LOGIN"));
}
