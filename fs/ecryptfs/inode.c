// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The state of inodes: finding them, dropping what is cached of them, their
 * copies of lower attributes, and what is known of the lower file: see struct
 * ecryptfs_inode.
 *
 * The lower inode is the authority for everything but the size.  The VFS reads
 * copies from the upper inode, which are updated whenever it asks or we have
 * changed something.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/posix_acl.h>
#include <linux/slab.h>

#include "ecryptfs.h"

/* The order of the largest folio: see ECRYPTFS_FOLIO_EXTENTS. */
#define FOLIO_ORDER_MAX \
	(ilog2(ECRYPTFS_FOLIO_EXTENTS * EFMT_V1_EXTENT_BYTES) - PAGE_SHIFT)

/* The lower inode's flags that apply to the upper inode, too. */
#define COPIED_FLAGS (S_SYNC | S_IMMUTABLE | S_APPEND | S_DIRSYNC)

/*
 * Whether the attributes that path walk reads are the lower inode's.  May be
 * called under RCU.
 */
bool ecryptfs_inode_agrees(const struct inode *inode)
{
	const struct inode *lower = ecryptfs_inode_lower(inode);

	return inode->i_mode == lower->i_mode &&
	       uid_eq(inode->i_uid, lower->i_uid) &&
	       gid_eq(inode->i_gid, lower->i_gid) &&
	       inode->i_nlink == lower->i_nlink &&
	       !((inode->i_flags ^ lower->i_flags) & COPIED_FLAGS);
}

/* Owner and mode of an inode, which exec reads together. */
struct owner {
	umode_t mode;
	kuid_t uid;
	kgid_t gid;
};

/* Reads the mode first: see copy_owner(). */
static struct owner owner_of(const struct inode *inode)
{
	struct owner owner = { .mode = READ_ONCE(inode->i_mode) };

	owner.uid = inode->i_uid;
	owner.gid = inode->i_gid;
	return owner;
}

static bool has_set_id(umode_t mode)
{
	return S_ISREG(mode) && mode & (S_ISUID | S_ISGID);
}

/* Writes only what differs, because each step of a path walk comes here. */
static void set_owner(struct inode *inode, const struct owner *owner)
{
	lockdep_assert_held(&inode->i_lock);
	if (inode->i_mode != owner->mode)
		inode->i_mode = owner->mode;
	if (!uid_eq(inode->i_uid, owner->uid))
		inode->i_uid = owner->uid;
	if (!gid_eq(inode->i_gid, owner->gid))
		inode->i_gid = owner->gid;
}

static bool owner_agrees(const struct inode *inode, const struct owner *owner)
{
	return inode->i_mode == owner->mode && uid_eq(inode->i_uid, owner->uid) &&
	       gid_eq(inode->i_gid, owner->gid);
}

/*
 * Copies mode, owner and group of the lower inode.  They are read and stored
 * under i_lock, so that an older state is not stored after a newer one.
 *
 * Returns false, and does nothing, if set-id bits are or were there and
 * something differs. exec reads the three from the upper inode under its inode
 * lock, and the lower filesystem may change owner and mode one after the other.
 * A mode with set-id bits and the owner that it is meant for can be read
 * together only under both inode locks.
 */
static bool copy_owner(struct inode *inode)
{
	struct owner owner;
	bool simple;

	spin_lock(&inode->i_lock);
	owner = owner_of(ecryptfs_inode_lower(inode));
	simple = owner_agrees(inode, &owner) ||
		 !(has_set_id(owner.mode) || has_set_id(inode->i_mode));
	if (simple)
		set_owner(inode, &owner);
	spin_unlock(&inode->i_lock);
	return simple;
}

/*
 * Does what copy_owner() has left.  The caller holds the inode lock, shared at
 * least.
 */
static void copy_set_id(struct inode *inode)
{
	struct inode *lower = ecryptfs_inode_lower(inode);
	struct owner owner;

	inode_lock_shared(lower);
	spin_lock(&inode->i_lock);
	owner = owner_of(lower);
	set_owner(inode, &owner);
	spin_unlock(&inode->i_lock);
	inode_unlock_shared(lower);
}

