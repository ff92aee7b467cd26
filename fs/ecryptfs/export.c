// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * File handles, for the NFS server, open_by_handle_at(), fanotify, and
 * overlayfs on top.
 *
 * An upper handle is the lower filesystem's handle of the same object, preceded
 * by a tag.  It is as stable as the lower handle, and stays valid across a
 * remount with the same keys.
 *
 * The lower filesystem decodes a handle of any of its files, also of a file
 * outside of the lower directory, which this mount must not open.  Nobody can
 * tell where a file is whose name is not known.  So the tag is a keyed hash: a
 * handle is decoded only if this mount has made it, or a mount with the same
 * first key.
 */
#include <linux/cred.h>
#include <linux/exportfs.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/pagemap.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/unaligned.h>
#include <linux/writeback.h>

#include "glue.h"

/* Types of handles: of an object, and of an object with its directory. */
#define HANDLE_TYPE 0xec
#define HANDLE_TYPE_PARENT 0xed

/* Lengths of handles are in words of 32 bits. */
#define TAG_WORDS 2

/* The lowest byte of the tag is the lower handle's type, the rest the hash. */
#define TAG_TYPE_MASK 0xffULL

/*
 * Derives the key of the hash from the first key of the mount, so that handles
 * stay valid across a remount.  Called while the mount is set up, after the
 * keys were loaded.
 */
int ecryptfs_export_init(struct ecryptfs_sb *es)
{
	static const char label[16] = "eCryptfs handles";
	const struct ecryptfs_keys *keys = &es->es_config.co_policy.po_keys;
	u8 text[sizeof(label) + EFMT_V1_KEY_BYTES];
	u8 hash[EFMT_SHA512_BYTES];
	struct ecryptfs_secret secret;
	struct key *key;
	int err;

	if (!keys->ks_nr)
		return -EINVAL;
	/* Nobody else can see this mount yet. */
	key = rcu_dereference_protected(keys->ks_keys[0].mk_key, true);
	err = ecryptfs_key_v1_to_secret(key, keys->ks_keys[0].mk_sig, &secret);
	if (err)
		return err;
	memcpy(text, label, sizeof(label));
	memcpy(text + sizeof(label), secret.se_key, EFMT_V1_KEY_BYTES);
	ecryptfs_secret_wipe(&secret);
	err = efmt_prim_sha512(text, sizeof(text), hash);
	memzero_explicit(text, sizeof(text));
	if (!err) {
		es->es_handle_key.key[0] = get_unaligned_le64(hash);
		es->es_handle_key.key[1] = get_unaligned_le64(hash + 8);
	}
	memzero_explicit(hash, sizeof(hash));
	return err;
}

static u64 make_tag(const struct ecryptfs_sb *es, const u32 *lower, int words,
		    int lower_type, int type)
{
	const siphash_key_t *key = &es->es_handle_key;
	u64 hash = siphash(lower, words * sizeof(*lower), key);

	hash = siphash_2u64(hash, (u64)type << 8 | lower_type, key);
	return (hash & ~TAG_TYPE_MASK) | lower_type;
}

/*
 * Makes a handle.  If the lower filesystem needs more room than there is,
 * *max_words becomes what it needs.  @parent is NULL unless the handle is to
 * have the directory, too.
 */
static int ecryptfs_encode_fh(struct inode *inode, u32 *words, int *max_words,
			      struct inode *parent)
{
	u32 *lower = words + TAG_WORDS;
	int lower_words = max(*max_words - TAG_WORDS, 0);
	int type = parent ? HANDLE_TYPE_PARENT : HANDLE_TYPE;
	int lower_type;

	lower_type = exportfs_encode_inode_fh(ecryptfs_inode_lower(inode),
					      (struct fid *)lower, &lower_words,
					      parent ?
						ecryptfs_inode_lower(parent) :
						NULL,
					      parent ? EXPORT_FH_CONNECTABLE :
						       0);
	*max_words = lower_words + TAG_WORDS;
	if (lower_type < 0 || lower_type >= FILEID_INVALID)
		return FILEID_INVALID;
	put_unaligned_le64(make_tag(ecryptfs_sb(inode->i_sb), lower,
				    lower_words, lower_type, type),
			   words);
	return type;
}

