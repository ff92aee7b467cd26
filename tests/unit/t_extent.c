// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of v1_extent.c beyond the vectors, and of efmt_prim_cbc_* by themselves.
 */
#include <pthread.h>
#include <string.h>

#include "check.h"
#include "format/efmt.h"
#include "tables.h"

static const struct {
	enum efmt_cipher cipher;
	size_t bytes, block;
} ciphers[] = {
	{ EFMT_CIPHER_AES, 16, 16 },	  { EFMT_CIPHER_AES, 24, 16 },
	{ EFMT_CIPHER_AES, 32, 16 },	  { EFMT_CIPHER_BLOWFISH, 8, 8 },
	{ EFMT_CIPHER_BLOWFISH, 56, 8 },  { EFMT_CIPHER_DES3_EDE, 24, 8 },
	{ EFMT_CIPHER_CAST5, 16, 8 },
};

static u8 fek[64];
static u8 plain[4096];

static void fill(void)
{
	for (size_t i = 0; i < sizeof(plain); i++)
		plain[i] = (u8)(i * 7 + i / 256 + 1);
	for (size_t i = 0; i < sizeof(fek); i++)
		fek[i] = (u8)(i * 71 + 3);
}

/* NIST SP 800-38A, F.2.1: the first two blocks of CBC-AES128. */
static void known_answer(void)
{
	static const u8 key[16] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae,
				    0xd2, 0xa6, 0xab, 0xf7, 0x15, 0x88,
				    0x09, 0xcf, 0x4f, 0x3c };
	static const u8 iv[16] = { 0, 1, 2,  3,	 4,  5,	 6,  7,
				   8, 9, 10, 11, 12, 13, 14, 15 };
	static const u8 text[32] = {
		0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
		0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a,
		0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03, 0xac, 0x9c,
		0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51,
	};
	static const u8 want[32] = {
		0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46,
		0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d,
		0x50, 0x86, 0xcb, 0x9b, 0x50, 0x72, 0x19, 0xee,
		0x95, 0xdb, 0x11, 0x3a, 0x91, 0x76, 0x78, 0xb2,
	};
	struct efmt_prim_cbc *cbc;
	u8 buf[32];

	memcpy(buf, text, 32);
	CHECK(!efmt_prim_cbc_create(EFMT_CIPHER_AES, key, 16, &cbc));
	/* Twice, as the second has a context that was used. */
	for (int i = 0; i < 2; i++) {
		CHECK(!efmt_prim_cbc_run(cbc, true, iv, buf, 32));
		CHECK(!memcmp(buf, want, 32));
		CHECK(!efmt_prim_cbc_run(cbc, false, iv, buf, 32));
		CHECK(!memcmp(buf, text, 32));
	}
	CHECK(efmt_prim_cbc_run(cbc, false, iv, buf, 31) == -EINVAL);
	CHECK(all_bytes(buf, 31, 0));
	efmt_prim_cbc_destroy(cbc);
	efmt_prim_cbc_destroy(NULL);
	CHECK(efmt_prim_cbc_create(EFMT_CIPHER_AES, key, 17, &cbc) == -EINVAL);
	CHECK(!cbc);
	CHECK(efmt_prim_cbc_create(EFMT_CIPHER_NR, key, 16, &cbc) == -ENOPKG);
}

static void round_trips(void)
{
	struct efmt_v1_content content;
	u8 buf[4096];

	fill();
	for (size_t i = 0; i < ARRAY_SIZE(ciphers); i++) {
		CHECK(!efmt_v1_content_create(ciphers[i].cipher, fek,
					      ciphers[i].bytes, &content));
		memcpy(buf, plain, 4096);
		CHECK(!efmt_v1_extent_seal(&content, 12345, buf));
		CHECK(memcmp(buf, plain, 4096));
		CHECK(!efmt_v1_extent_open(&content, 12345, buf, 4096));
		CHECK(!memcmp(buf, plain, 4096));
		efmt_v1_content_destroy(&content);
		CHECK(all_bytes(&content, sizeof(content), 0));
		efmt_v1_content_destroy(&content);
	}
	CHECK(efmt_v1_content_create(EFMT_CIPHER_AES, fek, 17, &content) ==
	      -EINVAL);
	CHECK(all_bytes(&content, sizeof(content), 0));
}

