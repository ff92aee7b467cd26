// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The primitives of the format core (format/prim.h), implemented with OpenSSL
 * 3.
 *
 * Algorithms are fetched once, from a private library context: blowfish and
 * cast5 need OpenSSL's legacy provider, and loading it into the default context
 * would change which algorithms the rest of the program gets.  OpenSSL has
 * neither twofish nor cast6, which fail with -ENOPKG like everything else that
 * a provider lacks.
 */
#include <limits.h>
#include <pthread.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/provider.h>

#include "format/prim.h"

enum mode { ECB, CBC, MODES };

static const char *const cipher_names[MODES][EFMT_CIPHER_NR] = {
	[ECB] = {
		[EFMT_CIPHER_AES] = NULL, /* one per key size, below */
		[EFMT_CIPHER_BLOWFISH] = "BF-ECB",
		[EFMT_CIPHER_DES3_EDE] = "DES-EDE3-ECB",
		[EFMT_CIPHER_CAST5] = "CAST5-ECB",
	},
	[CBC] = {
		[EFMT_CIPHER_AES] = NULL,
		[EFMT_CIPHER_BLOWFISH] = "BF-CBC",
		[EFMT_CIPHER_DES3_EDE] = "DES-EDE3-CBC",
		[EFMT_CIPHER_CAST5] = "CAST5-CBC",
	},
};

static const char *const aes_names[MODES][3] = {
	[ECB] = { "AES-128-ECB", "AES-192-ECB", "AES-256-ECB" },
	[CBC] = { "AES-128-CBC", "AES-192-CBC", "AES-256-CBC" },
};

/*
 * The fetched algorithms.  They are set once by fetch_all() and do not change
 * afterwards.  They exist for as long as the process, so they are not freed.
 */
static struct {
	OSSL_LIB_CTX *library;
	EVP_MD *md5;
	EVP_MD *sha512;
	struct evp_cipher_st *aes[MODES][3]; /* EVP_CIPHER */
	struct evp_cipher_st *cipher[MODES][EFMT_CIPHER_NR];
} fetched;

static pthread_once_t fetched_once = PTHREAD_ONCE_INIT;

static void fetch_ciphers(enum mode mode)
{
	const char *const *names = cipher_names[mode];
	size_t i;

	for (i = 0; i < 3; i++)
		fetched.aes[mode][i] = EVP_CIPHER_fetch(
			fetched.library, aes_names[mode][i], NULL);
	for (i = 0; i < EFMT_CIPHER_NR; i++)
		if (names[i])
			fetched.cipher[mode][i] = EVP_CIPHER_fetch(
				fetched.library, names[i], NULL);
}

/* Algorithms that are not available remain NULL. */
static void fetch_all(void)
{
	fetched.library = OSSL_LIB_CTX_new();
	if (!fetched.library)
		return;
	/*
	 * The default provider is no longer implied when another one is loaded.
	 */
	OSSL_PROVIDER_load(fetched.library, "default");
	OSSL_PROVIDER_load(fetched.library, "legacy");
	fetched.md5 = EVP_MD_fetch(fetched.library, "MD5", NULL);
	fetched.sha512 = EVP_MD_fetch(fetched.library, "SHA2-512", NULL);
	fetch_ciphers(ECB);
	fetch_ciphers(CBC);
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

/*
 * Returns whether the cipher itself takes the key size; format 1 may allow
 * fewer.
 */
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
		return true; /* not available: -ENOPKG is the answer */
	}
}

static EVP_CIPHER *find_cipher(enum mode mode, enum efmt_cipher cipher,
			       size_t key_bytes)
{
	pthread_once(&fetched_once, fetch_all);
	if (cipher == EFMT_CIPHER_AES)
		return fetched.aes[mode][key_bytes / 8 - 2];
	return (unsigned int)cipher < EFMT_CIPHER_NR ?
		       fetched.cipher[mode][cipher] :
		       NULL;
}

/* The key size has to be set before the key is. */
static int set_key(EVP_CIPHER_CTX *run, EVP_CIPHER *type, const u8 *key,
		   size_t key_bytes, int encrypt)
{
	if (EVP_CipherInit_ex2(run, type, NULL, NULL, encrypt, NULL) != 1)
		return -ENOMEM;
	if (EVP_CIPHER_CTX_set_key_length(run, (int)key_bytes) != 1)
		return -EINVAL;
	if (EVP_CipherInit_ex2(run, NULL, key, NULL, encrypt, NULL) != 1 ||
	    EVP_CIPHER_CTX_set_padding(run, 0) != 1)
		return -EINVAL;
	return 0;
}

static int update(EVP_CIPHER_CTX *run, u8 *buf, size_t len)
{
	int done = 0;

	if (EVP_CipherUpdate(run, buf, &done, buf, (int)len) != 1 ||
	    (size_t)done != len)
		return -EINVAL;
	return 0;
}

/* Finds the cipher for keys of that size.  Fails with -EINVAL or -ENOPKG. */
static int choose_cipher(enum mode mode, enum efmt_cipher cipher,
			 size_t key_bytes, EVP_CIPHER **type_ret)
{
	if (!key_fits(cipher, key_bytes))
		return -EINVAL;
	*type_ret = find_cipher(mode, cipher, key_bytes);
	return *type_ret ? 0 : -ENOPKG;
}

