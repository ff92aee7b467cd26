/* SPDX-License-Identifier: GPL-2.0-or-later */
/* L3, metadata: the part of a lower file that says how to read the rest. */
#ifndef ECRYPTFS_META_H
#define ECRYPTFS_META_H

#include <linux/fs.h>
#include <linux/mutex.h>

#include "crypt.h"
#include "format/efmt.h"
#include "key.h"

struct ecryptfs_format;
struct ecryptfs_lower_fs;

/*
 * What the metadata of new files say, and which keys open old ones.  Const
 * after mount.
 */
struct ecryptfs_policy {
	struct ecryptfs_keys po_keys;
	enum efmt_cipher po_cipher;
	unsigned int po_key_bytes;
	bool po_xattr; /* new files have metadata in an xattr */
	bool po_names; /* encrypt names, with what follows */
	u8 po_name_sig[EFMT_V1_SIG_BYTES];
	enum efmt_cipher po_name_cipher;
	unsigned int po_name_key_bytes;
	struct ecryptfs_stats *po_stats; /* the superblock's */
	struct timespec64 po_since; /* when the mount was made */
};

/*
 * The metadata of one file.  Embedded in struct ecryptfs_inode, with the same
 * lifetime.
 *
 * States: unloaded (__me_format is NULL), then ready.  Loading or creating
 * happens under me_mutex and ends by storing __me_format with release
 * semantics.  ecryptfs_meta_ready() reads it with acquire semantics; after that
 * me_geo, me_crypt, me_in_xattr and me_weak are const and need no lock.
 * Metadata become unloaded again only while nobody has the file open and
 * nothing is written back: see ecryptfs_inode_refresh().
 *
 * A ready file is "new" while me_new is set: its header exists only in memory
 * and the lower file is empty.  That is what an empty file looks like after a
 * crash, too.  The header is written with the first data, or by the first
 * commit.
 */
struct ecryptfs_meta {
	struct mutex me_mutex; /* load, create, commit, and as noted below */
	const struct ecryptfs_format *__me_format;
	struct efmt_geometry me_geo;
	struct ecryptfs_crypt me_crypt;
	bool me_in_xattr;
	bool me_weak; /* its key is too short to write with */
	u64 me_disk_size; /* the recorded plaintext size; me_mutex */
	/*
	 * The header says another size than me_disk_size; the next commit
	 * corrects it.
	 */
	bool me_size_wrong; /* me_mutex */
	u8 *me_new; /* EFMT_V1_HEADER_BYTES; me_mutex */
	size_t me_new_bytes; /* its length without padding; me_mutex */
	bool me_refused; /* there was no space for me_new; ei_commit */
};

/*
 * The shortest key that anything is encrypted with, in bytes.  The key in a
 * file's header is wrapped with as many bytes of the master key as it has
 * itself.  If someone with access to the lower directory put a header with a
 * shorter key there, what is written to the file would let that person find
 * these bytes by trying.
 */
#define ECRYPTFS_KEY_BYTES_MIN 16

/* What a lower file turned out to be when its metadata were looked for. */
enum ecryptfs_found {
	ECRYPTFS_FOUND_OURS, /* with metadata, good or damaged */
	ECRYPTFS_FOUND_EMPTY, /* no byte, or nothing but zeros */
	ECRYPTFS_FOUND_LOST, /* data, and zeros where the header was to be */
	ECRYPTFS_FOUND_FOREIGN, /* something else */
};

/*
 * One version of the format.  There is one const instance for each, chosen in
 * meta.c when a file is loaded or created; nothing else tests the version.
 */
