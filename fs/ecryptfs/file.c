// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Open regular files.
 */
#include <linux/bvec.h>
#include <linux/falloc.h>
#include <linux/file.h>
#include <linux/filelock.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/splice.h>
#include <linux/uio.h>
#include <linux/writeback.h>

#include "glue.h"

#define EXTENT_BYTES EFMT_V1_EXTENT_BYTES

/* The most bytes that a write() passes to the lower filesystem at a time. */
#define PIECE_BYTES SZ_1M
#define PIECE_PAGES (PIECE_BYTES / PAGE_SIZE)

/* The modes of fallocate() that leave zeros in a range. */
#define ZERO_MODES (FALLOC_FL_ZERO_RANGE | FALLOC_FL_PUNCH_HOLE)

/* Pages read for one fault: as many as the kernel maps at once, 64 KiB. */
#define FAULT_PAGES max_t(pgoff_t, SZ_64K / PAGE_SIZE, 1)

static int ecryptfs_open(struct inode *inode, struct file *file)
{
	struct ecryptfs_lower *lower = &ecryptfs_inode(inode)->ei_lower;
	bool write = file->f_mode & FMODE_WRITE;
	bool plain;
	int err;

	ecryptfs_inode_refresh(inode, file->f_path.dentry);
	ecryptfs_inode_opened(inode);
	err = ecryptfs_lower_open(lower, ecryptfs_lower_fs(inode),
				  ecryptfs_dentry_lower(file->f_path.dentry),
				  write, file->f_flags & O_NONBLOCK);
	if (err)
		return err;
	err = ecryptfs_inode_load(inode, write, file->f_flags & O_TRUNC,
				  &plain);
	if (err) {
		ecryptfs_commit_close(inode, write);
		return plain ? ecryptfs_passthrough_open(inode, file) : err;
	}
	/*
	 * O_DIRECT is accepted, and I/O goes through the page cache all the
	 * same.  The disk does not have what the caller's buffer has, so
	 * nothing could be transferred directly, and programs that insist on
	 * the flag must run.
	 */
	file->f_mode |= FMODE_CAN_ODIRECT | FMODE_NOWAIT;
	return 0;
}

/*
 * Called at each close() of a file that may have been written.  Makes the lower
 * file complete as far as this opener is concerned, though not on the disk, so
 * that a program which copies the lower file gets all of it.  Returns an error
 * of the lower filesystem to the task that has written.
 */
static int ecryptfs_flush(struct file *file, fl_owner_t id)
{
	struct inode *inode = file_inode(file);
	errseq_t since = filemap_sample_wb_err(inode->i_mapping);
	struct file *lower;
	int err, err2;

	/* Nobody reads a lower file without a name. */
	if (!(file->f_mode & FMODE_WRITE) || ecryptfs_inode_nameless(inode))
		return 0;
	err = ecryptfs_commit(inode);
	lower = ecryptfs_lower_get(&ecryptfs_inode(inode)->ei_lower, true);
	if (lower) {
		err2 = ecryptfs_lower_flush(lower, id);
		if (err2)
			mapping_set_error(inode->i_mapping, err2);
		err = err ?: err2;
		fput(lower);
	}
	return filemap_check_wb_err(inode->i_mapping, since) ?: err;
}

/*
 * Called for the last reference to an open file, which may be a mapping's and
 * outlive every close().  If an open for reading has made the file, its header
 * has to be written, too.
 */
static int ecryptfs_release(struct inode *inode, struct file *file)
{
	bool write = file->f_mode & FMODE_WRITE;
	int err;

	if (!ecryptfs_inode_nameless(inode)) {
		err = ecryptfs_commit(inode);
		if (err)
			ecryptfs_msg(inode, KERN_ERR,
				     "closing: the lower file could not be written: error %d",
				     err);
	}
	ecryptfs_commit_close(inode, write);
	return 0;
}

static ssize_t ecryptfs_read_iter(struct kiocb *iocb, struct iov_iter *to)
{
	ssize_t ret;

	iocb->ki_flags &= ~IOCB_DIRECT;
	/* A short readahead decrypts right here. */
	if (iocb->ki_flags & IOCB_NOWAIT)
		iocb->ki_flags |= IOCB_NOIO;
	ret = generic_file_read_iter(iocb, to);
	iocb->ki_flags &= ~IOCB_NOIO;
	if (ret >= 0)
		ecryptfs_times_accessed(iocb->ki_filp);
	return ret;
}

