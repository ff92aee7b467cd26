// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The superblock: from a mount's options to a mounted filesystem, and its end.
 */
#include <linux/backing-dev.h>
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/fs_context.h>
#include <linux/highuid.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/statfs.h>

#include "glue.h"

/* All mounts, until everything is written; protected by filesystems_lock. */
static LIST_HEAD(filesystems);
static DEFINE_SPINLOCK(filesystems_lock);

/*
 * Passes on an error of the lower filesystem's writeback: syncfs() reports it
 * once to everyone who had a file open before.
 */
static void pass_error_on(struct super_block *sb, struct super_block *lower)
{
	struct ecryptfs_sb *es = ecryptfs_sb(sb);
	int err;

	spin_lock(&es->es_sync_lock);
	err = errseq_check_and_advance(&lower->s_wb_err, &es->es_wb_err);
	spin_unlock(&es->es_sync_lock);
	if (err)
		errseq_set(&sb->s_wb_err, err);
}

/* Called by sync(), after our inodes were written to the lower files. */
static int ecryptfs_sync_fs(struct super_block *sb, int wait)
{
	struct super_block *lower =
		ecryptfs_sb(sb)->es_lower.lf_path.dentry->d_sb;
	int err;

	/*
	 * sync(2) also syncs the lower filesystem, but maybe before this one.
	 */
	if (!wait)
		return 0;
	/* See set_lock_classes(). */
	down_read_nested(&lower->s_umount, sb->s_stack_depth);
	err = sync_filesystem(lower);
	up_read(&lower->s_umount);
	pass_error_on(sb, lower);
	/*
	 * What is on the disk now need not be in the lower page cache.  The
	 * inodes concerned are dirty because of that, and
	 * ecryptfs_commit_write_inode() drops it.
	 */
	sync_inodes_sb(sb);
	return err;
}

/*
 * The VFS has written everything and keeps writers out, so the lower filesystem
 * can be frozen next.
 */
static int ecryptfs_freeze_fs(struct super_block *sb)
{
	return 0;
}

static int ecryptfs_unfreeze_fs(struct super_block *sb)
{
	return 0;
}

static int ecryptfs_statfs(struct dentry *dentry, struct kstatfs *stat)
{
	const struct ecryptfs_sb *es = ecryptfs_sb(dentry->d_sb);
	struct path path = ecryptfs_dentry_path(dentry);
	int err = vfs_statfs(&path, stat);

	if (err)
		return err;
	stat->f_type = ECRYPTFS_SUPER_MAGIC;
	/* Inode numbers are the lower ones, so this must differ. */
	if (dentry->d_sb->s_uuid_len)
		stat->f_fsid = uuid_to_fsid(dentry->d_sb->s_uuid.b);
	else
		stat->f_fsid =
			u64_to_fsid(huge_encode_dev(dentry->d_sb->s_dev));
	if (es->es_names)
		stat->f_namelen = efmt_v1_name_max(es->es_name_key.cipher,
						   stat->f_namelen);
	return 0;
}

/*
 * Shows the options in the form that ecryptfs-utils look for in /proc/mounts.
 */
static int ecryptfs_show_options(struct seq_file *seq, struct dentry *root)
{
	const struct ecryptfs_config *config =
		&ecryptfs_sb(root->d_sb)->es_config;
	const struct ecryptfs_policy *policy = &config->co_policy;
	char sig[EFMT_V1_SIG_HEX + 1];
	unsigned int i = policy->po_keys.ks_nr;

	/* The last key first, as stock eCryptfs shows them. */
	while (i--) {
		const struct ecryptfs_mount_key *mk =
			&policy->po_keys.ks_keys[i];

		efmt_v1_sig_to_hex(mk->mk_sig, sig);
		seq_printf(seq, ",%s=%s",
			   mk->mk_names ? "ecryptfs_fnek_sig" : "ecryptfs_sig",
			   sig);
	}
	seq_printf(seq, ",ecryptfs_cipher=%s",
		   efmt_v1_cipher_name(policy->po_cipher));
	seq_printf(seq, ",ecryptfs_key_bytes=%u", policy->po_key_bytes);
	if (policy->po_names)
		seq_printf(seq, ",ecryptfs_fn_cipher=%s,ecryptfs_fn_key_bytes=%u",
			   efmt_v1_cipher_name(policy->po_name_cipher),
			   policy->po_name_key_bytes);
	if (config->co_passthrough)
		seq_puts(seq, ",ecryptfs_passthrough");
	if (policy->po_xattr)
		seq_puts(seq, ",ecryptfs_xattr_metadata");
	if (config->co_encrypted_view)
		seq_puts(seq, ",ecryptfs_encrypted_view");
	if (config->co_unlink_sigs)
		seq_puts(seq, ",ecryptfs_unlink_sigs");
	if (policy->po_keys.ks_mount_only)
		seq_puts(seq, ",ecryptfs_mount_auth_tok_only");
	return 0;
}

