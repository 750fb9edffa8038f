/* SPDX-License-Identifier: ISC */
/* deliver-remote: one message on descriptor 0, one domain, its recipients.
 * Prints one result line a recipient, in order. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ascii.h"
#include "base/fail.h"
#include "base/log.h"
#include "conf/settings.h"
#include "io/drop.h"
#include "io/file.h"
#include "io/spawn.h"
#include "job.h"
#include "serve/session.h"

static const char usage[] = "[-8] -i id -f sender domain recipient ...";

_Noreturn static void
bad_usage(const char *text)
{
	fail_text(0, text);
	die(EXIT_PERM);
}

/* A message that cannot be read twice is copied to a file without a name. */
static int
copy_message(void)
{
	FILE *f = tmpfile();
	char block[16384];
	ssize_t n;

	if (!f)
		return fail("temporary file", NULL);
	while ((n = read(0, block, sizeof(block))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || file_write(fileno(f), block, (size_t)n) < 0)
			return fail("copy the message", NULL);
	}
	return fileno(f);
}

static int
open_message(struct job *j)
{
	struct stat st;

	j->start = lseek(0, 0, SEEK_CUR);
	j->fd = 0;
	if (j->start < 0 || fstat(0, &st) < 0 || !S_ISREG(st.st_mode)) {
		j->start = 0;
		j->fd = copy_message();
	}
	if (j->fd < 0)
		return -1;
	if (fstat(j->fd, &st) < 0)
		return fail("message", NULL);
	j->size = st.st_size > j->start ? (uint64_t)(st.st_size - j->start) : 0;
	return 0;
}

/* Whether any octet of the message is above 127: then 8BITMIME is asked for
 * (RFC 6152), even if nobody told us. */
static int
find_eight_bit(struct job *j)
{
	char block[16384];
	off_t at = j->start;
	ssize_t n;

	while (!j->eight_bit &&
	       (n = pread(j->fd, block, sizeof(block), at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail("read the message", NULL);
		for (ssize_t i = 0; i < n && !j->eight_bit; i++)
			j->eight_bit = ascii_ishigh(block[i]);
		at += n;
	}
	return 0;
}

/* Nothing that could end the command's line or its path may be inside. */
static bool
good_address(struct str a, bool *utf8)
{
	bool quoted = false;

	for (size_t i = 0; i < a.n; i++) {
		char c = a.p[i];

		if (ascii_iscntrl(c))
			return false;
		if (c == '"' && (i == 0 || a.p[i - 1] != '\\'))
			quoted = !quoted;
		if (!quoted && (c == ' ' || c == '<' || c == '>'))
			return false;
		*utf8 |= ascii_ishigh(c);
	}
	return !quoted && a.n <= 512;
}

static void
read_arguments(struct job *j, int argc, char **argv)
{
	bool have_sender = false;
	int c;

	opterr = 0;
	while ((c = getopt(argc, argv, "+8f:i:")) != -1) {
		if (c == '8')
			j->eight_bit = true;
		else if (c == 'i')
			j->id = optarg;
		else if (c == 'f') {
			j->sender = str_z(optarg);
			have_sender = true;
		} else
			bad_usage("unknown option; see "
				  "yubin-deliver-remote -h");
	}
	if (!j->id || !have_sender || argc - optind < 2)
		bad_usage("need -i, -f, a domain and recipients");
	j->domain = str_z(argv[optind++]);
	j->n = (size_t)(argc - optind);
	j->rcpts = calloc(j->n, sizeof(*j->rcpts));
	if (!j->rcpts)
		oom();
	for (size_t i = 0; i < j->n; i++)
		j->rcpts[i].address = str_z(argv[optind + (int)i]);
}

static void
check_addresses(struct job *j)
{
	if (!good_address(j->sender, &j->utf8))
		job_decide_all(j, 'D', "5.1.7", "bad sender address");
	for (size_t i = 0; i < j->n; i++) {
		struct rcpt *r = &j->rcpts[i];

		if (!r->letter &&
		    (!r->address.n || !good_address(r->address, &j->utf8)))
			job_decide(r, 'D', "5.1.3", "bad recipient address");
	}
}

/* Ask the addresses of one host in turn. */
static void
ask_host(struct job *j, const struct host *h, size_t *budget)
{
	struct dns_address to[JOB_ADDRESSES];
	size_t n;

	switch (dns_addresses(h->name, h->port, to, *budget, &n)) {
	case DNS_FOUND:
		break;
	case DNS_TEMP:
		job_excuse(j, "4.4.3", fail_last());
		return;
	default:
		if (h->implicit)
			job_decide_all(j, 'D', "5.1.2",
			    "no such domain, or it takes no mail");
		else
			job_excuse(j, "4.4.3",
			    "a mail host of this domain has no address");
		return;
	}
	for (size_t i = 0; i < n && job_undecided(j); i++) {
		--*budget;
		if (host_try(j, h, &to[i], true))
			host_try(j, h, &to[i], false);
	}
}

static void
deliver(struct job *j)
{
	size_t budget = JOB_ADDRESSES;

	check_addresses(j);
	if (job_undecided(j))
		hosts_find(j);
	job_excuse(j, "4.4.1", "no mail host could be reached");
	for (size_t i = 0; i < j->nhosts && i < JOB_HOSTS && budget; i++)
		if (job_undecided(j))
			ask_host(j, &j->hosts[i], &budget);
	job_decide_all(j, 'Z', j->last_enhanced, j->last);
}

static int
print_results(const struct job *j)
{
	for (size_t i = 0; i < j->n; i++)
		printf("%c %s %s\n", j->rcpts[i].letter, j->rcpts[i].enhanced,
		    j->rcpts[i].text);
	return fflush(stdout) == 0 ? 0 : EXIT_TEMP;
}

/* The runner may be root; who meets the network is not. */
static void
drop_root(const char *root)
{
	struct drop d;
	int r =
	    geteuid() == 0 ? drop_find(settings_text("REMOTE_USER"), &d) : 1;

	if (r == 0 && (r = drop_owner(root, &d)) > 0)
		log_event("privileges", "err",
		    "the user named by REMOTE_USER does not exist; using the "
		    "owner of the root",
		    "uid", log_num(d.uid), NULL);
	if (r <= 0 || (geteuid() == 0 && drop_to(&d) < 0))
		die(EXIT_TEMP);
}

int
main(int argc, char **argv)
{
	static struct job j;

	serve_program("deliver-remote", usage, argc, argv);
	read_arguments(&j, argc, argv);
	log_context("id", j.id);
	spawn_close_from(3);
	drop_root(settings_root());
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		die(EXIT_TEMP);
	arena_init(&j.arena, (size_t)4 << 20);
	j.root = settings_root();
	serve_hostname(j.hostname);
	if (open_message(&j) < 0 || find_eight_bit(&j) < 0)
		die(EXIT_TEMP);
	deliver(&j);
	return print_results(&j);
}