static ssize_t ecryptfs_splice_read(struct file *file, loff_t *pos,
				    struct pipe_inode_info *pipe, size_t len,
				    unsigned int flags)
{
	ssize_t ret = filemap_splice_read(file, pos, pipe, len, flags);

	if (ret >= 0)
		ecryptfs_times_accessed(file);
	return ret;
}

/*
 * Whether a write that ends at byte @end takes space that the lower filesystem
 * may not have.
 */
static bool needs_space(struct inode *inode, u64 end)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	u64 need = ecryptfs_meta_lower_size(&ei->ei_meta, end);

	return !READ_ONCE(ei->ei_lower.lo_dense) ||
	       need > i_size_read(ei->ei_lower.lo_inode);
}

/*
 * Passes data that were just written to the lower file before the caller is
 * told that they were accepted, because they take space that the lower
 * filesystem may not have.  If this fails, a file that grew is as it was
 * before, and reads show what is stored.  @failures is ei_failures from before
 * the data were written: if any task has failed to write pages since, the pages
 * may have been these.
 */
static int pass_down(struct inode *inode, loff_t pos, size_t len,
		     loff_t old_size, int failures)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct address_space *mapping = inode->i_mapping;
	loff_t last = pos + len - 1;
	int err;

	WRITE_ONCE(ei->ei_teller, current);
	err = filemap_fdatawrite_range(mapping, pos, last);
	/* The flusher or an fsync() may be writing some of the pages. */
	filemap_fdatawait_range_keep_errors(mapping, pos, last);
	if (!err && atomic_read(&ei->ei_failures) != failures)
		err = READ_ONCE(ei->ei_failure);
	/* If overwriting takes space, recording the size does, too. */
	if (!err && pos + len > old_size &&
	    !ecryptfs_lower_fs(inode)->lf_overwrites)
		err = ecryptfs_commit(inode);
	WRITE_ONCE(ei->ei_teller, NULL);
	if (!err)
		return 0;
	if (pos + len > old_size)
		ecryptfs_truncate(inode, old_size);
	invalidate_inode_pages2_range(mapping, pos >> PAGE_SHIFT,
				      last >> PAGE_SHIFT);
	return err;
}

/*
 * Writes up to @len bytes.  If they need space, the lower filesystem takes all
 * of them or none; if none, *iocb and *from are as before.
 */
static ssize_t write_piece(struct kiocb *iocb, struct iov_iter *from,
			   size_t len)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	size_t rest = iov_iter_count(from) - len;
	loff_t old_size = i_size_read(inode);
	loff_t pos = iocb->ki_pos;
	int failures, err;
	ssize_t ret;

	/* Data that were accepted before must not fail together with these. */
	if (needs_space(inode, pos + len) &&
	    filemap_range_needs_writeback(inode->i_mapping, pos, pos + len - 1))
		filemap_fdatawrite_range(inode->i_mapping, pos, pos + len - 1);
	failures = atomic_read(&ecryptfs_inode(inode)->ei_failures);
	iov_iter_truncate(from, len);
	ret = generic_perform_write(iocb, from);
	if (ret > 0 && needs_space(inode, pos + ret)) {
		err = pass_down(inode, pos, ret, old_size, failures);
		if (err) {
			iov_iter_revert(from, ret);
			iocb->ki_pos = pos;
			ret = err;
		}
	}
	iov_iter_reexpand(from, iov_iter_count(from) + rest);
	return ret;
}

/*
 * Writes piece by piece.  A piece is as much as one lower write takes or, on a
 * full disk, as much as there is space for, down to single extents.
 */
