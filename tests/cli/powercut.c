// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Preloaded by the tests: the power goes at the CUT-th call that changes a
 * filesystem.  What was written and not flushed is lost then, in half, and what was
 * renamed without a flush before is empty.  CALLS names a file for the calls made.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int calls;
static int unflushed = -1; /* descriptor */

static void *real(const char *name)
{
	return dlsym(RTLD_NEXT, name);
}

static void cut(void)
{
	off_t size;

	if (unflushed >= 0) {
		size = lseek(unflushed, 0, SEEK_END);
		if (ftruncate(unflushed, size / 2))
			_exit(139);
	}
	_exit(137);
}

static void call(const char *name)
{
	const char *wanted = getenv("CUT"), *log = getenv("CALLS");
	FILE *file = log ? fopen(log, "a") : NULL;

	if (file) {
		fprintf(file, "%s\n", name);
		fclose(file);
	}
	if (wanted && atoi(wanted) == ++calls)
		cut();
}

int open(const char *path, int flags, ...)
{
	static int (*next)(const char *path, int flags, mode_t mode);
	mode_t mode = 0;
	va_list list;

	if (flags & O_CREAT) {
		va_start(list, flags);
		mode = va_arg(list, mode_t);
		va_end(list);
		call("create");
	}
	if (!next)
		next = (int (*)(const char *, int, mode_t))real("open");
	return next(path, flags, mode);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
	static ssize_t (*next)(int fd, const void *bytes, size_t len);

	if (!next)
		next = (ssize_t (*)(int, const void *, size_t))real("write");
	if (fd <= STDERR_FILENO || len < 400)
		return next(fd, bytes, len);
	call("write");
	unflushed = fd;
	/* A second call, so that a half is written when the power goes. */
	return next(fd, bytes, len > 1000 ? len / 2 : len);
}

int fsync(int fd)
{
	static int (*next)(int fd);

	call("fsync");
	if (!next)
		next = (int (*)(int))real("fsync");
	unflushed = -1;
	return next(fd);
}

int openat(int dir, const char *path, int flags, ...)
{
	static int (*next)(int dir, const char *path, int flags, mode_t mode);
	mode_t mode = 0;
	va_list list;

	if (flags & O_CREAT) {
		va_start(list, flags);
		mode = va_arg(list, mode_t);
		va_end(list);
		call("create");
	}
	if (!next)
		next = (int (*)(int, const char *, int, mode_t))real("openat");
	return next(dir, path, flags, mode);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to,
	      unsigned int flags)
{
	static int (*next)(int from_dir, const char *from, int to_dir,
			   const char *to, unsigned int flags);

	call("rename");
	if (!next)
		next = (int (*)(int, const char *, int, const char *,
				unsigned int))real("renameat2");
	return next(from_dir, from, to_dir, to, flags);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	static int (*next)(int from_dir, const char *from, int to_dir,
			   const char *to);

	call("rename");
	if (!next)
		next = (int (*)(int, const char *, int,
				const char *))real("renameat");
	return next(from_dir, from, to_dir, to);
}

int unlinkat(int dir, const char *path, int flags)
{
	static int (*next)(int dir, const char *path, int flags);

	call("unlink");
	if (!next)
		next = (int (*)(int, const char *, int))real("unlinkat");
	return next(dir, path, flags);
}

int rename(const char *from, const char *to)
{
	static int (*next)(const char *from, const char *to);

	call("rename");
	if (!next)
		next = (int (*)(const char *, const char *))real("rename");
	return next(from, to);
}

int unlink(const char *path)
{
	static int (*next)(const char *path);

	call("unlink");
	if (!next)
		next = (int (*)(const char *))real("unlink");
	return next(path);
}
