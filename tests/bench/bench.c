// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench WORKLOAD DIR [OPERATIONS]: one workload in a directory, timed and
 * counted.  bench exec DIR COMMAND...: a command in it.  bench list: the names.
 *
 * Prints one line of NAME=NUMBER: us (the calls up to the last close()),
 * sync_us (those, and what syncfs() takes then), ops and bytes; of the calls
 * and of all until syncfs() is through: cpu (1/100 s of all processors), writes,
 * kib, flushes (requests to the block device BENCH_DISK), commits (of the
 * journal of the filesystem on it, or of btrfs); cached (KiB by which the page
 * cache has grown).  Numbers after syncfs() begin with sync_.  syncfs() is also
 * done to BENCH_LOWER, the lower filesystem.
 *
 * BENCH_JOBS processes do the same, each in files of its own.  What a workload
 * works on is left by another one: see guest.sh for the order.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <glob.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <linux/fscrypt.h>
#include <linux/if_alg.h>
#include <time.h>
#include <unistd.h>

#define KIB 1024
#define MIB (1024 * KIB)
#define SMALL_BYTES 4000
#define MEDIUM_BYTES (400 * 1000)
#define LARGE_BYTES (10 * 1000 * 1000)
#define STREAM_PIECE (128 * KIB)

static char buf[MIB];
/* Of this process, and how many of what the workload calls an operation. */
static int job;
static unsigned long ops, file_bytes;

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000ull + ts.tv_nsec / 1000;
}

static int open_or_die(const char *name, int flags)
{
	int fd = open(name, flags, 0644);

	if (fd < 0)
		err(1, "%s", name);
	return fd;
}

static void close_or_die(int fd)
{
	if (close(fd))
		err(1, "close");
}

static void write_or_die(int fd, size_t len)
{
	if (write(fd, buf, len) != (ssize_t)len)
		err(1, "write");
}

static const char *name_of(char kind, unsigned long i)
{
	static char name[64];

	snprintf(name, sizeof(name), "%c%d-%lu", kind, job, i);
	return name;
}

/* --- many files ---------------------------------------------------------- */

static void write_file(const char *name, int flags, size_t len)
{
	int fd = open_or_die(name, O_WRONLY | flags);
	size_t done, piece;

	for (done = 0; done < len; done += piece) {
		piece = len - done < STREAM_PIECE ? len - done : STREAM_PIECE;
		write_or_die(fd, piece);
	}
	close_or_die(fd);
}

static void make_files(char kind, size_t len)
{
	unsigned long i;

	for (i = 0; i < ops; i++)
		write_file(name_of(kind, i), O_CREAT | O_EXCL, len);
}

static void create(void) { make_files('f', SMALL_BYTES); }
static void create_empty(void) { make_files('e', 0); }
static void create_medium(void) { make_files('m', MEDIUM_BYTES); }
static void create_large(void) { make_files('l', LARGE_BYTES); }

static void rewrite(void)
{
	unsigned long i;

	for (i = 0; i < ops; i++)
		write_file(name_of('f', i), O_TRUNC, SMALL_BYTES);
}

/* Every call crosses the end of an extent. */
static void append_close(void)
{
	unsigned long i;

	for (i = 0; i < ops; i++)
		write_file(name_of('f', i), O_APPEND, 200);
}

static void stat_files(void)
{
	struct stat st;
	unsigned long i;

	for (i = 0; i < ops; i++)
		if (stat(name_of('f', i), &st))
			err(1, "stat");
}

static void read_files(void)
{
	unsigned long i;
	int fd;

	for (i = 0; i < ops; i++) {
		fd = open_or_die(name_of('f', i), O_RDONLY);
		if (read(fd, buf, sizeof(buf)) < 0)
			err(1, "read");
		close_or_die(fd);
	}
}

static void replace(void)
{
	char temp[64];
	unsigned long i;

	for (i = 0; i < ops; i++) {
		snprintf(temp, sizeof(temp), "tmp%d", job);
		write_file(temp, O_CREAT | O_TRUNC, SMALL_BYTES);
		if (rename(temp, name_of('f', i)))
			err(1, "rename");
	}
}

