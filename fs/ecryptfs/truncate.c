// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Changes of a file's size, and the order in which they reach the lower file.
 *
 * Growing: space is promised, data go down, and last the size is recorded.
 * Shrinking: the size is recorded, then the lower file is cut.  At each point
 * between, what is recorded is a size whose data are all there.
 *
 * Format 1 has no holes: its other readers would decrypt one to noise.  So a
 * gap is filled with encrypted zeros.
 */
#include <linux/file.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include "ecryptfs.h"

#define EXTENT_BYTES EFMT_V1_EXTENT_BYTES

/*
 * How much more than needed is reserved for a file that goes on growing: enough
 * that the calls into the lower filesystem do not count, little enough that a
 * full disk is met late.
 */
static u64 reserve_ahead(u64 need)
{
	return clamp_t(u64, round_up(need / 4, EXTENT_BYTES), SZ_64K, SZ_4M);
}

/*
 * Blocks are made the file's own in pieces of that size, so that neither is there
 * a call for each write, nor much copied for a small one.
 */
#define OWN_BYTES SZ_256K

/* Lower bytes [@from, @to) are the file's own now; what is next to them stays. */
static void note_own(struct ecryptfs_lower *lower, u64 from, u64 to)
{
	if (from <= lower->lo_own_to && to >= lower->lo_own_from) {
		from = min(from, lower->lo_own_from);
		to = max(to, lower->lo_own_to);
	}
	lower->lo_own_from = from;
	lower->lo_own_to = to;
}

/*
 * Before plaintext bytes [@pos, @end), as far as they are there, and the size are
 * overwritten, where the blocks below may be another file's, too.  A file that
 * was just made shares none.
 */
static int own_blocks(struct inode *inode, struct file *file, u64 pos, u64 end)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct ecryptfs_lower *lower = &ei->ei_lower;
	u64 size = i_size_read(lower->lo_inode);
	u64 from = ecryptfs_meta_lower_size(&ei->ei_meta,
					    round_down(pos, EXTENT_BYTES));
	u64 to = min(ecryptfs_meta_lower_size(&ei->ei_meta, end), size);
	u64 first, last;
	int err;

	if (READ_ONCE(ei->ei_fresh))
		return 0;
	if (!lower->lo_own_to) {
		err = ecryptfs_lower_unshare(file, 0, EXTENT_BYTES);
		if (err)
			return err;
		lower->lo_own_to = EXTENT_BYTES;
	}
	if (from >= to || (from >= lower->lo_own_from && to <= lower->lo_own_to))
		return 0;
	first = round_down(from, OWN_BYTES);
	last = min(round_up(to, OWN_BYTES), size);
	err = ecryptfs_lower_unshare(file, first, last);
	if (err == -ENOSPC || err == -EDQUOT) {
		first = from;
		last = to;
		err = ecryptfs_lower_unshare(file, first, last);
	}
	if (!err)
		note_own(lower, first, last);
	return err;
}

/*
 * Has space promised for plaintext that is to be written to [@pos, @end); the
 * caller holds the inode lock and has the lower file open for writing.
 *
 * -EOPNOTSUPP: the lower filesystem promises nothing, so data must be passed
 * down before the system call that wrote them may succeed.
 *
 * What was measured against that (tests/bench/run): on ext4, appending in
 * pieces of 512 bytes costs several times less with the promise, since each
 * extent is encrypted once and not eight times, and files written in one call
 * cost the same.
 */
int ecryptfs_reserve(struct inode *inode, u64 pos, u64 end)
{
	const struct ecryptfs_lower_fs *fs = ecryptfs_lower_fs(inode);
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct ecryptfs_lower *lower = &ei->ei_lower;
	u64 need = ecryptfs_meta_lower_size(&ei->ei_meta, end);
	bool again = lower->lo_reserved;
	struct file *file;
	u64 have, want;
	int err;

	lockdep_assert_held_write(&inode->i_rwsem);
	if (!fs->lf_reserves)
		return -EOPNOTSUPP;
	have = max_t(u64, lower->lo_reserved, i_size_read(lower->lo_inode));
	if (need <= have) {
		/* Also what a crash has left reserved is given back then. */
		lower->lo_reserved = have;
		if (!fs->lf_shares)
			return 0;
	}
	file = ecryptfs_lower_get(lower, true);
	if (!file)
		return -EIO;
	err = fs->lf_shares ? own_blocks(inode, file, pos, end) : 0;
	if (err || need <= have) {
		fput(file);
		return err;
	}
	want = need + (again ? reserve_ahead(need) : 0);
	err = ecryptfs_lower_reserve(fs, file, have, want);
	if (err && want > need && err != -EOPNOTSUPP) {
		want = need;
		err = ecryptfs_lower_reserve(fs, file, have, want);
	}
	fput(file);
	if (!err) {
		lower->lo_reserved = want;
		note_own(lower, have, want);
	}
	return err;
}

/*
 * The time of the write() is that which counts, whoever wrote the data when;
 * a server's, that of its own.
 */
