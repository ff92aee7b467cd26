/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A harness for the programs that run in the guest: a table of tests, each with
 * a directory of its own in the mount, and a verdict line for each.  A test is
 * a function that returns at its first failure.
 */
#ifndef CHECK_H
#define CHECK_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct test {
	const char *name;
	void (*run)(void);
};

static char check_why[512];
static bool check_skipped;
static const char *lower_dir, *upper_dir, *upper_opts, *lower_fs, *prefix;
/*
 * The directory of the running test, in the mount and in the lower directory.
 */
static char here[512], below[512];

__attribute__((format(printf, 2, 3), unused)) static void
check_fail(int line, const char *fmt, ...)
{
	va_list ap;
	int n = snprintf(check_why, sizeof(check_why), "line %d: ", line);

	va_start(ap, fmt);
	vsnprintf(check_why + n, sizeof(check_why) - n, fmt, ap);
	va_end(ap);
}

#define FAIL(...)                                  \
	do {                                       \
		check_fail(__LINE__, __VA_ARGS__); \
		return;                            \
	} while (0)

#define SKIP(...)                     \
	do {                          \
		check_skipped = true; \
		FAIL(__VA_ARGS__);    \
	} while (0)

/* Something must be true. */
#define IS(c)                                                               \
	do {                                                                \
		if (!(c))                                                   \
			FAIL("not so: %s (errno %d, %s)", #c, errno,        \
			     strerror(errno));                              \
	} while (0)

/* Two numbers must be equal. */
#define EQ(a, b)                                                            \
	do {                                                                \
		long long a_, b_;                                           \
		errno = 0;                                                  \
		a_ = (long long)(a);                                        \
		b_ = (long long)(b);                                        \
		if (a_ != b_)                                               \
			FAIL("%s is %lld, not %lld (errno %d, %s)", #a, a_, \
			     b_, errno, strerror(errno));                   \
	} while (0)

/* A call must succeed. */
#define OK(call)                                                            \
	do {                                                                \
		errno = 0;                                                  \
		if ((long)(call) == -1)                                     \
			FAIL("%s: %s", #call, strerror(errno));             \
	} while (0)

/* A call must fail with that errno. */
#define FAILS(call, e)                                                      \
	do {                                                                \
		errno = 0;                                                  \
		if ((long)(call) != -1)                                     \
			FAIL("%s succeeds, should give %s", #call,          \
			     strerrorname_np(e));                           \
		if (errno != (e))                                           \
			FAIL("%s gives %s, not %s", #call,                  \
			     strerrorname_np(errno), strerrorname_np(e));   \
	} while (0)

/* For helpers: the called test must not have failed. */
#define CALL(call)                    \
	do {                          \
		call;                 \
		if (check_why[0])     \
			return;       \
	} while (0)

static inline int fs_is(const char *name)
{
	return strcmp(lower_fs, name) == 0;
}

/* Deterministic contents: the byte at each offset of file number @seed. */
static inline uint8_t pattern_at(unsigned int seed, uint64_t off)
{
	uint64_t x = (off / 8 + 1) * 0x9e3779b97f4a7c15u + seed * 0x632be59bd9b4e019u;

	x ^= x >> 29;
	x *= 0xbf58476d1ce4e5b9u;
	return x >> (off % 8 * 8);
}

static inline void pattern(void *buf, size_t len, unsigned int seed,
			   uint64_t off)
{
	size_t i;

	for (i = 0; i < len; i++)
		((uint8_t *)buf)[i] = pattern_at(seed, off + i);
}

/* Index of the first byte that is not the pattern's, or -1. */
static inline ssize_t pattern_differs(const void *buf, size_t len,
				      unsigned int seed, uint64_t off)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (((const uint8_t *)buf)[i] != pattern_at(seed, off + i))
			return i;
	return -1;
}

static inline ssize_t zeros_differ(const void *buf, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (((const uint8_t *)buf)[i])
			return i;
	return -1;
}

/* Writes a new file of the pattern; 0 or -1. */
__attribute__((unused)) static int put_file(const char *name, size_t len,
					    unsigned int seed)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	char *buf = malloc(len + 1);
	ssize_t n;

	if (fd < 0 || !buf) {
		free(buf);
		return -1;
	}
	pattern(buf, len, seed, 0);
	n = len ? write(fd, buf, len) : 0;
	free(buf);
	if (close(fd) || n != (ssize_t)len)
		return -1;
	return 0;
}

/*
 * Returns whether the file has the pattern up to @data and zeros up to @size;
 * if not, check_why says what is wrong.
 */
__attribute__((unused)) static bool file_is(const char *name, size_t data,
					    size_t size, unsigned int seed)
{
	int fd = open(name, O_RDONLY);
	char *buf = malloc(size + 4096);
	struct stat st = { 0 };
	ssize_t n = -1, at = -1;

	if (fd >= 0 && buf && !fstat(fd, &st))
		n = read(fd, buf, size + 4096);
	if (n < 0 || (size_t)n != size || (size_t)st.st_size != size) {
		snprintf(check_why, sizeof(check_why),
			 "%s: %zd bytes read, st_size %lld, should be %zu (%s)",
			 name, n, (long long)st.st_size, size, strerror(errno));
	} else {
		at = pattern_differs(buf, data, seed, 0);
		if (at < 0 && size > data) {
			at = zeros_differ(buf + data, size - data);
			if (at >= 0)
				at += data;
		}
		if (at >= 0)
			snprintf(check_why, sizeof(check_why),
				 "%s: byte %zd of %zu is %02x%s", name, at, size,
				 (uint8_t)buf[at],
				 (size_t)at >= data ? ", should be 0" : "");
	}
	free(buf);
	if (fd >= 0)
		close(fd);
	return !check_why[0];
}