/* Which lower dentries may stand for a handle. */
struct wanted {
	struct dentry *root; /* the lower directory */
	bool connected; /* the name has to be known */
};

/*
 * A directory has to be in the lower directory, or it was moved out of it.  A
 * file whose name is not in the dcache is accepted, because the handle says
 * what it is.
 */
static int is_wanted(void *data, struct dentry *dentry)
{
	const struct wanted *wanted = data;

	if (!d_is_dir(dentry) && !wanted->connected)
		return 1;
	return !(dentry->d_flags & DCACHE_DISCONNECTED) &&
	       is_subdir(dentry, wanted->root);
}

/*
 * Returns the lower dentry of a handle, with a reference.  A directory's dentry
 * is connected to its parents.  A file's is connected only if @connected says
 * so and the handle has the directory.  The mounter's credentials are used,
 * because a server asks, or a task that may read everything.
 */
static struct dentry *decode_handle(struct super_block *sb, struct fid *fid,
				    int words, int type, bool connected)
{
	const struct ecryptfs_sb *es = ecryptfs_sb(sb);
	const struct path *path = &es->es_lower.lf_path;
	struct wanted wanted = {
		.root = path->dentry,
		.connected = connected,
	};
	u32 *lower = fid->raw + TAG_WORDS;
	struct dentry *dentry;
	const struct cred *old;
	u64 tag;

	if (type != HANDLE_TYPE && type != HANDLE_TYPE_PARENT)
		return NULL;
	words -= TAG_WORDS;
	if (words <= 0)
		return NULL;
	tag = get_unaligned_le64(fid->raw);
	if (tag != make_tag(es, lower, words, tag & TAG_TYPE_MASK, type))
		return NULL;
	old = override_creds(es->es_lower.lf_cred);
	dentry = exportfs_decode_fh(path->mnt, (struct fid *)lower, words,
				    tag & TAG_TYPE_MASK, is_wanted, &wanted);
	revert_creds(old);
	return dentry;
}

/* Returns an upper dentry for @lower, whose reference it takes over. */
static struct dentry *obtain_alias(struct super_block *sb, struct dentry *lower)
{
	struct dentry *dentry =
		d_obtain_alias(ecryptfs_inode_get(sb, d_inode(lower), NULL));

	if (!IS_ERR(dentry))
		ecryptfs_dentry_tie_alias(dentry, lower);
	dput(lower);
	return dentry;
}

static struct dentry *ecryptfs_fh_to_dentry(struct super_block *sb,
					    struct fid *fid, int words,
					    int type)
{
	struct dentry *lower = decode_handle(sb, fid, words, type, false);

	if (IS_ERR_OR_NULL(lower))
		return lower;
	return obtain_alias(sb, lower);
}

/* Returns the directory in which the handle's object is now. */
static struct dentry *ecryptfs_fh_to_parent(struct super_block *sb,
					    struct fid *fid, int words,
					    int type)
{
	struct dentry *lower, *parent;

	if (type != HANDLE_TYPE_PARENT)
		return NULL;
	lower = decode_handle(sb, fid, words, type, true);
	if (IS_ERR_OR_NULL(lower))
		return lower;
	parent = dget_parent(lower);
	dput(lower);
	return obtain_alias(sb, parent);
}

static struct dentry *ecryptfs_get_parent(struct dentry *dentry)
{
	struct dentry *root = ecryptfs_sb(dentry->d_sb)->es_lower.lf_path.dentry;
	struct dentry *lower = ecryptfs_dentry_lower(dentry);

	/* Decoding has connected it, but it may have been moved out since. */
	if (lower == root || !is_subdir(lower, root))
		return ERR_PTR(-ESTALE);
	return obtain_alias(dentry->d_sb, dget_parent(lower));
}

