/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cryptographic primitives that the format core needs from its world.
 *
 * Implemented once per world and chosen at link time: prim_kernel.c over the
 * kernel crypto API, utils/lib/prim_openssl.c over OpenSSL, and
 * tests/unit/prim_fake.c, which makes every primitive fail in turn.
 *
 * All functions return 0 or a negative errno, and leave their output zeroed
 * when they fail.  None of them keeps a reference to a buffer or key; buffers
 * may be on the stack.  In the kernel they may sleep and may allocate.
 */
#ifndef EFMT_PRIM_H
#define EFMT_PRIM_H

#include "efmt_types.h"

#define EFMT_MD5_BYTES 16
#define EFMT_SHA512_BYTES 64
#define EFMT_PRIM_IV_BYTES 16

/* Block ciphers of format 1; the order is of no consequence on disk. */
enum efmt_cipher {
	EFMT_CIPHER_AES,
	EFMT_CIPHER_BLOWFISH,
	EFMT_CIPHER_DES3_EDE,
	EFMT_CIPHER_TWOFISH,
	EFMT_CIPHER_CAST6,
	EFMT_CIPHER_CAST5,
	EFMT_CIPHER_NR
};

/* MD5 of @len bytes at @data (RFC 1321). */
int efmt_prim_md5(const void *data, size_t len, u8 ret[EFMT_MD5_BYTES]);

/* SHA-512 of @len bytes at @data (FIPS 180-4). @data and @ret may overlap. */
int efmt_prim_sha512(const void *data, size_t len, u8 ret[EFMT_SHA512_BYTES]);

/*
 * Electronic code book over @len bytes of @buf in place; @len is a multiple of
 * the cipher's block size.  -ENOPKG: the cipher is not in this world.
 * -EINVAL: key size or length that the cipher does not take.
 */
int efmt_prim_ecb_encrypt(enum efmt_cipher cipher, const u8 *key,
			  size_t key_bytes, u8 *buf, size_t len);
int efmt_prim_ecb_decrypt(enum efmt_cipher cipher, const u8 *key,
			  size_t key_bytes, u8 *buf, size_t len);

/*
 * The same with the key set beforehand, for many short buffers.  The struct is
 * the world's own.
 *
 * create: as above for errors, and -ENOMEM; *@ret is NULL then.  The caller
 * keeps @key and wipes it.  destroy wipes what was made of the key; NULL is
 * allowed; nobody may be in run.
 *
 * run: in place over @len bytes of @buf, a multiple of the block size, else
 * -EINVAL; -ENOMEM.  Any number of callers at once.
 */
struct efmt_prim_ecb;

int efmt_prim_ecb_create(enum efmt_cipher cipher, const u8 *key,
			 size_t key_bytes, struct efmt_prim_ecb **ret);
void efmt_prim_ecb_destroy(struct efmt_prim_ecb *ecb);
int efmt_prim_ecb_run(const struct efmt_prim_ecb *ecb, bool encrypt, u8 *buf,
		      size_t len);

/*
 * Cipher block chaining with the key set beforehand, for contents.  create,
 * destroy and run as with efmt_prim_ecb_*.  Of the 16 bytes at @iv, a cipher with
 * a block of 8 takes the first 8; they are not written to.
 *
 * The module has none of these: its contents are in pages, see crypt_v1.c.
 */
struct efmt_prim_cbc;

int efmt_prim_cbc_create(enum efmt_cipher cipher, const u8 *key,
			 size_t key_bytes, struct efmt_prim_cbc **ret);
void efmt_prim_cbc_destroy(struct efmt_prim_cbc *cbc);
int efmt_prim_cbc_run(const struct efmt_prim_cbc *cbc, bool encrypt,
		      const u8 iv[EFMT_PRIM_IV_BYTES], u8 *buf, size_t len);

/* Overwrites @len bytes at @buf in a way that the compiler may not drop. */
void efmt_prim_wipe(void *buf, size_t len);

#endif /* EFMT_PRIM_H */
