// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The metadata of a lower file: whether they are in a header or an attribute,
 * where the data are, the cipher, and the FEK as wrapped by each key.
 *
 * This is for format 1 only; add nothing here.
 */
#include "efmt.h"

/* Counts the packets of @set and remembers where the passphrase packets are. */
static int scan_packets(struct efmt_span set, struct efmt_v1_file *file)
{
	const size_t bytes = set.left;
	struct efmt_v1_packet packet;
	int err;

	for (;;) {
		const size_t at = bytes - set.left;

		err = efmt_v1_packet_take(&set, &packet);
		if (err == -ENOENT)
			break;
		if (err)
			return err;
		if (packet.kind != EFMT_V1_PASSPHRASE) {
			file->pubkeys++;
			continue;
		}
		if (file->keys == EFMT_V1_FILE_KEYS)
			return -EUCLEAN;
		file->key_off[file->keys++] = (u16)at;
		file->cipher = packet.cipher;
		file->fek_bytes = packet.fek_bytes;
	}
	return file->keys || file->pubkeys ? 0 : -EUCLEAN;
}

/*
 * The flag that says where the metadata are is ignored, as in stock.  The
 * exception is a header that claims to be in an attribute: its data would be at
 * offset 0.
 */
int efmt_v1_file_from(const u8 *buf, size_t len, bool in_xattr,
		      struct efmt_v1_file *ret)
{
	struct efmt_v1_file file = { .in_xattr = in_xattr };
	struct efmt_span set = {
		.at = buf,
		.left = len < EFMT_V1_HEADER_SCAN ? len : EFMT_V1_HEADER_SCAN,
	};
	int err;

	err = efmt_v1_header_from(buf, len, &file.header);
	if (err)
		return err;
	if (!in_xattr && file.header.flags & EFMT_V1_FLAG_XATTR)
		return -EUCLEAN;
	err = efmt_span_skip(&set, file.header.packets_off);
	if (!err)
		err = scan_packets(set, &file);
	if (err)
		return err;
	file.packets = set;
	efmt_geometry_v1(in_xattr ? 0 : efmt_v1_header_region(&file.header),
			 &file.geo);
	*ret = file;
	return 0;
}

int efmt_v1_file_find(const u8 *start, size_t start_len, const u8 *value,
		      size_t value_len, struct efmt_v1_file *ret)
{
	int err, value_err;

	err = efmt_v1_file_from(start, start_len, false, ret);
	if (!err || !value)
		return err;
	value_err = efmt_v1_file_from(value, value_len, true, ret);
	if (!value_err)
		return 0;
	return err == -ENODATA ? value_err : err;
}

int efmt_v1_file_key(const struct efmt_v1_file *file, unsigned int key,
		     struct efmt_v1_packet *packet_ret)
{
	struct efmt_span at = file->packets;
	int err;

	if (key >= file->keys)
		return -ENOENT;
	err = efmt_span_skip(&at, file->key_off[key]);
	if (!err)
		err = efmt_v1_packet_take(&at, packet_ret);
	if (err)
		return err;
	packet_ret->cipher = file->cipher;
	packet_ret->fek_bytes = file->fek_bytes;
	return 0;
}
