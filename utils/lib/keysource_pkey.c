// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Escrow: the public key of a person or organisation that can recover the
 * files, as an X.509 certificate or a bare key in PEM form.  The private key is
 * not needed on this machine until it is used.
 *
 * pkg-config: libcrypto
 *
 * RSA (at least 2048 bits): a random key is encrypted with OAEP and SHA-256.
 * X25519: the shared secret with an ephemeral key, through HKDF with both
 * public keys.  The random or the derived key seals the secret.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "keysource.h"
#include "lib_private.h"

#define RSA_BITS_MIN 2048
#define RSA_BYTES_MAX 2048
#define X25519_BYTES 32
#define FINGERPRINT_BYTES 16

static EVP_PKEY *public_load(const char *path)
{
	BIO *file = BIO_new_file(path, "r");
	X509 *certificate;
	EVP_PKEY *key = NULL;

	if (!file)
		return NULL;
	certificate = PEM_read_bio_X509(file, NULL, NULL, NULL);
	if (certificate)
		key = X509_get_pubkey(certificate);
	else if (!BIO_reset(file))
		key = PEM_read_bio_PUBKEY(file, NULL, NULL, NULL);
	X509_free(certificate);
	BIO_free(file);
	return key;
}

/* State of the question for the password of a private key. */
struct asked {
	const struct libecryptfs_keysource_params *params;
	int err;
};

static int password_ask(char *buf, int size, int writing, void *arg)
{
	struct asked *asked = arg;
	struct libecryptfs_secmem typed;
	size_t len;

	(void)writing;
	asked->err = asked->params->ask(asked->params,
					LIBECRYPTFS_ASK_KEY_PASSWORD, &typed,
					&len);
	if (asked->err)
		return -1;
	if (len > (size_t)size)
		len = 0;
	memcpy(buf, typed.sm_bytes, len);
	libecryptfs_secmem_destroy(&typed);
	return len ? (int)len : -1;
}

static int private_load(const struct libecryptfs_keysource_params *params,
			EVP_PKEY **ret)
{
	const char *path = libecryptfs_keysource_setting(params, "key");
	struct asked asked = { .params = params };
	BIO *file;

	if (!path)
		return -EINVAL;
	file = BIO_new_file(path, "r");
	if (!file)
		return -ENOENT;
	*ret = PEM_read_bio_PrivateKey(file, NULL, password_ask, &asked);
	BIO_free(file);
	return *ret ? 0 : asked.err ? asked.err : LIBECRYPTFS_NOT_MINE;
}

/*
 * Computes the start of a digest of the public key's DER form, from either half
 * of the key.
 */
static int fingerprint(EVP_PKEY *key, uint8_t ret[FINGERPRINT_BYTES])
{
	uint8_t digest[LIBECRYPTFS_SYM_KEY_BYTES];
	unsigned char *der = NULL;
	int len = i2d_PUBKEY(key, &der);
	int err;

	if (len < 0)
		return -ENOMEM;
	err = libecryptfs_sym_sha256(der, (size_t)len, digest);
	memcpy(ret, digest, FINGERPRINT_BYTES);
	OPENSSL_free(der);
	return err;
}

