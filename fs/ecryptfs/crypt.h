/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * L1, crypto: transforms and requests.  This layer works on pages and byte
 * buffers, never on inodes, files or key objects.
 */
#ifndef ECRYPTFS_CRYPT_H
#define ECRYPTFS_CRYPT_H

#include <linux/crypto.h>
#include <linux/types.h>

#include "format/efmt.h"

struct page;
struct crypto_skcipher;
struct skcipher_request;

/* prim_kernel.c */

int ecryptfs_prim_init(void);
void ecryptfs_prim_exit(void);
bool ecryptfs_prim_selftest(void); /* debug builds, at load */

/* crypt.c */

/*
 * The content cipher of one file.  It is set up once, before the metadata that
 * contain it become visible to others, and does not change until its inode is
 * freed, so that any number of requests may use it at the same time.
 */
struct ecryptfs_crypt {
	struct crypto_skcipher *cr_tfm; /* NULL if not set up */
	u8 cr_root_iv[EFMT_V1_IV_BYTES];
};

/* A request, which one task uses for one operation at a time. */
struct ecryptfs_crypt_req {
	struct skcipher_request *rq_req;
	struct crypto_wait rq_wait;
};

struct crypto_skcipher *ecryptfs_crypt_tfm_create(const char *mode,
						  enum efmt_cipher cipher,
						  const u8 *key,
						  size_t key_bytes);
int ecryptfs_crypt_check(const char *mode, enum efmt_cipher cipher,
			 size_t key_bytes);
void ecryptfs_crypt_destroy(struct ecryptfs_crypt *crypt);
int ecryptfs_crypt_req_create(const struct ecryptfs_crypt *crypt,
			      struct ecryptfs_crypt_req *req_ret);
void ecryptfs_crypt_req_destroy(struct ecryptfs_crypt_req *req);

/* crypt_v1.c */

int ecryptfs_crypt_v1_create(struct ecryptfs_crypt *crypt,
			     enum efmt_cipher cipher, const u8 *fek,
			     size_t fek_bytes);
int ecryptfs_crypt_v1_encrypt(const struct ecryptfs_crypt *crypt,
			      struct ecryptfs_crypt_req *req, u64 extent,
			      struct page *src, unsigned int src_off,
			      struct page *dst, unsigned int dst_off);
int ecryptfs_crypt_v1_decrypt(const struct ecryptfs_crypt *crypt,
			      struct ecryptfs_crypt_req *req, u64 extent,
			      struct page *page, unsigned int off);
bool ecryptfs_crypt_v1_selftest(void); /* debug builds, at load */

#endif /* ECRYPTFS_CRYPT_H */
