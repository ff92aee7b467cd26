// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The only opens, reads, writes, syncs and size changes of lower files.  Short
 * transfers are looped over here, so that the rest sees all or an error.
 */
#include <linux/backing-dev.h>
#include <linux/cred.h>
#include <linux/completion.h>
#include <linux/dcache.h>
#include <linux/fadvise.h>
#include <linux/fiemap.h>
#include <linux/file.h>
#include <linux/filelock.h>
#include <linux/highmem.h>
#include <linux/iversion.h>
#include <linux/math64.h>
#include <linux/mount.h>
#include <linux/pagemap.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/statfs.h>
#include <linux/uaccess.h>
#include <linux/uio.h>
#include <linux/workqueue.h>
#include <linux/xattr.h>

#include "lower.h"

/* After so many leases, one is waited for where nobody can come in between. */
#define LEASE_TRIES 8

/* Extents whose place in the caller's memory is made ready at a time. */
#define FIEMAP_PIECE (SZ_1M / sizeof(struct fiemap_extent))

/* Takes a reference to @inode, which is on @fs. */
void ecryptfs_lower_create(struct ecryptfs_lower *lower,
			   const struct ecryptfs_lower_fs *fs,
			   struct inode *inode)
{
	ihold(inode);
	lower->lo_inode = inode;
	lower->lo_counts = fs->lf_counts && IS_I_VERSION(inode);
	lower->lo_ro = NULL;
	lower->lo_rw = NULL;
	lower->lo_users = 0;
	lower->lo_writers = 0;
	lower->lo_dentry = NULL;
	lower->lo_stamp.ls_valid = false;
	mutex_init(&lower->lo_mutex);
	spin_lock_init(&lower->lo_lock);
}

/*
 * lo_inode stays readable until the upper inode is freed after a grace period:
 * path walk under RCU may still ask it for permission.
 */
void ecryptfs_lower_destroy(struct ecryptfs_lower *lower)
{
	if (lower->lo_ro)
		fput(lower->lo_ro);
	if (lower->lo_rw)
		fput(lower->lo_rw);
	dput(lower->lo_dentry);
	iput(lower->lo_inode);
	mutex_destroy(&lower->lo_mutex);
}

/*
 * Whether these credentials will do for an open.  Servers of a kind that know no
 * open find out at the first read, so they are asked before.
 */
static bool may_open(const struct ecryptfs_lower_fs *fs, struct inode *inode,
		     int flags, const struct cred *cred)
{
	const struct cred *old;
	int err;

	if (!fs->lf_remote)
		return true;
	old = override_creds(cred);
	err = inode_permission(&nop_mnt_idmap, inode,
			       (flags & O_ACCMODE) == O_RDONLY ?
				       MAY_READ :
				       MAY_READ | MAY_WRITE);
	revert_creds(old);
	return err != -EACCES && err != -EPERM;
}

/*
 * A lower file or directory of its own for the caller, who fput()s it.  Opened
 * with the mounter's credentials: one open serves every user of the upper file
 * (who was checked when opening that), and a security module that goes by paths
 * has judged the one that the user knows, and would not find the lower one in
 * its policy.  Where these are of no use, as for root on a network filesystem,
 * with the caller's.  "Credentials" in Documentation/ecryptfs.rst has the rule.
 *
 * Access times are not set by reading it: see ecryptfs_times_accessed().
 *
 * Listeners that may refuse an access (fanotify) were asked about the upper file.
 * About the lower one they are not: the caller may be the listener, who opens or
 * reads what he was asked about, and would wait for himself.  Who watches for
 * changes below is told of them.
 *
 * With O_NONBLOCK in @flags a lease that somebody holds of the lower file is not
 * waited for: -EAGAIN, and its holder has been asked to give it up.
 */
struct file *ecryptfs_lower_file_open(const struct ecryptfs_lower_fs *fs,
				      struct dentry *dentry, int flags)
{
	struct path path = { .mnt = fs->lf_path.mnt, .dentry = dentry };
	struct file *file = ERR_PTR(-EACCES);