static void rename_files(void)
{
	char from[64];
	unsigned long i;

	for (i = 0; i < ops; i++) {
		strcpy(from, name_of('f', i));
		if (rename(from, name_of('r', i)))
			err(1, "rename");
	}
}

static void unlink_files(void)
{
	unsigned long i;

	for (i = 0; i < ops; i++)
		if (unlink(name_of('r', i)))
			err(1, "unlink");
}

static void list_tree(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	struct stat st;
	char inner[4096];

	if (!dir)
		err(1, "%s", path);
	while ((entry = readdir(dir))) {
		if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		snprintf(inner, sizeof(inner), "%s/%s", path, entry->d_name);
		if (lstat(inner, &st))
			err(1, "%s", inner);
		ops++;
		if (S_ISDIR(st.st_mode))
			list_tree(inner);
	}
	closedir(dir);
}

static void list(void)
{
	ops = 0;
	list_tree(".");
}

/* --- one file ------------------------------------------------------------ */

static const char *stream_name(void)
{
	return name_of('s', 0);
}

/* Operations are MiB. */
static void stream_write(void)
{
	write_file(stream_name(), O_CREAT | O_TRUNC, ops * MIB);
}

static void stream_read(void)
{
	int fd = open_or_die(stream_name(), O_RDONLY);
	unsigned long total = 0;
	ssize_t got;

	while ((got = read(fd, buf, STREAM_PIECE)) > 0)
		total += got;
	if (got < 0)
		err(1, "read");
	close_or_die(fd);
	ops = total / MIB;
}

/* In a file that stream_write left. */
static off_t random_place(int fd, size_t len)
{
	static uint32_t seed = 1;

	if (!file_bytes) {
		struct stat st;

		if (fstat(fd, &st))
			err(1, "fstat");
		file_bytes = st.st_size;
	}
	seed = seed * 1664525 + 1013904223;
	return (off_t)((seed >> 8) % (file_bytes / len)) * len;
}

static void random_io(size_t len, bool write, bool sync)
{
	int fd = open_or_die(stream_name(), O_RDWR);
	unsigned long i;
	off_t at;

	for (i = 0; i < ops; i++) {
		at = random_place(fd, len);
		if ((write ? pwrite(fd, buf, len, at) :
			     pread(fd, buf, len, at)) != (ssize_t)len)
			err(1, "pread, pwrite");
		if (sync && fsync(fd))
			err(1, "fsync");
	}
	close_or_die(fd);
}

static void rand4k_write(void) { random_io(4 * KIB, true, false); }
static void rand64k_write(void) { random_io(64 * KIB, true, false); }
static void rand4k_fsync(void) { random_io(4 * KIB, true, true); }
static void rand64k_fsync(void) { random_io(64 * KIB, true, true); }
static void rand4k_read(void) { random_io(4 * KIB, false, false); }
static void rand64k_read(void) { random_io(64 * KIB, false, false); }

static void append_fsync(void)
{
	int fd = open_or_die(name_of('a', 0), O_WRONLY | O_CREAT | O_TRUNC);
	unsigned long i;

	for (i = 0; i < ops; i++) {
		write_or_die(fd, 4 * KIB);
		if (fsync(fd))
			err(1, "fsync");
	}
	close_or_die(fd);
}

static void append512(void)
{
	int fd = open_or_die(name_of('a', 0), O_WRONLY | O_CREAT | O_TRUNC);
	unsigned long i;

	for (i = 0; i < ops; i++)
		write_or_die(fd, 512);
	close_or_die(fd);
}

/* Operations are pages, in the order of the file. */
static void map_file(bool write)
{
	int fd = open_or_die(stream_name(), O_RDWR);
	unsigned long i, sum = 0;
	struct stat st;
	volatile char *map;

	if (fstat(fd, &st))
		err(1, "fstat");
	map = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		err(1, "mmap");
	ops = st.st_size / (4 * KIB);
	for (i = 0; i < ops; i++) {
		if (write)
			map[i * 4 * KIB] = i;
		else
			sum += map[i * 4 * KIB];
	}
	if (munmap((void *)map, st.st_size))
		err(1, "munmap");
	close_or_die(fd);
}

