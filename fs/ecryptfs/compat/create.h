/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ->create() lost its argument @excl in 7.x; told by the member's type.
 * CREATE_OP(fn) stands before the table, create_op(fn) in it.
 */
#ifndef ECRYPTFS_COMPAT_CREATE_H
#define ECRYPTFS_COMPAT_CREATE_H

#include <linux/fs.h>

#define CREATE_OP(fn)							\
static int __maybe_unused fn##_op(struct mnt_idmap *idmap,		\
				  struct inode *dir,			\
				  struct dentry *dentry, umode_t mode,	\
				  bool excl)				\
{									\
	return fn(idmap, dir, dentry, mode);				\
}
#define create_op(fn)							\
	__builtin_choose_expr(__builtin_types_compatible_p(		\
		typeof(((const struct inode_operations *)0)->create),		\
		typeof(fn) *), fn, fn##_op)

#endif /* ECRYPTFS_COMPAT_CREATE_H */
