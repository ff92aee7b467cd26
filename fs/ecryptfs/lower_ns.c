// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All changes of the lower name space.  Each function takes the locks that it
 * needs below, checks under them that the lower dentries are still where the
 * upper ones say, and holds write access to the lower mount around the call.
 *
 * If a dentry was moved, removed or replaced behind the mount, the function
 * returns -ESTALE and nothing is changed.
 *
 * All calls are made with the caller's credentials and may sleep.
 */
#include <linux/cred.h>
#include <linux/fs.h>
#include <linux/fileattr.h>
#include <linux/filelock.h>
#include <linux/fsnotify.h>
#include <linux/mount.h>
#include <linux/posix_acl.h>
#include <linux/xattr.h>

#include "lower.h"

/*
 * Returns the dentry of @name in @dir, negative or positive, with a reference.
 * No lock is held, so the dentry may have been renamed since.  *name_ret stands
 * for the name under which it was found: for @name itself or, if the lower
 * filesystem finds one object under several names, for the name that its dentry
 * has.
 */
struct dentry *ecryptfs_lower_lookup(struct dentry *dir, const char *name,
				     unsigned int len, unsigned long *name_ret)
{
	struct qstr qstr = QSTR_LEN(name, len);
	struct dentry *found, *before = NULL;
	int err;

	qstr.hash = full_name_hash(dir, name, len);
	if (dir->d_flags & DCACHE_OP_HASH) {
		err = dir->d_op->d_hash(dir, &qstr);
		if (err)
			return ERR_PTR(err);
	}
	*name_ret = (unsigned long)qstr.hash_len;
	for (;;) {
		found = lookup_one_unlocked(&nop_mnt_idmap,
					    &QSTR_LEN(name, len), dir);
		if (before)
			dput(before);
		if (IS_ERR(found) ||
		    ecryptfs_lower_name(found) == (unsigned long)qstr.hash_len) {
			*name_ret = (unsigned long)qstr.hash_len;
			return found;
		}
		if (found == before && ecryptfs_lower_name(found) == *name_ret)
			return found;
		*name_ret = ecryptfs_lower_name(found);
		before = found;
	}
}

/*
 * Begins a change at the negative or positive @dentry: takes write access to
 * the mount and locks the parent, which is returned with a reference.
 * end_change() undoes it all.  -ESTALE: the dentry is no longer hashed in that
 * directory.
 *
 * Each change is made in a loop of the two functions, because a delegation may
 * have to be given up first; *delegated says so.
 */
static struct inode *begin_change(const struct ecryptfs_lower_fs *fs,
				  struct dentry *dentry,
				  struct delegated_inode *delegated)
{
	struct dentry *parent;
	struct inode *dir;
	int err;

	*delegated = (struct delegated_inode){};
	err = mnt_want_write(fs->lf_path.mnt);
	if (err)
		return ERR_PTR(err);
	parent = dget_parent(dentry);
	dir = d_inode(parent);
	ihold(dir);
	inode_lock_nested(dir, I_MUTEX_PARENT);
	if (dentry->d_parent == parent && !d_unhashed(dentry)) {
		dput(parent);
		return dir;
	}
	inode_unlock(dir);
	iput(dir);
	dput(parent);
	mnt_drop_write(fs->lf_path.mnt);
	return ERR_PTR(-ESTALE);
}

/*
 * Whether the dentry is still in its directory, and still has its name.  The
 * caller holds the directory's lock.
 */
static bool in_place(const struct ecryptfs_lower_place *place)
{
	const struct dentry *dentry = place->pl_dentry;

	return dentry->d_parent == place->pl_dir && !d_unhashed(dentry) &&
	       ecryptfs_lower_name(dentry) == place->pl_name;
}

/*
 * Like begin_change(), for the removal of the object at @place.  -ESTALE: it is
 * no longer there.
 */
static struct inode *begin_removal(const struct ecryptfs_lower_fs *fs,
				   const struct ecryptfs_lower_place *place,
				   struct delegated_inode *delegated)
{
	struct inode *dir = d_inode(place->pl_dir);
	int err;

