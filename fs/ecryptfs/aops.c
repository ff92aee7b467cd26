// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The page cache: plaintext folios above, runs of extents below.
 *
 * Reading: one lower read for each contiguous run, straight into the folios,
 * which are then decrypted in place; nobody sees them before they are uptodate.
 *
 * Writing: folios are encrypted into bounce pages under their lock, and each
 * contiguous run goes down in one lower write.  Bounce pages, because the folio
 * stays readable and because CBC over bytes that a mapping changes meanwhile
 * would destroy them.
 *
 * Which extents of a large folio are dirty is kept in folio->private, one bit
 * an extent, so that a small write does not cost the encryption of the whole
 * folio.  A dirty folio without private is dirty as a whole; so is always one
 * that the kernel has put together from more extents than there are bits, out
 * of the pages of a program.  The bits are changed under the folio lock, but for
 * ecryptfs_dirty_folio(), which may be called without and only ever sets them
 * all.
 */
#include <linux/bvec.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/mempool.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <linux/writeback.h>

#include "ecryptfs.h"
#include "trace.h"

#define EXTENT_BYTES EFMT_V1_EXTENT_BYTES
#define EXTENTS_PER_PAGE (PAGE_SIZE / EXTENT_BYTES)

/* Folios of one lower read. */
#define READ_FOLIOS 32

/*
 * Pages of one lower write: 256 KiB on most machines.  The first of a batch
 * comes from a reserve, so that writeback goes on when memory is short, with
 * the batches as small as need be; the others are had as extents come.
 */
#define WRITE_PAGES 64
#define RESERVE_PAGES 32

static mempool_t *bounce_pool;

static_assert(ECRYPTFS_FOLIO_EXTENTS <= BITS_PER_LONG);
static_assert(PAGE_SIZE % EXTENT_BYTES == 0);

int ecryptfs_aops_init(void)
{
	bounce_pool = mempool_create_page_pool(RESERVE_PAGES, 0);
	return bounce_pool ? 0 : -ENOMEM;
}

void ecryptfs_aops_exit(void)
{
	mempool_destroy(bounce_pool);
}

/* Reading */

/*
 * Turns the first @valid bytes of @folio, which came from the lower file, into
 * plaintext, and what lies beyond the end of the file into zeros.  -EIO: the
 * lower file ends before the upper one.
 */
static int decrypt_folio(struct inode *inode, struct ecryptfs_crypt_req *req,
			 struct folio *folio, size_t valid)
{
	const struct ecryptfs_meta *meta = &ecryptfs_inode(inode)->ei_meta;
	const struct ecryptfs_format *format = ecryptfs_meta_ready(meta);
	loff_t pos = folio_pos(folio);
	loff_t size = i_size_read(inode);
	size_t off;
	int err;