static bool whole_blocks(EVP_CIPHER *type, size_t len)
{
	return len <= INT_MAX &&
	       !(len % (size_t)EVP_CIPHER_get_block_size(type));
}

static int ecb_run(EVP_CIPHER *type, const u8 *key, size_t key_bytes, u8 *buf,
		   size_t len, int encrypt)
{
	EVP_CIPHER_CTX *run;
	int err;

	if (!whole_blocks(type, len))
		return -EINVAL;
	run = EVP_CIPHER_CTX_new();
	if (!run)
		return -ENOMEM;
	err = set_key(run, type, key, key_bytes, encrypt);
	if (!err)
		err = update(run, buf, len);
	EVP_CIPHER_CTX_free(run);
	return err;
}

static int ecb(enum efmt_cipher cipher, const u8 *key, size_t key_bytes,
	       u8 *buf, size_t len, int encrypt)
{
	EVP_CIPHER *type;
	int err;

	err = choose_cipher(ECB, cipher, key_bytes, &type);
	if (err)
		return err;
	return ecb_run(type, key, key_bytes, buf, len, encrypt);
}

/*
 * An OpenSSL context can be used by one caller at a time, so the key itself is
 * kept, and each run has a context of its own.
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
	err = choose_cipher(ECB, cipher, key_bytes, &type);
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

/*
 * Contents need many runs with one key, by several threads, and setting a key
 * can take longer than encrypting an extent (blowfish).  So contexts with the
 * key are kept, as many as there were threads at once, but at most SPARES.
 */
#define SPARES 64

struct efmt_prim_cbc {
	EVP_CIPHER *type;
	pthread_mutex_t lock;
	unsigned int spares[2]; /* protected by lock; indexed by direction */
	EVP_CIPHER_CTX *spare[2][SPARES];
	size_t key_bytes;
	u8 key[];
};

int efmt_prim_cbc_create(enum efmt_cipher cipher, const u8 *key,
			 size_t key_bytes, struct efmt_prim_cbc **ret)
{
	struct efmt_prim_cbc *made;
	EVP_CIPHER *type;
	int err;

	*ret = NULL;
	err = choose_cipher(CBC, cipher, key_bytes, &type);
	if (err)
		return err;
	made = OPENSSL_zalloc(sizeof(*made) + key_bytes);
	if (!made)
		return -ENOMEM;
	pthread_mutex_init(&made->lock, NULL);
	made->type = type;
	made->key_bytes = key_bytes;
	memcpy(made->key, key, key_bytes);
	*ret = made;
	return 0;
}

void efmt_prim_cbc_destroy(struct efmt_prim_cbc *made)
{
	int way;

	if (!made)
		return;
	for (way = 0; way < 2; way++)
		while (made->spares[way])
			EVP_CIPHER_CTX_free(
				made->spare[way][--made->spares[way]]);
	pthread_mutex_destroy(&made->lock);
	OPENSSL_clear_free(made, sizeof(*made) + made->key_bytes);
}

/* Returns a context with the key, or NULL if there is not enough memory. */
static EVP_CIPHER_CTX *cbc_take(struct efmt_prim_cbc *made, int way)
{
	EVP_CIPHER_CTX *run = NULL;

	pthread_mutex_lock(&made->lock);
	if (made->spares[way])
		run = made->spare[way][--made->spares[way]];
	pthread_mutex_unlock(&made->lock);
	if (run)
		return run;
	run = EVP_CIPHER_CTX_new();
	if (run && set_key(run, made->type, made->key, made->key_bytes, way)) {
		EVP_CIPHER_CTX_free(run);
		run = NULL;
	}
	return run;
}

static void cbc_put(struct efmt_prim_cbc *made, int way, EVP_CIPHER_CTX *run)
{
	pthread_mutex_lock(&made->lock);
	if (made->spares[way] < SPARES) {
		made->spare[way][made->spares[way]++] = run;
		run = NULL;
	}
	pthread_mutex_unlock(&made->lock);
	EVP_CIPHER_CTX_free(run);
}

int efmt_prim_cbc_run(const struct efmt_prim_cbc *cbc, bool encrypt,
		      const u8 iv[EFMT_PRIM_IV_BYTES], u8 *buf, size_t len)
{
	/*
	 * Callers see a const object; the spare contexts are protected by a
	 * lock.
	 */
	struct efmt_prim_cbc *made = (struct efmt_prim_cbc *)cbc;
	EVP_CIPHER_CTX *run = NULL;
	int err = -EINVAL;

	if (whole_blocks(made->type, len)) {
		run = cbc_take(made, encrypt);
		err = run ? 0 : -ENOMEM;
	}
	if (!err && EVP_CipherInit_ex2(run, NULL, NULL, iv, -1, NULL) != 1)
		err = -ENOMEM;
	if (!err)
		err = update(run, buf, len);
	if (err) {
		EVP_CIPHER_CTX_free(run);
		efmt_prim_wipe(buf, len);
		return err;
	}
	cbc_put(made, encrypt, run);
	return 0;
}

void efmt_prim_wipe(void *buf, size_t len)
{
	OPENSSL_cleanse(buf, len);
}