static void map_write(void) { map_file(true); }
static void map_read(void) { map_file(false); }

/* --- the cipher alone ---------------------------------------------------- */

/* Operations are MiB, in requests as large as the socket takes. */
static void cipher(int direction)
{
	struct sockaddr_alg alg = {
		.salg_family = AF_ALG, .salg_type = "skcipher",
		.salg_name = "cbc(aes)",
	};
	char control[CMSG_SPACE(sizeof(int)) +
		     CMSG_SPACE(sizeof(struct af_alg_iv) + 16)] = {};
	struct iovec part = { .iov_base = buf, .iov_len = 64 * KIB };
	struct msghdr msg = {
		.msg_iov = &part, .msg_iovlen = 1,
		.msg_control = control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
	int tfm = socket(AF_ALG, SOCK_SEQPACKET, 0), fd;
	struct af_alg_iv *iv;
	unsigned long i;

	if (tfm < 0 || bind(tfm, (struct sockaddr *)&alg, sizeof(alg)) ||
	    setsockopt(tfm, SOL_ALG, ALG_SET_KEY, "0123456789abcdef", 16))
		err(1, "AF_ALG");
	fd = accept(tfm, NULL, NULL);
	if (fd < 0)
		err(1, "AF_ALG: accept");
	cmsg->cmsg_level = SOL_ALG;
	cmsg->cmsg_type = ALG_SET_OP;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	*(int *)CMSG_DATA(cmsg) = direction;
	cmsg = CMSG_NXTHDR(&msg, cmsg);
	cmsg->cmsg_level = SOL_ALG;
	cmsg->cmsg_type = ALG_SET_IV;
	cmsg->cmsg_len = CMSG_LEN(sizeof(*iv) + 16);
	iv = (void *)CMSG_DATA(cmsg);
	iv->ivlen = 16;
	for (i = 0; i < ops * MIB / part.iov_len; i++)
		if (sendmsg(fd, &msg, 0) != (ssize_t)part.iov_len ||
		    read(fd, buf, part.iov_len) != (ssize_t)part.iov_len)
			err(1, "AF_ALG: %s", alg.salg_name);
	close_or_die(fd);
	close_or_die(tfm);
}

static void encrypt(void) { cipher(ALG_OP_ENCRYPT); }
static void decrypt(void) { cipher(ALG_OP_DECRYPT); }

static const struct workload {
	const char *name;
	void (*run)(void);
	unsigned long ops, bytes;
} workloads[] = {
	{ "create", create, 300, SMALL_BYTES },
	{ "create0", create_empty, 300, 0 },
	{ "create400k", create_medium, 20, MEDIUM_BYTES },
	{ "create10m", create_large, 2, LARGE_BYTES },
	{ "rewrite", rewrite, 300, SMALL_BYTES },
	{ "append", append_close, 300, 200 },
	{ "stat", stat_files, 300, 0 },
	{ "readsmall", read_files, 300, SMALL_BYTES },
	{ "replace", replace, 300, SMALL_BYTES },
	{ "rename", rename_files, 300, 0 },
	{ "unlink", unlink_files, 300, 0 },
	{ "list", list, 1, 0 },
	{ "write", stream_write, 16, MIB },
	{ "read", stream_read, 16, MIB },
	{ "rand4kw", rand4k_write, 1000, 4 * KIB },
	{ "rand64kw", rand64k_write, 100, 64 * KIB },
	{ "rand4ks", rand4k_fsync, 100, 4 * KIB },
	{ "rand64ks", rand64k_fsync, 50, 64 * KIB },
	{ "rand4kr", rand4k_read, 500, 4 * KIB },
	{ "rand64kr", rand64k_read, 100, 64 * KIB },
	{ "appends", append_fsync, 100, 4 * KIB },
	{ "append512", append512, 4000, 512 },
	{ "mmapw", map_write, 1, 4 * KIB },
	{ "mmapr", map_read, 1, 4 * KIB },
	{ "encrypt", encrypt, 16, MIB },
	{ "decrypt", decrypt, 16, MIB },
};

/* --- counting ------------------------------------------------------------ */

struct counts {
	uint64_t us, cpu, writes, kib, flushes, commits, cached;
};

/* What the first file has whose name matches; false: there is none. */
static bool file_text(const char *pattern, char *text, size_t len)
{
	glob_t found;
	FILE *file;
	size_t got = 0;

	if (!glob(pattern, 0, NULL, &found)) {
		file = fopen(found.gl_pathv[0], "r");
		if (file) {
			got = fread(text, 1, len - 1, file);
			fclose(file);
		}
		globfree(&found);
	}
	text[got] = 0;
	return got;
}

static uint64_t cpu_used(void)
{
	unsigned long long user, nice, system, idle, iowait, irq, softirq;
	char text[4096];

	if (!file_text("/proc/stat", text, sizeof(text)) ||
	    sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu", &user, &nice,
		   &system, &idle, &iowait, &irq, &softirq) != 7)
		errx(1, "/proc/stat");
	return user + nice + system + irq + softirq;
}

