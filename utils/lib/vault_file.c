// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Replacing the file of a vault: a new file beside it is written and flushed,
 * renamed over the old one, and the directory is flushed.  Its name is always the
 * same, so that a power cut leaves one behind at the most, which the next update
 * overwrites.  A lock on the directory keeps updates apart.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vault.h"
#include "vault_file.h"

bool libecryptfs_vault_file_find(const char *dir, char *path_ret, size_t size)
{
	int n = snprintf(path_ret, size, "%s/" LIBECRYPTFS_VAULT_INSIDE, dir);
	bool inside = n > 0 && (size_t)n < size && !access(path_ret, F_OK);
	bool beside;

	n = snprintf(path_ret, size, "%s" LIBECRYPTFS_VAULT_BESIDE, dir);
	beside = n > 0 && (size_t)n < size && !access(path_ret, F_OK);
	if (inside && !beside)
		snprintf(path_ret, size, "%s/" LIBECRYPTFS_VAULT_INSIDE, dir);
	return inside || beside;
}

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

static int fd_load(int fd, char **text_ret, size_t *len_ret)
{
	struct stat attr;
	int err;

	if (fstat(fd, &attr))
		return -errno;
	if (!S_ISREG(attr.st_mode))
		return S_ISDIR(attr.st_mode) ? -EISDIR : -EINVAL;
	if (!attr.st_size)
		return -ENODATA;
	if (attr.st_size > LIBECRYPTFS_VAULT_FILE_MAX)
		return -EFBIG;
	*len_ret = (size_t)attr.st_size;
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

int libecryptfs_vault_file_load(const char *path, char **text_ret,
				size_t *len_ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	int err;

	*text_ret = NULL;
	if (fd < 0)
		return -errno;
	err = fd_load(fd, text_ret, len_ret);
	close(fd);
	return err;
}

static int old_check(const char *path, const char *old, size_t old_len)
{
	char *text;
	size_t len;
	bool same;
	int err;

	err = libecryptfs_vault_file_load(path, &text, &len);
	if (!old)
		return err == -ENOENT ? 0 : -EEXIST;
	if (err)
		return err == -ENOENT ? -ESTALE : err;
	same = len == old_len && !memcmp(text, old, len);
	free(text);
	return same ? 0 : -ESTALE;
}

/* Owner and mode of the file that is replaced; of a new one, the user's alone. */
static int owner_keep(int fd, const char *path)
{
	struct stat attr;

	if (stat(path, &attr))
		return fchmod(fd, 0600) ? -errno : 0;
	/* It is root who can and may give files away. */
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

static int new_write(const char *path, const char *new, const char *text,
		     size_t len)
{
	int fd, err;

	/* What an earlier power cut left there; never through a link. */
	if (unlink(new) && errno != ENOENT)
		return -errno;
	fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		  0600);
	if (fd < 0)
		return -errno;
	err = owner_keep(fd, path);
	if (!err)
		err = all_write(fd, text, len);
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(new, path))
		err = -errno;
	if (err)
		unlink(new);
	return err;
}

static void directory_of(const char *path, char name_ret[PATH_MAX])
{
	const char *slash = strrchr(path, '/');

	snprintf(name_ret, PATH_MAX, "%.*s",
		 slash ? (int)(slash - path + 1) : 1, slash ? path : ".");
}

int libecryptfs_vault_file_place(const char *path)
{
	char name[PATH_MAX];

	directory_of(path, name);
	return access(name, W_OK | X_OK) ? -errno : 0;
}

/* The directory of @path, open and locked. */
static int directory_lock(const char *path)
{
	char name[PATH_MAX];
	int fd, err;

	directory_of(path, name);
	fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX)) {
		if (errno == EINTR)
			continue;
		err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

int libecryptfs_vault_file_commit(const char *path, const char *old,
				  size_t old_len, const char *text, size_t len)
{
	char new[PATH_MAX], real[PATH_MAX];
	int dir, err;

	if (len > LIBECRYPTFS_VAULT_FILE_MAX)
		return -EFBIG;
	/* A link stays one: what it points to is replaced. */
	if (!old || !realpath(path, real)) {
		if (strlen(path) >= sizeof(real))
			return -ENAMETOOLONG;
		memcpy(real, path, strlen(path) + 1);
	}
	if ((size_t)snprintf(new, sizeof(new), "%s.new", real) >= sizeof(new))
		return -ENAMETOOLONG;
	dir = directory_lock(real);
	if (dir < 0)
		return dir;
	err = old_check(real, old, old_len);
	if (!err)
		err = new_write(real, new, text, len);
	/* Some filesystems have no such thing for directories. */
	if (!err && fsync(dir) && errno != EINVAL)
		err = -errno;
	close(dir);
	return err;
}
