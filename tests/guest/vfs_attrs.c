// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attributes: sizes, link counts, times, modes, extended attributes, access
 * control lists, flags, and what statfs says.
 */
#include "check.h"

#include <linux/fs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>

static const size_t sizes[] = { 0,	1,     4095,  4096,  4097,
				8191,	8192,  8193,  12288, 100000 };
#define SIZES (sizeof(sizes) / sizeof(*sizes))

static char *low(const char *name)
{
	static char path[1024];

	snprintf(path, sizeof(path), "%s/%s", below, name);
	return path;
}

/* The true size, without the file having been opened on this mount. */
static void size_before_open(void)
{
	struct statx stx;
	struct stat st;
	char name[16];
	size_t i;

	for (i = 0; i < SIZES; i++) {
		snprintf(name, sizeof(name), "f%zu", i);
		OK(put_file(name, sizes[i], i));
	}
	OK(remount_upper(NULL));
	OK(drop_caches());
	for (i = 0; i < SIZES; i++) {
		snprintf(name, sizeof(name), "f%zu", i);
		if (i & 1) {
			OK(statx(AT_FDCWD, name, 0, STATX_SIZE, &stx));
			EQ(stx.stx_size, sizes[i]);
		} else {
			OK(lstat(name, &st));
			EQ(st.st_size, sizes[i]);
			EQ(st.st_nlink, 1);
		}
		/* And below it is what the format says. */
		OK(lstat(low(name), &st));
		EQ(st.st_size, 8192 + (sizes[i] + 4095) / 4096 * 4096);
	}
	/* SEEK_END and append are right on the first open. */
	int fd = open("f4", O_RDWR | O_APPEND);

	EQ(lseek(fd, 0, SEEK_END), 4097);
	EQ(write(fd, "x", 1), 1);
	OK(fstat(fd, &st));
	EQ(st.st_size, 4098);
	OK(close(fd));
}

/* One file, looked at by path while another descriptor changes it. */
static void always_current(void)
{
	struct stat st, before;
	int fd = open("f", O_RDWR | O_CREAT, 0644);

	OK(stat("f", &before));
	sleep_ms(20);
	EQ(write(fd, "12345", 5), 5);
	OK(stat("f", &st));
	EQ(st.st_size, 5);
	IS(ns_of(st.st_mtim) > ns_of(before.st_mtim));
	IS(ns_of(st.st_ctim) > ns_of(before.st_ctim));
	before = st;
	sleep_ms(20);
	OK(link("f", "g"));
	OK(fstat(fd, &st));
	EQ(st.st_nlink, 2);
	IS(ns_of(st.st_ctim) > ns_of(before.st_ctim));
	EQ(ns_of(st.st_mtim), ns_of(before.st_mtim));
	/* QEMU's server knows an open file by the name that it had then. */
	OK(unlink(fs_is("9p") ? "g" : "f"));
	if (fs_is("9p"))
		OK(rename("f", "g"));
	OK(fstat(fd, &st));
	EQ(st.st_nlink, 1);
	before = st;
	sleep_ms(20);
	OK(ftruncate(fd, 3));
	OK(stat("g", &st));
	EQ(st.st_size, 3);
	IS(ns_of(st.st_mtim) > ns_of(before.st_mtim));
	/* The same size again: still a change, by POSIX. */
	before = st;
	sleep_ms(20);
	OK(ftruncate(fd, 3));
	OK(stat("g", &st));
	IS(ns_of(st.st_mtim) > ns_of(before.st_mtim));
	sleep_ms(20);
	before = st;
	OK(close(open("g", O_WRONLY | O_TRUNC)));
	OK(stat("g", &st));
	EQ(st.st_size, 0);
	IS(ns_of(st.st_mtim) > ns_of(before.st_mtim));
	sleep_ms(20);
	before = st;
	OK(close(open("g", O_WRONLY | O_TRUNC)));
	OK(stat("g", &st));
	IS(ns_of(st.st_mtim) > ns_of(before.st_mtim));
	OK(close(fd));
	/* Directories: lp-926292. */
	OK(stat(".", &before));
	sleep_ms(20);
	OK(mkdir("sub", 0755));
	OK(stat(".", &st));
	IS(ns_of(st.st_mtim) > ns_of(before.st_mtim));
	before = st;
	sleep_ms(20);
	OK(rmdir("sub"));
	OK(stat(".", &st));
	IS(ns_of(st.st_mtim) > ns_of(before.st_mtim));
	before = st;
	sleep_ms(20);
	OK(rename("g", "h"));
	OK(stat(".", &st));
	IS(ns_of(st.st_mtim) > ns_of(before.st_mtim));
	if (!fs_is("tmpfs")) {
		/* What is below is what is shown. */
		OK(stat(below, &before));
		EQ(st.st_size, before.st_size);
		EQ(st.st_nlink, before.st_nlink);
	}
}

