// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The place of a vault.  If the directory above is shared, any user can put a
 * file beside a lower directory, so the owner of a vault decides whether it is
 * used.  The operator of a file server is not bound by owners; known.c deals
 * with that.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vault.h"
#include "vault_file.h"

static bool owner_good(uid_t owner, uid_t dir_owner)
{
	return owner == getuid() || !owner || owner == dir_owner;
}

bool libecryptfs_vault_file_trusted(const char *path, const struct stat *attr,
				    const char *dir, char *why_ret, size_t size)
{
	struct stat dir_attr, link;

	if (stat(dir, &dir_attr)) {
		snprintf(why_ret, size, "its directory cannot be examined");
		return false;
	}
	if (getuid() && !owner_good(dir_attr.st_uid, 0)) {
		snprintf(why_ret, size,
			 "the directory belongs to user %u, so a vault in it or beside it is not trusted",
			 dir_attr.st_uid);
		return false;
	}
	/* It was a link a moment ago, which may have belonged to any user. */
	if (lstat(path, &link)) {
		snprintf(why_ret, size, "it was removed meanwhile");
		return false;
	}
	/*
	 * The link may belong to another user and point to a file that does
	 * not.
	 */
	if (!owner_good(link.st_uid, dir_attr.st_uid)) {
		snprintf(why_ret, size,
			 S_ISLNK(link.st_mode) ?
				 "it is a link of user %u, but the directory is not" :
				 "it belongs to user %u, but the directory does not",
			 link.st_uid);
		return false;
	}
	if (!owner_good(attr->st_uid, dir_attr.st_uid)) {
		snprintf(why_ret, size,
			 "it belongs to user %u, but the directory does not",
			 attr->st_uid);
		return false;
	}
	if (attr->st_mode & 0022) {
		snprintf(why_ret, size, "users other than its owner can write to it");
		return false;
	}
	return true;
}

/* Returns whether there is a vault at @path, and whether it is trusted. */
static bool look(const char *path, const char *dir, bool *trusted_ret)
{
	char why[LIBECRYPTFS_VAULT_WHY];
	struct stat attr;

	*trusted_ret = false;
	if (stat(path, &attr))
		return false;
	*trusted_ret = libecryptfs_vault_file_trusted(path, &attr, dir, why,
						      sizeof(why));
	return true;
}

bool libecryptfs_vault_file_find(const char *dir, char *path_ret, size_t size)
{
	bool inside, inside_trusted = false, beside, beside_trusted = false;
	int n = snprintf(path_ret, size, "%s/" LIBECRYPTFS_VAULT_INSIDE, dir);

	inside = n > 0 && (size_t)n < size &&
		 look(path_ret, dir, &inside_trusted);
	n = snprintf(path_ret, size, "%s" LIBECRYPTFS_VAULT_BESIDE, dir);
	beside = n > 0 && (size_t)n < size &&
		 look(path_ret, dir, &beside_trusted);
	if (inside && (!beside || (inside_trusted && !beside_trusted)))
		snprintf(path_ret, size, "%s/" LIBECRYPTFS_VAULT_INSIDE, dir);
	return inside || beside;
}
