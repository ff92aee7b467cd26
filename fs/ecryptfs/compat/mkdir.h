/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 6.15: ->mkdir() and vfs_mkdir() return a dentry.  MKDIR_OP(fn) stands before
 * the table, mkdir_op(fn) in it.
 *
 * 6.19: vfs_mkdir() takes a reference to the dentry over, and when it fails it
 * has dropped that and unlocked the parent.
 */
#ifndef ECRYPTFS_COMPAT_MKDIR_H
#define ECRYPTFS_COMPAT_MKDIR_H

#include <linux/fs.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
#define MKDIR_OP(fn)							\
static int fn##_op(struct mnt_idmap *idmap, struct inode *dir,		\
		   struct dentry *dentry, umode_t mode)			\
{									\
	struct dentry *made = fn(idmap, dir, dentry, mode);		\
									\
	if (IS_ERR(made))						\
		return PTR_ERR(made);					\
	/* Another dentry than that given can't be told: it is left. */	\
	dput(made);							\
	return 0;							\
}
#define mkdir_op(fn) fn##_op
#else
#define MKDIR_OP(fn)
#define mkdir_op(fn) fn
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define vfs_mkdir(idmap, dir, dentry, mode, delegated) \
	compat_vfs_mkdir(idmap, dir, dentry, mode)

static inline struct dentry *compat_vfs_mkdir(struct mnt_idmap *idmap,
					      struct inode *dir,
					      struct dentry *dentry,
					      umode_t mode)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
	int err = (vfs_mkdir)(idmap, dir, dentry, mode);

	if (!err)
		return dentry;
	dput(dentry);
	dentry = ERR_PTR(err);
#else
	dentry = (vfs_mkdir)(idmap, dir, dentry, mode);
#endif
	if (IS_ERR(dentry))
		inode_unlock(dir);
	return dentry;
}
#endif

#endif /* ECRYPTFS_COMPAT_MKDIR_H */
