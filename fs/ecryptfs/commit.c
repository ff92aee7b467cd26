// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The rule of durability, and what keeps it: when data and size go down, and
 * when the lower file may be closed.
 *
 * THE RULE
 *
 * What a program has synced (fsync, fdatasync, O_SYNC, msync, syncfs, sync) is
 * there after any crash.
 *
 * What it has not synced is there, or absent, or as it was before, as the lower
 * filesystem alone would have it.  A new file may be absent or empty.  A file
 * that was replaced by a rename, or truncated and written again, is old or new
 * where the lower filesystem promises that.
 *
 * No crash and no full disk leaves something that can't be truncated, replaced
 * or removed.  A lower file of no byte, or of nothing but zeros, is an empty
 * file.  One that lost data which were never synced is as long as what is left
 * (surviving_size() in meta.c).  One whose header alone was lost fails to open
 * with a message that says so, and can be truncated.
 *
 * write() itself fails where there is no space.  Nothing else waits for a disk
 * unless a program asked for that.
 *
 * HOW IT IS KEPT
 *
 * write() passes down what needs new space before it returns, so that the lower
 * filesystem's own answer is the answer (ecryptfs_write_iter()).  What overwrites
 * bytes that have their space stays dirty above until the next commit: close(),
 * fsync(), the flusher.  A commit writes dirty pages into the lower page cache
 * first, and then the size if it is another; fsync() ends in one sync of the lower
 * file, which has both.
 *
 * A new file has no byte below until its first data, which go down in one write
 * with its header: the lower filesystem allocates and orders the two together.
 * A file that is truncated to nothing is new in that sense.
 *
 * The lower file is complete, and decrypts with other implementations, after each
 * close() of a file that was open for writing; for a file that was made without
 * being opened, after the next sync or the flusher's next round.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/pagemap.h>
#include <linux/sizes.h>
#include <linux/writeback.h>

#include "ecryptfs.h"

/*
 * The lower page cache of a file is dropped when its pages have been written to
 * disk, if it has at least this many: a small file is not worth the walk.
 */
#define DROP_PAGES (SZ_256K / PAGE_SIZE)

/* Whether pages of the file are dirty or under writeback. */
static bool has_dirty_pages(const struct inode *inode)
{
	return mapping_tagged(inode->i_mapping, PAGECACHE_TAG_DIRTY) ||
	       mapping_tagged(inode->i_mapping, PAGECACHE_TAG_WRITEBACK);
}

/*
 * Whether something of the file exists only in memory: data, the size, or the
 * header of a new file.
 */
static bool has_unwritten(struct inode *inode)
{
	struct ecryptfs_meta *meta = &ecryptfs_inode(inode)->ei_meta;

	if (!S_ISREG(inode->i_mode) || !ecryptfs_meta_ready(meta))
		return false;
	return has_dirty_pages(inode) ||
	       !ecryptfs_meta_is_recorded(meta, i_size_read(inode));
}

/*
 * Whether dropping the cached part of a file would lose data.  The header of a
 * new file does not count: without it, the file is an empty one.
 */
bool ecryptfs_commit_has_unwritten_data(struct inode *inode)
{
	struct ecryptfs_meta *meta = &ecryptfs_inode(inode)->ei_meta;

	if (!S_ISREG(inode->i_mode) || !ecryptfs_meta_ready(meta))
		return false;
	return has_dirty_pages(inode) ||
	       ecryptfs_meta_recorded_size(meta) != i_size_read(inode);
}

/*
 * Writes all dirty pages to the lower file and waits for those that others are
 * writing.  Returns only errors that happened during the call: fsync() reports
 * older ones to everyone who had the file open.
 */
static int write_down(struct address_space *mapping)
{
	errseq_t before = READ_ONCE(mapping->wb_err);
	int err = filemap_fdatawrite(mapping);

	filemap_fdatawait_keep_errors(mapping);
	return err ?: errseq_check(&mapping->wb_err, before);
}

/*
 * Commits a file whose lower file @lower is open for writing; the caller holds
 * ei_commit.
 */
