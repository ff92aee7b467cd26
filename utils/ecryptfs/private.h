/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A user's private directory as ecryptfs-utils lay it out: the files in
 * ~/.ecryptfs, its keys, and the set-uid helper that mounts it.
 */
#ifndef ECRYPTFS_PRIVATE_H
#define ECRYPTFS_PRIVATE_H

#include <limits.h>

#include "cmd.h"

#define PRIVATE_WRAPPED ".ecryptfs/wrapped-passphrase"

/* Keys of ~/.ecryptfs/Private.sig, 0 to 2. */
struct private_sigs {
	char sig[2][LIBECRYPTFS_SIG_CHARS];
	int count;
};

void private_sigs_load(const char *alias, struct private_sigs *ret);
/* What Private.mnt says, or ~/Private.  -errno */
int private_target(char path[PATH_MAX]);
/* Whether ~/.ecryptfs/@name is there. */
bool private_has(const char *name);

/* Whether all of them are where a mount from this process finds them. */
bool private_keys_there(const struct private_sigs *sigs);
/* The key of contents, with @names that of names before it; @sigs_ret names them. */
int private_keys_add(const uint8_t *passphrase, size_t len, bool names,
		     struct private_sigs *sigs_ret);
void private_keys_remove(const struct private_sigs *sigs);
/*
 * Opens @file with @wrapping, and adds the keys; -errno as
 * libecryptfs_wrapped_load() and private_keys_add().
 */
int private_unlock(const char *file, const struct libecryptfs_text *wrapping,
		   bool names, struct private_sigs *sigs_ret);

/*
 * Runs [u]mount.ecryptfs_private with up to two arguments (NULL: none), without
 * environment; its exit status, 127 if it can't be run.
 */
int private_helper(bool unmount, const char *first, const char *second);

#endif /* ECRYPTFS_PRIVATE_H */
