// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Directories: names are added, removed and moved in the lower directory first,
 * then above.
 *
 * The VFS holds the upper directory's inode lock around every change;
 * lower_ns.c takes the locks below.
 */
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/slab.h>

#include "glue.h"
#include "trace.h"

/*
 * Looks for a lower object that is shown raw, because its name is not one that
 * this mount would write: see name.c.  Returns NULL if there is none, or if the
 * lower filesystem can't have such a name: that does not matter, since the name
 * is going to be encrypted.
 */
static struct dentry *find_raw(const struct inode *dir,
			       struct dentry *lower_dir,
			       const struct qstr *name, unsigned long *name_ret)
{
	struct dentry *lower;
	int ret;

	ret = ecryptfs_name_may_be_raw(dir, name->name, name->len);
	if (ret <= 0)
		return ERR_PTR(ret);
	lower = ecryptfs_lower_lookup(lower_dir, name->name, name->len,
				      name_ret);
	switch (PTR_ERR_OR_ZERO(lower)) {
	case -EILSEQ:
	case -EINVAL:
	case -ENAMETOOLONG:
		return NULL;
	}
	if (!IS_ERR(lower) && d_is_negative(lower)) {
		dput(lower);
		return NULL;
	}
	return lower;
}

/*
 * Returns the lower dentry of an upper name, negative or positive, with a
 * reference; *name_ret stands for the name under which it was found.
 * -ENAMETOOLONG: the encrypted name would be too long, and there is no object
 * of the raw name.
 */
static struct dentry *find_lower(const struct inode *dir,
				 struct dentry *lower_dir,
				 const struct qstr *name,
				 unsigned long *name_ret)
{
	const struct ecryptfs_sb *es = ecryptfs_sb(dir->i_sb);
	struct dentry *lower, *raw;
	unsigned long raw_name;
	struct ecryptfs_name_text text;
	int err;

	err = ecryptfs_name_encrypt(es, name->name, name->len, NAME_MAX, &text);
	if (!err) {
		lower = ecryptfs_lower_lookup(lower_dir, text.tx_at,
					      text.tx_len, name_ret);
		ecryptfs_name_text_put(&text);
	} else if (err == -ENAMETOOLONG) {
		lower = ERR_PTR(err);
	} else {
		return ERR_PTR(err);
	}
	if (!es->es_names ||
	    (IS_ERR(lower) ? PTR_ERR(lower) != -ENAMETOOLONG :
			     d_is_positive(lower)))
		return lower;
	raw = find_raw(dir, lower_dir, name, &raw_name);
	if (!raw)
		return lower;
	if (!IS_ERR(lower))
		dput(lower);
	*name_ret = raw_name;
	return raw;
}

/*
 * d_splice_alias() for a lower object that was found under @name.  It moves the
 * dentry of a directory that was renamed below to the new place, and names the
 * dentry of a directory that was opened by handle.  Nobody may compare that
 * dentry with the lower one until it has its new name, too.
 */
static struct dentry *splice_alias(struct dentry *dentry, struct inode *inode,
				   unsigned long name)
{
	struct ecryptfs_sb *es = ecryptfs_sb(dentry->d_sb);
	bool moves = inode && S_ISDIR(inode->i_mode) &&
		     !hlist_empty(&inode->i_dentry);
	struct dentry *alias;

	if (moves)
		down_write(&es->es_rename_sem);
	alias = d_splice_alias(inode, dentry);
	if (!IS_ERR_OR_NULL(alias)) {
		ecryptfs_dentry_tie_alias(alias, ecryptfs_dentry_lower(dentry));
		ecryptfs_dentry_moved(alias, name);
	}
	if (moves)
		up_write(&es->es_rename_sem);
	return alias;
}

/*
 * Looks the name up in the lower directory and ties the two dentries together,
 * also if they are negative.  The size of a regular file is not read yet,
 * because most lookups are not followed by a stat().
 */
static struct dentry *ecryptfs_lookup(struct inode *dir, struct dentry *dentry,
				      unsigned int flags)
{
	struct dentry *lower_dir = ecryptfs_dentry_lower(dentry->d_parent);
	struct dentry *lower;
	struct inode *inode = NULL;
	unsigned long name = 0;

	if (IS_CASEFOLDED(d_inode(lower_dir)))
		return ERR_PTR(-EREMOTE);
	lower = find_lower(dir, lower_dir, &dentry->d_name, &name);
	if (IS_ERR(lower))
		return lower;
	ecryptfs_dentry_tie(dentry, lower, name);
	if (d_is_positive(lower)) {
		inode = ecryptfs_inode_get(dir->i_sb, d_inode(lower), NULL);
		if (IS_ERR(inode))
			return ERR_CAST(inode);
	}
	return splice_alias(dentry, inode, name);
}

