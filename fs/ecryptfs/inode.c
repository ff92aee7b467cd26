// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The state of inodes: finding and forgetting them, their copies of lower
 * attributes, and what is known of the lower file: see struct ecryptfs_inode.
 *
 * The lower inode is the authority for everything but the size.  What the VFS
 * reads from the upper inode is a copy, made anew whenever we are asked or have
 * changed something.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/posix_acl.h>
#include <linux/slab.h>

#include "ecryptfs.h"

/* Of folios; see ECRYPTFS_FOLIO_EXTENTS. */
#define FOLIO_ORDER_MAX \
	(ilog2(ECRYPTFS_FOLIO_EXTENTS * EFMT_V1_EXTENT_BYTES) - PAGE_SHIFT)

/* Inode flags of the lower inode that mean something for the upper one. */
#define COPIED_FLAGS (S_SYNC | S_IMMUTABLE | S_APPEND | S_DIRSYNC)

/* Whether what path walk looks at is as below.  Callable under RCU. */
bool ecryptfs_inode_agrees(const struct inode *inode)
{
	const struct inode *lower = ecryptfs_inode_lower(inode);

	return inode->i_mode == lower->i_mode &&
	       uid_eq(inode->i_uid, lower->i_uid) &&
	       gid_eq(inode->i_gid, lower->i_gid) &&
	       inode->i_nlink == lower->i_nlink &&
	       !((inode->i_flags ^ lower->i_flags) & COPIED_FLAGS);
}

/* Who owns an inode, and with what mode, is one thing to exec. */
struct owner {
	umode_t mode;
	kuid_t uid;
	kgid_t gid;
};

/* Mode first: see copy_owner(). */
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

/* Writes only what differs: every step of a path comes by here. */
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
 * Mode, owner and group of the lower inode, read and stored under i_lock, so that
 * what was read earlier is not stored later.
 *
 * False: set-id bits are there, or were, and not all agrees.  Nothing is done
 * then.  exec reads the three from the upper inode under its inode lock, and the
 * lower filesystem may change owner and mode one after the other: mode with its
 * set-id bits and the owner that it is meant for are found together only under
 * both inode locks.
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

/* The rest of it.  The caller holds the inode lock, shared at least. */
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

/* What comes with the owner: all but the size of regular files. */
static void copy_others(struct inode *inode)
{
	const struct inode *lower = ecryptfs_inode_lower(inode);

	spin_lock(&inode->i_lock);
	inode->i_rdev = lower->i_rdev;
	/* With the number it tells this inode from a later one. */
	inode->i_generation = lower->i_generation;
	if ((inode->i_flags ^ lower->i_flags) & COPIED_FLAGS)
		inode_set_flags(inode, lower->i_flags & COPIED_FLAGS,
				COPIED_FLAGS);
	if (inode->i_nlink != lower->i_nlink)
		set_nlink(inode, lower->i_nlink);
	/* On 32 bits it must not be written by two at a time. */
	if (!S_ISREG(inode->i_mode) && !ecryptfs_inode(inode)->ei_sized &&
	    i_size_read(inode) != i_size_read(lower))
		i_size_write(inode, i_size_read(lower));
	spin_unlock(&inode->i_lock);
	if (!ecryptfs_times_are_own(inode))
		ecryptfs_times_copy(inode);
}

/*
 * Copies the lower attributes.  For callers that do not hold the inode lock, or
 * need not; then set-id bits may have to wait for the next copy: nobody but exec
 * goes by them, which comes by ecryptfs_inode_opened().
 */
void ecryptfs_inode_copy_attr(struct inode *inode)
{
	if (!copy_owner(inode) && inode_trylock_shared(inode)) {
		copy_set_id(inode);
		inode_unlock_shared(inode);
	}
	copy_others(inode);
}