static void birth_time(void)
{
	struct statx up, down;
	int64_t t0 = ns_now(), birth;

	OK(put_file("f", 10, 1));
	OK(statx(AT_FDCWD, low("f"), 0, STATX_BTIME, &down));
	if (!(down.stx_mask & STATX_BTIME))
		SKIP("%s has none", lower_fs);
	OK(statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS | STATX_BTIME, &up));
	IS(up.stx_mask & STATX_BTIME);
	EQ(up.stx_btime.tv_sec, down.stx_btime.tv_sec);
	EQ(up.stx_btime.tv_nsec, down.stx_btime.tv_nsec);
	birth = up.stx_btime.tv_sec * 1000000000LL + up.stx_btime.tv_nsec;
	/* A filesystem may count more coarsely than the clock. */
	IS(birth >= t0 - 10000000 && birth <= ns_now());
	EQ(up.stx_mask & STATX_BASIC_STATS, STATX_BASIC_STATS);
}

static int set_times(const char *name, long asec, long ansec, long msec,
		     long mnsec)
{
	struct timespec ts[2] = { { asec, ansec }, { msec, mnsec } };

	return utimensat(AT_FDCWD, name, ts, AT_SYMLINK_NOFOLLOW);
}

/* setattr-flush-dirty, bugzilla 33372; quirk Q1. */
static void nanoseconds(void)
{
	struct stat st;
	int fd;

	if (fs_is("9p"))
		SKIP("%s sets whole seconds", lower_fs);
	OK(put_file("f", 5000, 1));
	OK(mkdir("d", 0755));
	OK(symlink("x", "s"));
	OK(mkfifo("p", 0644));
	OK(set_times("f", 1000000001, 123456789, 1100000002, 987654321));
	OK(set_times("d", 1000000003, 1, 1100000004, 999999999));
	OK(set_times("s", 1000000005, 123, 1100000006, 456));
	OK(set_times("p", 1000000005, 123, 1100000006, 456));
	/* While data are dirty. */
	fd = open("g", O_RDWR | O_CREAT, 0644);
	EQ(write(fd, "dirty data", 10), 10);
	OK(set_times("g", 1000000007, 777, 1100000008, 888));
	OK(fstat(fd, &st));
	EQ(st.st_mtim.tv_nsec, 888);
	OK(fsync(fd));
	OK(fstat(fd, &st));
	EQ(st.st_mtim.tv_nsec, 888);
	OK(close(fd));
	OK(stat("g", &st));
	EQ(st.st_mtim.tv_nsec, 888);
	/* With another writer that stores through a mapping only afterwards. */
	OK(remount_upper(NULL));
	OK(drop_caches());
	OK(lstat("f", &st));
	EQ(st.st_atim.tv_sec, 1000000001);
	EQ(st.st_atim.tv_nsec, 123456789);
	EQ(st.st_mtim.tv_sec, 1100000002);
	EQ(st.st_mtim.tv_nsec, 987654321);
	OK(lstat("d", &st));
	EQ(st.st_atim.tv_nsec, 1);
	EQ(st.st_mtim.tv_nsec, 999999999);
	OK(lstat("s", &st));
	EQ(st.st_mtim.tv_nsec, 456);
	OK(lstat("p", &st));
	EQ(st.st_mtim.tv_nsec, 456);
	OK(stat("g", &st));
	EQ(st.st_atim.tv_nsec, 777);
	EQ(st.st_mtim.tv_sec, 1100000008);
	EQ(st.st_mtim.tv_nsec, 888);
	/* "Now" by name has nanoseconds, too. */
	OK(utimensat(AT_FDCWD, "f", NULL, 0));
	OK(stat("f", &st));
	IS(st.st_mtim.tv_nsec % 1000000000 != 0 || st.st_atim.tv_nsec);
}

