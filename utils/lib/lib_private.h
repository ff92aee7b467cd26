/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that the files of the library share with each other and with its
 * unit tests.
 */
#ifndef LIBECRYPTFS_PRIVATE_H
#define LIBECRYPTFS_PRIVATE_H

#include "libecryptfs.h"

/* salt.c: reads the salt from @path, like libecryptfs_salt_load(). */
int libecryptfs_salt_from_file(const char *path,
			       uint8_t salt_ret[LIBECRYPTFS_SALT_BYTES],
			       enum libecryptfs_salt_source *source_ret);

/* hex.c */

/* Writes 2 * @len digits and a NUL. */
void libecryptfs_hex_from_bytes(const void *bytes, size_t len, char *text_ret);
/* Reads @len bytes from 2 * @len lower-case digits.  Fails with -EINVAL. */
int libecryptfs_hex_to_bytes(const char *text, size_t len, void *ret);

/* sym_openssl.c */

#define LIBECRYPTFS_SYM_KEY_BYTES 32 /* size of keys, digests and MACs */
#define LIBECRYPTFS_SYM_NONCE_BYTES 12
#define LIBECRYPTFS_SYM_TAG_BYTES 16

/* The parameters that sealing and opening have in common. */
struct libecryptfs_sym_box {
	const uint8_t *key; /* LIBECRYPTFS_SYM_KEY_BYTES, used once */
	const uint8_t *nonce; /* LIBECRYPTFS_SYM_NONCE_BYTES */
	const void *aad;
	size_t aad_bytes;
};

int libecryptfs_sym_random(void *ret, size_t len);
int libecryptfs_sym_sha256(const void *text, size_t len,
			   uint8_t ret[LIBECRYPTFS_SYM_KEY_BYTES]);
int libecryptfs_sym_hmac(const uint8_t key[LIBECRYPTFS_SYM_KEY_BYTES],
			 const void *text, size_t len,
			 uint8_t ret[LIBECRYPTFS_SYM_KEY_BYTES]);
/* HKDF-SHA256.  @use is the info, which separates keys for different uses. */
int libecryptfs_sym_hkdf(const struct libecryptfs_secmem *key,
			 const void *salt, size_t salt_len, const char *use,
			 uint8_t ret[LIBECRYPTFS_SYM_KEY_BYTES]);
/* Encrypts @len bytes with AES-256-GCM and appends the tag. */
int libecryptfs_sym_seal(const struct libecryptfs_sym_box *box,
			 const uint8_t *plain, size_t len, uint8_t *sealed_ret);
/* Fails with -EBADMSG if the key is wrong or the data were changed. */
int libecryptfs_sym_open(const struct libecryptfs_sym_box *box,
			 const uint8_t *sealed, size_t len, uint8_t *plain_ret);

/* spoken.c: bytes as groups of characters that can be read aloud and typed. */

/* Returns the number of characters for @len bytes, with hyphens and NUL. */
size_t libecryptfs_spoken_size(size_t len);
int libecryptfs_spoken_from_bytes(const uint8_t *bytes, size_t len,
				  char *text_ret);
/*
 * Reads @len bytes from the @text_len characters of @text.  Fails with -EBADMSG
 * if *group_ret, counted from 1, is the first group with an error; -EMSGSIZE if
 * there are too many or too few groups; and -EINVAL if group *group_ret has a
 * character that is not in the alphabet.
 */
int libecryptfs_spoken_to_bytes(const char *text, size_t text_len, size_t len,
				uint8_t *ret, unsigned int *group_ret);

#endif /* LIBECRYPTFS_PRIVATE_H */