/* The same by who holds the inode lock for writing. */
void ecryptfs_inode_copy_locked(struct inode *inode)
{
	lockdep_assert_held_write(&inode->i_rwsem);
	if (!copy_owner(inode))
		copy_set_id(inode);
	copy_others(inode);
}

/*
 * Mode and owner as they are at an open, which exec goes by: that of a file
 * descriptor was not looked up since it was made.  May wait for the inode lock.
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
 * After a change of attributes or names of our own; the inode of a regular file
 * is locked for writing.
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
 * Before file_remove_privs(), which goes by what is remembered of the inode: the
 * lower file may have got set-id bits or capabilities since.  The caller holds
 * the inode lock.
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
	ei->ei_writer = NULL;
	ei->ei_teller = NULL;
	atomic_set(&ei->ei_failures, 0);
	ei->ei_failure = 0;
	inode->i_ino = lower->i_ino;
	/* The lower inode keeps the times: nothing is to be set above. */
	inode->i_flags |= S_NOATIME | S_NOCMTIME;
	/* A chmod changes the lower list without our knowing. */
	inode->i_acl = ACL_DONT_CACHE;
	inode->i_default_acl = ACL_DONT_CACHE;
	return 0;
}

/*
 * The inode of an eCryptfs above an overlay above another eCryptfs: see
 * set_lock_classes() in super.c.
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
		/* Encrypted while they are under writeback, not locked. */
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
 * The upper inode of @lower, with a reference; @lower's own is taken as needed.
 * @created, if not NULL, is the metadata of a file that was just made, and is
 * moved into the inode.
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
 * After a file was made, with the lower name @lower: its header has yet to be
 * written, and is when it is closed, or by the flusher if nobody opens it.
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

/* A file whose name is gone below goes here, too. */
int ecryptfs_inode_drop(struct inode *inode)
{
	return ecryptfs_inode_nameless(inode) ||
	       inode_generic_drop(inode);
}

/*
 * Forgets what is cached of a file that nobody has open: pages, size, and
 * metadata with the file's key.  What has not been written down yet goes before
 * what is below: then nothing is forgotten.
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
 * Before a regular file is opened, or its size is told: if the lower file was
 * changed by somebody else, and nobody has the upper one open, what is cached of
 * it is dropped.  With a @dentry the lower filesystem is asked how the file is
 * now; the caller that has just done so passes NULL.
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

/* The first to know the size of a regular file sets it; later ones are late. */
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

/* Of a plaintext or empty file; too late if it has turned out to be none. */
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
 * Whether loading failed in a way that makes a file a plaintext file.  A file
 * with our metadata that can't be unlocked now can be read as it is, which is
 * what a backup wants; to write plaintext into it would leak that, and destroy
 * the file.
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

/* One log line for each way in which a file can't be opened. */
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

/* One log line about a file whose lower file is not what its header says. */
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
 * Makes metadata for a lower file that is empty, as a crash leaves behind what
 * was never synced, or that lost its header and is cut to nothing now.
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
 * writing; see ecryptfs_inode_load().  What the metadata say goes before a size
 * that was shown to a stat() long ago: nobody has built on that yet.
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

/* Whether a file that is loaded may be written to: see ECRYPTFS_KEY_BYTES_MIN. */
static int check_writable(const struct inode *inode)
{
	if (!ecryptfs_inode(inode)->ei_meta.me_weak)
		return 0;
	ecryptfs_msg(inode, KERN_WARNING,
		     "the key of this file is too short to write with; copy the file, and write to the copy");
	return -EOPNOTSUPP;
}

/*
 * Makes a regular file whose lower file is open ready for reading or, with
 * @write, writing; with @cut the caller is going to cut it to nothing, so that
 * its header need not be there.  An empty lower file is an empty file: it gets
 * its metadata when it is opened for writing.  Errors as ecryptfs_meta_load().
 *
 * With passthrough, *plain_ret says whether the caller is to go on with the lower
 * file as it is; nothing is logged then.
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
	/* Emptied below, perhaps: what was known of its size is not true. */
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