/* Copies the other attributes, except for the size of regular files. */
static void copy_others(struct inode *inode)
{
	const struct inode *lower = ecryptfs_inode_lower(inode);

	spin_lock(&inode->i_lock);
	inode->i_rdev = lower->i_rdev;
	/* Number and generation distinguish this inode from a later one. */
	inode->i_generation = lower->i_generation;
	if ((inode->i_flags ^ lower->i_flags) & COPIED_FLAGS)
		inode_set_flags(inode, lower->i_flags & COPIED_FLAGS,
				COPIED_FLAGS);
	if (inode->i_nlink != lower->i_nlink)
		set_nlink(inode, lower->i_nlink);
	/* On 32 bits only one task at a time may write it. */
	if (!S_ISREG(inode->i_mode) && !ecryptfs_inode(inode)->ei_sized &&
	    i_size_read(inode) != i_size_read(lower))
		i_size_write(inode, i_size_read(lower));
	spin_unlock(&inode->i_lock);
	if (!ecryptfs_times_are_own(inode))
		ecryptfs_times_copy(inode);
}

/*
 * Copies the lower attributes, for callers that do not hold the inode lock.
 * Set-id bits may have to wait for the next copy then.  Only exec goes by them,
 * and it calls ecryptfs_inode_opened().
 */
void ecryptfs_inode_copy_attr(struct inode *inode)
{
	if (!copy_owner(inode) && inode_trylock_shared(inode)) {
		copy_set_id(inode);
		inode_unlock_shared(inode);
	}
	copy_others(inode);
}

/* Copies the lower attributes.  The caller holds the inode lock for writing. */
void ecryptfs_inode_copy_locked(struct inode *inode)
{
	lockdep_assert_held_write(&inode->i_rwsem);
	if (!copy_owner(inode))
		copy_set_id(inode);
	copy_others(inode);
}

/*
 * Copies mode and owner at an open, because exec goes by them and a file
 * descriptor is not looked up again.  May wait for the inode lock.
 */
void ecryptfs_inode_opened(struct inode *inode)
{
	if (copy_owner(inode))
		return;
	inode_lock_shared(inode);
	copy_set_id(inode);
	inode_unlock_shared(inode);
}

/*
 * To be called after we have changed attributes or names.  The inode of a
 * regular file is locked for writing.
 */
void ecryptfs_inode_changed(struct inode *inode)
{
	ecryptfs_lower_restamp(&ecryptfs_inode(inode)->ei_lower, false);
	if (S_ISREG(inode->i_mode))
		ecryptfs_inode_copy_locked(inode);
	else
		ecryptfs_inode_copy_attr(inode);
}

/*
 * To be called before file_remove_privs(), which goes by what is cached of the
 * inode: the lower file may have got set-id bits or capabilities since.  The
 * caller holds the inode lock.
 */
void ecryptfs_inode_copy_privs(struct inode *inode)
{
	lockdep_assert_held_write(&inode->i_rwsem);
	if (IS_NOSEC(ecryptfs_inode_lower(inode)))
		return;
	ecryptfs_inode_copy_locked(inode);
	inode_set_flags(inode, 0, S_NOSEC);
}

static struct kmem_cache *inode_cache;

static void init_once(void *obj)
{
	struct ecryptfs_inode *ei = obj;

	inode_init_once(&ei->ei_vfs);
}

int ecryptfs_inode_cache_init(void)
{
	inode_cache = kmem_cache_create("ecryptfs_inode",
					sizeof(struct ecryptfs_inode), 0,
					SLAB_RECLAIM_ACCOUNT | SLAB_ACCOUNT,
					init_once);
	return inode_cache ? 0 : -ENOMEM;
}

void ecryptfs_inode_cache_exit(void)
{
	/* Inodes are freed after a grace period. */
	rcu_barrier();
	kmem_cache_destroy(inode_cache);
}

struct inode *ecryptfs_inode_alloc(struct super_block *sb)
{
	struct ecryptfs_inode *ei =
		alloc_inode_sb(sb, inode_cache, GFP_KERNEL);

	if (!ei)
		return NULL;
	ei->ei_lower.lo_inode = NULL;
	return &ei->ei_vfs;
}

