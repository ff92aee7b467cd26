// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page cache: plaintext folios above, runs of extents below (xio.c).
 *
 * Reading: a run of contiguous folios is read from the lower file and decrypted
 * in place; nobody sees the folios before they are uptodate.  Readahead leaves
 * that to workers and returns, so that the disk and all CPUs work at the same
 * time.
 *
 * Writing: dirty extents of contiguous folios are written to the lower file in
 * one call.  The folios are under writeback meanwhile, and stable: nobody
 * changes them until they are encrypted.
 *
 * folio->private of a large folio has a bit for each extent, which says whether
 * the extent is dirty, so that a small write does not cost the encryption of
 * the whole folio.  A dirty folio without private is dirty as a whole.  So is a
 * folio with more extents than there are bits, which the kernel may put
 * together from the pages of a program.  The bits change under the folio lock,
 * with the exception of ecryptfs_dirty_folio(), which may be called without it
 * and only sets all of them.
 */
#include <linux/bvec.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/writeback.h>

#include "ecryptfs.h"
#include "xio.h"

#define EXTENT_BYTES EFMT_V1_EXTENT_BYTES

/*
 * The most folios and bytes of one lower read, which is a worker's piece of a
 * readahead.
 */
#define READ_FOLIOS 32
#define READ_BYTES SZ_128K

/* A smaller readahead is not worth a worker. */
#define READ_INLINE SZ_16K

/*
 * What lies this far behind a readahead was read, decrypted and used, so the
 * rest of it is dropped from the lower page cache.
 */
#define DROP_BEHIND SZ_2M
#define DROP_WINDOW SZ_8M

static_assert(ECRYPTFS_FOLIO_EXTENTS <= BITS_PER_LONG);
static_assert(PAGE_SIZE % EXTENT_BYTES == 0);

/* Reading */

/*
 * Decrypts the first @valid bytes of @folio, which were read from the lower
 * file, and zeroes what lies beyond the end of the file.  -EIO: the lower file
 * ends before the upper one.
 */
static int decrypt_folio(struct inode *inode, struct ecryptfs_crypt_req *req,
			 struct folio *folio, size_t valid)
{
	const struct ecryptfs_meta *meta = &ecryptfs_inode(inode)->ei_meta;
	loff_t pos = folio_pos(folio);
	loff_t size = i_size_read(inode);
	size_t off;
	int err;

	for (off = 0; off < folio_size(folio); off += EXTENT_BYTES) {
		if (pos + off >= size)
			break;
		if (off + EXTENT_BYTES > valid)
			return -EIO;
		err = ecryptfs_xio_decrypt(meta, req,
					   (pos + off) / EXTENT_BYTES,
					   folio_page(folio, off / PAGE_SIZE),
					   off % PAGE_SIZE);
		if (err)
			return err;
	}
	ecryptfs_count(inode, ECRYPTFS_EXTENTS_DECRYPTED, off / EXTENT_BYTES);
	if (size < pos + folio_size(folio))
		folio_zero_segment(folio, size > pos ? size - pos : 0,
				   folio_size(folio));
	flush_dcache_folio(folio);
	return 0;
}

static int read_lower(struct inode *inode, struct file *lower,
		      struct folio **folios, unsigned int nr, size_t *got_ret)
{
	struct bio_vec vecs[READ_FOLIOS];
	size_t bytes = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		bvec_set_folio(&vecs[i], folios[i], folio_size(folios[i]), 0);
		bytes += folio_size(folios[i]);
	}
	return ecryptfs_xio_read(ecryptfs_lower_fs(inode),
				 &ecryptfs_inode(inode)->ei_meta, lower,
				 folio_pos(folios[0]) / EXTENT_BYTES, vecs, nr,
				 bytes, got_ret);
}

static void report_read(struct inode *inode, struct folio *folio, int err)
{
	if (err == -EIO && i_size_read(inode) > folio_pos(folio))
		ecryptfs_msg(inode, KERN_ERR,
			     "lower file ends before or fails at offset %lld; copy it back from a backup, overwrite the extent, or truncate the file to what is left",
			     folio_pos(folio));
}