static uint64_t journal_commits(const char *disk)
{
	char pattern[256], text[4096], *at;
	unsigned long long number;

	snprintf(pattern, sizeof(pattern), "/proc/fs/jbd2/%s-*/info", disk);
	if (file_text(pattern, text, sizeof(text)) &&
	    sscanf(text, "%llu transactions", &number) == 1)
		return number;
	snprintf(pattern, sizeof(pattern), "/sys/fs/xfs/%s/stats/stats", disk);
	if (file_text(pattern, text, sizeof(text))) {
		at = strstr(text, "\nlog ");
		if (at && sscanf(at, " log %llu", &number) == 1)
			return number;
	}
	if (file_text("/sys/fs/btrfs/*-*/commit_stats", text, sizeof(text)) &&
	    sscanf(text, "commits %llu", &number) == 1)
		return number;
	return 0;
}

static struct counts count(void)
{
	const char *disk = getenv("BENCH_DISK");
	struct counts counts = {};
	unsigned long long v[17] = {};
	char path[256], text[4096], *at;
	size_t i;

	counts.cpu = cpu_used();
	if (file_text("/proc/meminfo", text, sizeof(text))) {
		at = strstr(text, "\nCached:");
		if (at)
			counts.cached = strtoull(at + 8, NULL, 10);
	}
	if (disk && *disk) {
		snprintf(path, sizeof(path), "/sys/block/%s/stat", disk);
		if (!file_text(path, text, sizeof(text)))
			errx(1, "%s", path);
		at = text;
		for (i = 0; i < 17; i++)
			v[i] = strtoull(at, &at, 10);
		counts.writes = v[4];
		counts.kib = v[6] / 2;
		counts.flushes = v[15];
		counts.commits = journal_commits(disk);
	}
	counts.us = now_us();
	return counts;
}

static void print_counts(const char *prefix, struct counts from, struct counts to)
{
	printf("%sus=%llu %scpu=%llu %swrites=%llu %skib=%llu %sflushes=%llu %scommits=%llu %scached=%lld ",
	       prefix, (unsigned long long)(to.us - from.us),
	       prefix, (unsigned long long)(to.cpu - from.cpu),
	       prefix, (unsigned long long)(to.writes - from.writes),
	       prefix, (unsigned long long)(to.kib - from.kib),
	       prefix, (unsigned long long)(to.flushes - from.flushes),
	       prefix, (unsigned long long)(to.commits - from.commits),
	       prefix, (long long)(to.cached - from.cached));
}

/* The jobs but the first, which is this process, start together with it. */
static void run_jobs(void (*run)(void), int jobs)
{
	int status, i;

	for (i = 1; i < jobs; i++) {
		switch (fork()) {
		case -1:
			err(1, "fork");
		case 0:
			job = i;
			run();
			_exit(0);
		}
	}
	run();
	for (i = 1; i < jobs; i++)
		if (wait(&status) < 0 || status)
			errx(1, "a job failed");
	ops *= jobs;
}

static char **command;

