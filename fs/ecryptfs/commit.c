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
 * The cached pages of a lower file are given up when its own have been written
 * to its disk, if they are as many as these: a small file is not worth the walk.
 */
#define DROP_PAGES (SZ_256K / PAGE_SIZE)

/* Whether pages of the file are to be written, or just being so. */
static bool has_dirty_pages(const struct inode *inode)
{
	return mapping_tagged(inode->i_mapping, PAGECACHE_TAG_DIRTY) ||
	       mapping_tagged(inode->i_mapping, PAGECACHE_TAG_WRITEBACK);
}

/*
 * Whether something of the file is in memory alone: data, the size, or the
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
 * Whether dropping what is cached of the file would lose data.  The header of a
 * new file is none: without it, the file is an empty one.
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
 * Writes all dirty pages down and waits for those that others are writing.  The
 * error is one of now: an older one is told by fsync(), to everyone who had the
 * file open, and stays theirs.
 */
static int write_down(struct address_space *mapping)
{
	errseq_t before = READ_ONCE(mapping->wb_err);
	int err = filemap_fdatawrite(mapping);

	filemap_fdatawait_keep_errors(mapping);
	return err ?: errseq_check(&mapping->wb_err, before);
}

/* The caller holds ei_commit; @lower is writable. */
static int commit_locked(struct inode *inode, struct file *lower)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	loff_t size = i_size_read(inode);
	int err, err2;

	/* Everything below this size is dirty or down already. */
	err = write_down(inode->i_mapping);
	if (ecryptfs_may_retry(err) || !ecryptfs_meta_ready(&ei->ei_meta))
		return err;
	/*
	 * One page that the lower filesystem did not take is reported, and no
	 * reason to lose all others; pages that are still dirty are.
	 */
	if (!ecryptfs_meta_is_recorded(&ei->ei_meta, size) ||
	    READ_ONCE(ei->ei_meta.me_size_wrong)) {
		err2 = ecryptfs_meta_commit_size(&ei->ei_meta,
						 ecryptfs_lower_fs(inode),
						 lower, size);
		/* Without its header, an empty file is an empty file, too. */
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
 * and the header of a new file.  Does not wait for its disk.  A no-op on a file
 * that has nothing to be written.  The caller holds no folio lock.
 *
 * -EIO: something is to be written, and there is no lower file to take it.
 * -EAGAIN: data are to be written, and somebody has a lease of the lower file,
 * which is not waited for.  The header of a new file can wait: without it, the
 * file is an empty one.
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
	/* What a header says is corrected by writers only. */
	if (!lower)
		return 0;
	if (IS_ERR(lower)) {
		err = PTR_ERR(lower);
		/* What may be tried again is still there. */
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
 * Before another file's name is given to this one: whatever is left of it after a
 * crash must not be less than what the name had before.  Its data are passed down
 * and on their way to the disk then; where the header is not written together
 * with them, it is waited for.
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
 * What is below now is what was written here, unless the time of its last change
 * is not that of ours: then the next one to open it is to find out.  So is the
 * next one after a write to a server, whose times are not ours to compare.
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
 * The one place that decides when a lower file may be closed; the caller holds
 * lo_mutex.  What is still to be written keeps it open, and the flusher at work,
 * but for the header of an empty file that there is no space for: it goes with the
 * inode, and the next writer makes another.
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
 * Gives up the lower page cache of a file that is on its disk.  True: it is worth
 * another look later, because some is not on the disk yet, or has just come there
 * and is not released by the lower filesystem (btrfs).  What somebody uses stays,
 * and is no reason to look again.
 */
static bool drop_lower_cache(struct inode *inode)
{
	struct ecryptfs_meta *meta = &ecryptfs_inode(inode)->ei_meta;
	struct inode *lower = ecryptfs_inode_lower(inode);
	unsigned long before = lower->i_mapping->nrpages, left;

	if (before < DROP_PAGES || !ecryptfs_meta_ready(meta))
		return false;
	/* The header stays: its size field is written in part. */
	ecryptfs_lower_drop_cache(lower, ecryptfs_meta_lower_size(meta, 0),
				  i_size_read(lower));
	left = lower->i_mapping->nrpages;
	return ecryptfs_lower_is_dirty(lower) ||
	       (left >= DROP_PAGES && left < before);
}

/*
 * Ends a use of the lower file, the counterpart of ecryptfs_lower_open().  A
 * writer has called ecryptfs_commit() before; what that could not write is left
 * to the flusher.
 */
void ecryptfs_commit_close(struct inode *inode, bool write)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct ecryptfs_lower *lower = &ei->ei_lower;
	bool flush = false;

	mutex_lock(&lower->lo_mutex);
	lower->lo_users--;
	if (write && !--lower->lo_writers) {
		/* As ext4, XFS and btrfs do for a file that was cut. */
		flush = ei->ei_cut;
		ei->ei_cut = false;
	}
	close_unused(inode);
	if (flush)
		ecryptfs_lower_start_write(lower->lo_inode);
	/* The flusher, or sync(), looks again when it is on the lower disk. */
	if (!lower->lo_users && drop_lower_cache(inode))
		mark_inode_dirty_sync(inode);
	mutex_unlock(&lower->lo_mutex);
}

/*
 * Of the flusher, after the pages: passes the size down, closes what was kept
 * open for that, and gives up what the lower page cache needs no longer.  The
 * flusher of the mount does not wait for who opens this file: it comes again.
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

/* fsync(): one sync of the lower file, after everything was passed to it. */
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
		/* The size is needed, and to ext4 an attribute is not data. */
		if (ei->ei_meta.me_in_xattr)
			datasync = false;
		err = ecryptfs_lower_sync(lower, datasync);
		/* For everybody who has the file open, once each. */
		if (err)
			mapping_set_error(inode->i_mapping, err);
		drop_lower_cache(inode);
	}
	fput(lower);
	return err;
}