/*
 * Returns the upper inode of an object that was just made in the lower
 * directory.  If the lower filesystem left its dentry negative, the name is
 * looked up.
 */
static struct inode *made_inode(struct inode *dir, struct dentry *dentry,
				struct ecryptfs_meta *created)
{
	struct dentry *lower = ecryptfs_dentry_lower(dentry);
	struct inode *inode;
	unsigned long name;

	if (d_is_negative(lower)) {
		/*
		 * Otherwise the lookup would find the same dentry, which is
		 * pinned.
		 */
		d_drop(lower);
		lower = ecryptfs_lower_lookup(lower->d_parent,
					      lower->d_name.name,
					      lower->d_name.len, &name);
		if (IS_ERR(lower))
			return ERR_CAST(lower);
		ecryptfs_dentry_replace(dentry, lower, name);
		if (d_is_negative(lower))
			return ERR_PTR(-ESTALE);
	}
	inode = ecryptfs_inode_get(dir->i_sb, d_inode(lower), created);
	if (!IS_ERR(inode))
		ecryptfs_inode_copy_attr(dir);
	return inode;
}

/*
 * Gives the negative upper dentry the inode of an object that was just made
 * below.
 */
static int instantiate_new(struct inode *dir, struct dentry *dentry,
			   struct ecryptfs_meta *created)
{
	struct inode *inode = made_inode(dir, dentry, created);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	ecryptfs_dentry_instantiate(dentry, inode);
	return 0;
}

/*
 * Does the same for a directory, which may have only one dentry.  Another
 * program may have moved the new directory below, and a lookup may have found
 * it there.  Nothing has failed then, and the next lookup finds what is under
 * the name.
 */
static struct dentry *instantiate_dir(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = made_inode(dir, dentry, NULL);
	struct dentry *lower = ecryptfs_dentry_lower(dentry);

	if (IS_ERR(inode))
		return ERR_CAST(inode);
	d_drop(dentry);
	if (lower->d_parent != ecryptfs_dentry_lower(dentry->d_parent) ||
	    ecryptfs_lower_name(lower) != dentry->d_time) {
		iput(inode);
		return NULL;
	}
	return splice_alias(dentry, inode, dentry->d_time);
}

/* Logs that a missing or bad key is the reason why a file can't be made. */
static void report_create(struct inode *dir, int err)
{
	if (err == -ENOKEY || err == -EKEYREVOKED || err == -EKEYEXPIRED ||
	    err == -EKEYREJECTED)
		ecryptfs_msg(dir, KERN_WARNING,
			     "no file can be made here: a key of this mount is missing, revoked, expired or malformed (error %d); add it again",
			     err);
}

/*
 * Makes a file.  The lower file stays empty until the first data are written or
 * the file is closed: see commit.c.  Nothing is waited for.  The key is made
 * before the name, because that can fail.
 */
static int ecryptfs_create(struct mnt_idmap *idmap, struct inode *dir,
			   struct dentry *dentry, umode_t mode)
{
	struct ecryptfs_meta meta;
	int err;

	ecryptfs_meta_init(&meta);
	err = ecryptfs_meta_create(&meta,
				   &ecryptfs_sb(dir->i_sb)->es_config.co_policy);
	if (err)
		report_create(dir, err);
	else
		err = ecryptfs_lower_mkfile(ecryptfs_lower_fs(dir),
					    ecryptfs_dentry_lower(dentry),
					    mode);
	if (!err)
		err = instantiate_new(dir, dentry, &meta);
	if (!err)
		ecryptfs_inode_created(d_inode(dentry),
				       ecryptfs_dentry_lower(dentry));
	/*
	 * Another program, or another client of the server, has made it.  An
	 * open() without O_EXCL is to open that file: the VFS looks it up
	 * again.
	 */
	if (err == -EEXIST) {
		if (d_is_negative(ecryptfs_dentry_lower(dentry)))
			d_drop(ecryptfs_dentry_lower(dentry));
		d_drop(dentry);
		err = -ESTALE;
	}
	trace_ecryptfs_create(dir->i_sb->s_dev,
			      err ? 0 : d_inode(dentry)->i_ino, 1, err);
	ecryptfs_meta_destroy(&meta);
	return err;
}

