/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of the library, and its unit tests, know of each other.
 */
#ifndef LIBECRYPTFS_PRIVATE_H
#define LIBECRYPTFS_PRIVATE_H

#include "libecryptfs.h"

/* rcfile.c */

#define LIBECRYPTFS_RCFILE_MAX 40960 /* bytes of a file */
#define LIBECRYPTFS_RCITEM_MAX 127 /* characters of an item */

/* Called for each item; @value is NULL where there is no `='.  Not 0: stop. */
typedef int (*libecryptfs_rcfile_fn)(const char *name, const char *value,
				     void *arg);

/*
 * Calls @fn for each item of @text and returns what it returned if not 0.
 * -EINVAL, before any call: an item that starts with `=' or `:'.
 */
int libecryptfs_rcfile_from_text(const char *text, size_t len,
				 libecryptfs_rcfile_fn fn, void *arg);

/*
 * The same for the file at @path.  -ENOENT and other errors of open and read,
 * -EISDIR, -EFBIG, -EINVAL also for a device or socket.
 */
int libecryptfs_rcfile_load(const char *path, libecryptfs_rcfile_fn fn,
			    void *arg);

/* salt.c: the salt that @path gives; as libecryptfs_salt_load(). */
int libecryptfs_salt_from_file(const char *path,
			       uint8_t salt_ret[LIBECRYPTFS_SALT_BYTES],
			       enum libecryptfs_salt_source *source_ret);

#endif /* LIBECRYPTFS_PRIVATE_H */