/* A search for a lower name in a lower directory. */
struct search {
	struct dir_context ctx;
	u64 ino;
	int len; /* 0: not found */
	char name[NAME_MAX];
};

static bool search_entry(struct dir_context *ctx, const char *name, int len,
			 loff_t pos, u64 ino, unsigned int type)
{
	struct search *search = container_of(ctx, struct search, ctx);

	if (ino != search->ino || len > NAME_MAX)
		return true;
	memcpy(search->name, name, len);
	search->len = len;
	return false;
}

/* Finds the name of a file that was decoded before its directory was known. */
static int search_name(const struct ecryptfs_lower_fs *fs,
		       struct dentry *lower_dir, struct search *search)
{
	struct file *file;
	loff_t before;
	int err;

	file = ecryptfs_lower_file_open(fs, lower_dir, O_DIRECTORY | O_NOATIME);
	if (IS_ERR(file))
		return PTR_ERR(file);
	do {
		before = file->f_pos;
		err = ecryptfs_lower_iterate(file, &search->ctx);
	} while (!err && !search->len && file->f_pos != before);
	fput(file);
	return err ?: search->len ? 0 : -ENOENT;
}

static void take_name(struct dentry *lower, struct search *search)
{
	struct name_snapshot name;

	take_dentry_name_snapshot(&name, lower);
	search->len = min_t(int, name.name.len, NAME_MAX);
	memcpy(search->name, name.name.name, search->len);
	release_dentry_name_snapshot(&name);
}

/*
 * Puts the upper name of @child in @parent into @name.  The caller looks it up,
 * so it may be out of date.
 */
static int ecryptfs_get_name(struct dentry *parent, char *name,
			     struct dentry *child)
{
	const struct ecryptfs_sb *es = ecryptfs_sb(parent->d_sb);
	struct dentry *lower_dir = ecryptfs_dentry_lower(parent);
	struct dentry *lower = ecryptfs_dentry_lower(child);
	struct search *search;
	size_t len;
	int err = 0;

	search = kzalloc(sizeof(*search), GFP_KERNEL);
	if (!search)
		return -ENOMEM;
	search->ctx.actor = search_entry;
	search->ino = d_inode(lower)->i_ino;
	if (READ_ONCE(lower->d_parent) == lower_dir)
		take_name(lower, search);
	else
		err = search_name(&es->es_lower, lower_dir, search);
	if (err)
		goto out;
	err = -EUCLEAN;
	if (es->es_names)
		err = ecryptfs_name_decrypt_one(es, search->name, search->len,
						name, &len);
	if (err == -EUCLEAN) {
		len = search->len;
		memcpy(name, search->name, len);
		err = 0;
	}
	if (!err)
		name[len] = '\0';
out:
	kfree(search);
	return err;
}

/*
 * Syncs an inode for a server that guarantees its clients that a change is on
 * the disk.
 */
static int ecryptfs_commit_metadata(struct inode *inode)
{
	struct inode *lower = ecryptfs_inode_lower(inode);
	const struct export_operations *op = lower->i_sb->s_export_op;
	int err = 0;

	if (S_ISREG(inode->i_mode))
		err = ecryptfs_commit(inode) ?:
		      filemap_write_and_wait(lower->i_mapping);
	if (err)
		return err;
	return op->commit_metadata ? op->commit_metadata(lower) :
				     sync_inode_metadata(lower, 1);
}

static const struct export_operations export_ops = {
	.encode_fh = ecryptfs_encode_fh,
	.fh_to_dentry = ecryptfs_fh_to_dentry,
	.fh_to_parent = ecryptfs_fh_to_parent,
	.get_parent = ecryptfs_get_parent,
	.get_name = ecryptfs_get_name,
	.commit_metadata = ecryptfs_commit_metadata,
};

/*
 * Returns the operations for a mount over @lower, or NULL if the lower
 * filesystem can't open by handle either; handles then only identify.
 */
const struct export_operations *
ecryptfs_export_ops(const struct super_block *lower)
{
	return exportfs_can_decode_fh(lower->s_export_op) ? &export_ops : NULL;
}