	for (off = 0; off < folio_size(folio); off += EXTENT_BYTES) {
		if (pos + off >= size)
			break;
		if (off + EXTENT_BYTES > valid)
			return -EIO;
		err = format->fo_decrypt(&meta->me_crypt, req,
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

/* One lower read, for @folios folios. */
static void count_read(struct inode *inode, u64 lower_pos, size_t bytes,
		       unsigned int folios, int err)
{
	ecryptfs_count(inode, ECRYPTFS_LOWER_READS, 1);
	ecryptfs_count(inode, ECRYPTFS_LOWER_READ_BYTES, bytes);
	trace_ecryptfs_read(inode->i_sb->s_dev, inode->i_ino, lower_pos, bytes,
			    folios, err);
}

/*
 * Reads the ciphertext of @nr contiguous folios; *got_ret is how many bytes of
 * it the lower file has.
 */
static int read_lower(struct inode *inode, struct folio **folios,
		      unsigned int nr, size_t *got_ret)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct bio_vec vecs[READ_FOLIOS];
	size_t bytes = 0, done = 0, part;
	struct iov_iter iter;
	struct file *file;
	unsigned int i;
	int err = 0;

	file = ecryptfs_lower_get(&ei->ei_lower, false);
	if (!file)
		return -EIO;
	for (i = 0; i < nr; i++) {
		bvec_set_folio(&vecs[i], folios[i], folio_size(folios[i]), 0);
		bytes += folio_size(folios[i]);
	}
	while (done < bytes) {
		u64 extent = (folio_pos(folios[0]) + done) / EXTENT_BYTES;
		u64 run = efmt_geometry_run(&ei->ei_meta.me_geo, extent,
					    (bytes - done) / EXTENT_BYTES);
		u64 lower_pos;

		err = efmt_geometry_lower_pos(&ei->ei_meta.me_geo, extent,
					      &lower_pos);
		if (err)
			break;
		iov_iter_bvec(&iter, ITER_DEST, vecs, nr, bytes);
		iov_iter_advance(&iter, done);
		iov_iter_truncate(&iter, run * EXTENT_BYTES);
		part = 0;
		err = ecryptfs_lower_read(file, &iter, lower_pos, &part);
		count_read(inode, lower_pos, part, nr, err);
		if (err)
			break;
		done += part;
		if (part < run * EXTENT_BYTES)
			break;
	}
	fput(file);
	*got_ret = done;
	return err;
}

static void report_read(struct inode *inode, struct folio *folio, int err)
{
	if (err == -EIO && i_size_read(inode) > folio_pos(folio))
		ecryptfs_msg(inode, KERN_ERR,
			     "lower file ends before or fails at offset %lld; copy it back from a backup, or truncate the file to what is left",
			     folio_pos(folio));
}

/*
 * Reads and decrypts contiguous locked folios.  With @unlock each is unlocked
 * and, where that went well, uptodate; the first error is returned.
 */
static int read_folios(struct inode *inode, struct folio **folios,
		       unsigned int nr, bool unlock)
{
	const struct ecryptfs_meta *meta = &ecryptfs_inode(inode)->ei_meta;
	struct ecryptfs_crypt_req req = {};
	int ret = 0;
	size_t got = 0;
	unsigned int i;

	if (!ecryptfs_meta_ready(meta))
		ret = -EIO;
	if (!ret)
		ret = read_lower(inode, folios, nr, &got);
	if (!ret)
		ret = ecryptfs_crypt_req_create(&meta->me_crypt, &req);
	for (i = 0; i < nr; i++) {
		size_t bytes = folio_size(folios[i]);
		int err = ret;

		if (req.rq_req)
			err = decrypt_folio(inode, &req, folios[i],
					    min(got, bytes));
		got -= min(got, bytes);
		if (err) {
			report_read(inode, folios[i], err);
			ret = ret ?: err;
		}
		if (unlock)
			folio_end_read(folios[i], !err);
	}
	ecryptfs_crypt_req_destroy(&req);
	if (ret)
		ecryptfs_count(inode, ECRYPTFS_READ_ERRORS, 1);
	return ret;
}

static int ecryptfs_read_folio(struct file *file, struct folio *folio)
{
	return read_folios(folio->mapping->host, &folio, 1, true);
}

static void ecryptfs_readahead(struct readahead_control *rac)
{
	struct folio *folios[READ_FOLIOS];
	unsigned int nr = 0;

	while ((folios[nr] = readahead_folio(rac))) {
		if (++nr == READ_FOLIOS) {
			read_folios(rac->mapping->host, folios, nr, true);
			nr = 0;
		}
	}
	if (nr)
		read_folios(rac->mapping->host, folios, nr, true);
}

/* Dirty extents */

/* As an atomic, since ecryptfs_dirty_folio() needs no lock. */
static atomic_long_t *dirty_bits(struct folio *folio)
{
	static_assert(sizeof(folio->private) == sizeof(atomic_long_t));
	return (atomic_long_t *)&folio->private;
}

/*
 * Marks the extents of bytes [@from, @to) of a locked, uptodate folio dirty,
 * and the folio with them.
 */
void ecryptfs_folio_dirty(struct folio *folio, size_t from, size_t to)
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
			 * A write that is under way may yet have to be done
			 * again, for other extents than these.
			 */
			folio_attach_private(folio,
					     (void *)(folio_test_writeback(folio) ?
						      ~0UL : bits));
	}
	filemap_dirty_folio(folio->mapping, folio);
}

/* Dirtied as a whole, through a mapping: may come without the folio lock. */
static bool ecryptfs_dirty_folio(struct address_space *mapping,
				 struct folio *folio)
{
	if (folio_test_private(folio))
		atomic_long_or(-1L, dirty_bits(folio));
	return filemap_dirty_folio(mapping, folio);
}

/* The dirty extents of a locked folio, which are forgotten by that. */
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

