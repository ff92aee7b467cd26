// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs of extents between pages of plaintext and the lower file.
 *
 * For a write, extents are gathered, encrypted into bounce pages by as many
 * CPUs as are idle, and written to the lower file in one call.  Bounce pages
 * are needed because the page cache stays readable meanwhile.
 *
 * The calling task makes the lower write itself, so that the memory which that
 * dirties is charged to the task and the task is throttled for it.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/mempool.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "trace.h"
#include "xio.h"

#define EXTENT_BYTES EFMT_V1_EXTENT_BYTES
#define EXTENTS_PER_PAGE (PAGE_SIZE / EXTENT_BYTES)

static_assert(PAGE_SIZE % EXTENT_BYTES == 0);

/* The writes that can be under way when no memory can be allocated. */
#define RESERVE_WRITES 4

/* Extents that a CPU takes at a time, and that are worth one more CPU. */
#define EXTENTS_STEP 4
#define EXTENTS_HELPER 8

int ecryptfs_xio_pool_create(struct ecryptfs_xio_pool *pool)
{
	pool->xp_pages = mempool_create_page_pool(RESERVE_WRITES, 0);
	pool->xp_writes =
		mempool_create_kmalloc_pool(RESERVE_WRITES,
					    sizeof(struct ecryptfs_xio_write));
	return pool->xp_pages && pool->xp_writes ? 0 : -ENOMEM;
}

/* Does nothing to a zeroed struct. */
void ecryptfs_xio_pool_destroy(struct ecryptfs_xio_pool *pool)
{
	mempool_destroy(pool->xp_pages);
	mempool_destroy(pool->xp_writes);
}

/*
 * Allocates everything that a write of extents needs, so that no later step can
 * fail for want of memory.  Until ecryptfs_xio_end() the calling task allocates
 * without reclaim from filesystems, and is throttled only for the dirty pages
 * of the lower filesystem that it makes itself.
 *
 * -EIO: the lower file can't be written, or the file has no metadata.
 */
struct ecryptfs_xio_write *
ecryptfs_xio_begin(struct ecryptfs_xio_pool *pool,
		   const struct ecryptfs_lower_fs *fs,
		   struct ecryptfs_meta *meta, struct ecryptfs_lower *lower)
{
	const struct ecryptfs_format *format = ecryptfs_meta_ready(meta);
	unsigned int nofs = memalloc_nofs_save();
	struct ecryptfs_xio_write *xw;
	struct file *file;
	int err;

	file = format ? ecryptfs_lower_get_writable(lower, fs) : ERR_PTR(-EIO);
	if (IS_ERR(file)) {
		memalloc_nofs_restore(nofs);
		return ERR_CAST(file);
	}
	xw = mempool_alloc(pool->xp_writes, GFP_NOFS);
	err = ecryptfs_crypt_req_create(&meta->me_crypt, &xw->xw_req);
	if (err) {
		mempool_free(xw, pool->xp_writes);
		fput(file);
		memalloc_nofs_restore(nofs);
		return ERR_PTR(err);
	}
	xw->xw_pool = pool;
	xw->xw_fs = fs;
	xw->xw_meta = meta;
	xw->xw_format = format;
	xw->xw_lower = file;
	xw->xw_nr = 0;
	xw->xw_pages[0] = mempool_alloc(pool->xp_pages, GFP_NOFS);
	xw->xw_nr_pages = 1;
	xw->xw_nofs = nofs;
	xw->xw_throttled = current->flags & PF_LOCAL_THROTTLE;
	current->flags |= PF_LOCAL_THROTTLE;
	return xw;
}

void ecryptfs_xio_end(struct ecryptfs_xio_write *xw)
{
	unsigned int nofs = xw->xw_nofs;

	WARN_ON_ONCE(xw->xw_nr);
	if (!xw->xw_throttled)
		current->flags &= ~PF_LOCAL_THROTTLE;
	while (xw->xw_nr_pages > 1)
		__free_page(xw->xw_pages[--xw->xw_nr_pages]);
	mempool_free(xw->xw_pages[0], xw->xw_pool->xp_pages);
	ecryptfs_crypt_req_destroy(&xw->xw_req);
	fput(xw->xw_lower);
	mempool_free(xw, xw->xw_pool->xp_writes);
	memalloc_nofs_restore(nofs);
}

/*
 * Makes room for one more extent, if a bounce page can be allocated without
 * waiting.
 */
static bool grow_run(struct ecryptfs_xio_write *xw)
{
	struct page *page;

	if (xw->xw_nr == ECRYPTFS_XIO_EXTENTS)
		return false;
	if (xw->xw_nr < xw->xw_nr_pages * EXTENTS_PER_PAGE)
		return true;
	page = alloc_page(GFP_NOFS | __GFP_NORETRY | __GFP_NOWARN);
	if (!page)
		return false;
	xw->xw_pages[xw->xw_nr_pages++] = page;
	return true;
}