void ecryptfs_restore_mtime(struct inode *inode, struct file *lower)
{
	const struct ecryptfs_lower_fs *fs = ecryptfs_lower_fs(inode);
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);

	if (fs->lf_keeps_times || fs->lf_remote)
		return;
	mutex_lock(&ei->ei_times);
	ecryptfs_lower_set_mtime(fs, lower, inode_get_mtime(inode));
	mutex_unlock(&ei->ei_times);
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

/*
 * Writes dirty pages down and records the size; for @ordered see
 * ecryptfs_meta_commit_size().  A no-op on a file that nobody has opened for
 * writing.  The caller holds no folio lock.
 */
int ecryptfs_commit(struct inode *inode, bool ordered)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	bool resized = false;
	struct file *file;
	int err, err2;
	loff_t size;

	file = ecryptfs_lower_get(&ei->ei_lower, true);
	if (!file)
		return 0;
	mutex_lock(&ei->ei_commit);
	/* Everything below this size is dirty or down already. */
	size = i_size_read(inode);
	err = write_down(inode->i_mapping);
	/*
	 * One page that the lower filesystem did not take is reported, and no
	 * reason to lose all others; pages that are still dirty are.
	 */
	if (!ecryptfs_may_retry(err) && ecryptfs_meta_ready(&ei->ei_meta)) {
		resized = size != ecryptfs_meta_recorded_size(&ei->ei_meta);
		err2 = ecryptfs_meta_commit_size(&ei->ei_meta,
						 ecryptfs_lower_fs(inode), file,
						 size, ordered);
		if (err2 && !ecryptfs_may_retry(err2))
			mapping_set_error(inode->i_mapping, err2);
		err = err ?: err2;
	}
	if (!err)
		ei->ei_committed = jiffies;
	/* Only of what we wrote: another's change is to be seen by its time. */
	if (resized)
		ecryptfs_restore_mtime(inode, file);
	mutex_unlock(&ei->ei_commit);
	fput(file);
	return err;
}

/*
 * Gives back what lies beyond the end of the file below: reserved space, or
 * what a failed write left.  The caller holds the inode lock, or lo_mutex with
 * no other writer, so the size stands still.  A failure costs space, no data.
 */
static void trim(struct inode *inode)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct file *file;
	u64 need;

	/* Without metadata nobody knows where the end is. */
	if (!ecryptfs_meta_ready(&ei->ei_meta))
		return;
	file = ecryptfs_lower_get(&ei->ei_lower, true);
	if (!file)
		return;
	need = ecryptfs_meta_lower_size(&ei->ei_meta, i_size_read(inode));
	if (i_size_read(file_inode(file)) > need) {
		ecryptfs_meta_limit_capacity(&ei->ei_meta, need);
		if (!ecryptfs_lower_resize(ecryptfs_lower_fs(inode), file,
					   need))
			ei->ei_lower.lo_reserved = 0;
	}
	fput(file);
}

/* Whether something is left that only the writable lower file can take. */
static bool has_unwritten(struct inode *inode)
{
	struct ecryptfs_meta *meta = &ecryptfs_inode(inode)->ei_meta;
	struct address_space *mapping = inode->i_mapping;

	if (!S_ISREG(inode->i_mode) || !ecryptfs_meta_ready(meta))
		return false;
	return mapping_tagged(mapping, PAGECACHE_TAG_DIRTY) ||
	       mapping_tagged(mapping, PAGECACHE_TAG_WRITEBACK) ||
	       ecryptfs_meta_recorded_size(meta) != i_size_read(inode);
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
 * Ends a use of the lower file, the counterpart of ecryptfs_lower_open().  A
 * writer has called ecryptfs_commit() before; what that could not write is left
 * to the flusher.  Of a file without a name nothing was written: what is left
 * goes with the inode, unless somebody who came by another way still opens it.
 */
void ecryptfs_close(struct inode *inode, bool write)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct ecryptfs_lower *lower = &ei->ei_lower;
	bool keep = false;

	mutex_lock(&lower->lo_mutex);
	if (write && lower->lo_writers == 1) {
		keep = has_unwritten(inode);
		if ((lower->lo_reserved || ei->ei_fresh) && !keep) {
			trim(inode);
			ei->ei_fresh = false;
		}
	}
	ecryptfs_lower_close(lower, write, keep);
	if (write && !lower->lo_writers && !keep)
		stamp_written(inode);
	mutex_unlock(&lower->lo_mutex);
	if (keep)
		mark_inode_dirty(inode);
}

/*
 * After the flusher has written what was left: the lower file need not stay
 * open for writing.
 */
void ecryptfs_close_idle(struct inode *inode)
{
	struct ecryptfs_lower *lower = &ecryptfs_inode(inode)->ei_lower;

	mutex_lock(&lower->lo_mutex);
	if (!lower->lo_users && lower->lo_rw && !has_unwritten(inode)) {
		trim(inode);
		ecryptfs_lower_drop(lower);
		stamp_written(inode);
	}
	mutex_unlock(&lower->lo_mutex);
}

