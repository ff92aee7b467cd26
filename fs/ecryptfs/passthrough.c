// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Plaintext passthrough: open files whose lower file has no metadata of ours,
 * or none that can be unlocked, on a mount with ecryptfs_passthrough.  Reads
 * and writes use the lower file's content as it is, in the lower file's page
 * cache; the upper page cache stays empty.
 *
 * Whether a file is one of these is decided at each open, and stays so for that
 * open file: see ecryptfs_open().
 */
#include <linux/backing-file.h>
#include <linux/falloc.h>
#include <linux/file.h>
#include <linux/filelock.h>
#include <linux/fs.h>
#include <linux/splice.h>

#include "glue.h"

static struct backing_file_ctx backing_context(struct file *file)
{
	return (struct backing_file_ctx){
		.cred = ecryptfs_file_lower(file)->f_cred,
	};
}

/* Copies the size, too, because the VFS uses it in some places. */
static void copy_attr(struct inode *inode)
{
	ecryptfs_inode_copy_attr(inode);
	ecryptfs_inode_set_lower_size(inode);
}

/*
 * Turns an upper file that is being opened into a plaintext file.  Its release
 * puts the references that are taken here.
 */
int ecryptfs_passthrough_open(struct inode *inode, struct file *file)
{
	const struct ecryptfs_lower_fs *fs = ecryptfs_lower_fs(inode);
	struct path path = ecryptfs_dentry_path(file->f_path.dentry);
	int flags = file->f_flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC |
				      O_DIRECT | O_APPEND);
	struct file *lower;

	lower = backing_file_open(file, flags | O_NOATIME, &path, fs->lf_cred);
	/* As in ecryptfs_lower_file_open(). */
	if (IS_ERR(lower) &&
	    (PTR_ERR(lower) == -EACCES || PTR_ERR(lower) == -EPERM))
		lower = backing_file_open(file, flags, &path, current_cred());
	if (IS_ERR(lower))
		return PTR_ERR(lower);
	file->private_data = lower;
	file->f_op = &ecryptfs_passthrough_fops;
	/*
	 * O_DIRECT is accepted and uses the page cache, as for encrypted files.
	 */
	file->f_mode |= FMODE_CAN_ODIRECT;
	spin_lock(&inode->i_lock);
	if (!ecryptfs_inode(inode)->ei_loaded)
		WRITE_ONCE(ecryptfs_inode(inode)->ei_plain, true);
	spin_unlock(&inode->i_lock);
	copy_attr(inode);
	return 0;
}

static int plain_release(struct inode *inode, struct file *file)
{
	fput(ecryptfs_file_lower(file));
	return 0;
}

static ssize_t plain_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *file = iocb->ki_filp;
	struct backing_file_ctx ctx = backing_context(file);
	ssize_t ret;

	iocb->ki_flags &= ~IOCB_DIRECT;
	ret = backing_file_read_iter(ecryptfs_file_lower(file), to, iocb,
				     iocb->ki_flags, &ctx);
	if (ret >= 0)
		ecryptfs_times_accessed(file);
	return ret;
}

static ssize_t plain_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct file *file = iocb->ki_filp;
	struct backing_file_ctx ctx = backing_context(file);
	struct inode *inode = file_inode(file);
	ssize_t ret;

	iocb->ki_flags &= ~IOCB_DIRECT;
	inode_lock(inode);
	ecryptfs_inode_copy_privs(inode);
	ret = backing_file_write_iter(ecryptfs_file_lower(file), from, iocb,
				      iocb->ki_flags, &ctx);
	copy_attr(inode);
	inode_unlock(inode);
	return ret;
}

static ssize_t plain_splice_read(struct file *file, loff_t *pos,
				 struct pipe_inode_info *pipe, size_t len,
				 unsigned int flags)
{
	struct backing_file_ctx ctx = backing_context(file);
	struct kiocb iocb;
	ssize_t ret;

	init_sync_kiocb(&iocb, file);
	iocb.ki_pos = *pos;
	ret = backing_file_splice_read(ecryptfs_file_lower(file), &iocb, pipe,
				       len, flags, &ctx);
	*pos = iocb.ki_pos;
	if (ret >= 0)
		ecryptfs_times_accessed(file);
	return ret;
}

static int plain_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct backing_file_ctx ctx = backing_context(file);

	ecryptfs_times_accessed(file);
	return backing_file_mmap(ecryptfs_file_lower(file), vma, &ctx);
}

static loff_t plain_llseek(struct file *file, loff_t off, int whence)
{
	struct inode *inode = file_inode(file);
	loff_t max = inode->i_sb->s_maxbytes;
	loff_t pos;

	if (whence != SEEK_DATA && whence != SEEK_HOLE)
		return generic_file_llseek_size(file, off, whence, max,
						i_size_read(ecryptfs_inode_lower(inode)));
	pos = vfs_llseek(ecryptfs_file_lower(file), off, whence);
	return pos < 0 ? pos : vfs_setpos(file, pos, max);
}

static int plain_fsync(struct file *file, loff_t start, loff_t end,
		       int datasync)
{
	return vfs_fsync_range(ecryptfs_file_lower(file), start, end, datasync);
}

/* Calls the lower ->flush(), which may report an error. */
static int plain_flush(struct file *file, fl_owner_t id)
{
	return ecryptfs_lower_flush(ecryptfs_file_lower(file), id);
}

static int plain_fadvise(struct file *file, loff_t off, loff_t len, int advice)
{
	return vfs_fadvise(ecryptfs_file_lower(file), off, len, advice);
}

static long plain_fallocate(struct file *file, int mode, loff_t off, loff_t len)
{
	struct inode *inode = file_inode(file);
	int err;

	inode_lock(inode);
	ecryptfs_inode_copy_privs(inode);
	err = file_remove_privs(file);
	if (!err)
		err = vfs_fallocate(ecryptfs_file_lower(file), mode, off, len);
	copy_attr(inode);
	inode_unlock(inode);
	return err;
}

/* Has no owner, like ecryptfs_file_fops, which it replaces. */
const struct file_operations ecryptfs_passthrough_fops = {
	.flush = plain_flush,
	.release = plain_release,
	.llseek = plain_llseek,
	.read_iter = plain_read_iter,
	.write_iter = plain_write_iter,
	.splice_read = plain_splice_read,
	/*
	 * Goes through ->write_iter, piece by piece.  A splice into the lower
	 * file would wait for the pipe while it keeps the lower filesystem from
	 * being frozen.  The task that holds the pipe may be faulting in a page
	 * of one of our files, whose commit waits for the freeze protection.
	 */
	.splice_write = iter_file_splice_write,
	.mmap = plain_mmap,
	.fsync = plain_fsync,
	.fallocate = plain_fallocate,
	.fadvise = plain_fadvise,
	.setlease = generic_setlease,
	.unlocked_ioctl = ecryptfs_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};
