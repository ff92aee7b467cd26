/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dentry_open_quiet(): an open that asks no fanotify listener for permission, and
 * file_be_heard(), after which the file's changes and its close are told as any
 * other's.
 *
 * Up to 6.17 a flag of the open says so.  From 6.18 on that is a function which
 * modules can't call: listeners are asked.
 */
#ifndef ECRYPTFS_COMPAT_NONOTIFY_H
#define ECRYPTFS_COMPAT_NONOTIFY_H

#include <linux/fs.h>

static inline struct file *dentry_open_quiet(const struct path *path, int flags,
					     const struct cred *cred)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	flags |= __FMODE_NONOTIFY;
#endif
	return dentry_open(path, flags, cred);
}

static inline void file_be_heard(struct file *file)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
	file->f_mode &= ~FMODE_NONOTIFY;
#elif LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
	/* Of the two bits, one alone: permission is not asked for. */
	file->f_mode = (file->f_mode & ~FMODE_FSNOTIFY_MASK) |
		       FMODE_NONOTIFY_PERM;
#endif
}

#endif /* ECRYPTFS_COMPAT_NONOTIFY_H */