/*
 * Reads and decrypts contiguous locked folios, which stay locked.  Returns a
 * mask with bit i set if folio i could not be read; *err_ret is the first error
 * then.  A bad sector fails only the folios that it is in.
 */
static unsigned long read_folios(struct inode *inode, struct file *lower,
				 struct folio **folios, unsigned int nr,
				 int *err_ret)
{
	const struct ecryptfs_meta *meta = &ecryptfs_inode(inode)->ei_meta;
	struct ecryptfs_crypt_req req = {};
	unsigned long failed = 0;
	size_t got = 0;
	unsigned int i;
	int ret = -EIO;

	*err_ret = 0;
	static_assert(READ_FOLIOS <= BITS_PER_LONG);
	if (lower && ecryptfs_meta_ready(meta))
		ret = ecryptfs_crypt_req_create(&meta->me_crypt, &req);
	if (ret) {
		ecryptfs_count(inode, ECRYPTFS_READ_ERRORS, 1);
		*err_ret = ret;
		return ~0UL;
	}
	ret = read_lower(inode, lower, folios, nr, &got);
	for (i = 0; i < nr; i++) {
		size_t bytes = folio_size(folios[i]);
		size_t valid = min(got, bytes);
		int err = ret;

		got -= valid;
		if (ret && valid < bytes && nr > 1)
			err = read_lower(inode, lower, &folios[i], 1, &valid);
		if (!err || valid)
			err = decrypt_folio(inode, &req, folios[i], valid) ?
				      (err ?: -EIO) :
				      0;
		if (!err)
			continue;
		*err_ret = *err_ret ?: err;
		failed |= BIT(i);
		if (!folio_test_large(folios[i]))
			report_read(inode, folios[i], err);
	}
	ecryptfs_crypt_req_destroy(&req);
	if (failed)
		ecryptfs_count(inode, ECRYPTFS_READ_ERRORS, 1);
	return failed;
}

/* Drops the lower page cache of folios that were read. */
static void drop_lower(struct inode *inode, struct file *lower,
		       struct folio **folios, unsigned int nr)
{
	const struct ecryptfs_meta *meta = &ecryptfs_inode(inode)->ei_meta;
	u64 from, to;

	if (!ecryptfs_meta_ready(meta))
		return;
	from = ecryptfs_meta_lower_size(meta, folio_pos(folios[0]));
	to = ecryptfs_meta_lower_size(meta, folio_pos(folios[nr - 1]) +
						    folio_size(folios[nr - 1]));
	ecryptfs_lower_drop_cache(file_inode(lower), from, to);
}

/*
 * To be called when a large folio could not be read.  From now on the file's
 * folios are as small as possible.  This folio, of which the caller keeps a
 * reference, is removed and unlocked, so that every part of it that is readable
 * can be read.
 */
static void split_up(struct folio *folio)
{
	struct address_space *mapping = folio->mapping;

	mapping_set_folio_order_range(mapping, 0, 0);
	generic_error_remove_folio(mapping, folio);
	folio_unlock(folio);
}

static int ecryptfs_read_folio(struct file *file, struct folio *folio)
{
	struct inode *inode = folio->mapping->host;
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct file *lower = ecryptfs_lower_get(&ei->ei_lower, false);
	bool failed;
	int err;

	failed = read_folios(inode, lower, &folio, 1, &err);
	if (lower) {
		if (!failed)
			drop_lower(inode, lower, &folio, 1);
		fput(lower);
	}
	if (failed && folio_test_large(folio)) {
		split_up(folio);
		return AOP_TRUNCATED_PAGE;
	}
	folio_end_read(folio, !failed);
	return err;
}

/* A piece of a readahead.  Its locked folios keep the inode alive. */
struct read_piece {
	struct work_struct work;
	struct inode *inode;
	struct file *lower; /* a reference */
	unsigned int nr;
	size_t bytes;
	struct folio *folios[READ_FOLIOS];
};

/*
 * Reads a piece and unlocks its folios.  When this returns, the inode may be
 * gone, and the filesystem with it.
 */
