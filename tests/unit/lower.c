// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Whole lower files in memory; see lower.h.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/provider.h>

#include "lower.h"

static const u8 default_salt[8] = { 0,	  0x11, 0x22, 0x33,
				    0x44, 0x55, 0x66, 0x77 };

/* One extent in place. */
static int cbc(enum efmt_cipher cipher, const u8 *fek, size_t fek_bytes,
	       const u8 *iv, u8 *extent, int encrypt)
{
	static const char *const names[EFMT_CIPHER_NR] = {
		[EFMT_CIPHER_BLOWFISH] = "BF-CBC",
		[EFMT_CIPHER_DES3_EDE] = "DES-EDE3-CBC",
		[EFMT_CIPHER_CAST5] = "CAST5-CBC",
	};
	static OSSL_LIB_CTX *library; /* as long as the process */
	const char *name = names[cipher];
	EVP_CIPHER_CTX *run = EVP_CIPHER_CTX_new();
	EVP_CIPHER *type;
	char aes[16];
	int done = 0;
	int good;

	if (!library) {
		library = OSSL_LIB_CTX_new();
		OSSL_PROVIDER_load(library, "default");
		OSSL_PROVIDER_load(library, "legacy");
	}
	snprintf(aes, sizeof(aes), "AES-%zu-CBC", 8 * fek_bytes);
	type = EVP_CIPHER_fetch(library,
				cipher == EFMT_CIPHER_AES ? aes : name, NULL);
	good = run && type &&
	       EVP_CipherInit_ex2(run, type, NULL, NULL, encrypt, NULL) &&
	       EVP_CIPHER_CTX_set_key_length(run, (int)fek_bytes) &&
	       EVP_CipherInit_ex2(run, NULL, fek, iv, encrypt, NULL) &&
	       EVP_CIPHER_CTX_set_padding(run, 0) &&
	       EVP_CipherUpdate(run, extent, &done, extent, 4096) &&
	       done == 4096;
	EVP_CIPHER_free(type);
	EVP_CIPHER_CTX_free(run);
	return good ? 0 : -ENOPKG;
}

static int each_extent(const struct efmt_geometry *geo, enum efmt_cipher cipher,
		       const u8 *fek, size_t fek_bytes, u8 *lower, u64 extents,
		       int encrypt)
{
	u8 root[EFMT_V1_IV_BYTES];
	u8 iv[EFMT_V1_IV_BYTES];
	int err = efmt_v1_root_iv(fek, fek_bytes, root);
	u64 pos;

	for (u64 i = 0; !err && i < extents; i++) {
		err = efmt_geometry_lower_pos(geo, i, &pos);
		if (!err)
			err = efmt_v1_extent_iv(root, i, iv);
		if (!err)
			err = cbc(cipher, fek, fek_bytes, iv, lower + pos,
				  encrypt);
	}
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
			lower, (size + 4095) / 4096, 1)) {
		free(lower);
		return NULL;
	}
	*lower_bytes_ret = lower_bytes;
	return lower;
}

/*
 * The FEK of the file and, as its last packet says, its cipher and size.
 * -EUCLEAN: no packets; -EOPNOTSUPP: none of a passphrase.
 */
static int find_fek(const u8 *lower, size_t lower_bytes, size_t packets_off,
		    const u8 *key, struct efmt_v1_packet *last, u8 *fek)
{
	size_t scan = lower_bytes < EFMT_V1_HEADER_SCAN ? lower_bytes :
							  EFMT_V1_HEADER_SCAN;
	struct efmt_span span = { lower + packets_off, scan - packets_off };
	struct efmt_v1_packet packet, match;
	u8 sig[EFMT_V1_SIG_BYTES];
	bool found = false;
	int none = -EUCLEAN;
	int err;

	err = efmt_v1_key_sig(key, sig);
	if (err)
		return err;
	while (!(err = efmt_v1_packet_take(&span, &packet))) {
		if (packet.kind != EFMT_V1_PASSPHRASE) {
			if (none == -EUCLEAN)
				none = -EOPNOTSUPP;
			continue;
		}
		*last = packet;
		none = -ENOKEY;
		if (!memcmp(packet.sig, sig, sizeof(sig))) {
			match = packet;
			found = true;
		}
	}
	if (err != -ENOENT)
		return err;
	if (!found)
		return none;
	match.cipher = last->cipher;
	match.fek_bytes = last->fek_bytes;
	return efmt_v1_fek_unwrap(&match, key, fek);
}

int lower_decrypt(const u8 *lower, size_t lower_bytes,
		  const u8 key[EFMT_V1_KEY_BYTES], u8 **plain_ret,
		  size_t *size_ret)
{
	struct efmt_v1_packet packet = { 0 };
	struct efmt_v1_header header;
	struct efmt_geometry geo;
	u8 fek[EFMT_V1_FEK_MAX];
	u64 need;
	u8 *copy;
	int err;

	if (efmt_detect(lower, lower_bytes) != EFMT_V1)
		return -ENODATA;
	err = efmt_v1_header_from(lower, lower_bytes, &header);
	if (!err)
		err = find_fek(lower, lower_bytes, header.packets_off, key,
			       &packet, fek);
	if (err)
		return err;
	efmt_geometry_v1(efmt_v1_header_region(&header), &geo);
	err = efmt_geometry_lower_size(&geo, header.plain_size, &need);
	if (err)
		return err;
	if (lower_bytes < need)
		return -EIO;
	copy = malloc(need + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, lower, need);
	err = each_extent(&geo, packet.cipher, fek, packet.fek_bytes, copy,
			  (header.plain_size + 4095) / 4096, 0);
	if (err) {
		free(copy);
		return err;
	}
	memmove(copy, copy + geo.data_start, header.plain_size);
	*plain_ret = copy;
	*size_ret = header.plain_size;
	return 0;
}
