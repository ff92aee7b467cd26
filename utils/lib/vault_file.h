/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file of a vault: reading it, and replacing it so that a power cut leaves
 * the old one or the new one.
 */
#ifndef LIBECRYPTFS_VAULT_FILE_H
#define LIBECRYPTFS_VAULT_FILE_H

#include <stdbool.h>
#include <stddef.h>

#define LIBECRYPTFS_VAULT_FILE_MAX (1u << 20) /* bytes */

/*
 * The vault of @dir: beside it, or inside; with neither the one beside, and
 * false.
 */
bool libecryptfs_vault_file_find(const char *dir, char *path_ret, size_t size);

/* *text_ret is the caller's.  -EFBIG, -ENODATA: empty, -EINVAL: no file. */
int libecryptfs_vault_file_load(const char *path, char **text_ret,
				size_t *len_ret);
/*
 * @old (NULL: there is none) is what the file must still hold.  -ESTALE,
 * -EEXIST.  On failure before the very last step the old one is in place.
 */
int libecryptfs_vault_file_commit(const char *path, const char *old,
				  size_t old_len, const char *text, size_t len);

/* Whether a file could be made at @path. */
int libecryptfs_vault_file_place(const char *path);

#endif /* LIBECRYPTFS_VAULT_FILE_H */