CREATE_OP(ecryptfs_create)

static int ecryptfs_tmpfile(struct mnt_idmap *idmap, struct inode *dir,
			    struct file *file, umode_t mode)
{
	struct dentry *dentry = file->f_path.dentry;
	struct dentry *lower_dir = ecryptfs_dentry_lower(dentry->d_parent);
	struct ecryptfs_meta meta;
	struct inode *inode;
	struct file *lower;
	int err;

	lower = ecryptfs_lower_tmpfile(ecryptfs_lower_fs(dir), lower_dir, mode);
	if (IS_ERR(lower))
		return PTR_ERR(lower);
	ecryptfs_meta_init(&meta);
	err = ecryptfs_meta_create(&meta,
				   &ecryptfs_sb(dir->i_sb)->es_config.co_policy);
	if (err) {
		report_create(dir, err);
		goto out;
	}
	inode = ecryptfs_inode_get(dir->i_sb, file_inode(lower), &meta);
	if (IS_ERR(inode)) {
		err = PTR_ERR(inode);
		goto out;
	}
	ecryptfs_dentry_tie(dentry, dget(lower->f_path.dentry),
			    ecryptfs_lower_name(lower->f_path.dentry));
	/* d_tmpfile() decrements the link count to the lower one. */
	set_nlink(inode, 1);
	d_tmpfile(file, inode);
	err = finish_open_simple(file, 0);
out:
	ecryptfs_meta_destroy(&meta);
	fput(lower);
	return err;
}

/*
 * Adds a name.  If it is the file's first name, everything that was written to
 * the file is passed to the lower file before, because the file may stay open
 * for long after it can be found.
 */
static int ecryptfs_link(struct dentry *old, struct inode *dir,
			 struct dentry *dentry)
{
	struct inode *inode = d_inode(old);
	struct dentry *lower;
	int err;

	if (ecryptfs_inode_nameless(inode)) {
		err = ecryptfs_commit(inode);
		if (err)
			return err;
	}
	err = ecryptfs_lower_link(ecryptfs_lower_fs(dir),
				  ecryptfs_dentry_lower(old),
				  ecryptfs_dentry_lower(dentry));
	if (err)
		return err;
	lower = ecryptfs_dentry_lower(dentry);
	ecryptfs_inode_copy_attr(dir);
	ecryptfs_inode_changed(inode);
	if (d_is_negative(lower)) {
		/* The next lookup finds it. */
		d_drop(lower);
		d_drop(dentry);
		return 0;
	}
	ihold(inode);
	ecryptfs_dentry_instantiate(dentry, inode);
	return 0;
}

/*
 * Removes a name.  The dentry is dropped and not made negative, because the
 * name may now belong to another dentry below.
 */
static int ecryptfs_unlink(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct ecryptfs_lower_place place = ecryptfs_dentry_place(dentry);
	int err;

	dget(place.pl_dentry);
	err = ecryptfs_lower_unlink(ecryptfs_lower_fs(dir), &place);
	if (!err) {
		ecryptfs_inode_copy_attr(dir);
		ecryptfs_inode_copy_attr(inode);
		d_drop(dentry);
	}
	dput(place.pl_dentry);
	return err;
}

static int ecryptfs_rmdir(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry);
	struct ecryptfs_lower_place place = ecryptfs_dentry_place(dentry);
	int err;

	dget(place.pl_dentry);
	err = ecryptfs_lower_rmdir(ecryptfs_lower_fs(dir), &place);
	if (!err) {
		ecryptfs_inode_copy_attr(dir);
		spin_lock(&inode->i_lock);
		if (inode->i_nlink)
			clear_nlink(inode);
		spin_unlock(&inode->i_lock);
		d_drop(dentry);
	}
	dput(place.pl_dentry);
	return err;
}

static int ecryptfs_symlink(struct mnt_idmap *idmap, struct inode *dir,
			    struct dentry *dentry, const char *target)
{
	struct ecryptfs_name_text text;
	int err;

	err = ecryptfs_name_encrypt(ecryptfs_sb(dir->i_sb), target,
				    strlen(target), PATH_MAX - 1, &text);
	if (err)
		return err;
	err = ecryptfs_lower_symlink(ecryptfs_lower_fs(dir),
				     ecryptfs_dentry_lower(dentry), text.tx_at);
	ecryptfs_name_text_put(&text);
	return err ?: instantiate_new(dir, dentry, NULL);
}

