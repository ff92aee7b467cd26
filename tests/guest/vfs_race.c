// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vfs_race [SECONDS]: several processes at once on the same few names, for that
 * long each.  Each error that none of the calls may give ends a process; what is
 * left at the end must be consistent.  The kernel's own checks see the rest.
 */
#include "check.h"

#include <dirent.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/xattr.h>

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif
#define PROCESSES 4

static int seconds = 3;
static uint64_t state;

static uint32_t rnd(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % n;
}

/* Errors that another process may have caused. */
static bool expected(int err)
{
	return err == ENOENT || err == EEXIST || err == ENOTEMPTY ||
	       err == ENOTDIR || err == EISDIR || err == EINVAL ||
	       err == ESTALE || err == EBUSY || err == ETXTBSY ||
	       err == ELOOP || err == EPERM /* link() of a directory */;
}

static const char *what;

/* The call may fail, but only so. */
#define TRY(call)                                                 \
	do {                                                      \
		if ((long)(call) == -1 && !expected(errno)) {     \
			what = #call;                             \
			return errno;                             \
		}                                                 \
	} while (0)

static const char *some_name(void)
{
	static char names[4][32];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(names[turn], 32, rnd(3) ? "n%u" : "d%u/n0", rnd(4));
	return names[turn];
}

/* file-concurrent */
static int files(void)
{
	const char *name = some_name();
	char buf[5000];
	int fd, err = 0;

	switch (rnd(6)) {
	case 0:
	case 1:
		fd = open(name, O_RDWR | O_CREAT, 0644);
		TRY(fd);
		if (fd < 0)
			break;
		memset(buf, 'x', sizeof(buf));
		if (pwrite(fd, buf, 1 + rnd(5000), rnd(10000)) < 0) {
			err = errno;
			what = "pwrite";
		}
		if (pread(fd, buf, sizeof(buf), 0) < 0) {
			err = errno;
			what = "pread";
		}
		close(fd);
		return err;
	case 2:
		TRY(unlink(name));
		break;
	case 3:
		TRY(truncate(name, rnd(20000)));
		break;
	case 4:
		fd = open(name, O_WRONLY | O_TRUNC);
		TRY(fd);
		if (fd >= 0)
			close(fd);
		break;
	case 5:
		TRY(mkdir(name[0] == 'd' ? "d1" : "d2", 0755));
		TRY(rmdir("d3"));
		break;
	}
	return 0;
}

/* directory-concurrent */
static int dirs(void)
{
	char a[32], b[32];

	snprintf(a, sizeof(a), "d%u", rnd(3));
	snprintf(b, sizeof(b), "d%u/e%u", rnd(3), rnd(2));
	switch (rnd(5)) {
	case 0:
		TRY(mkdir(a, 0755));
		break;
	case 1:
		TRY(mkdir(b, 0755));
		break;
	case 2:
		TRY(rmdir(b));
		break;
	case 3:
		TRY(rmdir(a));
		break;
	case 4:
		/* Never an upper one down: that would nest without end. */
		if (rnd(2))
			snprintf(a, sizeof(a), "d%u/e%u", rnd(3), rnd(2));
		TRY(rename(rnd(2) ? b : a, a));
		break;
	}
	return 0;
}

/* inode-race-stat, and everything that moves names about. */
static int moves(void)
{
	const char *a = some_name(), *b = some_name();
	struct stat st;
	struct dirent *de;
	DIR *dir;
	int fd;

	switch (rnd(9)) {
	case 0:
		TRY(rename(a, b));
		break;
	case 1:
		TRY(renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE));
		break;
	case 2:
		TRY(link(a, b));
		break;
	case 3:
		TRY(unlink(a));
		break;
	case 4:
		TRY(stat(a, &st));
		TRY(lstat(b, &st));
		break;
	case 5:
		dir = opendir(rnd(2) ? "." : "d0");
		if (!dir)
			break;
		while ((de = readdir(dir)))
			TRY(fstatat(dirfd(dir), de->d_name, &st, 0));
		closedir(dir);
		break;
	case 6:
		TRY(mkdir(rnd(2) ? "d0" : "d1", 0755));
		TRY(rename("d0", "d1"));
		TRY(rename("d2", rnd(2) ? "d1" : "d0"));
		break;
	case 7:
		fd = open(a, O_CREAT | O_RDWR, 0644);
		TRY(fd);
		if (fd >= 0 && write(fd, "x", 1) != 1)
			return errno;
		if (fd >= 0)
			close(fd);
		break;
	case 8:
		TRY(symlink(a, b));
		TRY(chmod(a, 0600 + rnd(2) * 44));
		break;
	}
	return 0;
}

