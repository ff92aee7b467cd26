/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whole lower files in memory, made and read with the core.
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

/* A lower file, to be freed; NULL on failure. */
u8 *lower_encrypt(const struct lower_options *options, const u8 *plain,
		  size_t size, size_t *lower_bytes_ret);

/*
 * The plaintext of a lower file for @key, to be freed.  -ENODATA: no header;
 * -EUCLEAN: a bad one, or no packets; -EOPNOTSUPP: no passphrase's; -ENOKEY: no
 * packet for @key; -EIO: the file is shorter than its size says.
 */
int lower_decrypt(const u8 *lower, size_t lower_bytes,
		  const u8 key[EFMT_V1_KEY_BYTES], u8 **plain_ret,
		  size_t *size_ret);

#endif /* LOWER_H */
