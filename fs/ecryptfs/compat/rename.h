/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 6.19: start_renaming_two_dentries() and end_renaming() lock and unlock for
 * vfs_rename(), and check what lock_rename(), gone in 7.x, left to its callers.
 * Written after their kernel-doc, with the struct renamedata of 6.18.
 */
#ifndef ECRYPTFS_COMPAT_RENAME_H
#define ECRYPTFS_COMPAT_RENAME_H

#include <linux/fs.h>
#include <linux/namei.h>

#include "delegation.h"

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
struct compat_renamedata {
	struct mnt_idmap *mnt_idmap;
	struct dentry *old_parent;
	struct dentry *old_dentry;
	struct dentry *new_parent;
	struct dentry *new_dentry;
	struct delegated_inode *delegated_inode;
	unsigned int flags;
};

static inline int compat_start_renaming(struct compat_renamedata *rd,
					struct dentry *old, struct dentry *new)
{
	struct dentry *trap = lock_rename(rd->old_parent, rd->new_parent);
	int err = 0;

	if (IS_ERR(trap))
		return PTR_ERR(trap);
	if (d_unhashed(old) || old->d_parent != rd->old_parent ||
	    d_unhashed(new) || new->d_parent != rd->new_parent ||
	    old == trap)
		err = -EINVAL;
	else if (new == trap)
		err = -ENOTEMPTY;
	else if (d_is_positive(new) && rd->flags & RENAME_NOREPLACE)
		err = -EEXIST;
	if (err) {
		unlock_rename(rd->old_parent, rd->new_parent);
		return err;
	}
	rd->old_dentry = dget(old);
	rd->new_dentry = dget(new);
	return 0;
}

static inline void compat_end_renaming(struct compat_renamedata *rd)
{
	unlock_rename(rd->old_parent, rd->new_parent);
	dput(rd->old_dentry);
	dput(rd->new_dentry);
}

static inline int compat_vfs_rename(struct compat_renamedata *rd)
{
	struct renamedata kernels = {
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
		.old_mnt_idmap = rd->mnt_idmap,
		.old_dir = d_inode(rd->old_parent),
		.new_mnt_idmap = rd->mnt_idmap,
		.new_dir = d_inode(rd->new_parent),
#else
		.mnt_idmap = rd->mnt_idmap,
		.old_parent = rd->old_parent,
		.new_parent = rd->new_parent,
#endif
		.old_dentry = rd->old_dentry,
		.new_dentry = rd->new_dentry,
		.delegated_inode = compat_delegated(rd->delegated_inode),
		.flags = rd->flags,
	};

	return vfs_rename(&kernels);
}

#define renamedata compat_renamedata
#define start_renaming_two_dentries(rd, old, new) \
	compat_start_renaming(rd, old, new)
#define end_renaming(rd) compat_end_renaming(rd)
#define vfs_rename(rd) compat_vfs_rename(rd)
#endif

#endif /* ECRYPTFS_COMPAT_RENAME_H */
