// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replaces a small file: a new file is written beside it, flushed, and renamed
 * over the old one, and the directory is flushed.
 *
 * The new file has a name that cannot be guessed, so in a sticky directory
 * another user cannot occupy it.  What a power cut leaves behind is removed by
 * the next update.  The lock that serialises updates is on the file and not on
 * its directory, because every user who can read a directory can lock it.
 * Updates wait for the lock for a few seconds only.
 *
 * A path is resolved once, to the directory.  Everything is then compared,
 * locked, written and renamed by its name in that directory, wherever the path
 * may lead meanwhile.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "file.h"

#define NEW ".new-"
#define NEW_DIGITS 16
#define LOCK_TRIES 50 /* tries, one every tenth of a second */

static int all_read(int fd, char *text, size_t len)
{
	ssize_t n;

	for (; len; text += n, len -= (size_t)n) {
		n = read(fd, text, len);
		if (n < 0)
			return -errno;
		if (!n)
			return -EIO;
	}
	return 0;
}

static int fd_load(int fd, struct stat *attr, char **text_ret, size_t *len_ret)
{
	int err;

	if (fstat(fd, attr))
		return -errno;
	if (!S_ISREG(attr->st_mode))
		return S_ISDIR(attr->st_mode) ? -EISDIR : -EINVAL;
	if (!attr->st_size)
		return -ENODATA;
	if (attr->st_size > LIBECRYPTFS_FILE_MAX)
		return -EFBIG;
	*len_ret = (size_t)attr->st_size;
	*text_ret = malloc(*len_ret);
	if (!*text_ret)
		return -ENOMEM;
	err = all_read(fd, *text_ret, *len_ret);
	if (err) {
		free(*text_ret);
		*text_ret = NULL;
	}
	return err;
}

int libecryptfs_file_load(const char *path, struct stat *attr_ret,
			  char **text_ret, size_t *len_ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat attr;
	int err;

	*text_ret = NULL;
	if (fd < 0)
		return -errno;
	err = fd_load(fd, attr_ret ? attr_ret : &attr, text_ret, len_ret);
	close(fd);
	return err;
}

