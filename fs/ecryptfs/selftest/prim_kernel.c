// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Known answers for the primitives: RFC 1321, FIPS 180-4, FIPS 197.  Included
 * at the end of prim_kernel.c in debug builds.
 */

static bool __init prim_check(const char *what, const void *got,
			      const void *want, size_t len, int err)
{
	if (!err && !memcmp(got, want, len))
		return true;
	pr_err("ecryptfs: selftest %s: FAIL (error %d)\n", what, err);
	return false;
}

/* True if every primitive gives the published answer. */
bool __init ecryptfs_prim_selftest(void)
{
	static const u8 md5_abc[] = { 0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2,
				      0x4f, 0xb0, 0xd6, 0x96, 0x3f, 0x7d,
				      0x28, 0xe1, 0x7f, 0x72 };
	/* The first bytes of SHA-512("abc"). */
	static const u8 sha512_abc[] = { 0xdd, 0xaf, 0x35, 0xa1, 0x93, 0x61,
					 0x7a, 0xba, 0xcc, 0x41, 0x73, 0x49,
					 0xae, 0x20, 0x41, 0x31 };
	/* FIPS 197, appendix C.1: key 00..0f, plaintext 0011..ff. */
	static const u8 aes_cipher[] = { 0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b,
					 0x04, 0x30, 0xd8, 0xcd, 0xb7, 0x80,
					 0x70, 0xb4, 0xc5, 0x5a };
	u8 digest[EFMT_SHA512_BYTES];
	u8 key[16], buf[16], plain[16];
	bool good = true;
	unsigned int i;
	int err;

	for (i = 0; i < 16; i++) {
		key[i] = i;
		plain[i] = i * 0x11;
	}
	err = efmt_prim_md5("abc", 3, digest);
	good &= prim_check("md5", digest, md5_abc, sizeof(md5_abc), err);
	err = efmt_prim_sha512("abc", 3, digest);
	good &= prim_check("sha512", digest, sha512_abc, sizeof(sha512_abc),
			   err);
	memcpy(buf, plain, sizeof(buf));
	err = efmt_prim_ecb_encrypt(EFMT_CIPHER_AES, key, 16, buf, 16);
	good &= prim_check("ecb-encrypt", buf, aes_cipher, 16, err);
	err = efmt_prim_ecb_decrypt(EFMT_CIPHER_AES, key, 16, buf, 16);
	good &= prim_check("ecb-decrypt", buf, plain, 16, err);
	/* A key size that AES does not have, and a wiped buffer. */
	memset(plain, 0, sizeof(plain));
	err = efmt_prim_ecb_encrypt(EFMT_CIPHER_AES, key, 15, buf, 16);
	good &= prim_check("ecb-key-size", buf, plain, 16, err ? 0 : -EINVAL);
	return good;
}