/* A batch on its way down: owned by one task. */
struct batch {
	struct inode *inode;
	const struct ecryptfs_format *format;
	struct file *lower;
	struct ecryptfs_crypt_req req;
	struct page *pages[WRITE_PAGES]; /* bounce */
	struct bio_vec vecs[WRITE_PAGES]; /* the same, for the lower write */
	unsigned int nr_pages;
	u64 extent; /* number of the first in the bounce pages */
	unsigned int nr; /* extents in the bounce pages */
	struct folio *folios[WRITE_PAGES]; /* under writeback, encrypted */
	unsigned int nr_folios;
	const struct cred *cred; /* of the task, while the mounter's act */
	unsigned int nofs;
	bool throttled;
};

/*
 * Everything that writing needs, so that nothing can fail for want of memory
 * once folios are under writeback.
 */
static struct batch *batch_create(struct inode *inode)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	unsigned int nofs = memalloc_nofs_save();
	struct batch *batch;
	int err;

	batch = kzalloc(sizeof(*batch), GFP_NOFS | __GFP_NOFAIL);
	batch->nofs = nofs;
	batch->inode = inode;
	batch->format = ecryptfs_meta_ready(&ei->ei_meta);
	batch->lower = ecryptfs_lower_get(&ei->ei_lower, true);
	err = batch->lower && batch->format ? 0 : -EIO;
	if (!err)
		err = ecryptfs_crypt_req_create(&ei->ei_meta.me_crypt,
						&batch->req);
	if (err) {
		if (batch->lower)
			fput(batch->lower);
		kfree(batch);
		memalloc_nofs_restore(nofs);
		return ERR_PTR(err);
	}
	batch->pages[0] = mempool_alloc(bounce_pool, GFP_NOFS);
	batch->nr_pages = 1;
	/*
	 * Where space was promised to the task that wrote, whoever happens to
	 * write back does so as the mounter: set-id bits, which the write()
	 * took away if it had to, are not to go for a store through a mapping.
	 *
	 * The lower filesystem throttles its writers; we clean pages, and must
	 * not be held up by those that are still dirty above.
	 */
	if (ecryptfs_lower_fs(inode)->lf_reserves)
		batch->cred = override_creds(ecryptfs_lower_fs(inode)->lf_cred);
	batch->throttled = current->flags & PF_LOCAL_THROTTLE;
	current->flags |= PF_LOCAL_THROTTLE;
	return batch;
}

static void batch_destroy(struct batch *batch)
{
	unsigned int nofs = batch->nofs;

	WARN_ON_ONCE(batch->nr || batch->nr_folios);
	if (!batch->throttled)
		current->flags &= ~PF_LOCAL_THROTTLE;
	if (batch->cred)
		revert_creds(batch->cred);
	while (batch->nr_pages > 1)
		__free_page(batch->pages[--batch->nr_pages]);
	mempool_free(batch->pages[0], bounce_pool);
	ecryptfs_crypt_req_destroy(&batch->req);
	fput(batch->lower);
	kfree(batch);
	memalloc_nofs_restore(nofs);
}

static void count_write(struct inode *inode, u64 lower_pos, size_t bytes,
			int err)
{
	unsigned int extents = bytes / EXTENT_BYTES;

	ecryptfs_count(inode, ECRYPTFS_EXTENTS_ENCRYPTED, extents);
	ecryptfs_count(inode, ECRYPTFS_LOWER_WRITES, 1);
	if (err)
		ecryptfs_count(inode, ECRYPTFS_WRITE_ERRORS, 1);
	else
		ecryptfs_count(inode, ECRYPTFS_LOWER_WRITE_BYTES, bytes);
	trace_ecryptfs_write(inode->i_sb->s_dev, inode->i_ino, lower_pos, bytes,
			     extents, err);
}

/* One lower write of what is in the bounce pages. */
static int batch_write(struct batch *batch)
{
	const struct efmt_geometry *geo =
		&ecryptfs_inode(batch->inode)->ei_meta.me_geo;
	size_t bytes = batch->nr * EXTENT_BYTES;
	unsigned int nr = DIV_ROUND_UP(bytes, PAGE_SIZE);
	struct iov_iter iter;
	u64 lower_pos;
	unsigned int i;
	int err;

	if (!batch->nr)
		return 0;
	batch->nr = 0;
	err = efmt_geometry_lower_pos(geo, batch->extent, &lower_pos);
	if (err)
		return err;
	for (i = 0; i < nr; i++)
		bvec_set_page(&batch->vecs[i], batch->pages[i], PAGE_SIZE, 0);
	iov_iter_bvec(&iter, ITER_SOURCE, batch->vecs, nr, bytes);
	err = ecryptfs_lower_write(batch->lower, &iter, lower_pos);
	count_write(batch->inode, lower_pos, bytes, err);
	return err;
}

