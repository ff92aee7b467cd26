// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of v1_wrap.c beyond the vectors.
 */
#include <string.h>

#include "check.h"
#include "format/efmt.h"
#include "tables.h"

static u8 key[64];
static u8 fek[64];
static const u8 sig[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static const u8 salt[8] = { 9, 10, 11, 12, 13, 14, 15, 16 };

static void fill(void)
{
	for (size_t i = 0; i < 64; i++) {
		key[i] = (u8)(0xc0 ^ i);
		fek[i] = (u8)(3 * i + 1);
	}
}

static void one_size(enum efmt_cipher cipher, size_t size)
{
	bool valid = efmt_v1_cipher_key_valid(cipher, size);
	struct efmt_v1_packet packet;
	u8 back[64];
	u8 *source = guard_create(fek, size);
	int err = efmt_v1_fek_wrap(cipher, source, size, key, sig, salt,
				   &packet);

	guard_destroy(source, size);
	if (!valid)
		CHECK(err == -EINVAL);
	else if (err)
		CHECK(err == -ENOPKG && (cipher == EFMT_CIPHER_TWOFISH ||
					 cipher == EFMT_CIPHER_CAST6));
	if (err) {
		CHECK(all_bytes(&packet, sizeof(packet), 0));
		return;
	}
	CHECK(packet.kind == EFMT_V1_PASSPHRASE && packet.cipher == cipher);
	CHECK(packet.fek_bytes == size);
	CHECK(packet.wrapped_bytes == efmt_v1_cipher_wrapped(cipher, size));
	CHECK(!memcmp(packet.sig, sig, 8) && !memcmp(packet.salt, salt, 8));
	CHECK(memcmp(packet.wrapped, fek, size));
	CHECK(all_bytes(packet.wrapped + packet.wrapped_bytes,
			EFMT_V1_BLOB_MAX - packet.wrapped_bytes, 0));
	memset(back, 0x5a, 64);
	CHECK(!efmt_v1_fek_unwrap(&packet, key, back));
	CHECK(!memcmp(back, fek, size) && all_bytes(back + size, 64 - size, 0));
}

static void round_trips(void)
{
	fill();
	for (int cipher = 0; cipher <= EFMT_CIPHER_NR; cipher++)
		for (size_t size = 0; size <= 64; size++)
			one_size((enum efmt_cipher)cipher, size);
}

static void wrong_key(void)
{
	struct efmt_v1_packet packet;
	u8 other[64] = { 0 };
	u8 back[64];

	fill();
	CHECK(!efmt_v1_fek_wrap(EFMT_CIPHER_AES, fek, 16, key, sig, salt,
				&packet));
	CHECK(!efmt_v1_fek_unwrap(&packet, other, back));
	CHECK(memcmp(back, fek, 16));
	/* Only as many bytes of the key as the FEK has take part. */
	memcpy(other, key, 16);
	CHECK(!efmt_v1_fek_unwrap(&packet, other, back));
	CHECK(!memcmp(back, fek, 16));
}

static void unwrap_refusals(void)
{
	static const struct {
		enum efmt_v1_packet_kind kind;
		enum efmt_cipher cipher;
		u16 fek_bytes;
		u16 wrapped_bytes;
	} rows[] = {
		{ EFMT_V1_PUBKEY, EFMT_CIPHER_AES, 16, 16 },
		{ EFMT_V1_PASSPHRASE, EFMT_CIPHER_AES, 0, 0 },
		{ EFMT_V1_PASSPHRASE, EFMT_CIPHER_AES, 24, 24 },
		{ EFMT_V1_PASSPHRASE, EFMT_CIPHER_AES, 16, 32 },
		{ EFMT_V1_PASSPHRASE, EFMT_CIPHER_AES, 64, 64 },
		{ EFMT_V1_PASSPHRASE, EFMT_CIPHER_AES, 65535, 65535 },
		{ EFMT_V1_PASSPHRASE, EFMT_CIPHER_DES3_EDE, 16, 16 },
		{ EFMT_V1_PASSPHRASE, EFMT_CIPHER_NR, 16, 16 },
	};

	fill();
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct efmt_v1_packet packet = {
			.kind = rows[i].kind,
			.cipher = rows[i].cipher,
			.fek_bytes = rows[i].fek_bytes,
			.wrapped_bytes = rows[i].wrapped_bytes,
		};
		u8 back[64];

		memset(back, 0x5a, 64);
		CHECK(efmt_v1_fek_unwrap(&packet, key, back) == -EUCLEAN);
		CHECK(all_bytes(back, 64, 0));
	}
}

const struct check_case wrap_cases[] = {
	{ "wrap: there and back, every cipher and size", round_trips },
	{ "wrap: wrong key", wrong_key },
	{ "wrap: refused to unwrap", unwrap_refusals },
	{ NULL, NULL }
};
