// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Geometry with any numbers: no overflow, and sizes that fit there and back.
 */
#include "format/efmt.h"

#include "claim.h"

#define MAX63 0x7fffffffffffffffULL

/* Numbers from the input, 0 when it is used up. */
static u64 number(struct efmt_span *span)
{
	u64 value = 0;

	efmt_span_take_be64(span, &value);
	return value;
}

static void check_size(const struct efmt_geometry *geo, u64 size)
{
	u64 lower, back;
	int err = efmt_geometry_lower_size(geo, size, &lower);

	CLAIM(!err || err == -EFBIG);
	if (err)
		return;
	CLAIM(lower <= MAX63 && lower >= geo->data_start);
	back = efmt_geometry_plain_size(geo, lower);
	CLAIM(back >= size && back - size < geo->extent_bytes);
	CLAIM(!geo->exact_tail || back == size);
}

static void check_extent(const struct efmt_geometry *geo, u64 extent)
{
	u64 pos, next;
	int err = efmt_geometry_lower_pos(geo, extent, &pos);

	CLAIM(!err || err == -EFBIG);
	if (err || efmt_geometry_lower_pos(geo, extent + 1, &next))
		return;
	CLAIM(next - pos == geo->extent_bytes ||
	      next - pos == (u64)geo->extent_bytes + geo->tag_bytes);
	if (efmt_geometry_run(geo, extent, 2) == 2)
		CLAIM(next - pos == geo->extent_bytes);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct efmt_span span = { bytes, len };
	struct efmt_geometry geo;
	u64 small;

	efmt_geometry_v1(number(&span), &geo);
	small = number(&span);
	if (small & 1) {
		geo.extent_bytes = (u32)(small >> 32) | 1;
		geo.first_group = (u32)number(&span);
		geo.next_group = (u32)number(&span) | 1;
		geo.tag_bytes = (u32)number(&span);
		geo.exact_tail = small & 2;
	}
	check_size(&geo, number(&span));
	check_extent(&geo, number(&span));
	small = number(&span);
	CLAIM(efmt_geometry_plain_size(&geo, small) <= small);
	return 0;
}
