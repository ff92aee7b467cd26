/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 6.17 put the superblock's dentry operations behind a function. */
#ifndef ECRYPTFS_COMPAT_DEFAULT_D_OP_H
#define ECRYPTFS_COMPAT_DEFAULT_D_OP_H

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 17, 0)
#define set_default_d_op(sb, ops) ((sb)->s_d_op = (ops))
#endif

#endif /* ECRYPTFS_COMPAT_DEFAULT_D_OP_H */
