// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Format 1: header, packets and extents put together.  Holds no state.  Add
 * nothing here that stock eCryptfs does not write.
 */
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/xattr.h>

#include "lower.h"
#include "meta.h"

/* Packets that fit the part of the header that is looked at, and some. */
#define PACKETS_MAX (EFMT_V1_HEADER_SCAN / 16)

/* Working memory of load and create, wiped as a whole. */
struct v1_work {
	struct efmt_v1_packet packet;
	struct ecryptfs_secret secret;
	u8 fek[EFMT_V1_FEK_MAX];
	struct efmt_span candidates[PACKETS_MAX];
	unsigned int nr;
	enum efmt_cipher cipher;
	u16 fek_bytes;
};

/*
 * Walks the packet set, remembers where the passphrase packets are, and takes
 * cipher and key size from the last of them, as stock does.
 */
static int find_candidates(struct v1_work *work, struct efmt_span span)
{
	bool pubkey = false;
	int err;

	for (;;) {
		struct efmt_span start = span;

		err = efmt_v1_packet_take(&span, &work->packet);
		if (err == -ENOENT)
			break;
		if (err)
			return err;
		if (work->packet.kind != EFMT_V1_PASSPHRASE) {
			pubkey = true;
			continue;
		}
		if (work->nr == PACKETS_MAX)
			return -EUCLEAN;
		work->candidates[work->nr++] = start;
		work->cipher = work->packet.cipher;
		work->fek_bytes = work->packet.fek_bytes;
	}
	if (work->nr)
		return 0;
	return pubkey ? -EOPNOTSUPP : -EUCLEAN;
}

/*
 * Unwraps with the first key that is there, from the last packet to the first.
 * If there is none, what is wrong with one that exists goes before -ENOKEY.
 */
static int unwrap_any(struct v1_work *work, const struct ecryptfs_keys *keys)
{
	unsigned int i = work->nr;
	int ret = -ENOKEY;
	int err;

	while (i--) {
		struct efmt_span span = work->candidates[i];

		err = efmt_v1_packet_take(&span, &work->packet);
		if (err)
			return err;
		work->packet.cipher = work->cipher;
		work->packet.fek_bytes = work->fek_bytes;
		err = ecryptfs_keys_find(keys, work->packet.sig, &work->secret);
		if (!err)
			err = efmt_v1_fek_unwrap(&work->packet,
						 work->secret.se_key,
						 work->fek);
		if (!err)
			return 0;
		if (ret == -ENOKEY)
			ret = err;
	}
	return ret;
}

/*
 * The flag that says where the metadata are has no say here, as in stock, but
 * for a header that claims to be none: its data would be at offset 0.
 */
static int v1_load(struct ecryptfs_meta *meta,
		   const struct ecryptfs_policy *policy, const u8 *buf,
		   size_t len, bool xattr)
{
	struct efmt_v1_header header;
	struct v1_work *work;
	int err;

	err = efmt_v1_header_from(buf, len, &header);
	if (err)
		return err;
	if (!xattr && header.flags & EFMT_V1_FLAG_XATTR)
		return -EUCLEAN;
	work = kzalloc(sizeof(*work), GFP_KERNEL);
	if (!work)
		return -ENOMEM;
	err = find_candidates(work, (struct efmt_span){
					    .at = buf + header.packets_off,
					    .left = len - header.packets_off,
				    });
	if (!err)
		err = unwrap_any(work, &policy->po_keys);
	if (!err)
		err = ecryptfs_crypt_v1_create(&meta->me_crypt, work->cipher,
					       work->fek, work->fek_bytes);
	meta->me_weak = work->fek_bytes < ECRYPTFS_KEY_BYTES_MIN;
	kfree_sensitive(work);
	if (err)
		return err;
	efmt_geometry_v1(xattr ? 0 : efmt_v1_header_region(&header),
			 &meta->me_geo);
	meta->me_in_xattr = xattr;
	meta->me_disk_size = header.plain_size;
	return 0;
}

/* One packet for each key for contents, in the order of the mount options. */
static int put_packets(struct v1_work *work,
		       const struct ecryptfs_policy *policy, u8 *buf,
		       size_t len, size_t *used_ret)
{
	size_t used = EFMT_V1_HEADER_FIXED;
	unsigned int i;
	size_t n;
	int err;

	for (i = 0; i < policy->po_keys.ks_nr; i++) {
		const u8 *sig = policy->po_keys.ks_keys[i].mk_sig;

		if (policy->po_keys.ks_keys[i].mk_names)
			continue;
		err = ecryptfs_keys_find(&policy->po_keys, sig, &work->secret);
		if (err)
			return err;
		err = efmt_v1_fek_wrap(policy->po_cipher, work->fek,
				       policy->po_key_bytes,
				       work->secret.se_key, sig,
				       work->secret.se_salt, &work->packet);
		if (err)
			return err;
		/* The terminator must be seen by readers, too. */
		err = efmt_v1_packet_put(&work->packet, buf + used,
					 len - 1 - used, &n);
		if (err)
			return err;
		used += n;
	}
	*used_ret = used;
	return 0;
}

