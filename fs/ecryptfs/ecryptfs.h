/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * L4, the file: superblock and inode structs, their accessors, what the page cache
 * and the state of inodes offer, and the lock order.  What the VFS's operations
 * offer each other is in glue.h.
 *
 * LOCK ORDER
 *
 * Upper and lower locks of the same kind have different lockdep classes, because
 * the classes go by the filesystem's type and an eCryptfs can't be mounted on
 * another one.  Where an overlay lies between two of them, set_lock_classes() in
 * super.c gives the upper one classes of its own.  A call to the lower filesystem
 * may take any lock there.  Lower filesystems never call back into us, so calling
 * one while holding any of our locks can't deadlock.
 *
 * Legal, outermost first:
 *
 *   upper s_umount / sb_writers
 *     upper i_rwsem (parent before child)
 *       es_rename_sem            (also for reading without any of these)
 *         lower sb_writers, lower i_rwsem
 *       ei_commit
 *         ei_writeback           (the flusher takes it with nothing held)
 *           invalidate_lock, folio lock
 *         invalidate_lock        (a page fault takes it inside mmap_lock, unless
 *                                 a lower read takes a lock that is outside of
 *                                 mmap_lock; lower write access is not waited
 *                                 for inside)
 *           folio lock, folio writeback
 *             lower reads and writes
 *         me_mutex
 *           lower sb_writers, lower i_rwsem, lower folio lock
 *       ei_times
 *         lower sb_writers, lower i_rwsem
 *     lo_mutex
 *       ei_commit                (and the locks inside it, to drop the cache)
 *       me_mutex
 *       lower open, lower reads, lower i_rwsem
 *   lo_lock, i_lock, es_sync_lock (innermost; no lock is taken inside)
 *
 * Illegal:
 *
 *   folio lock -> ei_commit      (a commit writes folios back)
 *   folio lock -> me_mutex       (metadata are ready before there is a folio)
 *   folio lock -> lo_mutex       (the lower file is open before a folio is dirty)
 *   lower lock -> upper lock     (the lower filesystem does not call us)
 *   me_mutex   -> folio lock
 *   es_rename_sem -> upper i_rwsem (a revalidation waits for the semaphore while
 *                                 it holds that)
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
 * The largest folio of the page cache, in extents.  It is large enough that the
 * cost per folio does not matter beside the cost of the cipher, and small
 * enough that a store through a mapping, which dirties a whole folio, does not
 * encrypt much more than it changed.  At most BITS_PER_LONG: see aops.c.
 */
#define ECRYPTFS_FOLIO_EXTENTS 16

/*
 * The operations of a mount's inodes, by the kind of inode.  The superblock
 * hands the table in, so that inode.c need not know the files that define the
 * operations.
 */
struct ecryptfs_ops {
	const struct inode_operations *op_file_iops;
	const struct file_operations *op_file_fops;
	const struct address_space_operations *op_file_aops;
	const struct inode_operations *op_dir_iops;
	const struct file_operations *op_dir_fops;
	const struct inode_operations *op_symlink_iops;
	const struct inode_operations *op_special_iops;
	bool op_writes; /* regular files have large folios and writeback */
};

/*
 * One mounted filesystem.  It does not change after the mount, except for the
 * counters and where a member's comment says so.  The sysfs entry goes before
 * the superblock's device number is free again, and the rest with the
 * superblock.  The memory is freed after a grace period, because a path walk
 * under RCU may still read it.
 */
struct ecryptfs_sb {
	struct ecryptfs_msg_limits es_msg; /* first: see msg.h */
	struct rcu_head es_rcu; /* has to be near the beginning */
	const struct ecryptfs_ops *es_ops;
	struct ecryptfs_lower_fs es_lower;
	struct ecryptfs_config es_config;
	bool es_names; /* names are encrypted below and plain above */
	struct efmt_v1_name_key es_name_key; /* valid if es_names */
	siphash_key_t es_handle_key; /* export.c */
	struct ecryptfs_stats es_stats;
	struct ecryptfs_xio_pool es_pool;
	struct kobject es_kobj; /* in sysfs if it is initialised */
	struct completion es_kobj_gone; /* nothing uses es_kobj any more */
	/*
	 * Held for writing while upper dentries follow lower ones to another
	 * place, and for reading by whoever compares the places of two
	 * dentries: see dentry.c.
	 */
	struct rw_semaphore es_rename_sem;
	spinlock_t es_sync_lock; /* es_wb_err */
	errseq_t es_wb_err; /* last lower error that was passed on */
	dev_t es_lower_dev; /* the lower directory's, as stat() shows it */
	struct xarray es_devs; /* from other lower devices to ours: attr.c */
	struct list_head es_list; /* on the list of all mounts: super.c */
};

