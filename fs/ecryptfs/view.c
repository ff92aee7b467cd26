// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The encrypted view: regular files of a mount with ecryptfs_encrypted_view,
 * which is read-only.  A read returns a lower file that can be stored anywhere
 * and decrypted wherever the key is: the lower file as it is or, if its
 * metadata are in an attribute, a header made from that, followed by the data.
 * No key is needed.  A file that is not ours is shown as it is, too.
 */
#include <linux/bvec.h>
#include <linux/file.h>
#include <linux/filelock.h>
#include <linux/fs.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>

#include "glue.h"

/*
 * The private_data of an open file of the view; const while the file is open.
 */
struct view {
	struct file *vi_lower;
	u8 *vi_header; /* EFMT_V1_HEADER_SCAN bytes, or NULL for none */
};

/* Returns the number of bytes before the lower file's data. */
static loff_t view_start(const struct view *view)
{
	return view->vi_header ? EFMT_V1_HEADER_BYTES : 0;
}

static loff_t view_size(const struct view *view)
{
	return i_size_read(file_inode(view->vi_lower)) + view_start(view);
}

static void view_destroy(struct view *view)
{
	fput(view->vi_lower);
	kfree(view->vi_header);
	kfree(view);
}

static struct view *view_create(struct inode *inode, struct dentry *dentry)
{
	const struct ecryptfs_lower_fs *fs = ecryptfs_lower_fs(inode);
	struct view *view;
	int err;

	view = kzalloc(sizeof(*view), GFP_KERNEL);
	if (!view)
		return ERR_PTR(-ENOMEM);
	view->vi_lower = ecryptfs_lower_file_open(fs,
						  ecryptfs_dentry_lower(dentry),
						  O_RDONLY);
	if (IS_ERR(view->vi_lower)) {
		err = PTR_ERR(view->vi_lower);
		kfree(view);
		return ERR_PTR(err);
	}
	view->vi_header = kmalloc(EFMT_V1_HEADER_SCAN, GFP_KERNEL);
	err = -ENOMEM;
	if (view->vi_header)
		err = ecryptfs_meta_view_header(view->vi_lower,
						view->vi_header);
	if (err == -ENODATA) {
		kfree(view->vi_header);
		view->vi_header = NULL;
		err = 0;
	}
	if (err) {
		view_destroy(view);
		return ERR_PTR(err);
	}
	return view;
}

/* On 32 bits only one task at a time may write the size. */
static void set_size(struct inode *inode, const struct view *view)
{
	spin_lock(&inode->i_lock);
	i_size_write(inode, view_size(view));
	spin_unlock(&inode->i_lock);
}

/* Finds the size for stat().  It may change, so it is found again each time. */
int ecryptfs_view_size(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct view *view = view_create(inode, dentry);

	if (IS_ERR(view))
		return PTR_ERR(view);
	set_size(inode, view);
	view_destroy(view);
	return 0;
}

/*
 * Opens a file of the view.  Pages that an earlier opener has read may be out
 * of date, so they are dropped.
 */
static int view_open(struct inode *inode, struct file *file)
{
	struct view *view = view_create(inode, file->f_path.dentry);

	if (IS_ERR(view))
		return PTR_ERR(view);
	set_size(inode, view);
	invalidate_inode_pages2(inode->i_mapping);
	file->private_data = view;
	/* O_DIRECT is accepted, as for other files, and has no effect. */
	file->f_mode |= FMODE_CAN_ODIRECT;
	return 0;
}

static int view_release(struct inode *inode, struct file *file)
{
	view_destroy(file->private_data);
	return 0;
}

/*
 * Copies the part of [@pos, @pos + @len) that lies in the header region;
 * *done_ret is the number of bytes.
 */
static int read_header(const struct view *view, struct iov_iter *to, loff_t pos,
		       size_t len, size_t *done_ret)
{
	size_t part = 0, zeros = 0;

	*done_ret = 0;
	if (pos < EFMT_V1_HEADER_SCAN) {
		part = min_t(loff_t, len, EFMT_V1_HEADER_SCAN - pos);
		if (copy_to_iter(view->vi_header + pos, part, to) != part)
			return -EFAULT;
	}
	if (pos + part < EFMT_V1_HEADER_BYTES) {
		zeros = min_t(loff_t, len - part,
			      EFMT_V1_HEADER_BYTES - (pos + part));
		if (iov_iter_zero(zeros, to) != zeros)
			return -EFAULT;
	}
	*done_ret = part + zeros;
	return 0;
}

/*
 * Reads from @pos until @to is full or the view ends; *done_ret is the number
 * of bytes.
 */
static int view_read(const struct view *view, struct iov_iter *to, loff_t pos,
		     size_t *done_ret)
{
	size_t head = 0, rest = 0;
	int err = 0;

	if (view->vi_header && pos < EFMT_V1_HEADER_BYTES)
		err = read_header(view, to, pos, iov_iter_count(to), &head);
	if (!err && iov_iter_count(to))
		err = ecryptfs_lower_read(view->vi_lower, to,
					  pos + head - view_start(view), &rest);
	*done_ret = head + rest;
	return err;
}

static ssize_t view_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	struct file *file = iocb->ki_filp;
	size_t done;
	int err;

	if (iocb->ki_flags & IOCB_NOWAIT)
		return -EAGAIN;
	err = view_read(file->private_data, to, iocb->ki_pos, &done);
	if (err && !done)
		return err;
	iocb->ki_pos += done;
	ecryptfs_times_accessed(file);
	return done;
}

static loff_t view_llseek(struct file *file, loff_t off, int whence)
{
	return generic_file_llseek_size(file, off, whence,
					file_inode(file)->i_sb->s_maxbytes,
					view_size(file->private_data));
}

/* Reads a folio for a mapping; nothing else uses the page cache. */
static int view_read_folio(struct file *file, struct folio *folio)
{
	size_t len = folio_size(folio);
	struct iov_iter iter;
	struct bio_vec vec;
	size_t done = 0;
	int err;

	bvec_set_folio(&vec, folio, len, 0);
	iov_iter_bvec(&iter, ITER_DEST, &vec, 1, len);
	err = view_read(file->private_data, &iter, folio_pos(folio), &done);
	if (!err)
		folio_zero_segment(folio, done, len);
	folio_end_read(folio, !err);
	return err;
}

const struct address_space_operations ecryptfs_view_aops = {
	.read_folio = view_read_folio,
	.migrate_folio = filemap_migrate_folio,
};

const struct file_operations ecryptfs_view_fops = {
	.open = view_open,
	.release = view_release,
	.llseek = view_llseek,
	.read_iter = view_read_iter,
	.splice_read = copy_splice_read,
	.mmap = generic_file_readonly_mmap,
	.fsync = noop_fsync,
	.setlease = generic_setlease,
};