	flags |= O_LARGEFILE | O_NOATIME;
	if (may_open(fs, d_inode(dentry), flags, fs->lf_cred))
		file = dentry_open_quiet(&path, flags, fs->lf_cred);
	if (IS_ERR(file) &&
	    (PTR_ERR(file) == -EACCES || PTR_ERR(file) == -EPERM))
		file = dentry_open_quiet(&path, flags, current_cred());
	/* That number is the VFS's own. */
	if (PTR_ERR_OR_ZERO(file) == -EOPENSTALE)
		return ERR_PTR(-ESTALE);
	if (IS_ERR(file))
		return file;
	file->f_flags &= ~O_NONBLOCK;
	if (file->f_mode & FMODE_WRITE)
		file_be_heard(file);
	return file;
}

static void take_stamp(struct ecryptfs_lower *lower)
{
	struct inode *inode = lower->lo_inode;

	lockdep_assert_held(&lower->lo_lock);
	/*
	 * Times are those of the last clock tick, so they do not tell two
	 * changes within one apart; a counter does.
	 */
	lower->lo_stamp = (struct ecryptfs_lower_stamp){
		/* First, so that a change meanwhile is one. */
		.ls_version = lower->lo_counts ?
				      inode_query_iversion(inode) :
				      0,
		.ls_mtime = inode_get_mtime(inode),
		.ls_ctime = inode_get_ctime(inode),
		.ls_size = i_size_read(inode),
		.ls_valid = true,
	};
}

/*
 * Remembers what the lower file looks like now; without @anew only if nothing is
 * remembered.  Called before it is read, or after it was written.
 */
void ecryptfs_lower_stamp(struct ecryptfs_lower *lower, bool anew)
{
	spin_lock(&lower->lo_lock);
	if (anew || !lower->lo_stamp.ls_valid)
		take_stamp(lower);
	spin_unlock(&lower->lo_lock);
}

/*
 * After a change of attributes of our own, with @mtime one of the modification
 * time: it does not count.  A change of the content by somebody else does.
 */
void ecryptfs_lower_restamp(struct ecryptfs_lower *lower, bool mtime)
{
	const struct inode *inode = lower->lo_inode;
	struct timespec64 now = inode_get_mtime(inode);

	spin_lock(&lower->lo_lock);
	if (lower->lo_stamp.ls_valid &&
	    lower->lo_stamp.ls_size == i_size_read(inode) &&
	    (mtime || timespec64_equal(&lower->lo_stamp.ls_mtime, &now)))
		take_stamp(lower);
	spin_unlock(&lower->lo_lock);
}

void ecryptfs_lower_unstamp(struct ecryptfs_lower *lower)
{
	spin_lock(&lower->lo_lock);
	lower->lo_stamp.ls_valid = false;
	spin_unlock(&lower->lo_lock);
}

/*
 * Whether a lower file that nobody has open above is not what it was.  Certain
 * under lo_mutex only.  What is still to be written goes before what is below.
 */
bool ecryptfs_lower_changed(struct ecryptfs_lower *lower)
{
	const struct ecryptfs_lower_stamp *stamp = &lower->lo_stamp;
	struct inode *inode = lower->lo_inode;
	struct timespec64 mtime, ctime;
	bool changed;

	if (READ_ONCE(lower->lo_users))
		return false;
	spin_lock(&lower->lo_lock);
	mtime = inode_get_mtime(inode);
	ctime = inode_get_ctime(inode);
	changed = !lower->lo_rw && stamp->ls_valid &&
		  (!timespec64_equal(&stamp->ls_mtime, &mtime) ||
		   !timespec64_equal(&stamp->ls_ctime, &ctime) ||
		   stamp->ls_size != i_size_read(inode) ||
		   (lower->lo_counts &&
		    stamp->ls_version != inode_peek_iversion(inode)));
	spin_unlock(&lower->lo_lock);
	return changed;
}

/*
 * As for lo_rw: the time of a write is that of the write() above.  @flags: with
 * O_NONBLOCK, leases are not waited for.
 */
static struct file *open_writable(const struct ecryptfs_lower_fs *fs,
				  struct dentry *dentry, int flags)
{
	struct file *file = ecryptfs_lower_file_open(fs, dentry,
						     O_RDWR | flags);

