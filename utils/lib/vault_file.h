/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where the file of a vault is, and whether its owner is one to be believed.
 */
#ifndef LIBECRYPTFS_VAULT_FILE_H
#define LIBECRYPTFS_VAULT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/*
 * The vault of @dir: beside it, or inside; with neither the one beside, and
 * false.  One that libecryptfs_vault_file_trusted() refuses is passed over if the
 * other is there and is not refused.
 */
bool libecryptfs_vault_file_find(const char *dir, char *path_ret, size_t size);

/*
 * Whether the vault @path of @dir, @attr once it is open, can only have been put
 * there by the caller, root or the owner of @dir, and @dir itself is the caller's
 * or root's (to root it may be anybody's).  False: @why_ret says what is wrong.
 */
bool libecryptfs_vault_file_trusted(const char *path, const struct stat *attr,
				    const char *dir, char *why_ret,
				    size_t size);

#endif /* LIBECRYPTFS_VAULT_FILE_H */
