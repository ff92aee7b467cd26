// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Known answers for the primitives: RFC 1321, FIPS 180-4, FIPS 197, and a name of
 * format 1, which uses them in all the ways there are.  Included
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

/*
 * The worked example of encrypted names (Documentation/format-v1.rst): the
 * passphrase "test", AES with 16 bytes.
 */
static bool __init name_check(void)
{
	static const u8 fnek[EFMT_V1_KEY_BYTES] = {
		0xac, 0x40, 0x07, 0x12, 0x0f, 0x27, 0xff, 0x0d, 0x0c, 0x30,
		0xce, 0x72, 0x34, 0x32, 0xd1, 0x3c, 0x24, 0xdc, 0xcb, 0x0c,
		0x0a, 0x4e, 0x3b, 0x5a, 0xe4, 0xbe, 0xec, 0xe8, 0x67, 0xb1,
		0x96, 0x86, 0x85, 0xff, 0x00, 0x9e, 0x5f, 0xb6, 0x29, 0x60,
		0xb9, 0x04, 0xec, 0x7f, 0x0d, 0x85, 0x34, 0x47, 0xf1, 0x1c,
		0x1a, 0x75, 0xd6, 0x3b, 0x97, 0xfb, 0x98, 0xb3, 0xf4, 0xee,
		0x37, 0x40, 0x52, 0xf8,
	};
	static const u8 sig[EFMT_V1_SIG_BYTES] = { 0xbe, 0x87, 0x77, 0x64,
						   0xc5, 0x91, 0x86, 0x21 };
	static const char want[] =
		EFMT_V1_NAME_PREFIX
		"FWayVrRYlN446ERDD20SlK20xSkpZmIqkmbbqS4uUSCgU24LAfMmCvuyI---";
	struct efmt_v1_name_key key;
	char lower[84], plain[84];
	size_t len = 0;
	bool good;
	int err;

	err = efmt_v1_name_key_create(EFMT_CIPHER_AES, 16, fnek, sig, &key);
	if (err)
		return prim_check("ecb-create", NULL, NULL, 0, err);
	err = efmt_v1_name_encrypt(&key, "hello.txt", 9, lower, sizeof(lower),
				   &len);
	good = prim_check("name-encrypt", lower, want, sizeof(lower), err);
	err = efmt_v1_name_decrypt(&key, want, sizeof(lower), plain,
				   sizeof(plain), &len);
	good &= prim_check("name-decrypt", plain, "hello.txt", 9,
			   err ?: (len == 9 ? 0 : -EINVAL));
	efmt_v1_name_key_destroy(&key);
	return good;
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
	return good && name_check();
}
