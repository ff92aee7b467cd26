// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Names: every way to make, find, move and remove one.
 */
#include "check.h"

#include <dirent.h>
#include <limits.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#define RENAME_EXCHANGE 2
#define RENAME_WHITEOUT 4
#endif

static ino_t ino_of(const char *name)
{
	struct stat st;

	return lstat(name, &st) ? 0 : st.st_ino;
}

static long nlink_of(const char *name)
{
	struct stat st;

	return lstat(name, &st) ? -1 : (long)st.st_nlink;
}

static bool exists(const char *name)
{
	return ino_of(name) != 0;
}

static int touch(const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);

	return fd < 0 ? -1 : close(fd);
}

/* btrfs counts no subdirectories. */
static bool counts_dirs(void)
{
	return !fs_is("btrfs") && !fs_is("9p");
}

/*
 * Longest name: an encrypted one of 255 bytes has room for 143.
 */
static int name_max(void)
{
	return strstr(upper_opts, "ecryptfs_fnek_sig=") ? 143 : NAME_MAX;
}

static void create(void)
{
	char name[NAME_MAX + 2];
	struct stat st;
	int fd;

	FAILS(open("a", O_RDONLY), ENOENT);
	umask(027);
	fd = open("a", O_RDWR | O_CREAT | O_EXCL, 0666);
	umask(022);
	IS(fd >= 0);
	OK(fstat(fd, &st));
	OK(close(fd));
	EQ(st.st_mode, S_IFREG | 0640);
	EQ(st.st_size, 0);
	EQ(st.st_nlink, 1);
	/* The mode is for later opens, not for the one that creates. */
	fd = open("ro", O_RDWR | O_CREAT, 0);
	IS(fd >= 0);
	EQ(write(fd, "x", 1), 1);
	OK(close(fd));
	FAILS(open("a", O_RDWR | O_CREAT | O_EXCL, 0666), EEXIST);
	FAILS(open("a/b", O_RDWR | O_CREAT, 0666), ENOTDIR);
	FAILS(open("a", O_DIRECTORY), ENOTDIR);
	FAILS(open("none/b", O_RDWR | O_CREAT, 0666), ENOENT);
	FAILS(open(".", O_RDWR), EISDIR);
	FAILS(open(".", O_RDWR | O_CREAT, 0666), EISDIR);
	memset(name, 'n', sizeof(name));
	name[name_max() + 1] = 0;
	FAILS(open(name, O_RDWR | O_CREAT, 0666), ENAMETOOLONG);
	FAILS(open(name, O_RDONLY), ENAMETOOLONG);
	name[name_max()] = 0;
	OK(touch(name));
	IS(exists(name));
	/* Bytes that are no text. */
	OK(touch("\x01\xff\x80 \n\\*"));
	OK(drop_caches());
	IS(exists(name));
	IS(exists("\x01\xff\x80 \n\\*"));
	OK(unlink(name));
	IS(!exists(name));
}

static void directories(void)
{
	char cwd[PATH_MAX];
	struct stat st;
	int fd;

	umask(0);
	OK(mkdir("d", 01751));
	umask(022);
	OK(stat("d", &st));
	EQ(st.st_mode, S_IFDIR | 01751);
	FAILS(mkdir("d", 0755), EEXIST);
	OK(mkdir("d/e", 0755));
	OK(touch("d/f"));
	if (counts_dirs()) {
		EQ(nlink_of("."), 3);
		EQ(nlink_of("d"), 3);
	}
	FAILS(mkdir("d/f/g", 0755), ENOTDIR);
	FAILS(mkdir("d/f", 0755), EEXIST);
	FAILS(rmdir("d"), ENOTEMPTY);
	FAILS(rmdir("d/f"), ENOTDIR);
	FAILS(unlink("d/e"), EISDIR);
	FAILS(rmdir("d/e/."), EINVAL);
	FAILS(rmdir("none"), ENOENT);
	/* An open directory that is removed. */
	fd = open("d/e", O_RDONLY | O_DIRECTORY);
	IS(fd >= 0);
	OK(rmdir("d/e"));
	IS(!exists("d/e"));
	if (counts_dirs())
		EQ(nlink_of("d"), 2);
	OK(fstat(fd, &st));
	EQ(st.st_nlink, fs_is("btrfs") ? st.st_nlink : 0);
	FAILS(openat(fd, "x", O_CREAT | O_RDWR, 0666), ENOENT);
	OK(close(fd));
	/* The working directory moves. */
	OK(mkdir("d/deep", 0755));
	OK(chdir("d/deep"));
	OK(rename("../../d", "../../moved"));
	IS(getcwd(cwd, sizeof(cwd)));
	IS(strstr(cwd, "/moved/deep"));
	OK(touch("here"));
	OK(chdir("../.."));
	IS(exists("moved/deep/here"));
	/* What can't be done with an open directory. */
	fd = open("moved", O_RDONLY);
	FAILS(read(fd, cwd, 1), EISDIR);
	FAILS(write(fd, cwd, 1), EBADF);
	FAILS(ftruncate(fd, 0), EINVAL);
	IS(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
	OK(fsync(fd));
	OK(fdatasync(fd));
	OK(syncfs(fd));
	OK(close(fd));
}

static int fifo_writer(void *arg)
{
	int fd = open("fifo", O_WRONLY);

	return fd < 0 || write(fd, "through", 7) != 7;
}

static int sock_client(void *arg)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "sock" };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (connect(fd, (void *)&addr, sizeof(addr)))
		return 1;
	return write(fd, "hello", 5) != 5;
}