/* While another changes the same names directly below. */
static int below_too(void)
{
	static bool chosen, under;

	if (!chosen) {
		chosen = true;
		under = getpid() % 2;
		if (under && chdir(below))
			return errno;
	}
	if (!under)
		return rnd(2) ? moves() : dirs();
	TRY(rename(some_name(), some_name()));
	TRY(unlink(some_name()));
	TRY(mkdir(rnd(2) ? "d0" : "d1", 0755));
	TRY(rename("d0", "d1"));
	TRY(rmdir("d1"));
	return 0;
}

/* One file through every kind of I/O; only its bytes' set is known: all 'x'. */
static int one_file(void)
{
	static char buf[70000];
	struct stat st;
	char *map;
	ssize_t n, i;
	int fd = open("one", O_RDWR | O_CREAT, 0644);

	if (fd < 0)
		return errno;
	memset(buf, 'x', sizeof(buf));
	switch (rnd(8)) {
	case 0:
		if (pwrite(fd, buf, 1 + rnd(69999), rnd(100000)) < 0)
			goto bad;
		break;
	case 1:
		if (ftruncate(fd, rnd(150000)))
			goto bad;
		break;
	case 2:
	case 3:
		n = pread(fd, buf, sizeof(buf), rnd(100000));
		for (i = 0; i < n; i++)
			if (buf[i] && buf[i] != 'x') {
				what = "a byte that nobody wrote";
				errno = EBADMSG;
				goto bad;
			}
		break;
	case 4:
		if (fstat(fd, &st))
			goto bad;
		if (!st.st_size)
			break;
		map = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED,
			   fd, 0);
		if (map == MAP_FAILED)
			goto bad;
		/* Through a call, which fails where a store would be fatal. */
		madvise(map, st.st_size, MADV_WILLNEED);
		int x = open("x", O_RDONLY);

		n = read(x, map + rnd(st.st_size), 1);
		if (n < 0 && errno != EFAULT)
			goto bad;
		close(x);
		if (rnd(2))
			msync(map, st.st_size, MS_SYNC);
		munmap(map, st.st_size);
		break;
	case 5:
		if (rnd(2) ? fsync(fd) : fdatasync(fd))
			goto bad;
		break;
	case 6:
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		if (rnd(20) == 0)
			drop_caches();
		break;
	case 7:
		if (fallocate(fd, 0, rnd(50000), 1 + rnd(50000)))
			goto bad;
		break;
	}
	for (i = 3; i < 30; i++)
		close(i);
	return 0;
bad:
	i = errno;
	close(fd);
	return i;
}

