// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Every primitive fails in turn: the error arrives unchanged, results are
 * zeroed or untouched, and no further primitive is called.
 */
#include <string.h>

#include "check.h"
#include "format/efmt.h"
#include "prim_fake.h"

#define ROUNDS 65536

static const u8 salt[8] = "saltsalt";
static const u8 some_sig[8] = "sigsigsi";
static u8 key[64] = "a key";
static u8 fek[64] = "a file encryption key of 64 bytes";

static void derive(void)
{
	static const unsigned long calls[] = { 1, 2, 3, 1000, ROUNDS - 1,
					       ROUNDS, ROUNDS + 1 };
	u8 out[64];
	u8 sig[8];

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		memset(out, 0x5a, 64);
		memset(sig, 0x5a, 8);
		fake_start(calls[i]);
		CHECK(efmt_v1_key_from_passphrase(salt, 8, salt, out, sig) ==
		      FAKE_ERR);
		CHECK(fake_calls() == calls[i]);
		CHECK(all_bytes(out, 64, 0) && all_bytes(sig, 8, 0x5a));
		fake_start(calls[i]);
		CHECK(efmt_v1_key_from_passphrase(salt, 8, salt, NULL, sig) ==
		      FAKE_ERR);
	}
	fake_start(ROUNDS + 2);
	CHECK(!efmt_v1_key_from_passphrase(salt, 8, salt, out, sig));
	CHECK(fake_calls() == ROUNDS + 1);
	fake_start(ROUNDS + 1);
	CHECK(!efmt_v1_key_from_passphrase(salt, 8, salt, out, NULL));
	CHECK(fake_calls() == ROUNDS);
}

static void signature(void)
{
	u8 sig[8];

	memset(sig, 0x5a, 8);
	fake_start(1);
	CHECK(efmt_v1_key_sig(key, sig) == FAKE_ERR);
	CHECK(all_bytes(sig, 8, 0x5a));
	fake_start(2);
	CHECK(!efmt_v1_key_sig(key, sig) && fake_calls() == 1);
}

static void ivs(void)
{
	u8 iv[16];

	memset(iv, 0x5a, 16);
	fake_start(1);
	CHECK(efmt_v1_root_iv(fek, 16, iv) == FAKE_ERR);
	CHECK(all_bytes(iv, 16, 0));
	memset(iv, 0x5a, 16);
	fake_start(1);
	CHECK(efmt_v1_extent_iv(fek, 7, iv) == FAKE_ERR);
	CHECK(all_bytes(iv, 16, 0));
	fake_start(2);
	CHECK(!efmt_v1_root_iv(fek, 16, iv) && !all_bytes(iv, 16, 0));
	fake_start(2);
	CHECK(!efmt_v1_extent_iv(fek, 7, iv) && fake_calls() == 1);
}

/* All ciphers, also those that OpenSSL lacks. */
static void wrap(void)
{
	for (int cipher = 0; cipher < EFMT_CIPHER_NR; cipher++) {
		for (size_t size = 0; size <= 64; size++) {
			enum efmt_cipher type = (enum efmt_cipher)cipher;
			struct efmt_v1_packet packet;
			u8 back[64];

			if (!efmt_v1_cipher_key_valid(type, size))
				continue;
			memset(&packet, 0x5a, sizeof(packet));
			fake_start(1);
			CHECK(efmt_v1_fek_wrap(type, fek, size, key, some_sig,
					       salt, &packet) == FAKE_ERR);
			CHECK(all_bytes(&packet, sizeof(packet), 0));
			fake_start(0);
			CHECK(!efmt_v1_fek_wrap(type, fek, size, key, some_sig,
						salt, &packet));
			memset(back, 0x5a, 64);
			fake_start(1);
			CHECK(efmt_v1_fek_unwrap(&packet, key, back) ==
			      FAKE_ERR);
			CHECK(all_bytes(back, 64, 0));
			fake_start(0);
			CHECK(!efmt_v1_fek_unwrap(&packet, key, back));
			CHECK(!memcmp(back, fek, size));
			CHECK(all_bytes(back + size, 64 - size, 0));
		}
	}
}

/* What is refused before any work calls no primitive. */
static void refused(void)
{
	struct efmt_v1_packet packet;
	u8 out[64];

	fake_start(0);
	CHECK(efmt_v1_key_from_passphrase(salt, 65, salt, out, NULL) ==
	      -EINVAL);
	CHECK(efmt_v1_fek_wrap(EFMT_CIPHER_AES, fek, 17, key, some_sig, salt,
			       &packet) == -EINVAL);
	CHECK(efmt_v1_fek_unwrap(&packet, key, out) == -EUCLEAN);
	CHECK(fake_calls() == 0);
}

static const struct check_case cases[] = {
	{ "fault: key from passphrase", derive },
	{ "fault: signature", signature },
	{ "fault: IVs", ivs },
	{ "fault: wrap and unwrap, every cipher and size", wrap },
	{ "fault: refused without a call", refused },
	{ NULL, NULL }
};

int main(void)
{
	check_run(cases);
	return check_failed() ? 1 : 0;
}