static int commit_locked(struct inode *inode, struct file *lower)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	loff_t size = i_size_read(inode);
	int err, err2;

	/* All data below this size are dirty or were written. */
	err = write_down(inode->i_mapping);
	if (ecryptfs_may_retry(err) || !ecryptfs_meta_ready(&ei->ei_meta))
		return err;
	/*
	 * A page that the lower filesystem refused is reported, but is no
	 * reason to lose all others.  Pages that are still dirty are.
	 */
	if (!ecryptfs_meta_is_recorded(&ei->ei_meta, size) ||
	    READ_ONCE(ei->ei_meta.me_size_wrong)) {
		err2 = ecryptfs_meta_commit_size(&ei->ei_meta,
						 ecryptfs_lower_fs(inode),
						 lower, size);
		/* An empty file without its header is an empty file, too. */
		WRITE_ONCE(ei->ei_meta.me_refused,
			   (err2 == -ENOSPC || err2 == -EDQUOT) && !size &&
				   ecryptfs_meta_is_new(&ei->ei_meta));
		if (ei->ei_meta.me_refused)
			return err;
		if (err2 && !ecryptfs_may_retry(err2) &&
		    !ecryptfs_is_told(inode, err2))
			mapping_set_error(inode->i_mapping, err2);
		err = err ?: err2;
		ecryptfs_times_wrote_late(inode, lower);
	}
	return err;
}

/*
 * Passes everything that was written to the lower file: dirty pages, the size,
 * and the header of a new file.  Does not wait for its disk, and does nothing
 * if nothing is to be written.  The caller holds no folio lock.
 *
 * -EIO: something is to be written, and no lower file can take it.  -EAGAIN:
 * data are to be written, and somebody has a lease of the lower file, which is
 * not waited for.  The header of a new file alone causes no such error: without
 * it, the file is an empty one.
 */
int ecryptfs_commit(struct inode *inode)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct file *lower;
	int err;

	if (has_unwritten(inode))
		lower = ecryptfs_lower_get_writable(&ei->ei_lower,
						    ecryptfs_lower_fs(inode));
	else if (READ_ONCE(ei->ei_meta.me_size_wrong))
		lower = ecryptfs_lower_get(&ei->ei_lower, true);
	else
		lower = NULL;
	/* Only writers correct the size in a header. */
	if (!lower)
		return 0;
	if (IS_ERR(lower)) {
		err = PTR_ERR(lower);
		/* What can be tried again is still in memory. */
		if (ecryptfs_may_retry(err))
			return ecryptfs_commit_has_unwritten_data(inode) ?
				       err :
				       0;
		mapping_set_error(inode->i_mapping, err);
		return err;
	}
	mutex_lock(&ei->ei_commit);
	err = commit_locked(inode, lower);
	mutex_unlock(&ei->ei_commit);
	fput(lower);
	return err;
}

/*
 * To be called before another file's name is given to this one.  What a crash
 * leaves of it must not be less than the file that had the name before.  So its
 * data are passed down and their writeback is started, and if the header is not
 * written together with them, it is waited for.
 */
int ecryptfs_commit_to_replace(struct inode *inode)
{
	struct inode *lower = ecryptfs_inode_lower(inode);
	int err;

	if (!S_ISREG(inode->i_mode))
		return 0;
	err = ecryptfs_commit(inode);
	if (!err && ecryptfs_lower_is_dirty(lower))
		ecryptfs_lower_start_replacing(lower);
	return err;
}

/*
 * Remembers the lower file as what we have written, unless its modification
 * time is not the one that we have set: then the next open has to find out who
 * has changed it.  The next open finds out on a network filesystem, too, where
 * we can't compare the times.
 */
static void stamp_written(struct inode *inode)
{
	struct timespec64 ours = inode_get_mtime(inode);
	struct timespec64 lower = inode_get_mtime(ecryptfs_inode_lower(inode));

	lockdep_assert_held(&ecryptfs_inode(inode)->ei_lower.lo_mutex);
	if (!ecryptfs_lower_fs(inode)->lf_remote &&
	    timespec64_equal(&ours, &lower))
		ecryptfs_lower_stamp(&ecryptfs_inode(inode)->ei_lower, true);
}

/*
 * Closes the lower files that are no longer needed.  No other function decides
 * that.  The caller holds lo_mutex.  What is still to be written keeps the
 * writable file open and the inode dirty for the flusher.  The exception is the
 * header of an empty file for which there is no space: it goes with the inode,
 * and the next writer makes another one.
 */