/* The modification time is that of the write, not of the writeback. */
static void time_of_write(void)
{
	struct stat first, st;
	int64_t t0, t1;
	char *map = NULL;
	int fd, i;

	if (fs_is("9p"))
		SKIP("it is the server's on %s", lower_fs);
	for (i = 0; i < 2; i++) {
		fd = open("f", O_RDWR | O_CREAT, 0644);
		IS(fd >= 0);
		if (i) {
			map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED,
				   fd, 0);
			IS(map != MAP_FAILED);
		}
		sleep_ms(50);
		t0 = ns_now();
		if (i)
			map[5000] = 'x';
		else
			EQ(pwrite(fd, "0123456789", 10, 7000), 10);
		t1 = ns_now();
		OK(fstat(fd, &first));
		IS(ns_of(first.st_mtim) >= t0 - 10000000);
		IS(ns_of(first.st_mtim) <= t1);
		sleep_ms(600);
		OK(fstat(fd, &st));
		EQ(ns_of(st.st_mtim), ns_of(first.st_mtim));
		if (i)
			OK(msync(map, 8192, MS_SYNC));
		OK(fsync(fd));
		OK(fstat(fd, &st));
		EQ(ns_of(st.st_mtim), ns_of(first.st_mtim));
		OK(stat(low("f"), &st));
		EQ(ns_of(st.st_mtim), ns_of(first.st_mtim));
		if (!i)
			EQ(pwrite(fd, "more", 4, 0), 4);
		else
			map[1] = 'y';
		OK(fstat(fd, &first));
		sleep_ms(400);
		if (i)
			OK(munmap(map, 8192));
		OK(close(fd));
		OK(stat("f", &st));
		EQ(ns_of(st.st_mtim), ns_of(first.st_mtim));
		sleep_ms(100);
		OK(remount_upper(NULL));
		OK(stat("f", &st));
		EQ(ns_of(st.st_mtim), ns_of(first.st_mtim));
	}
	/* By sync, with the file still open. */
	fd = open("f", O_RDWR);
	EQ(pwrite(fd, "again", 5, 100), 5);
	OK(fstat(fd, &first));
	sleep_ms(300);
	OK(syncfs(fd));
	OK(fstat(fd, &st));
	EQ(ns_of(st.st_mtim), ns_of(first.st_mtim));
	OK(stat(low("f"), &st));
	EQ(ns_of(st.st_mtim), ns_of(first.st_mtim));
	OK(close(fd));
}

static void access_time(void)
{
	struct stat before, st;
	char c;
	int fd;

	if (fs_is("9p"))
		SKIP("the server of %s keeps it", lower_fs);
	OK(put_file("f", 10, 1));
	OK(set_times("f", 1000000000, 5, 1100000000, 5));
	OK(stat("f", &before));
	/* relatime: an access time older than the modification is renewed. */
	fd = open("f", O_RDONLY);
	EQ(read(fd, &c, 1), 1);
	OK(fstat(fd, &st));
	OK(close(fd));
	IS(st.st_atim.tv_sec > 1100000000);
	EQ(st.st_mtim.tv_sec, 1100000000);
	OK(set_times("f", 1000000000, 5, 1100000000, 5));
	fd = open("f", O_RDONLY | O_NOATIME);
	IS(fd >= 0);
	EQ(read(fd, &c, 1), 1);
	OK(close(fd));
	OK(stat("f", &st));
	EQ(st.st_atim.tv_sec, 1000000000);
	/* Neither stat nor readahead of the size is an access. */
	OK(remount_upper(NULL));
	OK(stat("f", &st));
	EQ(st.st_atim.tv_sec, 1000000000);
}

/* lp-613873, and what else changes of the times. */
static void change_time(void)
{
	struct stat before, st;

	OK(put_file("f", 10, 1));
	OK(set_times("f", 1000000000, 5, 1100000000, 5));
	OK(stat("f", &before));
	sleep_ms(20);
	OK(chmod("f", 0600));
	OK(stat("f", &st));
	EQ(st.st_mode, S_IFREG | 0600);
	EQ(ns_of(st.st_mtim), ns_of(before.st_mtim));
	/* A server's file is read when its size is asked for. */
	if (!fs_is("9p"))
		EQ(ns_of(st.st_atim), ns_of(before.st_atim));
	IS(ns_of(st.st_ctim) > ns_of(before.st_ctim));
	before = st;
	sleep_ms(20);
	OK(chown("f", 1000, 1001));
	OK(stat("f", &st));
	EQ(st.st_uid, 1000);
	EQ(st.st_gid, 1001);
	EQ(ns_of(st.st_mtim), ns_of(before.st_mtim));
	IS(ns_of(st.st_ctim) > ns_of(before.st_ctim));
	/* A truncate by name of a closed file. */
	before = st;
	sleep_ms(20);
	OK(truncate("f", 5));
	OK(stat("f", &st));
	EQ(st.st_size, 5);
	IS(ns_of(st.st_mtim) > ns_of(before.st_mtim));
	before = st;
	sleep_ms(20);
	OK(truncate("f", 50000));
	OK(stat("f", &st));
	EQ(st.st_size, 50000);
	IS(ns_of(st.st_mtim) > ns_of(before.st_mtim));
	CALL(file_is("f", 5, 50000, 1));
}

static int write_one(void *name)
{
	int fd = open(name, O_WRONLY);

	return fd < 0 || pwrite(fd, "x", 1, 0) != 1;
}

static int write_then_chmod(void *name)
{
	int fd = open(name, O_WRONLY | O_CREAT, 0644);

	return fd < 0 || write(fd, "x", 1) != 1 || fchmod(fd, 04755) || close(fd);
}

