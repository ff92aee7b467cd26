// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of v1_derive.c beyond the vectors: optional results and limits.
 */
#include <string.h>

#include "check.h"
#include "format/efmt.h"
#include "tables.h"

static const u8 salt[8] = { 0, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77 };
static const u8 want_sig[8] = { 0xd3, 0x95, 0x30, 0x9a,
				0xaa, 0xd4, 0xde, 0x06 };

static void optional_results(void)
{
	const u8 *test = (const u8 *)"test";
	u8 key[64];
	u8 again[64];
	u8 sig[8];

	CHECK(!efmt_v1_key_from_passphrase(test, 4, salt, key, sig));
	CHECK(!memcmp(sig, want_sig, 8));
	CHECK(!efmt_v1_key_from_passphrase(test, 4, salt, again, NULL));
	CHECK(!memcmp(key, again, 64));
	memset(sig, 0, 8);
	CHECK(!efmt_v1_key_from_passphrase(test, 4, salt, NULL, sig));
	CHECK(!memcmp(sig, want_sig, 8));
	CHECK(!efmt_v1_key_from_passphrase(test, 4, salt, NULL, NULL));
	memset(sig, 0, 8);
	CHECK(!efmt_v1_key_sig(key, sig) && !memcmp(sig, want_sig, 8));
}

static void limits(void)
{
	static const size_t sizes[] = { 0, 65, 4096, SIZE_MAX };
	u8 byte = 'p';
	u8 key[64];
	u8 sig[8];
	u8 *end = guard_create(NULL, 64);

	for (size_t i = 0; i < 4; i++) {
		memset(key, 0x5a, 64);
		CHECK(efmt_v1_key_from_passphrase(&byte, sizes[i], salt, key,
						  sig) == -EINVAL);
		CHECK(all_bytes(key, 64, 0));
	}
	CHECK(!efmt_v1_key_from_passphrase(end, 64, salt, key, sig));
	guard_destroy(end, 64);
}

/* Extents whose numbers agree in the digits that count share an IV. */
static void fifteen_digits(void)
{
	const u8 root[16] = { 1, 2, 3 };
	u8 a[16];
	u8 b[16];

	CHECK(!efmt_v1_extent_iv(root, 1000000000000000, a));
	CHECK(!efmt_v1_extent_iv(root, 1000000000000009, b));
	CHECK(!memcmp(a, b, 16));
	CHECK(!efmt_v1_extent_iv(root, 100000000000000, b));
	CHECK(!memcmp(a, b, 16));
	CHECK(!efmt_v1_extent_iv(root, 10000000000000, b));
	CHECK(memcmp(a, b, 16));
}

const struct check_case derive_cases[] = {
	{ "derive: either result may be left out", optional_results },
	{ "derive: passphrase sizes", limits },
	{ "derive: extent numbers count 15 digits", fifteen_digits },
	{ NULL, NULL }
};