static const struct super_operations super_ops = {
	.alloc_inode = ecryptfs_inode_alloc,
	.free_inode = ecryptfs_inode_free,
	.evict_inode = ecryptfs_inode_evict,
	.write_inode = ecryptfs_commit_write_inode,
	.drop_inode = ecryptfs_inode_drop,
	.sync_fs = ecryptfs_sync_fs,
	.freeze_fs = ecryptfs_freeze_fs,
	.unfreeze_fs = ecryptfs_unfreeze_fs,
	.statfs = ecryptfs_statfs,
	.show_options = ecryptfs_show_options,
};

/*
 * Logs which key is at fault and returns the error of the mount.  Scripts
 * written for stock eCryptfs know a missing key as ENOENT; other errors keep
 * their numbers.
 */
static int key_failed(struct fs_context *fc, const struct ecryptfs_keys *keys,
		      unsigned int failed, int err)
{
	char sig[EFMT_V1_SIG_HEX + 1];

	efmt_v1_sig_to_hex(keys->ks_keys[failed].mk_sig, sig);
	switch (err) {
	case -ENOKEY:
		errorf(fc,
		       "ecryptfs: no key %s in reach; add it with ecryptfs-add-passphrase, and if it is there, link the user keyring to the session with: keyctl link @u @s",
		       sig);
		return -ENOENT;
	case -EKEYREVOKED:
		errorf(fc, "ecryptfs: key %s has been revoked; add it again",
		       sig);
		break;
	case -EKEYEXPIRED:
		errorf(fc, "ecryptfs: key %s has expired; add it again", sig);
		break;
	case -EKEYREJECTED:
		errorf(fc,
		       "ecryptfs: key %s is not a passphrase token of format 1; remove it and add the right one",
		       sig);
		break;
	default:
		errorf(fc, "ecryptfs: key %s can't be used: error %d", sig,
		       err);
		break;
	}
	return err;
}

/* Reports a cipher that this kernel lacks now and not when a file is made. */
static int check_cipher(struct fs_context *fc, const char *mode,
			enum efmt_cipher cipher, unsigned int key_bytes)
{
	int err = ecryptfs_crypt_check(mode, cipher, key_bytes);

	if (err)
		errorf(fc,
		       "ecryptfs: this kernel can't do %s(%s) with %u key bytes: error %d; load its module, or mount with another cipher",
		       mode, efmt_v1_cipher_name(cipher), key_bytes, err);
	return err;
}

static int check_ciphers(struct fs_context *fc,
			 const struct ecryptfs_policy *policy)
{
	int err;

	err = check_cipher(fc, "cbc", policy->po_cipher, policy->po_key_bytes);
	if (!err)
		err = check_cipher(fc, "ecb", policy->po_cipher,
				   policy->po_key_bytes);
	if (!err && policy->po_names)
		err = check_cipher(fc, "ecb", policy->po_name_cipher,
				   policy->po_name_key_bytes);
	return err;
}