/* Of an extent that is cut, the blocks that are there can be read. */
static void prefixes(void)
{
	struct efmt_v1_content content;
	u8 sealed[4096], buf[4096];

	fill();
	for (size_t i = 0; i < ARRAY_SIZE(ciphers); i++) {
		size_t block = ciphers[i].block;

		CHECK(!efmt_v1_content_create(ciphers[i].cipher, fek,
					      ciphers[i].bytes, &content));
		memcpy(sealed, plain, 4096);
		CHECK(!efmt_v1_extent_seal(&content, 1, sealed));
		for (size_t len = block; len <= 4096; len += block) {
			memcpy(buf, sealed, 4096);
			CHECK(!efmt_v1_extent_open(&content, 1, buf, len));
			CHECK(!memcmp(buf, plain, len));
			CHECK(!memcmp(buf + len, sealed + len, 4096 - len));
		}
		memcpy(buf, sealed, 4096);
		CHECK(efmt_v1_extent_open(&content, 1, buf, block + 1) ==
		      -EINVAL);
		CHECK(all_bytes(buf, block + 1, 0));
		CHECK(efmt_v1_extent_open(&content, 1, buf, 0) == -EINVAL);
		CHECK(efmt_v1_extent_open(&content, 1, buf, 4097) == -EINVAL);
		efmt_v1_content_destroy(&content);
	}
}

static void zeros(void)
{
	struct efmt_v1_content content;
	u8 buf[4096] = { 0 };

	fill();
	CHECK(!efmt_v1_content_create(EFMT_CIPHER_AES, fek, 16, &content));
	CHECK(!efmt_v1_extent_open(&content, 0, buf, 4096));
	CHECK(all_bytes(buf, 4096, 0));
	/* A single byte anywhere makes it one that was written. */
	for (size_t at = 0; at < 4096; at += 1023) {
		memset(buf, 0, 4096);
		buf[at] = 1;
		CHECK(!efmt_v1_extent_open(&content, 0, buf, 4096));
		CHECK(!all_bytes(buf, 16, 0));
	}
	efmt_v1_content_destroy(&content);
}

static struct efmt_v1_content shared;

static void *many_extents(void *from)
{
	uintptr_t bad = 0;
	u8 buf[4096];

	for (u64 n = (uintptr_t)from; n < (uintptr_t)from + 200; n++) {
		memcpy(buf, plain, 4096);
		bad += !!efmt_v1_extent_seal(&shared, n, buf);
		bad += !!efmt_v1_extent_open(&shared, n, buf, 4096);
		bad += !!memcmp(buf, plain, 4096);
	}
	return (void *)bad;
}

static void threads(void)
{
	pthread_t thread[8];
	void *bad;

	fill();
	CHECK(!efmt_v1_content_create(EFMT_CIPHER_BLOWFISH, fek, 32, &shared));
	for (size_t i = 0; i < 8; i++)
		CHECK(!pthread_create(&thread[i], NULL, many_extents,
				      (void *)(i * 100)));
	for (size_t i = 0; i < 8; i++)
		CHECK(!pthread_join(thread[i], &bad) && !bad);
	efmt_v1_content_destroy(&shared);
}

const struct check_case extent_cases[] = {
	{ "extent: CBC of SP 800-38A", known_answer },
	{ "extent: there and back, every cipher", round_trips },
	{ "extent: the blocks of one that is cut", prefixes },
	{ "extent: zeros are zeros", zeros },
	{ "extent: eight threads at once", threads },
	{ NULL, NULL }
};
