/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * L5, the glue between the VFS and the layers below: what its files offer each
 * other.  A file uses only files that come before it here.
 */
#ifndef ECRYPTFS_GLUE_H
#define ECRYPTFS_GLUE_H

#include "ecryptfs.h"

/* ioctl.c */
long ecryptfs_ioctl(struct file *file, unsigned int cmd, unsigned long arg);
#ifdef CONFIG_COMPAT
long ecryptfs_ioctl_compat(struct file *file, unsigned int cmd,
			   unsigned long arg);
#else
#define ecryptfs_ioctl_compat NULL
#endif
int ecryptfs_ioctl_fileattr_get(struct dentry *dentry, struct file_kattr *fa);
int ecryptfs_ioctl_fileattr_set(struct mnt_idmap *idmap, struct dentry *dentry,
				struct file_kattr *fa);

/* xattr.c */
extern const struct xattr_handler *const ecryptfs_xattr_handlers[];
ssize_t ecryptfs_xattr_list(struct dentry *dentry, char *list, size_t size);
struct posix_acl *ecryptfs_xattr_get_inode_acl(struct inode *inode, int type,
					       bool rcu);
struct posix_acl *ecryptfs_xattr_get_acl(struct mnt_idmap *idmap,
					 struct dentry *dentry, int type);
int ecryptfs_xattr_set_acl(struct mnt_idmap *idmap, struct dentry *dentry,
			   struct posix_acl *acl, int type);

/* fiemap.c */
int ecryptfs_fiemap(struct inode *inode, struct fiemap_extent_info *map,
		    u64 start, u64 len);

/* name.c */

/*
 * The lower text of a name or symlink target; ecryptfs_name_text_put() ends its
 * use.
 */
struct ecryptfs_name_text {
	const char *tx_at;
	size_t tx_len;
	char *__tx_buf;
};

int ecryptfs_name_init(struct ecryptfs_sb *es);
void ecryptfs_name_exit(struct ecryptfs_sb *es);
const struct efmt_v1_name_key *
ecryptfs_name_key_get(const struct ecryptfs_sb *es,
		      struct efmt_v1_name_key *temp);
void ecryptfs_name_key_put(const struct efmt_v1_name_key *key,
			   struct efmt_v1_name_key *temp);
int ecryptfs_name_encrypt(const struct ecryptfs_sb *es, const char *plain,
			  size_t len, size_t max,
			  struct ecryptfs_name_text *ret);
void ecryptfs_name_text_put(struct ecryptfs_name_text *text);
int ecryptfs_name_decrypt(const struct efmt_v1_name_key *key, const char *lower,
			  size_t len, char *buf, size_t *len_ret);
int ecryptfs_name_decrypt_one(const struct ecryptfs_sb *es, const char *lower,
			      size_t len, char *buf, size_t *len_ret);
int ecryptfs_name_decrypt_target(const struct ecryptfs_sb *es,
				 const char *lower, size_t len, char *buf,
				 size_t *len_ret);
void ecryptfs_name_listed_raw(struct inode *dir, const char *name, size_t len);
int ecryptfs_name_may_be_raw(const struct inode *dir, const char *name,
			     size_t len);

/* dentry.c */
extern const struct dentry_operations ecryptfs_dentry_ops;
struct ecryptfs_lower_place ecryptfs_dentry_place(const struct dentry *dentry);
void ecryptfs_dentry_tie(struct dentry *dentry, struct dentry *lower,
			 unsigned long name);
void ecryptfs_dentry_tie_alias(struct dentry *dentry, struct dentry *lower);
void ecryptfs_dentry_replace(struct dentry *dentry, struct dentry *lower,
			     unsigned long name);
void ecryptfs_dentry_moved(struct dentry *dentry, unsigned long name);
struct dentry *ecryptfs_dentry_twin(struct dentry *dentry);
void ecryptfs_dentry_exchange(struct dentry *dentry, struct dentry *other,
			      struct dentry *first, struct dentry *second);
void ecryptfs_dentry_instantiate(struct dentry *dentry, struct inode *inode);

/* view.c */
extern const struct file_operations ecryptfs_view_fops;
extern const struct address_space_operations ecryptfs_view_aops;
int ecryptfs_view_size(struct dentry *dentry);

/* passthrough.c */
extern const struct file_operations ecryptfs_passthrough_fops;
int ecryptfs_passthrough_open(struct inode *inode, struct file *file);

/* symlink.c */
void ecryptfs_symlink_size(struct dentry *dentry);
const char *ecryptfs_symlink_get_link(struct dentry *dentry,
				      struct inode *inode,
				      struct delayed_call *done);

/* attr.c */
extern const struct inode_operations ecryptfs_attr_file_iops;
extern const struct inode_operations ecryptfs_attr_special_iops;
extern const struct inode_operations ecryptfs_attr_symlink_iops;
int ecryptfs_attr_get(struct mnt_idmap *idmap, const struct path *path,
		      struct kstat *stat, u32 request_mask, unsigned int flags);
int ecryptfs_attr_set(struct mnt_idmap *idmap, struct dentry *dentry,
		      struct iattr *attr);
int ecryptfs_attr_permission(struct mnt_idmap *idmap, struct inode *inode,
			     int mask);

/* dir.c */
extern const struct inode_operations ecryptfs_dir_iops;
extern const struct file_operations ecryptfs_dir_fops;

/* file.c */
extern const struct file_operations ecryptfs_file_fops;

/* export.c */
int ecryptfs_export_init(struct ecryptfs_sb *es);
const struct export_operations *
ecryptfs_export_ops(const struct super_block *lower);

/* sysfs.c */
int ecryptfs_sysfs_init(void);
void ecryptfs_sysfs_exit(void);
int ecryptfs_sysfs_create(struct super_block *sb);
void ecryptfs_sysfs_destroy(struct super_block *sb);

/* super.c */
int ecryptfs_super_init_context(struct fs_context *fc);
void ecryptfs_super_kill(struct super_block *sb);

#endif /* ECRYPTFS_GLUE_H */