static void special_files(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX, .sun_path = "sock" };
	struct stat st;
	char buf[16];
	int fd, peer;
	pid_t pid;

	if (fs_is("9p"))
		SKIP("9p has none");
	OK(mkfifo("fifo", 0640));
	OK(lstat("fifo", &st));
	EQ(st.st_mode, S_IFIFO | 0640);
	pid = fork();
	if (!pid)
		_exit(fifo_writer(NULL));
	fd = open("fifo", O_RDONLY);
	IS(fd >= 0);
	EQ(read(fd, buf, sizeof(buf)), 7);
	IS(!memcmp(buf, "through", 7));
	OK(close(fd));
	waitpid(pid, NULL, 0);

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	OK(bind(fd, (void *)&addr, sizeof(addr)));
	OK(lstat("sock", &st));
	IS(S_ISSOCK(st.st_mode));
	OK(listen(fd, 1));
	pid = fork();
	if (!pid)
		_exit(sock_client(NULL));
	peer = accept(fd, NULL, NULL);
	IS(peer >= 0);
	EQ(read(peer, buf, sizeof(buf)), 5);
	close(peer);
	close(fd);
	waitpid(pid, NULL, 0);
	FAILS(open("sock", O_RDWR), ENXIO);

	OK(mknod("null", S_IFCHR | 0666, makedev(1, 3)));
	OK(lstat("null", &st));
	IS(S_ISCHR(st.st_mode));
	EQ(st.st_rdev, makedev(1, 3));
	fd = open("null", O_RDWR);
	IS(fd >= 0);
	EQ(write(fd, "x", 1), 1);
	EQ(read(fd, buf, 1), 0);
	OK(close(fd));
	OK(mknod("block", S_IFBLK | 0600, makedev(240, 1000)));
	OK(mknod("sock2", S_IFSOCK | 0600, 0));
	FAILS(mknod("dir", S_IFDIR | 0600, 0), EPERM);

	/* A regular file by this way is a whole one. */
	OK(mknod("file", S_IFREG | 0600, 0));
	OK(lstat("file", &st));
	EQ(st.st_mode, S_IFREG | 0600);
	EQ(st.st_size, 0);
	fd = open("file", O_RDWR);
	IS(fd >= 0);
	EQ(write(fd, "data", 4), 4);
	OK(close(fd));

	OK(remount_upper(NULL));
	OK(lstat("null", &st));
	EQ(st.st_rdev, makedev(1, 3));
	OK(lstat("block", &st));
	IS(S_ISBLK(st.st_mode));
	EQ(st.st_rdev, makedev(240, 1000));
	OK(lstat("fifo", &st));
	EQ(st.st_mode, S_IFIFO | 0640);
	OK(chmod("fifo", 0600));
	OK(lstat("fifo", &st));
	EQ(st.st_mode, S_IFIFO | 0600);
	OK(lstat("file", &st));
	EQ(st.st_size, 4);
	OK(unlink("null"));
	OK(unlink("sock"));
	OK(unlink("fifo"));
	IS(!exists("fifo"));
}