static int race(int (*step)(void), int number)
{
	struct timespec now, from;
	unsigned long rounds;
	int err;

	state = (number + 1) * 0x9e3779b97f4a7c15u;
	alarm(0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	for (rounds = 0;; rounds++) {
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (now.tv_sec - from.tv_sec >= seconds && rounds >= 50)
			return 0;
		what = "";
		err = step();
		if (err) {
			printf("# process %d, round %lu: %s: %s\n", number,
			       rounds, what, strerror(err));
			fflush(stdout);
			return err;
		}
	}
}

static char trouble[1200];

static int in_trouble(const char *name, const char *how)
{
	snprintf(trouble, sizeof(trouble), "%s: %s: %s", name, how,
		 strerror(errno));
	return -1;
}

/* How many there are; each can be looked at and, if so wanted, removed. */
static int count_and_remove(const char *path, bool remove)
{
	DIR *dir = opendir(path);
	struct dirent *de;
	char name[1024];
	struct stat st;
	int n = 0, sub;

	if (!dir)
		return in_trouble(path, "opendir");
	while (n >= 0 && (errno = 0, de = readdir(dir))) {
		if (!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."))
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, de->d_name);
		sub = 0;
		if (lstat(name, &st))
			sub = in_trouble(name, "lstat");
		else if (de->d_type != (st.st_mode & S_IFMT) >> 12)
			sub = in_trouble(name, "d_type");
		else if (de->d_ino != st.st_ino)
			sub = in_trouble(name, "d_ino");
		else if (S_ISDIR(st.st_mode))
			sub = count_and_remove(name, remove);
		if (sub >= 0 && remove &&
		    (S_ISDIR(st.st_mode) ? rmdir(name) : unlink(name)))
			sub = in_trouble(name, "remove");
		n = sub < 0 ? sub : n + 1 + sub;
	}
	if (n >= 0 && errno)
		n = in_trouble(path, "readdir");
	closedir(dir);
	return n;
}

static void run_race(int (*step)(void))
{
	pid_t pids[PROCESSES];
	int i, status, bad = 0, n;

	alarm(0);
	fflush(stdout);
	for (i = 0; i < PROCESSES; i++) {
		pids[i] = fork();
		if (!pids[i])
			_exit(race(step, i));
	}
	for (i = 0; i < PROCESSES; i++) {
		waitpid(pids[i], &status, 0);
		if (status)
			bad = status;
	}
	if (bad)
		FAIL("a process ended with %#x, %s", bad,
		     WIFEXITED(bad) ? strerror(WEXITSTATUS(bad)) : "a signal");
	n = count_and_remove(".", false);
	if (n < 0)
		FAIL("of what is left, %s", trouble);
	EQ(count_and_remove(below, false), n);
	OK(remount_upper(NULL));
	if (count_and_remove(".", false) < 0 || count_and_remove(".", true) < 0)
		FAIL("after a remount, %s", trouble);
	EQ(count_and_remove(below, false), 0);
}

static void file_race(void)
{
	mkdir("d0", 0755);
	run_race(files);
}

static void directory_race(void)
{
	run_race(dirs);
}

static void rename_race(void)
{
	mkdir("d0", 0755);
	run_race(moves);
}

static void race_below(void)
{
	run_race(below_too);
}

static void one_file_race(void)
{
	OK(put_file("x", 0, 0));
	int fd = open("x", O_WRONLY);

	EQ(write(fd, "x", 1), 1);
	OK(close(fd));
	run_race(one_file);
}

/* Overwrites the file and has it written down, until it is killed. */
static void overwrite(const char *name)
{
	static char buf[512 * 1024];
	int fd = open(name, O_RDWR);

	memset(buf, 'o', sizeof(buf));
	while (fd >= 0) {
		if (pwrite(fd, buf, sizeof(buf), 0) < 0)
			_exit(errno);
		sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	}
	_exit(errno);
}

/*
 * A file that is cut to nothing gets another header: pages that are being
 * written down at that time must not take it away with them.
 */
static void rewritten(void)
{
	time_t end = time(NULL) + seconds;
	char header[16], none[16] = "", path[4096];
	int fd, lower, status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/x", below);
	OK(put_file("x", 100000, 1));
	pid = fork();
	if (!pid)
		overwrite("x");
	while (time(NULL) < end) {
		fd = open("x", O_RDWR | O_TRUNC);
		IS(fd >= 0);
		EQ(pwrite(fd, "new", 3, 8000), 3);
		OK(fsync(fd));
		OK(close(fd));
		lower = open(path, O_RDONLY);
		IS(lower >= 0);
		EQ(pread(lower, header, sizeof(header), 0), sizeof(header));
		OK(close(lower));
		IS(memcmp(header, none, sizeof(header)));
	}
	EQ(waitpid(pid, &status, WNOHANG), 0);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	OK(put_file("x", 5000, 2));
	OK(remount_upper(NULL));
	CALL(file_is("x", 5000, 5000, 2));
}

static const struct test tests[] = {
	{ "file_race", file_race },
	{ "directory_race", directory_race },
	{ "rename_race", rename_race },
	{ "race_below", race_below },
	{ "one_file_race", one_file_race },
	{ "rewritten", rewritten },
	{}
};

int main(int argc, char **argv)
{
	if (argc > 1)
		seconds = atoi(argv[1]);
	return check_main(1, argv, tests);
}