void ecryptfs_inode_free(struct inode *inode)
{
	kmem_cache_free(inode_cache, ecryptfs_inode(inode));
}

static int inode_test(struct inode *inode, void *lower)
{
	return ecryptfs_inode_lower(inode) == lower;
}

static int inode_set(struct inode *inode, void *data)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct inode *lower = data;

	ecryptfs_lower_create(&ei->ei_lower, ecryptfs_lower_fs(inode), lower);
	ecryptfs_meta_init(&ei->ei_meta);
	mutex_init(&ei->ei_commit);
	mutex_init(&ei->ei_times);
	init_rwsem(&ei->ei_writeback);
	ei->ei_sized = false;
	ei->ei_loaded = false;
	ei->ei_plain = false;
	ei->ei_raw_listed = false;
	ei->ei_cut = false;
	ei->ei_reserved = false;
	ei->ei_writer = NULL;
	ei->ei_teller = NULL;
	atomic_set(&ei->ei_failures, 0);
	ei->ei_failure = 0;
	inode->i_ino = lower->i_ino;
	/* The lower inode keeps the times; the VFS must not set them here. */
	inode->i_flags |= S_NOATIME | S_NOCMTIME;
	/* A chmod changes the lower list, and we would not notice. */
	inode->i_acl = ACL_DONT_CACHE;
	inode->i_default_acl = ACL_DONT_CACHE;
	return 0;
}

/*
 * Sets the lock classes of an inode of an eCryptfs over an overlay over another
 * eCryptfs: see set_lock_classes() in super.c.
 */
static void set_lock_classes(struct inode *inode)
{
	static struct lock_class_key dir, other, commit, times, writeback;
	static struct lock_class_key lower, meta;

	if (inode->i_sb->s_stack_depth == 1)
		return;
	if (S_ISDIR(inode->i_mode))
		lockdep_set_class(&inode->i_rwsem, &dir);
	else
		lockdep_set_class(&inode->i_rwsem, &other);
	lockdep_set_class(&ecryptfs_inode(inode)->ei_commit, &commit);
	lockdep_set_class(&ecryptfs_inode(inode)->ei_times, &times);
	lockdep_set_class(&ecryptfs_inode(inode)->ei_writeback, &writeback);
	lockdep_set_class(&ecryptfs_inode(inode)->ei_lower.lo_mutex, &lower);
	lockdep_set_class(&ecryptfs_inode(inode)->ei_meta.me_mutex, &meta);
}

static void set_ops(struct inode *inode)
{
	const struct ecryptfs_ops *ops = ecryptfs_sb(inode->i_sb)->es_ops;

	switch (inode->i_mode & S_IFMT) {
	case S_IFREG:
		inode->i_op = ops->op_file_iops;
		inode->i_fop = ops->op_file_fops;
		inode->i_mapping->a_ops = ops->op_file_aops;
		if (!ops->op_writes)
			break;
		mapping_set_folio_order_range(inode->i_mapping, 0,
					      FOLIO_ORDER_MAX);
		/* Folios are encrypted under writeback, without their lock. */
		mapping_set_stable_writes(inode->i_mapping);
		break;
	case S_IFDIR:
		inode->i_op = ops->op_dir_iops;
		inode->i_fop = ops->op_dir_fops;
		break;
	case S_IFLNK:
		inode->i_op = ops->op_symlink_iops;
		break;
	default:
		inode->i_op = ops->op_special_iops;
		init_special_inode(inode, inode->i_mode, inode->i_rdev);
		break;
	}
}

/*
 * Returns the upper inode of @lower, with a reference.  A new one takes its own
 * reference to @lower.  @created, if not NULL, has the metadata of a file that
 * was just made, which are moved into the inode.
 */
struct inode *ecryptfs_inode_get(struct super_block *sb, struct inode *lower,
				 struct ecryptfs_meta *created)
{
	struct inode *inode;

