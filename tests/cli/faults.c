// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded by the tests of the offline commands; each variable asks for a fault:
 *
 *   NO_CHUNK     there is no memory for a buffer of 1 MiB
 *   BAD_FROM     reads that touch the 4096 bytes from there on fail with EIO
 *   KILL_AT      the process is killed before it writes at that position or behind
 *   KILL_CALL    the process is killed before the so manieth call that changes a tree
 *   SWAP_DIR     a directory that is made is at once a link that leads there
 *   GIVE_DIR     a directory that is made belongs to the user of that number
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

extern void *__libc_malloc(size_t size);

static void *real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static long long asked(const char *name)
{
	const char *value = getenv(name);

	return value ? atoll(value) : -1;
}

void *malloc(size_t size)
{
	if (size == 1 << 20 && getenv("NO_CHUNK")) {
		errno = ENOMEM;
		return NULL;
	}
	return __libc_malloc(size);
}

ssize_t pread(int fd, void *buf, size_t len, off_t off)
{
	ssize_t (*next)(int fd, void *buf, size_t len, off_t off) =
		real("pread");
	long long bad = asked("BAD_FROM");

	if (bad >= 0 && off < bad + 4096 && off + (off_t)len > bad) {
		errno = EIO;
		return -1;
	}
	return next(fd, buf, len, off);
}

/* A call that changes what is in a tree. */
static void call_count(void)
{
	static long long calls;

	if (++calls == asked("KILL_CALL"))
		kill(getpid(), SIGKILL);
}

int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)
{
	int (*next)(int fd, const char *name, const void *value, size_t size,
		    int flags) = real("fsetxattr");

	call_count();
	return next(fd, name, value, size, flags);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to,
	      unsigned int flags)
{
	int (*next)(int from_dir, const char *from, int to_dir, const char *to,
		    unsigned int flags) = real("renameat2");

	/* Of a file that is made, by its whole name. */
	if (from_dir != AT_FDCWD)
		call_count();
	return next(from_dir, from, to_dir, to, flags);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	int (*next)(int from_dir, const char *from, int to_dir, const char *to) =
		real("renameat");

	call_count();
	return next(from_dir, from, to_dir, to);
}

int symlinkat(const char *target, int dir, const char *name)
{
	int (*next)(const char *target, int dir, const char *name) =
		real("symlinkat");

	call_count();
	return next(target, dir, name);
}

int unlinkat(int dir, const char *name, int flags)
{
	int (*next)(int dir, const char *name, int flags) = real("unlinkat");

	call_count();
	return next(dir, name, flags);
}

ssize_t pwrite(int fd, const void *buf, size_t len, off_t off)
{
	ssize_t (*next)(int fd, const void *buf, size_t len, off_t off) =
		real("pwrite");
	long long at = asked("KILL_AT");

	call_count();
	if (at >= 0 && off >= at)
		kill(getpid(), SIGKILL);
	return next(fd, buf, len, off);
}

int mkdir(const char *path, mode_t mode)
{
	int (*next)(const char *path, mode_t mode) = real("mkdir");
	const char *elsewhere = getenv("SWAP_DIR");
	int ret = next(path, mode);

	if (!ret && elsewhere && (rmdir(path) || symlink(elsewhere, path)))
		abort();
	if (!ret && getenv("GIVE_DIR") &&
	    lchown(path, (uid_t)asked("GIVE_DIR"), (gid_t)-1))
		abort();
	return ret;
}
