// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Packet sets: parsing ends, stays inside, and yields packets that can be
 * written, read again and unwrapped.
 */
#include "format/efmt.h"

#include "claim.h"

static void check_packet(const struct efmt_v1_packet *packet)
{
	static const u8 key[EFMT_V1_KEY_BYTES] = "some key";
	struct efmt_v1_packet back;
	struct efmt_span span;
	u8 fek[EFMT_V1_FEK_MAX];
	u8 buf[EFMT_V1_BLOB_MAX + 64];
	size_t used;

	CLAIM(packet->wrapped_bytes <= EFMT_V1_BLOB_MAX);
	CLAIM(!efmt_v1_packet_put(packet, buf, sizeof(buf), &used));
	span.at = buf;
	span.left = used;
	CLAIM(!efmt_v1_packet_take(&span, &back) && !span.left);
	CLAIM(back.kind == packet->kind);
	CLAIM(back.wrapped_bytes == packet->wrapped_bytes);
	CLAIM(!memcmp(back.sig, packet->sig, sizeof(back.sig)));
	CLAIM(!memcmp(back.wrapped, packet->wrapped, sizeof(back.wrapped)));
	if (packet->kind == EFMT_V1_PUBKEY) {
		CLAIM(efmt_v1_fek_unwrap(packet, key, fek) == -EUCLEAN);
		return;
	}
	CLAIM(back.cipher == packet->cipher);
	CLAIM(back.fek_bytes == packet->fek_bytes);
	CLAIM(efmt_v1_cipher_key_valid(packet->cipher, packet->fek_bytes));
	CLAIM(!efmt_v1_fek_unwrap(packet, key, fek));
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct efmt_span span = { bytes, len };
	struct efmt_v1_packet packet;
	size_t left = len;
	int err;

	while (!(err = efmt_v1_packet_take(&span, &packet))) {
		CLAIM(span.left < left);
		CLAIM(span.at + span.left == bytes + len);
		left = span.left;
		check_packet(&packet);
	}
	CLAIM(err == -ENOENT || err == -EUCLEAN || err == -EOPNOTSUPP);
	CLAIM(span.left == left);
	return 0;
}
