/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * L4, the file: superblock and inode structs, their accessors, what the page cache
 * and the state of inodes offer, and the lock order.  What the VFS's operations
 * offer each other is in glue.h.
 *
 * LOCK ORDER
 *
 * Upper and lower locks of the same kind are of different lockdep classes,
 * because the classes go by filesystem type and an eCryptfs can't be mounted
 * on another one; with an overlay between two of them, see set_lock_classes() in
 * super.c.  A call that goes down may take every lock of the lower
 * filesystem, so nothing that a lower filesystem takes around a call to us may
 * be held: it makes none.
 *
 * Legal, outermost first:
 *
 *   upper s_umount / sb_writers
 *     upper i_rwsem (parent before child)
 *       es_rename_sem            (for reading also with none of them)
 *         lower sb_writers, lower i_rwsem
 *       ei_commit
 *         ei_writeback           (also by the flusher, with nothing held)
 *           invalidate_lock, folio lock
 *         invalidate_lock        (a page fault takes it inside mmap_lock where
 *                                 a lower read takes no lock that is outside
 *                                 of that; no write access below is waited for
 *                                 inside)
 *           folio lock, folio writeback
 *             lower reads and writes
 *         me_mutex
 *           lower sb_writers, lower i_rwsem, lower folio lock
 *       ei_times
 *         lower sb_writers, lower i_rwsem
 *     lo_mutex
 *       ei_commit                (and what is inside, to drop the cache)
 *       me_mutex
 *       lower open, lower reads, lower i_rwsem
 *   lo_lock, i_lock, es_sync_lock (innermost, nothing is taken inside)
 *
 * Illegal:
 *
 *   folio lock -> ei_commit      (a commit writes folios back)
 *   folio lock -> me_mutex       (metadata are ready before a folio exists)
 *   folio lock -> lo_mutex       (the lower file is open before one is dirty)
 *   lower lock -> upper lock     (the lower filesystem does not call us)
 *   me_mutex   -> folio lock
 *   es_rename_sem -> upper i_rwsem (a revalidation waits for it under that)
 */
#ifndef ECRYPTFS_ECRYPTFS_H
#define ECRYPTFS_ECRYPTFS_H

#include <linux/completion.h>
#include <linux/dcache.h>
#include <linux/fs.h>
#include <linux/kobject.h>
#include <linux/pagemap.h>
#include <linux/siphash.h>

#include "lower.h"
#include "meta.h"
#include "msg.h"
#include "params.h"
#include "stats.h"
#include "xio.h"

#define ECRYPTFS_SUPER_MAGIC 0xf15f

/*
 * Largest folio of the page cache, in extents: large enough that the cost per
 * folio does not matter beside that of the cipher, and small enough that a
 * store through a mapping, which dirties a folio as a whole, does not encrypt
 * much more than it changed.  At most BITS_PER_LONG, see aops.c.
 */
#define ECRYPTFS_FOLIO_EXTENTS 16

/*
 * What the inodes of a mount do, by their kind.  The superblock hands it in, so
 * that inode.c need not know the files in which the operations are.
 */
struct ecryptfs_ops {
	const struct inode_operations *op_file_iops;
	const struct file_operations *op_file_fops;
	const struct address_space_operations *op_file_aops;
	const struct inode_operations *op_dir_iops;
	const struct file_operations *op_dir_fops;
	const struct inode_operations *op_symlink_iops;
	const struct inode_operations *op_special_iops;
	bool op_writes; /* folios of regular files are large, and written */
};

/*
 * One mounted filesystem.  Const after mount, but for what counts itself; the
 * sysfs entry dies before the superblock's device number is free again, the
 * rest with the superblock, and the memory, which path walk under RCU may still
 * look at, after a grace period.
 */
