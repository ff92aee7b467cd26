// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The primitives of the format core (format/prim.h) over OpenSSL 3.
 *
 * Algorithms are fetched once, from a library context of our own: blowfish and
 * cast5 need OpenSSL's legacy provider, and loading that into the default
 * context would change what the rest of the program is offered.  OpenSSL has no
 * twofish and no cast6: -ENOPKG, as for whatever a provider lacks.
 */
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "format/prim.h"

static const char *const cipher_names[EFMT_CIPHER_NR] = {
	[EFMT_CIPHER_AES] = NULL, /* one per key size, below */
	[EFMT_CIPHER_BLOWFISH] = "BF-ECB",
	[EFMT_CIPHER_DES3_EDE] = "DES-EDE3-ECB",
	[EFMT_CIPHER_CAST5] = "CAST5-ECB",
};

static const char *const aes_names[] = {
	"AES-128-ECB", "AES-192-ECB", "AES-256-ECB",
};

/*
 * What was fetched; set once by fetch_all() and read-only from then on.  It
 * lives as long as the process, so nothing of it is freed.
 */
static struct {
	OSSL_LIB_CTX *library;
	EVP_MD *md5;
	EVP_MD *sha512;
	struct evp_cipher_st *aes[3];
	struct evp_cipher_st *cipher[EFMT_CIPHER_NR];
} fetched;

static pthread_once_t fetched_once = PTHREAD_ONCE_INIT;

/* What is not to be had stays NULL. */
static void fetch_all(void)
{
	size_t i;

	fetched.library = OSSL_LIB_CTX_new();
	if (!fetched.library)
		return;
	/* The default provider is no longer implied once another is loaded. */
	OSSL_PROVIDER_load(fetched.library, "default");
	OSSL_PROVIDER_load(fetched.library, "legacy");
	fetched.md5 = EVP_MD_fetch(fetched.library, "MD5", NULL);
	fetched.sha512 = EVP_MD_fetch(fetched.library, "SHA2-512", NULL);
	for (i = 0; i < 3; i++)
		fetched.aes[i] = EVP_CIPHER_fetch(fetched.library,
						  aes_names[i], NULL);
	for (i = 0; i < EFMT_CIPHER_NR; i++)
		if (cipher_names[i])
			fetched.cipher[i] = EVP_CIPHER_fetch(fetched.library,
							     cipher_names[i],
							     NULL);
}

static int digest(EVP_MD *const *md, const void *data, size_t len, u8 *ret,
		  size_t ret_bytes)
{
	int err = 0;

	pthread_once(&fetched_once, fetch_all);
	if (!*md)
		err = -ENOPKG;
	else if (EVP_Digest(data, len, ret, NULL, *md, NULL) != 1)
		err = -ENOMEM;
	if (err)
		efmt_prim_wipe(ret, ret_bytes);
	return err;
}

int efmt_prim_md5(const void *data, size_t len, u8 ret[EFMT_MD5_BYTES])
{
	return digest(&fetched.md5, data, len, ret, EFMT_MD5_BYTES);
}

int efmt_prim_sha512(const void *data, size_t len, u8 ret[EFMT_SHA512_BYTES])
{
	return digest(&fetched.sha512, data, len, ret, EFMT_SHA512_BYTES);
}

/* Key sizes that the cipher itself takes, which may be more than format 1's. */
static bool key_fits(enum efmt_cipher cipher, size_t key_bytes)
{
	switch (cipher) {
	case EFMT_CIPHER_AES:
		return key_bytes == 16 || key_bytes == 24 || key_bytes == 32;
	case EFMT_CIPHER_BLOWFISH:
		return key_bytes >= 4 && key_bytes <= 56;
	case EFMT_CIPHER_DES3_EDE:
		return key_bytes == 24;
	case EFMT_CIPHER_CAST5:
		return key_bytes >= 5 && key_bytes <= 16;
	default:
		return true; /* not here: -ENOPKG is the answer */
	}
}

static EVP_CIPHER *find_cipher(enum efmt_cipher cipher, size_t key_bytes)
{
	pthread_once(&fetched_once, fetch_all);
	if (cipher == EFMT_CIPHER_AES)
		return fetched.aes[key_bytes / 8 - 2];
	return (unsigned int)cipher < EFMT_CIPHER_NR ? fetched.cipher[cipher] :
						       NULL;
}