/* Whether @extent continues the run and there is room for it. */
bool ecryptfs_xio_continues(struct ecryptfs_xio_write *xw, u64 extent)
{
	const struct efmt_geometry *geo = &xw->xw_meta->me_geo;

	if (!xw->xw_nr)
		return true;
	return extent == xw->xw_extent + xw->xw_nr &&
	       efmt_geometry_run(geo, xw->xw_extent, xw->xw_nr + 1) >
		       xw->xw_nr &&
	       grow_run(xw);
}

/*
 * Adds the extent whose plaintext is at @off of @page.  Callers have asked
 * ecryptfs_xio_continues() before.  The plaintext must not change until
 * ecryptfs_xio_submit() has returned.
 */
void ecryptfs_xio_add(struct ecryptfs_xio_write *xw, u64 extent,
		      struct page *page, unsigned int off)
{
	if (!xw->xw_nr)
		xw->xw_extent = extent;
	bvec_set_page(&xw->xw_plain[xw->xw_nr++], page, EXTENT_BYTES, off);
}

static int encrypt_one(const struct ecryptfs_xio_write *xw,
		       struct ecryptfs_crypt_req *req, unsigned int i)
{
	const struct bio_vec *plain = &xw->xw_plain[i];

	return xw->xw_format->fo_encrypt(&xw->xw_meta->me_crypt, req,
					 xw->xw_extent + i, plain->bv_page,
					 plain->bv_offset,
					 xw->xw_pages[i / EXTENTS_PER_PAGE],
					 i % EXTENTS_PER_PAGE * EXTENT_BYTES);
}

/* Encrypts extents until all of them are taken. */
static void encrypt_some(struct ecryptfs_xio_write *xw,
			 struct ecryptfs_crypt_req *req)
{
	unsigned int i, end;
	int err;

	for (;;) {
		i = atomic_fetch_add(EXTENTS_STEP, &xw->xw_next);
		end = min(i + EXTENTS_STEP, xw->xw_nr);
		if (i >= end)
			return;
		for (; i < end; i++) {
			err = encrypt_one(xw, req, i);
			if (err)
				WRITE_ONCE(xw->xw_err, err);
		}
		cond_resched();
	}
}

static void helper_work(struct work_struct *work)
{
	struct ecryptfs_xio_write *xw =
		container_of(work, struct ecryptfs_xio_helper, xh_work)
			->xh_write;
	struct ecryptfs_crypt_req req;

	/* The other tasks encrypt what this one does not. */
	if (!ecryptfs_crypt_req_create(&xw->xw_meta->me_crypt, &req)) {
		encrypt_some(xw, &req);
		ecryptfs_crypt_req_destroy(&req);
	}
	if (atomic_dec_and_test(&xw->xw_running))
		complete(&xw->xw_done);
}

/*
 * Encrypts all extents that were added.  The owner encrypts, too, and when all
 * extents are taken it cancels the helpers that have not started, so it depends
 * on no worker.
 */
static int encrypt_all(struct ecryptfs_xio_write *xw)
{
	unsigned int nr = min3(xw->xw_nr / EXTENTS_HELPER,
			       num_online_cpus() - 1,
			       (unsigned int)ECRYPTFS_XIO_HELPERS);
	unsigned int i;

	xw->xw_err = 0;
	atomic_set(&xw->xw_next, 0);
	atomic_set(&xw->xw_running, nr + 1);
	init_completion(&xw->xw_done);
	for (i = 0; i < nr; i++) {
		xw->xw_helpers[i].xh_write = xw;
		INIT_WORK(&xw->xw_helpers[i].xh_work, helper_work);
		ecryptfs_lower_queue(&xw->xw_helpers[i].xh_work);
	}
	encrypt_some(xw, &xw->xw_req);
	for (i = 0; i < nr; i++)
		if (cancel_work(&xw->xw_helpers[i].xh_work))
			atomic_dec(&xw->xw_running);
	if (!atomic_dec_and_test(&xw->xw_running))
		wait_for_completion(&xw->xw_done);
	return xw->xw_err;
}

static void count_write(const struct ecryptfs_xio_write *xw, u64 lower_pos,
			size_t bytes, int err)
{
	struct ecryptfs_stats *stats = xw->xw_fs->lf_stats;
	unsigned int extents = bytes / EXTENT_BYTES;

	ecryptfs_stats_add(stats, ECRYPTFS_EXTENTS_ENCRYPTED, extents);
	ecryptfs_stats_add(stats, ECRYPTFS_LOWER_WRITES, 1);
	if (err)
		ecryptfs_stats_add(stats, ECRYPTFS_WRITE_ERRORS, 1);
	else
		ecryptfs_stats_add(stats, ECRYPTFS_LOWER_WRITE_BYTES, bytes);
	trace_ecryptfs_write(stats->st_dev, file_inode(xw->xw_lower)->i_ino,
			     lower_pos, bytes, extents, err);
}