static void symlinks(void)
{
	char target[4001], buf[4100];
	struct stat st;

	OK(symlink("target/of it", "s"));
	OK(lstat("s", &st));
	IS(S_ISLNK(st.st_mode));
	/* lp-524919 */
	EQ(st.st_size, 12);
	EQ(readlink("s", buf, sizeof(buf)), 12);
	IS(!memcmp(buf, "target/of it", 12));
	EQ(readlink("s", buf, 3), 3);
	FAILS(open("s", O_RDONLY), ENOENT);
	FAILS(open("s", O_RDONLY | O_NOFOLLOW), ELOOP);
	FAILS(symlink("x", "s"), EEXIST);
	FAILS(symlink("", "empty"), ENOENT);
	FAILS(readlink(".", buf, sizeof(buf)), EINVAL);
	OK(mkdir("target", 0755));
	OK(put_file("target/of it", 10, 1));
	OK(stat("s", &st));
	EQ(st.st_size, 10);
	IS(S_ISREG(st.st_mode));
	/* O_CREAT through a link that points nowhere. */
	OK(symlink("made", "maker"));
	OK(close(open("maker", O_WRONLY | O_CREAT, 0644)));
	IS(exists("made"));
	FAILS(open("maker", O_WRONLY | O_CREAT | O_EXCL, 0644), EEXIST);
	OK(symlink("loop", "loop"));
	FAILS(stat("loop", &st), ELOOP);
	memset(target, 'x', 4000);
	target[4000] = 0;
	if (name_max() < NAME_MAX && !fs_is("xfs")) {
		/* Limits of the format, for a 16-byte block. */
		target[3008] = 0;
		FAILS(symlink(target, "long"), ENAMETOOLONG);
		target[3007] = 0;
		OK(symlink(target, "long"));
	} else if (symlink(target, "long")) {
		IS(errno == ENAMETOOLONG && fs_is("xfs"));
		target[700] = 0;
		OK(symlink(target, "long"));
	}
	OK(remount_upper(NULL));
	OK(lstat("long", &st));
	EQ(st.st_size, strlen(target));
	EQ(readlink("long", buf, sizeof(buf)), strlen(target));
	IS(!memcmp(buf, target, strlen(target)));
	OK(lstat("s", &st));
	EQ(st.st_size, 12);
	OK(lchown("s", 1000, 1000));
	OK(lstat("s", &st));
	EQ(st.st_uid, 1000);
	/* A link to the link. */
	OK(linkat(AT_FDCWD, "s", AT_FDCWD, "s2", 0));
	EQ(ino_of("s2"), ino_of("s"));
	OK(unlink("s"));
	IS(exists("target/of it"));
	EQ(readlink("s2", buf, sizeof(buf)), 12);
}

static void hard_links(void)
{
	struct stat st;
	char c, *map;
	int a, b;

	OK(put_file("a", 5000, 1));
	OK(link("a", "b"));
	OK(mkdir("d", 0755));
	OK(link("b", "d/c"));
	EQ(ino_of("a"), ino_of("b"));
	EQ(ino_of("a"), ino_of("d/c"));
	EQ(nlink_of("a"), 3);
	FAILS(link("a", "b"), EEXIST);
	FAILS(link("d", "e"), EPERM);
	FAILS(link("none", "e"), ENOENT);
	FAILS(link("a", "/tmp/x"), EXDEV);
	/* One page cache, whichever name. */
	a = open("a", O_RDWR);
	b = open("d/c", O_RDWR);
	IS(a >= 0 && b >= 0);
	map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, b, 0);
	IS(map != MAP_FAILED);
	EQ(pwrite(a, "X", 1, 7), 1);
	EQ(map[7], 'X');
	map[8] = 'Y';
	EQ(pread(a, &c, 1, 8), 1);
	EQ(c, 'Y');
	EQ(pwrite(b, "tail", 4, 6000), 4);
	OK(fstat(a, &st));
	EQ(st.st_size, 6004);
	OK(stat("b", &st));
	EQ(st.st_size, 6004);
	OK(unlink("a"));
	OK(fstat(b, &st));
	EQ(st.st_nlink, 2);
	EQ(nlink_of("b"), 2);
	OK(munmap(map, 4096));
	OK(close(a));
	OK(close(b));
	OK(remount_upper(NULL));
	EQ(ino_of("b"), ino_of("d/c"));
	EQ(nlink_of("b"), 2);
	a = open("b", O_RDONLY);
	EQ(pread(a, &c, 1, 7), 1);
	EQ(c, 'X');
	EQ(pread(a, &c, 1, 8), 1);
	EQ(c, 'Y');
	OK(close(a));
	OK(unlink("b"));
	EQ(nlink_of("d/c"), 1);
}

