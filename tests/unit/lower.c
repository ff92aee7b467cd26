// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole lower files in memory; see lower.h.
 */
#include <stdlib.h>
#include <string.h>

#include "lower.h"

static const u8 default_salt[8] = { 0,	  0x11, 0x22, 0x33,
				    0x44, 0x55, 0x66, 0x77 };

static int each_extent(const struct efmt_geometry *geo, enum efmt_cipher cipher,
		       const u8 *fek, size_t fek_bytes, u8 *lower, u64 extents,
		       bool seal)
{
	struct efmt_v1_content content;
	int err = efmt_v1_content_create(cipher, fek, fek_bytes, &content);
	u64 pos;

	for (u64 i = 0; !err && i < extents; i++) {
		err = efmt_geometry_lower_pos(geo, i, &pos);
		if (!err && seal)
			err = efmt_v1_extent_seal(&content, i, lower + pos);
		else if (!err)
			err = efmt_v1_extent_open(&content, i, lower + pos,
						  EFMT_V1_EXTENT_BYTES);
	}
	efmt_v1_content_destroy(&content);
	return err;
}

static int put_metadata(const struct lower_options *options, size_t size,
			u8 *lower)
{
	const struct efmt_v1_header header = {
		.plain_size = size,
		.marker = options->marker,
		.flags = EFMT_V1_FLAG_ENCRYPTED,
		.extent_bytes = EFMT_V1_EXTENT_BYTES,
		.extents = 2,
	};
	struct efmt_v1_packet packet;
	u8 sig[EFMT_V1_SIG_BYTES];
	size_t used;
	int err;

	err = efmt_v1_key_sig(options->key, sig);
	if (!err)
		err = efmt_v1_header_to(&header, lower, EFMT_V1_HEADER_BYTES);
	if (!err)
		err = efmt_v1_fek_wrap(options->cipher, options->fek,
				       options->fek_bytes, options->key, sig,
				       default_salt, &packet);
	if (!err)
		err = efmt_v1_packet_put(&packet, lower + 26,
					 EFMT_V1_HEADER_SCAN - 26, &used);
	return err;
}

u8 *lower_encrypt(const struct lower_options *options, const u8 *plain,
		  size_t size, size_t *lower_bytes_ret)
{
	struct efmt_geometry geo;
	u64 lower_bytes;
	u64 pos;
	u8 *lower;

	efmt_geometry_v1(EFMT_V1_HEADER_BYTES, &geo);
	if (efmt_geometry_lower_size(&geo, size, &lower_bytes) ||
	    efmt_geometry_lower_pos(&geo, 0, &pos))
		return NULL;
	lower = calloc(1, lower_bytes);
	if (!lower)
		return NULL;
	if (size)
		memcpy(lower + pos, plain, size);
	if (put_metadata(options, size, lower) ||
	    each_extent(&geo, options->cipher, options->fek, options->fek_bytes,
			lower, (size + 4095) / 4096, true)) {
		free(lower);
		return NULL;
	}
	*lower_bytes_ret = lower_bytes;
	return lower;
}

static int find_fek(const struct efmt_v1_file *file, const u8 *key, u8 *fek)
{
	struct efmt_v1_packet packet;
	u8 sig[EFMT_V1_SIG_BYTES];
	unsigned int i = file->keys;
	int err;

	err = efmt_v1_key_sig(key, sig);
	if (err)
		return err;
	while (i--) {
		err = efmt_v1_file_key(file, i, &packet);
		if (err)
			return err;
		if (!memcmp(packet.sig, sig, sizeof(sig)))
			return efmt_v1_fek_unwrap(&packet, key, fek);
	}
	return file->keys ? -ENOKEY : -EOPNOTSUPP;
}

int lower_decrypt(const u8 *lower, size_t lower_bytes,
		  const u8 key[EFMT_V1_KEY_BYTES], u8 **plain_ret,
		  size_t *size_ret)
{
	struct efmt_v1_file file;
	u8 fek[EFMT_V1_FEK_MAX];
	u64 need;
	u8 *copy;
	int err;

	err = efmt_v1_file_find(lower, lower_bytes, NULL, 0, &file);
	if (!err)
		err = find_fek(&file, key, fek);
	if (!err)
		err = efmt_geometry_lower_size(&file.geo,
					       file.header.plain_size, &need);
	if (err)
		return err;
	if (lower_bytes < need)
		return -EIO;
	copy = malloc(need + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, lower, need);
	err = each_extent(&file.geo, file.cipher, fek, file.fek_bytes, copy,
			  (file.header.plain_size + 4095) / 4096, false);
	if (err) {
		free(copy);
		return err;
	}
	memmove(copy, copy + file.geo.data_start, file.header.plain_size);
	*plain_ret = copy;
	*size_ret = file.header.plain_size;
	return 0;
}
