// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Vaults: any bytes give a vault, or a documented error with words that say what is
 * wrong; and of a vault each slot can be looked at, and is damaged or not.  What
 * was read is what is written: a vault has one form.
 *
 * The digests are faked here, all zeroes: the fuzzer could not guess a check, and
 * would never see what lies behind it.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib_private.h"
#include "vault.h"

#include "claim.h"

int libecryptfs_sym_random(void *ret, size_t len)
{
	memset(ret, 0, len);
	return 0;
}

int libecryptfs_sym_sha256(const void *text, size_t len,
			   uint8_t ret[LIBECRYPTFS_SYM_KEY_BYTES])
{
	CLAIM(text || !len);
	memset(ret, 0, LIBECRYPTFS_SYM_KEY_BYTES);
	return 0;
}

int libecryptfs_sym_hmac(const uint8_t key[LIBECRYPTFS_SYM_KEY_BYTES],
			 const void *text, size_t len,
			 uint8_t ret[LIBECRYPTFS_SYM_KEY_BYTES])
{
	CLAIM(key);
	return libecryptfs_sym_sha256(text, len, ret);
}

int libecryptfs_sym_hkdf(const struct libecryptfs_secmem *key, const void *salt,
			 size_t salt_len, const char *use,
			 uint8_t ret[LIBECRYPTFS_SYM_KEY_BYTES])
{
	CLAIM(key && use);
	return libecryptfs_sym_sha256(salt, salt_len, ret);
}

/* A slot without damage has all that the commands take for granted. */
static void slot_look(struct libecryptfs_vault *vault, unsigned int index)
{
	struct libecryptfs_vault_slot slot;

	CLAIM(!libecryptfs_vault_slot_find(vault, index, &slot));
	CLAIM(strlen(slot.damage) < sizeof(slot.damage));
	CLAIM(strlen(slot.label) <= LIBECRYPTFS_VAULT_LABEL_MAX);
	CLAIM(slot.blob.bb_count <= LIBECRYPTFS_BLOB_FIELDS);
	libecryptfs_vault_slot_destroy(&slot);
}

static void vault_look(struct libecryptfs_vault *vault)
{
	struct libecryptfs_vault_settings settings;
	uint8_t id[LIBECRYPTFS_VAULT_ID_BYTES];
	uint8_t bytes[64] = { 0 };
	struct libecryptfs_secmem key = { bytes, sizeof(bytes) };
	char why[LIBECRYPTFS_VAULT_WHY] = "";
	unsigned int i;
	int err;

	libecryptfs_vault_id(vault, id);
	libecryptfs_vault_settings(vault, &settings);
	CLAIM(strlen(settings.sig) == LIBECRYPTFS_SIG_CHARS - 1);
	CLAIM(settings.key_bytes >= 1 && settings.key_bytes <= 64);
	CLAIM(libecryptfs_vault_slots(vault) <= LIBECRYPTFS_VAULT_SLOTS);
	for (i = 0; i < libecryptfs_vault_slots(vault); i++)
		slot_look(vault, i);
	err = libecryptfs_vault_verify(vault, &key, why);
	CLAIM(!err || (err == -EBADMSG && *why));
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct libecryptfs_vault *vault = NULL;
	char why[LIBECRYPTFS_VAULT_WHY];
	char path[64];
	int fd = memfd_create("vault", 0);
	int err;

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	err = libecryptfs_vault_load(path, NULL, why, &vault);
	close(fd);
	CLAIM(!err == !!vault);
	CLAIM(!err || err == -EUCLEAN || err == -EOPNOTSUPP);
	CLAIM(!err || (*why && strlen(why) < sizeof(why)));
	if (vault)
		vault_look(vault);
	libecryptfs_vault_destroy(vault);
	return 0;
}
