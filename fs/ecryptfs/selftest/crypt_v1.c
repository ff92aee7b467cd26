// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The worked example of format 1 (Documentation/format-v1.rst): FEK 00..0f,
 * the content "hello\n".  Included at the end of crypt_v1.c in debug builds.
 */

static bool __init extent_check(struct ecryptfs_crypt *crypt,
				struct ecryptfs_crypt_req *req,
				struct page *plain, struct page *cipher)
{
	static const u8 first[] = { 0x70, 0x03, 0xf7, 0x2d, 0xf7, 0x87,
				    0x5e, 0x79, 0x24, 0x65, 0xb2, 0x6d,
				    0x01, 0x94, 0xc6, 0x75 };
	static const u8 last[] = { 0x82, 0x1b, 0xf7, 0x1e, 0x54, 0x57,
				   0x41, 0xb6, 0x07, 0x6b, 0x00, 0x4d,
				   0xdb, 0x83, 0x00, 0x73 };
	u8 *text = page_address(plain);
	u8 *code = page_address(cipher);

	memcpy(text, "hello\n", 6);
	if (ecryptfs_crypt_v1_encrypt(crypt, req, 0, plain, 0, cipher, 0) ||
	    memcmp(code, first, sizeof(first)) ||
	    memcmp(code + EFMT_V1_EXTENT_BYTES - sizeof(last), last,
		   sizeof(last)))
		return false;
	if (ecryptfs_crypt_v1_decrypt(crypt, req, 0, cipher, 0) ||
	    memcmp(code, text, EFMT_V1_EXTENT_BYTES))
		return false;
	/* Another number, another ciphertext. */
	if (ecryptfs_crypt_v1_encrypt(crypt, req, 1, plain, 0, cipher, 0) ||
	    !memcmp(code, first, sizeof(first)))
		return false;
	/* An extent that was never written reads as zeros. */
	memset(code, 0, EFMT_V1_EXTENT_BYTES);
	return !ecryptfs_crypt_v1_decrypt(crypt, req, 0, cipher, 0) &&
	       !memchr_inv(code, 0, EFMT_V1_EXTENT_BYTES);
}

/* True if extents are encrypted and decrypted as the example says. */
bool __init ecryptfs_crypt_v1_selftest(void)
{
	struct page *plain = alloc_page(GFP_KERNEL | __GFP_ZERO);
	struct page *cipher = alloc_page(GFP_KERNEL | __GFP_ZERO);
	struct ecryptfs_crypt_req req = {};
	struct ecryptfs_crypt crypt = {};
	bool good = false;
	u8 fek[16];
	u8 i;

	for (i = 0; i < sizeof(fek); i++)
		fek[i] = i;
	if (plain && cipher &&
	    !ecryptfs_crypt_v1_create(&crypt, EFMT_CIPHER_AES, fek,
				      sizeof(fek)) &&
	    !ecryptfs_crypt_req_create(&crypt, &req))
		good = extent_check(&crypt, &req, plain, cipher);
	if (!good)
		pr_err("ecryptfs: selftest extents: FAIL\n");
	ecryptfs_crypt_req_destroy(&req);
	ecryptfs_crypt_destroy(&crypt);
	if (plain)
		__free_page(plain);
	if (cipher)
		__free_page(cipher);
	return good;
}