	*delegated = (struct delegated_inode){};
	err = mnt_want_write(fs->lf_path.mnt);
	if (err)
		return ERR_PTR(err);
	ihold(dir);
	inode_lock_nested(dir, I_MUTEX_PARENT);
	if (in_place(place))
		return dir;
	inode_unlock(dir);
	iput(dir);
	mnt_drop_write(fs->lf_path.mnt);
	return ERR_PTR(-ESTALE);
}

/*
 * Returns true if a delegation of the file, or on newer kernels of a directory,
 * was in the way and has been given up, so that the change is to be tried
 * again.  The caller holds no lock.  *err is the result of the change and
 * becomes that of the wait.
 */
bool ecryptfs_lower_is_free_now(struct delegated_inode *delegated, int *err)
{
	if (!is_delegated(delegated))
		return false;
	*err = break_deleg_wait(delegated);
	/*
	 * A delegation that is taken again each time must not hold a killed
	 * task.
	 */
	if (!*err && fatal_signal_pending(current))
		*err = -EINTR;
	return !*err;
}

/* Like end_change(), after the directory was unlocked. */
static bool end_unlocked(const struct ecryptfs_lower_fs *fs, struct inode *dir,
			 struct delegated_inode *delegated, int *err)
{
	iput(dir);
	mnt_drop_write(fs->lf_path.mnt);
	return ecryptfs_lower_is_free_now(delegated, err);
}

/*
 * Ends what begin_change() or begin_removal() began.  *err is the result of the
 * change.  Returns true if a delegation was in the way and the change is to be
 * begun again.
 */
static bool end_change(const struct ecryptfs_lower_fs *fs, struct inode *dir,
		       struct delegated_inode *delegated, int *err)
{
	inode_unlock(dir);
	return end_unlocked(fs, dir, delegated, err);
}

/*
 * Returns an open file without a name in @dir, which can be written and linked.
 * -EOPNOTSUPP: the lower filesystem has no such files.
 */
struct file *ecryptfs_lower_tmpfile(const struct ecryptfs_lower_fs *fs,
				    struct dentry *dir, umode_t mode)
{
	struct path path = { .mnt = fs->lf_path.mnt, .dentry = dir };
	struct file *file;
	int err;

	err = mnt_want_write(fs->lf_path.mnt);
	if (err)
		return ERR_PTR(err);
	/*
	 * The caller makes it; it is opened as by ecryptfs_lower_file_open().
	 */
	file = kernel_tmpfile_open(&nop_mnt_idmap, &path, mode,
				   O_RDWR | O_LARGEFILE, fs->lf_cred);
	mnt_drop_write(fs->lf_path.mnt);
	return file;
}

/*
 * Makes an empty regular file at the negative @dentry.  -EEXIST: the name was
 * taken meanwhile, perhaps by another client of the same server.
 */
int ecryptfs_lower_mkfile(const struct ecryptfs_lower_fs *fs,
			  struct dentry *dentry, umode_t mode)
{
	struct delegated_inode delegated;
	struct inode *dir;
	int err;

	do {
		dir = begin_change(fs, dentry, &delegated);
		if (IS_ERR(dir))
			return PTR_ERR(dir);
		if (d_is_positive(dentry))
			err = -EEXIST;
		else
			err = vfs_create(&nop_mnt_idmap, dentry, mode,
					 &delegated);
	} while (end_change(fs, dir, &delegated, &err));
	return err;
}

/*
 * Makes a directory.  Some filesystems leave @dentry negative and unhashed
 * although they made the directory; the caller looks the name up again then.
 */
int ecryptfs_lower_mkdir(const struct ecryptfs_lower_fs *fs,
			 struct dentry *dentry, umode_t mode)
{
	struct delegated_inode delegated;
	struct dentry *made;
	struct inode *dir;
	int err;

