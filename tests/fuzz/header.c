// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Fixed part of a header: any bytes give a header or a documented error, and
 * what was read can be written and read again.
 */
#include "format/efmt.h"

#include "claim.h"

static void write_again(const struct efmt_v1_header *header)
{
	struct efmt_v1_header back;
	u8 buf[26];

	CLAIM(!efmt_v1_header_to(header, buf, sizeof(buf)));
	CLAIM(!efmt_v1_header_from(buf, sizeof(buf), &back));
	CLAIM(back.plain_size == header->plain_size);
	CLAIM(back.marker == header->marker);
	CLAIM(back.flags == header->flags);
	CLAIM(efmt_v1_header_region(&back) == efmt_v1_header_region(header));
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct efmt_v1_header header;
	u64 plain_size = 0;
	u64 region;
	int probe = efmt_v1_probe(bytes, len, &plain_size);
	int err = efmt_v1_header_from(bytes, len, &header);

	CLAIM(!probe || probe == -ENODATA);
	CLAIM(!probe == (efmt_detect(bytes, len) == EFMT_V1));
	if (probe)
		CLAIM(err == -ENODATA);
	else
		CLAIM(!err || err == -EUCLEAN || err == -EOPNOTSUPP);
	if (err)
		return 0;
	region = efmt_v1_header_region(&header);
	CLAIM(header.plain_size == plain_size && !(plain_size >> 63));
	CLAIM(header.version <= 3 && header.packets_off <= len);
	CLAIM(region >= EFMT_V1_HEADER_BYTES && region <= 16 << 20);
	CLAIM(!(region % EFMT_V1_EXTENT_BYTES));
	write_again(&header);
	return 0;
}
