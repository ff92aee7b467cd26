// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Access, modification and change time: where they are kept, and when they are
 * set.
 *
 * The lower inode keeps the times.  A write() sets them there at once, though
 * its data may be written later; the writeback of these data must not change
 * the times again.  On a network filesystem the times are the server's.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>

#include "ecryptfs.h"

/*
 * Copies the lower times to the upper inode.  If the upper inode has times of
 * its own (ecryptfs_times_are_own()), this may only be called right after the
 * lower times were changed: a filesystem that ignores FMODE_NOCMTIME shows the
 * time of the writeback for a moment.
 */
void ecryptfs_times_copy(struct inode *inode)
{
	const struct inode *lower = ecryptfs_inode_lower(inode);

	inode_set_atime_to_ts(inode, inode_get_atime(lower));
	inode_set_mtime_to_ts(inode, inode_get_mtime(lower));
	inode_set_ctime_to_ts(inode, inode_get_ctime(lower));
}

/*
 * Whether the upper inode's times are valid and the lower ones may not be: see
 * ecryptfs_times_touch().
 */
bool ecryptfs_times_are_own(const struct inode *inode)
{
	return S_ISREG(inode->i_mode) && !ecryptfs_lower_fs(inode)->lf_remote &&
	       READ_ONCE(ecryptfs_inode(inode)->ei_lower.lo_writers);
}

/*
 * Sets the lower access time after a read of @file, by the rules of both
 * mounts, and copies it.
 */
void ecryptfs_times_accessed(struct file *file)
{
	struct inode *inode = file_inode(file);
	struct path lower = ecryptfs_dentry_path(file->f_path.dentry);

	if (file->f_flags & O_NOATIME || IS_RDONLY(inode) ||
	    file->f_path.mnt->mnt_flags & (MNT_NOATIME | MNT_READONLY))
		return;
	touch_atime(&lower);
	inode_set_atime_to_ts(inode,
			      inode_get_atime(ecryptfs_inode_lower(inode)));
}

/*
 * Sets the modification and change time to now, as a write() has to at once,
 * though its data may be written to the lower file later.  With @fault the
 * caller is a page fault.  A server sets the times itself when it gets the
 * data, which is before write() returns.
 */
void ecryptfs_times_touch(struct inode *inode, bool fault)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct file *lower;

	if (ecryptfs_lower_fs(inode)->lf_remote)
		return;
	lower = ecryptfs_lower_get(&ei->ei_lower, true);
	if (!lower)
		return;
	/*
	 * A page fault must not wait for the mutex: see ecryptfs_lower_touch().
	 */
	if (!fault)
		mutex_lock(&ei->ei_times);
	ecryptfs_lower_touch(lower, fault);
	ecryptfs_times_copy(inode);
	if (!fault)
		mutex_unlock(&ei->ei_times);
	fput(lower);
}

/*
 * Sets the lower modification time back to the time of the last write(), on
 * lower filesystems where writing data changes it (without lf_keeps_times).
 */
static void restore_mtime(struct inode *inode, struct file *lower)
{
	const struct ecryptfs_lower_fs *fs = ecryptfs_lower_fs(inode);
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);

	if (fs->lf_keeps_times)
		return;
	mutex_lock(&ei->ei_times);
	ecryptfs_lower_set_mtime(fs, lower, inode_get_mtime(inode));
	mutex_unlock(&ei->ei_times);
}

/*
 * To be called after data were written to @lower later than the write() that
 * has set the times.  The modification time must stay as that write() has set
 * it, but the change time must move, so that programs which look for changes by
 * time find one.  On a network filesystem the server's times stand.
 */
void ecryptfs_times_wrote_late(struct inode *inode, struct file *lower)
{
	const struct ecryptfs_lower_fs *fs = ecryptfs_lower_fs(inode);
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);

	if (READ_ONCE(ei->ei_writer) || fs->lf_remote)
		return;
	restore_mtime(inode, lower);
	/* The lower filesystem may not have changed any time. */
	ecryptfs_lower_bump_ctime(fs, lower);
	ecryptfs_lower_restamp(&ei->ei_lower, false);
}