static int check_lower(struct fs_context *fc, const struct path *path,
		       const struct ecryptfs_config *config)
{
	const struct super_block *lower = path->dentry->d_sb;

	if (lower->s_magic == ECRYPTFS_SUPER_MAGIC)
		return invalf(fc,
			      "ecryptfs: the lower directory is on an eCryptfs mount itself");
	if (is_idmapped_mnt(path->mnt))
		return invalf(fc,
			      "ecryptfs: the lower mount is idmapped, which is not supported");
	if (lower->s_stack_depth + 1 > FILESYSTEM_MAX_STACK_DEPTH)
		return invalf(fc,
			      "ecryptfs: the lower filesystem is stacked too deep");
	if (config->co_policy.po_xattr && !config->co_encrypted_view &&
	    !(fc->sb_flags & SB_RDONLY) &&
	    !(d_inode(path->dentry)->i_opflags & IOP_XATTR)) {
		errorf(fc,
		       "ecryptfs: ecryptfs_xattr_metadata: the lower filesystem has no extended attributes");
		return -EOPNOTSUPP;
	}
	if (IS_CASEFOLDED(d_inode(path->dentry))) {
		errorf(fc, "ecryptfs: the lower directory is casefolded");
		return -EREMOTE;
	}
	if (config->co_check_dev_ruid &&
	    !uid_eq(d_inode(path->dentry)->i_uid, current_uid())) {
		errorf(fc,
		       "ecryptfs: the lower directory is not owned by the mounting user");
		return -EPERM;
	}
	return 0;
}

/*
 * Sets the UUID, which is the same for each mount of the same lower directory,
 * if the lower filesystem has one.
 */
static void set_uuid(struct super_block *sb, const struct dentry *lower)
{
	bool view = ecryptfs_sb(sb)->es_config.co_encrypted_view;
	struct {
		uuid_t uuid;
		__le64 ino;
		__le32 generation;
		__le32 view;
	} of = {
		.uuid = lower->d_sb->s_uuid,
		.ino = cpu_to_le64(d_inode(lower)->i_ino),
		.generation = cpu_to_le32(d_inode(lower)->i_generation),
		.view = cpu_to_le32(view),
	};
	u8 digest[EFMT_MD5_BYTES];

	BUILD_BUG_ON(sizeof(digest) != sizeof(uuid_t));
	if (!uuid_is_null(&of.uuid) && !efmt_prim_md5(&of, sizeof(of), digest))
		super_set_uuid(sb, digest, sizeof(digest));
}

/*
 * The lockdep class of a lock goes by the filesystem's type.  An overlay can be
 * on one eCryptfs and below another: the order of the two types is the order of
 * the stack, so the upper eCryptfs has classes of its own. mount itself takes
 * s_umount, which is distinguished where it is taken.
 */
static void set_lock_classes(struct super_block *sb)
{
	static struct lock_class_key writers[SB_FREEZE_LEVELS], rename, move;
	int i;

	if (sb->s_stack_depth == 1)
		return;
	for (i = 0; i < SB_FREEZE_LEVELS; i++)
		lockdep_set_class(&sb->s_writers.rw_sem[i], &writers[i]);
	lockdep_set_class(&sb->s_vfs_rename_mutex, &rename);
	lockdep_set_class(&ecryptfs_sb(sb)->es_rename_sem, &move);
}

static const struct ecryptfs_ops mount_ops = {
	.op_file_iops = &ecryptfs_attr_file_iops,
	.op_file_fops = &ecryptfs_file_fops,
	.op_file_aops = &ecryptfs_aops,
	.op_dir_iops = &ecryptfs_dir_iops,
	.op_dir_fops = &ecryptfs_dir_fops,
	.op_symlink_iops = &ecryptfs_attr_symlink_iops,
	.op_special_iops = &ecryptfs_attr_special_iops,
	.op_writes = true,
};

/* With ecryptfs_encrypted_view. */
static const struct ecryptfs_ops view_ops = {
	.op_file_iops = &ecryptfs_attr_file_iops,
	.op_file_fops = &ecryptfs_view_fops,
	.op_file_aops = &ecryptfs_view_aops,
	.op_dir_iops = &ecryptfs_dir_iops,
	.op_dir_fops = &ecryptfs_dir_fops,
	.op_symlink_iops = &ecryptfs_attr_symlink_iops,
	.op_special_iops = &ecryptfs_attr_special_iops,
};

