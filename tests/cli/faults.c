// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded by the tests of the offline commands; each variable asks for a fault:
 *
 *   NO_CHUNK     there is no memory for a buffer of 1 MiB
 *   BAD_FROM     reads that touch the 4096 bytes from there on fail with EIO
 *   KILL_AT      the process is killed before it writes at that position or behind
 *   SWAP_DIR     a directory that is made is at once a link that leads there
 *   GIVE_DIR     a directory that is made belongs to the user of that number
 */
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
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

ssize_t pwrite(int fd, const void *buf, size_t len, off_t off)
{
	ssize_t (*next)(int fd, const void *buf, size_t len, off_t off) =
		real("pwrite");
	long long at = asked("KILL_AT");

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