static void read_piece(struct read_piece *piece)
{
	unsigned long failed;
	unsigned int i;
	int err;

	failed = read_folios(piece->inode, piece->lower, piece->folios,
			     piece->nr, &err);
	if (piece->lower) {
		drop_lower(piece->inode, piece->lower, piece->folios,
			   piece->nr);
		fput(piece->lower);
	}
	for (i = 0; i < piece->nr; i++)
		folio_end_read(piece->folios[i], !(failed & BIT(i)));
}

static void read_piece_work(struct work_struct *work)
{
	struct read_piece *piece = container_of(work, struct read_piece, work);

	read_piece(piece);
	kfree(piece);
}

/* Takes the next folios of a readahead; returns false if there are none. */
static bool read_piece_fill(struct read_piece *piece,
			    struct readahead_control *rac)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(rac->mapping->host);
	struct folio *folio;

	piece->inode = rac->mapping->host;
	piece->nr = 0;
	piece->bytes = 0;
	while (piece->nr < READ_FOLIOS && piece->bytes < READ_BYTES) {
		folio = readahead_folio(rac);
		if (!folio)
			break;
		piece->folios[piece->nr++] = folio;
		piece->bytes += folio_size(folio);
	}
	if (!piece->nr)
		return false;
	piece->lower = ecryptfs_lower_get(&ei->ei_lower, false);
	return true;
}

/*
 * Starts the lower read of the whole readahead, and drops the lower page cache
 * far behind it.
 */
static void read_ahead_below(struct inode *inode, loff_t pos, size_t len)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct file *lower;
	u64 from, data;

	if (!ecryptfs_meta_ready(&ei->ei_meta))
		return;
	lower = ecryptfs_lower_get(&ei->ei_lower, false);
	if (!lower)
		return;
	from = ecryptfs_meta_lower_size(&ei->ei_meta, pos);
	data = ecryptfs_meta_lower_size(&ei->ei_meta, 0);
	ecryptfs_lower_read_ahead(ecryptfs_lower_fs(inode), lower, from, len);
	if (from > data + DROP_BEHIND)
		ecryptfs_lower_drop_cache(ei->ei_lower.lo_inode,
					  from > data + DROP_WINDOW ?
						  from - DROP_WINDOW :
						  data,
					  from - DROP_BEHIND);
	fput(lower);
}

static void ecryptfs_readahead(struct readahead_control *rac)
{
	bool queue = readahead_length(rac) > READ_INLINE;
	struct read_piece *piece;
	struct read_piece here;

	if (queue)
		read_ahead_below(rac->mapping->host, readahead_pos(rac),
				 readahead_length(rac));
	for (;;) {
		piece = queue ? kmalloc(sizeof(*piece),
					GFP_NOFS | __GFP_NORETRY |
						__GFP_NOWARN) :
				NULL;
		if (!read_piece_fill(piece ?: &here, rac))
			break;
		if (piece) {
			INIT_WORK(&piece->work, read_piece_work);
			ecryptfs_lower_queue(&piece->work);
		} else {
			read_piece(&here);
		}
	}
	kfree(piece);
}

/* Dirty extents */

/* An atomic, because ecryptfs_dirty_folio() holds no lock. */
static atomic_long_t *dirty_bits(struct folio *folio)
{
	static_assert(sizeof(folio->private) == sizeof(atomic_long_t));
	return (atomic_long_t *)&folio->private;
}

/*
 * Marks the extents of bytes [@from, @to) of a locked, uptodate folio dirty,
 * and the folio with them.
 */
void ecryptfs_aops_dirty(struct folio *folio, size_t from, size_t to)
{
	unsigned long bits;

	VM_WARN_ON_ONCE_FOLIO(!folio_test_locked(folio), folio);
	if (folio_size(folio) > EXTENT_BYTES &&
	    folio_size(folio) <= BITS_PER_LONG * EXTENT_BYTES) {
		bits = GENMASK((to - 1) / EXTENT_BYTES, from / EXTENT_BYTES);
		if (folio_test_private(folio))
			atomic_long_or(bits, dirty_bits(folio));
		else if (!folio_test_dirty(folio))
			/*
			 * A write that is under way may have to be repeated,
			 * for other extents than these.
			 */
			folio_attach_private(folio,
					     (void *)(folio_test_writeback(folio) ?
						      ~0UL : bits));
	}
	filemap_dirty_folio(folio->mapping, folio);
}