static int set_super(struct super_block *sb, const struct path *path)
{
	struct super_block *lower = path->dentry->d_sb;
	int err;

	sb->s_magic = ECRYPTFS_SUPER_MAGIC;
	sb->s_stack_depth = lower->s_stack_depth + 1;
	set_lock_classes(sb);
	/* The largest lower file includes the header. */
	sb->s_maxbytes = min_t(loff_t, lower->s_maxbytes, MAX_LFS_FILESIZE) -
			 EFMT_V1_HEADER_BYTES;
	sb->s_blocksize = lower->s_blocksize;
	sb->s_blocksize_bits = lower->s_blocksize_bits;
	sb->s_time_gran = lower->s_time_gran;
	sb->s_time_min = lower->s_time_min;
	sb->s_time_max = lower->s_time_max;
	/*
	 * SB_NOSEC: the VFS may remember that a file has no security attribute
	 * that a write has to remove, and need not ask the lower filesystem
	 * each time.
	 */
	sb->s_flags &= ~SB_POSIXACL;
	sb->s_flags |= lower->s_flags & (SB_POSIXACL | SB_NOSEC);
	sb->s_iflags |= lower->s_iflags & (SB_I_NOEXEC | SB_I_NODEV);
	if (sb_rdonly(lower) || __mnt_is_readonly(path->mnt) ||
	    ecryptfs_sb(sb)->es_config.co_encrypted_view)
		sb->s_flags |= SB_RDONLY;
	set_uuid(sb, path->dentry);
	sb->s_op = &super_ops;
	set_default_d_op(sb, &ecryptfs_dentry_ops);
	sb->s_xattr = ecryptfs_xattr_handlers;
	sb->s_export_op = ecryptfs_export_ops(lower);
	err = super_setup_bdi(sb);
	if (err)
		return err;
	/* Decryption is efficient in large pieces. */
	sb->s_bdi->ra_pages = max_t(unsigned long, lower->s_bdi->ra_pages,
				    SZ_512K >> PAGE_SHIFT);
	sb->s_bdi->io_pages = sb->s_bdi->ra_pages;
	return 0;
}

static int set_root(struct super_block *sb, struct dentry *lower)
{
	struct inode *inode = ecryptfs_inode_get(sb, d_inode(lower), NULL);

	if (IS_ERR(inode))
		return PTR_ERR(inode);
	sb->s_root = d_make_root(inode);
	if (!sb->s_root)
		return -ENOMEM;
	ecryptfs_dentry_tie(sb->s_root, dget(lower), ecryptfs_lower_name(lower));
	return 0;
}

/* Frees the struct.  It has no superblock, or nobody can see that any more. */
static void sb_free(struct ecryptfs_sb *es)
{
	unsigned long lower_dev;
	void *dev;

	xa_for_each(&es->es_devs, lower_dev, dev)
		free_anon_bdev(xa_to_value(dev));
	xa_destroy(&es->es_devs);
	ecryptfs_name_exit(es);
	ecryptfs_xio_pool_destroy(&es->es_pool);
	ecryptfs_stats_destroy(&es->es_stats);
	ecryptfs_keys_destroy(&es->es_config.co_policy.po_keys);
	path_put(&es->es_lower.lf_path);
	put_cred(es->es_lower.lf_cred);
	put_cred(es->es_lower.lf_flusher_cred);
	kfree_rcu(es, es_rcu);
}

/*
 * Checks keys, cipher and lower directory in this order, as stock eCryptfs
 * does, so that a script can distinguish a missing key from a missing
 * directory.
 */