static bool oaep_set(EVP_PKEY_CTX *state)
{
	return EVP_PKEY_CTX_set_rsa_padding(state, RSA_PKCS1_OAEP_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_oaep_md(state, EVP_sha256()) == 1 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(state, EVP_sha256()) == 1;
}

static int rsa_wrap(EVP_PKEY *public, struct libecryptfs_secmem *key,
		    struct libecryptfs_blob *blob)
{
	EVP_PKEY_CTX *state = EVP_PKEY_CTX_new(public, NULL);
	uint8_t wrapped[RSA_BYTES_MAX];
	size_t len = sizeof(wrapped);
	int err;

	err = libecryptfs_sym_random(key->sm_bytes, key->sm_size);
	if (!err && (!state || EVP_PKEY_encrypt_init(state) != 1 ||
		     !oaep_set(state) ||
		     EVP_PKEY_encrypt(state, wrapped, &len, key->sm_bytes,
				      key->sm_size) != 1))
		err = -EINVAL;
	EVP_PKEY_CTX_free(state);
	if (!err)
		err = libecryptfs_blob_put_text(blob, "kind", "rsa-oaep-sha256");
	if (!err)
		err = libecryptfs_blob_put_bytes(blob, "wrapped", wrapped, len);
	return err;
}

static int rsa_unwrap(EVP_PKEY *private, struct libecryptfs_blob *blob,
		      struct libecryptfs_secmem *key_ret)
{
	EVP_PKEY_CTX *state;
	uint8_t wrapped[RSA_BYTES_MAX];
	struct libecryptfs_secmem plain;
	size_t len, plain_bytes = RSA_BYTES_MAX;
	int err;

	err = libecryptfs_blob_take_some(blob, "wrapped", wrapped,
					 sizeof(wrapped), &len);
	if (!err)
		err = libecryptfs_secmem_create(RSA_BYTES_MAX, &plain);
	if (err)
		return err;
	state = EVP_PKEY_CTX_new(private, NULL);
	if (!state || EVP_PKEY_decrypt_init(state) != 1 || !oaep_set(state) ||
	    EVP_PKEY_decrypt(state, plain.sm_bytes, &plain_bytes, wrapped,
			     len) != 1 ||
	    plain_bytes != key_ret->sm_size)
		err = LIBECRYPTFS_NOT_MINE;
	else
		memcpy(key_ret->sm_bytes, plain.sm_bytes, plain_bytes);
	EVP_PKEY_CTX_free(state);
	libecryptfs_secmem_destroy(&plain);
	return err;
}

/* The salt binds the key to both public keys. */
static int x25519_derive(EVP_PKEY *mine, EVP_PKEY *theirs,
			 const uint8_t salt[2 * X25519_BYTES],
			 struct libecryptfs_secmem *key_ret)
{
	EVP_PKEY_CTX *state = EVP_PKEY_CTX_new(mine, NULL);
	struct libecryptfs_secmem shared;
	size_t len = X25519_BYTES;
	int err;

	err = libecryptfs_secmem_create(X25519_BYTES, &shared);
	/* OpenSSL refuses a shared secret that is all zeroes. */
	if (!err && (!state || EVP_PKEY_derive_init(state) != 1 ||
		     EVP_PKEY_derive_set_peer(state, theirs) != 1 ||
		     EVP_PKEY_derive(state, shared.sm_bytes, &len) != 1))
		err = LIBECRYPTFS_NOT_MINE;
	if (!err)
		err = libecryptfs_sym_hkdf(&shared, salt, 2 * X25519_BYTES,
					   "ecryptfs escrow x25519",
					   key_ret->sm_bytes);
	EVP_PKEY_CTX_free(state);
	libecryptfs_secmem_destroy(&shared);
	return err;
}

static bool raw_public(EVP_PKEY *key, uint8_t *ret)
{
	size_t len = X25519_BYTES;

	return EVP_PKEY_get_raw_public_key(key, ret, &len) == 1 &&
	       len == X25519_BYTES;
}

static int x25519_wrap(EVP_PKEY *public, struct libecryptfs_secmem *key,
		       struct libecryptfs_blob *blob)
{
	EVP_PKEY *once = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
	uint8_t salt[2 * X25519_BYTES];
	int err = -ENOMEM;

	if (once && raw_public(once, salt) &&
	    raw_public(public, salt + X25519_BYTES))
		err = x25519_derive(once, public, salt, key);
	EVP_PKEY_free(once);
	if (!err)
		err = libecryptfs_blob_put_text(blob, "kind", "x25519");
	if (!err)
		err = libecryptfs_blob_put_bytes(blob, "ephemeral", salt,
						 X25519_BYTES);
	return err;
}

static int x25519_unwrap(EVP_PKEY *private, struct libecryptfs_blob *blob,
			 struct libecryptfs_secmem *key_ret)
{
	uint8_t salt[2 * X25519_BYTES];
	EVP_PKEY *once;
	int err;

	err = libecryptfs_blob_take_bytes(blob, "ephemeral", salt, X25519_BYTES);
	if (err)
		return err;
	once = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, salt,
					   X25519_BYTES);
	if (!once || !raw_public(private, salt + X25519_BYTES))
		err = LIBECRYPTFS_NOT_MINE;
	else
		err = x25519_derive(private, once, salt, key_ret);
	EVP_PKEY_free(once);
	return err;
}

static int key_wrap(EVP_PKEY *public, struct libecryptfs_secmem *key,
		    struct libecryptfs_blob *blob)
{
	uint8_t print[FINGERPRINT_BYTES];
	int err = fingerprint(public, print);