	if (!IS_ERR(file) && !fs->lf_remote)
		file->f_mode |= FMODE_NOCMTIME;
	return file;
}

/* Whether every byte of the lower file has space on its disk. */
static bool is_dense(const struct ecryptfs_lower_fs *fs, struct dentry *dentry)
{
	struct path path = { .mnt = fs->lf_path.mnt, .dentry = dentry };
	struct kstat stat;

	if (vfs_getattr_nosec(&path, &stat, STATX_SIZE | STATX_BLOCKS, 0))
		return false;
	/* In units of 512 bytes, whatever the block size. */
	return stat.blocks >= stat.size >> 9;
}

static int open_one(struct ecryptfs_lower *lower,
		    const struct ecryptfs_lower_fs *fs, struct dentry *dentry,
		    bool write, int flags)
{
	struct file **slot = write ? &lower->lo_rw : &lower->lo_ro;
	struct file *file;

	lockdep_assert_held(&lower->lo_mutex);
	if (*slot)
		return 0;
	if (write)
		file = open_writable(fs, dentry, flags);
	else
		file = ecryptfs_lower_file_open(fs, dentry, O_RDONLY | flags);
	if (IS_ERR(file))
		return PTR_ERR(file);
	if (file_inode(file) != lower->lo_inode) {
		fput(file);
		return -ESTALE;
	}
	if (write) {
		ecryptfs_lower_remember(lower, dentry);
		WRITE_ONCE(lower->lo_dense,
			   fs->lf_overwrites && is_dense(fs, dentry));
	}
	spin_lock(&lower->lo_lock);
	*slot = file;
	spin_unlock(&lower->lo_lock);
	return 0;
}

/*
 * Remembers @dentry as one by which the lower file can be opened again when
 * something is left to be written and nobody has it open; takes a reference.
 */
void ecryptfs_lower_remember(struct ecryptfs_lower *lower,
			     struct dentry *dentry)
{
	struct dentry *old;

	dget(dentry);
	spin_lock(&lower->lo_lock);
	old = lower->lo_dentry;
	lower->lo_dentry = dentry;
	spin_unlock(&lower->lo_lock);
	dput(old);
}

static int open_counted(struct ecryptfs_lower *lower,
			const struct ecryptfs_lower_fs *fs,
			struct dentry *dentry, bool write, int flags)
{
	int err = 0;

	mutex_lock(&lower->lo_mutex);
	ecryptfs_lower_stamp(lower, false);
	if (write || !lower->lo_rw)
		err = open_one(lower, fs, dentry, write, flags);
	if (!err) {
		lower->lo_users++;
		if (write)
			lower->lo_writers++;
	}
	mutex_unlock(&lower->lo_mutex);
	return err;
}

static bool has_lease(struct inode *inode)
{
	struct file_lock_context *context = locks_inode_context(inode);

	return context && !list_empty_careful(&context->flc_lease);
}

/*
 * After an open of the lower file with O_NONBLOCK failed with -EAGAIN: waits for
 * the lease that somebody has of it, which can take
 * /proc/sys/fs/lease-break-time and is ended by a signal.  @mode: O_RDONLY or
 * O_RDWR; @tries: how many times this has been called.  Returns the flags for the
 * next try: O_NONBLOCK, or 0, which waits inside the open, where the lease is one
 * that only the lower filesystem knows, or is taken again and again; or an error.
 */
int ecryptfs_lower_wait_lease(struct ecryptfs_lower *lower, int mode,
			      unsigned int tries)
{
	int err = break_lease(lower->lo_inode, mode);

	if (err)
		return err;
	if (fatal_signal_pending(current))
		return -EINTR;
	return tries < LEASE_TRIES && has_lease(lower->lo_inode) ? O_NONBLOCK :
								    0;
}

/*
 * Counts one more user and makes sure that the lower file is open in the way it
 * needs.  Paired with ecryptfs_commit_close() with the same @write.  May sleep.
 *
 * A lease that somebody holds of the lower file is waited for without lo_mutex:
 * others have no part in it.  With @nonblock it is -EAGAIN.
 */
