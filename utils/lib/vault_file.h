/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds the file of a vault, and checks whether its owner can be trusted.
 */
#ifndef LIBECRYPTFS_VAULT_FILE_H
#define LIBECRYPTFS_VAULT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/*
 * Finds the vault of @dir, beside it or inside.  If there is neither, returns
 * false and the path beside it.  A vault that libecryptfs_vault_file_trusted()
 * refuses is skipped if the other one exists and is not refused.
 */
bool libecryptfs_vault_file_find(const char *dir, char *path_ret, size_t size);

/*
 * Returns whether the vault @path of @dir, with the attributes @attr of the
 * open file, can only have been put there by the caller, root or the owner of
 * @dir, and @dir itself belongs to the caller or root (for root, to any user).
 * If not, @why_ret says what is wrong.
 */
bool libecryptfs_vault_file_trusted(const char *path, const struct stat *attr,
				    const char *dir, char *why_ret,
				    size_t size);

#endif /* LIBECRYPTFS_VAULT_FILE_H */
