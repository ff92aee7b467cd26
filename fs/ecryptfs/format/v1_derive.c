// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Derivations of format 1: the key and the signature of a passphrase, the root
 * IV of a FEK, and the IV of an extent.
 *
 * This is for format 1 only; add nothing here.
 */
#include "efmt.h"
#include "ondisk_v1.h"

/* The number of times that SHA-512 is applied in total. */
#define DERIVE_ROUNDS 65536

/* The number of decimal digits of an extent number that enter its IV. */
#define IV_DIGITS 15

static_assert(EFMT_V1_KEY_BYTES == EFMT_SHA512_BYTES, "key is a digest");
static_assert(EFMT_V1_IV_BYTES == EFMT_MD5_BYTES, "IV is a digest");

/* h1 = SHA-512(salt || passphrase), h(n+1) = SHA-512(h(n)); key = h65536 */
static int derive_key(const u8 *passphrase, size_t len, const u8 *salt,
		      u8 key_ret[EFMT_V1_KEY_BYTES])
{
	u8 first[EFMT_V1_SALT_BYTES + EFMT_V1_PASSPHRASE_MAX];
	int i;
	int err;

	memcpy(first, salt, EFMT_V1_SALT_BYTES);
	memcpy(first + EFMT_V1_SALT_BYTES, passphrase, len);
	err = efmt_prim_sha512(first, EFMT_V1_SALT_BYTES + len, key_ret);
	efmt_prim_wipe(first, sizeof(first));
	for (i = 1; !err && i < DERIVE_ROUNDS; i++)
		err = efmt_prim_sha512(key_ret, EFMT_V1_KEY_BYTES, key_ret);
	if (err)
		efmt_prim_wipe(key_ret, EFMT_V1_KEY_BYTES);
	return err;
}

int efmt_v1_key_from_passphrase(const u8 *passphrase, size_t len,
				const u8 salt[EFMT_V1_SALT_BYTES],
				u8 key_ret[EFMT_V1_KEY_BYTES],
				u8 sig_ret[EFMT_V1_SIG_BYTES])
{
	u8 key[EFMT_V1_KEY_BYTES];
	int err = -EINVAL;

	if (len >= 1 && len <= EFMT_V1_PASSPHRASE_MAX)
		err = derive_key(passphrase, len, salt, key);
	if (!err && sig_ret)
		err = efmt_v1_key_sig(key, sig_ret);
	if (key_ret && !err)
		memcpy(key_ret, key, sizeof(key));
	if (key_ret && err)
		efmt_prim_wipe(key_ret, EFMT_V1_KEY_BYTES);
	efmt_prim_wipe(key, sizeof(key));
	return err;
}

/* The first 8 bytes of SHA-512(key). */
int efmt_v1_key_sig(const u8 key[EFMT_V1_KEY_BYTES],
		    u8 sig_ret[EFMT_V1_SIG_BYTES])
{
	u8 digest[EFMT_SHA512_BYTES];
	int err;

	err = efmt_prim_sha512(key, EFMT_V1_KEY_BYTES, digest);
	if (!err)
		memcpy(sig_ret, digest, EFMT_V1_SIG_BYTES);
	efmt_prim_wipe(digest, sizeof(digest));
	return err;
}

/* MD5(FEK), over the FEK's own size: 24 bytes for AES-192. */
int efmt_v1_root_iv(const u8 *fek, size_t fek_bytes,
		    u8 iv_ret[EFMT_V1_IV_BYTES])
{
	int err;

	err = efmt_prim_md5(fek, fek_bytes, iv_ret);
	if (err)
		efmt_prim_wipe(iv_ret, EFMT_V1_IV_BYTES);
	return err;
}

/*
 * Writes @number in decimal, without leading zeros, and at most its first
 * IV_DIGITS digits.  (Extents from number 10^15 on, at 4 EiB, lose a digit, so
 * ten of them share an IV.  This is a property of format 1.)
 */
static void put_decimal(u64 number, u8 ret[IV_DIGITS])
{
	u8 digits[20]; /* of 2^64 - 1; last digit first */
	size_t count = 0;
	size_t i;
	u64 digit;

	do {
		number = efmt_div_u64(number, 10, &digit);
		digits[count++] = (u8)('0' + digit);
	} while (number);
	for (i = 0; i < count && i < IV_DIGITS; i++)
		ret[i] = digits[count - 1 - i];
}

/* MD5(root IV || decimal number, padded with zero bytes to 16) */
int efmt_v1_extent_iv(const u8 root_iv[EFMT_V1_IV_BYTES], u64 extent,
		      u8 iv_ret[EFMT_V1_IV_BYTES])
{
	u8 input[2 * EFMT_V1_IV_BYTES] = { 0 };
	int err;

	memcpy(input, root_iv, EFMT_V1_IV_BYTES);
	put_decimal(extent, input + EFMT_V1_IV_BYTES);
	err = efmt_prim_md5(input, sizeof(input), iv_ret);
	efmt_prim_wipe(input, sizeof(input));
	if (err)
		efmt_prim_wipe(iv_ret, EFMT_V1_IV_BYTES);
	return err;
}
