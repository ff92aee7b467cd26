/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Small files as a whole: read at once, and replaced so that after a power cut
 * there is the old one or the new one.
 */
#ifndef LIBECRYPTFS_FILE_H
#define LIBECRYPTFS_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define LIBECRYPTFS_FILE_MAX (1u << 20) /* bytes */

/*
 * All of the regular file @path; *text_ret is the caller's to free, and no
 * string.  @attr_ret (NULL: not wanted) is of the file that was read.
 * -EFBIG, -ENODATA: empty, -EISDIR, -EINVAL: no regular file, -errno.
 */
int libecryptfs_file_load(const char *path, struct stat *attr_ret,
			  char **text_ret, size_t *len_ret);

/* A replacement on its way; zeroed at first. */
struct libecryptfs_file_change {
	char fc_name[NAME_MAX + 1]; /* what is replaced; empty: there is nothing */
	char fc_new[NAME_MAX + 1]; /* complete and flushed; empty: there is none */
	/*
	 * Descriptor of the directory that both are in.  It is found once: a path is
	 * whoever's who can rename a directory on it, each time it is looked up.
	 */
	int fc_dir;
	int fc_lock; /* descriptor of the old file, -1: there is none */
};

/*
 * Writes @text to a new file beside @path and flushes it; @path itself is not
 * changed before libecryptfs_file_finish().  Whoever got 0 calls that or
 * libecryptfs_file_cancel(), and until then holds a lock that keeps others out.
 *
 * @old (NULL: there is none) is what @path must still hold.  The new file has the
 * mode of the old one, 0600 if there is none, and its owner where root replaces it.
 * What that owner can do with the name must be root's or that owner's business: in a
 * directory of a third one root replaces nothing.
 *
 * -EEXIST: there is one; -ESTALE: it has changed; -EBUSY: another program has had
 * the lock for seconds; -EPERM: such a directory; -EFBIG, -ENAMETOOLONG, -errno.
 */
int libecryptfs_file_begin(const char *path, const char *old, size_t old_len,
			   const char *text, size_t len,
			   struct libecryptfs_file_change *ret);
/*
 * Puts the new file in the place of the old one and flushes the directory.  On
 * failure before the very last step the old one is in place.
 */
int libecryptfs_file_finish(struct libecryptfs_file_change *change);
/* Takes the new file away; nothing after a finish, or on a zeroed one. */
void libecryptfs_file_cancel(struct libecryptfs_file_change *change);

/* Whether a file could be made at @path; -errno. */
int libecryptfs_file_place(const char *path);

#endif /* LIBECRYPTFS_FILE_H */
