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

static void names_made(struct efmt_v1_name_key *made)
{
	char lower[128], back[128];
	size_t len = 7, back_len = 7;

	memset(lower, 0x5a, sizeof(lower));
	fake_start(1);
	CHECK(efmt_v1_name_encrypt(made, "a name", 6, lower, 128, &len) ==
	      FAKE_ERR);
	CHECK(fake_calls() == 1 && len == 7);
	CHECK(all_bytes(lower, 84, 0) || all_bytes(lower, 72, 0));
	fake_start(2);
	CHECK(!efmt_v1_name_encrypt(made, "a name", 6, lower, 128, &len));
	CHECK(fake_calls() == 1);
	memset(back, 0x5a, sizeof(back));
	fake_start(1);
	CHECK(efmt_v1_name_decrypt(made, lower, len, back, 128, &back_len) ==
	      FAKE_ERR);
	CHECK(fake_calls() == 1 && back_len == 7);
	CHECK(all_bytes(back, (len - 24) / 4 * 3, 0));
	fake_start(2);
	CHECK(!efmt_v1_name_decrypt(made, lower, len, back, 128, &back_len));
	CHECK(back_len == 6 && !memcmp(back, "a name", 6));
	CHECK(all_bytes(back + 6, (len - 24) / 4 * 3 - 6, 0));
}

/* Two digests and the cipher; LeakSanitizer tells what was not given back. */
static void names(void)
{
	for (int cipher = 0; cipher < EFMT_CIPHER_NR; cipher++) {
		enum efmt_cipher type = (enum efmt_cipher)cipher;
		const size_t size = type == EFMT_CIPHER_DES3_EDE ? 24 : 16;
		struct efmt_v1_name_key made;

		for (unsigned long at = 1; at <= 3; at++) {
			memset(&made, 0x5a, sizeof(made));
			fake_start(at);
			CHECK(efmt_v1_name_key_create(type, size, key, some_sig,
						      &made) == FAKE_ERR);
			CHECK(fake_calls() == at);
			CHECK(all_bytes(&made, sizeof(made), 0));
		}
		fake_start(4);
		CHECK(!efmt_v1_name_key_create(type, size, key, some_sig,
					       &made));
		CHECK(fake_calls() == 3);
		names_made(&made);
		efmt_v1_name_key_destroy(&made);
		CHECK(all_bytes(&made, sizeof(made), 0));
	}
}

static void contents(void)
{
	struct efmt_v1_content made;
	u8 buf[4096];

	for (unsigned long at = 1; at <= 2; at++) {
		memset(&made, 0x5a, sizeof(made));
		fake_start(at);
		CHECK(efmt_v1_content_create(EFMT_CIPHER_AES, fek, 16, &made) ==
		      FAKE_ERR);
		CHECK(fake_calls() == at);
		CHECK(all_bytes(&made, sizeof(made), 0));
	}
	fake_start(0);
	CHECK(!efmt_v1_content_create(EFMT_CIPHER_AES, fek, 16, &made));
	for (unsigned long at = 1; at <= 2; at++) {
		memset(buf, 0x5a, sizeof(buf));
		fake_start(at);
		CHECK(efmt_v1_extent_seal(&made, 7, buf) == FAKE_ERR);
		CHECK(fake_calls() == at);
		/* The fake leaves junk, worse than a primitive may. */
		CHECK(all_bytes(buf, 4096, at == 1 ? 0 : 0xee));
		memset(buf, 0x5a, sizeof(buf));
		fake_start(at);
		CHECK(efmt_v1_extent_open(&made, 7, buf, 64) == FAKE_ERR);
		CHECK(fake_calls() == at);
		CHECK(all_bytes(buf, 64, at == 1 ? 0 : 0xee));
		CHECK(all_bytes(buf + 64, 4032, 0x5a));
	}
	memset(buf, 0, sizeof(buf));
	fake_start(1);
	CHECK(!efmt_v1_extent_open(&made, 7, buf, 4096) && !fake_calls());
	efmt_v1_content_destroy(&made);
}

/* What is refused before any work calls no primitive. */
static void refused(void)
{
	struct efmt_v1_name_key made;
	struct efmt_v1_content content;
	struct efmt_v1_packet packet;
	u8 out[64];

	fake_start(0);
	CHECK(efmt_v1_content_create(EFMT_CIPHER_AES, fek, 17, &content) ==
	      -EINVAL);
	CHECK(efmt_v1_name_key_create(EFMT_CIPHER_AES, 17, key, some_sig,
				      &made) == -EINVAL);
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
	{ "fault: names, every cipher", names },
	{ "fault: contents", contents },
	{ "fault: refused without a call", refused },
	{ NULL, NULL }
};

int main(void)
{
	check_run(cases);
	return check_failed() ? 1 : 0;
}
