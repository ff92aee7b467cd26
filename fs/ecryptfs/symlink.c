// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Symbolic links: the target is the lower one's.
 */
#include <linux/fs.h>
#include <linux/namei.h>

#include "ecryptfs.h"

static const char *ecryptfs_get_link(struct dentry *dentry, struct inode *inode,
				     struct delayed_call *done)
{
	struct path lower;
	const char *target;

	if (!dentry)
		return ERR_PTR(-ECHILD);
	lower = ecryptfs_dentry_path(dentry);
	target = vfs_get_link(lower.dentry, done);
	if (!IS_ERR(target)) {
		touch_atime(&lower);
		inode_set_atime_to_ts(inode,
				      inode_get_atime(d_inode(lower.dentry)));
	}
	return target;
}

const struct inode_operations ecryptfs_symlink_iops = {
	.get_link = ecryptfs_get_link,
	.permission = ecryptfs_permission,
	.getattr = ecryptfs_getattr,
	.setattr = ecryptfs_setattr,
	.listxattr = ecryptfs_listxattr,
};
