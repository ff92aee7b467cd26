// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of v1_file.c: which of header and attribute counts, which packet has the
 * cipher, and every length that a buffer can have.
 */
#include <string.h>

#include "check.h"
#include "format/efmt.h"
#include "tables.h"

static const u8 salt[8] = "saltsalt";
static u8 key[64] = "a key", fek[64] = "a FEK of a file, in 64 bytes";

/* A header of @size and @flags and nothing else; 26 bytes. */
static size_t start(u64 size, u32 flags, u8 *buf)
{
	const struct efmt_v1_header header = {
		.plain_size = size,
		.marker = 0x01020304,
		.flags = flags,
		.extent_bytes = 4096,
		.extents = 2,
	};

	CHECK(!efmt_v1_header_to(&header, buf, 26));
	return 26;
}

/* Appends a packet of the signature @sig. */
static size_t put(enum efmt_cipher cipher, size_t fek_bytes, u8 sig, u8 *buf,
		  size_t used)
{
	const u8 sigs[8] = { sig };
	struct efmt_v1_packet packet = { .kind = EFMT_V1_PUBKEY,
					 .sig = { sig },
					 .wrapped_bytes = 40 };
	size_t n = 0;

	if (cipher != EFMT_CIPHER_NR)
		CHECK(!efmt_v1_fek_wrap(cipher, fek, fek_bytes, key, sigs,
					salt, &packet));
	CHECK(!efmt_v1_packet_put(&packet, buf + used,
				  EFMT_V1_HEADER_SCAN - used, &n));
	return used + n;
}

/* The last has the cipher, and the first is unwrapped as it says. */
static void last_packet(void)
{
	u8 buf[EFMT_V1_HEADER_SCAN] = { 0 };
	struct efmt_v1_packet packet;
	struct efmt_v1_file file;
	u8 back[64];
	size_t used = start(5000, EFMT_V1_FLAG_ENCRYPTED, buf);

	used = put(EFMT_CIPHER_BLOWFISH, 32, 1, buf, used);
	used = put(EFMT_CIPHER_NR, 0, 2, buf, used);
	used = put(EFMT_CIPHER_AES, 32, 3, buf, used);
	CHECK(!efmt_v1_file_from(buf, sizeof(buf), false, &file));
	CHECK(file.keys == 2 && file.pubkeys == 1 && !file.in_xattr);
	CHECK(file.cipher == EFMT_CIPHER_AES && file.fek_bytes == 32);
	CHECK(file.geo.data_start == 8192 && file.header.plain_size == 5000);
	CHECK(!efmt_v1_file_key(&file, 0, &packet) && packet.sig[0] == 1);
	CHECK(packet.cipher == EFMT_CIPHER_AES && packet.fek_bytes == 32);
	CHECK(!efmt_v1_file_key(&file, 1, &packet) && packet.sig[0] == 3);
	CHECK(!efmt_v1_fek_unwrap(&packet, key, back));
	CHECK(!memcmp(back, fek, 32));
	CHECK(efmt_v1_file_key(&file, 2, &packet) == -ENOENT);
	CHECK(efmt_v1_file_key(&file, 0xffffffffu, &packet) == -ENOENT);
}

static void attribute(void)
{
	u8 head[EFMT_V1_HEADER_SCAN] = { 0 }, value[EFMT_V1_XATTR_MAX] = { 0 };
	static const u8 none[100] = "some text that nobody has encrypted";
	struct efmt_v1_file file;
	size_t len;

	put(EFMT_CIPHER_AES, 16, 1, head,
	    start(1, EFMT_V1_FLAG_ENCRYPTED, head));
	len = put(EFMT_CIPHER_AES, 16, 2, value,
		  start(2, EFMT_V1_FLAG_XATTR, value));
	CHECK(!efmt_v1_file_find(head, sizeof(head), value, len, &file));
	CHECK(!file.in_xattr && file.header.plain_size == 1);
	CHECK(!efmt_v1_file_find(none, sizeof(none), value, len, &file));
	CHECK(file.in_xattr && file.header.plain_size == 2);
	CHECK(!file.geo.data_start);
	CHECK(!efmt_v1_file_find(none, 0, value, len, &file));
	CHECK(efmt_v1_file_find(none, 100, NULL, 0, &file) == -ENODATA);
	CHECK(efmt_v1_file_find(none, 0, NULL, 0, &file) == -ENODATA);
	CHECK(efmt_v1_file_find(none, 100, none, 100, &file) == -ENODATA);
	CHECK(efmt_v1_file_find(none, 100, value, 40, &file) == -EUCLEAN);
	/* A header that is damaged: the attribute, or what is wrong with it. */
	head[26] = 0;
	CHECK(!efmt_v1_file_find(head, sizeof(head), value, len, &file));
	CHECK(file.in_xattr);
	CHECK(efmt_v1_file_find(head, sizeof(head), none, 100, &file) ==
	      -EUCLEAN);
	/* A header that says it is none has its data at offset 0. */
	CHECK(efmt_v1_file_from(value, sizeof(value), false, &file) ==
	      -EUCLEAN);
}

static void keyless(void)
{
	u8 buf[EFMT_V1_HEADER_SCAN] = { 0 };
	struct efmt_v1_packet packet;
	struct efmt_v1_file file;
	size_t used = start(1, 0, buf);

	memset(&file, 0x5a, sizeof(file));
	CHECK(efmt_v1_file_from(buf, sizeof(buf), false, &file) == -EUCLEAN);
	CHECK(all_bytes(&file, sizeof(file), 0x5a));
	put(EFMT_CIPHER_NR, 0, 2, buf, used);
	CHECK(!efmt_v1_file_from(buf, sizeof(buf), false, &file));
	CHECK(!file.keys && file.pubkeys == 1);
	CHECK(efmt_v1_file_key(&file, 0, &packet) == -ENOENT);
}

/* As many as fit, and a buffer that ends anywhere. */
static void full(void)
{
	u8 buf[EFMT_V1_HEADER_SCAN + 4096] = { 0 };
	struct efmt_v1_packet packet;
	struct efmt_v1_file file;
	size_t used = start(1, 0, buf), at[90] = { 0 };
	unsigned int n = 0;

	for (; used + 47 <= EFMT_V1_HEADER_SCAN; n++) {
		used = put(EFMT_CIPHER_CAST5, 8, (u8)n, buf, used);
		at[n] = used;
	}
	CHECK(n == (4096 - 26) / 47 && n <= EFMT_V1_FILE_KEYS);
	CHECK(!efmt_v1_file_from(buf, sizeof(buf), false, &file));
	CHECK(file.keys == n && file.packets.left == 4096 - 26);
	for (unsigned int i = 0; i < n; i++)
		CHECK(!efmt_v1_file_key(&file, i, &packet) &&
		      packet.sig[0] == i);
	for (size_t len = 0; len <= used; len++) {
		u8 *cut = guard_create(buf, len);
		unsigned int whole = 0;
		int want = len < 16 ? -ENODATA : -EUCLEAN;

		while (whole < n && at[whole] <= len)
			whole++;
		if (whole && at[whole - 1] == len)
			want = 0;
		CHECK(efmt_v1_file_from(cut, len, true, &file) == want);
		CHECK(want || file.keys == whole);
		guard_destroy(cut, len);
	}
}

const struct check_case file_cases[] = {
	{ "file: the last packet has the cipher", last_packet },
	{ "file: header before attribute", attribute },
	{ "file: no key of a passphrase", keyless },
	{ "file: as many keys as fit, cut anywhere", full },
	{ NULL, NULL }
};