static void unlinked(void)
{
	char path[64], buf[8000];
	struct stat st;
	int fd, again;

	OK(put_file("f", 5000, 2));
	fd = open("f", O_RDWR);
	IS(fd >= 0);
	OK(unlink("f"));
	IS(!exists("f"));
	OK(fstat(fd, &st));
	EQ(st.st_nlink, 0);
	EQ(st.st_size, 5000);
	EQ(read(fd, buf, sizeof(buf)), 5000);
	EQ(pattern_differs(buf, 5000, 2, 0), -1);
	EQ(pwrite(fd, "more", 4, 9000), 4);
	OK(fsync(fd));
	OK(drop_caches());
	EQ(pread(fd, buf, 8, 8998), 6);
	IS(!memcmp(buf, "\0\0more", 6));
	/* 9p finds files by name for that. */
	if (fs_is("9p"))
		return;
	OK(ftruncate(fd, 100));
	OK(fstat(fd, &st));
	EQ(st.st_size, 100);
	OK(fchmod(fd, 0600));
	/* Another open of a file without a name, also after all readers left. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	again = open(path, O_RDONLY);
	IS(again >= 0);
	EQ(read(again, buf, sizeof(buf)), 100);
	EQ(pattern_differs(buf, 100, 2, 0), -1);
	OK(close(again));
	/* A new file of that name is another one. */
	OK(put_file("f", 10, 3));
	EQ(pread(fd, buf, sizeof(buf), 0), 100);
	FAILS(linkat(fd, "", AT_FDCWD, "back", AT_EMPTY_PATH), ENOENT);
	OK(close(fd));
	CALL(file_is("f", 10, 10, 3));

	/* Only for reading, and evicted in between. */
	OK(put_file("r", 5000, 4));
	fd = open("r", O_RDONLY);
	OK(unlink("r"));
	OK(drop_caches());
	EQ(read(fd, buf, sizeof(buf)), 5000);
	EQ(pattern_differs(buf, 5000, 4, 0), -1);
	OK(close(fd));
}

static void rename_plain(void)
{
	struct stat st;
	char buf[16];
	int fd, victim;
	ino_t ino;

	OK(put_file("a", 100, 1));
	OK(put_file("b", 200, 2));
	OK(mkdir("d", 0755));
	OK(mkdir("e", 0755));
	OK(mkdir("e/full", 0755));
	ino = ino_of("a");
	fd = open("a", O_RDWR);
	victim = open("b", O_RDONLY);
	OK(rename("a", "b"));
	IS(!exists("a"));
	EQ(ino_of("b"), ino);
	CALL(file_is("b", 100, 100, 1));
	OK(fstat(victim, &st));
	if (!fs_is("9p"))
		EQ(st.st_nlink, 0);
	EQ(st.st_size, 200);
	EQ(pwrite(fd, "via the old", 11, 0), 11);
	OK(close(victim));
	/* Across directories, there and back, name kept. */
	OK(rename("b", "d/b"));
	IS(!exists("b"));
	EQ(ino_of("d/b"), ino);
	EQ(pread(fd, buf, 11, 0), 11);
	OK(close(fd));
	FAILS(rename("none", "x"), ENOENT);
	FAILS(rename("d/b", "e"), EISDIR);
	FAILS(rename("d", "d/b"), EINVAL);
	FAILS(rename("e", "d/b"), ENOTDIR);
	/* POSIX allows both. */
	IS(rename("d", "e") == -1 && (errno == ENOTEMPTY || errno == EEXIST));
	FAILS(rename("d", "d/x"), EINVAL);
	IS(rename("e/full", "e") == -1 && (errno == ENOTEMPTY || errno == EEXIST));
	FAILS(rename(".", "x"), EBUSY);
	/* Two names of one file: nothing happens. */
	OK(link("d/b", "d/c"));
	OK(rename("d/b", "d/c"));
	EQ(nlink_of("d/b"), 2);
	EQ(ino_of("d/c"), ino);
	/* A directory replaces an empty one, elsewhere; ".." follows. */
	OK(mkdir("e/full/sub", 0755));
	OK(mkdir("d/empty", 0755));
	OK(rename("e/full", "d/empty"));
	EQ(ino_of("d/empty/.."), ino_of("d"));
	if (counts_dirs()) {
		EQ(nlink_of("d"), 3);
		EQ(nlink_of("e"), 2);
	}
	OK(rename("d", "e/inside"));
	EQ(ino_of("e/inside/.."), ino_of("e"));
	OK(remount_upper(NULL));
	IS(exists("e/inside/empty/sub"));
	EQ(nlink_of("e/inside/c"), 2);
	IS(!exists("d"));
}