int ecryptfs_lower_open(struct ecryptfs_lower *lower,
			const struct ecryptfs_lower_fs *fs,
			struct dentry *dentry, bool write, bool nonblock)
{
	int err = open_counted(lower, fs, dentry, write, O_NONBLOCK);
	int mode = write ? O_RDWR : O_RDONLY, flags = O_NONBLOCK;
	unsigned int tries = 0;

	while (err == -EAGAIN && flags && !nonblock) {
		flags = ecryptfs_lower_wait_lease(lower, mode, tries++);
		if (flags < 0)
			return flags;
		err = open_counted(lower, fs, dentry, write, flags);
	}
	return err;
}

/*
 * Closes the lower files that no user needs.  The writable one stays open as
 * long as a writer is left, or @keep says that something has to be written, or a
 * reader has no file of its own: it can't be opened again read-only once its
 * name is gone.  The caller holds lo_mutex.  True: the writable file was closed.
 */
bool ecryptfs_lower_close_unused(struct ecryptfs_lower *lower, bool keep)
{
	struct file *ro = NULL, *rw = NULL;

	lockdep_assert_held(&lower->lo_mutex);
	spin_lock(&lower->lo_lock);
	if (!lower->lo_users)
		swap(ro, lower->lo_ro);
	if (!keep && !lower->lo_writers && (!lower->lo_users || lower->lo_ro))
		swap(rw, lower->lo_rw);
	spin_unlock(&lower->lo_lock);
	if (ro)
		fput(ro);
	if (!rw)
		return false;
	ecryptfs_lower_flush(rw, NULL);
	fput(rw);
	return true;
}

/*
 * What the lower filesystem does at each close(), and its error: network
 * filesystems send what they have, and some can't once the file is closed.
 */
int ecryptfs_lower_flush(struct file *file, fl_owner_t id)
{
	const struct cred *old;
	int err;

	if (!file->f_op->flush)
		return 0;
	old = override_creds(file->f_cred);
	err = file->f_op->flush(file, id);
	revert_creds(old);
	return err;
}

/*
 * One turn of reading a directory, with the credentials that it was opened with;
 * @ctx's actor runs with them, too.
 */
int ecryptfs_lower_iterate(struct file *file, struct dir_context *ctx)
{
	const struct cred *old = override_creds(file->f_cred);
	int err = iterate_dir(file, ctx);

	revert_creds(old);
	return err;
}

/*
 * A reference to the open lower file, NULL if it is not open in a way that
 * allows @write.  The caller fput()s it.
 */
struct file *ecryptfs_lower_get(struct ecryptfs_lower *lower, bool write)
{
	struct file *file;

	spin_lock(&lower->lo_lock);
	file = lower->lo_rw;
	if (!write && lower->lo_ro)
		file = lower->lo_ro;
	if (file)
		get_file(file);
	spin_unlock(&lower->lo_lock);
	return file;
}

/*
 * A reference to a writable lower file: the open one or, if nobody has it open,
 * one of its own for the caller, who fput()s it.  Pages can be dirtied after the
 * last close, by a device that they were pinned for.  May sleep, but takes no
 * lock of ours and waits for nobody's lease, so writeback can call it.
 * ERR_PTR(-EIO): nobody has ever opened the file for writing.  ERR_PTR(-EAGAIN):
 * somebody has a lease of the lower file, and is asked to give it up.
 */
struct file *ecryptfs_lower_get_writable(struct ecryptfs_lower *lower,
					 const struct ecryptfs_lower_fs *fs)
{
	struct dentry *dentry;
	struct file *file;

	spin_lock(&lower->lo_lock);
	file = lower->lo_rw;
	if (file)
		get_file(file);
	dentry = file ? NULL : dget(lower->lo_dentry);
	spin_unlock(&lower->lo_lock);
	if (file)
		return file;
	if (!dentry)
		return ERR_PTR(-EIO);
	file = open_writable(fs, dentry, O_NONBLOCK);
	dput(dentry);
	return file;
}