static struct dentry *ecryptfs_mkdir(struct mnt_idmap *idmap, struct inode *dir,
				     struct dentry *dentry, umode_t mode)
{
	int err;

	err = ecryptfs_lower_mkdir(ecryptfs_lower_fs(dir),
				   ecryptfs_dentry_lower(dentry), mode);
	return err ? ERR_PTR(err) : instantiate_dir(dir, dentry);
}

MKDIR_OP(ecryptfs_mkdir)

static int ecryptfs_mknod(struct mnt_idmap *idmap, struct inode *dir,
			  struct dentry *dentry, umode_t mode, dev_t dev)
{
	int err;

	err = ecryptfs_lower_mknod(ecryptfs_lower_fs(dir),
				   ecryptfs_dentry_lower(dentry), mode, dev);
	return err ?: instantiate_new(dir, dentry, NULL);
}

/* Moves the upper dentries after the lower ones were renamed. */
static void move_dentries(struct dentry *old, struct dentry *dentry,
			  const struct ecryptfs_lower_place *from,
			  unsigned int flags, struct dentry *const twins[2])
{
	if (flags & RENAME_EXCHANGE) {
		ecryptfs_dentry_moved(dentry, from->pl_name);
		ecryptfs_dentry_exchange(old, dentry, twins[0], twins[1]);
	} else {
		d_move(old, dentry);
	}
}

/*
 * Renames the lower dentries and then the upper ones (FS_RENAME_DOES_D_MOVE),
 * with es_rename_sem held.  The upper dentries get the names that the lower
 * ones were given here, not those that the lower ones have by now: somebody may
 * have renamed them since.
 */
static int rename_both(struct dentry *old, struct dentry *dentry,
		       unsigned int flags, struct dentry *const twins[2])
{
	struct ecryptfs_sb *es = ecryptfs_sb(old->d_sb);
	struct ecryptfs_lower_place from = ecryptfs_dentry_place(old);
	struct ecryptfs_lower_place to = ecryptfs_dentry_place(dentry);
	struct delegated_inode delegated;
	int err;

	/* Done before the semaphore is taken, because it may write and wait. */
	if (d_really_is_positive(dentry) && !(flags & RENAME_EXCHANGE)) {
		err = ecryptfs_commit_to_replace(d_inode(old));
		if (err)
			return err;
	}
	do {
		delegated = (struct delegated_inode){};
		down_write(&es->es_rename_sem);
		err = ecryptfs_lower_rename(&es->es_lower, &from, &to, flags,
					    &delegated);
		if (!err) {
			ecryptfs_dentry_moved(old, to.pl_name);
			move_dentries(old, dentry, &from, flags, twins);
		}
		up_write(&es->es_rename_sem);
		/* Other changes of names continue during the wait. */
	} while (ecryptfs_lower_is_free_now(&delegated, &err));
	return err;
}

static int ecryptfs_rename(struct mnt_idmap *idmap, struct inode *old_dir,
			   struct dentry *old, struct inode *new_dir,
			   struct dentry *dentry, unsigned int flags)
{
	struct dentry *twins[2] = { NULL, NULL };
	int err = 0;

	if (flags & RENAME_EXCHANGE) {
		twins[0] = ecryptfs_dentry_twin(old);
		twins[1] = ecryptfs_dentry_twin(dentry);
		if (!twins[0] || !twins[1])
			err = -ENOMEM;
	}
	if (!err)
		err = rename_both(old, dentry, flags, twins);
	dput(twins[0]);
	dput(twins[1]);
	if (err)
		return err;
	ecryptfs_inode_copy_attr(old_dir);
	ecryptfs_inode_copy_attr(new_dir);
	ecryptfs_inode_changed(d_inode(old));
	if (d_really_is_positive(dentry))
		ecryptfs_inode_changed(d_inode(dentry));
	return 0;
}

const struct inode_operations ecryptfs_dir_iops = {
	.lookup = ecryptfs_lookup,
	.create = create_op(ecryptfs_create),
	.link = ecryptfs_link,
	.unlink = ecryptfs_unlink,
	.symlink = ecryptfs_symlink,
	.mkdir = mkdir_op(ecryptfs_mkdir),
	.rmdir = ecryptfs_rmdir,
	.mknod = ecryptfs_mknod,
	.rename = ecryptfs_rename,
	.tmpfile = ecryptfs_tmpfile,
	.permission = ecryptfs_attr_permission,
	.getattr = ecryptfs_attr_get,
	.setattr = ecryptfs_attr_set,
	.listxattr = ecryptfs_xattr_list,
	.get_inode_acl = ecryptfs_xattr_get_inode_acl,
	.get_acl = ecryptfs_xattr_get_acl,
	.set_acl = ecryptfs_xattr_set_acl,
	.fileattr_get = ecryptfs_ioctl_fileattr_get,
	.fileattr_set = ecryptfs_ioctl_fileattr_set,
};

