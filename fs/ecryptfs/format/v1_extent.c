// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Content of format 1 in memory: each extent is encrypted with CBC, with an IV
 * derived from the FEK and the extent's number.  The module has crypt_v1.c,
 * which does the same with pages.  The same vectors check both.
 *
 * This is for format 1 only; add nothing here.
 */
#include "efmt.h"

int efmt_v1_content_create(enum efmt_cipher cipher, const u8 *fek,
			   size_t fek_bytes, struct efmt_v1_content *ret)
{
	int err;

	memset(ret, 0, sizeof(*ret));
	if (!efmt_v1_cipher_key_valid(cipher, fek_bytes))
		return -EINVAL;
	err = efmt_v1_root_iv(fek, fek_bytes, ret->root_iv);
	if (!err)
		err = efmt_prim_cbc_create(cipher, fek, fek_bytes, &ret->cbc);
	if (err)
		efmt_prim_wipe(ret, sizeof(*ret));
	return err;
}

void efmt_v1_content_destroy(struct efmt_v1_content *content)
{
	efmt_prim_cbc_destroy(content->cbc);
	efmt_prim_wipe(content, sizeof(*content));
}

static int run_extent(const struct efmt_v1_content *content, bool encrypt,
		      u64 extent, u8 *buf, size_t len)
{
	u8 iv[EFMT_V1_IV_BYTES];
	int err;

	err = efmt_v1_extent_iv(content->root_iv, extent, iv);
	if (err)
		efmt_prim_wipe(buf, len);
	else
		err = efmt_prim_cbc_run(content->cbc, encrypt, iv, buf, len);
	efmt_prim_wipe(iv, sizeof(iv));
	return err;
}

int efmt_v1_extent_seal(const struct efmt_v1_content *content, u64 extent,
			u8 buf[EFMT_V1_EXTENT_BYTES])
{
	return run_extent(content, true, extent, buf, EFMT_V1_EXTENT_BYTES);
}

/*
 * An extent of zeros never reached the disk (it is a hole, or a block that was
 * unwritten after a crash).  The probability that a key encrypts something to
 * 4096 zero bytes is 2^-32768.
 */
int efmt_v1_extent_open(const struct efmt_v1_content *content, u64 extent,
			u8 *buf, size_t len)
{
	const struct efmt_span all = { .at = buf, .left = len };

	if (!len || len > EFMT_V1_EXTENT_BYTES)
		return -EINVAL;
	if (efmt_span_zero(&all))
		return 0;
	return run_extent(content, false, extent, buf, len);
}