static ssize_t write_pieces(struct kiocb *iocb, struct iov_iter *from)
{
	size_t most = PIECE_BYTES, len;
	ssize_t ret = 0, done = 0;

	while (iov_iter_count(from)) {
		/*
		 * End at the end of an extent, so that the next piece is
		 * aligned.
		 */
		len = round_down(iocb->ki_pos + most, EXTENT_BYTES) -
		      iocb->ki_pos;
		len = min(len, iov_iter_count(from));
		ret = write_piece(iocb, from, len);
		if ((ret == -ENOSPC || ret == -EDQUOT) &&
		    most > EXTENT_BYTES && len > EXTENT_BYTES) {
			most = round_up(len / 2, EXTENT_BYTES);
			continue;
		}
		if (ret <= 0)
			break;
		done += ret;
		if (ret < len)
			break;
	}
	return done ?: ret;
}

/*
 * Sets the credentials that the pages of a write() are written with, whoever
 * writes them: see writer_of().
 */
static void set_writer(struct inode *inode, const struct cred *cred)
{
	lockdep_assert_held_write(&inode->i_rwsem);
	spin_lock(&inode->i_lock);
	WRITE_ONCE(ecryptfs_inode(inode)->ei_writer, cred);
	spin_unlock(&inode->i_lock);
}

/*
 * Does a write().  The caller holds the inode lock and has called
 * generic_write_checks().
 */
static ssize_t write_locked(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	loff_t old_size = i_size_read(inode);
	loff_t pos = iocb->ki_pos;
	ssize_t ret;
	int err;

	if (IS_IMMUTABLE(inode))
		return -EPERM;
	ecryptfs_inode_copy_privs(inode);
	err = file_remove_privs(iocb->ki_filp);
	if (err)
		return err;
	if (pos > old_size) {
		err = ecryptfs_truncate_extend(inode, pos);
		if (err)
			return err;
	}
	ecryptfs_times_touch(inode, false);
	set_writer(inode, current_cred());
	ret = write_pieces(iocb, from);
	set_writer(inode, NULL);
	/* The lower filesystem has set them again with the data. */
	if (!ecryptfs_lower_fs(inode)->lf_keeps_times)
		ecryptfs_times_copy(inode);
	/* A failed write leaves no gap behind. */
	if (ret <= 0 && pos > old_size)
		ecryptfs_truncate(inode, old_size);
	return ret;
}

static ssize_t ecryptfs_write_iter(struct kiocb *iocb, struct iov_iter *from)
{
	struct inode *inode = file_inode(iocb->ki_filp);
	ssize_t ret;

	/* It may have to encrypt, and to wait for the lower filesystem. */
	if (iocb->ki_flags & IOCB_NOWAIT)
		return -EAGAIN;
	iocb->ki_flags &= ~IOCB_DIRECT;
	inode_lock(inode);
	ret = generic_write_checks(iocb, from);
	if (ret > 0)
		ret = write_locked(iocb, from);
	inode_unlock(inode);
	if (ret > 0)
		ret = generic_write_sync(iocb, ret);
	return ret;
}

static int ecryptfs_fsync(struct file *file, loff_t start, loff_t end,
			  int datasync)
{
	int err = ecryptfs_commit_sync(file_inode(file), datasync);

	return file_check_and_advance_wb_err(file) ?: err;
}

/*
 * Writes zeros to the bytes [@from, @to), which are within the file.  They go
 * through the page cache as those of a write() do, so that mappings see them
 * and a full disk is reported now.  -EINTR: a fatal signal ended it early.
 */
static int write_zeros(struct file *file, loff_t from, loff_t to)
{
	struct iov_iter iter;
	struct bio_vec *vecs;
	struct kiocb iocb;
	ssize_t ret = 0;
	unsigned int i;

	vecs = kmalloc_array(PIECE_PAGES, sizeof(*vecs), GFP_KERNEL);
	if (!vecs)
		return -ENOMEM;
	for (i = 0; i < PIECE_PAGES; i++)
		bvec_set_page(&vecs[i], ZERO_PAGE(0), PAGE_SIZE, 0);
	init_sync_kiocb(&iocb, file);
	iocb.ki_flags &= ~IOCB_DIRECT;
	iocb.ki_pos = from;
	while (iocb.ki_pos < to && ret >= 0) {
		iov_iter_bvec(&iter, ITER_SOURCE, vecs, PIECE_PAGES,
			      min_t(loff_t, to - iocb.ki_pos, PIECE_BYTES));
		ret = write_locked(&iocb, &iter) ?: -EIO;
	}
	kfree(vecs);
	return ret < 0 ? ret : 0;
}

