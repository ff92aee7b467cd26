// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The symmetric primitives of vaults and key sources, implemented with OpenSSL
 * 3: random bytes, SHA-256, HMAC, HKDF and AES-256-GCM.  A failed operation
 * leaves zeroes.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include "lib_private.h"

int libecryptfs_sym_random(void *ret, size_t len)
{
	if (len > INT_MAX || RAND_priv_bytes(ret, (int)len) != 1) {
		memset(ret, 0, len);
		return -EIO;
	}
	return 0;
}

int libecryptfs_sym_sha256(const void *text, size_t len,
			   uint8_t ret[LIBECRYPTFS_SYM_KEY_BYTES])
{
	if (EVP_Digest(text, len, ret, NULL, EVP_sha256(), NULL) != 1) {
		memset(ret, 0, LIBECRYPTFS_SYM_KEY_BYTES);
		return -ENOMEM;
	}
	return 0;
}

int libecryptfs_sym_hmac(const uint8_t key[LIBECRYPTFS_SYM_KEY_BYTES],
			 const void *text, size_t len,
			 uint8_t ret[LIBECRYPTFS_SYM_KEY_BYTES])
{
	if (!HMAC(EVP_sha256(), key, LIBECRYPTFS_SYM_KEY_BYTES, text, len, ret,
		  NULL)) {
		memset(ret, 0, LIBECRYPTFS_SYM_KEY_BYTES);
		return -ENOMEM;
	}
	return 0;
}

int libecryptfs_sym_hkdf(const struct libecryptfs_secmem *key,
			 const void *salt, size_t salt_len, const char *use,
			 uint8_t ret[LIBECRYPTFS_SYM_KEY_BYTES])
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
						 (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
						  key->sm_bytes, key->sm_size),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT,
						  (void *)salt, salt_len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
						  (void *)use, strlen(use)),
		OSSL_PARAM_construct_end(),
	};
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *state = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	int err = 0;

	if (!state ||
	    EVP_KDF_derive(state, ret, LIBECRYPTFS_SYM_KEY_BYTES, params) != 1) {
		memset(ret, 0, LIBECRYPTFS_SYM_KEY_BYTES);
		err = -ENOMEM;
	}
	EVP_KDF_CTX_free(state);
	EVP_KDF_free(kdf);
	return err;
}

static bool encrypt(EVP_CIPHER_CTX *state, const struct libecryptfs_sym_box *box,
		    const uint8_t *plain, size_t len, uint8_t *sealed_ret)
{
	int n;

	return EVP_EncryptInit_ex2(state, EVP_aes_256_gcm(), box->key,
				   box->nonce, NULL) == 1 &&
	       EVP_EncryptUpdate(state, NULL, &n, box->aad,
				 (int)box->aad_bytes) == 1 &&
	       EVP_EncryptUpdate(state, sealed_ret, &n, plain, (int)len) == 1 &&
	       EVP_EncryptFinal_ex(state, sealed_ret + n, &n) == 1 &&
	       EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_AEAD_GET_TAG,
				   LIBECRYPTFS_SYM_TAG_BYTES,
				   sealed_ret + len) == 1;
}

int libecryptfs_sym_seal(const struct libecryptfs_sym_box *box,
			 const uint8_t *plain, size_t len, uint8_t *sealed_ret)
{
	EVP_CIPHER_CTX *state = EVP_CIPHER_CTX_new();
	int err = 0;

	if (!state || len > INT_MAX || box->aad_bytes > INT_MAX ||
	    !encrypt(state, box, plain, len, sealed_ret)) {
		memset(sealed_ret, 0, len + LIBECRYPTFS_SYM_TAG_BYTES);
		err = -ENOMEM;
	}
	EVP_CIPHER_CTX_free(state);
	return err;
}

static bool decrypt(EVP_CIPHER_CTX *state, const struct libecryptfs_sym_box *box,
		    const uint8_t *sealed, size_t len, uint8_t *plain_ret)
{
	int n;

	return EVP_DecryptInit_ex2(state, EVP_aes_256_gcm(), box->key,
				   box->nonce, NULL) == 1 &&
	       EVP_DecryptUpdate(state, NULL, &n, box->aad,
				 (int)box->aad_bytes) == 1 &&
	       EVP_DecryptUpdate(state, plain_ret, &n, sealed, (int)len) == 1 &&
	       EVP_CIPHER_CTX_ctrl(state, EVP_CTRL_AEAD_SET_TAG,
				   LIBECRYPTFS_SYM_TAG_BYTES,
				   (void *)(sealed + len)) == 1 &&
	       EVP_DecryptFinal_ex(state, plain_ret + n, &n) == 1;
}

int libecryptfs_sym_open(const struct libecryptfs_sym_box *box,
			 const uint8_t *sealed, size_t len, uint8_t *plain_ret)
{
	EVP_CIPHER_CTX *state = EVP_CIPHER_CTX_new();
	int err = 0;

	if (!state || len > INT_MAX || box->aad_bytes > INT_MAX) {
		err = -ENOMEM;
	} else if (!decrypt(state, box, sealed, len, plain_ret)) {
		explicit_bzero(plain_ret, len);
		err = -EBADMSG;
	}
	EVP_CIPHER_CTX_free(state);
	return err;
}
