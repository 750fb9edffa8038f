/* SPDX-License-Identifier: ISC */
/* io: line reading, CRLF writing, replacing files, locks, peers, programs. */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/now.h"
#include "io/dir.h"
#include "io/file.h"
#include "io/in.h"
#include "io/lock.h"
#include "io/packet.h"
#include "io/spawn.h"
#include "io/ucspi.h"
#include "io/watch.h"

static char dir[] = "/tmp/yubin-test-io.XXXXXX";

/* A reader over text, its writing end closed. */
static struct in
reader(const char *text, size_t n, char *storage, size_t size)
{
	struct in in;
	int p[2];

	if (pipe(p) < 0 || file_write(p[1], text, n) < 0)
		abort();
	close(p[1]);
	in_init(&in, p[0], NULL, storage, size);
	return in;
}

static void
test_lines(void)
{
	static const char text[] =
	    "one\r\n\r\nbare\nlf\r\nlonger than ten\r\ncr\rhere\r\nend";
	char storage[64];
	struct in in = reader(text, sizeof(text) - 1, storage, 64);
	struct str l;

	CHECK(in_line(&in, &l, 10) == 1 && str_eq(l, STR("one")), "a line");
	CHECK(in_line(&in, &l, 10) == 1 && l.n == 0, "an empty line");
	CHECK(in_line(&in, &l, 10) == -1 && errno == EPROTO,
	    "a bare LF is refused");
	CHECK(in_line(&in, &l, 10) == 1 && str_eq(l, STR("lf")),
	    "reading goes on behind it");
	CHECK(in_line(&in, &l, 10) == -1 && errno == EMSGSIZE, "too long");
	CHECK(in_line(&in, &l, 10) == -1 && errno == EPROTO,
	    "a long line was consumed whole; a bare CR is refused");
	CHECK(in_line(&in, &l, 10) == 0, "an unfinished line is no line");
	close(in.fd);
}

static void
test_long_line(void)
{
	char text[1000];
	char storage[32];
	struct in in;
	struct str l;

	memset(text, 'x', sizeof(text));
	memcpy(text + 994, "\r\nok\r\n", 6);
	in = reader(text, sizeof(text), storage, sizeof(storage));
	CHECK(in_line(&in, &l, 20) == -1 && errno == EMSGSIZE,
	    "a line longer than the storage");
	CHECK(in_line(&in, &l, 20) == 1 && str_eq(l, STR("ok")),
	    "never becomes a second line");
	close(in.fd);
}

static void
test_deadline(void)
{
	char storage[16];
	struct in in;
	struct str l;
	int p[2];

	CHECK(pipe(p) == 0, "pipe");
	in_init(&in, p[0], NULL, storage, sizeof(storage));
	in.deadline = now_ms() + 20;
	CHECK(in_line(&in, &l, 10) == -1 && errno == ETIMEDOUT, "deadline");
	CHECK(in_line(&in, &l, 10) == -1 && errno == ETIMEDOUT, "it sticks");
	close(p[0]);
	close(p[1]);
}

/* The kernel waits for a second, unless the deadline comes before that. */
static void
test_patience(void)
{
	char storage[16];
	struct in in, pipe_in = reader("cd\r\n", 4, storage, sizeof(storage));
	struct str l;
	int s[2];

	in_patience(&pipe_in, 1);
	CHECK_NUM(pipe_in.patience_ms, 0, "a pipe has none");
	CHECK(in_line(&pipe_in, &l, 10) == 1 && str_eq(l, STR("cd")),
	    "and is read");
	close(pipe_in.fd);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0, "socketpair");
	in_init(&in, s[0], NULL, storage, sizeof(storage));
	in_patience(&in, 1);
	CHECK_NUM(in.patience_ms, 1000, "a socket has patience");
	in.deadline = now_ms() + 1000;
	CHECK(send(s[1], "ab\r\n", 4, 0) == 4 && in_line(&in, &l, 10) == 1 &&
		  str_eq(l, STR("ab")),
	    "a line");
	CHECK(fcntl(s[0], F_SETFL, O_NONBLOCK) == 0, "without blocking");
	in.deadline = now_ms() + 1000;
	CHECK(in_line(&in, &l, 10) == -1 && errno == ETIMEDOUT,
	    "waits all the same");
	CHECK(now_ms() >= in.deadline, "until the deadline");
	CHECK(fcntl(s[0], F_SETFL, 0) == 0, "with blocking");
	in.err = 0;
	in.deadline = now_ms() + 20;
	in_line(&in, &l, 10);
	CHECK(now_ms() < in.deadline + 900, "an earlier deadline counts");
	in_drop(&in);
	CHECK_NUM(in.patience_ms, 0, "forgotten with the connection");
	close(s[0]);
	close(s[1]);
}