static void close_unused(struct inode *inode)
{
	struct ecryptfs_lower *lower = &ecryptfs_inode(inode)->ei_lower;
	bool keep = ecryptfs_commit_has_unwritten_data(inode);

	lockdep_assert_held(&lower->lo_mutex);
	if (ecryptfs_lower_close_unused(lower, keep))
		stamp_written(inode);
	if (!lower->lo_writers && has_unwritten(inode) &&
	    !READ_ONCE(ecryptfs_inode(inode)->ei_meta.me_refused))
		mark_inode_dirty(inode);
}

/*
 * Drops the lower page cache of a file that is on the disk.  Returns true if it
 * should be called again later, because some pages are not on the disk yet, or
 * were written just now and the lower filesystem has not released them (btrfs).
 * Pages in use stay, and are no reason to call it again.
 */
static bool drop_lower_cache(struct inode *inode)
{
	struct ecryptfs_meta *meta = &ecryptfs_inode(inode)->ei_meta;
	struct inode *lower = ecryptfs_inode_lower(inode);
	unsigned long before = lower->i_mapping->nrpages, left;

	if (before < DROP_PAGES || !ecryptfs_meta_ready(meta))
		return false;
	/* The header stays, because its size field is overwritten alone. */
	ecryptfs_lower_drop_cache(lower, ecryptfs_meta_lower_size(meta, 0),
				  i_size_read(lower));
	left = lower->i_mapping->nrpages;
	return ecryptfs_lower_is_dirty(lower) ||
	       (left >= DROP_PAGES && left < before);
}

/*
 * Ends a use of the lower file that ecryptfs_lower_open() began with the same
 * @write.  A writer has called ecryptfs_commit() before; the flusher writes
 * what that could not write.
 */
void ecryptfs_commit_close(struct inode *inode, bool write)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct ecryptfs_lower *lower = &ei->ei_lower;
	bool flush = false;

	mutex_lock(&lower->lo_mutex);
	lower->lo_users--;
	if (write && !--lower->lo_writers) {
		/* ext4, XFS and btrfs do the same for a file that was cut. */
		flush = ei->ei_cut;
		ei->ei_cut = false;
	}
	close_unused(inode);
	if (flush)
		ecryptfs_lower_start_write(lower->lo_inode);
	/* The flusher or sync() looks again when it is on the disk. */
	if (!lower->lo_users && drop_lower_cache(inode))
		mark_inode_dirty_sync(inode);
	mutex_unlock(&lower->lo_mutex);
}

/*
 * Called by the flusher after the pages were written: records the size, closes
 * a lower file that was kept open for that, and drops what is no longer needed
 * of the lower page cache.  It does not wait for a task that opens the file,
 * because one flusher serves the whole mount; it looks again later.
 */
int ecryptfs_commit_write_inode(struct inode *inode,
				struct writeback_control *wbc)
{
	struct ecryptfs_lower *lower = &ecryptfs_inode(inode)->ei_lower;
	const struct cred *old;
	int err;

	if (!S_ISREG(inode->i_mode))
		return 0;
	old = override_creds(ecryptfs_flusher_cred(ecryptfs_lower_fs(inode)));
	err = ecryptfs_commit(inode);
	revert_creds(old);
	if (mutex_trylock(&lower->lo_mutex)) {
		if (!lower->lo_writers)
			close_unused(inode);
		mutex_unlock(&lower->lo_mutex);
	} else {
		mark_inode_dirty_sync(inode);
	}
	if (drop_lower_cache(inode))
		mark_inode_dirty_sync(inode);
	return err;
}

/* Does an fsync(): passes everything to the lower file and syncs that once. */
int ecryptfs_commit_sync(struct inode *inode, bool datasync)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct file *lower;
	int err;

	err = ecryptfs_commit(inode);
	lower = ecryptfs_lower_get(&ei->ei_lower, true) ?:
		ecryptfs_lower_get(&ei->ei_lower, false);
	if (!lower)
		return -EIO;
	if (!err) {
		/*
		 * The size is needed, and ext4 does not count an attribute as
		 * data.
		 */
		if (ei->ei_meta.me_in_xattr)
			datasync = false;
		err = ecryptfs_lower_sync(lower, datasync);
		/* Reported once to each open file. */
		if (err)
			mapping_set_error(inode->i_mapping, err);
		drop_lower_cache(inode);
	}
	fput(lower);
	return err;
}