/*
 * Has the lower filesystem reserve the space that the bytes [@from, @to) need
 * there and do not have yet.  -EOPNOTSUPP: it does not reserve space.
 */
static int reserve_space(struct inode *inode, loff_t from, loff_t to)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	loff_t first = round_down(from, EXTENT_BYTES);
	struct file *lower;
	u64 pos = 0, end;
	int err;

	lower = ecryptfs_lower_get(&ei->ei_lower, true);
	if (!lower)
		return -EIO;
	/* With the first extent goes the header, which may not be written yet. */
	if (first)
		pos = ecryptfs_meta_lower_size(&ei->ei_meta, first);
	end = ecryptfs_meta_lower_size(&ei->ei_meta, to);
	err = ecryptfs_lower_reserve(lower, pos, end - pos);
	if (to > i_size_read(inode))
		ei->ei_reserved = true;
	fput(lower);
	return err;
}

/*
 * Does a fallocate().  The caller holds the inode lock, and the VFS has checked
 * mode and range.
 */
static int allocate_locked(struct file *file, int mode, loff_t off,
			   loff_t end)
{
	struct inode *inode = file_inode(file);
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	bool keep = mode & FALLOC_FL_KEEP_SIZE;
	loff_t size = i_size_read(inode);
	int err = 0;

	if (IS_IMMUTABLE(inode))
		return -EPERM;
	if (!keep && end > size)
		err = inode_newsize_ok(inode, end);
	if (err)
		return err;
	ecryptfs_inode_copy_privs(inode);
	err = file_remove_privs(file);
	if (err)
		return err;
	if (mode == FALLOC_FL_KEEP_SIZE)
		err = reserve_space(inode, off, end);
	else if (keep && mode & FALLOC_FL_ZERO_RANGE && end > size)
		err = reserve_space(inode, max(off, size), end);
	if (!err && mode & ZERO_MODES && off < size)
		err = write_zeros(file, off, min(end, size));
	if (!err && !keep && end > size) {
		err = ecryptfs_truncate_extend(inode, end);
		if (!err)
			err = ecryptfs_commit(inode);
	}
	/* Only holes that somebody has made in the lower file lack space. */
	if (!err && !mode && ecryptfs_lower_fs(inode)->lf_overwrites &&
	    !READ_ONCE(ei->ei_lower.lo_dense)) {
		err = reserve_space(inode, off, end);
		if (err == -EOPNOTSUPP)
			err = 0;
	}
	ecryptfs_times_touch(inode, false);
	return err;
}

/*
 * Format 1 has no holes, so a range that is zeroed or punched out is written, and
 * keeps its space.  Ranges can't be collapsed or inserted, because each extent is
 * encrypted for its place.
 */
static long ecryptfs_fallocate(struct file *file, int mode, loff_t off,
			       loff_t len)
{
	struct inode *inode = file_inode(file);
	int err;

	if (mode & ~(FALLOC_FL_KEEP_SIZE | ZERO_MODES))
		return -EOPNOTSUPP;
	inode_lock(inode);
	err = allocate_locked(file, mode, off, off + len);
	inode_unlock(inode);
	if (!err && (file->f_flags & O_DSYNC || IS_SYNC(inode)))
		err = vfs_fsync_range(file, off, off + len - 1,
				      !(file->f_flags & __O_SYNC));
	return err;
}

/*
 * Called before a store through a shared mapping.  The store needs no space: it
 * is within the file, and a file has no holes.
 */
static vm_fault_t ecryptfs_page_mkwrite(struct vm_fault *vmf)
{
	struct folio *folio = page_folio(vmf->page);
	struct inode *inode = file_inode(vmf->vma->vm_file);
	vm_fault_t ret = VM_FAULT_LOCKED;

	if (IS_IMMUTABLE(inode))
		return VM_FAULT_SIGBUS;
	sb_start_pagefault(inode->i_sb);
	ecryptfs_times_touch(inode, true);
	folio_lock(folio);
	if (folio->mapping != inode->i_mapping ||
	    folio_pos(folio) >= i_size_read(inode)) {
		folio_unlock(folio);
		ret = VM_FAULT_NOPAGE;
	} else {
		/* The fault marks the whole folio dirty anyway. */
		ecryptfs_aops_dirty(folio, 0, folio_size(folio));
		folio_wait_stable(folio);
	}
	sb_end_pagefault(inode->i_sb);
	return ret;
}