/*
 * Reads from @pos until @iter is full or the file ends; *done_ret is what was
 * read, also if an error came after it.  Ending early is no error.
 *
 * Only the number of bytes says how far a transfer came: 9p without a cache
 * leaves the iterator as it was.
 */
int ecryptfs_lower_read(struct file *file, struct iov_iter *iter, loff_t pos,
			size_t *done_ret)
{
	*done_ret = 0;
	while (iov_iter_count(iter)) {
		struct iov_iter part = *iter;
		ssize_t ret = vfs_iter_read(file, &part, &pos, 0);

		if (ret < 0)
			return ret;
		if (!ret)
			break;
		iov_iter_advance(iter, ret);
		*done_ret += ret;
	}
	return 0;
}

int ecryptfs_lower_read_buf(struct file *file, void *buf, size_t len,
			    loff_t pos, size_t *done_ret)
{
	struct kvec vec = { .iov_base = buf, .iov_len = len };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_DEST, &vec, 1, len);
	return ecryptfs_lower_read(file, &iter, pos, done_ret);
}

/*
 * A write that the calling task's state must not interfere with.  RLIMIT_FSIZE
 * is for upper sizes, and was applied to them; the lower size is larger by the
 * header.  A task that is being killed still has its dirty pages to write when
 * its files are closed, which the lower filesystem would refuse with -EINTR.
 * And the flusher is a worker of a queue that guarantees forward progress, from
 * which a lower filesystem that runs out of space (XFS) must not wait for one
 * that does not.
 */
struct unlimited {
	struct work_struct work;
	struct completion done;
	const struct cred *cred;
	struct file *file;
	struct iov_iter *iter;
	loff_t pos;
	int err;
};

/*
 * No WQ_MEM_RECLAIM: lower filesystems wait for queues without it.  Whoever
 * queues work here either does the work himself when no worker comes, or waits
 * on a completion.
 */
static struct workqueue_struct *lower_wq;

int ecryptfs_lower_init(void)
{
	lower_wq = alloc_workqueue("ecryptfs", WQ_UNBOUND, 0);
	return lower_wq ? 0 : -ENOMEM;
}

void ecryptfs_lower_exit(void)
{
	destroy_workqueue(lower_wq);
}

/* Has @work done by a worker without the caller's limits, on any CPU. */
void ecryptfs_lower_queue(struct work_struct *work)
{
	queue_work(lower_wq, work);
}

static int unlimited_do(struct unlimited *ul)
{
	while (iov_iter_count(ul->iter)) {
		struct iov_iter part = *ul->iter;
		ssize_t ret = vfs_iter_write(ul->file, &part, &ul->pos, 0);

		if (ret < 0)
			return ret;
		if (!ret)
			return -EIO;
		iov_iter_advance(ul->iter, ret);
		cond_resched();
	}
	return 0;
}

static void unlimited_work(struct work_struct *work)
{
	struct unlimited *ul = container_of(work, struct unlimited, work);
	const struct cred *old = override_creds(ul->cred);
	unsigned int nofs = memalloc_nofs_save();

	/* As its caller: see ecryptfs_xio_begin(). */
	current->flags |= PF_LOCAL_THROTTLE;
	ul->err = unlimited_do(ul);
	current->flags &= ~PF_LOCAL_THROTTLE;
	memalloc_nofs_restore(nofs);
	revert_creds(old);
	complete(&ul->done);
}

static int unlimited_run(struct unlimited *ul)
{
	if (rlimit(RLIMIT_FSIZE) == RLIM_INFINITY &&
	    !fatal_signal_pending(current) &&
	    !(current->flags & PF_WQ_WORKER)) {
		int err = unlimited_do(ul);

		if (err != -EINTR)
			return err;
	}
	ul->cred = current_cred();
	init_completion(&ul->done);
	INIT_WORK_ONSTACK(&ul->work, unlimited_work);
	queue_work(lower_wq, &ul->work);
	wait_for_completion(&ul->done);
	destroy_work_on_stack(&ul->work);
	return ul->err;
}

/*
 * Writes all of @iter at @pos, or fails; what a failed call wrote is undefined.
 */