static void
test_push(void)
{
	char storage[16];
	struct in in = reader("cd\r\n", 4, storage, sizeof(storage));
	struct str l;

	CHECK(in_push(&in, STR("ab")) == 0, "push");
	CHECK(in_line(&in, &l, 10) == 1 && str_eq(l, STR("abcd")),
	    "pushed octets come first");
	CHECK(in_push(&in, STR("12345678901234567")) == -1, "too much");
	close(in.fd);
}

static void
crlf_case(struct str a, struct str b, struct str want, const char *what)
{
	char storage[8];
	char got[64];
	struct out o;
	ssize_t n;
	int p[2];

	if (pipe(p) < 0)
		abort();
	out_init(&o, p[1], storage, sizeof(storage));
	out_crlf(&o, a);
	out_crlf(&o, b);
	out_flush(&o);
	n = read(p[0], got, sizeof(got));
	CHECK_STR(str_make(got, n > 0 ? (size_t)n : 0), want, what);
	close(p[0]);
	close(p[1]);
}

static void
test_crlf(void)
{
	crlf_case(STR("a\nb"), STR("\n"), STR("a\r\nb\r\n"), "LF to CRLF");
	crlf_case(STR("a\r\n"), STR("b\r\n"), STR("a\r\nb\r\n"), "CRLF stays");
	crlf_case(STR("a\r"), STR("\nb"), STR("a\r\nb"), "CRLF over two calls");
	crlf_case(STR("a\n"), STR("\n"), STR("a\r\n\r\n"), "LF over two calls");
	crlf_case(STR("\n\n\n"), STR("abcdefghij"),
	    STR("\r\n\r\n\r\nabcdefghij"), "longer than the buffer");
}

/* What is not written yet comes along, or is written when it does not fit. */
static void
test_storage(void)
{
	char small[4], large[16], got[64];
	struct out o;
	ssize_t n;
	int p[2];

	if (pipe(p) < 0)
		abort();
	out_init(&o, p[1], small, sizeof(small));
	out_z(&o, "abc");
	out_storage(&o, large, sizeof(large));
	memset(small, 'x', sizeof(small));
	out_z(&o, "defgh");
	out_storage(&o, small, sizeof(small));
	memset(large, 'x', sizeof(large));
	out_z(&o, "i");
	out_flush(&o);
	n = read(p[0], got, sizeof(got));
	CHECK_STR(str_make(got, n > 0 ? (size_t)n : 0), STR("abcdefghi"),
	    "all of it, in order");
	close(p[0]);
	close(p[1]);
}

static void
test_files(void)
{
	int at = open(dir, O_RDONLY | O_DIRECTORY);
	struct buf b;
	struct stat st;

	buf_init(&b, 100);
	CHECK(file_replace(at, "f", STR("one"), 0640) == 0, "create");
	CHECK(file_replace(at, "f", STR("two"), 0640) == 0, "replace");
	CHECK(file_read(at, "f", &b) == 0, "read");
	CHECK_STR(buf_slice(&b), STR("two"), "the new contents");
	CHECK(fstatat(at, "f", &st, 0) == 0 && (st.st_mode & 0777) == 0640,
	    "the mode is exact");
	CHECK(file_read(at, "none", &b) == -1 && errno == ENOENT, "no file");
	b.max = 4;
	CHECK(file_read(at, "f", &b) == -1 && errno == EFBIG, "ceiling");
	buf_free(&b);
	close(at);
}