static_assert(offsetof(struct ecryptfs_sb, es_msg) == 0);

/*
 * An upper inode.  There is one for each lower inode.  The comment of each
 * member says which lock protects it.
 */
struct ecryptfs_inode {
	struct ecryptfs_lower ei_lower;
	struct ecryptfs_meta ei_meta; /* regular files */
	/*
	 * Makes "write back, then record the size" one step, so that a commit
	 * which began earlier with a smaller size cannot record it after a
	 * later one.  Cuts take it, too.
	 */
	struct mutex ei_commit;
	/*
	 * Makes a change of the times and the copy of the result one step.
	 * Writeback changes the times, too, on lower filesystems without
	 * lf_keeps_times.
	 */
	struct mutex ei_times;
	/*
	 * Held for reading while pages are written to the lower file, whoever
	 * writes them, so that the metadata do not change meanwhile.
	 */
	struct rw_semaphore ei_writeback;
	/*
	 * True if i_size is the plaintext size of a regular file, or the length
	 * of a symlink's decrypted target.  It is set under i_lock and read
	 * without a lock.  It is false until somebody has asked for the size,
	 * and becomes false again, under lo_mutex, when the lower file has
	 * changed.
	 */
	bool ei_sized;
	/*
	 * True if the metadata are ready and i_size is what they say.  It is
	 * set under ei_commit, and read without a lock by tasks that have the
	 * file open.  It is cleared together with ei_sized.
	 */
	bool ei_loaded;
	/*
	 * True if the last open found no metadata that it could use, so that
	 * the lower size is shown: see passthrough.c.  It is read and written
	 * without a lock.
	 */
	bool ei_plain;
	/*
	 * A listing of this directory showed a lower name raw.  Never cleared.
	 */
	bool ei_raw_listed;
	enum ecryptfs_found ei_found; /* what the last load found; ei_commit */
	/*
	 * The file was cut while open for writing; set under the inode's lock.
	 */
	bool ei_cut;
	/* True if space beyond the end may be reserved; the inode's lock. */
	bool ei_reserved;
	/*
	 * The credentials of the task whose write() passes its data down and
	 * has set the times; NULL if there is no such task.  Set under the
	 * inode's lock and i_lock.  The reference is the task's.
	 */
	const struct cred *ei_writer;
	/*
	 * The task whose write() is passing its data down and reports errors.
	 */
	struct task_struct *ei_teller;
	/*
	 * How many times pages could not be written down, and the last error.
	 */
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

/*
 * Whether the file has no name left below.  The lower inode of a server's file
 * does not always say so in time, and is not asked.
 */
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
 * The lower dentry.  It is set once, before the upper dentry is hashed, and
 * replaced by ecryptfs_dentry_replace() only; the upper dentry holds a
 * reference until it dies.  d_time stands for the name that the lower dentry
 * had: see dentry.c.
 */
static inline struct dentry *ecryptfs_dentry_lower(const struct dentry *dentry)
{
	return READ_ONCE(dentry->d_fsdata);
}

/* The lower path of an upper dentry, without references of its own. */
static inline struct path ecryptfs_dentry_path(const struct dentry *dentry)
{
	return (struct path){
		.mnt = ecryptfs_sb(dentry->d_sb)->es_lower.lf_path.mnt,
		.dentry = ecryptfs_dentry_lower(dentry),
	};
}

/*
 * Whether a lower write that failed with @err may succeed when it is tried
 * again.  Its pages stay dirty then and nobody is told, as nothing is lost.
 */
static inline bool ecryptfs_may_retry(int err)
{
	return err == -ENOMEM || err == -EAGAIN || err == -EINTR ||
	       err == -ERESTARTSYS;
}

/*
 * Whether the calling task is in a write() that will return @err itself and
 * take back what it has written.  No data are lost then that a caller was told
 * are stored, so the error is not recorded for others.
 */
static inline bool ecryptfs_is_told(const struct inode *inode, int err)
{
	return (err == -ENOSPC || err == -EDQUOT) &&
	       READ_ONCE(ecryptfs_inode(inode)->ei_teller) == current;
}

/*
 * The lower file of an open directory or of an open plaintext file.  NULL for
 * an encrypted file, whose lower file belongs to the inode.
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
