// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Recovery keys: 256 random bits that are shown once, to be written down.
 *
 * pkg-config: libcrypto
 *
 * They need no stretching, because 256 bits cannot be guessed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "keysource.h"
#include "lib_private.h"

#define RECOVERY_BYTES 32
#define SALT_BYTES 16

static int show(const struct libecryptfs_keysource_params *params,
		const struct libecryptfs_secmem *recovery)
{
	struct libecryptfs_secmem text;
	int err;

	err = libecryptfs_secmem_create(libecryptfs_spoken_size(RECOVERY_BYTES),
					&text);
	if (err)
		return err;
	err = libecryptfs_spoken_from_bytes(recovery->sm_bytes, RECOVERY_BYTES,
					    (char *)text.sm_bytes);
	if (!err)
		err = params->show(params, "Recovery key, shown only once; write it down and keep it elsewhere",
				   &text);
	libecryptfs_secmem_destroy(&text);
	return err;
}

/* Derives the key of the slot from the recovery key. */
static int key_from(const struct libecryptfs_secmem *recovery,
		    const uint8_t salt[SALT_BYTES],
		    struct libecryptfs_secmem *key_ret)
{
	int err = libecryptfs_secmem_create(LIBECRYPTFS_SYM_KEY_BYTES, key_ret);

	if (err)
		return err;
	err = libecryptfs_sym_hkdf(recovery, salt, SALT_BYTES,
				   "ecryptfs recovery key", key_ret->sm_bytes);
	if (err)
		libecryptfs_secmem_destroy(key_ret);
	return err;
}

static int recovery_wrap(const struct libecryptfs_keysource_params *params,
			 const struct libecryptfs_secmem *secret,
			 struct libecryptfs_blob *blob_ret)
{
	struct libecryptfs_secmem recovery, key = { 0 };
	uint8_t salt[SALT_BYTES];
	int err;

	err = libecryptfs_secmem_create(RECOVERY_BYTES, &recovery);
	if (err)
		return err;
	err = libecryptfs_sym_random(recovery.sm_bytes, RECOVERY_BYTES);
	if (!err)
		err = libecryptfs_sym_random(salt, sizeof(salt));
	if (!err)
		err = key_from(&recovery, salt, &key);
	if (!err)
		err = libecryptfs_blob_put_bytes(blob_ret, "salt", salt,
						 sizeof(salt));
	if (!err)
		err = libecryptfs_blob_seal(params, &key, secret, blob_ret);
	if (!err)
		err = show(params, &recovery);
	libecryptfs_secmem_destroy(&key);
	libecryptfs_secmem_destroy(&recovery);
	return err;
}

/*
 * Asks for a recovery key.  Fails with -EBADMSG or -EINVAL if group *group_ret
 * has a typing error.
 */
static int recovery_ask(const struct libecryptfs_keysource_params *params,
			struct libecryptfs_secmem *ret,
			unsigned int *group_ret)
{
	struct libecryptfs_secmem typed;
	size_t len;
	int err;

	err = params->ask(params, LIBECRYPTFS_ASK_RECOVERY, &typed, &len);
	if (err)
		return err;
	err = libecryptfs_secmem_create(RECOVERY_BYTES, ret);
	if (!err)
		err = libecryptfs_spoken_to_bytes((char *)typed.sm_bytes, len,
						  RECOVERY_BYTES, ret->sm_bytes,
						  group_ret);
	libecryptfs_secmem_destroy(&typed);
	if (err)
		libecryptfs_secmem_destroy(ret);
	return err == -EINVAL ? -EBADMSG : err;
}

static int recovery_unwrap(const struct libecryptfs_keysource_params *params,
			   struct libecryptfs_blob *blob,
			   struct libecryptfs_secmem *secret_ret)
{
	struct libecryptfs_secmem recovery, key;
	uint8_t salt[SALT_BYTES];
	int err;

	err = libecryptfs_blob_take_bytes(blob, "salt", salt, sizeof(salt));
	if (!err)
		err = recovery_ask(params, &recovery, &blob->bb_group);
	if (err)
		return err;
	err = key_from(&recovery, salt, &key);
	libecryptfs_secmem_destroy(&recovery);
	if (err)
		return err;
	err = libecryptfs_blob_open(params, &key, blob, secret_ret);
	libecryptfs_secmem_destroy(&key);
	return err;
}

static void recovery_describe(struct libecryptfs_blob *blob, FILE *to)
{
	(void)blob;
	fprintf(to, "256 bits, written down");
}

static const char *const facts[] = { NULL };

static const struct libecryptfs_keysource_setting settings[] = {
	{ NULL, NULL },
};

static struct libecryptfs_keysource source = {
	.name = "recovery",
	.summary = "a recovery key, shown once, to be written down",
	.rank = 90,
	.is_secret = true,
	.by_hand = true,
	.settings = settings,
	.wrap = recovery_wrap,
	.unwrap = recovery_unwrap,
	.describe = recovery_describe,
	.facts = facts,
};
LIBECRYPTFS_KEYSOURCE(source)