int ecryptfs_lower_write(struct file *file, struct iov_iter *iter, loff_t pos)
{
	struct unlimited ul = { .file = file, .iter = iter, .pos = pos };

	return unlimited_run(&ul);
}

int ecryptfs_lower_write_buf(struct file *file, const void *buf, size_t len,
			     loff_t pos)
{
	struct kvec vec = { .iov_base = (void *)buf, .iov_len = len };
	struct iov_iter iter;

	iov_iter_kvec(&iter, ITER_SOURCE, &vec, 1, len);
	return ecryptfs_lower_write(file, &iter, pos);
}

/*
 * An extended attribute of the lower file that belongs to us and not to its
 * users.  As for reads and writes, who has @file open in the right way needs no
 * other permission: mode bits and an append-only flag may say otherwise by now.
 * A server is asked with the credentials that @file was opened with.
 *
 * *len_ret is its length.  -ENODATA, -EOPNOTSUPP: there is none.  -ERANGE: it
 * has more than @size bytes.
 */
int ecryptfs_lower_read_xattr(struct file *file, const char *name, void *buf,
			      size_t size, size_t *len_ret)
{
	const struct cred *old = override_creds(file->f_cred);
	ssize_t len;

	len = __vfs_getxattr(file_dentry(file), file_inode(file), name, buf,
			     size);
	revert_creds(old);
	if (len < 0)
		return len;
	*len_ret = len;
	return 0;
}

/* @flags as for setxattr(2); @file is open for writing. */
int ecryptfs_lower_write_xattr(struct file *file, const char *name,
			       const void *value, size_t len, int flags)
{
	const struct cred *old = override_creds(file->f_cred);
	struct inode *inode = file_inode(file);
	int err;

	err = mnt_want_write_file(file);
	if (!err) {
		inode_lock(inode);
		err = __vfs_setxattr(&nop_mnt_idmap, file_dentry(file), inode,
				     name, value, len, flags);
		inode_unlock(inode);
		mnt_drop_write_file(file);
	}
	revert_creds(old);
	return err;
}

/*
 * As the inode operation; -EOPNOTSUPP if the lower filesystem has none.
 *
 * The lower filesystem copies to the caller with its inode locked.  What the
 * caller gave may be a mapping of a file whose pages wait for that lock to be
 * written down, so no fault is served meanwhile: it is before the next try.
 */
int ecryptfs_lower_fiemap(struct inode *lower, struct fiemap_extent_info *map,
			  u64 start, u64 len)
{
	struct fiemap_extent __user *extents;
	unsigned int left;
	int err;

	if (!lower->i_op->fiemap)
		return -EOPNOTSUPP;
	for (;;) {
		map->fi_extents_mapped = 0;
		pagefault_disable();
		err = lower->i_op->fiemap(lower, map, start, len);
		pagefault_enable();
		if (err != -EFAULT)
			return err;
		if (fatal_signal_pending(current))
			return -EINTR;
		left = min_t(unsigned int, FIEMAP_PIECE,
			     map->fi_extents_max - map->fi_extents_mapped);
		extents = map->fi_extents_start + map->fi_extents_mapped;
		if (!left || fault_in_writeable((char __user *)extents,
						left * sizeof(*extents)))
			return -EFAULT;
		cond_resched();
	}
}

/* Everything written to @file so far is on disk when this returns 0. */
int ecryptfs_lower_sync(struct file *file, bool datasync)
{
	return vfs_fsync(file, datasync);
}

/* False if it is hopeless to ask for that much; for large requests only. */
bool ecryptfs_lower_has_room(const struct ecryptfs_lower_fs *fs, u64 bytes)
{
	struct kstatfs stat;

	if (bytes < SZ_64M || vfs_statfs(&fs->lf_path, &stat))
		return true;
	return div64_u64(bytes, stat.f_bsize) <= stat.f_bfree;
}

/*
 * Starts writing what is dirty of the lower file, and returns.  An error is told
 * to whoever syncs it.
 */
void ecryptfs_lower_start_write(struct inode *lower)
{
	filemap_flush(lower->i_mapping);
}