static int sb_prepare(struct ecryptfs_sb *es, struct fs_context *fc)
{
	struct ecryptfs_keys *keys = &es->es_config.co_policy.po_keys;
	struct path *lower = &es->es_lower.lf_path;
	unsigned int failed = 0;
	int err;

	err = ecryptfs_keys_load(keys, &failed);
	if (err)
		return key_failed(fc, keys, failed, err);
	err = check_ciphers(fc, &es->es_config.co_policy);
	if (err)
		return err;
	err = kern_path(fc->source, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, lower);
	if (err) {
		errorf(fc, "ecryptfs: %s: error %d", fc->source, err);
		return err;
	}
	return check_lower(fc, lower, &es->es_config);
}

/*
 * Returns the credentials with which the flusher asks the lower filesystem for
 * space, as for the header of a file that nobody has opened.  They lack the
 * capability and the user with which a task may exceed a quota's hard limit or
 * use the blocks reserved for root.
 */
static const struct cred *flusher_cred(void)
{
	struct cred *cred = prepare_creds();

	if (cred) {
		cap_lower(cred->cap_effective, CAP_SYS_RESOURCE);
		cred->fsuid = make_kuid(&init_user_ns, overflowuid);
	}
	return cred;
}

static struct ecryptfs_sb *sb_create(struct fs_context *fc)
{
	struct ecryptfs_config *config = fc->fs_private;
	struct ecryptfs_sb *es = kzalloc(sizeof(*es), GFP_KERNEL);
	int err;

	if (!es)
		return ERR_PTR(-ENOMEM);
	es->es_lower.lf_cred = get_current_cred();
	es->es_lower.lf_flusher_cred = flusher_cred();
	ecryptfs_msg_init(&es->es_msg);
	spin_lock_init(&es->es_sync_lock);
	init_rwsem(&es->es_rename_sem);
	INIT_LIST_HEAD(&es->es_list);
	xa_init(&es->es_devs);
	es->es_config = *config;
	es->es_ops = config->co_encrypted_view ? &view_ops : &mount_ops;
	/* The copy owns the references now. */
	memset(&config->co_policy.po_keys, 0,
	       sizeof(config->co_policy.po_keys));
	err = es->es_lower.lf_flusher_cred ? sb_prepare(es, fc) : -ENOMEM;
	if (err) {
		sb_free(es);
		return ERR_PTR(err);
	}
	return es;
}

/* Fills a superblock whose s_fs_info is set; ecryptfs_super_kill() frees it. */
static int fill_super(struct super_block *sb)
{
	struct ecryptfs_sb *es = ecryptfs_sb(sb);
	struct ecryptfs_lower_fs *lower = &es->es_lower;
	struct kstat stat;
	int err;

	err = ecryptfs_stats_create(&es->es_stats, sb->s_dev);
	if (err)
		return err;
	err = ecryptfs_xio_pool_create(&es->es_pool);
	if (err)
		return err;
	ktime_get_real_ts64(&es->es_config.co_policy.po_since);
	lower->lf_stats = &es->es_stats;
	es->es_config.co_policy.po_stats = &es->es_stats;
	es->es_config.co_policy.po_keys.ks_stats = &es->es_stats;
	err = ecryptfs_name_init(es) ?: ecryptfs_export_init(es);
	if (err)
		return err;
	if (!ecryptfs_lower_fs_detect(lower))
		ecryptfs_msg(NULL, KERN_INFO,
			     "nothing is known of the filesystem %s below: %s, and not at its best speed",
			     lower->lf_path.dentry->d_sb->s_type->name,
			     lower->lf_remote ?
				     "it is used as one that others may change" :
				     "it is used with care");
	es->es_wb_err = errseq_sample(&lower->lf_path.dentry->d_sb->s_wb_err);
	err = vfs_getattr_nosec(&lower->lf_path, &stat, STATX_BASIC_STATS, 0);
	if (err)
		return err;
	es->es_lower_dev = stat.dev;
	err = set_super(sb, &lower->lf_path);
	if (err)
		return err;
	err = set_root(sb, lower->lf_path.dentry);
	if (err)
		return err;
	return ecryptfs_sysfs_create(sb);
}