struct ecryptfs_sb {
	struct ecryptfs_msg_limits es_msg; /* first: see msg.h */
	struct rcu_head es_rcu; /* has to be near the beginning */
	const struct ecryptfs_ops *es_ops;
	struct ecryptfs_lower_fs es_lower;
	struct ecryptfs_config es_config;
	bool es_names; /* are encrypted below and plain above */
	struct efmt_v1_name_key es_name_key; /* if so */
	siphash_key_t es_handle_key; /* export.c */
	struct ecryptfs_stats es_stats;
	struct ecryptfs_xio_pool es_pool;
	struct kobject es_kobj; /* not initialised: not in sysfs */
	struct completion es_kobj_gone; /* nothing uses es_kobj any more */
	/*
	 * Held for writing while upper dentries follow lower ones to another
	 * place, for reading to find out whether two are in different places:
	 * dentry.c.
	 */
	struct rw_semaphore es_rename_sem;
	spinlock_t es_sync_lock; /* es_wb_err */
	errseq_t es_wb_err; /* last error below that was passed on */
	dev_t es_lower_dev; /* that stat() shows of the lower directory */
	struct xarray es_devs; /* those of others below: numbers here; attr.c */
	struct list_head es_list; /* of all that are mounted: super.c */
};

static_assert(offsetof(struct ecryptfs_sb, es_msg) == 0);

/*
 * An upper inode: one for each lower inode.  Each member says itself who may
 * touch it.
 */
struct ecryptfs_inode {
	struct ecryptfs_lower ei_lower;
	struct ecryptfs_meta ei_meta; /* regular files */
	/*
	 * Serialises "write back, then record the size", so that a smaller size
	 * seen earlier can't be recorded after a larger one, and cuts.
	 */
	struct mutex ei_commit;
	/*
	 * Serialises changes of the times with their copies, where a write of
	 * data changes them, too (lf_keeps_times).
	 */
	struct mutex ei_times;
	/*
	 * Held shared while pages are written down, whoever does that, so that
	 * the metadata do not change meanwhile.
	 */
	struct rw_semaphore ei_writeback;
	/*
	 * i_size is the plaintext size, of a regular file or of a symlink whose
	 * target is encrypted.  Set under i_lock, read without; false as long
	 * as nobody has asked for it, and again, under lo_mutex, when the lower
	 * file has changed.
	 */
	bool ei_sized;
	/*
	 * Metadata are ready and i_size is what they say.  Set under ei_commit,
	 * read without by those who have the file open; cleared with ei_sized.
	 */
	bool ei_loaded;
	/*
	 * The last open found no metadata that it could use, so that the lower
	 * size is shown: passthrough.c.  Read and written without a lock.
	 */
	bool ei_plain;
	/* A directory with a lower name shown raw in it was listed; only set. */
	bool ei_raw_listed;
	enum ecryptfs_found ei_found; /* by the last load; ei_commit */
	/* Was cut while open for writing; set under the inode's lock. */
	bool ei_cut;
	/*
	 * Of the task whose write() passes its data down, and has set the times;
	 * NULL: there is none.  Set under the inode's lock and i_lock; its
	 * reference is the task's.
	 */
	const struct cred *ei_writer;
	/* The task whose write() is passing its data down, and tells errors. */
	struct task_struct *ei_teller;
	/* How often pages could not be written down, and why the last time. */
	atomic_t ei_failures;
	int ei_failure;
	struct inode ei_vfs;
};

static inline struct ecryptfs_sb *ecryptfs_sb(const struct super_block *sb)
{
	return sb->s_fs_info;
}

static inline struct ecryptfs_inode *ecryptfs_inode(const struct inode *inode)
{
	return container_of(inode, struct ecryptfs_inode, ei_vfs);
}

static inline struct inode *ecryptfs_inode_lower(const struct inode *inode)
{
	return ecryptfs_inode(inode)->ei_lower.lo_inode;
}

static inline const struct ecryptfs_lower_fs *
ecryptfs_lower_fs(const struct inode *inode)
{
	return &ecryptfs_sb(inode->i_sb)->es_lower;
}

/* Whether no name is left below.  Servers do not always tell in time. */
static inline bool ecryptfs_inode_nameless(const struct inode *inode)
{
	return !ecryptfs_inode_lower(inode)->i_nlink &&
	       !ecryptfs_lower_fs(inode)->lf_remote;
}

static inline void ecryptfs_count(const struct inode *inode,
				  enum ecryptfs_stat which, s64 amount)
{
	ecryptfs_stats_add(&ecryptfs_sb(inode->i_sb)->es_stats, which, amount);
}