/*
 * Returns whether the tests run without a mount, on the lower filesystem alone.
 */
static bool is_control(void)
{
	return !strcmp(upper_dir, lower_dir);
}

__attribute__((unused)) static int drop_caches(void)
{
	int fd, ret;

	sync();
	fd = open("/proc/sys/vm/drop_caches", O_WRONLY);
	ret = fd >= 0 && write(fd, "3", 1) == 1 ? 0 : -1;
	close(fd);
	return ret;
}

/* Unmounts and mounts again; all files must be closed. */
__attribute__((unused)) static int remount_upper(const char *more)
{
	char opts[512];
	int ret;

	snprintf(opts, sizeof(opts), "%s%s%s", upper_opts, more ? "," : "",
		 more ? more : "");
	if (is_control())
		return drop_caches();
	if (chdir("/"))
		return -1;
	ret = umount(upper_dir);
	if (!ret)
		ret = mount(lower_dir, upper_dir, "ecryptfs", 0, opts);
	if (!ret)
		ret = chdir(here);
	return ret;
}

/*
 * Runs @fn in a child, as user and group @id if that is not 0. Returns its exit
 * status, or 256 + the signal that killed it.
 */
__attribute__((unused)) static int in_child(int (*fn)(void *), void *arg,
					    unsigned int id)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return -1;
	if (!pid) {
		if (id && (setgid(id) || setuid(id)))
			_exit(99);
		_exit(fn(arg));
	}
	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

__attribute__((unused)) static void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&ts, NULL);
}

static inline int64_t ns_of(struct timespec ts)
{
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

/*
 * The clock that filesystems use for times, which lags behind by up to a tick.
 */
__attribute__((unused)) static int64_t ns_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME_COARSE, &ts);
	return ns_of(ts);
}

static const char *env_or(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : otherwise;
}

/* A test that fails half-way must leave nothing that affects the next one. */
static int run_in_child(const struct test *test)
{
	alarm(200);
	if ((mkdir(here, 0755) && errno != EEXIST) || chdir(here))
		check_fail(0, "%s: %s", here, strerror(errno));
	else
		test->run();
	if (!check_why[0])
		printf("ok %s%s\n", prefix, test->name);
	else if (check_skipped)
		printf("skip %s%s: %s\n", prefix, test->name, check_why);
	else
		printf("not ok %s%s: %s\n", prefix, test->name, check_why);
	fflush(stdout);
	return check_why[0] && !check_skipped;
}

static int run_one(const struct test *test)
{
	struct timespec from, to;
	int status;
	pid_t pid;

	snprintf(here, sizeof(here), "%s/%s", upper_dir, test->name);
	snprintf(below, sizeof(below), "%s/%s", lower_dir, test->name);
	clock_gettime(CLOCK_MONOTONIC, &from);
	fflush(stdout);
	pid = fork();
	if (pid < 0)
		return 1;
	if (!pid)
		_exit(run_in_child(test));
	waitpid(pid, &status, 0);
	/* Mounts that a failed test left. */
	umount2("/mnt/v", 0);
	umount2("/mnt/w", 0);
	umount2("/mnt/bind", 0);
	clock_gettime(CLOCK_MONOTONIC, &to);
	if (to.tv_sec - from.tv_sec >= 5)
		printf("# %s%s took %ld s\n", prefix, test->name,
		       (long)(to.tv_sec - from.tv_sec));
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	printf("not ok %s%s: killed by signal %d (%s)\n", prefix, test->name,
	       WTERMSIG(status), strsignal(WTERMSIG(status)));
	return 1;
}

/* With arguments, runs only the tests of these names. */
static int check_main(int argc, char **argv, const struct test *tests)
{
	struct statfs fs;
	int failures = 0, i;

	lower_dir = env_or("LOWER_DIR", "/lower/d");
	upper_dir = env_or("UPPER_DIR", "/mnt/u");
	upper_opts = env_or("UPPER_OPTS", "");
	lower_fs = env_or("LOWER_FS", "");
	prefix = env_or("PREFIX", "");
	if (!is_control() &&
	    (statfs(upper_dir, &fs) || fs.f_type != 0xf15f)) {
		fprintf(stderr, "%s is no eCryptfs mount\n", upper_dir);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	umask(022);
	for (; tests->name; tests++) {
		bool wanted = argc < 2;

		for (i = 1; i < argc; i++)
			wanted |= strcmp(argv[i], tests->name) == 0;
		if (!wanted)
			continue;
		failures += run_one(tests) != 0;
	}
	return failures ? 1 : 0;
}

#endif /* CHECK_H */