/* Opens a directory.  Each open directory has its own open lower one. */
static int ecryptfs_dir_open(struct inode *inode, struct file *file)
{
	struct file *lower;

	lower = ecryptfs_lower_file_open(ecryptfs_lower_fs(inode),
					 ecryptfs_dentry_lower(file->f_path.dentry),
					 file->f_flags & ~(O_CREAT | O_EXCL));
	if (IS_ERR(lower))
		return PTR_ERR(lower);
	file->private_data = lower;
	return 0;
}

static int ecryptfs_dir_release(struct inode *inode, struct file *file)
{
	fput(ecryptfs_file_lower(file));
	return 0;
}

/* State of a listing, between the lower directory and the caller's buffer. */
struct readdir {
	struct dir_context ctx;
	struct dir_context *caller;
	struct inode *dir;
	const struct efmt_v1_name_key *key; /* NULL: names are plain */
	int err;
	char name[NAME_MAX]; /* decrypted */
};

static bool emit_name(struct readdir *rd, const char *name, int len, u64 ino,
		      unsigned int type)
{
	size_t plain_len;
	int err = -EUCLEAN;

	if (rd->key && len <= NAME_MAX)
		err = ecryptfs_name_decrypt(rd->key, name, len, rd->name,
					    &plain_len);
	if (!err)
		return dir_emit(rd->caller, rd->name, plain_len, ino, type);
	/* It is shown as it is; so are all names where names are plain. */
	if (err == -EUCLEAN) {
		ecryptfs_name_listed_raw(rd->dir, name, len);
		return dir_emit(rd->caller, name, len, ino, type);
	}
	rd->err = err;
	return false;
}

static bool fill_dir(struct dir_context *ctx, const char *name, int len,
		     loff_t pos, u64 ino, unsigned int type)
{
	struct readdir *rd = container_of(ctx, struct readdir, ctx);

	rd->caller->pos = ctx->pos;
	return emit_name(rd, name, len, ino, type);
}

/*
 * Lists a directory.  Positions are the lower directory's, so they stay valid
 * when it is opened again.
 */
static int ecryptfs_iterate(struct file *file, struct dir_context *caller)
{
	struct ecryptfs_sb *es = ecryptfs_sb(file_inode(file)->i_sb);
	struct file *lower = ecryptfs_file_lower(file);
	struct readdir rd = {
		.ctx.actor = fill_dir,
		.caller = caller,
		.dir = file_inode(file),
	};
	struct efmt_v1_name_key temp;
	int err;

	/* Taken once, because it may be looked for in the caller's keyrings. */
	if (es->es_names)
		rd.key = ecryptfs_name_key_get(es, &temp);
	if (IS_ERR(rd.key))
		return PTR_ERR(rd.key);
	err = ecryptfs_lower_iterate(lower, &rd.ctx) ?: rd.err;
	if (rd.key)
		ecryptfs_name_key_put(rd.key, &temp);
	caller->pos = rd.ctx.pos;
	ecryptfs_times_accessed(file);
	return err;
}

static loff_t ecryptfs_dir_llseek(struct file *file, loff_t off, int whence)
{
	loff_t pos = vfs_llseek(ecryptfs_file_lower(file), off, whence);

	if (pos >= 0)
		file->f_pos = pos;
	return pos;
}

static int ecryptfs_dir_fsync(struct file *file, loff_t start, loff_t end,
			      int datasync)
{
	return vfs_fsync_range(ecryptfs_file_lower(file), start, end, datasync);
}

const struct file_operations ecryptfs_dir_fops = {
	.open = ecryptfs_dir_open,
	.release = ecryptfs_dir_release,
	.iterate_shared = ecryptfs_iterate,
	.llseek = ecryptfs_dir_llseek,
	.read = generic_read_dir,
	.fsync = ecryptfs_dir_fsync,
	.unlocked_ioctl = ecryptfs_ioctl,
	.compat_ioctl = ecryptfs_ioctl_compat,
};
