// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The primitives of the format core, implemented with the kernel crypto API.
 *
 * This file knows nothing about formats, key objects and inodes.  The content
 * cipher works on pages and is in crypt.c and crypt_v1.c.
 */
#include <crypto/hash.h>
#include <crypto/skcipher.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "crypt.h"
#include "format/efmt.h"

/*
 * A hash transform without a key has no state of its own, so one transform
 * serves all callers at once.  It is set when the module is loaded and does not
 * change until it is unloaded.
 */
static struct crypto_shash *md5_tfm;

/*
 * An unused transform of each block cipher, with a dummy key.  Setting a key is
 * much cheaper than allocating a transform, and each file that is created or
 * opened has its key wrapped or unwrapped.
 */
static struct crypto_skcipher *spare_ecb[EFMT_CIPHER_NR];

/*
 * Allocates what the primitives need while the module is loaded.  Fails with
 * -ENOENT if this kernel has no MD5, or forbids it as with fips=1.
 */
int ecryptfs_prim_init(void)
{
	struct crypto_shash *tfm = crypto_alloc_shash("md5", 0, 0);

	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	md5_tfm = tfm;
	return 0;
}

void ecryptfs_prim_exit(void)
{
	unsigned int i;

	for (i = 0; i < EFMT_CIPHER_NR; i++)
		if (spare_ecb[i])
			crypto_free_skcipher(spare_ecb[i]);
	crypto_free_shash(md5_tfm);
	md5_tfm = NULL;
}

int efmt_prim_md5(const void *data, size_t len, u8 ret[EFMT_MD5_BYTES])
{
	int err = crypto_shash_tfm_digest(md5_tfm, data, len, ret);

	if (err)
		memzero_explicit(ret, EFMT_MD5_BYTES);
	return err;
}

int efmt_prim_sha512(const void *data, size_t len, u8 ret[EFMT_SHA512_BYTES])
{
	struct crypto_shash *tfm = crypto_alloc_shash("sha512", 0, 0);
	int err;

	if (IS_ERR(tfm)) {
		memzero_explicit(ret, EFMT_SHA512_BYTES);
		return PTR_ERR(tfm) == -ENOENT ? -ENOPKG : PTR_ERR(tfm);
	}
	err = crypto_shash_tfm_digest(tfm, data, len, ret);
	if (err)
		memzero_explicit(ret, EFMT_SHA512_BYTES);
	crypto_free_shash(tfm);
	return err;
}

struct efmt_prim_ecb {
	struct crypto_skcipher *tfm; /* key set; const from then on */
};

/*
 * The callers' buffers may be on the stack, to which a scatterlist can't point
 * (VMAP_STACK), so a copy is encrypted or decrypted.
 */
static int tfm_run(struct crypto_skcipher *tfm, bool encrypt, u8 *buf,
		   size_t len)
{
	struct skcipher_request *req;
	DECLARE_CRYPTO_WAIT(wait);
	struct scatterlist sg;
	int err = -ENOMEM;
	u8 *copy;

	req = skcipher_request_alloc(tfm, GFP_KERNEL);
	copy = kmemdup(buf, len, GFP_KERNEL);
	if (!req || !copy)
		goto out;
	sg_init_one(&sg, copy, len);
	skcipher_request_set_callback(req,
				      CRYPTO_TFM_REQ_MAY_SLEEP |
					      CRYPTO_TFM_REQ_MAY_BACKLOG,
				      crypto_req_done, &wait);
	skcipher_request_set_crypt(req, &sg, &sg, len, NULL);
	err = crypto_wait_req(encrypt ? crypto_skcipher_encrypt(req) :
					crypto_skcipher_decrypt(req), &wait);
	if (!err)
		memcpy(buf, copy, len);
out:
	kfree_sensitive(copy);
	skcipher_request_free(req);
	if (err)
		memzero_explicit(buf, len);
	return err;
}

int efmt_prim_ecb_create(enum efmt_cipher cipher, const u8 *key,
			 size_t key_bytes, struct efmt_prim_ecb **ret)
{
	struct crypto_skcipher *tfm;
	struct efmt_prim_ecb *ecb;

	*ret = NULL;
	tfm = ecryptfs_crypt_tfm_create("ecb", cipher, key, key_bytes);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	ecb = kmalloc(sizeof(*ecb), GFP_KERNEL);
	if (!ecb) {
		crypto_free_skcipher(tfm);
		return -ENOMEM;
	}
	ecb->tfm = tfm;
	*ret = ecb;
	return 0;
}

void efmt_prim_ecb_destroy(struct efmt_prim_ecb *ecb)
{
	if (!ecb)
		return;
	crypto_free_skcipher(ecb->tfm);
	kfree(ecb);
}

int efmt_prim_ecb_run(const struct efmt_prim_ecb *ecb, bool encrypt, u8 *buf,
		      size_t len)
{
	return tfm_run(ecb->tfm, encrypt, buf, len);
}

/*
 * Returns a transform like ecryptfs_crypt_tfm_create().  The caller releases it
 * with ecb_put().
 */
static struct crypto_skcipher *ecb_get(enum efmt_cipher cipher, const u8 *key,
				       size_t key_bytes)
{
	struct crypto_skcipher *tfm = NULL;

	if (cipher < EFMT_CIPHER_NR)
		tfm = xchg(&spare_ecb[cipher], NULL);
	if (!tfm)
		return ecryptfs_crypt_tfm_create("ecb", cipher, key, key_bytes);
	if (!crypto_skcipher_setkey(tfm, key, key_bytes))
		return tfm;
	crypto_free_skcipher(tfm);
	return ERR_PTR(-EINVAL);
}

/* Overwrites the key before another task can use the transform. */
static void ecb_put(enum efmt_cipher cipher, struct crypto_skcipher *tfm,
		    size_t key_bytes)
{
	u8 none[EFMT_V1_FEK_MAX];
	unsigned int i;

	/* This is not a weak key of any of the ciphers. */
	for (i = 0; i < sizeof(none); i++)
		none[i] = 16 * i + i / 16;
	if (crypto_skcipher_setkey(tfm, none, key_bytes) ||
	    cmpxchg(&spare_ecb[cipher], NULL, tfm))
		crypto_free_skcipher(tfm);
}

static int ecb_crypt(enum efmt_cipher cipher, const u8 *key, size_t key_bytes,
		     u8 *buf, size_t len, bool encrypt)
{
	struct crypto_skcipher *tfm = ecb_get(cipher, key, key_bytes);
	int err;

	if (IS_ERR(tfm)) {
		memzero_explicit(buf, len);
		return PTR_ERR(tfm);
	}
	err = tfm_run(tfm, encrypt, buf, len);
	ecb_put(cipher, tfm, key_bytes);
	return err;
}

int efmt_prim_ecb_encrypt(enum efmt_cipher cipher, const u8 *key,
			  size_t key_bytes, u8 *buf, size_t len)
{
	return ecb_crypt(cipher, key, key_bytes, buf, len, true);
}

int efmt_prim_ecb_decrypt(enum efmt_cipher cipher, const u8 *key,
			  size_t key_bytes, u8 *buf, size_t len)
{
	return ecb_crypt(cipher, key, key_bytes, buf, len, false);
}

void efmt_prim_wipe(void *buf, size_t len)
{
	memzero_explicit(buf, len);
}

#ifdef ECRYPTFS_DEBUG
#include "selftest/prim_kernel.c"
#endif