	if (lower->i_sb != ecryptfs_sb(sb)->es_lower.lf_path.dentry->d_sb)
		return ERR_PTR(-EXDEV);
	inode = iget5_locked(sb, (unsigned long)lower, inode_test, inode_set,
			     lower);
	if (!inode)
		return ERR_PTR(-ENOMEM);
	if (!(inode_state_read_once(inode) & I_NEW))
		return inode;
	ecryptfs_inode_copy_attr(inode);
	set_ops(inode);
	set_lock_classes(inode);
	if (created) {
		ecryptfs_meta_move(created, &ecryptfs_inode(inode)->ei_meta);
		ecryptfs_inode_set_size(inode, 0);
		ecryptfs_lower_stamp(&ecryptfs_inode(inode)->ei_lower, true);
		ecryptfs_inode(inode)->ei_loaded = true;
	}
	unlock_new_inode(inode);
	return inode;
}

/*
 * To be called after a file was made with the lower name @lower.  Its header
 * has yet to be written: when it is closed, or by the flusher if nobody opens
 * it.
 */
void ecryptfs_inode_created(struct inode *inode, struct dentry *lower)
{
	ecryptfs_lower_remember(&ecryptfs_inode(inode)->ei_lower, lower);
	mark_inode_dirty_sync(inode);
}

void ecryptfs_inode_evict(struct inode *inode)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);

	if (ei->ei_lower.lo_inode && !ecryptfs_inode_nameless(inode) &&
	    ecryptfs_commit_has_unwritten_data(inode))
		ecryptfs_msg(inode, KERN_ERR,
			     "what was written last could not be passed to the lower file, and is lost");
	truncate_inode_pages_final(&inode->i_data);
	clear_inode(inode);
	if (!ei->ei_lower.lo_inode)
		return;
	ecryptfs_meta_destroy(&ei->ei_meta);
	mutex_destroy(&ei->ei_commit);
	mutex_destroy(&ei->ei_times);
	ecryptfs_lower_destroy(&ei->ei_lower);
}

/* An inode whose lower file has lost its last name is not kept. */
int ecryptfs_inode_drop(struct inode *inode)
{
	return ecryptfs_inode_nameless(inode) ||
	       inode_generic_drop(inode);
}

/*
 * Drops what is cached of a file that nobody has open: pages, size, and the
 * metadata with the file's key.  If something is not written yet, that takes
 * precedence over the lower file, and nothing is dropped.
 */
static void forget_cached(struct inode *inode)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct address_space *mapping = inode->i_mapping;

	lockdep_assert_held(&ei->ei_lower.lo_mutex);
	mutex_lock(&ei->ei_commit);
	down_write(&ei->ei_writeback);
	filemap_invalidate_lock(mapping);
	if (ecryptfs_commit_has_unwritten_data(inode))
		goto out;
	truncate_inode_pages(mapping, 0);
	mapping_set_folio_order_range(mapping, 0, FOLIO_ORDER_MAX);
	ecryptfs_meta_unload(&ei->ei_meta);
	WRITE_ONCE(ei->ei_loaded, false);
	WRITE_ONCE(ei->ei_plain, false);
	WRITE_ONCE(ei->ei_sized, false);
	ecryptfs_lower_unstamp(&ei->ei_lower);
out:
	filemap_invalidate_unlock(mapping);
	up_write(&ei->ei_writeback);
	mutex_unlock(&ei->ei_commit);
}

/*
 * To be called before a regular file is opened or its size is reported.  If
 * somebody else has changed the lower file, and nobody has the upper file open,
 * what is cached of it is dropped.  With a @dentry the lower filesystem is
 * asked for the file's present state; a caller that has just done so passes
 * NULL.
 */
void ecryptfs_inode_refresh(struct inode *inode, struct dentry *dentry)
{
	struct ecryptfs_lower *lower = &ecryptfs_inode(inode)->ei_lower;
	struct kstat stat;
	struct path path;

	if (!S_ISREG(inode->i_mode) || READ_ONCE(lower->lo_users))
		return;
	if (dentry) {
		path = ecryptfs_dentry_path(dentry);
		vfs_getattr_nosec(&path, &stat, STATX_BASIC_STATS, 0);
	}
	if (!ecryptfs_lower_changed(lower))
		return;
	mutex_lock(&lower->lo_mutex);
	if (ecryptfs_lower_changed(lower))
		forget_cached(inode);
	mutex_unlock(&lower->lo_mutex);
}