static int v1_create(struct ecryptfs_meta *meta,
		     const struct ecryptfs_policy *policy, u8 *buf,
		     size_t *len_ret)
{
	const struct efmt_v1_header header = {
		.plain_size = 0,
		.marker = get_random_u32(),
		.flags = EFMT_V1_FLAG_ENCRYPTED |
			 (policy->po_xattr ? EFMT_V1_FLAG_XATTR : 0) |
			 (policy->po_names ? EFMT_V1_FLAG_NAMES : 0),
		.extent_bytes = EFMT_V1_EXTENT_BYTES,
		.extents = EFMT_V1_HEADER_BYTES / EFMT_V1_EXTENT_BYTES,
	};
	struct v1_work *work;
	int err;

	work = kzalloc(sizeof(*work), GFP_KERNEL);
	if (!work)
		return -ENOMEM;
	get_random_bytes(work->fek, policy->po_key_bytes);
	err = efmt_v1_header_to(&header, buf, EFMT_V1_HEADER_BYTES);
	if (!err)
		err = put_packets(work, policy, buf, EFMT_V1_HEADER_SCAN,
				  len_ret);
	if (!err)
		err = ecryptfs_crypt_v1_create(&meta->me_crypt,
					       policy->po_cipher, work->fek,
					       policy->po_key_bytes);
	kfree_sensitive(work);
	if (err)
		return err;
	efmt_geometry_v1(policy->po_xattr ? 0 : EFMT_V1_HEADER_BYTES,
			 &meta->me_geo);
	meta->me_weak = false;
	meta->me_in_xattr = policy->po_xattr;
	return 0;
}

/* The whole header region, or as much of it as says something. */
static int v1_write(const struct ecryptfs_meta *meta, struct file *lower,
		    const u8 *buf, size_t len)
{
	if (meta->me_in_xattr)
		return ecryptfs_lower_write_xattr(lower, EFMT_V1_XATTR, buf,
						  len, 0);
	return ecryptfs_lower_write_buf(lower, buf, EFMT_V1_HEADER_BYTES, 0);
}

static void v1_put_size(u8 *buf, u64 size)
{
	efmt_v1_size_to(size, buf);
}

/*
 * An attribute can't be changed in part.  It is read anew, and not remembered,
 * so that one that was changed below is never overwritten with the old key.
 */
static int commit_size_xattr(struct file *lower, u64 size)
{
	u8 *buf = kmalloc(EFMT_V1_XATTR_MAX, GFP_NOFS);
	u64 old;
	size_t len;
	int err;

	if (!buf)
		return -ENOMEM;
	err = ecryptfs_lower_read_xattr(lower, EFMT_V1_XATTR, buf,
					EFMT_V1_XATTR_MAX, &len);
	/* Without what it was, a size alone would make the file unreadable. */
	if (err == -ENODATA || err == -ERANGE ||
	    (!err && efmt_v1_probe(buf, len, &old)))
		err = -EUCLEAN;
	if (!err) {
		efmt_v1_size_to(size, buf);
		err = ecryptfs_lower_write_xattr(lower, EFMT_V1_XATTR, buf, len,
						 XATTR_REPLACE);
	}
	kfree(buf);
	return err;
}

static int v1_commit_size(const struct ecryptfs_meta *meta, struct file *lower,
			  u64 size)
{
	u8 buf[EFMT_V1_SIZE_BYTES];

	if (meta->me_in_xattr)
		return commit_size_xattr(lower, size);
	efmt_v1_size_to(size, buf);
	return ecryptfs_lower_write_buf(lower, buf, sizeof(buf), 0);
}

/* The packets are where a header has them, except in version 0. */
static int v1_view_header(const u8 *value, size_t len, u8 *buf)
{
	struct efmt_v1_header header;
	int err;

	err = efmt_v1_header_from(value, len, &header);
	if (err)
		return err;
	if (header.packets_off != EFMT_V1_HEADER_FIXED ||
	    len > EFMT_V1_HEADER_SCAN)
		return -EOPNOTSUPP;
	memset(buf, 0, EFMT_V1_HEADER_SCAN);
	memcpy(buf, value, len);
	header.flags &= ~EFMT_V1_FLAG_XATTR;
	header.extent_bytes = EFMT_V1_EXTENT_BYTES;
	header.extents = EFMT_V1_HEADER_BYTES / EFMT_V1_EXTENT_BYTES;
	return efmt_v1_header_to(&header, buf, EFMT_V1_HEADER_SCAN);
}

const struct ecryptfs_format ecryptfs_format_v1 = {
	.fo_name = "1",
	.fo_version = 1,
	.fo_load = v1_load,
	.fo_create = v1_create,
	.fo_put_size = v1_put_size,
	.fo_write = v1_write,
	.fo_commit_size = v1_commit_size,
	.fo_view_header = v1_view_header,
	.fo_encrypt = ecryptfs_crypt_v1_encrypt,
	.fo_decrypt = ecryptfs_crypt_v1_decrypt,
};