	do {
		dir = begin_change(fs, dentry, &delegated);
		if (IS_ERR(dir))
			return PTR_ERR(dir);
		made = vfs_mkdir(&nop_mnt_idmap, dir, dget(dentry), mode,
				 &delegated);
		err = PTR_ERR_OR_ZERO(made);
		/*
		 * On failure vfs_mkdir() has unlocked the directory and put the
		 * dentry.
		 */
		if (!err) {
			dput(made);
			inode_unlock(dir);
		}
	} while (end_unlocked(fs, dir, &delegated, &err));
	return err;
}

int ecryptfs_lower_mknod(const struct ecryptfs_lower_fs *fs,
			 struct dentry *dentry, umode_t mode, dev_t dev)
{
	struct delegated_inode delegated;
	struct inode *dir;
	int err;

	do {
		dir = begin_change(fs, dentry, &delegated);
		if (IS_ERR(dir))
			return PTR_ERR(dir);
		err = vfs_mknod(&nop_mnt_idmap, dir, dentry, mode, dev,
				&delegated);
	} while (end_change(fs, dir, &delegated, &err));
	return err;
}

int ecryptfs_lower_symlink(const struct ecryptfs_lower_fs *fs,
			   struct dentry *dentry, const char *target)
{
	struct delegated_inode delegated;
	struct inode *dir;
	int err;

	do {
		dir = begin_change(fs, dentry, &delegated);
		if (IS_ERR(dir))
			return PTR_ERR(dir);
		err = vfs_symlink(&nop_mnt_idmap, dir, dentry, target,
				  &delegated);
	} while (end_change(fs, dir, &delegated, &err));
	return err;
}

/*
 * Updates the link count: 9p's client counts removed names, but not new ones.
 */
static void ask_again(const struct ecryptfs_lower_fs *fs, struct dentry *dentry)
{
	struct path path = { .mnt = fs->lf_path.mnt, .dentry = dentry };
	struct kstat stat;

	vfs_getattr_nosec(&path, &stat, STATX_BASIC_STATS, 0);
}

int ecryptfs_lower_link(const struct ecryptfs_lower_fs *fs, struct dentry *old,
			struct dentry *dentry)
{
	struct delegated_inode delegated;
	struct inode *dir;
	int err;

	do {
		dir = begin_change(fs, dentry, &delegated);
		if (IS_ERR(dir))
			return PTR_ERR(dir);
		err = vfs_link(old, &nop_mnt_idmap, dir, dentry, &delegated);
	} while (end_change(fs, dir, &delegated, &err));
	if (!err && fs->lf_remote)
		ask_again(fs, old);
	return err;
}

int ecryptfs_lower_unlink(const struct ecryptfs_lower_fs *fs,
			  const struct ecryptfs_lower_place *place)
{
	struct delegated_inode delegated;
	struct inode *dir;
	int err;

	do {
		dir = begin_removal(fs, place, &delegated);
		if (IS_ERR(dir))
			return PTR_ERR(dir);
		err = vfs_unlink(&nop_mnt_idmap, dir, place->pl_dentry,
				 &delegated);
	} while (end_change(fs, dir, &delegated, &err));
	return err;
}

int ecryptfs_lower_rmdir(const struct ecryptfs_lower_fs *fs,
			 const struct ecryptfs_lower_place *place)
{
	struct delegated_inode delegated;
	struct inode *dir;
	int err;

	do {
		dir = begin_removal(fs, place, &delegated);
		if (IS_ERR(dir))
			return PTR_ERR(dir);
		err = vfs_rmdir(&nop_mnt_idmap, dir, place->pl_dentry,
				&delegated);
	} while (end_change(fs, dir, &delegated, &err));
	return err;
}

/*
 * Locks both directories for @rd, which end_renaming() undoes.  -ESTALE: one of
 * the dentries is no longer at its place.  The lower ancestry can differ from
 * the upper one only because of changes from outside.
 */
