// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Access, modification and change time: whose count, and when they are set.
 *
 * The lower inode keeps the times.  A write() sets them there at once, though its
 * data may go down later; the writeback of these must not change them again.  On a
 * network filesystem the server's times stand.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mount.h>

#include "ecryptfs.h"

/*
 * Copies the lower times.  For a file with times of its own call it only right
 * after having changed the lower ones: a filesystem that ignores FMODE_NOCMTIME
 * shows the time of the writeback for a moment.
 */
void ecryptfs_times_copy(struct inode *inode)
{
	const struct inode *lower = ecryptfs_inode_lower(inode);

	inode_set_atime_to_ts(inode, inode_get_atime(lower));
	inode_set_mtime_to_ts(inode, inode_get_mtime(lower));
	inode_set_ctime_to_ts(inode, inode_get_ctime(lower));
}

/* Whether the times above are those that count: see ecryptfs_times_touch(). */
bool ecryptfs_times_are_own(const struct inode *inode)
{
	return S_ISREG(inode->i_mode) && !ecryptfs_lower_fs(inode)->lf_remote &&
	       READ_ONCE(ecryptfs_inode(inode)->ei_lower.lo_writers);
}

/* Reading is an access below, by the lower mount's rules. */
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
 * The time of a write is now; the data may go down later.  A server sets it when
 * it gets them, which is before write() returns.
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
	/* A fault can't wait for the mutex: see ecryptfs_lower_touch(). */
	if (!fault)
		mutex_lock(&ei->ei_times);
	ecryptfs_lower_touch(lower, fault);
	ecryptfs_times_copy(inode);
	if (!fault)
		mutex_unlock(&ei->ei_times);
	fput(lower);
}

/*
 * Where the modification time can't be kept from changing with each write of
 * data (lf_keeps_times), writeback puts back that of the last write() above.
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
 * After data went down later than the write() that has set the times: whoever
 * looks for changes by time has to find one.  The modification time stays.  On a
 * network filesystem the server's times stand.
 */
void ecryptfs_times_wrote_late(struct inode *inode, struct file *lower)
{
	const struct ecryptfs_lower_fs *fs = ecryptfs_lower_fs(inode);
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);

	if (READ_ONCE(ei->ei_writer) || fs->lf_remote)
		return;
	restore_mtime(inode, lower);
	/* A lower filesystem may have kept its times from changing after all. */
	ecryptfs_lower_bump_ctime(fs, lower);
	ecryptfs_lower_restamp(&ei->ei_lower, false);
}
