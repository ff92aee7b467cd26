/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads small files as a whole, and replaces them so that a power cut leaves
 * the old or the new file.
 */
#ifndef LIBECRYPTFS_FILE_H
#define LIBECRYPTFS_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define LIBECRYPTFS_FILE_MAX (1u << 20) /* bytes */

/*
 * Reads all of the regular file @path.  The caller frees *text_ret, which has
 * no terminator.  @attr_ret, if not NULL, gets the attributes of the file that
 * was read.  Fails with -EFBIG, -ENODATA if the file is empty, -EISDIR, -EINVAL
 * if it is not a regular file, or another negative errno.
 */
int libecryptfs_file_load(const char *path, struct stat *attr_ret,
			  char **text_ret, size_t *len_ret);

/* A replacement in progress; zeroed at first. */
struct libecryptfs_file_change {
	char fc_name[NAME_MAX + 1]; /* name of the file to replace; empty if none */
	char fc_new[NAME_MAX + 1]; /* complete and flushed file; empty if none */
	/*
	 * Descriptor of the directory of both.  It is opened only once, because
	 * every lookup of a path depends on the users who can rename a
	 * directory on it.
	 */
	int fc_dir;
	int fc_lock; /* descriptor of the old file, or -1 */
};

/*
 * Writes @text to a new file beside @path and flushes it.  @path itself is not
 * changed before libecryptfs_file_finish().  After a success the caller calls
 * that or libecryptfs_file_cancel(), and until then holds a lock that excludes
 * other updates.
 *
 * @old is the expected content of @path, or NULL if there must be no file.  The
 * new file gets the mode of the old one, or 0600, and its owner if root
 * replaces it.  Root does not replace a file in a directory that belongs to a
 * third user, who could do anything with the name.
 *
 * Fails with -EEXIST if there is a file, -ESTALE if it has changed, -EBUSY if
 * another program has held the lock for several seconds, -EPERM in such a
 * directory, -EFBIG, -ENAMETOOLONG, or another negative errno.
 */
int libecryptfs_file_begin(const char *path, const char *old, size_t old_len,
			   const char *text, size_t len,
			   struct libecryptfs_file_change *ret);
/*
 * Replaces the old file by the new one and flushes the directory.  If it fails
 * before the very last step, the old file is still in place.
 */
int libecryptfs_file_finish(struct libecryptfs_file_change *change);
/*
 * Removes the new file.  Does nothing after a finish or if @change is zeroed.
 */
void libecryptfs_file_cancel(struct libecryptfs_file_change *change);

/*
 * Checks whether a file could be created at @path.  Returns 0 or a negative
 * errno.
 */
int libecryptfs_file_place(const char *path);

#endif /* LIBECRYPTFS_FILE_H */
