// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All opens, reads, writes, syncs and size changes of lower files.  Short
 * transfers are continued here, so that callers see a complete one or an error.
 */
#include <linux/backing-dev.h>
#include <linux/cred.h>
#include <linux/completion.h>
#include <linux/dcache.h>
#include <linux/fadvise.h>
#include <linux/falloc.h>
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

/*
 * After this many leases one is waited for inside the open, where no other
 * lease can come in between.
 */
#define LEASE_TRIES 8

/*
 * The number of extents for which the caller's memory is faulted in at a time.
 */
#define FIEMAP_PIECE (SZ_1M / sizeof(struct fiemap_extent))

/*
 * Initialises the lower half of an upper inode.  Takes a reference to @inode,
 * which is on @fs.
 */
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
 * Puts all references.  lo_inode stays readable until the upper inode is freed
 * after a grace period, because a path walk under RCU may still ask it for
 * permission.
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
 * Whether an open with these credentials can succeed.  A server of a protocol
 * without opens refuses only the first read, so permission is asked for before.
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
 * Opens a lower file or directory; the caller ends its use with fput().
 *
 * It is opened with the mounter's credentials.  One open serves all users of
 * the upper file, who were checked when they opened that, and a security module
 * that goes by paths has decided about the upper path and does not find the
 * lower one in its policy.  Where the mounter's credentials are refused, as
 * root's are on a network filesystem, the caller's are tried. "Credentials" in
 * Documentation/ecryptfs.rst has the rule.
 *
 * Reading the file does not set access times: see ecryptfs_times_accessed().
 *
 * Listeners that may refuse an access (fanotify) were asked about the upper
 * file.  They are not asked about the lower one, because the caller may be the
 * listener itself, which opens or reads what it was asked about and would wait
 * for itself.  Listeners that watch for changes below are notified.
 *
 * With O_NONBLOCK in @flags a lease of the lower file is not waited for: the
 * result is -EAGAIN, and the holder has been asked to give the lease up.
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
	/* Only the VFS may see that error. */
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
	 * Times are those of the last clock tick, so they do not distinguish
	 * two changes within one tick.  A counter does.
	 */
	lower->lo_stamp = (struct ecryptfs_lower_stamp){
		/* Read first, so that a change in between is noticed. */
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
 * Remembers what the lower file looks like now, unless that is remembered
 * already and @anew is false.  Called before the file is read or after it was
 * written.
 */
void ecryptfs_lower_stamp(struct ecryptfs_lower *lower, bool anew)
{
	spin_lock(&lower->lo_lock);
	if (anew || !lower->lo_stamp.ls_valid)
		take_stamp(lower);
	spin_unlock(&lower->lo_lock);
}

/*
 * To be called after we have changed attributes and, with @mtime, the
 * modification time, so that this is not taken for a change by another program.
 * A change of the content by another program is still noticed.
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
 * Whether a lower file whose upper file nobody has open has changed since it
 * was remembered.  The answer is reliable only under lo_mutex.  False if
 * something is still to be written, which takes precedence over the lower
 * content.
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
 * Opens a lower file as lo_rw is opened: writing to it does not set its
 * modification time, because the write() above has done so.  With O_NONBLOCK in
 * @flags leases are not waited for.
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

/* Whether all blocks of the lower file are allocated. */
static bool is_dense(const struct ecryptfs_lower_fs *fs, struct dentry *dentry)
{
	struct path path = { .mnt = fs->lf_path.mnt, .dentry = dentry };
	struct kstat stat;

	if (vfs_getattr_nosec(&path, &stat, STATX_SIZE | STATX_BLOCKS, 0))
		return false;
	/* st_blocks counts 512 bytes, whatever the block size. */
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
 * Remembers @dentry, with a reference, so that the lower file can be opened
 * again when something is left to be written and nobody has it open.
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
 * To be called after an open of the lower file with O_NONBLOCK has failed with
 * -EAGAIN.  Waits until the lease is given up, which can take
 * /proc/sys/fs/lease-break-time; a signal ends the wait.  @mode is O_RDONLY or
 * O_RDWR, and @tries counts the previous calls.
 *
 * Returns the flag for the next try, or an error.  The flag is O_NONBLOCK, or 0
 * if the open itself has to wait, because only the lower filesystem knows the
 * lease, or because leases are taken again and again.
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
 * Counts one more user of the lower file and makes sure that it is open for
 * what the user needs.  ecryptfs_commit_close(), with the same @write, ends the
 * use.  May sleep.
 *
 * A lease of the lower file is waited for without lo_mutex, so that other tasks
 * do not wait, too.  With @nonblock the result is -EAGAIN instead.
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
 * Closes the lower files that no user needs, and returns true if the writable
 * one was closed.  That one stays open while there are writers, while @keep
 * says that something is still to be written, and while a reader has no file of
 * its own, because a file without a name can't be opened again for reading.
 * The caller holds lo_mutex.
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
 * Calls the lower filesystem's ->flush(), as each close() does, and returns its
 * error.  Network filesystems send their data then, and some can't do it once
 * the file is closed.
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
 * Reads entries of a directory once, with the credentials that it was opened
 * with; @ctx's actor runs with them, too.
 */
int ecryptfs_lower_iterate(struct file *file, struct dir_context *ctx)
{
	const struct cred *old = override_creds(file->f_cred);
	int err = iterate_dir(file, ctx);

	revert_creds(old);
	return err;
}

/*
 * Returns the open lower file, with a reference, or NULL if it is not open or,
 * with @write, not open for writing.  The caller ends its use with fput().
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
 * Returns a writable lower file, with a reference: the open one, or a new one
 * if nobody has it open, because pages can be dirtied after the last close by a
 * device that they were pinned for.  The caller ends its use with fput().  May
 * sleep, but takes no lock of ours and waits for no lease, so writeback can
 * call it.
 *
 * ERR_PTR(-EIO): the file was never open for writing.  ERR_PTR(-EAGAIN):
 * somebody has a lease of the lower file and was asked to give it up.
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
 * Reads from @pos until @iter is full or the file ends.  *done_ret is the
 * number of bytes read, also if an error followed.  The end of the file is no
 * error.
 *
 * Only the return value of a transfer says how far it came, because 9p without
 * a cache does not advance the iterator.
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
 * A write that the state of the calling task must not disturb.  RLIMIT_FSIZE is
 * meant for the upper size and was applied to that; the lower size is larger by
 * the header.  A task that is being killed still has to write its dirty pages
 * when its files are closed, which the lower filesystem would refuse with
 * -EINTR.  And the flusher is a worker of a queue that guarantees forward
 * progress; a lower filesystem that runs out of space (XFS) must not wait there
 * for a queue that does not.
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
 * Without WQ_MEM_RECLAIM, since lower filesystems wait for queues without it.
 * Callers either do the work themselves when no worker comes, or wait for a
 * completion.
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

/*
 * Queues @work for a worker on any CPU, which has none of the caller's limits.
 */
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

	/* As the caller has it: see ecryptfs_xio_begin(). */
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
 * Writes all of @iter at @pos.  On failure any part of it may have been
 * written.
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
 * Reads an extended attribute of the lower file that is ours and not its
 * users'. As for reading and writing, a @file that is open is permission
 * enough: mode bits and an append-only flag may have changed since.  A server
 * is asked with the credentials that @file was opened with.
 *
 * *len_ret is the length.  -ENODATA, -EOPNOTSUPP: there is no such attribute.
 * -ERANGE: it has more than @size bytes.
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

/*
 * Writes such an attribute.  @flags are those of setxattr(2); @file is open for
 * writing.
 */
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
 * Calls the lower filesystem's ->fiemap(); -EOPNOTSUPP if it has none.
 *
 * The lower filesystem copies to the caller with its inode locked.  The
 * caller's memory may be a mapping of a file whose pages wait for that lock to
 * be written, so page faults are not served during the call.  The memory is
 * faulted in before the next try instead.
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

/* Writes everything that was written to @file so far to its disk. */
int ecryptfs_lower_sync(struct file *file, bool datasync)
{
	return vfs_fsync(file, datasync);
}

/*
 * Reserves the space of @len bytes at @pos that they do not have yet.  The size
 * stays.  -EOPNOTSUPP: the lower filesystem does not reserve space.
 */
int ecryptfs_lower_reserve(struct file *file, loff_t pos, loff_t len)
{
	return vfs_fallocate(file, FALLOC_FL_KEEP_SIZE, pos, len);
}

/*
 * False if the filesystem has clearly less space than @bytes.  Only large
 * requests are checked.
 */
bool ecryptfs_lower_has_room(const struct ecryptfs_lower_fs *fs, u64 bytes)
{
	struct kstatfs stat;

	if (bytes < SZ_64M || vfs_statfs(&fs->lf_path, &stat))
		return true;
	return div64_u64(bytes, stat.f_bsize) <= stat.f_bfree;
}

/*
 * Starts the writeback of the lower file's dirty pages and does not wait for
 * it.  An error is reported to whoever syncs the file.
 */
void ecryptfs_lower_start_write(struct inode *lower)
{
	filemap_flush(lower->i_mapping);
}

/*
 * Like ecryptfs_lower_start_write(), for a file that is to replace another one.
 * If the file had blocks before, the writeback of the first page, which has the
 * header, is waited for, because the lower filesystem orders only new data.  A
 * file that had no block gets all of them now, in the order that the lower
 * filesystem keeps for new data, and nothing is waited for.
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
 * Drops the lower page cache of bytes [@from, @to), as far as it is clean and
 * unused: the upper page cache has the same as plaintext.  Not on tmpfs, whose
 * page cache is all it has.
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

/* Whether the lower page cache has data that are not on the disk. */
bool ecryptfs_lower_is_dirty(struct inode *lower)
{
	return mapping_tagged(lower->i_mapping, PAGECACHE_TAG_DIRTY) ||
	       mapping_tagged(lower->i_mapping, PAGECACHE_TAG_WRITEBACK);
}

/*
 * Starts reading the lower file ahead and does not wait.  Not done on a network
 * filesystem, whose client may cache nothing and would read the data twice.
 */
void ecryptfs_lower_read_ahead(const struct ecryptfs_lower_fs *fs,
			       struct file *file, loff_t pos, loff_t len)
{
	if (!fs->lf_remote)
		vfs_fadvise(file, pos, len, POSIX_FADV_WILLNEED);
}

/*
 * Reads the first bytes of a lower file, at most @size and not more than a
 * page, without opening it: an open costs more than the read.  *len_ret is
 * their number.
 *
 * -EOPNOTSUPP: the file has to be opened, because the lower filesystem keeps
 * what it needs for reading with an open file.
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
 * The number of zeros that are read to find out whether a file has nothing
 * else.  What a crash leaves consists of holes and blocks that were never
 * written, which cost nothing to skip.  A disk image full of zeros must not be
 * read from end to end by each ls.
 */
#define ZERO_BYTES_MAX SZ_1M

/*
 * Returns 1 if the lower file is known to have nothing but zeros, 0 if not, or
 * an error.  Skips holes if the lower filesystem reports them, and reads no
 * more than ZERO_BYTES_MAX.  -EINTR: the task is being killed.
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

/* Changes attributes with the mounter's credentials. */
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
 * Cuts the lower file to @size without changing its modification time, except
 * on a server. tmpfs changes the time in spite of ATTR_MTIME_SET, so it is set
 * back if necessary.
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

	/* Our copy of a server's times may be out of date. */
	if (fs->lf_remote)
		attr.ia_valid = ATTR_SIZE | ATTR_FILE;
	err = setattr_forced(fs, file, &attr);
	if (err || fs->lf_remote)
		return err;
	return ecryptfs_lower_set_mtime(fs, file, mtime);
}

/*
 * Sets the modification and change time to now.  Does nothing if they were set
 * during the same clock tick.
 *
 * With @fault the caller is a page fault, which holds mmap_lock.  A lower read
 * that copies to the user takes mmap_lock inside the lower inode's lock, and
 * write access to the mount comes outside of that lock, so write access can't
 * be waited for here.  Freezing has a level of its own for page faults.
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
 * Sets the change time to now, which moves the change counter, too.  Does
 * nothing if the change time is now already.  A failure, as on a full disk,
 * only means that a backup which looks too early has to look again.
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
 * Sets the modification time back after a write of data, on filesystems that
 * set it in spite of FMODE_NOCMTIME.  The caller keeps other tasks from setting
 * it.
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