/*
 * Marks a whole folio dirty, for a store through a mapping.  May be called
 * without the folio lock.
 */
static bool ecryptfs_dirty_folio(struct address_space *mapping,
				 struct folio *folio)
{
	if (folio_test_private(folio))
		atomic_long_or(-1L, dirty_bits(folio));
	return filemap_dirty_folio(mapping, folio);
}

/* Returns the dirty extents of a locked folio and clears them. */
static unsigned long take_dirty(struct folio *folio)
{
	if (!folio_test_private(folio))
		return ~0UL;
	return (unsigned long)folio_detach_private(folio);
}

static bool ecryptfs_release_folio(struct folio *folio, gfp_t gfp)
{
	if (folio_test_dirty(folio) || folio_test_writeback(folio))
		return false;
	if (folio_test_private(folio))
		folio_detach_private(folio);
	return true;
}

static void ecryptfs_invalidate_folio(struct folio *folio, size_t off,
				      size_t len)
{
	if (!off && len == folio_size(folio) && folio_test_private(folio))
		folio_detach_private(folio);
}

/* Writing */

/* Folios whose extents were added to a run that was not submitted yet. */
struct batch {
	struct ecryptfs_xio_write *xw;
	struct inode *inode;
	struct folio *folios[ECRYPTFS_XIO_EXTENTS]; /* under writeback */
	unsigned int nr;
};

static struct ecryptfs_xio_write *xio_begin(struct inode *inode)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);

	return ecryptfs_xio_begin(&ecryptfs_sb(inode->i_sb)->es_pool,
				  ecryptfs_lower_fs(inode), &ei->ei_meta,
				  &ei->ei_lower);
}

/*
 * Returns the credentials, with a reference, that pages under writeback are
 * written with.  The lower filesystem goes by these when it applies a quota,
 * lends its reserve, or removes set-id bits.
 *
 * Pages of a write() that is under way may need space, and the write() waits
 * for them, so its credentials are used, whoever writes the pages.  Other pages
 * have their space if the lower filesystem overwrites in place and the lower
 * file has no holes; their write() has removed the set-id bits if necessary, so
 * the mounter's credentials are used.  Where they may need more space, the
 * flusher, which is privileged, must not lend them its rights.
 */
static const struct cred *writer_of(struct inode *inode)
{
	const struct ecryptfs_lower_fs *fs = ecryptfs_lower_fs(inode);
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	const struct cred *cred;

	spin_lock(&inode->i_lock);
	cred = get_cred(ei->ei_writer);
	spin_unlock(&inode->i_lock);
	if (cred)
		return cred;
	if (fs->lf_overwrites && READ_ONCE(ei->ei_lower.lo_dense))
		return get_cred(fs->lf_cred);
	if (current->flags & PF_KTHREAD)
		return get_cred(ecryptfs_flusher_cred(fs));
	return get_current_cred();
}

/*
 * Ends the writeback of a batch's folios, all of whose extents were submitted;
 * @err is the result.
 */
static void batch_end_folios(struct batch *batch, struct writeback_control *wbc,
			     int err)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(batch->inode);
	unsigned int i;

	if (err && !ecryptfs_may_retry(err)) {
		WRITE_ONCE(ei->ei_failure, err);
		/* Orders the error before the count, for pass_down(). */
		atomic_inc_return(&ei->ei_failures);
		if (!ecryptfs_is_told(batch->inode, err))
			mapping_set_error(batch->inode->i_mapping, err);
	}
	for (i = 0; i < batch->nr; i++) {
		struct folio *folio = batch->folios[i];

		if (err && ecryptfs_may_retry(err)) {
			if (folio_test_private(folio))
				atomic_long_or(-1L, dirty_bits(folio));
			folio_redirty_for_writepage(wbc, folio);
		}
		folio_end_writeback(folio);
	}
	batch->nr = 0;
}

