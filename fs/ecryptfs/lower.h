/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * L3, the lower filesystem: open files, their content, and the name space.
 * Bytes and names are opaque here.
 */
#ifndef ECRYPTFS_LOWER_H
#define ECRYPTFS_LOWER_H

#include <linux/fs.h>
#include <linux/mutex.h>
#include <linux/namei.h>
#include <linux/spinlock.h>

struct ecryptfs_stats;
struct fiemap_extent_info;

/*
 * What a lower file looked like when its content was cached, or when cached
 * changes were last written to it.  If it looks different later, another
 * program has changed it.
 */
struct ecryptfs_lower_stamp {
	struct timespec64 ls_mtime;
	struct timespec64 ls_ctime;
	loff_t ls_size; /* lower bytes */
	u64 ls_version; /* counts changes; 0 if the filesystem does not count */
	bool ls_valid;
};

/*
 * The lower half of one upper inode.  It is embedded in struct ecryptfs_inode
 * and has the same lifetime.
 *
 * The lower file is open while the upper file is: once for reading, and once
 * for reading and writing, from the first open that allows writing until the
 * last such open is gone and nothing is left to be written.  One function of L4
 * decides when it may be closed (commit.c).  lo_dentry serves to open it again
 * for pages that are dirtied after that.
 */
struct ecryptfs_lower {
	struct inode *lo_inode; /* holds a reference; const */
	bool lo_counts; /* i_version counts its changes (lf_counts); const */
	struct mutex lo_mutex; /* serialises opening and closing */
	spinlock_t lo_lock; /* lo_ro, lo_rw, lo_dentry */
	struct file *lo_ro; /* written under both locks, read under lo_lock */
	struct file *lo_rw;
	struct dentry *lo_dentry; /* a reference, or NULL */
	unsigned int lo_users; /* number of opens; lo_mutex */
	unsigned int lo_writers; /* opens for writing; lo_mutex */
	/*
	 * The content of the lower file can be overwritten without new space.
	 */
	bool lo_dense; /* set when lo_rw is opened, read without a lock */
	struct ecryptfs_lower_stamp lo_stamp; /* lo_lock */
};

/*
 * What one mount knows of its lower filesystem.  Filled while it is mounted,
 * const afterwards.
 */
struct ecryptfs_lower_fs {
	struct path lf_path; /* the lower directory; holds a reference */
	const struct cred *lf_cred; /* the mounter's; holds a reference */
	/*
	 * The same without the capability to exceed quotas; holds a reference.
	 */
	const struct cred *lf_flusher_cred;
	/* See lower_fs.c for what these mean. */
	bool lf_overwrites; /* overwriting takes no new space */
	bool lf_remote; /* others change files, and a server sets times */
	bool lf_keeps_times; /* FMODE_NOCMTIME is honoured */
	bool lf_locks_reads; /* reads lock the inode, even without DAX */
	bool lf_counts; /* i_version tells two changes apart */
	bool lf_fills_pages; /* its page cache can be filled unopened */
	struct ecryptfs_stats *lf_stats; /* the superblock's */
};

/*
 * The credentials that the flusher writes with.  A server has its own reserves
 * and quotas, and may decide by who asks, so it sees the mounter.
 */
static inline const struct cred *
ecryptfs_flusher_cred(const struct ecryptfs_lower_fs *fs)
{
	return fs->lf_remote ? fs->lf_cred : fs->lf_flusher_cred;
}

/* lower_fs.c */

bool ecryptfs_lower_fs_detect(struct ecryptfs_lower_fs *fs);

/*
 * Whether reading this lower file may take its inode's lock, so that it must
 * not be read where that lock has to be the outer one.  DAX reads take it
 * everywhere.
 */
static inline bool ecryptfs_lower_locks_reads(const struct ecryptfs_lower_fs *fs,
					      const struct inode *inode)
{
	return fs->lf_locks_reads || IS_DAX(inode);
}

/* lower_file.c */

int ecryptfs_lower_init(void);
void ecryptfs_lower_exit(void);
void ecryptfs_lower_create(struct ecryptfs_lower *lower,
			   const struct ecryptfs_lower_fs *fs,
			   struct inode *inode);
void ecryptfs_lower_destroy(struct ecryptfs_lower *lower);
int ecryptfs_lower_open(struct ecryptfs_lower *lower,
			const struct ecryptfs_lower_fs *fs,
			struct dentry *dentry, bool write, bool nonblock);
int ecryptfs_lower_wait_lease(struct ecryptfs_lower *lower, int mode,
			      unsigned int tries);
bool ecryptfs_lower_close_unused(struct ecryptfs_lower *lower, bool keep);
void ecryptfs_lower_remember(struct ecryptfs_lower *lower,
			     struct dentry *dentry);
struct file *ecryptfs_lower_get_writable(struct ecryptfs_lower *lower,
					 const struct ecryptfs_lower_fs *fs);
struct file *ecryptfs_lower_get(struct ecryptfs_lower *lower, bool write);
void ecryptfs_lower_stamp(struct ecryptfs_lower *lower, bool anew);
void ecryptfs_lower_restamp(struct ecryptfs_lower *lower, bool mtime);
void ecryptfs_lower_unstamp(struct ecryptfs_lower *lower);
bool ecryptfs_lower_changed(struct ecryptfs_lower *lower);
struct file *ecryptfs_lower_file_open(const struct ecryptfs_lower_fs *fs,
				      struct dentry *dentry, int flags);
