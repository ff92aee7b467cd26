/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A user's private directory as ecryptfs-utils lay it out: the files in
 * ~/.ecryptfs, its keys, and the set-uid helper that mounts it.
 */
#ifndef ECRYPTFS_PRIVATE_H
#define ECRYPTFS_PRIVATE_H

#include <limits.h>

#include "cmd.h"
#include "vault.h"

#define PRIVATE_WRAPPED ".ecryptfs/wrapped-passphrase"

#define PRIVATE_NAME_MAX 60 /* characters of NAME in NAME.conf */
/* What the names of `ecryptfs mount' start with; a login leaves those alone. */
#define PRIVATE_BY_HAND '+'

/*
 * ~/.ecryptfs/NAME.conf and NAME.sig: what the helper mounts by that name.
 * private_conf_each() ends with true as soon as @fn returns that.
 */
bool private_conf_load(const char *name, char source[PATH_MAX],
		       char target[PATH_MAX]);
bool private_conf_each(bool (*fn)(const char *name, void *data), void *data);
/*
 * A descriptor that, until it is closed, keeps other runs of these programs from
 * choosing names in ~/.ecryptfs; -errno.  With @make that and the file are made if they
 * are not there; -ENOENT without: nobody has chosen one.  The lock is on a file that
 * only the user can open: a directory is locked by everybody who can read it, for as
 * long as they like.  -EACCES: others can open the file, too; with @make that is mended.
 */
int private_lock(bool make);
/* -EEXIST: there is one; -EOPNOTSUPP: with that cipher none can be; -errno */
int private_conf_put(const char *name,
		     const struct libecryptfs_vault_settings *settings,
		     const char *source, const char *target);
/* Whether they say what @settings say. */
bool private_conf_agrees(const char *name,
			 const struct libecryptfs_vault_settings *settings);
/* -errno; none is no error */
int private_conf_remove(const char *name);

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
 * Runs [u]mount.ecryptfs_private without environment, with options in one word and
 * the name of a NAME.conf, whatever it starts with (NULL: none); its exit status,
 * 127 if it can't be run.
 */
int private_helper(bool unmount, const char *options, const char *name);

#endif /* ECRYPTFS_PRIVATE_H */