/*
 * Whether a superblock has the same lower directory.  Two such superblocks
 * would have two page caches and two sizes for each lower file, and each would
 * cut off what the other has written.  An encrypted view writes nothing and is
 * separate.  The VFS calls this with a spinlock held, also for a superblock
 * that is going away.
 */
static int same_lower(struct super_block *sb, struct fs_context *fc)
{
	const struct ecryptfs_sb *asked = fc->s_fs_info;
	const struct ecryptfs_sb *es;
	bool same = false;

	rcu_read_lock();
	es = READ_ONCE(sb->s_fs_info);
	if (es)
		same = d_inode(es->es_lower.lf_path.dentry) ==
			       d_inode(asked->es_lower.lf_path.dentry) &&
		       es->es_config.co_encrypted_view ==
			       asked->es_config.co_encrypted_view;
	rcu_read_unlock();
	return same;
}

/*
 * Puts a mount on the list, and warns if another one has a directory above or
 * below its lower directory.  Such mounts are allowed, as overlayfs allows
 * them, because they are useful while each has files of its own.
 */
static void join_filesystems(struct fs_context *fc, struct ecryptfs_sb *es)
{
	struct dentry *lower = es->es_lower.lf_path.dentry;
	const struct ecryptfs_sb *other;
	bool overlaps = false;

	spin_lock(&filesystems_lock);
	list_for_each_entry(other, &filesystems, es_list) {
		struct dentry *dentry = other->es_lower.lf_path.dentry;

		/* A view only reads. */
		if (dentry->d_sb == lower->d_sb &&
		    !other->es_config.co_encrypted_view &&
		    (is_subdir(dentry, lower) || is_subdir(lower, dentry)))
			overlaps = true;
	}
	list_add(&es->es_list, &filesystems);
	spin_unlock(&filesystems_lock);
	if (overlaps && !es->es_config.co_encrypted_view)
		warnf(fc,
		      "ecryptfs: %s: a directory above or below it is mounted already; do not use the same file through both mounts, or data are lost",
		      fc->source);
}

static void leave_filesystems(struct ecryptfs_sb *es)
{
	spin_lock(&filesystems_lock);
	list_del_init(&es->es_list);
	spin_unlock(&filesystems_lock);
}

/*
 * Checks whether a mount with these options may use an existing superblock.  If
 * keys of that were revoked or have expired, they are replaced by the new
 * mount's: after umount -l the superblock may be left from an earlier session.
 */
static int may_share(struct fs_context *fc, struct super_block *sb,
		     struct ecryptfs_sb *asked)
{
	struct ecryptfs_sb *es = ecryptfs_sb(sb);
	struct ecryptfs_config *config = &es->es_config;
	const char *differs = ecryptfs_params_differs(config,
						      &asked->es_config);
	const struct path *lower = &asked->es_lower.lf_path;
	bool read_only = (fc->sb_flags & SB_RDONLY) ||
			 asked->es_config.co_encrypted_view ||
			 sb_rdonly(lower->dentry->d_sb) ||
			 __mnt_is_readonly(lower->mnt);

	if (differs) {
		errorf(fc,
		       "ecryptfs: %s is mounted already, with another %s; unmount that everywhere, or give the same options",
		       fc->source, differs);
		return -EBUSY;
	}
	/*
	 * Lower files are used with the rights of the user who has mounted it.
	 */
	if (!uid_eq(es->es_lower.lf_cred->fsuid,
		    asked->es_lower.lf_cred->fsuid)) {
		errorf(fc,
		       "ecryptfs: %s is mounted already, by another user; unmount that everywhere",
		       fc->source);
		return -EBUSY;
	}
	/*
	 * As on a block device, a superblock either is read-only or is not.  A
	 * task that asks for a read-only one by fsopen() has nothing else to
	 * rely on.
	 */
	if (read_only && !sb_rdonly(sb)) {
		errorf(fc,
		       "ecryptfs: %s is mounted already, writable; for a second mount that is read-only, bind the first one: mount -o bind,ro",
		       fc->source);
		return -EBUSY;
	}
	if (!read_only && sb_rdonly(sb)) {
		errorf(fc,
		       "ecryptfs: %s is mounted already, read-only; remount that first",
		       fc->source);
		return -EBUSY;
	}
	ecryptfs_keys_renew(&config->co_policy.po_keys,
			    &asked->es_config.co_policy.po_keys);
	return 0;
}

