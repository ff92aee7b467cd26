// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Attributes: stat(), chmod(), truncate() and their like, and permission.  All but
 * the size is the lower filesystem's to keep and to decide.
 */
#include <linux/file.h>
#include <linux/fs.h>

#include "glue.h"

/*
 * Finds the size and sets it.  The caller holds lo_mutex, so that what is read
 * is not dropped meanwhile.  With O_NONBLOCK in @flags, -EAGAIN means that
 * somebody has a lease of the lower file.
 */
static int probe_size(struct inode *inode, struct dentry *dentry, int flags)
{
	const struct ecryptfs_policy *policy =
		&ecryptfs_sb(inode->i_sb)->es_config.co_policy;
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct file *file;
	u64 size;
	int err;

	lockdep_assert_held(&ei->ei_lower.lo_mutex);
	ecryptfs_lower_stamp(&ei->ei_lower, false);
	if (!ecryptfs_meta_peek(policy, ecryptfs_lower_fs(inode),
				ei->ei_lower.lo_inode, &size)) {
		ecryptfs_inode_set_size(inode, size);
		return 0;
	}
	file = ecryptfs_lower_file_open(ecryptfs_lower_fs(inode),
					ecryptfs_dentry_lower(dentry),
					O_RDONLY | flags);
	if (IS_ERR(file))
		return PTR_ERR(file);
	err = ecryptfs_meta_probe(policy, file, &size);
	/* It is not our file: show the lower size, which may still change. */
	if (err == -ENODATA)
		ecryptfs_inode_set_lower_size(inode);
	else if (!err)
		ecryptfs_inode_set_size(inode, size);
	fput(file);
	return err == -ENODATA ? 0 : err;
}

/*
 * Makes sure that i_size of a regular file is the plaintext size, by reading
 * the beginning of the lower file if that was not done before.  Needs no key.
 */
static int file_size(struct inode *inode, struct dentry *dentry)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	unsigned int tries = 0;
	int flags = O_NONBLOCK;
	int err;

	if (!S_ISREG(inode->i_mode))
		return 0;
	if (ecryptfs_sb(inode->i_sb)->es_config.co_encrypted_view)
		return ecryptfs_view_size(dentry);
	ecryptfs_inode_refresh(inode, NULL);
	if (READ_ONCE(ei->ei_plain)) {
		ecryptfs_inode_set_lower_size(inode);
		return 0;
	}
	/* Pairs with the release in ecryptfs_inode_set_size(). */
	if (smp_load_acquire(&ei->ei_sized))
		return 0;
	for (;;) {
		mutex_lock(&ei->ei_lower.lo_mutex);
		err = probe_size(inode, dentry, flags);
		mutex_unlock(&ei->ei_lower.lo_mutex);
		if (err != -EAGAIN || !flags)
			return err;
		flags = ecryptfs_lower_wait_lease(&ei->ei_lower, O_RDONLY,
						  tries++);
		if (flags < 0)
			return flags;
	}
}

/*
 * Asks the lower inode, with the caller's credentials.  When a file is opened,
 * a network filesystem leaves this check to its server, which answers the open.
 * The lower open is not made as the caller, if it is made at all, so the check
 * is made as for access().
 */
int ecryptfs_attr_permission(struct mnt_idmap *idmap, struct inode *inode,
			     int mask)
{
	if (mask & MAY_OPEN)
		mask = (mask & ~MAY_OPEN) | MAY_ACCESS;
	return inode_permission(&nop_mnt_idmap, ecryptfs_inode_lower(inode),
				mask);
}

/*
 * Copies the part of a lower stat() that is true of the upper file, too, and
 * the flags that chattr(1) sets.  Anything that lower filesystems may report in
 * the future describes their storage and not what is read here.
 */
static void stat_of(struct kstat *stat, const struct kstat *lower)
{
	const u64 attributes = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND |
			       STATX_ATTR_NODUMP | STATX_ATTR_COMPRESSED |
			       STATX_ATTR_AUTOMOUNT;

	stat->result_mask = lower->result_mask &
			    (STATX_BASIC_STATS | STATX_BTIME);
	stat->attributes = lower->attributes & attributes;
	stat->attributes_mask |= lower->attributes_mask & attributes;
	stat->mode = lower->mode;
	stat->nlink = lower->nlink;
	stat->blksize = lower->blksize;
	stat->ino = lower->ino;
	stat->rdev = lower->rdev;
	stat->uid = lower->uid;
	stat->gid = lower->gid;
	stat->size = lower->size;
	stat->atime = lower->atime;
	stat->mtime = lower->mtime;
	stat->ctime = lower->ctime;
	stat->btime = lower->btime;
	stat->blocks = lower->blocks;
}

