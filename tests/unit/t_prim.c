// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of utils/lib/prim_openssl.c: published vectors and refusals.
 */
#include <string.h>

#include "check.h"
#include "format/prim.h"
#include "tables.h"

/* RFC 1321 and FIPS 180-4: of "abc". */
static void digests(void)
{
	static const u8 md5[16] = { 0x90, 0x01, 0x50, 0x98, 0x3c, 0xd2,
				    0x4f, 0xb0, 0xd6, 0x96, 0x3f, 0x7d,
				    0x28, 0xe1, 0x7f, 0x72 };
	static const u8 sha512[8] = { 0xdd, 0xaf, 0x35, 0xa1,
				      0x93, 0x61, 0x7a, 0xba };
	u8 out[64] = "abc";

	CHECK(!efmt_prim_sha512(out, 3, out) && !memcmp(out, sha512, 8));
	CHECK(!efmt_prim_md5("abc", 3, out) && !memcmp(out, md5, 16));
}

/* FIPS 197; RFC 2144; Schneier's Blowfish vectors; NIST SP 800-67. */
static const struct {
	enum efmt_cipher cipher;
	size_t key_bytes, block;
	u8 key[32], plain[16], want[16];
} answers[] = {
	{ EFMT_CIPHER_AES, 16, 16,
	  { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	  { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
	    0xbb, 0xcc, 0xdd, 0xee, 0xff },
	  { 0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30, 0xd8, 0xcd, 0xb7,
	    0x80, 0x70, 0xb4, 0xc5, 0x5a } },
	{ EFMT_CIPHER_CAST5, 16, 8,
	  { 0x01, 0x23, 0x45, 0x67, 0x12, 0x34, 0x56, 0x78, 0x23, 0x45, 0x67,
	    0x89, 0x34, 0x56, 0x78, 0x9a },
	  { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef },
	  { 0x23, 0x8b, 0x4f, 0xe5, 0x84, 0x7e, 0x44, 0xb2 } },
	{ EFMT_CIPHER_BLOWFISH, 16, 8,
	  { 0xf0, 0xe1, 0xd2, 0xc3, 0xb4, 0xa5, 0x96, 0x87, 0x78, 0x69, 0x5a,
	    0x4b, 0x3c, 0x2d, 0x1e, 0x0f },
	  { 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10 },
	  { 0x93, 0x14, 0x28, 0x87, 0xee, 0x3b, 0xe1, 0x5c } },
	{ EFMT_CIPHER_DES3_EDE, 24, 8,
	  { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef,
	    0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01,
	    0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23 },
	  { 0x54, 0x68, 0x65, 0x20, 0x71, 0x75, 0x66, 0x63 },
	  { 0xa8, 0x26, 0xfd, 0x8c, 0xe5, 0x3b, 0x85, 0x5f } },
};

static void known_answers(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		u8 buf[16];

		memcpy(buf, answers[i].plain, 16);
		CHECK(!efmt_prim_ecb_encrypt(answers[i].cipher, answers[i].key,
					     answers[i].key_bytes, buf,
					     answers[i].block));
		CHECK(!memcmp(buf, answers[i].want, answers[i].block));
		CHECK(!efmt_prim_ecb_decrypt(answers[i].cipher, answers[i].key,
					     answers[i].key_bytes, buf,
					     answers[i].block));
		CHECK(!memcmp(buf, answers[i].plain, answers[i].block));
	}
}

static void keyed(void)
{
	struct efmt_prim_ecb *ecb;

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		const size_t block = answers[i].block;
		u8 key[32], buf[32];

		memcpy(key, answers[i].key, 32);
		CHECK(!efmt_prim_ecb_create(answers[i].cipher, key,
					    answers[i].key_bytes, &ecb));
		memset(key, 0, 32);
		memcpy(buf, answers[i].plain, block);
		memcpy(buf + block, answers[i].plain, block);
		CHECK(!efmt_prim_ecb_run(ecb, true, buf, 2 * block));
		CHECK(!memcmp(buf, answers[i].want, block) &&
		      !memcmp(buf + block, answers[i].want, block));
		CHECK(!efmt_prim_ecb_run(ecb, false, buf, 2 * block));
		CHECK(!memcmp(buf, answers[i].plain, block) &&
		      !memcmp(buf + block, answers[i].plain, block));
		CHECK(efmt_prim_ecb_run(ecb, true, buf, block - 1) == -EINVAL);
		CHECK(all_bytes(buf, block - 1, 0));
		efmt_prim_ecb_destroy(ecb);
	}
	efmt_prim_ecb_destroy(NULL);
}

static void refusals(void)
{
	static const struct {
		enum efmt_cipher cipher;
		size_t key_bytes, len;
		int want;
	} rows[] = {
		{ EFMT_CIPHER_AES, 0, 16, -EINVAL },
		{ EFMT_CIPHER_AES, 15, 16, -EINVAL },
		{ EFMT_CIPHER_AES, 64, 16, -EINVAL },
		{ EFMT_CIPHER_AES, 16, 15, -EINVAL },
		{ EFMT_CIPHER_AES, 16, 17, -EINVAL },
		{ EFMT_CIPHER_BLOWFISH, 3, 8, -EINVAL },
		{ EFMT_CIPHER_BLOWFISH, 57, 8, -EINVAL },
		{ EFMT_CIPHER_BLOWFISH, 16, 12, -EINVAL },
		{ EFMT_CIPHER_DES3_EDE, 16, 8, -EINVAL },
		{ EFMT_CIPHER_CAST5, 4, 8, -EINVAL },
		{ EFMT_CIPHER_CAST5, 17, 8, -EINVAL },
		{ EFMT_CIPHER_TWOFISH, 16, 16, -ENOPKG },
		{ EFMT_CIPHER_CAST6, 32, 16, -ENOPKG },
		{ EFMT_CIPHER_NR, 16, 16, -ENOPKG },
	};
	u8 key[64] = { 0 };

	struct efmt_prim_ecb *ecb;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		u8 buf[32];

		if (rows[i].key_bytes != 16) {
			CHECK(efmt_prim_ecb_create(rows[i].cipher, key,
						   rows[i].key_bytes, &ecb) ==
			      rows[i].want);
			CHECK(!ecb);
		}
		memset(buf, 0x5a, 32);
		CHECK(efmt_prim_ecb_encrypt(rows[i].cipher, key,
					    rows[i].key_bytes, buf,
					    rows[i].len) == rows[i].want);
		CHECK(all_bytes(buf, rows[i].len, 0));
		CHECK(buf[rows[i].len] == 0x5a);
		memset(buf, 0x5a, 32);
		CHECK(efmt_prim_ecb_decrypt(rows[i].cipher, key,
					    rows[i].key_bytes, buf,
					    rows[i].len) == rows[i].want);
		CHECK(all_bytes(buf, rows[i].len, 0));
	}
}

static void wipe(void)
{
	u8 *buf = guard_create(NULL, 33);

	memset(buf, 0x5a, 33);
	efmt_prim_wipe(buf + 1, 32);
	CHECK(buf[0] == 0x5a && all_bytes(buf + 1, 32, 0));
	efmt_prim_wipe(buf, 0);
	CHECK(buf[0] == 0x5a);
	guard_destroy(buf, 33);
}

const struct check_case prim_cases[] = {
	{ "prim: digests", digests },
	{ "prim: ciphers", known_answers },
	{ "prim: ciphers with their keys set beforehand", keyed },
	{ "prim: refusals zero the buffer", refusals },
	{ "prim: wipe", wipe },
	{ NULL, NULL }
};
