// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of v1_packet.c beyond the vectors: truncation, bit flips, writing into
 * every room, names and codes.
 */
#include <string.h>

#include "check.h"
#include "format/efmt.h"
#include "tables.h"

static struct efmt_v1_packet passphrase(enum efmt_cipher cipher,
					size_t fek_bytes)
{
	struct efmt_v1_packet packet = { .kind = EFMT_V1_PASSPHRASE };

	packet.cipher = cipher;
	packet.fek_bytes = (u16)fek_bytes;
	packet.wrapped_bytes = (u16)efmt_v1_cipher_wrapped(cipher, fek_bytes);
	memset(packet.sig, 0x11, sizeof(packet.sig));
	memset(packet.salt, 0x22, sizeof(packet.salt));
	memset(packet.wrapped, 0x33, packet.wrapped_bytes);
	return packet;
}

static struct efmt_v1_packet pubkey(size_t blob)
{
	struct efmt_v1_packet packet = { .kind = EFMT_V1_PUBKEY };

	packet.wrapped_bytes = (u16)blob;
	memset(packet.sig, 0x44, sizeof(packet.sig));
	memset(packet.wrapped, 0x55, blob < sizeof(packet.wrapped) ?
	       blob : sizeof(packet.wrapped));
	return packet;
}

static bool same(const struct efmt_v1_packet *a, const struct efmt_v1_packet *b)
{
	return a->kind == b->kind && a->cipher == b->cipher &&
	       a->fek_bytes == b->fek_bytes &&
	       a->wrapped_bytes == b->wrapped_bytes &&
	       !memcmp(a->sig, b->sig, sizeof(a->sig)) &&
	       !memcmp(a->salt, b->salt, sizeof(a->salt)) &&
	       !memcmp(a->wrapped, b->wrapped, sizeof(a->wrapped));
}

/* Every room up to one byte more than needed: all of the packet or nothing. */
static void put_and_take(const struct efmt_v1_packet *packet, size_t need)
{
	for (size_t len = 0; len <= need + 1; len++) {
		u8 *buf = guard_create(NULL, len);
		struct efmt_span span = { buf, len };
		struct efmt_v1_packet back;
		size_t used = 42;
		int err = efmt_v1_packet_put(packet, buf, len, &used);

		CHECK(err == (len < need ? -ENOSPC : 0));
		CHECK(used == (len < need ? 42 : need));
		if (err) {
			CHECK(all_bytes(buf, len, 0));
		} else {
			CHECK(!efmt_v1_packet_take(&span, &back));
			CHECK(span.left == len - need);
			CHECK(same(packet, &back));
		}
		guard_destroy(buf, len);
	}
}

static void round_trips(void)
{
	for (int cipher = 0; cipher < EFMT_CIPHER_NR; cipher++) {
		for (size_t size = 0; size <= EFMT_V1_FEK_MAX + 1; size++) {
			struct efmt_v1_packet packet;
			size_t used;
			u8 buf[128];

			packet = passphrase((enum efmt_cipher)cipher, size);
			if (packet.wrapped_bytes)
				put_and_take(&packet, 39u +
					     packet.wrapped_bytes);
			else
				CHECK(efmt_v1_packet_put(&packet, buf, 128,
							 &used) == -EINVAL);
		}
	}
	for (size_t blob = 0; blob <= EFMT_V1_BLOB_MAX; blob += 73) {
		struct efmt_v1_packet packet = pubkey(blob);

		put_and_take(&packet, blob + (blob < 182 ? 12 : 13));
	}
}

static void put_refusals(void)
{
	struct efmt_v1_packet packet = passphrase(EFMT_CIPHER_AES, 16);
	u8 buf[600] = { 0 };
	size_t used = 42;

	packet.wrapped_bytes = 32;
	CHECK(efmt_v1_packet_put(&packet, buf, 600, &used) == -EINVAL);
	packet = passphrase(EFMT_CIPHER_AES, 24);
	packet.wrapped_bytes = 24;
	CHECK(efmt_v1_packet_put(&packet, buf, 600, &used) == -EINVAL);
	packet = passphrase(EFMT_CIPHER_AES, 16);
	packet.cipher = EFMT_CIPHER_NR;
	CHECK(efmt_v1_packet_put(&packet, buf, 600, &used) == -EINVAL);
	packet = pubkey(EFMT_V1_BLOB_MAX + 1);
	CHECK(efmt_v1_packet_put(&packet, buf, 600, &used) == -EINVAL);
	packet.kind = (enum efmt_v1_packet_kind)2;
	CHECK(efmt_v1_packet_put(&packet, buf, 600, &used) == -EINVAL);
	CHECK(used == 42 && all_bytes(buf, 600, 0));
}