static int batch_submit(struct batch *batch, struct writeback_control *wbc)
{
	const struct cred *cred = writer_of(batch->inode);
	int err;

	err = ecryptfs_xio_submit(batch->xw, i_size_read(batch->inode), cred);
	put_cred(cred);
	batch_end_folios(batch, wbc, err);
	return err;
}

/*
 * Adds the dirty extents of a locked folio to the run and unlocks it.  The
 * folio stays under writeback until they are submitted.
 */
static int write_folio(struct batch *batch, struct folio *folio,
		       struct writeback_control *wbc)
{
	loff_t pos = folio_pos(folio);
	loff_t size = i_size_read(batch->inode);
	unsigned long dirty = take_dirty(folio);
	int ret = 0, err;
	size_t off;

	/* It was cut off meanwhile; the task that cuts waits for the lock. */
	if (pos >= size) {
		folio_unlock(folio);
		return 0;
	}
	if (size < pos + folio_size(folio))
		folio_zero_segment(folio, size - pos, folio_size(folio));
	folio_start_writeback(folio);
	for (off = 0; off < folio_size(folio) && pos + off < size;
	     off += EXTENT_BYTES) {
		u64 extent = (pos + off) / EXTENT_BYTES;

		if (off < BITS_PER_LONG * EXTENT_BYTES &&
		    !(dirty & BIT(off / EXTENT_BYTES)))
			continue;
		if (!ecryptfs_xio_continues(batch->xw, extent)) {
			err = batch_submit(batch, wbc);
			ret = ret ?: err;
		}
		ecryptfs_xio_add(batch->xw, extent,
				 folio_page(folio, off / PAGE_SIZE),
				 off % PAGE_SIZE);
	}
	/* An extent of this folio may have been submitted and have failed. */
	if (ret && ecryptfs_may_retry(ret))
		folio_redirty_for_writepage(wbc, folio);
	batch->folios[batch->nr++] = folio;
	folio_unlock(folio);
	if (batch->nr == ARRAY_SIZE(batch->folios)) {
		err = batch_submit(batch, wbc);
		ret = ret ?: err;
	}
	return ret;
}

/*
 * Writes the mapping's dirty pages.  The caller holds ei_writeback, so that the
 * metadata do not change.
 */
static int write_pages(struct inode *inode, struct writeback_control *wbc)
{
	struct batch batch = { .inode = inode };
	struct folio *folio = NULL;
	bool wrote = false;
	int err, last;

	batch.xw = xio_begin(inode);
	if (IS_ERR(batch.xw))
		return PTR_ERR(batch.xw);
	while ((folio = writeback_iter(inode->i_mapping, wbc, folio, &err))) {
		err = write_folio(&batch, folio, wbc);
		wrote = true;
	}
	last = batch_submit(&batch, wbc);
	if (wrote)
		ecryptfs_times_wrote_late(inode, batch.xw->xw_lower);
	ecryptfs_xio_end(batch.xw);
	return err ?: last;
}

/*
 * An error is recorded in the mapping, and so reported to those who have the
 * file open.  Pages for which no lower file can be opened stay dirty.
 */
static int ecryptfs_writepages(struct address_space *mapping,
			       struct writeback_control *wbc)
{
	struct inode *inode = mapping->host;
	int err;

	down_read(&ecryptfs_inode(inode)->ei_writeback);
	err = write_pages(inode, wbc);
	up_read(&ecryptfs_inode(inode)->ei_writeback);
	return err;
}

/*
 * Writes @nr extents of encrypted zeros to the lower file, from number @extent
 * on, bypassing the page cache, which has none of them.  *done_ret is the
 * number of extents written, also on failure.  -EINTR: the task is being
 * killed.
 */