static int truncate_it(void *name)
{
	return truncate(name, 3) != 0;
}

static int chown_it(void *name)
{
	return chown(name, -1, 1000) != 0;
}

/* What "f" runs as, by a descriptor that is as old as the first byte of @go. */
static int exec_descriptor(void *arg)
{
	static char *const argv[] = { "f", "--euid", NULL };
	static char *const envp[] = { NULL };
	int *pipes = arg, fd = open("f", O_PATH);
	char c = 0;

	if (fd < 0 || write(pipes[1], &c, 1) != 1 || read(pipes[2], &c, 1) != 1)
		return 98;
	execveat(fd, "", argv, envp, AT_EMPTY_PATH);
	return 97;
}

/* @mode and @owner: what "f" gets below between the open and the execution. */
static int run_by_descriptor(mode_t mode, uid_t owner)
{
	char name[600], c;
	int ask[2], go[2], status, pipes[3];
	pid_t pid;

	if (pipe(ask) || pipe(go))
		return -1;
	pid = fork();
	if (!pid) {
		pipes[1] = ask[1];
		pipes[2] = go[0];
		if (setgid(1000) || setuid(1000))
			_exit(99);
		_exit(exec_descriptor(pipes));
	}
	snprintf(name, sizeof(name), "%s/f", below);
	if (pid < 0 || read(ask[0], &c, 1) != 1 || chown(name, owner, 0) ||
	    chmod(name, mode) || write(go[1], &c, 1) != 1 ||
	    waitpid(pid, &status, 0) != pid)
		return -1;
	close(ask[0]);
	close(ask[1]);
	close(go[0]);
	close(go[1]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 256;
}

/* Neither open nor lookup comes between a change below and an execution. */
static void set_id_bits_at_exec(void)
{
	int in = open("/proc/self/exe", O_RDONLY);
	int out = open("f", O_WRONLY | O_CREAT, 0755);
	char buf[65536];
	ssize_t n;

	IS(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		EQ(write(out, buf, n), n);
	OK(close(out));
	OK(close(in));
	OK(chown("f", 0, 0));
	OK(chmod("f", 04755));
	EQ(run_by_descriptor(04755, 0), 10);
	EQ(run_by_descriptor(0755, 0), 11);
	EQ(run_by_descriptor(04755, 1001), 12);
	EQ(run_by_descriptor(0755, 1001), 11);
	EQ(run_by_descriptor(04755, 0), 10);
	EQ(run_by_descriptor(04755, 1000), 11);
}

static void set_id_bits(void)
{
	/* VFS_CAP_REVISION_2, one permitted bit. */
	static const unsigned char caps[20] = { 0, 0, 0, 2, 0x00, 0x04 };
	struct stat st;

	OK(put_file("f", 10, 1));
	OK(chown("f", 1000, 1000));
	OK(chmod("f", 06777));
	EQ(in_child(write_one, "f", 1001), 0);
	OK(stat("f", &st));
	EQ(st.st_mode & 07777, 0777);
	OK(chmod("f", 06777));
	EQ(in_child(truncate_it, "f", 1001), 0);
	OK(stat("f", &st));
	EQ(st.st_mode & 07777, 0777);
	EQ(st.st_size, 3);
	/* Without execution by the group, set-group-ID is something else. */
	OK(chmod("f", 02766));
	EQ(in_child(write_one, "f", 1000), 0);
	OK(stat("f", &st));
	EQ(st.st_mode & 07777, 02766);
	OK(chmod("f", 06777));
	EQ(in_child(chown_it, "f", 1000), 0);
	OK(stat("f", &st));
	EQ(st.st_mode & 07777, 0777);
	/* As tar does: the data may go down later, but were written before. */
	OK(chmod(".", 0777));
	EQ(in_child(write_then_chmod, "g", 1000), 0);
	OK(stat("g", &st));
	EQ(st.st_mode & 07777, 04755);
	/* Root keeps them. */
	OK(chmod("f", 06777));
	EQ(in_child(write_one, "f", 0), 0);
	OK(stat("f", &st));
	EQ(st.st_mode & 07777, 06777);
	/* File capabilities do not survive a write by any user. */
	if (setxattr("f", "security.capability", caps, sizeof(caps), 0)) {
		IS(errno == EOPNOTSUPP);
		return;
	}
	EQ(getxattr("f", "security.capability", NULL, 0), 20);
	EQ(in_child(write_one, "f", 0), 0);
	FAILS(getxattr("f", "security.capability", NULL, 0), ENODATA);
	/* Given while data are dirty. */
	int fd = open("f", O_WRONLY);
	EQ(write(fd, "dirty", 5), 5);
	OK(fsetxattr(fd, "security.capability", caps, sizeof(caps), 0));
	OK(close(fd));
	EQ(getxattr("f", "security.capability", NULL, 0), 20);
	/* Again: that there is none may have been remembered. */
	OK(setxattr("f", "security.capability", caps, sizeof(caps), 0));
	EQ(in_child(truncate_it, "f", 0), 0);
	EQ(in_child(write_one, "f", 0), 0);
	FAILS(getxattr("f", "security.capability", NULL, 0), ENODATA);
}

static int write_map(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);
	ssize_t len = strlen(text);

	return fd < 0 || write(fd, text, len) != len || close(fd);
}

/* Makes the caller root of a user namespace of its own. */
static int userns(void)
{
	/* Its files in /proc are root's after a change of user. */
	prctl(PR_SET_DUMPABLE, 1);
	if (unshare(CLONE_NEWUSER))
		return 77;
	return write_map("/proc/self/setgroups", "deny") ||
	       write_map("/proc/self/uid_map", "0 100000 1") ||
	       write_map("/proc/self/gid_map", "0 100000 1");
}

/* VFS_CAP_REVISION_2, one permitted bit. */
static const unsigned char caps2[20] = { 0, 0, 0, 2, 0x00, 0x04 };

/* In which @name is a file of its root. */
static int caps_in_userns(void *name)
{
	unsigned char got[24];
	int ret = userns();

	if (ret)
		return ret;
	if (setxattr(name, "security.capability", caps2, sizeof(caps2), 0))
		return 2;
	if (getxattr(name, "security.capability", got, sizeof(got)) != 20)
		return 3;
	return memcmp(got, caps2, 20) ? 4 : 0;
}

static int remove_caps_in_userns(void *name)
{
	int ret = userns();

	if (ret)
		return ret;
	return removexattr(name, "security.capability") ? 2 : 0;
}

/* Capabilities of a container's files are for that container. */
static void capabilities_of_namespaces(void)
{
	unsigned char got[32];
	int ret;

	OK(chmod(".", 0777));
	OK(put_file("f", 10, 1));
	if (setxattr("f", "security.capability", caps2, sizeof(caps2), 0))
		SKIP("no such attributes here: %s", strerror(errno));
	OK(removexattr("f", "security.capability"));
	OK(chown("f", 100000, 100000));
	ret = in_child(caps_in_userns, "f", 100000);
	if (ret == 77)
		SKIP("no user namespaces here");
	EQ(ret, 0);
	/* Outside, they have their owner's root: VFS_CAP_REVISION_3. */
	EQ(getxattr("f", "security.capability", got, sizeof(got)), 24);
	EQ(got[3], 3);
	EQ(got[20] | got[21] << 8 | got[22] << 16 | got[23] << 24, 100000);
	EQ(in_child(remove_caps_in_userns, "f", 100000), 0);
	FAILS(getxattr("f", "security.capability", NULL, 0), ENODATA);
}

static bool list_has(const char *name, const char *wanted)
{
	char list[4096];
	ssize_t n = llistxattr(name, list, sizeof(list)), at;

	for (at = 0; at < n; at += strlen(list + at) + 1)
		if (!strcmp(list + at, wanted))
			return true;
	return false;
}

static int xattr_other(void *arg)
{
	char buf[10];

	if (setxattr("f", "user.x", "y", 1, 0) != -1 || errno != EACCES)
		return 1;
	if (getxattr("f", "trusted.a", buf, 10) != -1 || errno != ENODATA)
		return 2;
	/* Some filesystems tell everybody the names. */
	if (list_has("f", "trusted.a") != list_has(low("f"), "trusted.a"))
		return 3;
	return 0;
}

static void xattrs(void)
{
	char buf[4096], big[3000];
	char *names[] = { "user.a", "security.a", "trusted.a" };
	size_t i, nr;

	OK(put_file("f", 10, 1));
	for (nr = 0; nr < 3 && !setxattr(low("f"), names[nr], "x", 1, 0); nr++)
		OK(removexattr(low("f"), names[nr]));
	if (setxattr(low("f"), "user.a", "x", 1, 0)) {
		IS(errno == EOPNOTSUPP);
		FAILS(setxattr("f", "user.a", "x", 1, 0), EOPNOTSUPP);
		SKIP("%s of this kernel has none", lower_fs);
	}
	OK(removexattr(low("f"), "user.a"));
	for (i = 0; i < nr; i++) {
		FAILS(getxattr("f", names[i], buf, sizeof(buf)), ENODATA);
		FAILS(removexattr("f", names[i]), ENODATA);
		FAILS(setxattr("f", names[i], "v", 1, XATTR_REPLACE), ENODATA);
		OK(setxattr("f", names[i], "value", 5, XATTR_CREATE));
		FAILS(setxattr("f", names[i], "v", 1, XATTR_CREATE), EEXIST);
		EQ(getxattr("f", names[i], NULL, 0), 5);
		FAILS(getxattr("f", names[i], buf, 4), ERANGE);
		EQ(getxattr("f", names[i], buf, 5), 5);
		IS(!memcmp(buf, "value", 5));
		IS(list_has("f", names[i]));
	}
	FAILS(listxattr("f", buf, 3), ERANGE);
	IS(listxattr("f", NULL, 0) >= (nr == 3 ? 28 : 7));
	memset(big, 'b', sizeof(big));
	OK(setxattr("f", "user.big", big, sizeof(big), 0));
	EQ(getxattr("f", "user.big", buf, sizeof(buf)), sizeof(big));
	IS(!memcmp(buf, big, sizeof(big)));
	OK(setxattr("f", "user.a", "", 0, XATTR_REPLACE));
	/* The protocol removes an attribute so. */
	if (!fs_is("9p"))
		EQ(getxattr("f", "user.a", buf, sizeof(buf)), 0);
	if (nr < 3) {
		FAILS(setxattr("f", names[nr], "x", 1, 0), EOPNOTSUPP);
		SKIP("%s of this kernel has no %s", lower_fs, names[nr]);
	}
	EQ(in_child(xattr_other, NULL, 1000), 0);
	OK(symlink("f", "s"));
	OK(lsetxattr("s", "trusted.s", "on it", 5, 0));
	FAILS(getxattr("f", "trusted.s", buf, 10), ENODATA);
	FAILS(lsetxattr("s", "user.s", "no", 2, 0), EPERM);
	OK(mkdir("d", 0755));
	OK(setxattr("d", "user.d", "dir", 3, 0));
	FAILS(setxattr("f", "nonsense.d", "dir", 3, 0), EOPNOTSUPP);
	OK(remount_upper(NULL));
	EQ(getxattr("f", "user.big", buf, sizeof(buf)), sizeof(big));
	EQ(lgetxattr("s", "trusted.s", buf, 10), 5);
	EQ(getxattr("d", "user.d", buf, 10), 3);
	EQ(getxattr("f", "security.a", buf, 10), 5);
	OK(removexattr("f", "user.big"));
	IS(!list_has("f", "user.big"));
	IS(list_has("f", "trusted.a"));
	CALL(file_is("f", 10, 10, 1));
}

/* The name that may hold metadata is not for users: quirk Q17. */
static void metadata_xattr(void)
{
	char buf[64], list[256];
	ssize_t n;

	OK(put_file("f", 10, 1));
	if (setxattr(low("f"), "user.ecryptfs", "not metadata", 12, 0))
		SKIP("%s of this kernel has no attributes", lower_fs);
	OK(setxattr("f", "user.before", "1", 1, 0));
	IS(list_has(low("f"), "user.ecryptfs"));
	IS(!list_has("f", "user.ecryptfs"));
	IS(list_has("f", "user.before"));
	FAILS(getxattr("f", "user.ecryptfs", buf, sizeof(buf)), ENODATA);
	FAILS(setxattr("f", "user.ecryptfs", "x", 1, 0), EPERM);
	FAILS(removexattr("f", "user.ecryptfs"), EPERM);
	EQ(getxattr(low("f"), "user.ecryptfs", buf, sizeof(buf)), 12);
	/* Names that only begin like it. */
	OK(setxattr("f", "user.ecryptfs2", "2", 1, 0));
	IS(list_has("f", "user.ecryptfs2"));
	n = listxattr("f", NULL, 0);
	IS(n > 0 && listxattr("f", list, n) <= n);
	CALL(file_is("f", 10, 10, 1));
}

struct acl {
	uint32_t version;
	struct {
		uint16_t tag, perm;
		uint32_t id;
	} e[8];
};

#define ACL_LEN(n) (4 + 8 * (n))
enum { USER_OBJ = 1, USER = 2, GROUP_OBJ = 4, GROUP = 8, MASK = 16, OTHER = 32 };

static int rw_open(void *name)
{
	return open(name, O_RDWR) < 0;
}

static void access_acl(void)
{
	struct acl acl = { 2, { { USER_OBJ, 6, -1 }, { USER, 6, 1000 },
				{ GROUP_OBJ, 0, -1 }, { MASK, 6, -1 },
				{ OTHER, 0, -1 } } }, got;
	struct stat st;

	OK(put_file("f", 10, 1));
	OK(chmod("f", 0600));
	EQ(in_child(rw_open, "f", 1000), 1);
	if (setxattr("f", "system.posix_acl_access", &acl, ACL_LEN(5), 0)) {
		IS(errno == EOPNOTSUPP);
		FAILS(setxattr(low("f"), "system.posix_acl_access", &acl,
			       ACL_LEN(5), 0), EOPNOTSUPP);
		SKIP("%s of this kernel has none", lower_fs);
	}
	OK(stat("f", &st));
	EQ(st.st_mode & 0777, 0660);
	EQ(in_child(rw_open, "f", 1000), 0);
	EQ(in_child(rw_open, "f", 1001), 1);
	/* The mode's group bits are the mask. */
	OK(chmod("f", 0640));
	EQ(in_child(rw_open, "f", 1000), 1);
	EQ(getxattr("f", "system.posix_acl_access", &got, sizeof(got)), ACL_LEN(5));
	EQ(got.e[3].tag, MASK);
	EQ(got.e[3].perm, 4);
	EQ(got.e[1].perm, 6);
	OK(chmod("f", 0660));
	OK(remount_upper(NULL));
	EQ(in_child(rw_open, "f", 1000), 0);
	OK(removexattr("f", "system.posix_acl_access"));
	EQ(in_child(rw_open, "f", 1000), 1);
	FAILS(getxattr("f", "system.posix_acl_access", &got, sizeof(got)), ENODATA);
	/* Changed below: nothing is cached above. */
	OK(setxattr(low("f"), "system.posix_acl_access", &acl, ACL_LEN(5), 0));
	EQ(in_child(rw_open, "f", 1000), 0);
	acl.e[0].perm = 99;
	FAILS(setxattr("f", "system.posix_acl_access", &acl, ACL_LEN(5), 0), EINVAL);
}

/* lp-1009207 */
static void default_acl(void)
{
	struct acl acl = { 2, { { USER_OBJ, 7, -1 }, { USER, 7, 1000 },
				{ GROUP_OBJ, 5, -1 }, { MASK, 7, -1 },
				{ OTHER, 4, -1 } } }, got;
	struct stat st;
	int fd;

	OK(mkdir("d", 0755));
	OK(mkdir("plain", 0755));
	if (setxattr("d", "system.posix_acl_default", &acl, ACL_LEN(5), 0)) {
		IS(errno == EOPNOTSUPP);
		SKIP("%s of this kernel has none", lower_fs);
	}
	umask(077);
	fd = open("d/f", O_RDWR | O_CREAT, 0666);
	OK(close(fd));
	OK(mkdir("d/sub", 0777));
	OK(mknod("d/fifo", S_IFIFO | 0666, 0));
	fd = open("d", O_TMPFILE | O_RDWR, 0666);
	if (fd >= 0) {
		OK(linkat(fd, "", AT_FDCWD, "d/tmp", AT_EMPTY_PATH));
		OK(close(fd));
		OK(stat("d/tmp", &st));
		EQ(st.st_mode & 0777, 0664);
	}
	OK(close(open("plain/f", O_RDWR | O_CREAT, 0666)));
	umask(022);
	OK(stat("d/f", &st));
	EQ(st.st_mode & 0777, 0664);
	OK(stat("d/sub", &st));
	EQ(st.st_mode & 0777, 0774);
	OK(stat("d/fifo", &st));
	EQ(st.st_mode & 0777, 0664);
	OK(stat("plain/f", &st));
	EQ(st.st_mode & 0777, 0600);
	EQ(in_child(rw_open, "d/f", 1000), 0);
	EQ(in_child(rw_open, "d/f", 1001), 1);
	EQ(getxattr("d/f", "system.posix_acl_access", &got, sizeof(got)), ACL_LEN(5));
	EQ(got.e[3].perm, 6);
	EQ(getxattr("d/sub", "system.posix_acl_default", &got, sizeof(got)), ACL_LEN(5));
	FAILS(setxattr("d/f", "system.posix_acl_default", &acl, ACL_LEN(5), 0), EACCES);
	OK(removexattr("d", "system.posix_acl_default"));
	umask(077);
	OK(close(open("d/g", O_RDWR | O_CREAT, 0666)));
	umask(022);
	OK(stat("d/g", &st));
	EQ(st.st_mode & 0777, 0600);
}

static int set_flags(const char *name, int flags)
{
	int fd = open(name, O_RDONLY), ret = -1;

	if (fd >= 0)
		ret = ioctl(fd, FS_IOC_SETFLAGS, &flags);
	if (fd >= 0)
		close(fd);
	return ret;
}

static int get_flags(const char *name)
{
	int fd = open(name, O_RDONLY), flags = 0, ret;

	ret = ioctl(fd, FS_IOC_GETFLAGS, &flags);
	close(fd);
	return ret ? ret : flags;
}

/* lp-469664: lsattr and chattr. */
static void inode_flags(void)
{
	struct statx stx;
	int old, fd;

	OK(put_file("f", 10, 1));
	old = get_flags("f");
	EQ(old, get_flags(low("f")));
	if (old == -1)
		SKIP("%s has none", lower_fs);
	OK(mkdir("d", 0755));
	EQ(get_flags("d"), get_flags(low("d")));
	if (set_flags("f", old | FS_IMMUTABLE_FL))
		SKIP("%s takes none: %s", lower_fs, strerror(errno));
	EQ(get_flags(low("f")), old | FS_IMMUTABLE_FL);
	FAILS(open("f", O_WRONLY), EPERM);
	FAILS(unlink("f"), EPERM);
	FAILS(rename("f", "g"), EPERM);
	FAILS(link("f", "g"), EPERM);
	FAILS(truncate("f", 0), EPERM);
	FAILS(chmod("f", 0600), EPERM);
	FAILS(chown("f", 1, 1), EPERM);
	FAILS(utimensat(AT_FDCWD, "f", NULL, 0), EPERM);
	FAILS(setxattr("f", "user.x", "x", 1, 0), EPERM);
	OK(statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS, &stx));
	IS(stx.stx_attributes & STATX_ATTR_IMMUTABLE);
	OK(remount_upper(NULL));
	FAILS(open("f", O_WRONLY), EPERM);
	OK(set_flags("f", old | FS_APPEND_FL));
	FAILS(open("f", O_WRONLY), EPERM);
	FAILS(open("f", O_WRONLY | O_APPEND | O_TRUNC), EPERM);
	FAILS(truncate("f", 5), EPERM);
	FAILS(unlink("f"), EPERM);
	fd = open("f", O_WRONLY | O_APPEND);
	IS(fd >= 0);
	EQ(write(fd, "end", 3), 3);
	FAILS(ftruncate(fd, 0), EPERM);
	OK(close(fd));
	OK(set_flags("f", old));
	fd = open("f", O_RDWR);
	IS(fd >= 0);
	OK(close(fd));
	if (!set_flags("f", old | FS_COMPR_FL)) {
		OK(statx(AT_FDCWD, "f", 0, STATX_BASIC_STATS, &stx));
		IS(stx.stx_attributes & STATX_ATTR_COMPRESSED);
		OK(set_flags("f", old));
	}
	/* A directory in which nothing may change. */
	OK(put_file("d/in", 10, 2));
	OK(set_flags("d", get_flags("d") | FS_IMMUTABLE_FL));
	FAILS(open("d/new", O_CREAT | O_RDWR, 0644), EPERM);
	FAILS(unlink("d/in"), EPERM);
	fd = open("d/in", O_WRONLY);
	IS(fd >= 0);
	OK(close(fd));
	OK(set_flags("d", get_flags("d") & ~FS_IMMUTABLE_FL));
	OK(unlink("d/in"));
	EQ(get_flags("f"), old);
}