/*
 * The same for a file that is to replace another one.  Where its first block, the
 * header, had its place before, that one is waited for, because the lower
 * filesystem orders new data only.  A file that had no block gets all of them now,
 * in the order that the lower filesystem keeps for new data, and nothing is waited
 * for.
 */
void ecryptfs_lower_start_replacing(struct inode *lower)
{
	bool has_blocks = lower->i_blocks;

	filemap_flush(lower->i_mapping);
	if (has_blocks)
		filemap_fdatawait_range_keep_errors(lower->i_mapping, 0,
						    PAGE_SIZE - 1);
}

/*
 * Gives up what the page cache has of the lower bytes [@from, @to), as far as it
 * is clean and nobody uses it: the upper page cache has the same as plaintext.
 * What tmpfs has there is all that it has.
 */
void ecryptfs_lower_drop_cache(struct inode *lower, u64 from, u64 to)
{
	if (!mapping_can_writeback(lower->i_mapping))
		return;
	if (lower->i_mapping->nrpages && to > from)
		invalidate_mapping_pages(lower->i_mapping,
					 DIV_ROUND_UP_ULL(from, PAGE_SIZE),
					 (to >> PAGE_SHIFT) - 1);
}

/* Whether the lower page cache has anything that a disk has not. */
bool ecryptfs_lower_is_dirty(struct inode *lower)
{
	return mapping_tagged(lower->i_mapping, PAGECACHE_TAG_DIRTY) ||
	       mapping_tagged(lower->i_mapping, PAGECACHE_TAG_WRITEBACK);
}

/*
 * Has the lower file read ahead; returns before the data are there.  Not from a
 * server, whose client may cache nothing and read it a second time.
 */
void ecryptfs_lower_read_ahead(const struct ecryptfs_lower_fs *fs,
			       struct file *file, loff_t pos, loff_t len)
{
	if (!fs->lf_remote)
		vfs_fadvise(file, pos, len, POSIX_FADV_WILLNEED);
}

/*
 * The first bytes of a lower file, at most @size and not more than a page, without
 * opening it, which costs more than reading them.  *len_ret is their number.
 *
 * -EOPNOTSUPP: it has to be opened, because the lower filesystem keeps what is
 * needed for reading with an open file.
 */
int ecryptfs_lower_peek(const struct ecryptfs_lower_fs *fs,
			struct inode *lower, void *buf, size_t size,
			size_t *len_ret)
{
	loff_t all = i_size_read(lower);
	struct folio *folio;

	if (!fs->lf_fills_pages || IS_ENCRYPTED(lower) || IS_VERITY(lower) ||
	    IS_DAX(lower))
		return -EOPNOTSUPP;
	*len_ret = min_t(loff_t, all, size);
	if (!*len_ret)
		return 0;
	folio = read_mapping_folio(lower->i_mapping, 0, NULL);
	if (IS_ERR(folio))
		return PTR_ERR(folio);
	memcpy_from_folio(buf, folio, 0, *len_ret);
	folio_put(folio);
	return 0;
}

/*
 * Of a file that holds zeros: so many are read to find out whether it holds
 * nothing else.  What a crash leaves behind is holes and blocks that were never
 * written, which cost nothing; somebody's disk image of zeros is not to be read
 * from end to end by each ls.
 */
#define ZERO_BYTES_MAX SZ_1M

/*
 * Whether the lower file is known to hold nothing but zeros: 1, 0, or an error.
 * Looks at its data, not at its holes, where the lower filesystem tells them
 * apart, and no further than ZERO_BYTES_MAX.  -EINTR: the task is being killed.
 */
int ecryptfs_lower_is_zero(struct file *file)
{
	loff_t size = i_size_read(file_inode(file));
	loff_t pos = 0, data;
	size_t len, done = 0;
	int ret = 1;
	void *buf;
	int err;

	buf = kvmalloc(SZ_64K, GFP_KERNEL);
	if (!buf)
		return -ENOMEM;
	while (ret == 1 && pos < size) {
		data = vfs_llseek(file, pos, SEEK_DATA);
		if (data == -ENXIO)
			break;
		pos = max(pos, data);
		err = ecryptfs_lower_read_buf(file, buf, SZ_64K, pos, &len);
		if (!err && fatal_signal_pending(current))
			err = -EINTR;
		if (err)
			ret = err;
		else if (!len)
			break;
		else if (done >= ZERO_BYTES_MAX || memchr_inv(buf, 0, len))
			ret = 0;
		pos += len;
		done += len;
	}
	kvfree(buf);
	return ret;
}