/* Sets the size of a regular file if it is not set yet. */
void ecryptfs_inode_set_size(struct inode *inode, loff_t size)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);

	spin_lock(&inode->i_lock);
	if (!ei->ei_sized) {
		i_size_write(inode, size);
		/* Pairs with the acquire in file_size(), attr.c. */
		smp_store_release(&ei->ei_sized, true);
	}
	spin_unlock(&inode->i_lock);
}

/*
 * Sets the size of a plaintext or empty file, unless metadata were loaded
 * meanwhile.
 */
static void set_unloaded_size(struct inode *inode, loff_t size)
{
	spin_lock(&inode->i_lock);
	if (!ecryptfs_inode(inode)->ei_loaded)
		i_size_write(inode, size);
	spin_unlock(&inode->i_lock);
}

void ecryptfs_inode_set_lower_size(struct inode *inode)
{
	set_unloaded_size(inode, i_size_read(ecryptfs_inode_lower(inode)));
}

/*
 * Whether a load that failed with @err makes the file a plaintext file, on a
 * mount with passthrough.  A file with our metadata that can't be unlocked now
 * can be read as it is, which a backup wants.  Writing plaintext into it would
 * leak that and destroy the file.
 */
static bool is_plain_error(const struct super_block *sb, bool write, int err,
			   enum ecryptfs_found found)
{
	if (!ecryptfs_sb(sb)->es_config.co_passthrough)
		return false;
	if (write && found == ECRYPTFS_FOUND_OURS)
		return false;
	switch (err) {
	case -ENODATA:
	case -EUCLEAN:
	case -EOPNOTSUPP:
	case -ENOPKG:
	case -ENOKEY:
	case -EKEYREVOKED:
	case -EKEYEXPIRED:
	case -EKEYREJECTED:
		return true;
	default:
		return false;
	}
}

/* Logs why a file can't be opened. */
static void report_load(const struct inode *inode, int err,
			enum ecryptfs_found found)
{
	switch (err) {
	case -ENOKEY:
		ecryptfs_msg(inode, KERN_WARNING,
			     "none of the keys of this file is here; add one with ecryptfs-add-passphrase");
		break;
	case -EKEYREVOKED:
		ecryptfs_msg(inode, KERN_WARNING,
			     "the key of this file has been revoked; add it again");
		break;
	case -EKEYEXPIRED:
		ecryptfs_msg(inode, KERN_WARNING,
			     "the key of this file has expired; add it again");
		break;
	case -EKEYREJECTED:
		ecryptfs_msg(inode, KERN_WARNING,
			     "the key with this file's signature is not a passphrase token of format 1, or is not that passphrase; remove it and add the right one, or name it at the mount if it is of type encrypted");
		break;
	case -EUCLEAN:
		if (found == ECRYPTFS_FOUND_LOST)
			ecryptfs_msg(inode, KERN_WARNING,
				     "the header of this file never reached the disk, and its key is lost; truncate the file to use it again");
		else
			ecryptfs_msg(inode, KERN_WARNING,
				     "not an eCryptfs file, or its header is damaged");
		break;
	case -EOPNOTSUPP:
		ecryptfs_msg(inode, KERN_WARNING,
			     "this file's version, cipher or kind of key is not supported");
		break;
	case -ENOPKG:
		ecryptfs_msg(inode, KERN_WARNING,
			     "this kernel lacks the cipher of this file");
		break;
	}
}

/* Logs that a lower file is shorter than its header says. */
static void report_short(struct inode *inode, u64 size)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);

	if (ei->ei_meta.me_size_wrong) {
		ecryptfs_count(inode, ECRYPTFS_FILES_SHORTENED, 1);
		ecryptfs_msg(inode, KERN_NOTICE,
			     "the end of the file was not written when the system stopped: %llu bytes are left",
			     size);
	} else if (ecryptfs_meta_lower_size(&ei->ei_meta, size) >
		   i_size_read(ei->ei_lower.lo_inode)) {
		ecryptfs_msg(inode, KERN_WARNING,
			     "the lower file is too short for the recorded size of %llu bytes: what is missing can't be read",
			     size);
	}
}

/*
 * Makes metadata for a lower file that is empty, as a crash leaves a file that
 * was never synced, or for one that lost its header and is cut to nothing now.
 */