static size_t make(const struct efmt_v1_packet *packet, u8 *buf, size_t len)
{
	size_t used = 0;

	CHECK(!efmt_v1_packet_put(packet, buf, len, &used));
	return used;
}

static void truncation(void)
{
	const struct efmt_v1_packet packets[] = {
		passphrase(EFMT_CIPHER_AES, 24), pubkey(9), pubkey(512),
	};

	for (size_t i = 0; i < 3; i++) {
		u8 full[600];
		size_t whole = make(&packets[i], full, sizeof(full));

		for (size_t len = 0; len < whole; len++) {
			u8 *buf = guard_create(full, len);
			struct efmt_span span = { buf, len };
			struct efmt_v1_packet packet;

			memset(&packet, 0x5a, sizeof(packet));
			CHECK(efmt_v1_packet_take(&span, &packet) ==
			      (len ? -EUCLEAN : -ENOENT));
			CHECK(span.at == buf && span.left == len);
			CHECK(all_bytes(&packet, sizeof(packet), 0x5a));
			guard_destroy(buf, len);
		}
	}
}

static void flips(void)
{
	const struct efmt_v1_packet packets[] = {
		passphrase(EFMT_CIPHER_BLOWFISH, 56), pubkey(200),
	};

	for (size_t i = 0; i < 2; i++) {
		u8 full[600];
		size_t whole = make(&packets[i], full, sizeof(full));
		u8 *buf = guard_create(full, whole);

		for (size_t bit = 0; bit < 8 * whole; bit++) {
			struct efmt_span span = { buf, whole };
			struct efmt_v1_packet packet;
			int err;

			buf[bit / 8] ^= (u8)(1 << bit % 8);
			err = efmt_v1_packet_take(&span, &packet);
			CHECK(!err || err == -EUCLEAN || err == -EOPNOTSUPP ||
			      (err == -ENOENT && bit < 8));
			if (err)
				CHECK(span.left == whole);
			buf[bit / 8] ^= (u8)(1 << bit % 8);
		}
		guard_destroy(buf, whole);
	}
}

/* Every pair of first bytes, alone and with room behind. */
static void any_start(void)
{
	for (unsigned int pair = 0; pair < 65536; pair++) {
		u8 buf[80] = { (u8)(pair >> 8), (u8)pair };
		struct efmt_span small = { buf, 2 };
		struct efmt_span large = { buf, sizeof(buf) };
		struct efmt_v1_packet packet;
		bool tag = buf[0] == 1 || buf[0] == 0x8c || buf[0] == 0xed;

		CHECK(efmt_v1_packet_take(&small, &packet) ==
		      (tag ? -EUCLEAN : -ENOENT));
		CHECK(efmt_v1_packet_take(&large, &packet) ==
		      (tag ? -EUCLEAN : -ENOENT));
	}
}

static void lengths(void)
{
	for (size_t length = 0; length < 8600; length++) {
		size_t need = length < 192 ? 1 : 2;

		for (size_t len = 0; len <= 3; len++) {
			u8 *buf = guard_create(NULL, len);
			struct efmt_span span = { buf, len };
			size_t used = 42;
			size_t back = 0;
			int err = efmt_v1_length_put(length, buf, len, &used);

			if (length > 8383) {
				CHECK(err == -EINVAL && used == 42);
			} else if (len < need) {
				CHECK(err == -ENOSPC && used == 42);
			} else {
				CHECK(!err && used == need);
				CHECK(!efmt_v1_length_take(&span, &back));
				CHECK(back == length && span.left == len - need);
			}
			guard_destroy(buf, len);
		}
	}
	CHECK(efmt_v1_length_put(SIZE_MAX, NULL, 0, NULL) == -EINVAL);
}

