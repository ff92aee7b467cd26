// SPDX-License-Identifier: GPL-2.0-or-later
/* Control calls that the lower filesystem answers. */
#include <linux/compat.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fileattr.h>
#include <linux/mount.h>

#include "glue.h"

/*
 * Returns the open lower file of an open file of any kind, with a reference;
 * NULL if there is none.
 */
static struct file *lower_file_get(struct file *file)
{
	struct inode *inode = file_inode(file);

	if (ecryptfs_file_lower(file))
		return get_file(ecryptfs_file_lower(file));
	return ecryptfs_lower_get(&ecryptfs_inode(inode)->ei_lower, false);
}

/* vfs_ioctl() is not exported by every kernel. */
static long lower_ioctl(struct file *lower, unsigned int cmd, unsigned long arg)
{
	long ret = -ENOTTY;

	if (lower->f_op->unlocked_ioctl)
		ret = lower->f_op->unlocked_ioctl(lower, cmd, arg);
	return ret == -ENOIOCTLCMD ? -ENOTTY : ret;
}

long ecryptfs_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct file *lower;
	long ret;

	switch (cmd) {
	case FS_IOC_GETVERSION:
	case FS_IOC_SETVERSION:
	case FITRIM:
		break;
	default:
		return -ENOTTY;
	}
	lower = lower_file_get(file);
	if (!lower)
		return -ENOTTY;
	ret = cmd == FS_IOC_GETVERSION ? 0 : mnt_want_write_file(file);
	if (!ret) {
		ret = lower_ioctl(lower, cmd, arg);
		if (cmd != FS_IOC_GETVERSION)
			mnt_drop_write_file(file);
	}
	fput(lower);
	ecryptfs_inode_copy_attr(file_inode(file));
	return ret;
}

#ifdef CONFIG_COMPAT
/* Translates the two calls that have other numbers for 32-bit programs. */
long ecryptfs_ioctl_compat(struct file *file, unsigned int cmd,
			   unsigned long arg)
{
	switch (cmd) {
	case FS_IOC32_GETVERSION:
		cmd = FS_IOC_GETVERSION;
		break;
	case FS_IOC32_SETVERSION:
		cmd = FS_IOC_SETVERSION;
		break;
	}
	return ecryptfs_ioctl(file, cmd, (unsigned long)compat_ptr(arg));
}
#endif

int ecryptfs_ioctl_fileattr_get(struct dentry *dentry, struct file_kattr *fa)
{
	return vfs_fileattr_get(ecryptfs_dentry_lower(dentry), fa);
}

int ecryptfs_ioctl_fileattr_set(struct mnt_idmap *idmap, struct dentry *dentry,
				struct file_kattr *fa)
{
	struct inode *inode = d_inode(dentry);
	int err = 0;

	/* Earlier writes go first: the flag may forbid them below. */
	if (S_ISREG(inode->i_mode))
		err = ecryptfs_commit(inode);
	if (err)
		return err;
	err = ecryptfs_lower_fileattr_set(ecryptfs_lower_fs(inode),
					  ecryptfs_dentry_lower(dentry), fa);
	ecryptfs_inode_changed(inode);
	return err;
}
