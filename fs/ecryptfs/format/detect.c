// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Detects the format of a header.
 *
 * This only recognises a format.  Whether its version and features are
 * supported is up to the parser of that format.
 */
#include "efmt.h"

enum efmt_version efmt_detect(const u8 *buf, size_t len)
{
	u64 plain_size;

	if (!efmt_v1_probe(buf, len, &plain_size))
		return EFMT_V1;
	return EFMT_NONE;
}
