/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_touch_cmtime(): modification and change time of a file become now, also
 * for one that has FMODE_NOCMTIME.  That is file_update_time() up to 6.18, which
 * asks for the flag after that; 7.0 gave inode_update_time() other arguments.
 */
#ifndef ECRYPTFS_COMPAT_UPDATE_TIME_H
#define ECRYPTFS_COMPAT_UPDATE_TIME_H

#include <linux/fs.h>

static inline int file_touch_cmtime(struct file *file)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 19, 0)
	return file_update_time(file);
#elif LINUX_VERSION_CODE < KERNEL_VERSION(7, 0, 0)
	return inode_update_time(file_inode(file),
				 S_MTIME | S_CTIME | S_VERSION);
#else
	return inode_update_time(file_inode(file), FS_UPD_CMTIME, 0);
#endif
}

#endif /* ECRYPTFS_COMPAT_UPDATE_TIME_H */
