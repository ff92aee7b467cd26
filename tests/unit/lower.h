/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes and reads whole lower files in memory, with the core.
 */
#ifndef LOWER_H
#define LOWER_H

#include "format/efmt.h"

struct lower_options {
	u8 key[EFMT_V1_KEY_BYTES];
	enum efmt_cipher cipher;
	u8 fek[EFMT_V1_FEK_MAX];
	size_t fek_bytes;
	u32 marker;
};

/* Makes a lower file, which the caller frees.  Returns NULL on failure. */
u8 *lower_encrypt(const struct lower_options *options, const u8 *plain,
		  size_t size, size_t *lower_bytes_ret);

/*
 * Decrypts a lower file with @key into memory that the caller frees.  Fails
 * with -ENODATA if there is no header, -EUCLEAN if the header is bad or has no
 * packets, -EOPNOTSUPP if it has no passphrase packet, -ENOKEY if there is no
 * packet for @key, and -EIO if the file is shorter than its size says.
 */
int lower_decrypt(const u8 *lower, size_t lower_bytes,
		  const u8 key[EFMT_V1_KEY_BYTES], u8 **plain_ret,
		  size_t *size_ret);

#endif /* LOWER_H */