static void exec_command(void)
{
	int status;

	switch (fork()) {
	case -1:
		err(1, "fork");
	case 0:
		/* The line of numbers is all that shall be on the output. */
		dup2(2, 1);
		execvp(command[0], command);
		err(127, "%s", command[0]);
	}
	if (wait(&status) < 0 || status)
		errx(1, "%s failed", command[0]);
}

/* The lower filesystem's, too: that of stock does not get there. */
static void sync_all(void)
{
	const char *lower = getenv("BENCH_LOWER");
	int fd = open_or_die(".", O_RDONLY | O_DIRECTORY);

	if (syncfs(fd))
		err(1, "syncfs");
	close_or_die(fd);
	if (!lower)
		return;
	fd = open_or_die(lower, O_RDONLY | O_DIRECTORY);
	if (syncfs(fd))
		err(1, "syncfs");
	close_or_die(fd);
}

static void measure(void (*run)(void), unsigned long bytes)
{
	const char *jobs = getenv("BENCH_JOBS");
	struct counts start, called, synced;

	sync_all();
	start = count();
	run_jobs(run, jobs ? atoi(jobs) : 1);
	called = count();
	sync_all();
	synced = count();
	print_counts("", start, called);
	print_counts("sync_", start, synced);
	printf("ops=%lu bytes=%lu\n", ops, ops * bytes);
}

/* --- fscrypt ------------------------------------------------------------- */

/* DIR is encrypted by a key that is given to its filesystem. */
static void fscrypt(const char *dir, const char *modes, bool new)
{
	struct {
		struct fscrypt_add_key_arg arg;
		uint8_t raw[64];
	} key = { .arg = { .key_spec.type = FSCRYPT_KEY_SPEC_TYPE_IDENTIFIER, .raw_size = 64 } };
	struct fscrypt_policy_v2 policy = {
		.version = FSCRYPT_POLICY_V2,
		.contents_encryption_mode = FSCRYPT_MODE_AES_256_XTS,
		.filenames_encryption_mode = FSCRYPT_MODE_AES_256_CTS,
		.flags = FSCRYPT_POLICY_FLAGS_PAD_32,
	};
	int fd = open_or_die(dir, O_RDONLY | O_DIRECTORY);
	size_t i;

	if (!strcmp(modes, "cbc")) {
		policy.contents_encryption_mode = FSCRYPT_MODE_AES_128_CBC;
		policy.filenames_encryption_mode = FSCRYPT_MODE_AES_128_CTS;
	}
	for (i = 0; i < sizeof(key.raw); i++)
		key.raw[i] = i * 37 + 1;
	if (ioctl(fd, FS_IOC_ADD_ENCRYPTION_KEY, &key))
		err(1, "FS_IOC_ADD_ENCRYPTION_KEY");
	memcpy(policy.master_key_identifier, key.arg.key_spec.u.identifier,
	       sizeof(policy.master_key_identifier));
	if (new && ioctl(fd, FS_IOC_SET_ENCRYPTION_POLICY, &policy))
		err(1, "FS_IOC_SET_ENCRYPTION_POLICY");
}

int main(int argc, char **argv)
{
	const struct workload *work;
	size_t i;

	if (argc == 5 && !strcmp(argv[1], "fscrypt")) {
		fscrypt(argv[2], argv[3], !strcmp(argv[4], "new"));
		return 0;
	}
	if (argc < 3)
		errx(2, "usage: bench WORKLOAD DIR [OPERATIONS] | exec DIR COMMAND...");
	for (i = 0; i < sizeof(buf); i++)
		buf[i] = i * 7 + i / 251;
	if (chdir(argv[2]))
		err(1, "%s", argv[2]);
	if (!strcmp(argv[1], "exec")) {
		command = argv + 3;
		ops = 1;
		measure(exec_command, 0);
		return 0;
	}
	for (i = 0; i < sizeof(workloads) / sizeof(*workloads); i++) {
		work = &workloads[i];
		if (strcmp(argv[1], work->name))
			continue;
		ops = argc > 3 ? strtoul(argv[3], NULL, 10) : work->ops;
		measure(work->run, work->bytes);
		return 0;
	}
	errx(2, "no workload %s", argv[1]);
}
