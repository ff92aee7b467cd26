// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Content of format 1: each extent of 4096 bytes is encrypted with CBC, with an
 * IV made of the file's root IV and the extent's number.  Add nothing here.
 */
#include <crypto/skcipher.h>
#include <linux/highmem.h>
#include <linux/scatterlist.h>

#include "crypt.h"

/*
 * Sets up the content cipher from a file's key, which the caller keeps and
 * wipes.  On failure @crypt is not set up.
 */
int ecryptfs_crypt_v1_create(struct ecryptfs_crypt *crypt,
			     enum efmt_cipher cipher, const u8 *fek,
			     size_t fek_bytes)
{
	struct crypto_skcipher *tfm;
	int err;

	tfm = ecryptfs_crypt_tfm_create("cbc", cipher, fek, fek_bytes);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	err = efmt_v1_root_iv(fek, fek_bytes, crypt->cr_root_iv);
	if (err) {
		crypto_free_skcipher(tfm);
		return err;
	}
	crypt->cr_tfm = tfm;
	return 0;
}

static int crypt_extent(const struct ecryptfs_crypt *crypt,
			struct ecryptfs_crypt_req *req, u64 extent,
			struct scatterlist *src, struct scatterlist *dst,
			bool encrypt)
{
	u8 iv[EFMT_V1_IV_BYTES];
	int err;

	err = efmt_v1_extent_iv(crypt->cr_root_iv, extent, iv);
	if (err)
		return err;
	skcipher_request_set_crypt(req->rq_req, src, dst, EFMT_V1_EXTENT_BYTES,
				   iv);
	return crypto_wait_req(encrypt ?
				       crypto_skcipher_encrypt(req->rq_req) :
				       crypto_skcipher_decrypt(req->rq_req),
			       &req->rq_wait);
}

static void set_extent(struct scatterlist *sg, struct page *page,
		       unsigned int off)
{
	sg_init_table(sg, 1);
	sg_set_page(sg, page, EFMT_V1_EXTENT_BYTES, off);
}

/*
 * Encrypts extent number @extent from @src at @src_off to @dst at @dst_off.
 * The caller makes sure that @src does not change meanwhile: CBC over changing
 * bytes yields an extent that decrypts to neither state.  May sleep.
 */
int ecryptfs_crypt_v1_encrypt(const struct ecryptfs_crypt *crypt,
			      struct ecryptfs_crypt_req *req, u64 extent,
			      struct page *src, unsigned int src_off,
			      struct page *dst, unsigned int dst_off)
{
	struct scatterlist sg_src, sg_dst;

	set_extent(&sg_src, src, src_off);
	set_extent(&sg_dst, dst, dst_off);
	return crypt_extent(crypt, req, extent, &sg_src, &sg_dst, true);
}

/*
 * Decrypts an extent in place.  An extent of zeros never reached the disk (it
 * is a hole, or a block that was unwritten after a crash) and is read as zeros.
 * The probability that a key encrypts something to 4096 zero bytes is 2^-32768.
 */
int ecryptfs_crypt_v1_decrypt(const struct ecryptfs_crypt *crypt,
			      struct ecryptfs_crypt_req *req, u64 extent,
			      struct page *page, unsigned int off)
{
	struct scatterlist sg;
	bool unwritten;
	void *addr;

	addr = kmap_local_page(page);
	unwritten = !memchr_inv(addr + off, 0, EFMT_V1_EXTENT_BYTES);
	kunmap_local(addr);
	if (unwritten)
		return 0;
	set_extent(&sg, page, off);
	return crypt_extent(crypt, req, extent, &sg, &sg, false);
}

#ifdef ECRYPTFS_DEBUG
#include "selftest/crypt_v1.c"
#endif