static int remake_meta(struct inode *inode, struct file *lower)
{
	const struct ecryptfs_policy *policy =
		&ecryptfs_sb(inode->i_sb)->es_config.co_policy;
	int err;

	err = ecryptfs_meta_create(&ecryptfs_inode(inode)->ei_meta, policy);
	if (!err && i_size_read(file_inode(lower)))
		err = ecryptfs_lower_resize(ecryptfs_lower_fs(inode), lower, 0);
	if (err)
		return err;
	mark_inode_dirty_sync(inode);
	ecryptfs_count(inode, ECRYPTFS_FILES_REMADE, 1);
	ecryptfs_msg(inode, KERN_NOTICE,
		     "the lower file held no data: it is an empty file, and gets a new key");
	return 0;
}

/*
 * Reads the metadata, or makes them for an empty lower file that is opened for
 * writing: see ecryptfs_inode_load().  The size in the metadata replaces one
 * that was shown to a stat() before; nobody has relied on that yet.
 */
static int load_locked(struct inode *inode, bool write, bool cut)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	const struct ecryptfs_policy *policy =
		&ecryptfs_sb(inode->i_sb)->es_config.co_policy;
	enum ecryptfs_found found;
	struct file *lower;
	u64 size = 0;
	int err;

	lockdep_assert_held(&ei->ei_commit);
	lower = ecryptfs_lower_get(&ei->ei_lower, write);
	if (!lower)
		return -EIO;
	err = ecryptfs_meta_load(&ei->ei_meta, policy, lower, &size, &found);
	if (!err)
		report_short(inode, size);
	ei->ei_found = found;
	if (err && write && !is_plain_error(inode->i_sb, true, err, found) &&
	    (err == -ENODATA || (cut && found == ECRYPTFS_FOUND_LOST))) {
		err = remake_meta(inode, lower);
		size = 0;
	}
	fput(lower);
	if (err)
		return err;
	spin_lock(&inode->i_lock);
	WRITE_ONCE(ei->ei_plain, false);
	i_size_write(inode, size);
	/* Pairs with the acquire in file_size(), attr.c. */
	smp_store_release(&ei->ei_sized, true);
	/* Pairs with the acquire in ecryptfs_inode_load(). */
	smp_store_release(&ei->ei_loaded, true);
	spin_unlock(&inode->i_lock);
	return 0;
}

/* Returns 0 if a loaded file may be written to: see ECRYPTFS_KEY_BYTES_MIN. */
static int check_writable(const struct inode *inode)
{
	if (!ecryptfs_inode(inode)->ei_meta.me_weak)
		return 0;
	ecryptfs_msg(inode, KERN_WARNING,
		     "the key of this file is too short to write with; copy the file, and write to the copy");
	return -EOPNOTSUPP;
}

/*
 * Makes a regular file, whose lower file is open, ready for reading or, with
 * @write, for writing.  With @cut the caller is going to cut it to nothing, so
 * its header may be missing.  An empty lower file is an empty file and gets its
 * metadata when it is opened for writing.  Errors are those of
 * ecryptfs_meta_load().
 *
 * With passthrough, *plain_ret says whether the caller is to use the lower file
 * as it is; nothing is logged then.
 */
int ecryptfs_inode_load(struct inode *inode, bool write, bool cut,
			bool *plain_ret)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	enum ecryptfs_found found;
	int err = 0;

	*plain_ret = false;
	/* Pairs with the release in load_locked(). */
	if (smp_load_acquire(&ei->ei_loaded))
		return write ? check_writable(inode) : 0;
	mutex_lock(&ei->ei_commit);
	if (!ei->ei_loaded)
		err = load_locked(inode, write, cut);
	found = ei->ei_found;
	mutex_unlock(&ei->ei_commit);
	if (is_plain_error(inode->i_sb, write, err, found)) {
		*plain_ret = true;
		return err;
	}
	/*
	 * Another program may have emptied the lower file: the known size is
	 * wrong.
	 */
	if (err == -ENODATA) {
		set_unloaded_size(inode, 0);
		return 0;
	}
	if (err)
		report_load(inode, err, found);
	else if (write)
		err = check_writable(inode);
	return err;
}
