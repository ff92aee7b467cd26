// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Lifetime of transforms and requests.
 */
#include <crypto/skcipher.h>
#include <linux/slab.h>

#include "crypt.h"

/*
 * Implementations of a cipher that are excluded: those that allocate memory
 * while they work, because they are used under writeback, and those that are
 * reachable only by a kernel driver.  Asynchronous implementations are allowed.
 * On 6.12 the wrapper around AES-NI is marked asynchronous although it answers
 * at once, and excluding it would select an implementation that is several
 * times slower.
 */
#define TFM_MASK (CRYPTO_ALG_ALLOCATES_MEMORY | CRYPTO_ALG_KERN_DRIVER_ONLY)

/*
 * Returns a transform "@mode(@cipher)" with its key set, or an ERR_PTR: -ENOPKG
 * if this kernel has no such cipher, and -EINVAL if the cipher does not take
 * the key.
 */
struct crypto_skcipher *ecryptfs_crypt_tfm_create(const char *mode,
						  enum efmt_cipher cipher,
						  const u8 *key,
						  size_t key_bytes)
{
	const char *cipher_name = efmt_v1_cipher_name(cipher);
	char name[CRYPTO_MAX_ALG_NAME];
	struct crypto_skcipher *tfm;
	int err;

	if (!cipher_name)
		return ERR_PTR(-EINVAL);
	snprintf(name, sizeof(name), "%s(%s)", mode, cipher_name);
	tfm = crypto_alloc_skcipher(name, 0, TFM_MASK);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm) == -ENOENT ? ERR_PTR(-ENOPKG) : tfm;
	crypto_skcipher_set_flags(tfm, CRYPTO_TFM_REQ_FORBID_WEAK_KEYS);
	err = crypto_skcipher_setkey(tfm, key, key_bytes);
	if (err) {
		crypto_free_skcipher(tfm);
		return ERR_PTR(err);
	}
	return tfm;
}

/*
 * Returns 0 if this kernel has the cipher in that mode and for keys of that
 * size, or an error of ecryptfs_crypt_tfm_create().
 */
int ecryptfs_crypt_check(const char *mode, enum efmt_cipher cipher,
			 size_t key_bytes)
{
	u8 key[EFMT_V1_FEK_MAX];
	struct crypto_skcipher *tfm;
	unsigned int i;

	/* This is not a weak key of any of the ciphers. */
	for (i = 0; i < sizeof(key); i++)
		key[i] = 16 * i + i / 16;
	tfm = ecryptfs_crypt_tfm_create(mode, cipher, key, key_bytes);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	crypto_free_skcipher(tfm);
	return 0;
}

/* Wipes and frees @crypt.  Does nothing if it was never set up. */
void ecryptfs_crypt_destroy(struct ecryptfs_crypt *crypt)
{
	if (crypt->cr_tfm)
		crypto_free_skcipher(crypt->cr_tfm);
	memzero_explicit(crypt, sizeof(*crypt));
}

/*
 * Allocates a request for any number of operations, one after the other.  It
 * waits for memory rather than fail, because writeback depends on it; a request
 * has a few hundred bytes.
 */
int ecryptfs_crypt_req_create(const struct ecryptfs_crypt *crypt,
			      struct ecryptfs_crypt_req *req_ret)
{
	req_ret->rq_req = skcipher_request_alloc(crypt->cr_tfm,
						 GFP_NOFS | __GFP_NOFAIL);
	if (!req_ret->rq_req)
		return -ENOMEM;
	crypto_init_wait(&req_ret->rq_wait);
	skcipher_request_set_callback(req_ret->rq_req,
				      CRYPTO_TFM_REQ_MAY_SLEEP |
					      CRYPTO_TFM_REQ_MAY_BACKLOG,
				      crypto_req_done, &req_ret->rq_wait);
	return 0;
}

void ecryptfs_crypt_req_destroy(struct ecryptfs_crypt_req *req)
{
	skcipher_request_free(req->rq_req);
	req->rq_req = NULL;
}