static void rename_noreplace(void)
{
	if (fs_is("9p"))
		SKIP("9p has no flags");
	OK(put_file("a", 100, 1));
	OK(put_file("b", 200, 2));
	OK(mkdir("d", 0755));
	FAILS(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_NOREPLACE), EEXIST);
	FAILS(renameat2(AT_FDCWD, "a", AT_FDCWD, "d", RENAME_NOREPLACE), EEXIST);
	OK(renameat2(AT_FDCWD, "a", AT_FDCWD, "c", RENAME_NOREPLACE));
	OK(renameat2(AT_FDCWD, "c", AT_FDCWD, "d/c", RENAME_NOREPLACE));
	IS(!exists("a") && !exists("c"));
	CALL(file_is("d/c", 100, 100, 1));
	CALL(file_is("b", 200, 200, 2));
	FAILS(renameat2(AT_FDCWD, "b", AT_FDCWD, "x",
			RENAME_NOREPLACE | RENAME_EXCHANGE), EINVAL);
	FAILS(renameat2(AT_FDCWD, "b", AT_FDCWD, "x", 1 << 20), EINVAL);
}

static void rename_exchange(void)
{
	ino_t file, dir;
	int fd;

	if (fs_is("9p"))
		SKIP("9p has no flags");
	OK(put_file("a", 100, 1));
	OK(put_file("b", 9000, 2));
	OK(mkdir("d", 0755));
	OK(mkdir("e", 0755));
	OK(put_file("d/inner", 10, 3));
	FAILS(renameat2(AT_FDCWD, "a", AT_FDCWD, "x", RENAME_EXCHANGE), ENOENT);
	/* Two files, one of them open and dirty. */
	fd = open("a", O_RDWR);
	OK(ftruncate(fd, 150));
	OK(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_EXCHANGE));
	CALL(file_is("b", 100, 150, 1));
	CALL(file_is("a", 9000, 9000, 2));
	OK(ftruncate(fd, 100));
	OK(close(fd));
	/* A file and a directory, across directories. */
	file = ino_of("d/inner");
	dir = ino_of("e");
	OK(renameat2(AT_FDCWD, "d/inner", AT_FDCWD, "e", RENAME_EXCHANGE));
	EQ(ino_of("e"), file);
	EQ(ino_of("d/inner"), dir);
	EQ(ino_of("d/inner/.."), ino_of("d"));
	if (counts_dirs()) {
		EQ(nlink_of("d"), 3);
		EQ(nlink_of("."), 3);
	}
	CALL(file_is("e", 10, 10, 3));
	OK(put_file("d/inner/new", 20, 4));
	/* Two directories. */
	OK(mkdir("g", 0755));
	OK(put_file("g/in g", 30, 5));
	OK(renameat2(AT_FDCWD, "g", AT_FDCWD, "d", RENAME_EXCHANGE));
	CALL(file_is("d/in g", 30, 30, 5));
	CALL(file_is("g/inner/new", 20, 20, 4));
	FAILS(renameat2(AT_FDCWD, "g", AT_FDCWD, "g/inner", RENAME_EXCHANGE),
	      EINVAL);
	OK(remount_upper(NULL));
	CALL(file_is("a", 9000, 9000, 2));
	CALL(file_is("b", 100, 100, 1));
	CALL(file_is("e", 10, 10, 3));
	CALL(file_is("d/in g", 30, 30, 5));
	CALL(file_is("g/inner/new", 20, 20, 4));
}

static void rename_whiteout(void)
{
	struct stat st;

	if (!fs_is("ext4") && !fs_is("xfs") && !fs_is("tmpfs"))
		SKIP("not asked of %s", lower_fs);
	OK(put_file("a", 100, 1));
	OK(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_WHITEOUT));
	CALL(file_is("b", 100, 100, 1));
	OK(lstat("a", &st));
	IS(S_ISCHR(st.st_mode));
	EQ(st.st_rdev, makedev(0, 0));
	FAILS(open("a", O_RDONLY), ENXIO);
	OK(unlink("a"));
	IS(!exists("a"));
	OK(put_file("a", 10, 2));
	FAILS(renameat2(AT_FDCWD, "a", AT_FDCWD, "b",
			RENAME_WHITEOUT | RENAME_EXCHANGE), EINVAL);
	OK(renameat2(AT_FDCWD, "a", AT_FDCWD, "b", RENAME_WHITEOUT));
	CALL(file_is("b", 10, 10, 2));
	OK(remount_upper(NULL));
	OK(lstat("a", &st));
	IS(S_ISCHR(st.st_mode));
	CALL(file_is("b", 10, 10, 2));
}

#define ENTRIES_MAX 2000
#define ENTRIES (fs_is("9p") ? 200 : ENTRIES_MAX)
#define STEP (ENTRIES / 14)

static unsigned char kind(int i)
{
	if (i % 500 == 0)
		return DT_REG;
	if (i % 7 == 1)
		return DT_LNK;
	if (i % 7 == 0 || fs_is("9p"))
		return DT_DIR;
	return i % 7 == 2 ? DT_SOCK : DT_FIFO;
}