static void directory_of(const char *path, char name_ret[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	snprintf(name_ret, PATH_MAX, "%.*s",
		 slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
}

int libecryptfs_file_place(const char *path)
{
	char name[PATH_MAX];

	directory_of(path, name);
	return access(name, W_OK | X_OK) ? -errno : 0;
}

/*
 * Locks the file that is open as @fd.  Others hold the lock only for a moment.
 */
static int lock_wait(int fd)
{
	const struct timespec tenth = { .tv_nsec = 100000000 };
	int tries = LOCK_TRIES;

	while (flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -errno;
		if (!--tries)
			return -EBUSY;
		nanosleep(&tenth, NULL);
	}
	return 0;
}

/* Returns whether @name is still the file that is open as @fd. */
static bool same_file(int fd, int dir, const char *name)
{
	struct stat open_attr, attr;

	return !fstat(fd, &open_attr) &&
	       !fstatat(dir, name, &attr, AT_SYMLINK_NOFOLLOW) &&
	       open_attr.st_dev == attr.st_dev &&
	       open_attr.st_ino == attr.st_ino;
}

/*
 * Opens and locks the old file, which then still has this name.  Returns its
 * descriptor.
 */
static int old_lock(int dir, const char *name)
{
	const int flags = O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;
	int fd, err;

	do {
		/* On NFS a lock needs a file that is open for writing. */
		fd = openat(dir, name, O_RDWR | flags);
		if (fd < 0)
			fd = openat(dir, name, O_RDONLY | flags);
		/* It was not a link a moment ago. */
		if (fd < 0)
			return errno == ENOENT || errno == ELOOP ? -ESTALE :
								   -errno;
		err = lock_wait(fd);
		if (!err && same_file(fd, dir, name))
			return fd;
		close(fd);
	} while (!err);
	return err;
}

static int old_check(int fd, const char *old, size_t old_len)
{
	struct stat attr;
	char *text;
	size_t len;
	bool same;
	int err;

	err = fd_load(fd, &attr, &text, &len);
	if (err)
		return err == -ENODATA ? -ESTALE : err;
	same = len == old_len && !memcmp(text, old, len);
	free(text);
	return same ? 0 : -ESTALE;
}

/* Root gives a file to its owner only if no third user controls the name. */
static int owners_check(int dir, int old)
{
	struct stat attr, dir_attr;

	if (geteuid())
		return 0;
	if (fstat(old, &attr) || fstat(dir, &dir_attr))
		return -errno;
	return !dir_attr.st_uid || dir_attr.st_uid == attr.st_uid ? 0 : -EPERM;
}

/*
 * Gives the new file the owner and mode of the file that it replaces; without
 * one, it is private to the user.
 */
static int owner_keep(int fd, int old)
{
	struct stat attr;

	if (old < 0)
		return fchmod(fd, 0600) ? -errno : 0;
	if (fstat(old, &attr))
		return -errno;
	/* Only root can give files away. */
	if (!geteuid() && fchown(fd, attr.st_uid, attr.st_gid))
		return -errno;
	return fchmod(fd, attr.st_mode & 0777) ? -errno : 0;
}

static int all_write(int fd, const char *text, size_t len)
{
	ssize_t n;

	for (; len; text += n, len -= (size_t)n) {
		n = write(fd, text, len);
		if (n < 0)
			return -errno;
	}
	return fsync(fd) ? -errno : 0;
}

static int new_name(struct libecryptfs_file_change *change)
{
	unsigned long long number;
	size_t size = sizeof(change->fc_new);
	int n;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -EIO;
	n = snprintf(change->fc_new, size, "%s" NEW "%0*llx", change->fc_name,
		     NEW_DIGITS, number);
	if (n > 0 && (size_t)n < size)
		return 0;
	*change->fc_new = '\0';
	return -ENAMETOOLONG;
}

static int new_write(struct libecryptfs_file_change *change, const char *text,
		     size_t len)
{
	int err = new_name(change);
	int fd;

	if (err)
		return err;
	fd = openat(change->fc_dir, change->fc_new,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		*change->fc_new = '\0';
		return -errno;
	}
	err = owner_keep(fd, change->fc_lock);
	if (!err)
		err = all_write(fd, text, len);
	if (close(fd) && !err)
		err = -errno;
	return err;
}

/* Opens the directory for reading; so far it is open as a path only. */
static int dir_open(const struct libecryptfs_file_change *change)
{
	return openat(change->fc_dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/*
 * Removes what a power cut has left of an update of the same file.  Only the
 * holder of the lock knows that no other program is using it.  Files of other
 * users are left alone.
 */
static void leftovers_remove(const struct libecryptfs_file_change *change)
{
	const char *name = change->fc_name;
	size_t len = strlen(name), rest = strlen(NEW);
	int fd = dir_open(change);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	struct stat attr;

	while (list && (entry = readdir(list)))
		if (!strncmp(entry->d_name, name, len) &&
		    !strncmp(entry->d_name + len, NEW, rest) &&
		    strspn(entry->d_name + len + rest, "0123456789abcdef") ==
			    NEW_DIGITS &&
		    strlen(entry->d_name) == len + rest + NEW_DIGITS &&
		    !fstatat(fd, entry->d_name, &attr, AT_SYMLINK_NOFOLLOW) &&
		    S_ISREG(attr.st_mode) &&
		    (attr.st_uid == geteuid() || !geteuid()))
			unlinkat(fd, entry->d_name, 0);
	if (list)
		closedir(list);
	else if (fd >= 0)
		close(fd);
}

/*
 * Finds the directory and the name of @path.  @resolved: it contains no link.
 */
static int place_open(const char *path, bool resolved,
		      struct libecryptfs_file_change *change)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
	char dir[PATH_MAX];

	if (strlen(path) >= sizeof(dir) ||
	    strlen(name) >= sizeof(change->fc_name))
		return -ENAMETOOLONG;
	if (!*name)
		return -EISDIR;
	directory_of(path, dir);
	if (resolved && slash > path) {
		dir[slash - path] = '\0';
		flags |= O_NOFOLLOW;
	}
	change->fc_dir = open(dir, flags);
	if (change->fc_dir < 0)
		return -errno;
	memcpy(change->fc_name, name, strlen(name) + 1);
	return 0;
}

/* Locks the old file and checks that it has the expected content. */
static int old_take(struct libecryptfs_file_change *change, const char *old,
		    size_t old_len)
{
	int err;

	change->fc_lock = old_lock(change->fc_dir, change->fc_name);
	if (change->fc_lock < 0)
		return change->fc_lock;
	err = old_check(change->fc_lock, old, old_len);
	if (!err)
		err = owners_check(change->fc_dir, change->fc_lock);
	if (!err)
		leftovers_remove(change);
	return err;
}

int libecryptfs_file_begin(const char *path, const char *old, size_t old_len,
			   const char *text, size_t len,
			   struct libecryptfs_file_change *ret)
{
	char target[PATH_MAX];
	bool resolved;
	struct stat attr;
	int err;

	*ret = (struct libecryptfs_file_change){ .fc_dir = -1, .fc_lock = -1 };
	if (len > LIBECRYPTFS_FILE_MAX)
		return -EFBIG;
	/* A link remains a link, and the file that it points to is replaced. */
	resolved = old && realpath(path, target);
	err = place_open(resolved ? target : path, resolved, ret);
	if (!err && old)
		err = old_take(ret, old, old_len);
	else if (!err && !fstatat(ret->fc_dir, ret->fc_name, &attr,
				  AT_SYMLINK_NOFOLLOW))
		err = -EEXIST;
	if (!err)
		err = new_write(ret, text, len);
	if (err)
		libecryptfs_file_cancel(ret);
	return err;
}

/* Puts the new file in place of the locked one, or where there must be none. */
static int new_place(const struct libecryptfs_file_change *change)
{
	int dir = change->fc_dir;

	if (change->fc_lock < 0) {
		if (!renameat2(dir, change->fc_new, dir, change->fc_name,
			       RENAME_NOREPLACE))
			return 0;
		/* Some filesystems do not know that flag. */
		if (errno != EINVAL)
			return -errno;
		if (!faccessat(dir, change->fc_name, F_OK, 0))
			return -EEXIST;
	}
	return renameat(dir, change->fc_new, dir, change->fc_name) ? -errno : 0;
}

int libecryptfs_file_finish(struct libecryptfs_file_change *change)
{
	int err = new_place(change);
	int fd;

	if (!err) {
		*change->fc_new = '\0';
		fd = dir_open(change);
		/* Some filesystems do not support this for directories. */
		if (fd < 0 || (fsync(fd) && errno != EINVAL))
			err = -errno;
		if (fd >= 0)
			close(fd);
	}
	libecryptfs_file_cancel(change);
	return err;
}

void libecryptfs_file_cancel(struct libecryptfs_file_change *change)
{
	/* A zeroed change has nothing to remove. */
	if (!*change->fc_name)
		return;
	if (*change->fc_new)
		unlinkat(change->fc_dir, change->fc_new, 0);
	if (change->fc_lock >= 0)
		close(change->fc_lock);
	close(change->fc_dir);
	*change = (struct libecryptfs_file_change){ .fc_dir = -1, .fc_lock = -1 };
}
