/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cryptographic primitives that the format core needs.
 *
 * There are several implementations, one of which is chosen at link time:
 * prim_kernel.c uses the kernel crypto API, utils/lib/prim_openssl.c uses
 * OpenSSL, and tests/unit/prim_fake.c makes every primitive fail in turn.
 *
 * All functions return 0 or a negative errno, and zero their output if they
 * fail.  None of them keeps a reference to a buffer or key, and buffers may be
 * on the stack.  In the kernel they may sleep and allocate.
 */
#ifndef EFMT_PRIM_H
#define EFMT_PRIM_H

#include "efmt_types.h"

#define EFMT_MD5_BYTES 16
#define EFMT_SHA512_BYTES 64
#define EFMT_PRIM_IV_BYTES 16

/* Block ciphers of format 1.  These numbers are not stored on disk. */
enum efmt_cipher {
	EFMT_CIPHER_AES,
	EFMT_CIPHER_BLOWFISH,
	EFMT_CIPHER_DES3_EDE,
	EFMT_CIPHER_TWOFISH,
	EFMT_CIPHER_CAST6,
	EFMT_CIPHER_CAST5,
	EFMT_CIPHER_NR
};

/* Computes the MD5 of @len bytes at @data (RFC 1321). */
int efmt_prim_md5(const void *data, size_t len, u8 ret[EFMT_MD5_BYTES]);

/*
 * Computes the SHA-512 of @len bytes at @data (FIPS 180-4).  @data and @ret may
 * overlap.
 */
int efmt_prim_sha512(const void *data, size_t len, u8 ret[EFMT_SHA512_BYTES]);

/*
 * Encrypt or decrypt @len bytes of @buf in place, in ECB mode.  @len is a
 * multiple of the cipher's block size.  They fail with -ENOPKG if the cipher is
 * not available here, and with -EINVAL for a key size or length that the cipher
 * does not take.
 */
int efmt_prim_ecb_encrypt(enum efmt_cipher cipher, const u8 *key,
			  size_t key_bytes, u8 *buf, size_t len);
int efmt_prim_ecb_decrypt(enum efmt_cipher cipher, const u8 *key,
			  size_t key_bytes, u8 *buf, size_t len);

/*
 * ECB mode with a key that is set beforehand, for many short buffers.  Each
 * implementation defines the struct.
 *
 * create sets the key, which the caller keeps and wipes.  It has the errors
 * above and -ENOMEM, and sets *@ret to NULL then.
 *
 * destroy wipes everything that was derived from the key.  No caller may be in
 * run.  NULL is allowed.
 *
 * run works in place on @len bytes of @buf.  It fails with -EINVAL if @len is
 * not a multiple of the block size, and with -ENOMEM.  Any number of callers
 * may use it at once.
 */
struct efmt_prim_ecb;

int efmt_prim_ecb_create(enum efmt_cipher cipher, const u8 *key,
			 size_t key_bytes, struct efmt_prim_ecb **ret);
void efmt_prim_ecb_destroy(struct efmt_prim_ecb *ecb);
int efmt_prim_ecb_run(const struct efmt_prim_ecb *ecb, bool encrypt, u8 *buf,
		      size_t len);

/*
 * CBC mode with a key that is set beforehand, for contents.  create, destroy
 * and run are like those of efmt_prim_ecb_*.  A cipher with a block of 8 bytes
 * uses the first 8 of the 16 bytes at @iv, which are not written to.
 *
 * The module does not implement these.  Its contents are in pages; see
 * crypt_v1.c.
 */
struct efmt_prim_cbc;

int efmt_prim_cbc_create(enum efmt_cipher cipher, const u8 *key,
			 size_t key_bytes, struct efmt_prim_cbc **ret);
void efmt_prim_cbc_destroy(struct efmt_prim_cbc *cbc);
int efmt_prim_cbc_run(const struct efmt_prim_cbc *cbc, bool encrypt,
		      const u8 iv[EFMT_PRIM_IV_BYTES], u8 *buf, size_t len);

/* Zeroes @len bytes at @buf in a way that the compiler can't optimise away. */
void efmt_prim_wipe(void *buf, size_t len);

#endif /* EFMT_PRIM_H */
