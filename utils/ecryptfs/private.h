/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A user's private directory in the layout of ecryptfs-utils: the files in
 * ~/.ecryptfs, its keys, and the set-uid helper that mounts it.
 */
#ifndef ECRYPTFS_PRIVATE_H
#define ECRYPTFS_PRIVATE_H

#include <limits.h>

#include "cmd.h"
#include "vault.h"

#define PRIVATE_WRAPPED ".ecryptfs/wrapped-passphrase"

#define PRIVATE_NAME_MAX 60 /* characters of NAME in NAME.conf */
/*
 * The first character of the names of `ecryptfs mount', which a login ignores.
 */
#define PRIVATE_BY_HAND '+'

/*
 * These read ~/.ecryptfs/NAME.conf and NAME.sig, which tell the helper what to
 * mount by that name.  private_conf_each() stops and returns true when @fn
 * does.
 */
bool private_conf_load(const char *name, char source[PATH_MAX],
		       char target[PATH_MAX]);
bool private_conf_each(bool (*fn)(const char *name, void *data), void *data);
/*
 * Returns a descriptor that, until it is closed, keeps other runs of these
 * programs from choosing names in ~/.ecryptfs, or a negative errno.  With
 * @make, the directory and the file are created if necessary; without it,
 * -ENOENT means that no name has been chosen yet.  The lock is on a file that
 * only the user can open, because every user who can read a directory can lock
 * it for as long as they like.  -EACCES means that other users can open the
 * file; with @make this is corrected.
 */
int private_lock(bool make);
/*
 * Writes both files.  Fails with -EEXIST if they exist, -EOPNOTSUPP if the
 * helper does not support the cipher, or another negative errno.
 */
int private_conf_put(const char *name,
		     const struct libecryptfs_vault_settings *settings,
		     const char *source, const char *target);
/* Returns whether they agree with @settings. */
bool private_conf_agrees(const char *name,
			 const struct libecryptfs_vault_settings *settings);
/*
 * Removes both files.  Returns 0, also if there are none, or a negative errno.
 */
int private_conf_remove(const char *name);

/* The keys in ~/.ecryptfs/Private.sig, 0 to 2. */
struct private_sigs {
	char sig[2][LIBECRYPTFS_SIG_CHARS];
	int count;
};

void private_sigs_load(const char *alias, struct private_sigs *ret);
/*
 * Reads the mount point in Private.mnt, or returns ~/Private.  Returns 0 or a
 * negative errno.
 */
int private_target(char path[PATH_MAX]);
/* Returns whether ~/.ecryptfs/@name exists. */
bool private_has(const char *name);

/* Returns whether a mount by this process finds all of them. */
bool private_keys_there(const struct private_sigs *sigs);
/*
 * Adds the key for contents and, with @names, the key for names before it.
 * @sigs_ret gets their signatures.
 */
int private_keys_add(const uint8_t *passphrase, size_t len, bool names,
		     struct private_sigs *sigs_ret);
void private_keys_remove(const struct private_sigs *sigs);
/*
 * Unwraps @file with @wrapping and adds the keys.  Has the errors of
 * libecryptfs_wrapped_load() and private_keys_add().
 */
int private_unlock(const char *file, const struct libecryptfs_text *wrapping,
		   bool names, struct private_sigs *sigs_ret);

/*
 * Runs [u]mount.ecryptfs_private with an empty environment, with options in one
 * word and the name of a NAME.conf, whatever it starts with (NULL for none).
 * Returns its exit status, or 127 if it can't be run.
 */
int private_helper(bool unmount, const char *options, const char *name);

#endif /* ECRYPTFS_PRIVATE_H */