/*
 * Finds the device number of a file whose lower file is on the device @lower.
 * One lower filesystem may show several devices, each with inode numbers of its
 * own, as btrfs does for its subvolumes.  Each of them, except for the device
 * of the lower directory, has a number of ours, or two files would look like
 * one.  The numbers are kept until the mount ends.  There are no more than
 * there have been subvolumes at a time, because the lower filesystem reuses the
 * number of a subvolume that is gone.
 */
static int device_of(struct super_block *sb, dev_t lower, dev_t *dev_ret)
{
	struct ecryptfs_sb *es = ecryptfs_sb(sb);
	dev_t dev = sb->s_dev;
	void *entry = NULL;
	int err;

	if (lower != es->es_lower_dev)
		entry = xa_load(&es->es_devs, lower);
	if (lower != es->es_lower_dev && !entry) {
		err = get_anon_bdev(&dev);
		if (err)
			return err;
		entry = xa_cmpxchg(&es->es_devs, lower, NULL, xa_mk_value(dev),
				   GFP_KERNEL);
		/* Another task was faster, or it failed. */
		if (entry)
			free_anon_bdev(dev);
		if (xa_is_err(entry))
			return xa_err(entry);
	}
	*dev_ret = entry ? (dev_t)xa_to_value(entry) : dev;
	return 0;
}

int ecryptfs_attr_get(struct mnt_idmap *idmap, const struct path *path,
		      struct kstat *stat, u32 request_mask, unsigned int flags)
{
	struct inode *inode = d_inode(path->dentry);
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct path lower = ecryptfs_dentry_path(path->dentry);
	struct kstat below;
	bool passthrough;
	int err;

	err = vfs_getattr_nosec(&lower, &below, request_mask, flags);
	if (err)
		return err;
	ecryptfs_inode_copy_attr(inode);
	stat_of(stat, &below);
	err = device_of(inode->i_sb, below.dev, &stat->dev);
	if (err)
		return err;
	if (S_ISLNK(inode->i_mode)) {
		ecryptfs_symlink_size(path->dentry);
		stat->size = i_size_read(inode);
	}
	if (!S_ISREG(inode->i_mode))
		return 0;
	/* I/O through the page cache takes any alignment. */
	if (request_mask & STATX_DIOALIGN) {
		stat->result_mask |= STATX_DIOALIGN;
		stat->dio_mem_align = 1;
		stat->dio_offset_align = 1;
	}
	/* With passthrough, a file without our metadata is a plaintext file. */
	passthrough = ecryptfs_sb(inode->i_sb)->es_config.co_passthrough;
	if (request_mask & STATX_SIZE || passthrough) {
		err = file_size(inode, path->dentry);
		/*
		 * Only the owner may read it on the server: show the lower
		 * size.
		 */
		if (err && err != -EACCES)
			return err;
		if (!err)
			stat->size = i_size_read(inode);
	} else {
		stat->result_mask &= ~STATX_SIZE;
	}
	if (!passthrough || (READ_ONCE(ei->ei_sized) && !READ_ONCE(ei->ei_plain)))
		stat->attributes |= STATX_ATTR_ENCRYPTED;
	else
		stat->attributes &= ~STATX_ATTR_ENCRYPTED;
	stat->attributes_mask |= STATX_ATTR_ENCRYPTED;
	if (ecryptfs_times_are_own(inode))
		stat->mtime = inode_get_mtime(inode);
	return 0;
}

/*
 * Changes the size of a file, which need not be open.  If *plain_ret becomes
 * true it is a plaintext file, whose size is the lower one, and nothing was
 * done.
 */
static int setattr_size(struct dentry *dentry, const struct iattr *attr,
			bool *plain_ret)
{
	struct inode *inode = d_inode(dentry);
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	loff_t size = attr->ia_size;
	int err;

	err = ecryptfs_lower_open(&ei->ei_lower, ecryptfs_lower_fs(inode),
				  ecryptfs_dentry_lower(dentry), true, false);
	if (err)
		return err;
	err = ecryptfs_inode_load(inode, true, !size, plain_ret);
	if (!err)
		err = inode_newsize_ok(inode, size);
	if (!err)
		err = ecryptfs_truncate(inode, size);
	/* If the file is open, its close commits. */
	if (!err && !(attr->ia_valid & ATTR_FILE))
		err = ecryptfs_commit(inode);
	ecryptfs_commit_close(inode, true);
	return err;
}

