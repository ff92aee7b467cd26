/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 6.18 renamed generic_drop_inode(). */
#ifndef ECRYPTFS_COMPAT_DROP_INODE_H
#define ECRYPTFS_COMPAT_DROP_INODE_H

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define inode_generic_drop(inode) generic_drop_inode(inode)
#endif

#endif /* ECRYPTFS_COMPAT_DROP_INODE_H */