/* A file as large as the ceiling, one that is larger, each of the sizes between
 * which a buffer grows; and one that has no size and goes on for long. */
static void
test_file_sizes(void)
{
	static const size_t sizes[] = {1, 62, 63, 64, 127, 128, 16383, 40000};
	static char text[40000];
	int at = open(dir, O_RDONLY | O_DIRECTORY);
	struct buf b;
	int p[2];

	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		struct str whole = str_make(text, sizes[i]);

		CHECK(file_replace(at, "g", whole, 0600) == 0, "create");
		buf_init(&b, sizes[i]);
		CHECK(file_read(at, "g", &b) == 0, "as large as may be");
		CHECK_STR(buf_slice(&b), whole, "all of it");
		buf_free(&b);
		buf_init(&b, sizes[i] - 1);
		CHECK(file_read(at, "g", &b) == -1 && errno == EFBIG, "larger");
		buf_free(&b);
	}
	if (pipe(p) < 0 || file_write(p[1], text, sizeof(text)) < 0)
		abort();
	close(p[1]);
	snprintf(text, sizeof(text), "/proc/self/fd/%d", p[0]);
	buf_init(&b, sizeof(text));
	CHECK(file_read(at, text, &b) == 0 && b.n == sizeof(text), "a pipe");
	buf_free(&b);
	close(p[0]);
	unlinkat(at, "g", 0);
	close(at);
}

static void
test_dir(void)
{
	char path[PATH_MAX];
	struct arena a;
	char **names;
	size_t n;

	arena_init(&a, 1 << 20);
	file_join(path, sizeof(path), dir, "x/y/z");
	CHECK(file_mkdirs(path, 0700) == 0, "mkdir -p");
	CHECK(file_mkdirs(path, 0700) == 0, "again");
	CHECK(dir_list(AT_FDCWD, dir, 0, 100, &a, &names, &n) == 0 && n == 2 &&
		  strcmp(names[0], "f") == 0,
	    "names are sorted");
	CHECK(dir_list(AT_FDCWD, dir, 0, 1, &a, &names, &n) == -1 &&
		  errno == EFBIG,
	    "ceiling");
	arena_free(&a);
}

static void
test_lock(void)
{
	char path[PATH_MAX];
	int a, b;

	file_join(path, sizeof(path), dir, "f");
	a = open(path, O_RDWR);
	b = open(path, O_RDWR);
	CHECK(lock_take(a, true, 0) == 1, "free");
	CHECK(lock_take(b, true, now_ms() + 5) == 0, "taken");
	lock_release(a);
	CHECK(lock_take(b, true, 0) == 1, "released");
	close(a);
	close(b);
}

static void
test_ucspi(void)
{
	struct ucspi u;

	setenv("PROTO", "TCP6", 1);
	setenv("TCP6REMOTEIP", "::ffff:192.0.2.7", 1);
	setenv("TCP6REMOTEPORT", "4711", 1);
	CHECK(ucspi_read(&u) == 0, "read");
	CHECK_STR(str_z(u.remote_ip), STR("192.0.2.7"), "mapped is IPv4");
	CHECK_NUM(u.remote_port, 4711, "port");
	setenv("TCP6REMOTEIP", "all", 1);
	CHECK(ucspi_read(&u) == -1, "what is no address is refused");
	unsetenv("PROTO");
	unsetenv("TCP6REMOTEIP");
	unsetenv("TCP6REMOTEPORT");
}