static bool is_within(const struct inode *inode, pgoff_t index)
{
	return index < DIV_ROUND_UP_ULL(i_size_read(inode), PAGE_SIZE);
}

/* Reads a page and the pages around it, if it is still within the file. */
static void read_around(struct file *file, pgoff_t index, pgoff_t pages)
{
	struct address_space *mapping = file->f_mapping;
	pgoff_t start = round_down(index, pages);
	DEFINE_READAHEAD(ractl, file, &file->f_ra, mapping, start);
	struct folio *folio;

	while (pages > 1 && !is_within(mapping->host, start + pages - 1))
		pages--;
	page_cache_ra_unbounded(&ractl, pages, 0);
	filemap_invalidate_lock_shared(mapping);
	if (is_within(mapping->host, index)) {
		folio = read_mapping_folio(mapping, index, file);
		if (!IS_ERR(folio))
			folio_put(folio);
	}
	filemap_invalidate_unlock_shared(mapping);
}

/*
 * Serves a page fault.  Where a lower read may take the lower inode's lock, the
 * page must not be read under mmap_lock or the lock of a mapping, because a
 * task that reads the lower file itself takes these inside the inode's lock.
 * So the locks are released, the page is read, and the fault is repeated.
 * filemap_fault() serves the faults that may not release the locks, and reports
 * a page that could not be read.
 */
static vm_fault_t ecryptfs_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct file *file = vma->vm_file;
	struct inode *inode = file_inode(file);
	pgoff_t index = vmf->pgoff;
	bool random = vma->vm_flags & VM_RAND_READ;
	bool busy = false, failed = false;
	struct folio *folio;

	if (!ecryptfs_lower_locks_reads(ecryptfs_lower_fs(inode),
					ecryptfs_inode_lower(inode)) ||
	    !(vmf->flags & FAULT_FLAG_ALLOW_RETRY) ||
	    vmf->flags & FAULT_FLAG_RETRY_NOWAIT)
		return filemap_fault(vmf);
	if (!is_within(inode, index))
		return VM_FAULT_SIGBUS;
	folio = filemap_get_folio(file->f_mapping, index);
	if (!IS_ERR(folio)) {
		busy = !folio_trylock(folio);
		if (!busy && folio->mapping == file->f_mapping) {
			if (folio_test_uptodate(folio) &&
			    is_within(inode, index)) {
				vmf->page = folio_file_page(folio, index);
				return VM_FAULT_LOCKED;
			}
			failed = !folio_test_uptodate(folio);
		}
		if (!busy) {
			folio_unlock(folio);
			folio_put(folio);
		}
	}
	if (failed)
		return filemap_fault(vmf);
	get_file(file);
	release_fault_lock(vmf);
	if (busy) {
		folio_wait_locked(folio);
		folio_put(folio);
	} else {
		read_around(file, index, random ? 1 : FAULT_PAGES);
	}
	fput(file);
	return VM_FAULT_RETRY;
}

static const struct vm_operations_struct ecryptfs_vm_ops = {
	.fault = ecryptfs_fault,
	.map_pages = filemap_map_pages,
	.page_mkwrite = ecryptfs_page_mkwrite,
};

static int ecryptfs_mmap(struct file *file, struct vm_area_struct *vma)
{
	ecryptfs_times_accessed(file);
	vma->vm_ops = &ecryptfs_vm_ops;
	return 0;
}

const struct file_operations ecryptfs_file_fops = {
	.open = ecryptfs_open,
	.flush = ecryptfs_flush,
	.release = ecryptfs_release,
	.llseek = generic_file_llseek,
	.read_iter = ecryptfs_read_iter,
	.write_iter = ecryptfs_write_iter,
	.splice_read = ecryptfs_splice_read,
	.splice_write = iter_file_splice_write,
	.mmap = ecryptfs_mmap,
	.fsync = ecryptfs_fsync,
	.fallocate = ecryptfs_fallocate,
	.setlease = generic_setlease,
	.unlocked_ioctl = ecryptfs_ioctl,
	.compat_ioctl = ecryptfs_ioctl_compat,
};
