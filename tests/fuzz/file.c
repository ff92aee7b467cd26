// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Header and attribute of a lower file: any bytes give a file whose numbers hold,
 * or a documented error.  The first byte says where one ends and the other starts.
 */
#include "format/efmt.h"

#include "claim.h"

static void check_file(const struct efmt_v1_file *file, size_t len)
{
	static const u8 key[EFMT_V1_KEY_BYTES] = "some key";
	struct efmt_v1_packet packet;
	u8 fek[EFMT_V1_FEK_MAX];
	unsigned int i;
	int err;

	CLAIM(file->keys || file->pubkeys);
	CLAIM(file->keys <= EFMT_V1_FILE_KEYS);
	CLAIM(file->packets.left + file->header.packets_off <= len);
	CLAIM(file->in_xattr == !file->geo.data_start);
	for (i = 0; i < file->keys; i++) {
		CLAIM(!efmt_v1_file_key(file, i, &packet));
		CLAIM(packet.kind == EFMT_V1_PASSPHRASE);
		CLAIM(packet.fek_bytes == file->fek_bytes);
		CLAIM(packet.cipher == file->cipher);
		err = efmt_v1_fek_unwrap(&packet, key, fek);
		CLAIM(!err || err == -EUCLEAN);
		/* The last is its own. */
		CLAIM(!err || i + 1 < file->keys);
	}
	CLAIM(efmt_v1_file_key(file, i, &packet) == -ENOENT);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct efmt_v1_file file;
	size_t split;
	int err;

	if (!len)
		return 0;
	split = bytes[0] * 16;
	bytes++;
	len--;
	if (split > len)
		split = len;
	err = efmt_v1_file_find(bytes, split, bytes + split, len - split, &file);
	if (!err)
		check_file(&file, file.in_xattr ? len - split : split);
	else
		CLAIM(err == -ENODATA || err == -EUCLEAN ||
		      err == -EOPNOTSUPP);
	return 0;
}