	if (!err)
		err = libecryptfs_blob_put_bytes(blob, "public_key", print,
						 sizeof(print));
	if (err)
		return err;
	if (EVP_PKEY_is_a(public, "RSA"))
		return EVP_PKEY_get_bits(public) < RSA_BITS_MIN ||
				       EVP_PKEY_get_size(public) > RSA_BYTES_MAX ?
			       -EINVAL :
			       rsa_wrap(public, key, blob);
	return EVP_PKEY_is_a(public, "X25519") ? x25519_wrap(public, key, blob) :
						 -EINVAL;
}

static int pkey_wrap(const struct libecryptfs_keysource_params *params,
		     const struct libecryptfs_secmem *secret,
		     struct libecryptfs_blob *blob_ret)
{
	const char *path = libecryptfs_keysource_setting(params, "file");
	EVP_PKEY *public;
	struct libecryptfs_secmem key;
	int err;

	if (!path || access(path, R_OK)) {
		libecryptfs_blob_explain(blob_ret, NULL, "file=%s: %s",
					 path ? path : "",
					 path ? strerror(errno) :
						"a certificate or public key is needed");
		return -EINVAL;
	}
	public = public_load(path);
	if (!public) {
		libecryptfs_blob_explain(blob_ret, "openssl pkey -pubout, if it is a private key",
					 "file=%s: neither a certificate nor a public key in PEM",
					 path);
		return -EINVAL;
	}
	err = libecryptfs_secmem_create(LIBECRYPTFS_SYM_KEY_BYTES, &key);
	if (!err)
		err = key_wrap(public, &key, blob_ret);
	if (err == -EINVAL)
		libecryptfs_blob_explain(blob_ret, NULL,
					 "file=%s: neither an RSA key of at least 2048 bits nor an X25519 key",
					 path);
	if (!err)
		err = libecryptfs_blob_seal(params, &key, secret, blob_ret);
	libecryptfs_secmem_destroy(&key);
	EVP_PKEY_free(public);
	return err;
}

static int key_unwrap(EVP_PKEY *private, struct libecryptfs_blob *blob,
		      struct libecryptfs_secmem *key_ret)
{
	uint8_t wanted[FINGERPRINT_BYTES], print[FINGERPRINT_BYTES];
	const char *kind;
	int err;

	err = libecryptfs_blob_take_bytes(blob, "public_key", wanted,
					  sizeof(wanted));
	if (!err)
		err = fingerprint(private, print);
	if (!err && memcmp(wanted, print, sizeof(print)))
		err = LIBECRYPTFS_NOT_MINE;
	if (!err)
		err = libecryptfs_blob_take_text(blob, "kind", &kind);
	if (err)
		return err;
	if (!strcmp(kind, "rsa-oaep-sha256"))
		return rsa_unwrap(private, blob, key_ret);
	return strcmp(kind, "x25519") ? -EUCLEAN :
					x25519_unwrap(private, blob, key_ret);
}

static int pkey_unwrap(const struct libecryptfs_keysource_params *params,
		       struct libecryptfs_blob *blob,
		       struct libecryptfs_secmem *secret_ret)
{
	struct libecryptfs_secmem key;
	EVP_PKEY *private = NULL;
	int err;

	err = libecryptfs_secmem_create(LIBECRYPTFS_SYM_KEY_BYTES, &key);
	if (!err)
		err = private_load(params, &private);
	if (!err)
		err = key_unwrap(private, blob, &key);
	if (!err)
		err = libecryptfs_blob_open(params, &key, blob, secret_ret);
	EVP_PKEY_free(private);
	libecryptfs_secmem_destroy(&key);
	return err;
}

static void pkey_describe(struct libecryptfs_blob *blob, FILE *to)
{
	const char *kind = "?", *print = "?";

	libecryptfs_blob_take_text(blob, "kind", &kind);
	libecryptfs_blob_take_text(blob, "public_key", &print);
	fprintf(to, "%s, public key %s", kind, print);
}

static const char *const facts[] = { "kind", "public_key", NULL };

static const struct libecryptfs_keysource_setting settings[] = {
	{ "file", "certificate or public key, RSA or X25519, in PEM (to add)" },
	{ "key", "private key in PEM (to unlock)" },
	{ NULL, NULL },
};

static struct libecryptfs_keysource source = {
	.name = "pkey",
	.summary = "escrow: the public key of somebody who can recover the files",
	.rank = 80,
	.by_hand = true,
	.settings = settings,
	.wrap = pkey_wrap,
	.unwrap = pkey_unwrap,
	.describe = pkey_describe,
	.facts = facts,
};
LIBECRYPTFS_KEYSOURCE(source)
