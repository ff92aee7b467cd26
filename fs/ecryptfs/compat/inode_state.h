/* SPDX-License-Identifier: GPL-2.0-or-later */
/* 6.19 made inode->i_state a struct with accessors. */
#ifndef ECRYPTFS_COMPAT_INODE_STATE_H
#define ECRYPTFS_COMPAT_INODE_STATE_H

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
#define inode_state_read_once(inode) READ_ONCE((inode)->i_state)
#endif

#endif /* ECRYPTFS_COMPAT_INODE_STATE_H */
