// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Extended attributes and access control lists.  They are the lower file's,
 * except for the attribute that may have our metadata, which is neither shown
 * nor changed from above.
 */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <linux/xattr.h>

#include "glue.h"

static bool is_metadata(const char *name)
{
	return strcmp(name, EFMT_V1_XATTR) == 0;
}

/*
 * Changes to the mounter's credentials if @name is the attribute for
 * capabilities; returns the old ones, or NULL.  On the way here the VFS has
 * translated capabilities and checked the right to change them, so the caller's
 * user namespace must not be applied again below.
 */
static const struct cred *caps_creds(const struct inode *inode,
				     const char *name)
{
	if (strcmp(name, XATTR_NAME_CAPS) != 0)
		return NULL;
	return override_creds(ecryptfs_lower_fs(inode)->lf_cred);
}

static void caps_creds_end(const struct cred *old)
{
	if (old)
		revert_creds(old);
}

static int xattr_get(const struct xattr_handler *handler, struct dentry *dentry,
		     struct inode *inode, const char *name, void *value,
		     size_t size)
{
	const struct cred *old;
	int ret;

	if (is_metadata(name))
		return -ENODATA;
	old = caps_creds(inode, name);
	ret = vfs_getxattr(&nop_mnt_idmap, ecryptfs_dentry_lower(dentry), name,
			   value, size);
	caps_creds_end(old);
	return ret;
}

static int xattr_set(const struct xattr_handler *handler,
		     struct mnt_idmap *idmap, struct dentry *dentry,
		     struct inode *inode, const char *name, const void *value,
		     size_t size, int flags)
{
	const struct ecryptfs_lower_fs *fs = ecryptfs_lower_fs(inode);
	struct dentry *lower = ecryptfs_dentry_lower(dentry);
	const struct cred *old;
	int err;

	if (is_metadata(name))
		return -EPERM;
	/* Earlier writes go first: writing data removes capabilities below. */
	if (S_ISREG(inode->i_mode) &&
	    !strncmp(name, XATTR_SECURITY_PREFIX, XATTR_SECURITY_PREFIX_LEN)) {
		err = ecryptfs_commit(inode);
		if (err)
			return err;
	}
	old = caps_creds(inode, name);
	if (value)
		err = ecryptfs_lower_setxattr(fs, lower, name, value, size,
					      flags);
	else
		err = ecryptfs_lower_removexattr(fs, lower, name);
	caps_creds_end(old);
	ecryptfs_inode_changed(inode);
	return err;
}

static const struct xattr_handler xattr_handler = {
	.prefix = "", /* all of them */
	.get = xattr_get,
	.set = xattr_set,
};

const struct xattr_handler *const ecryptfs_xattr_handlers[] = {
	&xattr_handler,
	NULL,
};

/*
 * Removes our attribute's name from a list of @len bytes; returns the new
 * length.
 */
static ssize_t filter_list(char *list, ssize_t len)
{
	char *at = list;

	while (at < list + len) {
		size_t name_len = strnlen(at, list + len - at) + 1;

		if (is_metadata(at)) {
			memmove(at, at + name_len, list + len - at - name_len);
			len -= name_len;
		} else {
			at += name_len;
		}
	}
	return len;
}

/*
 * Lists the attributes.  If only the length is asked for, it may include our
 * own.
 */
ssize_t ecryptfs_xattr_list(struct dentry *dentry, char *list, size_t size)
{
	ssize_t len = vfs_listxattr(ecryptfs_dentry_lower(dentry), list, size);

	return len > 0 && size ? filter_list(list, len) : len;
}

/*
 * Returns an access control list to callers that have an inode but no dentry: a
 * server, and the permission check of a filesystem that is stacked on this one.
 * The VFS calls it without testing whether it is there, because the lists are
 * not cached (ACL_DONT_CACHE), so every inode has it.
 *
 * With @rcu the caller is a path walk under RCU.  The result has no reference
 * then, and -ECHILD makes the walk come again without RCU.
 */
struct posix_acl *ecryptfs_xattr_get_inode_acl(struct inode *inode, int type,
					       bool rcu)
{
	struct inode *lower = ecryptfs_inode_lower(inode);
	struct posix_acl *acl;
	struct dentry *alias;

	if (rcu) {
		/* If it is missing, the VFS may have nothing to call. */
		if (!lower->i_op->get_inode_acl)
			return ERR_PTR(-ECHILD);
		acl = get_cached_acl_rcu(lower, type);
		return is_uncached_acl(acl) ? ERR_PTR(-ECHILD) : acl;
	}
	/* Without a dentry the VFS would think that the file has no list. */
	if (!lower->i_op->get_inode_acl && lower->i_op->get_acl) {
		alias = d_find_any_alias(lower);
		if (!alias)
			return ERR_PTR(-ESTALE);
		acl = vfs_get_acl(&nop_mnt_idmap, alias,
				  posix_acl_xattr_name(type));
		dput(alias);
		return acl;
	}
	return get_inode_acl(lower, type);
}

struct posix_acl *ecryptfs_xattr_get_acl(struct mnt_idmap *idmap,
					 struct dentry *dentry, int type)
{
	return vfs_get_acl(&nop_mnt_idmap, ecryptfs_dentry_lower(dentry),
			   posix_acl_xattr_name(type));
}

int ecryptfs_xattr_set_acl(struct mnt_idmap *idmap, struct dentry *dentry,
			   struct posix_acl *acl, int type)
{
	struct inode *inode = d_inode(dentry);
	int err;

	err = ecryptfs_lower_set_acl(ecryptfs_lower_fs(inode),
				     ecryptfs_dentry_lower(dentry),
				     posix_acl_xattr_name(type), acl);
	ecryptfs_inode_changed(inode);
	return err;
}