static int lock_names(struct renamedata *rd,
		      const struct ecryptfs_lower_place *from,
		      const struct ecryptfs_lower_place *to)
{
	int err = start_renaming_two_dentries(rd, from->pl_dentry,
					      to->pl_dentry);

	if (!err && in_place(from) && in_place(to))
		return 0;
	if (!err) {
		end_renaming(rd);
		return -ESTALE;
	}
	/*
	 * If neither was moved, this is a directory that is moved into itself.
	 */
	if (err == -EINVAL && !(in_place(from) && in_place(to)))
		return -ESTALE;
	if (err == -ENOTEMPTY && rd->flags & RENAME_EXCHANGE)
		return -EINVAL;
	return err;
}

/*
 * Renames the object at @from to the place @to.  The lower filesystem accepts
 * or refuses the flags of renameat2().  The caller has set *delegated to zero.
 * If a delegation is in the way, the caller waits with
 * ecryptfs_lower_is_free_now() and calls this again.
 */
int ecryptfs_lower_rename(const struct ecryptfs_lower_fs *fs,
			  const struct ecryptfs_lower_place *from,
			  const struct ecryptfs_lower_place *to,
			  unsigned int flags, struct delegated_inode *delegated)
{
	struct renamedata rd = {
		.mnt_idmap = &nop_mnt_idmap,
		.old_parent = from->pl_dir,
		.new_parent = to->pl_dir,
		.delegated_inode = delegated,
		.flags = flags,
	};
	int err;

	err = mnt_want_write(fs->lf_path.mnt);
	if (err)
		return err;
	err = lock_names(&rd, from, to);
	if (!err) {
		err = vfs_rename(&rd);
		end_renaming(&rd);
	}
	mnt_drop_write(fs->lf_path.mnt);
	return err;
}

int ecryptfs_lower_setattr(const struct ecryptfs_lower_fs *fs,
			   struct dentry *dentry, struct iattr *attr)
{
	struct delegated_inode delegated;
	int err;

	do {
		delegated = (struct delegated_inode){};
		err = mnt_want_write(fs->lf_path.mnt);
		if (err)
			return err;
		inode_lock(d_inode(dentry));
		err = notify_change(&nop_mnt_idmap, dentry, attr, &delegated);
		inode_unlock(d_inode(dentry));
		mnt_drop_write(fs->lf_path.mnt);
	} while (ecryptfs_lower_is_free_now(&delegated, &err));
	return err;
}

int ecryptfs_lower_setxattr(const struct ecryptfs_lower_fs *fs,
			    struct dentry *dentry, const char *name,
			    const void *value, size_t size, int flags)
{
	int err = mnt_want_write(fs->lf_path.mnt);

	if (err)
		return err;
	err = vfs_setxattr(&nop_mnt_idmap, dentry, name, value, size, flags);
	mnt_drop_write(fs->lf_path.mnt);
	return err;
}

int ecryptfs_lower_removexattr(const struct ecryptfs_lower_fs *fs,
			       struct dentry *dentry, const char *name)
{
	int err = mnt_want_write(fs->lf_path.mnt);

	if (err)
		return err;
	err = vfs_removexattr(&nop_mnt_idmap, dentry, name);
	mnt_drop_write(fs->lf_path.mnt);
	return err;
}

/* Sets the access control list @name, or removes it if @acl is NULL. */
int ecryptfs_lower_set_acl(const struct ecryptfs_lower_fs *fs,
			   struct dentry *dentry, const char *name,
			   struct posix_acl *acl)
{
	int err = mnt_want_write(fs->lf_path.mnt);

	if (err)
		return err;
	if (acl)
		err = vfs_set_acl(&nop_mnt_idmap, dentry, name, acl);
	else
		err = vfs_remove_acl(&nop_mnt_idmap, dentry, name);
	mnt_drop_write(fs->lf_path.mnt);
	return err;
}

int ecryptfs_lower_fileattr_set(const struct ecryptfs_lower_fs *fs,
				struct dentry *dentry, struct file_kattr *fa)
{
	int err = mnt_want_write(fs->lf_path.mnt);

	if (err)
		return err;
	err = vfs_fileattr_set(&nop_mnt_idmap, dentry, fa);
	mnt_drop_write(fs->lf_path.mnt);
	return err;
}
