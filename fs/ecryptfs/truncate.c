// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changes of a file's size.
 *
 * Format 1 has no holes: other implementations would decrypt a hole to noise.
 * So a gap is filled with encrypted zeros.
 */
#include <linux/file.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "ecryptfs.h"

#define EXTENT_BYTES EFMT_V1_EXTENT_BYTES

/*
 * Zeroes the cached tail of the extent with byte @size, which is or will be the
 * end of the file, and marks it dirty.  A reader that relies on the bytes
 * behind the end must not find old data there.
 */
static int clear_tail(struct inode *inode, loff_t size)
{
	struct folio *folio;
	size_t off, end;

	if (size % PAGE_SIZE == 0)
		return 0;
	folio = read_mapping_folio(inode->i_mapping, size >> PAGE_SHIFT, NULL);
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	folio_lock(folio);
	if (folio->mapping == inode->i_mapping) {
		folio_wait_stable(folio);
		off = offset_in_folio(folio, size);
		end = round_up(off, EXTENT_BYTES);
		folio_zero_segment(folio, off, folio_size(folio));
		if (end > off)
			ecryptfs_aops_dirty(folio, off, end);
	}
	folio_unlock(folio);
	folio_put(folio);
	return 0;
}

/*
 * Cuts off what a failed extension or write has left in the lower file behind
 * the end of the file.  If this fails, it costs space, but no data.
 */
static void cut_lower(struct inode *inode)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	u64 need = ecryptfs_meta_lower_size(&ei->ei_meta, i_size_read(inode));
	struct file *file = ecryptfs_lower_get(&ei->ei_lower, true);

	if (!file)
		return;
	if (i_size_read(file_inode(file)) > need)
		ecryptfs_lower_resize(ecryptfs_lower_fs(inode), file, need);
	fput(file);
}

/*
 * Grows the file to @size with encrypted zeros.  The caller holds the inode
 * lock, has the lower file open for writing, and has checked the limits.  After
 * a fatal signal the file may have grown to a smaller size; after any other
 * failure it has not grown.
 */
int ecryptfs_truncate_extend(struct inode *inode, loff_t size)
{
	loff_t old = i_size_read(inode);
	u64 first = DIV_ROUND_UP_ULL(old, EXTENT_BYTES);
	u64 end = DIV_ROUND_UP_ULL(size, EXTENT_BYTES);
	u64 done = 0;
	int err;

	lockdep_assert_held_write(&inode->i_rwsem);
	if (!ecryptfs_lower_has_room(ecryptfs_lower_fs(inode), size - old))
		return -ENOSPC;
	err = clear_tail(inode, old);
	if (err)
		return err;
	if (end > first)
		err = ecryptfs_aops_write_zeros(inode, first, end - first,
						&done);
	if (err == -EINTR && done)
		size = min_t(u64, size, (first + done) * EXTENT_BYTES);
	else if (err)
		size = old;
	if (err && size == old)
		cut_lower(inode);
	if (size > old) {
		i_size_write(inode, size);
		pagecache_isize_extended(inode, old, size);
		mark_inode_dirty(inode);
	}
	return err;
}

/*
 * Cuts the file to nothing, so that it becomes a new one: see
 * ecryptfs_meta_renew().  The caller holds ei_commit.
 */
static int shrink_to_nothing(struct inode *inode, struct file *lower)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct address_space *mapping = inode->i_mapping;
	int err;

	/*
	 * Pages that are written meanwhile would write the new header with
	 * them, and the cut would remove it.
	 */
	down_write(&ei->ei_writeback);
	err = ecryptfs_meta_renew(&ei->ei_meta, lower);
	if (err)
		goto out;
	filemap_invalidate_lock(mapping);
	truncate_setsize(inode, 0);
	filemap_invalidate_unlock(mapping);
	if (i_size_read(file_inode(lower)))
		err = ecryptfs_lower_resize(ecryptfs_lower_fs(inode), lower, 0);
out:
	up_write(&ei->ei_writeback);
	return err;
}

/* Cuts the file to @size and records that.  The caller holds ei_commit. */
static int shrink_to_size(struct inode *inode, loff_t size, struct file *lower)
{
	const struct ecryptfs_lower_fs *fs = ecryptfs_lower_fs(inode);
	struct address_space *mapping = inode->i_mapping;
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	u64 lower_size = ecryptfs_meta_lower_size(&ei->ei_meta, size);
	int err;

	/*
	 * The data up to the recorded size must have been written.  Errors of
	 * that are kept for those who ask for them; they do not matter to the
	 * caller.
	 */
	if (size > ecryptfs_meta_recorded_size(&ei->ei_meta)) {
		filemap_fdatawrite_range(mapping, 0, size - 1);
		filemap_fdatawait_range_keep_errors(mapping, 0, size - 1);
	}
	filemap_invalidate_lock(mapping);
	truncate_setsize(inode, size);
	filemap_invalidate_unlock(mapping);
	err = ecryptfs_meta_commit_size(&ei->ei_meta, fs, lower, size);
	/* Where overwriting takes space, cutting first may provide it. */
	if ((err == -ENOSPC || err == -EDQUOT) &&
	    !ecryptfs_lower_resize(fs, lower, lower_size))
		err = ecryptfs_meta_commit_size(&ei->ei_meta, fs, lower, size);
	if (!err && i_size_read(file_inode(lower)) > lower_size)
		err = ecryptfs_lower_resize(fs, lower, lower_size);
	return err;
}

/*
 * Gives back the space that was reserved beyond the end of the file.  A failure
 * costs space and no data.
 */
static void give_back(struct inode *inode)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct file *lower = NULL;

	if (ei->ei_reserved)
		lower = ecryptfs_lower_get(&ei->ei_lower, true);
	if (!lower)
		return;
	/* The cut must not take away what is being written. */
	down_write(&ei->ei_writeback);
	ei->ei_reserved =
		ecryptfs_lower_resize(ecryptfs_lower_fs(inode), lower,
				      i_size_read(file_inode(lower)));
	up_write(&ei->ei_writeback);
	fput(lower);
}

/*
 * Sets the size of an encrypted file and records it.  If the file is cut to
 * nothing, the next commit records it.  The caller holds the inode lock, has
 * the lower file open for writing and the metadata loaded.
 */
int ecryptfs_truncate(struct inode *inode, loff_t size)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct file *lower;
	int err, err2;

	lockdep_assert_held_write(&inode->i_rwsem);
	if (size == i_size_read(inode)) {
		give_back(inode);
		return 0;
	}
	if (size > i_size_read(inode)) {
		err = ecryptfs_truncate_extend(inode, size);
		err2 = ecryptfs_commit(inode);
		return err ?: err2;
	}
	lower = ecryptfs_lower_get(&ei->ei_lower, true);
	if (!lower)
		return -EIO;
	mutex_lock(&ei->ei_commit);
	err = size ? -EOPNOTSUPP : shrink_to_nothing(inode, lower);
	if (err == -EOPNOTSUPP)
		err = shrink_to_size(inode, size, lower);
	WRITE_ONCE(ei->ei_cut, true);
	mutex_unlock(&ei->ei_commit);
	fput(lower);
	mark_inode_dirty(inode);
	give_back(inode);
	/*
	 * Done last, because nothing here depends on the tail.  A tail that
	 * can't be read does not keep a damaged file from being cut.
	 */
	if (!err && size && clear_tail(inode, size) == 0)
		err = ecryptfs_commit(inode);
	return err;
}
