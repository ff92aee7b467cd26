// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * bench WORKLOAD DIR: one workload in a directory, timed.  Prints two numbers
 * of microseconds: the calls up to the last close(), and those plus what
 * syncfs() takes then.  See run for what is compared.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FILES 200
#define SMALL_BYTES 3000
#define KIB 1024
#define MIB (1024 * KIB)

static char buf[MIB];

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

static void append(size_t total, size_t piece)
{
	int fd = open_or_die("append", O_WRONLY | O_CREAT | O_TRUNC);
	size_t done;

	for (done = 0; done < total; done += piece)
		write_or_die(fd, piece);
	close_or_die(fd);
}

static void append512(void) { append(2 * MIB, 512); }
static void append4k(void) { append(8 * MIB, 4 * KIB); }
static void append128k(void) { append(32 * MIB, 128 * KIB); }

static void stream_read(void)
{
	int fd = open_or_die("append", O_RDONLY);
	ssize_t got;

	while ((got = read(fd, buf, 128 * KIB)) > 0)
		;
	if (got < 0)
		err(1, "read");
	close_or_die(fd);
}

static void make_files(size_t len)
{
	char name[32];
	int i, fd;

	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		fd = open_or_die(name, O_WRONLY | O_CREAT | O_EXCL);
		if (len)
			write_or_die(fd, len);
		close_or_die(fd);
	}
}

static void create(void) { make_files(0); }
static void small(void) { make_files(SMALL_BYTES); }

static void stat_files(void)
{
	char name[32];
	struct stat st;
	int i;

	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		if (stat(name, &st))
			err(1, "%s", name);
	}
}

static void stat_again(void)
{
	int i;

	for (i = 0; i < 20; i++)
		stat_files();
}

static void read_files(void)
{
	char name[32];
	int i, fd;

	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		fd = open_or_die(name, O_RDONLY);
		if (read(fd, buf, sizeof(buf)) < 0)
			err(1, "%s", name);
		close_or_die(fd);
	}
}

static void unlink_files(void)
{
	char name[32];
	int i;

	for (i = 0; i < FILES; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		if (unlink(name))
			err(1, "%s", name);
	}
}

/* In a file of 8 MiB that "append4k" left. */
static void overwrite(void)
{
	int fd = open_or_die("append", O_RDWR);
	uint32_t seed = 1;
	int i;

	for (i = 0; i < 2048; i++) {
		seed = seed * 1664525 + 1013904223;
		if (pwrite(fd, buf, 4 * KIB, (off_t)(seed >> 21) * 4 * KIB) !=
		    4 * KIB)
			err(1, "pwrite");
	}
	close_or_die(fd);
}

static void fsync_loop(void)
{
	int fd = open_or_die("synced", O_WRONLY | O_CREAT | O_TRUNC);
	int i;

	for (i = 0; i < 100; i++) {
		write_or_die(fd, 4 * KIB);
		if (fsync(fd))
			err(1, "fsync");
	}
	close_or_die(fd);
}

static const struct {
	const char *name;
	void (*run)(void);
} workloads[] = {
	{ "append512", append512 }, { "append4k", append4k },
	{ "append128k", append128k }, { "read128k", stream_read },
	{ "create", create }, { "small", small },
	{ "stat", stat_files }, { "statagain", stat_again },
	{ "readsmall", read_files }, { "unlink", unlink_files },
	{ "overwrite", overwrite }, { "fsync", fsync_loop },
};

int main(int argc, char **argv)
{
	uint64_t start, called, synced;
	size_t i;
	int fd;

	if (argc != 3)
		errx(2, "usage: bench WORKLOAD DIR");
	for (i = 0; i < sizeof(buf); i++)
		buf[i] = i * 7 + i / 251;
	if (chdir(argv[2]))
		err(1, "%s", argv[2]);
	for (i = 0; i < sizeof(workloads) / sizeof(*workloads); i++) {
		if (strcmp(argv[1], workloads[i].name))
			continue;
		fd = open_or_die(".", O_RDONLY | O_DIRECTORY);
		if (syncfs(fd))
			err(1, "syncfs");
		start = now_us();
		workloads[i].run();
		called = now_us();
		if (syncfs(fd))
			err(1, "syncfs");
		synced = now_us();
		printf("%llu %llu\n", (unsigned long long)(called - start),
		       (unsigned long long)(synced - start));
		return 0;
	}
	errx(2, "no workload %s", argv[1]);
}