static void
test_spawn(void)
{
	const char *const yes[] = {"sh", "-c", "exit 7", NULL};
	const char *const none[] = {"/nonexistent/program", NULL};
	const char *const slow[] = {"sleep", "100", NULL};
	const int fds[] = {0, 1, 2};
	pid_t pid = spawn_start(yes, fds, 3, NULL);

	CHECK_NUM(spawn_wait(pid, NOW_NEVER), 7, "exit code");
	CHECK(spawn_start(none, fds, 3, NULL) == -1 && errno == ENOENT,
	    "a failed exec is the caller's error");
	pid = spawn_start(slow, fds, 3, NULL);
	CHECK(spawn_wait(pid, now_ms() + 20) == -1 && errno == ETIMEDOUT,
	    "killed at the deadline");
}

static void
test_watch(void)
{
	const char *paths[] = {dir};
	struct watch w;
	int at = open(dir, O_RDONLY | O_DIRECTORY);

	CHECK(watch_open(&w, paths, 1) == 0, "open");
	CHECK(watch_wait(&w, -1, now_ms() + 10) == 0, "nothing happens");
	file_replace(at, "g", STR("x"), 0600);
	CHECK(watch_wait(&w, -1, now_plus_s(5)) == 1, "a new file is noticed");
	CHECK(w.fd >= 0, "by the kernel's word");
	CHECK_NUM(w.step_ms, 15000, "which is trusted");
	unlinkat(at, "g", 0);
	watch_close(&w);
	CHECK(watch_open(&w, paths, 1) == 0, "open again");
	CHECK(watch_wait(&w, -1, now_ms() + 10) == 0,
	    "what came before is no news");
	file_replace(at, "g", STR("x"), 0600);
	renameat(at, "g", at, "h");
	CHECK(watch_wait(&w, -1, now_plus_s(5)) == 1, "a rename is noticed");
	watch_close(&w);
	close(at);
}

/* No descriptor is left for what the kernel would tell with. */
static void
test_watch_times(void)
{
	const char *paths[] = {dir, "/nonexistent"};
	struct rlimit old, few;
	struct watch w;
	int at = open(dir, O_RDONLY | O_DIRECTORY), r;

	getrlimit(RLIMIT_NOFILE, &old);
	few = old;
	few.rlim_cur = (rlim_t)at + 1;
	setrlimit(RLIMIT_NOFILE, &few);
	r = watch_open(&w, paths, 2);
	setrlimit(RLIMIT_NOFILE, &old);
	CHECK(r == 0 && w.fd < 0, "open without descriptors");
	CHECK_NUM(w.step_ms, 1000, "looks each second");
	CHECK(watch_wait(&w, -1, now_ms() + 10) == 0, "nothing happens");
	file_replace(at, "g", STR("x"), 0600);
	CHECK(watch_wait(&w, -1, now_plus_s(5)) == 1, "the times tell");
	watch_close(&w);
	paths[0] = "/proc/self";
	CHECK(watch_open(&w, paths, 1) == 0 && w.step_ms == 1000,
	    "and on file systems of which not all is told");
	watch_close(&w);
	close(at);
}

static void
test_read_at(void)
{
	int at = open(dir, O_RDONLY | O_DIRECTORY);
	char text[8];
	int fd;

	file_replace(at, "r", STR("0123456789"), 0600);
	fd = openat(at, "r", O_RDONLY);
	CHECK(file_read_at(fd, text, 4, 3) == 4 && memcmp(text, "3456", 4) == 0,
	    "from a place on");
	CHECK_NUM(file_read_at(fd, text, 8, 7), 3, "fewer at the end");
	CHECK_NUM(file_read_at(fd, text, 8, FILE_HERE), 8, "from here on");
	CHECK_NUM(file_read_at(fd, text, 8, FILE_HERE), 2, "what is left");
	CHECK_NUM(file_sync_dir_at(at, "."), 0, "a directory by name");
	CHECK(file_sync_dir_at(at, "r") < 0 && errno == ENOTDIR, "a file");
	close(fd);
	close(at);
}

