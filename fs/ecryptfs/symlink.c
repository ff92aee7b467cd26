// SPDX-License-Identifier: GPL-2.0-or-later
/* Symbolic links: the target is the lower link's, decrypted if names are. */
#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/slab.h>

#include "glue.h"

/* Decrypts a lower target; @done frees the result. */
static const char *decrypt_target(struct inode *inode, const char *lower,
				  struct delayed_call *done)
{
	size_t len = strlen(lower);
	char *buf = kmalloc(len + 1, GFP_KERNEL);
	int err;

	if (!buf)
		return ERR_PTR(-ENOMEM);
	err = ecryptfs_name_decrypt_target(ecryptfs_sb(inode->i_sb), lower, len,
					   buf, &len);
	if (err) {
		kfree(buf);
		return ERR_PTR(err);
	}
	buf[len] = '\0';
	ecryptfs_inode_set_size(inode, len);
	set_delayed_call(done, kfree_link, buf);
	return buf;
}

static const char *read_target(struct inode *inode, struct dentry *lower,
			       struct delayed_call *done)
{
	DEFINE_DELAYED_CALL(lower_done);
	const char *target;

	if (!ecryptfs_sb(inode->i_sb)->es_names)
		return vfs_get_link(lower, done);
	target = vfs_get_link(lower, &lower_done);
	if (!IS_ERR(target))
		target = decrypt_target(inode, target, done);
	do_delayed_call(&lower_done);
	return target;
}

const char *ecryptfs_symlink_get_link(struct dentry *dentry,
				      struct inode *inode,
				      struct delayed_call *done)
{
	struct path lower;
	const char *target;

	if (!dentry)
		return ERR_PTR(-ECHILD);
	lower = ecryptfs_dentry_path(dentry);
	target = read_target(inode, lower.dentry, done);
	/* The mount that it was read through is not known here. */
	if (!IS_ERR(target) && !IS_NOATIME(inode)) {
		touch_atime(&lower);
		inode_set_atime_to_ts(inode,
				      inode_get_atime(d_inode(lower.dentry)));
	}
	return target;
}

/*
 * Makes sure that i_size is the length of the decrypted target, if that can be
 * known.  A target that can't be read keeps its lower length, so that the link
 * can be looked at and removed.
 */
void ecryptfs_symlink_size(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	DEFINE_DELAYED_CALL(done);

	if (!ecryptfs_sb(inode->i_sb)->es_names ||
	    ecryptfs_inode(inode)->ei_sized)
		return;
	read_target(inode, ecryptfs_dentry_lower(dentry), &done);
	do_delayed_call(&done);
}