/*
 * Writes a run to the lower file in one call, preceded by the header if the
 * file is new.
 */
static int write_run(struct ecryptfs_xio_write *xw, unsigned int nr, u64 size)
{
	size_t bytes = nr * EXTENT_BYTES, start = 0;
	unsigned int pages = DIV_ROUND_UP(bytes, PAGE_SIZE);
	struct bio_vec *vec = xw->xw_vecs;
	u8 *header = NULL;
	struct iov_iter iter;
	u64 lower_pos;
	unsigned int i;
	int err;

	err = efmt_geometry_lower_pos(&xw->xw_meta->me_geo, xw->xw_extent,
				      &lower_pos);
	size = min_t(u64, size, bytes);
	if (!err && !xw->xw_extent)
		header = ecryptfs_meta_new_begin(xw->xw_meta, size);
	/* Metadata that are an attribute, or a header before later data. */
	if (!err && !header && ecryptfs_meta_is_new(xw->xw_meta))
		err = ecryptfs_meta_commit_size(xw->xw_meta, xw->xw_fs,
						xw->xw_lower, 0);
	if (err)
		return err;
	if (header) {
		start = lower_pos;
		bvec_set_virt(vec++, header, start);
	}
	for (i = 0; i < pages; i++)
		bvec_set_page(vec++, xw->xw_pages[i], PAGE_SIZE, 0);
	iov_iter_bvec(&iter, ITER_SOURCE, xw->xw_vecs, vec - xw->xw_vecs,
		      start + bytes);
	err = ecryptfs_lower_write(xw->xw_lower, &iter, lower_pos - start);
	if (header)
		ecryptfs_meta_new_end(xw->xw_meta, size, err);
	count_write(xw, lower_pos, bytes, err);
	return err;
}

/*
 * Encrypts the run and writes it to the lower file; the run is empty
 * afterwards.  @size is the size of the file.  It goes into the header of a new
 * file, which is written together with the first extent and never says more
 * than what is written with it.  The lower filesystem takes @cred for the
 * writer and charges space by its rights; the caller holds a reference.
 */
int ecryptfs_xio_submit(struct ecryptfs_xio_write *xw, u64 size,
			const struct cred *cred)
{
	unsigned int nr = xw->xw_nr;
	const struct cred *old;
	int err;

	if (!nr)
		return 0;
	err = encrypt_all(xw);
	xw->xw_nr = 0;
	if (err) {
		ecryptfs_stats_add(xw->xw_fs->lf_stats, ECRYPTFS_WRITE_ERRORS,
				   1);
		return err;
	}
	old = override_creds(cred);
	err = write_run(xw, nr, size);
	revert_creds(old);
	return err;
}

/*
 * Reads @bytes of ciphertext, from extent @extent on, into @vecs.  *got_ret is
 * the number of bytes read, also if an error followed.  If it is less than
 * @bytes without an error, the lower file ends there.
 */
int ecryptfs_xio_read(const struct ecryptfs_lower_fs *fs,
		      const struct ecryptfs_meta *meta, struct file *lower,
		      u64 extent, struct bio_vec *vecs, unsigned int nr,
		      size_t bytes, size_t *got_ret)
{
	struct iov_iter iter;
	size_t done = 0;
	int err = 0;

	while (done < bytes) {
		u64 at = extent + done / EXTENT_BYTES;
		u64 run = efmt_geometry_run(&meta->me_geo, at,
					    (bytes - done) / EXTENT_BYTES);
		size_t part = 0;
		u64 lower_pos;

		err = efmt_geometry_lower_pos(&meta->me_geo, at, &lower_pos);
		if (err)
			break;
		iov_iter_bvec(&iter, ITER_DEST, vecs, nr, bytes);
		iov_iter_advance(&iter, done);
		iov_iter_truncate(&iter, run * EXTENT_BYTES);
		err = ecryptfs_lower_read(lower, &iter, lower_pos, &part);
		ecryptfs_stats_add(fs->lf_stats, ECRYPTFS_LOWER_READS, 1);
		ecryptfs_stats_add(fs->lf_stats, ECRYPTFS_LOWER_READ_BYTES,
				   part);
		trace_ecryptfs_read(fs->lf_stats->st_dev,
				    file_inode(lower)->i_ino, lower_pos, part,
				    nr, err);
		done += part;
		if (err || part < run * EXTENT_BYTES)
			break;
	}
	*got_ret = done;
	return err;
}

/* Decrypts the extent at @off of @page in place. */
int ecryptfs_xio_decrypt(const struct ecryptfs_meta *meta,
			 struct ecryptfs_crypt_req *req, u64 extent,
			 struct page *page, unsigned int off)
{
	return ecryptfs_meta_ready(meta)->fo_decrypt(&meta->me_crypt, req,
						     extent, page, off);
}