static void readdir_many(void)
{
	static unsigned char seen[ENTRIES_MAX];
	char name[32], first[NAME_MAX + 1];
	struct dirent *de;
	struct stat st;
	long tell[10];
	int i, n, dots = 0, at = 0;
	DIR *dir;

	for (i = 0; i < ENTRIES; i++) {
		snprintf(name, sizeof(name), "entry%d", i);
		switch (kind(i)) {
		case DT_REG:
			OK(touch(name));
			break;
		case DT_DIR:
			OK(mkdir(name, 0755));
			break;
		case DT_LNK:
			OK(symlink("x", name));
			break;
		case DT_SOCK:
			OK(mknod(name, S_IFSOCK | 0644, 0));
			break;
		default:
			OK(mkfifo(name, 0644));
			break;
		}
	}
	dir = opendir(".");
	IS(dir);
	for (n = 0; (de = readdir(dir)); n++) {
		if (sscanf(de->d_name, "entry%d", &i) != 1) {
			IS(!strcmp(de->d_name, ".") || !strcmp(de->d_name, ".."));
			EQ(de->d_type, DT_DIR);
			dots++;
			continue;
		}
		IS(i >= 0 && i < ENTRIES);
		EQ(seen[i]++, 0);
		EQ(de->d_type, kind(i));
		if (n % 100 == 0) {
			OK(lstat(de->d_name, &st));
			EQ(st.st_ino, de->d_ino);
		}
	}
	EQ(n, ENTRIES + 2);
	EQ(dots, 2);

	/* Ten places, gone back to in another order. */
	rewinddir(dir);
	for (n = 0; n < 10; n++) {
		tell[n] = telldir(dir);
		for (i = 0; i < STEP; i++)
			IS(readdir(dir));
	}
	for (n = 0; n < 10; n++) {
		at = (n * 7 + 3) % 10;
		seekdir(dir, tell[at]);
		de = readdir(dir);
		IS(de);
		strcpy(first, de->d_name);
		seekdir(dir, tell[0]);
		for (i = 0; i < at * STEP; i++)
			IS(readdir(dir));
		de = readdir(dir);
		IS(de);
		if (strcmp(first, de->d_name))
			FAIL("after seekdir: %s, counted: %s", first, de->d_name);
	}

	/* Removed while reading: the rest comes, each once. */
	memset(seen, 0, sizeof(seen));
	rewinddir(dir);
	n = 0;
	while ((de = readdir(dir))) {
		if (sscanf(de->d_name, "entry%d", &i) != 1)
			continue;
		EQ(seen[i]++, 0);
		n++;
		if (kind(i) == DT_DIR)
			OK(rmdir(de->d_name));
		else
			OK(unlink(de->d_name));
	}
	EQ(n, ENTRIES);
	/* What came meanwhile is seen after a rewind. */
	OK(touch("new"));
	rewinddir(dir);
	for (n = 0; (de = readdir(dir)); n++)
		if (strcmp(de->d_name, "new") == 0)
			EQ(de->d_type, DT_REG);
	EQ(n, 3);
	OK(closedir(dir));
	OK(chdir(".."));
	FAILS(rmdir("readdir_many"), ENOTEMPTY);
	OK(unlink("readdir_many/new"));
	OK(rmdir("readdir_many"));
}

static void tmpfile_link(void)
{
	char path[64], buf[100];
	struct stat st;
	int fd;

	fd = open(".", O_TMPFILE | O_RDWR, 0640);
	if (fd < 0 && errno == EOPNOTSUPP && fs_is("9p"))
		SKIP("not on 9p");
	IS(fd >= 0);
	OK(fstat(fd, &st));
	EQ(st.st_nlink, 0);
	EQ(st.st_mode, S_IFREG | 0640);
	EQ(st.st_size, 0);
	EQ(write(fd, "unnamed", 7), 7);
	EQ(pwrite(fd, "far", 3, 9000), 3);
	OK(fsync(fd));
	OK(linkat(fd, "", AT_FDCWD, "named", AT_EMPTY_PATH));
	OK(fstat(fd, &st));
	EQ(st.st_nlink, 1);
	EQ(st.st_ino, ino_of("named"));
	EQ(pwrite(fd, "late", 4, 100), 4);
	OK(close(fd));
	OK(stat("named", &st));
	EQ(st.st_size, 9003);

	fd = open(".", O_TMPFILE | O_WRONLY, 0600);
	IS(fd >= 0);
	EQ(write(fd, "second", 6), 6);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	FAILS(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW), EEXIST);
	OK(linkat(AT_FDCWD, path, AT_FDCWD, "second", AT_SYMLINK_FOLLOW));
	OK(close(fd));

	fd = open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600);
	IS(fd >= 0);
	EQ(write(fd, "never", 5), 5);
	FAILS(linkat(fd, "", AT_FDCWD, "third", AT_EMPTY_PATH), ENOENT);
	OK(close(fd));
	FAILS(open(".", O_TMPFILE | O_RDONLY, 0600), EINVAL);

	OK(remount_upper(NULL));
	fd = open("named", O_RDONLY);
	EQ(pread(fd, buf, 7, 0), 7);
	IS(!memcmp(buf, "unnamed", 7));
	EQ(pread(fd, buf, 100, 8999), 4);
	IS(!memcmp(buf, "\0far", 4));
	EQ(pread(fd, buf, 4, 100), 4);
	IS(!memcmp(buf, "late", 4));
	OK(close(fd));
	fd = open("second", O_RDONLY);
	EQ(read(fd, buf, 100), 6);
	IS(!memcmp(buf, "second", 6));
	OK(close(fd));
}

