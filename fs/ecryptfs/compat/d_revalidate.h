/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * 6.14: ->d_revalidate() is told the parent's inode and a name that does not
 * change under it.
 *
 * D_REVALIDATE_OP(fn) stands before the table, d_revalidate_op(fn) in it;
 * call_d_revalidate() asks the dentry @lower.
 */
#ifndef ECRYPTFS_COMPAT_D_REVALIDATE_H
#define ECRYPTFS_COMPAT_D_REVALIDATE_H

#include <linux/dcache.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#define D_REVALIDATE_OP(fn)						\
static int fn##_op(struct dentry *dentry, unsigned int flags)		\
{									\
	return fn(NULL, NULL, dentry, flags);				\
}
#define d_revalidate_op(fn) fn##_op
#else
#define D_REVALIDATE_OP(fn)
#define d_revalidate_op(fn) fn
#endif

static inline int call_d_revalidate(struct inode *dir, const struct qstr *name,
				    struct dentry *lower, unsigned int flags)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
	return lower->d_op->d_revalidate(lower, flags);
#else
	return lower->d_op->d_revalidate(dir, name, lower, flags);
#endif
}

#endif /* ECRYPTFS_COMPAT_D_REVALIDATE_H */
