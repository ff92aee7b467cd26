/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 6.19: an inode whose delegation has to be broken travels in a struct, and
 * what changes a directory breaks those of the directory, too.  There is no
 * directory delegation before, so what takes none gets none.
 */
#ifndef ECRYPTFS_COMPAT_DELEGATION_H
#define ECRYPTFS_COMPAT_DELEGATION_H

#include <linux/filelock.h>
#include <linux/fs.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
struct delegated_inode {
	struct inode *di_inode;
};

static inline bool is_delegated(const struct delegated_inode *di)
{
	return di->di_inode;
}

static inline int compat_break_deleg_wait(struct delegated_inode *di)
{
	return break_deleg_wait(&di->di_inode);
}

static inline int compat_vfs_create(struct mnt_idmap *idmap,
				    struct dentry *dentry, umode_t mode)
{
	return vfs_create(idmap, d_inode(dentry->d_parent), dentry, mode, true);
}

/* NULL: do not wait, fail with -EWOULDBLOCK. */
static inline struct inode **compat_delegated(struct delegated_inode *di)
{
	return di ? &di->di_inode : NULL;
}

#define break_deleg_wait(di) compat_break_deleg_wait(di)
#define vfs_create(idmap, dentry, mode, delegated) \
	compat_vfs_create(idmap, dentry, mode)
#define vfs_mknod(idmap, dir, dentry, mode, dev, delegated) \
	((vfs_mknod)(idmap, dir, dentry, mode, dev))
#define vfs_symlink(idmap, dir, dentry, target, delegated) \
	((vfs_symlink)(idmap, dir, dentry, target))
#define vfs_rmdir(idmap, dir, dentry, delegated) \
	((vfs_rmdir)(idmap, dir, dentry))
#define vfs_link(old, idmap, dir, dentry, delegated) \
	((vfs_link)(old, idmap, dir, dentry, compat_delegated(delegated)))
#define vfs_unlink(idmap, dir, dentry, delegated) \
	((vfs_unlink)(idmap, dir, dentry, compat_delegated(delegated)))
#define notify_change(idmap, dentry, attr, delegated) \
	((notify_change)(idmap, dentry, attr, compat_delegated(delegated)))
#endif

#endif /* ECRYPTFS_COMPAT_DELEGATION_H */