static void
test_packets(void)
{
	int s[2], p[2], fds[PACKET_FDS], n, next;
	struct rlimit old, few;
	char text[8], c = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, s) < 0 || pipe(p) < 0)
		abort();
	CHECK_NUM(packet_send(s[0], STR("hello"), p, 2, true), 0, "sent");
	CHECK_NUM(
	    packet_receive(s[1], text, 8, fds, &n, true), 5, "a whole packet");
	CHECK(n == 2 && memcmp(text, "hello", 5) == 0, "text, descriptors");
	CHECK(write(fds[1], "x", 1) == 1 && read(p[0], &c, 1) == 1 && c == 'x',
	    "they are those of the sender");
	CHECK(fcntl(fds[0], F_GETFD) & FD_CLOEXEC, "close-on-exec");
	close(fds[0]);
	close(fds[1]);
	packet_send(s[0], STR("much too long"), p, 1, true);
	CHECK(packet_receive(s[1], text, 8, fds, &n, true) == -1 &&
		  errno == EMSGSIZE && n == 0,
	    "a packet that is too long is dropped");
	packet_send(s[0], STR("none"), NULL, 0, true);
	CHECK(packet_receive(s[1], text, 8, fds, &n, true) == 4 && n == 0,
	    "no descriptors");
	CHECK(packet_receive(s[1], text, 8, fds, &n, false) < 0 &&
		  errno == EAGAIN,
	    "no packet");
	getrlimit(RLIMIT_NOFILE, &old);
	next = dup(0);
	close(next);
	few = (struct rlimit){
	    .rlim_cur = (rlim_t)next + 1, .rlim_max = old.rlim_max};
	setrlimit(RLIMIT_NOFILE, &few);
	packet_send(s[0], STR("all"), p, 2, true);
	CHECK(packet_receive(s[1], text, 8, fds, &n, true) == 3 && n == 0,
	    "all descriptors or none");
	CHECK_NUM(dup(0), next, "none is left open");
	close(next);
	setrlimit(RLIMIT_NOFILE, &old);
	while (packet_send(s[0], STR("full"), NULL, 0, false) == 0)
		continue;
	CHECK_NUM(errno, EAGAIN, "a full socket");
	close(s[0]);
	while (packet_receive(s[1], text, 8, fds, &n, true) > 0)
		continue;
	CHECK_NUM(packet_receive(s[1], text, 8, fds, &n, true), 0, "the end");
}

/* The error of an exec arrives, and the caller's signals stay as they were. */
static void
test_spawn_failure(void)
{
	static const char *const none[] = {"/nonexistent/program", NULL};
	static const char *const yes[] = {"sh", "-c", "exit $CODE", NULL};
	static const char *const env[] = {"CODE=7", "PATH=/bin:/usr/bin", NULL};
	int fds[] = {0, 1, 2};
	sigset_t before = {0}, after = {0};
	pid_t pid;

	sigprocmask(SIG_SETMASK, NULL, &before);
	CHECK(spawn_start(none, fds, 3, NULL) == -1 && errno == ENOENT,
	    "no such program");
	CHECK(waitpid(-1, NULL, WNOHANG) == -1, "and no child left");
	pid = spawn_start(yes, fds, 3, env);
	CHECK_NUM(spawn_wait(pid, NOW_NEVER), 7, "with an environment");
	sigprocmask(SIG_SETMASK, NULL, &after);
	CHECK(memcmp(&before, &after, sizeof(before)) == 0, "signal mask");
}

int
main(void)
{
	char rm[100];

	if (!mkdtemp(dir))
		return 1;
	test_lines();
	test_long_line();
	test_deadline();
	test_patience();
	test_push();
	test_crlf();
	test_storage();
	test_files();
	test_file_sizes();
	test_dir();
	test_lock();
	test_ucspi();
	test_spawn();
	test_watch();
	test_watch_times();
	snprintf(rm, sizeof(rm), "rm -rf %s", dir);
	test_read_at();
	test_packets();
	test_spawn_failure();
	return system(rm) != 0 || tap_done();
}