int ecryptfs_aops_write_zeros(struct inode *inode, u64 extent, u64 nr,
			      u64 *done_ret)
{
	struct ecryptfs_xio_write *xw = xio_begin(inode);
	int err = 0;

	*done_ret = 0;
	if (IS_ERR(xw))
		return PTR_ERR(xw);
	while (*done_ret < nr && !err) {
		unsigned int part = 0;

		while (*done_ret + part < nr &&
		       ecryptfs_xio_continues(xw, extent + *done_ret + part)) {
			ecryptfs_xio_add(xw, extent + *done_ret + part,
					 ZERO_PAGE(0), 0);
			part++;
		}
		err = ecryptfs_xio_submit(xw, i_size_read(inode),
					  current_cred());
		if (!err)
			*done_ret += part;
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	ecryptfs_xio_end(xw);
	return err;
}

/* write() */

/*
 * Fills a folio that is to be written in part.  Beyond the last extent of the
 * file there is nothing to read.
 */
static int fill_folio(struct inode *inode, struct folio *folio)
{
	struct file *lower;
	int err;

	if (folio_pos(folio) >= i_size_read(inode)) {
		folio_zero_range(folio, 0, folio_size(folio));
		return 0;
	}
	lower = ecryptfs_lower_get(&ecryptfs_inode(inode)->ei_lower, false);
	read_folios(inode, lower, &folio, 1, &err);
	if (lower)
		fput(lower);
	return err;
}

static int ecryptfs_write_begin(const struct kiocb *iocb,
				struct address_space *mapping, loff_t pos,
				unsigned int len, struct folio **folio_ret,
				void **fsdata)
{
	struct folio *folio;
	size_t off;
	int err;

again:
	folio = __filemap_get_folio(mapping, pos >> PAGE_SHIFT,
				    FGP_WRITEBEGIN | fgf_set_order(len),
				    mapping_gfp_mask(mapping));
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	off = offset_in_folio(folio, pos);
	if (!folio_test_uptodate(folio) && !off &&
	    pos + len >= i_size_read(mapping->host)) {
		/* All of it is replaced, so it need not be readable. */
		folio_zero_segment(folio, min_t(size_t, len, folio_size(folio)),
				   folio_size(folio));
	} else if (!folio_test_uptodate(folio) &&
		   (off || len < folio_size(folio))) {
		err = fill_folio(mapping->host, folio);
		if (err && folio_test_large(folio)) {
			split_up(folio);
			folio_put(folio);
			goto again;
		}
		if (err) {
			folio_unlock(folio);
			folio_put(folio);
			return err;
		}
		folio_mark_uptodate(folio);
	}
	*folio_ret = folio;
	return 0;
}

static int ecryptfs_write_end(const struct kiocb *iocb,
			      struct address_space *mapping, loff_t pos,
			      unsigned int len, unsigned int copied,
			      struct folio *folio, void *fsdata)
{
	struct inode *inode = mapping->host;
	size_t off = offset_in_folio(folio, pos);

	/* All of it was to be replaced, but some may be left. */
	if (!folio_test_uptodate(folio)) {
		if (copied < min_t(size_t, len, folio_size(folio) - off))
			copied = 0;
		else
			folio_mark_uptodate(folio);
	}
	if (copied) {
		ecryptfs_aops_dirty(folio, off, off + copied);
		if (pos + copied > i_size_read(inode)) {
			i_size_write(inode, pos + copied);
			mark_inode_dirty(inode);
		}
	}
	folio_unlock(folio);
	folio_put(folio);
	return copied;
}

WRITE_BEGIN_OP(ecryptfs_write_begin)
WRITE_END_OP(ecryptfs_write_end)

const struct address_space_operations ecryptfs_aops = {
	.read_folio = ecryptfs_read_folio,
	.readahead = ecryptfs_readahead,
	.writepages = ecryptfs_writepages,
	.write_begin = write_begin_op(ecryptfs_write_begin),
	.write_end = write_end_op(ecryptfs_write_end),
	.dirty_folio = ecryptfs_dirty_folio,
	.release_folio = ecryptfs_release_folio,
	.invalidate_folio = ecryptfs_invalidate_folio,
	.migrate_folio = filemap_migrate_folio,
};