/*
 * The lower dentry: set once before the upper one is hashed, and replaced only
 * by ecryptfs_dentry_replace(); pinned until the upper one dies.  d_time tells
 * which name it had: see dentry.c.
 */
static inline struct dentry *ecryptfs_dentry_lower(const struct dentry *dentry)
{
	return READ_ONCE(dentry->d_fsdata);
}

/* For calls that want a path; no references are taken. */
static inline struct path ecryptfs_dentry_path(const struct dentry *dentry)
{
	return (struct path){
		.mnt = ecryptfs_sb(dentry->d_sb)->es_lower.lf_path.mnt,
		.dentry = ecryptfs_dentry_lower(dentry),
	};
}

/*
 * Whether the next try of a write may go better.  Then pages stay dirty and
 * nobody is told, as nothing is lost.
 */
static inline bool ecryptfs_may_retry(int err)
{
	return err == -ENOMEM || err == -EAGAIN || err == -EINTR ||
	       err == -ERESTARTSYS;
}

/*
 * Whether the write() of the calling task tells of @err itself, and takes back
 * what it has written: nothing is lost that anybody was told is there.
 */
static inline bool ecryptfs_is_told(const struct inode *inode, int err)
{
	return (err == -ENOSPC || err == -EDQUOT) &&
	       READ_ONCE(ecryptfs_inode(inode)->ei_teller) == current;
}

/*
 * Lower open directory of an upper one, or lower file of a plaintext file; NULL
 * for an encrypted file, whose lower file belongs to the inode.
 */
static inline struct file *ecryptfs_file_lower(const struct file *file)
{
	return file->private_data;
}

/* times.c */
void ecryptfs_times_copy(struct inode *inode);
bool ecryptfs_times_are_own(const struct inode *inode);
void ecryptfs_times_accessed(struct file *file);
void ecryptfs_times_touch(struct inode *inode, bool fault);
void ecryptfs_times_wrote_late(struct inode *inode, struct file *lower);

/* commit.c */
bool ecryptfs_commit_has_unwritten_data(struct inode *inode);
int ecryptfs_commit(struct inode *inode);
int ecryptfs_commit_to_replace(struct inode *inode);
int ecryptfs_commit_sync(struct inode *inode, bool datasync);
void ecryptfs_commit_close(struct inode *inode, bool write);
int ecryptfs_commit_write_inode(struct inode *inode,
				struct writeback_control *wbc);

/* aops.c */
extern const struct address_space_operations ecryptfs_aops;
void ecryptfs_aops_dirty(struct folio *folio, size_t from, size_t to);
int ecryptfs_aops_write_zeros(struct inode *inode, u64 extent, u64 nr,
			      u64 *done_ret);

/* truncate.c */
int ecryptfs_truncate_extend(struct inode *inode, loff_t size);
int ecryptfs_truncate(struct inode *inode, loff_t size);

/* inode.c */
int ecryptfs_inode_cache_init(void);
void ecryptfs_inode_cache_exit(void);
struct inode *ecryptfs_inode_alloc(struct super_block *sb);
void ecryptfs_inode_free(struct inode *inode);
void ecryptfs_inode_evict(struct inode *inode);
int ecryptfs_inode_drop(struct inode *inode);
struct inode *ecryptfs_inode_get(struct super_block *sb, struct inode *lower,
				 struct ecryptfs_meta *created);
void ecryptfs_inode_created(struct inode *inode, struct dentry *lower);
void ecryptfs_inode_copy_attr(struct inode *inode);
void ecryptfs_inode_copy_locked(struct inode *inode);
void ecryptfs_inode_opened(struct inode *inode);
bool ecryptfs_inode_agrees(const struct inode *inode);
void ecryptfs_inode_copy_privs(struct inode *inode);
void ecryptfs_inode_changed(struct inode *inode);
void ecryptfs_inode_refresh(struct inode *inode, struct dentry *dentry);
void ecryptfs_inode_set_size(struct inode *inode, loff_t size);
void ecryptfs_inode_set_lower_size(struct inode *inode);
int ecryptfs_inode_load(struct inode *inode, bool write, bool cut,
			bool *plain_ret);

#endif /* ECRYPTFS_ECRYPTFS_H */