/* Ends the writeback of the folios whose extents have all been submitted. */
static void batch_end_folios(struct batch *batch, struct writeback_control *wbc,
			     int err)
{
	unsigned int i;

	if (err && !ecryptfs_may_retry(err))
		mapping_set_error(batch->inode->i_mapping, err);
	for (i = 0; i < batch->nr_folios; i++) {
		struct folio *folio = batch->folios[i];

		if (err && ecryptfs_may_retry(err)) {
			if (folio_test_private(folio))
				atomic_long_or(-1L, dirty_bits(folio));
			folio_redirty_for_writepage(wbc, folio);
		}
		folio_end_writeback(folio);
	}
	batch->nr_folios = 0;
}

static int batch_submit(struct batch *batch, struct writeback_control *wbc)
{
	int err = batch_write(batch);

	batch_end_folios(batch, wbc, err);
	return err;
}

/* Room for one more extent: a bounce page, if one is to be had at once. */
static bool batch_grow(struct batch *batch)
{
	struct page *page;

	if (batch->nr < batch->nr_pages * EXTENTS_PER_PAGE)
		return true;
	if (batch->nr_pages == WRITE_PAGES)
		return false;
	page = alloc_page(GFP_NOFS | __GFP_NORETRY | __GFP_NOWARN);
	if (!page)
		return false;
	batch->pages[batch->nr_pages++] = page;
	return true;
}

/* Whether one more extent fits behind those that are there. */
static bool batch_continues(struct batch *batch, u64 extent)
{
	const struct efmt_geometry *geo =
		&ecryptfs_inode(batch->inode)->ei_meta.me_geo;

	if (!batch->nr)
		return true;
	return extent == batch->extent + batch->nr &&
	       efmt_geometry_run(geo, batch->extent, batch->nr + 1) >
		       batch->nr &&
	       batch_grow(batch);
}

/* Encrypts one extent into the bounce pages, behind those that are there. */
static int batch_add(struct batch *batch, u64 extent, struct page *page,
		     unsigned int off)
{
	const struct ecryptfs_meta *meta = &ecryptfs_inode(batch->inode)->ei_meta;
	unsigned int at = batch->nr;
	int err;

	err = batch->format->fo_encrypt(&meta->me_crypt, &batch->req, extent,
					page, off,
					batch->pages[at / EXTENTS_PER_PAGE],
					at % EXTENTS_PER_PAGE * EXTENT_BYTES);
	if (err) {
		ecryptfs_count(batch->inode, ECRYPTFS_WRITE_ERRORS, 1);
		return err;
	}
	if (!at)
		batch->extent = extent;
	batch->nr++;
	return 0;
}

/* Encrypts the dirty extents of a locked folio, which is unlocked by that. */
static int write_folio(struct batch *batch, struct folio *folio,
		       struct writeback_control *wbc)
{
	loff_t pos = folio_pos(folio);
	loff_t size = i_size_read(batch->inode);
	unsigned long dirty = take_dirty(folio);
	int ret = 0, err = 0;
	size_t off;

	/* Cut off meanwhile: whoever does that is waiting for the lock. */
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
		if (!batch_continues(batch, extent)) {
			err = batch_submit(batch, wbc);
			ret = ret ?: err;
		}
		err = batch_add(batch, extent,
				folio_page(folio, off / PAGE_SIZE),
				off % PAGE_SIZE);
		ret = ret ?: err;
		if (err)
			break;
	}
	/* An extent of this folio may have gone down, and failed, already. */
	if (ret && ecryptfs_may_retry(ret))
		folio_redirty_for_writepage(wbc, folio);
	else if (err)
		mapping_set_error(batch->inode->i_mapping, err);
	batch->folios[batch->nr_folios++] = folio;
	folio_unlock(folio);
	if (batch->nr_folios == ARRAY_SIZE(batch->folios)) {
		err = batch_submit(batch, wbc);
		ret = ret ?: err;
	}
	return ret;
}

static int ecryptfs_writepages(struct address_space *mapping,
			       struct writeback_control *wbc)
{
	struct inode *inode = mapping->host;
	struct folio *folio = NULL;
	struct batch *batch;
	bool wrote = false;
	int err, last;

