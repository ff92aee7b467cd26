// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Authentication tokens of format 1 for passphrases.  Add nothing here: the
 * payload is frozen (uapi/linux/ecryptfs_v1.h), and fields that are 0 must stay
 * 0.
 */
#include <errno.h>
#include <string.h>
#include <uapi/linux/ecryptfs_v1.h>

#include "format/efmt.h"
#include "libecryptfs.h"

static_assert(LIBECRYPTFS_PASSPHRASE_MAX == EFMT_V1_PASSPHRASE_MAX,
	      "passphrase");
static_assert(LIBECRYPTFS_SALT_BYTES == EFMT_V1_SALT_BYTES, "salt");
static_assert(LIBECRYPTFS_SIG_CHARS == EFMT_V1_SIG_HEX + 1, "signature");
static_assert(ECRYPTFS_V1_TOKEN_KEY_BYTES == EFMT_V1_KEY_BYTES, "key");

int libecryptfs_token_v1_create(const uint8_t *passphrase, size_t len,
				const uint8_t salt[LIBECRYPTFS_SALT_BYTES],
				struct libecryptfs_secmem *token_ret,
				char sig_ret[LIBECRYPTFS_SIG_CHARS])
{
	struct ecryptfs_v1_auth_tok *token;
	uint8_t sig[EFMT_V1_SIG_BYTES];
	int err;

	err = libecryptfs_secmem_create(sizeof(*token), token_ret);
	if (err)
		return err;
	/* The struct is packed, so any address from secmem is aligned. */
	token = (struct ecryptfs_v1_auth_tok *)token_ret->sm_bytes;
	err = efmt_v1_key_from_passphrase(passphrase, len, salt,
					  token->password.key, sig);
	if (err) {
		libecryptfs_secmem_destroy(token_ret);
		return err;
	}
	efmt_v1_sig_to_hex(sig, sig_ret);
	token->version = ECRYPTFS_V1_AUTH_TOK_VERSION;
	token->token_type = ECRYPTFS_V1_TOKEN_PASSWORD;
	token->password.hash_algo = ECRYPTFS_V1_HASH_SHA512;
	token->password.key_bytes = EFMT_V1_KEY_BYTES;
	token->password.flags = ECRYPTFS_V1_PASSWORD_KEY_SET;
	memcpy(token->password.signature, sig_ret, LIBECRYPTFS_SIG_CHARS);
	memcpy(token->password.salt, salt, LIBECRYPTFS_SALT_BYTES);
	return 0;
}

int libecryptfs_token_v1_put(const uint8_t *passphrase, size_t len,
			     const uint8_t salt[LIBECRYPTFS_SALT_BYTES],
			     char sig_ret[LIBECRYPTFS_SIG_CHARS])
{
	struct libecryptfs_secmem token;
	bool present;
	int err;

	err = libecryptfs_token_v1_create(passphrase, len, salt, &token,
					  sig_ret);
	if (err)
		return err;
	err = libecryptfs_keyring_put(sig_ret, token.sm_bytes, token.sm_size,
				      &present);
	libecryptfs_secmem_destroy(&token);
	return err;
}

int libecryptfs_token_v1_key(const struct libecryptfs_secmem *token,
			     struct libecryptfs_secmem *key_ret)
{
	struct ecryptfs_v1_auth_tok *tok =
		(struct ecryptfs_v1_auth_tok *)token->sm_bytes;

	if (token->sm_size != sizeof(*tok) ||
	    tok->version != ECRYPTFS_V1_AUTH_TOK_VERSION ||
	    tok->token_type != ECRYPTFS_V1_TOKEN_PASSWORD)
		return -EINVAL;
	key_ret->sm_bytes = tok->password.key;
	key_ret->sm_size = sizeof(tok->password.key);
	return 0;
}
