/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * L3, extent I/O: moves runs of extents between pages of plaintext and the
 * lower file.  The only caller of the content cipher.  Knows neither folios nor
 * upper inodes.
 */
#ifndef ECRYPTFS_XIO_H
#define ECRYPTFS_XIO_H

#include <linux/atomic.h>
#include <linux/bvec.h>
#include <linux/completion.h>
#include <linux/mempool.h>
#include <linux/workqueue.h>

#include "lower.h"
#include "meta.h"

/* The most extents of one lower write: 256 KiB in format 1. */
#define ECRYPTFS_XIO_EXTENTS 64

/* The most workers that encrypt besides the writing task. */
#define ECRYPTFS_XIO_HELPERS 7

/*
 * Reserves with which writeback can go on when memory is short.  Each mount has
 * its own, so that one mount can't use up the reserve of another one below it.
 */
struct ecryptfs_xio_pool {
	mempool_t *xp_pages; /* the first bounce page of each write */
	mempool_t *xp_writes; /* struct ecryptfs_xio_write */
};

struct ecryptfs_xio_write;

struct ecryptfs_xio_helper {
	struct work_struct xh_work;
	struct ecryptfs_xio_write *xh_write;
};

/*
 * A run of contiguous extents on its way to the lower file.  One task owns it,
 * from ecryptfs_xio_begin() to ecryptfs_xio_end(); the helpers touch it only
 * while that task is in ecryptfs_xio_submit().
 */
struct ecryptfs_xio_write {
	struct ecryptfs_xio_pool *xw_pool;
	const struct ecryptfs_lower_fs *xw_fs;
	struct ecryptfs_meta *xw_meta;
	const struct ecryptfs_format *xw_format;
	struct file *xw_lower; /* a reference */
	struct ecryptfs_crypt_req xw_req; /* the owner's */
	u64 xw_extent; /* number of the first */
	unsigned int xw_nr; /* extents that were added */
	struct bio_vec xw_plain[ECRYPTFS_XIO_EXTENTS];
	struct page *xw_pages[ECRYPTFS_XIO_EXTENTS]; /* bounce */
	unsigned int xw_nr_pages;
	struct bio_vec xw_vecs[ECRYPTFS_XIO_EXTENTS + 1];
	/* Used during encryption. */
	atomic_t xw_next; /* extent to be encrypted next */
	atomic_t xw_running; /* tasks that encrypt */
	struct completion xw_done; /* the last of them has ended */
	int xw_err; /* the first error of any of them */
	struct ecryptfs_xio_helper xw_helpers[ECRYPTFS_XIO_HELPERS];
	/* The state of the task before ecryptfs_xio_begin(). */
	unsigned int xw_nofs;
	bool xw_throttled;
};

int ecryptfs_xio_pool_create(struct ecryptfs_xio_pool *pool);
void ecryptfs_xio_pool_destroy(struct ecryptfs_xio_pool *pool);

struct ecryptfs_xio_write *
ecryptfs_xio_begin(struct ecryptfs_xio_pool *pool,
		   const struct ecryptfs_lower_fs *fs,
		   struct ecryptfs_meta *meta, struct ecryptfs_lower *lower);
bool ecryptfs_xio_continues(struct ecryptfs_xio_write *xw, u64 extent);
void ecryptfs_xio_add(struct ecryptfs_xio_write *xw, u64 extent,
		      struct page *page, unsigned int off);
int ecryptfs_xio_submit(struct ecryptfs_xio_write *xw, u64 size,
			const struct cred *cred);
void ecryptfs_xio_end(struct ecryptfs_xio_write *xw);

int ecryptfs_xio_read(const struct ecryptfs_lower_fs *fs,
		      const struct ecryptfs_meta *meta, struct file *lower,
		      u64 extent, struct bio_vec *vecs, unsigned int nr,
		      size_t bytes, size_t *got_ret);
int ecryptfs_xio_decrypt(const struct ecryptfs_meta *meta,
			 struct ecryptfs_crypt_req *req, u64 extent,
			 struct page *page, unsigned int off);

#endif /* ECRYPTFS_XIO_H */