/* The key size has to be set before the key is. */
static int run_cipher(EVP_CIPHER_CTX *run, EVP_CIPHER *type, const u8 *key,
		      size_t key_bytes, u8 *buf, size_t len, int encrypt)
{
	int done = 0;

	if (EVP_CipherInit_ex2(run, type, NULL, NULL, encrypt, NULL) != 1)
		return -ENOMEM;
	if (EVP_CIPHER_CTX_set_key_length(run, (int)key_bytes) != 1)
		return -EINVAL;
	if (EVP_CipherInit_ex2(run, NULL, key, NULL, encrypt, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(run, 0) != 1)
		return -EINVAL;
	if (EVP_CipherUpdate(run, buf, &done, buf, (int)len) != 1 ||
	    (size_t)done != len)
		return -EINVAL;
	return 0;
}

/* The cipher for keys of that size: 0, -EINVAL or -ENOPKG. */
static int choose_cipher(enum efmt_cipher cipher, size_t key_bytes,
			 EVP_CIPHER **type_ret)
{
	if (!key_fits(cipher, key_bytes))
		return -EINVAL;
	*type_ret = find_cipher(cipher, key_bytes);
	return *type_ret ? 0 : -ENOPKG;
}

static int ecb_run(EVP_CIPHER *type, const u8 *key, size_t key_bytes, u8 *buf,
		   size_t len, int encrypt)
{
	EVP_CIPHER_CTX *run;
	int err;

	if (len > INT_MAX || len % (size_t)EVP_CIPHER_get_block_size(type))
		return -EINVAL;
	run = EVP_CIPHER_CTX_new();
	if (!run)
		return -ENOMEM;
	err = run_cipher(run, type, key, key_bytes, buf, len, encrypt);
	EVP_CIPHER_CTX_free(run);
	return err;
}

static int ecb(enum efmt_cipher cipher, const u8 *key, size_t key_bytes,
	       u8 *buf, size_t len, int encrypt)
{
	EVP_CIPHER *type;
	int err;

	err = choose_cipher(cipher, key_bytes, &type);
	if (err)
		return err;
	return ecb_run(type, key, key_bytes, buf, len, encrypt);
}

/*
 * OpenSSL's contexts serve one caller at a time, so the key itself is kept and
 * each run has a context of its own.
 */
struct efmt_prim_ecb {
	EVP_CIPHER *type;
	size_t key_bytes;
	u8 key[];
};

int efmt_prim_ecb_create(enum efmt_cipher cipher, const u8 *key,
			 size_t key_bytes, struct efmt_prim_ecb **ret)
{
	struct efmt_prim_ecb *made;
	EVP_CIPHER *type;
	int err;

	*ret = NULL;
	err = choose_cipher(cipher, key_bytes, &type);
	if (err)
		return err;
	made = OPENSSL_malloc(sizeof(*made) + key_bytes);
	if (!made)
		return -ENOMEM;
	made->type = type;
	made->key_bytes = key_bytes;
	memcpy(made->key, key, key_bytes);
	*ret = made;
	return 0;
}

void efmt_prim_ecb_destroy(struct efmt_prim_ecb *made)
{
	if (made)
		OPENSSL_clear_free(made, sizeof(*made) + made->key_bytes);
}

int efmt_prim_ecb_run(const struct efmt_prim_ecb *made, bool encrypt, u8 *buf,
		      size_t len)
{
	int err = ecb_run(made->type, made->key, made->key_bytes, buf, len,
			  encrypt);

	if (err)
		efmt_prim_wipe(buf, len);
	return err;
}

int efmt_prim_ecb_encrypt(enum efmt_cipher cipher, const u8 *key,
			  size_t key_bytes, u8 *buf, size_t len)
{
	int err = ecb(cipher, key, key_bytes, buf, len, 1);

	if (err)
		efmt_prim_wipe(buf, len);
	return err;
}

int efmt_prim_ecb_decrypt(enum efmt_cipher cipher, const u8 *key,
			  size_t key_bytes, u8 *buf, size_t len)
{
	int err = ecb(cipher, key, key_bytes, buf, len, 0);

	if (err)
		efmt_prim_wipe(buf, len);
	return err;
}

void efmt_prim_wipe(void *buf, size_t len)
{
	OPENSSL_cleanse(buf, len);
}