int ecryptfs_lower_iterate(struct file *file, struct dir_context *ctx);
int ecryptfs_lower_read(struct file *file, struct iov_iter *iter, loff_t pos,
			size_t *done_ret);
int ecryptfs_lower_read_buf(struct file *file, void *buf, size_t len,
			    loff_t pos, size_t *done_ret);
int ecryptfs_lower_write(struct file *file, struct iov_iter *iter, loff_t pos);
int ecryptfs_lower_write_buf(struct file *file, const void *buf, size_t len,
			     loff_t pos);
int ecryptfs_lower_read_xattr(struct file *file, const char *name, void *buf,
			      size_t size, size_t *len_ret);
int ecryptfs_lower_write_xattr(struct file *file, const char *name,
			       const void *value, size_t len, int flags);
void ecryptfs_lower_queue(struct work_struct *work);
void ecryptfs_lower_start_write(struct inode *lower);
void ecryptfs_lower_start_replacing(struct inode *lower);
void ecryptfs_lower_drop_cache(struct inode *lower, u64 from, u64 to);
bool ecryptfs_lower_is_dirty(struct inode *lower);
void ecryptfs_lower_read_ahead(const struct ecryptfs_lower_fs *fs,
			       struct file *file, loff_t pos, loff_t len);
int ecryptfs_lower_is_zero(struct file *file);
int ecryptfs_lower_peek(const struct ecryptfs_lower_fs *fs,
			struct inode *lower, void *buf, size_t size,
			size_t *len_ret);
int ecryptfs_lower_reserve(struct file *file, loff_t pos, loff_t len);
bool ecryptfs_lower_has_room(const struct ecryptfs_lower_fs *fs, u64 bytes);
int ecryptfs_lower_fiemap(struct inode *lower, struct fiemap_extent_info *map,
			  u64 start, u64 len);
int ecryptfs_lower_sync(struct file *file, bool datasync);
int ecryptfs_lower_resize(const struct ecryptfs_lower_fs *fs,
			  struct file *file, loff_t size);
int ecryptfs_lower_flush(struct file *file, fl_owner_t id);
void ecryptfs_lower_touch(struct file *file, bool fault);
void ecryptfs_lower_bump_ctime(const struct ecryptfs_lower_fs *fs,
			       struct file *file);
int ecryptfs_lower_set_mtime(const struct ecryptfs_lower_fs *fs,
			     struct file *file, struct timespec64 mtime);

/* lower_ns.c */

/*
 * Where a lower dentry must be when its name is changed.  Holds no references:
 * the upper dentries do.
 */
struct ecryptfs_lower_place {
	struct dentry *pl_dentry;
	struct dentry *pl_dir;
	unsigned long pl_name; /* as ecryptfs_lower_name() gives it */
};

/*
 * The hash and length of the name that a lower dentry has now, which stand for
 * the name.
 */
static inline unsigned long ecryptfs_lower_name(const struct dentry *dentry)
{
	return (unsigned long)READ_ONCE(dentry->d_name.hash_len);
}

struct dentry *ecryptfs_lower_lookup(struct dentry *dir, const char *name,
				     unsigned int len, unsigned long *name_ret);
struct file *ecryptfs_lower_tmpfile(const struct ecryptfs_lower_fs *fs,
				    struct dentry *dir, umode_t mode);
int ecryptfs_lower_mkfile(const struct ecryptfs_lower_fs *fs,
			  struct dentry *dentry, umode_t mode);
int ecryptfs_lower_mkdir(const struct ecryptfs_lower_fs *fs,
			 struct dentry *dentry, umode_t mode);
int ecryptfs_lower_mknod(const struct ecryptfs_lower_fs *fs,
			 struct dentry *dentry, umode_t mode, dev_t dev);
int ecryptfs_lower_symlink(const struct ecryptfs_lower_fs *fs,
			   struct dentry *dentry, const char *target);
int ecryptfs_lower_link(const struct ecryptfs_lower_fs *fs,
			struct dentry *old, struct dentry *dentry);
int ecryptfs_lower_unlink(const struct ecryptfs_lower_fs *fs,
			  const struct ecryptfs_lower_place *place);
int ecryptfs_lower_rmdir(const struct ecryptfs_lower_fs *fs,
			 const struct ecryptfs_lower_place *place);
int ecryptfs_lower_rename(const struct ecryptfs_lower_fs *fs,
			  const struct ecryptfs_lower_place *from,
			  const struct ecryptfs_lower_place *to,
			  unsigned int flags, struct delegated_inode *delegated);
bool ecryptfs_lower_is_free_now(struct delegated_inode *delegated, int *err);
int ecryptfs_lower_setattr(const struct ecryptfs_lower_fs *fs,
			   struct dentry *dentry, struct iattr *attr);
int ecryptfs_lower_setxattr(const struct ecryptfs_lower_fs *fs,
			    struct dentry *dentry, const char *name,
			    const void *value, size_t size, int flags);
int ecryptfs_lower_removexattr(const struct ecryptfs_lower_fs *fs,
			       struct dentry *dentry, const char *name);
int ecryptfs_lower_set_acl(const struct ecryptfs_lower_fs *fs,
			   struct dentry *dentry, const char *name,
			   struct posix_acl *acl);
int ecryptfs_lower_fileattr_set(const struct ecryptfs_lower_fs *fs,
				struct dentry *dentry, struct file_kattr *fa);

#endif /* ECRYPTFS_LOWER_H */
