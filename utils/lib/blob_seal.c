// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The common end of sources that have a key of their own: the secret is sealed
 * with this key into a blob, bound to the context.
 */
#include <errno.h>
#include <string.h>

#include "keysource.h"
#include "lib_private.h"

#define SEALED_MAX (LIBECRYPTFS_SECRET_MAX + LIBECRYPTFS_SYM_TAG_BYTES)

int libecryptfs_blob_seal(const struct libecryptfs_keysource_params *params,
			  const struct libecryptfs_secmem *key,
			  const struct libecryptfs_secmem *secret,
			  struct libecryptfs_blob *blob)
{
	uint8_t nonce[LIBECRYPTFS_SYM_NONCE_BYTES];
	uint8_t sealed[SEALED_MAX];
	struct libecryptfs_sym_box box = {
		.key = key->sm_bytes,
		.nonce = nonce,
		.aad = params->context,
		.aad_bytes = params->context_bytes,
	};
	int err;

	if (secret->sm_size > LIBECRYPTFS_SECRET_MAX)
		return -EMSGSIZE;
	err = libecryptfs_sym_random(nonce, sizeof(nonce));
	if (!err)
		err = libecryptfs_sym_seal(&box, secret->sm_bytes,
					   secret->sm_size, sealed);
	if (!err)
		err = libecryptfs_blob_put_bytes(blob, "nonce", nonce,
						 sizeof(nonce));
	if (!err)
		err = libecryptfs_blob_put_bytes(blob, "sealed", sealed,
						 secret->sm_size +
						 LIBECRYPTFS_SYM_TAG_BYTES);
	return err;
}

int libecryptfs_blob_open(const struct libecryptfs_keysource_params *params,
			  const struct libecryptfs_secmem *key,
			  struct libecryptfs_blob *blob,
			  struct libecryptfs_secmem *secret_ret)
{
	uint8_t nonce[LIBECRYPTFS_SYM_NONCE_BYTES];
	uint8_t sealed[SEALED_MAX];
	struct libecryptfs_sym_box box = {
		.key = key->sm_bytes,
		.nonce = nonce,
		.aad = params->context,
		.aad_bytes = params->context_bytes,
	};
	size_t len;
	int err;

	err = libecryptfs_blob_take_bytes(blob, "nonce", nonce, sizeof(nonce));
	if (!err)
		err = libecryptfs_blob_take_some(blob, "sealed", sealed,
						 sizeof(sealed), &len);
	if (!err && len <= LIBECRYPTFS_SYM_TAG_BYTES)
		err = -EUCLEAN;
	if (err)
		return err;
	err = libecryptfs_secmem_create(len - LIBECRYPTFS_SYM_TAG_BYTES,
					secret_ret);
	if (err)
		return err;
	err = libecryptfs_sym_open(&box, sealed, secret_ret->sm_size,
				   secret_ret->sm_bytes);
	if (err)
		libecryptfs_secmem_destroy(secret_ret);
	return err == -EBADMSG ? LIBECRYPTFS_NOT_MINE : err;
}