struct ecryptfs_format {
	const char *fo_name;
	unsigned int fo_version;
	/*
	 * Fills in geometry, cipher, place and recorded size from the first
	 * @len bytes of the lower file or, with @xattr, from the value of its
	 * attribute.
	 */
	int (*fo_load)(struct ecryptfs_meta *meta,
		       const struct ecryptfs_policy *policy, const u8 *buf,
		       size_t len, bool xattr);
	/*
	 * Makes a key for a new empty file, fills in geometry, cipher and
	 * place, and puts the metadata into @buf, which has
	 * EFMT_V1_HEADER_BYTES zero bytes.
	 */
	int (*fo_create)(struct ecryptfs_meta *meta,
			 const struct ecryptfs_policy *policy, u8 *buf,
			 size_t *len_ret);
	/* Puts the plaintext size into metadata that were not written yet. */
	void (*fo_put_size)(u8 *buf, u64 size);
	/* Writes the metadata of a new file. */
	int (*fo_write)(const struct ecryptfs_meta *meta, struct file *lower,
			const u8 *buf, size_t len);
	/* Records the plaintext size. */
	int (*fo_commit_size)(const struct ecryptfs_meta *meta,
			      struct file *lower, u64 size);
	/*
	 * Makes the header that turns the data of a file whose metadata are in
	 * an attribute into a complete lower file: EFMT_V1_HEADER_SCAN bytes in
	 * @buf, to be followed by zeros.
	 */
	int (*fo_view_header)(const u8 *value, size_t len, u8 *buf);
	int (*fo_encrypt)(const struct ecryptfs_crypt *crypt,
			  struct ecryptfs_crypt_req *req, u64 extent,
			  struct page *src, unsigned int src_off,
			  struct page *dst, unsigned int dst_off);
	int (*fo_decrypt)(const struct ecryptfs_crypt *crypt,
			  struct ecryptfs_crypt_req *req, u64 extent,
			  struct page *page, unsigned int off);
};

/* fmt_v1.c */
extern const struct ecryptfs_format ecryptfs_format_v1;

/* meta.c */

void ecryptfs_meta_init(struct ecryptfs_meta *meta);
void ecryptfs_meta_destroy(struct ecryptfs_meta *meta);
void ecryptfs_meta_unload(struct ecryptfs_meta *meta);
int ecryptfs_meta_probe(const struct ecryptfs_policy *policy,
			struct file *lower, u64 *size_ret);
int ecryptfs_meta_peek(const struct ecryptfs_policy *policy,
		       const struct ecryptfs_lower_fs *fs, struct inode *lower,
		       u64 *size_ret);
int ecryptfs_meta_load(struct ecryptfs_meta *meta,
		       const struct ecryptfs_policy *policy, struct file *lower,
		       u64 *size_ret, enum ecryptfs_found *found_ret);
int ecryptfs_meta_create(struct ecryptfs_meta *meta,
			 const struct ecryptfs_policy *policy);
int ecryptfs_meta_renew(struct ecryptfs_meta *meta, struct file *lower);
int ecryptfs_meta_view_header(struct file *lower, u8 *buf);
void ecryptfs_meta_move(struct ecryptfs_meta *from, struct ecryptfs_meta *to);
u8 *ecryptfs_meta_new_begin(struct ecryptfs_meta *meta, u64 size);
void ecryptfs_meta_new_end(struct ecryptfs_meta *meta, u64 size, int err);
int ecryptfs_meta_commit_size(struct ecryptfs_meta *meta,
			      const struct ecryptfs_lower_fs *fs,
			      struct file *lower, u64 size);
bool ecryptfs_meta_is_recorded(struct ecryptfs_meta *meta, u64 size);
u64 ecryptfs_meta_recorded_size(struct ecryptfs_meta *meta);
u64 ecryptfs_meta_lower_size(const struct ecryptfs_meta *meta, u64 size);

/* Whether the header exists only in memory.  True may be out of date. */
static inline bool ecryptfs_meta_is_new(const struct ecryptfs_meta *meta)
{
	return READ_ONCE(meta->me_new);
}

/* Returns the format of a file whose metadata are ready, NULL otherwise. */
static inline const struct ecryptfs_format *
ecryptfs_meta_ready(const struct ecryptfs_meta *meta)
{
	/* Pairs with the release in publish_format(), meta.c. */
	return smp_load_acquire(&meta->__me_format);
}

#endif /* ECRYPTFS_META_H */