/*
 * Changes attributes.  The lower filesystem decides about everything but the
 * size, and keeps it.  Neither the key nor the content is needed for that.
 */
int ecryptfs_attr_set(struct mnt_idmap *idmap, struct dentry *dentry,
		      struct iattr *attr)
{
	struct inode *inode = d_inode(dentry);
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct iattr lower_attr = *attr;
	bool plain = false;
	loff_t old = 0;
	int err = 0;

	ecryptfs_inode_refresh(inode, dentry);
	/* The limits on a new size depend on the old one. */
	if (attr->ia_valid & ATTR_SIZE) {
		err = file_size(inode, dentry);
		old = i_size_read(inode);
	}
	if (err)
		return err;
	/* The lower filesystem removes capabilities itself. */
	attr->ia_valid &= ~ATTR_KILL_PRIV;
	err = setattr_prepare(&nop_mnt_idmap, dentry, attr);
	if (err)
		return err;
	if (attr->ia_valid & ATTR_SIZE) {
		/*
		 * Whether an open file is a plaintext file was decided at its
		 * open.
		 */
		plain = attr->ia_valid & ATTR_FILE &&
			attr->ia_file->f_op == &ecryptfs_passthrough_fops;
		if (!plain)
			err = setattr_size(dentry, attr, &plain);
		if (err && !plain)
			return err;
		if (!plain)
			lower_attr.ia_valid &= ~ATTR_SIZE;
		if (old != attr->ia_size)
			lower_attr.ia_valid |= ATTR_MTIME | ATTR_CTIME;
	} else if (S_ISREG(inode->i_mode) &&
		   (attr->ia_valid & (ATTR_MTIME_SET | ATTR_ATIME_SET |
				      ATTR_MODE | ATTR_UID | ATTR_GID))) {
		/*
		 * Earlier writes have to reach the lower file first: there,
		 * writing data removes set-id bits and may set the time.
		 */
		err = ecryptfs_commit(inode);
		if (err)
			return err;
	}
	lower_attr.ia_valid &= ~(ATTR_FILE | ATTR_OPEN);
	/* The lower filesystem works out the mode itself. */
	if (lower_attr.ia_valid & (ATTR_KILL_SUID | ATTR_KILL_SGID))
		lower_attr.ia_valid &= ~ATTR_MODE;
	mutex_lock(&ei->ei_times);
	if (lower_attr.ia_valid & ~(ATTR_FORCE | ATTR_TOUCH | ATTR_TIMES_SET))
		err = ecryptfs_lower_setattr(ecryptfs_lower_fs(inode),
					     ecryptfs_dentry_lower(dentry),
					     &lower_attr);
	ecryptfs_lower_restamp(&ei->ei_lower, attr->ia_valid &
					      (ATTR_MTIME | ATTR_SIZE));
	ecryptfs_inode_copy_locked(inode);
	ecryptfs_times_copy(inode);
	mutex_unlock(&ei->ei_times);
	return err;
}

const struct inode_operations ecryptfs_attr_file_iops = {
	.permission = ecryptfs_attr_permission,
	.getattr = ecryptfs_attr_get,
	.setattr = ecryptfs_attr_set,
	.listxattr = ecryptfs_xattr_list,
	.get_inode_acl = ecryptfs_xattr_get_inode_acl,
	.get_acl = ecryptfs_xattr_get_acl,
	.set_acl = ecryptfs_xattr_set_acl,
	.fileattr_get = ecryptfs_ioctl_fileattr_get,
	.fileattr_set = ecryptfs_ioctl_fileattr_set,
	.fiemap = ecryptfs_fiemap,
};

const struct inode_operations ecryptfs_attr_special_iops = {
	.permission = ecryptfs_attr_permission,
	.getattr = ecryptfs_attr_get,
	.setattr = ecryptfs_attr_set,
	.listxattr = ecryptfs_xattr_list,
	.get_inode_acl = ecryptfs_xattr_get_inode_acl,
	.get_acl = ecryptfs_xattr_get_acl,
	.set_acl = ecryptfs_xattr_set_acl,
};

const struct inode_operations ecryptfs_attr_symlink_iops = {
	.get_link = ecryptfs_symlink_get_link,
	.permission = ecryptfs_attr_permission,
	.getattr = ecryptfs_attr_get,
	.setattr = ecryptfs_attr_set,
	.listxattr = ecryptfs_xattr_list,
	.get_inode_acl = ecryptfs_xattr_get_inode_acl,
};