static char *low(const char *name)
{
	static char path[2][1024];
	static int turn;

	turn ^= 1;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", below, name);
	return path[turn];
}

static int copy(const char *from, const char *to)
{
	char buf[65536];
	int in = open(from, O_RDONLY);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0644);
	ssize_t n, err = 0;

	while ((n = read(in, buf, sizeof(buf))) > 0)
		err |= write(out, buf, n) != n;
	return close(in) | close(out) | (int)(n | err) ? -1 : 0;
}

/* What is done directly below becomes visible, and nothing breaks. */
static void behind_the_mount(void)
{
	struct stat st;
	int fd;

	if (name_max() < NAME_MAX)
		SKIP("the names below are encrypted; t_fnek.sh does it");
	OK(put_file("a", 5000, 1));
	OK(put_file("b", 100, 2));
	OK(mkdir("d", 0755));
	/* Appears where a negative dentry is cached. */
	IS(!exists("new"));
	OK(copy(low("a"), low("new")));
	CALL(file_is("new", 5000, 5000, 1));
	IS(!exists("dir"));
	OK(mkdir(low("dir"), 0755));
	OK(touch("dir/in it"));
	IS(stat(low("dir/in it"), &st) == 0 && st.st_size == 8192);
	/* Disappears. */
	OK(unlink(low("new")));
	IS(!exists("new"));
	OK(put_file("new", 10, 3));
	CALL(file_is("new", 10, 10, 3));
	/* Replaced by another file. */
	OK(rename(low("b"), low("a")));
	CALL(file_is("a", 100, 100, 2));
	IS(!exists("b"));
	/* Moved, file and directory, while open. */
	fd = open("a", O_RDWR);
	OK(rename(low("a"), low("d/moved")));
	IS(!exists("a"));
	CALL(file_is("d/moved", 100, 100, 2));
	EQ(pwrite(fd, "x", 1, 100), 1);
	OK(close(fd));
	OK(stat("d/moved", &st));
	EQ(st.st_size, 101);
	OK(rename(low("d"), low("elsewhere")));
	IS(!exists("d"));
	OK(stat("elsewhere/moved", &st));
	EQ(st.st_size, 101);
	OK(touch("elsewhere/more"));
	OK(unlink("elsewhere/more"));
	/* A working directory that is moved and removed below. */
	OK(mkdir("w", 0755));
	OK(chdir("w"));
	OK(rename(low("w"), low("w2")));
	OK(touch("f"));
	IS(stat(low("w2/f"), &st) == 0);
	OK(unlink(low("w2/f")));
	OK(rmdir(low("w2")));
	FAILS(open("g", O_CREAT | O_RDWR, 0644), ENOENT);
	OK(chdir(here));
	/* Attributes. */
	OK(chmod(low("elsewhere/moved"), 0600));
	OK(stat("elsewhere/moved", &st));
	EQ(st.st_mode, S_IFREG | 0600);
	OK(link(low("elsewhere/moved"), low("linked")));
	EQ(nlink_of("elsewhere/moved"), 2);
	EQ(ino_of("linked"), ino_of("elsewhere/moved"));
	OK(symlink("x", low("sym")));
	IS(lstat("sym", &st) == 0 && S_ISLNK(st.st_mode));
	/* Renames above between places that were moved below. */
	OK(mkdir("p", 0755));
	OK(mkdir("q", 0755));
	OK(put_file("p/f", 50, 5));
	OK(rename(low("p/f"), low("q/g")));
	FAILS(rename("p/f", "q/h"), ENOENT);
	OK(rename("q/g", "p/back"));
	CALL(file_is("p/back", 50, 50, 5));
}