/* lp-561129 */
static void filesystem(void)
{
	struct statfs up, down;
	struct statvfs vfs;
	struct stat a, b;

	OK(put_file("f", 10, 1));
	OK(drop_caches());
	OK(statfs(".", &up));
	OK(statfs(below, &down));
	EQ(up.f_type, 0xf15f);
	EQ(up.f_bsize, down.f_bsize);
	EQ(up.f_blocks, down.f_blocks);
	EQ(up.f_files, down.f_files);
	EQ(up.f_ffree, down.f_ffree);
	EQ(up.f_bfree, down.f_bfree);
	EQ(up.f_namelen, down.f_namelen);
	OK(statvfs("f", &vfs));
	EQ(vfs.f_namemax, 255);
	OK(stat("f", &a));
	OK(stat(".", &b));
	EQ(a.st_dev, b.st_dev);
	OK(stat(low("f"), &b));
	IS(a.st_dev != b.st_dev);
	EQ(a.st_ino, b.st_ino);
	EQ(a.st_blocks, b.st_blocks);
	IS(a.st_blksize >= 4096);
	OK(remount_upper(NULL));
	OK(stat("f", &b));
	EQ(a.st_ino, b.st_ino);
}

static const struct test tests[] = {
	{ "size_before_open", size_before_open },
	{ "always_current", always_current },
	{ "birth_time", birth_time },
	{ "nanoseconds", nanoseconds },
	{ "time_of_write", time_of_write },
	{ "access_time", access_time },
	{ "change_time", change_time },
	{ "set_id_bits", set_id_bits },
	{ "set_id_bits_at_exec", set_id_bits_at_exec },
	{ "capabilities_of_namespaces", capabilities_of_namespaces },
	{ "xattrs", xattrs },
	{ "metadata_xattr", metadata_xattr },
	{ "access_acl", access_acl },
	{ "default_acl", default_acl },
	{ "inode_flags", inode_flags },
	{ "filesystem", filesystem },
	{}
};

int main(int argc, char **argv)
{
	/* As "f" of set_id_bits_at_exec(). */
	if (argc == 2 && !strcmp(argv[1], "--euid"))
		return geteuid() == 0 ? 10 : geteuid() == 1000 ? 11 : 12;
	return check_main(argc, argv, tests);
}