static void ciphers(void)
{
	static const struct {
		const char *name;
		enum efmt_cipher cipher;
		size_t block;
	} rows[] = {
		{ "aes", EFMT_CIPHER_AES, 16 },
		{ "blowfish", EFMT_CIPHER_BLOWFISH, 8 },
		{ "des3_ede", EFMT_CIPHER_DES3_EDE, 8 },
		{ "twofish", EFMT_CIPHER_TWOFISH, 16 },
		{ "cast6", EFMT_CIPHER_CAST6, 16 },
		{ "cast5", EFMT_CIPHER_CAST5, 8 },
	};
	static const char *const none[] = { "", "a", "ae", "aess", "AES",
					    "cast", "cast7", "twofis" };
	enum efmt_cipher cipher = EFMT_CIPHER_NR;

	for (size_t i = 0; i < 6; i++) {
		CHECK(!strcmp(efmt_v1_cipher_name(rows[i].cipher),
			      rows[i].name));
		CHECK(!efmt_v1_cipher_find(rows[i].name, &cipher));
		CHECK(cipher == rows[i].cipher);
		CHECK(efmt_v1_cipher_block(cipher) == rows[i].block);
	}
	cipher = EFMT_CIPHER_NR;
	for (size_t i = 0; i < 8; i++)
		CHECK(efmt_v1_cipher_find(none[i], &cipher) == -EINVAL);
	CHECK(cipher == EFMT_CIPHER_NR);
	CHECK(!efmt_v1_cipher_name(EFMT_CIPHER_NR));
	CHECK(!efmt_v1_cipher_name((enum efmt_cipher)-1));
	CHECK(!efmt_v1_cipher_block(EFMT_CIPHER_NR));
	CHECK(!efmt_v1_cipher_key_valid(EFMT_CIPHER_NR, 16));
	CHECK(!efmt_v1_cipher_wrapped(EFMT_CIPHER_NR, 16));
}

/* Codes there and back; wrapped sizes are whole blocks. */
static void codes(void)
{
	for (int i = 0; i < EFMT_CIPHER_NR; i++) {
		enum efmt_cipher cipher = (enum efmt_cipher)i;

		for (size_t size = 0; size <= 65; size++) {
			enum efmt_cipher back = EFMT_CIPHER_NR;
			size_t wrapped = efmt_v1_cipher_wrapped(cipher, size);
			u8 code = 0;
			int err = efmt_v1_cipher_to_code(cipher, size, &code);

			CHECK(!err == efmt_v1_cipher_key_valid(cipher, size));
			CHECK(!err == !!wrapped);
			if (err)
				continue;
			CHECK(!efmt_v1_cipher_from_code(code, &back));
			CHECK(back == cipher && wrapped >= size);
			CHECK(wrapped <= EFMT_V1_WRAPPED_MAX);
			CHECK(!(wrapped % efmt_v1_cipher_block(cipher)));
		}
	}
}

static void signatures(void)
{
	const u8 sig[8] = { 0xd3, 0x95, 0x30, 0x9a, 0xaa, 0xd4, 0xde, 0x06 };
	u8 back[8];
	char *hex = guard_create(NULL, 17);
	char *bare = guard_create("d395309aaad4de06", 16);

	efmt_v1_sig_to_hex(sig, hex);
	CHECK(!strcmp(hex, "d395309aaad4de06"));
	CHECK(!efmt_v1_sig_from_hex(bare, 16, back));
	CHECK(!memcmp(sig, back, 8));
	CHECK(efmt_v1_sig_from_hex(bare, 15, back) == -EINVAL);
	for (size_t i = 0; i < 16; i++) {
		for (int c = 0; c < 256; c++) {
			bool digit = (c >= '0' && c <= '9') ||
				     (c >= 'a' && c <= 'f');
			char old = bare[i];

			bare[i] = (char)c;
			CHECK(efmt_v1_sig_from_hex(bare, 16, back) ==
			      (digit ? 0 : -EINVAL));
			bare[i] = old;
		}
	}
	guard_destroy(hex, 17);
	guard_destroy(bare, 16);
}

const struct check_case packet_cases[] = {
	{ "packet: there and back, in every room", round_trips },
	{ "packet: refused to write", put_refusals },
	{ "packet: cut at every length", truncation },
	{ "packet: every bit flipped", flips },
	{ "packet: any two first bytes", any_start },
	{ "packet: every length", lengths },
	{ "packet: cipher names", ciphers },
	{ "packet: cipher codes", codes },
	{ "packet: signatures", signatures },
	{ NULL, NULL }
};
