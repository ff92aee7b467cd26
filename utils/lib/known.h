/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Known vaults: which key the vault of a directory gave when it was made or first
 * used, kept where whoever can write the vault cannot.
 */
#ifndef LIBECRYPTFS_KNOWN_H
#define LIBECRYPTFS_KNOWN_H

#include "libecryptfs.h"

/* The list: root's in /var/lib/ecryptfs, a user's in ~/.ecryptfs.  -errno */
int libecryptfs_known_path(char *ret, size_t size);
/*
 * The signature of @dir, a path as realpath(3) has it.  -ENOENT: it is not known;
 * -EPERM: the list is another user's, or others can write to it; -errno.
 */
int libecryptfs_known_find(const char *dir, char sig_ret[LIBECRYPTFS_SIG_CHARS]);
/* From now on @sig is that of @dir.  As above. */
int libecryptfs_known_put(const char *dir, const char *sig);

#endif /* LIBECRYPTFS_KNOWN_H */