/* A change of attributes with the rights of the mounter, times not touched. */
static int setattr_forced(const struct ecryptfs_lower_fs *fs,
			  struct file *file, struct iattr *attr)
{
	const struct cred *old = override_creds(fs->lf_cred);
	struct dentry *dentry = file->f_path.dentry;
	int err;

	attr->ia_valid |= ATTR_FORCE;
	err = mnt_want_write_file(file);
	if (!err) {
		inode_lock(d_inode(dentry));
		err = notify_change(&nop_mnt_idmap, dentry, attr, NULL);
		inode_unlock(d_inode(dentry));
		mnt_drop_write_file(file);
	}
	revert_creds(old);
	return err;
}

/*
 * Cuts the lower file to @size without touching its modification time, except
 * on a server.  tmpfs sets that in spite of ATTR_MTIME_SET, so it is put back
 * where need be.
 */
int ecryptfs_lower_resize(const struct ecryptfs_lower_fs *fs,
			  struct file *file, loff_t size)
{
	struct iattr attr = {
		.ia_valid = ATTR_SIZE | ATTR_FILE | ATTR_MTIME | ATTR_MTIME_SET,
		.ia_size = size,
		.ia_mtime = inode_get_mtime(file_inode(file)),
		.ia_file = file,
	};
	struct timespec64 mtime = attr.ia_mtime;
	int err;

	/* What is remembered of a server's times may be old. */
	if (fs->lf_remote)
		attr.ia_valid = ATTR_SIZE | ATTR_FILE;
	err = setattr_forced(fs, file, &attr);
	if (err || fs->lf_remote)
		return err;
	return ecryptfs_lower_set_mtime(fs, file, mtime);
}

/*
 * Modification and change time become now; a no-op within one clock tick.
 *
 * With @fault the caller is a page fault, which holds mmap_lock: that is taken
 * inside the lower inode's lock where a lower read copies to the user, so write
 * access, which comes outside of it, can't be waited for here.  Freezing has a
 * level of its own for faults.
 */
void ecryptfs_lower_touch(struct file *file, bool fault)
{
	struct super_block *sb = file_inode(file)->i_sb;

	if (fault)
		sb_start_pagefault(sb);
	else
		file_start_write(file);
	file_touch_cmtime(file);
	if (fault)
		sb_end_pagefault(sb);
	else
		file_end_write(file);
}

/*
 * The change time becomes now, and the counter of changes another, without
 * waiting for a tick of the clock to tell two changes apart.  A failure, as on a
 * full disk, costs a backup that looks too early a second look.
 */
void ecryptfs_lower_bump_ctime(const struct ecryptfs_lower_fs *fs,
			       struct file *file)
{
	struct inode *inode = file_inode(file);
	struct timespec64 now = current_time(inode);
	struct timespec64 ctime = inode_get_ctime(inode);
	struct iattr attr = { .ia_valid = ATTR_CTIME };

	if (!timespec64_equal(&now, &ctime))
		setattr_forced(fs, file, &attr);
}

/*
 * Puts the modification time back after a write of data, on filesystems that
 * set it in spite of FMODE_NOCMTIME.  The caller keeps others from setting it.
 */
int ecryptfs_lower_set_mtime(const struct ecryptfs_lower_fs *fs,
			     struct file *file, struct timespec64 mtime)
{
	struct timespec64 now = inode_get_mtime(file_inode(file));
	struct iattr attr = {
		.ia_valid = ATTR_MTIME | ATTR_MTIME_SET,
		.ia_mtime = mtime,
	};

	if (timespec64_equal(&now, &mtime))
		return 0;
	return setattr_forced(fs, file, &attr);
}