	down_read(&ecryptfs_inode(inode)->ei_writeback);
	batch = batch_create(inode);
	if (IS_ERR(batch)) {
		up_read(&ecryptfs_inode(inode)->ei_writeback);
		return PTR_ERR(batch);
	}
	while ((folio = writeback_iter(mapping, wbc, folio, &err))) {
		err = write_folio(batch, folio, wbc);
		wrote = true;
	}
	last = batch_submit(batch, wbc);
	if (wrote)
		ecryptfs_restore_mtime(inode, batch->lower);
	batch_destroy(batch);
	up_read(&ecryptfs_inode(inode)->ei_writeback);
	return err ?: last;
}

/*
 * Writes @nr extents of zeros below, from number @extent on, past the page
 * cache, which has none of them; *done_ret is how many were written, also on
 * failure.  -EINTR: the task is being killed.
 */
int ecryptfs_write_zeros(struct inode *inode, u64 extent, u64 nr, u64 *done_ret)
{
	struct batch *batch = batch_create(inode);
	int err = 0;

	*done_ret = 0;
	if (IS_ERR(batch))
		return PTR_ERR(batch);
	while (*done_ret < nr && !err) {
		unsigned int part;

		while (*done_ret + batch->nr < nr && !err &&
		       batch_continues(batch, extent + *done_ret + batch->nr))
			err = batch_add(batch, extent + *done_ret + batch->nr,
					ZERO_PAGE(0), 0);
		part = batch->nr;
		if (!err)
			err = batch_write(batch);
		if (!err)
			*done_ret += part;
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		cond_resched();
	}
	batch->nr = 0;
	batch_destroy(batch);
	return err;
}

/* write() */

/*
 * Reads what a partial write of a folio leaves of it.  Beyond the last extent
 * of the file there is nothing to read.
 */
static int fill_folio(struct inode *inode, struct folio *folio)
{
	if (folio_pos(folio) >= i_size_read(inode)) {
		folio_zero_range(folio, 0, folio_size(folio));
		return 0;
	}
	return read_folios(inode, &folio, 1, false);
}

static int ecryptfs_write_begin(const struct kiocb *iocb,
				struct address_space *mapping, loff_t pos,
				unsigned int len, struct folio **folio_ret,
				void **fsdata)
{
	struct folio *folio;
	size_t off;
	int err;

	folio = __filemap_get_folio(mapping, pos >> PAGE_SHIFT,
				    FGP_WRITEBEGIN | fgf_set_order(len),
				    mapping_gfp_mask(mapping));
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	off = offset_in_folio(folio, pos);
	if (!folio_test_uptodate(folio) &&
	    (off || len < folio_size(folio))) {
		err = fill_folio(mapping->host, folio);
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

	/* A folio that was to be overwritten as a whole, and was not. */
	if (!folio_test_uptodate(folio)) {
		if (copied < folio_size(folio))
			copied = 0;
		else
			folio_mark_uptodate(folio);
	}
	if (copied) {
		ecryptfs_folio_dirty(folio, off, off + copied);
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

/*
 * FIBMAP: where the ciphertext of a block is, for who moves or maps blocks; 0
 * where the lower blocks are not those of the upper file.  The file is open, so
 * it is loaded or plain.
 */
static sector_t ecryptfs_bmap(struct address_space *mapping, sector_t block)
{
	struct inode *inode = mapping->host, *lower = ecryptfs_inode_lower(inode);
	const struct ecryptfs_meta *meta = &ecryptfs_inode(inode)->ei_meta;
	u64 pos = (u64)block << inode->i_blkbits;
	u64 lower_pos = 0;

	if (inode->i_blkbits != lower->i_blkbits)
		return 0;
	if (!ecryptfs_meta_ready(meta))
		return ecryptfs_lower_bmap(lower, pos);
	if (pos >= i_size_read(inode) || filemap_write_and_wait(mapping))
		return 0;
	if (efmt_geometry_lower_pos(&meta->me_geo, pos / EXTENT_BYTES,
				    &lower_pos))
		return 0;
	return ecryptfs_lower_bmap(lower, lower_pos + pos % EXTENT_BYTES);
}

/* Who swaps knows blocks alone, and would write plaintext to them. */
static int ecryptfs_swap_activate(struct swap_info_struct *sis,
				  struct file *file, sector_t *span)
{
	return -EINVAL;
}

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
	.bmap = ecryptfs_bmap,
	.swap_activate = ecryptfs_swap_activate,
};
