// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Wraps a FEK with the key of a passphrase, and unwraps it.
 *
 * The FEK is encrypted with the file's own cipher in ECB mode, without padding
 * or integrity check.  The KEK consists of the first bytes of the 64-byte key,
 * as many as the FEK has.
 *
 * This is for format 1 only; add nothing here.
 */
#include "efmt.h"

/*
 * The field wrapped of the packet is the work buffer, so the only copy of the
 * secret is in memory that is wiped on failure.
 */
int efmt_v1_fek_wrap(enum efmt_cipher cipher, const u8 *fek, size_t fek_bytes,
		     const u8 key[EFMT_V1_KEY_BYTES],
		     const u8 sig[EFMT_V1_SIG_BYTES],
		     const u8 salt[EFMT_V1_SALT_BYTES],
		     struct efmt_v1_packet *packet_ret)
{
	const size_t wrapped = efmt_v1_cipher_wrapped(cipher, fek_bytes);
	int err;

	memset(packet_ret, 0, sizeof(*packet_ret));
	if (!wrapped)
		return -EINVAL;
	packet_ret->kind = EFMT_V1_PASSPHRASE;
	packet_ret->cipher = cipher;
	packet_ret->fek_bytes = (u16)fek_bytes;
	packet_ret->wrapped_bytes = (u16)wrapped;
	memcpy(packet_ret->sig, sig, EFMT_V1_SIG_BYTES);
	memcpy(packet_ret->salt, salt, EFMT_V1_SALT_BYTES);
	memcpy(packet_ret->wrapped, fek, fek_bytes);
	err = efmt_prim_ecb_encrypt(cipher, key, fek_bytes,
				    packet_ret->wrapped, wrapped);
	if (err)
		efmt_prim_wipe(packet_ret, sizeof(*packet_ret));
	return err;
}

int efmt_v1_fek_unwrap(const struct efmt_v1_packet *packet,
		       const u8 key[EFMT_V1_KEY_BYTES],
		       u8 fek_ret[EFMT_V1_FEK_MAX])
{
	u8 buf[EFMT_V1_WRAPPED_MAX];
	const size_t wrapped =
		efmt_v1_cipher_wrapped(packet->cipher, packet->fek_bytes);
	int err;

	efmt_prim_wipe(fek_ret, EFMT_V1_FEK_MAX);
	if (packet->kind != EFMT_V1_PASSPHRASE || !wrapped ||
	    wrapped != packet->wrapped_bytes)
		return -EUCLEAN;
	memcpy(buf, packet->wrapped, wrapped);
	err = efmt_prim_ecb_decrypt(packet->cipher, key, packet->fek_bytes,
				    buf, wrapped);
	if (!err)
		memcpy(fek_ret, buf, packet->fek_bytes);
	efmt_prim_wipe(buf, sizeof(buf));
	return err;
}
