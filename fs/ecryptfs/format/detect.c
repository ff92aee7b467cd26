// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which format a header is of.
 *
 * Recognition only: whether a format's version or features are ones that this
 * code can read is for that format's own parser to say.
 */
#include "efmt.h"

enum efmt_version efmt_detect(const u8 *buf, size_t len)
{
	u64 plain_size;

	if (!efmt_v1_probe(buf, len, &plain_size))
		return EFMT_V1;
	return EFMT_NONE;
}