/*
 * Gets the superblock for a verified config: the existing one for the same
 * lower directory with the same options, or a new one.
 */
static int super_get(struct fs_context *fc)
{
	struct ecryptfs_sb *es = sb_create(fc);
	struct super_block *sb;
	int err;

	if (IS_ERR(es))
		return PTR_ERR(es);
	fc->s_fs_info = es;
	sb = sget_fc(fc, same_lower, set_anon_super_fc);
	if (IS_ERR(sb)) {
		err = PTR_ERR(sb);
	} else if (sb->s_root) {
		err = may_share(fc, sb, es);
	} else {
		join_filesystems(fc, es);
		/* It belongs to the superblock now. */
		es = NULL;
		err = fill_super(sb);
		if (!err)
			sb->s_flags |= SB_ACTIVE;
	}
	fc->s_fs_info = NULL;
	if (es)
		sb_free(es);
	if (IS_ERR(sb))
		return err;
	if (err) {
		deactivate_locked_super(sb);
		return err;
	}
	fc->root = dget(sb->s_root);
	return 0;
}

void ecryptfs_super_kill(struct super_block *sb)
{
	struct ecryptfs_sb *es = ecryptfs_sb(sb);

	if (es)
		ecryptfs_sysfs_destroy(sb);
	kill_anon_super(sb);
	if (!es)
		return;
	leave_filesystems(es);
	/*
	 * A path walk under RCU may read it until then.  So may same_lower(),
	 * which finds it through the superblock while that is on the type's
	 * list.
	 */
	synchronize_rcu();
	WRITE_ONCE(sb->s_fs_info, NULL);
	sb_free(es);
}

static int super_reconfigure(struct fs_context *fc)
{
	struct super_block *sb = fc->root->d_sb;
	struct ecryptfs_sb *es = ecryptfs_sb(sb);
	const struct path *lower = &es->es_lower.lf_path;
	int err;

	err = ecryptfs_params_compare(fc, &es->es_config, fc->fs_private);
	if (err)
		return err;
	if (!(fc->sb_flags & SB_RDONLY) && (fc->sb_flags_mask & SB_RDONLY) &&
	    es->es_config.co_encrypted_view) {
		errorf(fc, "ecryptfs: an encrypted view is read-only");
		return -EROFS;
	}
	if (!(fc->sb_flags & SB_RDONLY) && (fc->sb_flags_mask & SB_RDONLY) &&
	    (sb_rdonly(lower->dentry->d_sb) || __mnt_is_readonly(lower->mnt))) {
		errorf(fc,
		       "ecryptfs: the lower filesystem is read-only; remount that first");
		return -EROFS;
	}
	sync_filesystem(sb);
	return 0;
}

static int context_parse(struct fs_context *fc, struct fs_parameter *param)
{
	return ecryptfs_params_parse(fc, fc->fs_private, param);
}

static int context_get_tree(struct fs_context *fc)
{
	int err;

	err = ecryptfs_params_verify(fc, fc->fs_private);
	if (err)
		return err;
	return super_get(fc);
}

static void context_free(struct fs_context *fc)
{
	struct ecryptfs_config *config = fc->fs_private;

	if (config) {
		ecryptfs_keys_destroy(&config->co_policy.po_keys);
		kfree(config);
	}
}

static const struct fs_context_operations context_ops = {
	.parse_param = context_parse,
	.get_tree = context_get_tree,
	.reconfigure = super_reconfigure,
	.free = context_free,
};

int ecryptfs_super_init_context(struct fs_context *fc)
{
	struct ecryptfs_config *config;

	config = kzalloc(sizeof(*config), GFP_KERNEL);
	if (!config)
		return -ENOMEM;
	ecryptfs_params_init(config);
	fc->fs_private = config;
	fc->ops = &context_ops;
	return 0;
}