static int as_other(void *arg)
{
	int fd;

	if (open("mine", O_RDONLY) != -1 || errno != EACCES)
		return 1;
	if (open("group", O_WRONLY) != -1 || errno != EACCES)
		return 2;
	if (unlink("sticky/root's") != -1 || (errno != EPERM && errno != EACCES))
		return 3;
	if (rename("sticky/root's", "sticky/x") != -1 ||
	    (errno != EPERM && errno != EACCES))
		return 4;
	if (chmod("mine", 0666) != -1 || errno != EPERM)
		return 5;
	if (chown("mine", 1000, -1) != -1 || errno != EPERM)
		return 6;
	if (truncate("mine", 0) != -1 || errno != EACCES)
		return 7;
	if (open("closed/in", O_RDONLY) != -1 || errno != EACCES)
		return 8;
	if (open("new", O_CREAT | O_RDWR, 0644) != -1 || errno != EACCES)
		return 9;
	fd = open("sticky/alice's", O_CREAT | O_RDWR, 0644);
	if (fd < 0 || write(fd, "x", 1) != 1)
		return 10;
	if (access("mine", R_OK) != -1 || access("group", R_OK) != 0)
		return 11;
	/* Set-group-ID: cleared for those who are not of the group. */
	fd = open("sgid/f", O_CREAT | O_RDWR, 0644);
	if (fd < 0 || fchmod(fd, 02755))
		return 12;
	if (mkdir("sgid/d", 0755))
		return 13;
	if (utimensat(AT_FDCWD, "mine", NULL, 0) != -1 || errno != EACCES)
		return 14;
	if (opendir("closed") || errno != EACCES)
		return 15;
	return 0;
}

static void permissions(void)
{
	struct stat st;

	OK(touch("mine"));
	OK(chmod("mine", 0600));
	OK(touch("group"));
	OK(chmod("group", 0644));
	OK(mkdir("closed", 0700));
	OK(touch("closed/in"));
	OK(mkdir("sticky", 0755));
	OK(chmod("sticky", 01777));
	OK(touch("sticky/root's"));
	OK(chmod("sticky/root's", 0666));
	OK(mkdir("sgid", 0755));
	OK(chown("sgid", 0, 50));
	OK(chmod("sgid", 02777));
	EQ(in_child(as_other, NULL, 1000), 0);
	OK(stat("sticky/alice's", &st));
	EQ(st.st_uid, 1000);
	EQ(st.st_gid, 1000);
	EQ(st.st_size, 1);
	OK(stat("sgid/f", &st));
	EQ(st.st_gid, 50);
	EQ(st.st_mode & 07777, 0755);
	OK(stat("sgid/d", &st));
	EQ(st.st_gid, 50);
	EQ(st.st_mode & 02000, 02000);
}

static void open_flags(void)
{
	struct stat st;
	int path, fd;

	OK(put_file("f", 100, 1));
	path = open("f", O_PATH);
	IS(path >= 0);
	OK(fstat(path, &st));
	EQ(st.st_size, 100);
	FAILS(read(path, &st, 1), EBADF);
	OK(close(path));
	/* O_TRUNC, also of a file that is open elsewhere. */
	fd = open("f", O_RDWR);
	OK(close(open("f", O_WRONLY | O_TRUNC)));
	OK(fstat(fd, &st));
	EQ(st.st_size, 0);
	EQ(read(fd, &st, 1), 0);
	OK(close(fd));
	fd = open("f", O_RDONLY);
	FAILS(write(fd, "x", 1), EBADF);
	OK(close(fd));
	fd = open("f", O_WRONLY);
	FAILS(read(fd, &st, 1), EBADF);
	OK(close(fd));
	fd = open(".", O_RDONLY);
	path = openat(fd, "f", O_RDONLY);
	OK(close(path));
	OK(close(fd));
	FAILS(open("f/", O_RDONLY), ENOTDIR);
	OK(close(open("f", O_RDWR | O_CREAT, 0600)));
}

static const struct test tests[] = {
	{ "create", create },
	{ "directories", directories },
	{ "special_files", special_files },
	{ "symlinks", symlinks },
	{ "hard_links", hard_links },
	{ "unlinked", unlinked },
	{ "rename_plain", rename_plain },
	{ "rename_noreplace", rename_noreplace },
	{ "rename_exchange", rename_exchange },
	{ "rename_whiteout", rename_whiteout },
	{ "readdir_many", readdir_many },
	{ "tmpfile_link", tmpfile_link },
	{ "behind_the_mount", behind_the_mount },
	{ "permissions", permissions },
	{ "open_flags", open_flags },
	{}
};

int main(int argc, char **argv)
{
	return check_main(argc, argv, tests);
}
