/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Known vaults: the key that the vault of each directory gave when it was made
 * or first used.  The list is kept in a place that cannot be reached by writing
 * to the vault.
 */
#ifndef LIBECRYPTFS_KNOWN_H
#define LIBECRYPTFS_KNOWN_H

#include "libecryptfs.h"

/*
 * Builds the path of the list, which is in /var/lib/ecryptfs for root and in
 * ~/.ecryptfs for users.  Returns 0 or a negative errno.
 */
int libecryptfs_known_path(char *ret, size_t size);
/*
 * Finds the signature of @dir, a path as returned by realpath(3).  Fails with
 * -ENOENT if the directory is not known, -EPERM if the list belongs to another
 * user or other users can write to it, or another negative errno.
 */
int libecryptfs_known_find(const char *dir, char sig_ret[LIBECRYPTFS_SIG_CHARS]);
/* Records @sig as the signature of @dir.  Has the same errors. */
int libecryptfs_known_put(const char *dir, const char *sig);
/* @dir is known no longer.  As above. */
int libecryptfs_known_remove(const char *dir);
/*
 * Calls @fn for each directory, in the order in which they became known, until it
 * returns true.  Lines that are none of ours are passed over.  -EPERM as above; -errno.
 */
int libecryptfs_known_each(bool (*fn)(const char *dir, const char *sig,
				      void *arg),
			   void *arg);

#endif /* LIBECRYPTFS_KNOWN_H */
