// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Copies of metadata that are about to be changed; see keep.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keep.h"

char *keep_name(const struct offline *offline, const char *prefix,
		const char *suffix)
{
	time_t now = time(NULL);
	char when[32] = "";
	struct tm tm;
	char *name;

	if (offline->target)
		return strdup(offline->target);
	if (gmtime_r(&now, &tm))
		strftime(when, sizeof(when), "%Y%m%d-%H%M%S", &tm);
	return asprintf(&name, "%s-%s%s", prefix, when, suffix) < 0 ? NULL :
								       name;
}

void keep_init(struct keep *keep, const struct offline *offline,
	       const char *prefix)
{
	*keep = (struct keep){ .cmd = offline->cmd, .dir_fd = -1, .index_fd = -1 };
	if (!offline->yes)
		return;
	keep->dir = keep_name(offline, prefix, "");
	if (!keep->dir)
		abort();
}

void keep_exit(struct keep *keep)
{
	if (keep->dir_fd >= 0)
		close(keep->dir_fd);
	if (keep->index_fd >= 0)
		close(keep->index_fd);
	free(keep->dir);
}

/*
 * The directory of copies and its index, both new: where others may write, what
 * stands by that name a moment later can be theirs.
 */
static int copies_create(struct keep *keep)
{
	struct stat st;

	if (mkdir(keep->dir, 0700))
		return -errno;
	keep->dir_fd = open(keep->dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
					       O_CLOEXEC);
	if (keep->dir_fd < 0 || fstat(keep->dir_fd, &st))
		return -errno;
	if (st.st_uid != geteuid() || (st.st_mode & 022)) {
		rmdir(keep->dir);
		explain_print(keep->cmd->program, keep->dir,
			      (struct explanation){
				      "the new directory belongs to another user or can be written to by others, because of the filesystem or because another user has created it",
				      "--backup DIR, where no other user can write, on a filesystem with owners" });
		return -EPERM;
	}
	keep->index_fd = openat(keep->dir_fd, "index",
				O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
					O_CLOEXEC,
				0600);
	return keep->index_fd < 0 ? -errno : 0;
}

int keep_copy(struct keep *keep, const char *lower, ino_t inode,
	      const void *buf, size_t len)
{
	char *safe, name[40];
	int err = 0;
	int fd;

	if (keep->dir_fd < 0)
		err = copies_create(keep);
	if (err)
		return err;
	/* For a file before this one it could not be made. */
	if (keep->index_fd < 0)
		return -EPERM;
	snprintf(name, sizeof(name), "%06u", keep->kept);
	fd = openat(keep->dir_fd, name,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	keep->kept++;
	safe = text_safe(lower);
	errno = 0;
	if (write(fd, buf, len) != (ssize_t)len ||
	    dprintf(keep->index_fd, "%s inode %ju: %s\n", name,
		    (uintmax_t)inode, safe) < 0 ||
	    fsync(fd) || fsync(keep->index_fd) || fsync(keep->dir_fd))
		err = errno ? -errno : -EIO;
	free(safe);
	close(fd);
	return err;
}