/*
 * Zeroes the cached tail of the extent that holds byte @size, which is or will
 * be the end of the file, and has it written: a reader that takes the bytes
 * behind the end for granted must not find old ones there.
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
		off = offset_in_folio(folio, size);
		end = round_up(off, EXTENT_BYTES);
		folio_zero_segment(folio, off, folio_size(folio));
		if (end > off)
			ecryptfs_folio_dirty(folio, off, end);
	}
	folio_unlock(folio);
	folio_put(folio);
	return 0;
}

/*
 * Grows the file to @size with encrypted zeros; the caller holds the inode
 * lock, has the lower file open for writing, and has checked the limits.  A
 * fatal signal leaves a file that has grown less, another failure one that has
 * not grown.
 */
int ecryptfs_extend(struct inode *inode, loff_t size)
{
	loff_t old = i_size_read(inode);
	u64 first = DIV_ROUND_UP_ULL(old, EXTENT_BYTES);
	u64 end = DIV_ROUND_UP_ULL(size, EXTENT_BYTES);
	u64 done = 0;
	int err;

	lockdep_assert_held_write(&inode->i_rwsem);
	err = ecryptfs_reserve(inode, old, size);
	if (err == -EOPNOTSUPP)
		err = ecryptfs_lower_has_room(ecryptfs_lower_fs(inode),
					      size - old) ?
			      0 :
			      -ENOSPC;
	if (err)
		return err;
	err = clear_tail(inode, old);
	if (err)
		return err;
	if (end > first)
		err = ecryptfs_write_zeros(inode, first, end - first, &done);
	if (err == -EINTR && done)
		size = min_t(u64, size, (first + done) * EXTENT_BYTES);
	else if (err)
		size = old;
	if (err && size == old)
		trim(inode);
	if (size > old) {
		i_size_write(inode, size);
		pagecache_isize_extended(inode, old, size);
		mark_inode_dirty(inode);
	}
	return err;
}

/*
 * Cuts the file.  On disk, too, the smaller size comes before the shorter lower
 * file: the wait is for the one block that has the size.
 */
static int shrink(struct inode *inode, loff_t size, struct file *lower)
{
	const struct ecryptfs_lower_fs *fs = ecryptfs_lower_fs(inode);
	struct address_space *mapping = inode->i_mapping;
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	u64 lower_size = ecryptfs_meta_lower_size(&ei->ei_meta, size);
	bool recorded;
	int err = 0;

	mutex_lock(&ei->ei_commit);
	/*
	 * What is recorded must have been written once.  Errors are kept for
	 * those who ask for them; whoever cuts a file has no use for them.
	 */
	if (size > ecryptfs_meta_recorded_size(&ei->ei_meta)) {
		filemap_fdatawrite_range(mapping, 0, size - 1);
		filemap_fdatawait_range_keep_errors(mapping, 0, size - 1);
	}
	/* As after a write that failed: then there is nothing to wait for. */
	recorded = size == ecryptfs_meta_recorded_size(&ei->ei_meta);
	filemap_invalidate_lock(mapping);
	truncate_setsize(inode, size);
	filemap_invalidate_unlock(mapping);
	err = ecryptfs_meta_cut(&ei->ei_meta, fs, lower, size);
	/* Where overwriting takes space, the cut has to come up with it. */
	if ((err == -ENOSPC || err == -EDQUOT) &&
	    !ecryptfs_lower_resize(fs, lower, lower_size))
		err = ecryptfs_meta_cut(&ei->ei_meta, fs, lower, size);
	if (!err && i_size_read(file_inode(lower)) > lower_size) {
		if (!recorded)
			err = ecryptfs_lower_settle_start(fs, lower,
							  EFMT_V1_HEADER_FIXED);
		/* It may be of what others wrote, and is told once. */
		if (err)
			mapping_set_error(inode->i_mapping, err);
		if (!err)
			err = ecryptfs_lower_resize(fs, lower, lower_size);
	}
	/* On a full disk all of it may fail: closing tries again. */
	ei->ei_lower.lo_reserved = err ? i_size_read(file_inode(lower)) : 0;
	mutex_unlock(&ei->ei_commit);
	mark_inode_dirty(inode);
	return err;
}

/*
 * Sets the size of an encrypted file, and records it.  The caller holds the
 * inode lock, has the lower file open for writing and the metadata loaded.
 */
int ecryptfs_truncate(struct inode *inode, loff_t size)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct file *lower;
	int err, err2;

	lockdep_assert_held_write(&inode->i_rwsem);
	if (size == i_size_read(inode))
		return 0;
	if (size > i_size_read(inode)) {
		err = ecryptfs_extend(inode, size);
		err2 = ecryptfs_commit(inode, false);
		return err ?: err2;
	}
	lower = ecryptfs_lower_get(&ei->ei_lower, true);
	if (!lower)
		return -EIO;
	err = shrink(inode, size, lower);
	fput(lower);
	/*
	 * Last, as the tail is of no more interest to us; a tail that can't be
	 * read does not keep a damaged file from being cut.
	 */
	if (!err && clear_tail(inode, size) == 0)
		err = ecryptfs_commit(inode, false);
	return err;
}
