// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of geometry.c, against a model that walks the layout extent by extent.
 */
#include "check.h"
#include "format/efmt.h"
#include "tables.h"

#define MAX63 0x7fffffffffffffffULL

static const struct efmt_geometry shapes[] = {
	{ 8192, 4096, 0, 0, 0, false }, /* format 1 */
	{ 0, 4096, 0, 0, 0, false }, /* format 1, metadata elsewhere */
	{ 65536, 4096, 0, 0, 0, false },
	{ 4096, 16, 3, 5, 7, true },
	{ 0, 16, 1, 1, 16, true },
	{ 100, 8, 4, 2, 1, false },
	{ 100, 8, 4, 2, 0, false },
	{ 10, 1, 2, 3, 4, true },
};

/* Lower offset of @extent by walking there. */
static u64 walk(const struct efmt_geometry *geo, u64 extent)
{
	u64 pos = geo->data_start;
	u64 in_group = 0;
	u64 group = geo->first_group;

	while (extent--) {
		pos += geo->extent_bytes;
		if (group && ++in_group == group) {
			pos += geo->tag_bytes;
			in_group = 0;
			group = geo->next_group;
		}
	}
	return pos;
}

static void positions(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		for (u64 extent = 0; extent < 60; extent++) {
			u64 pos = 1;

			CHECK(!efmt_geometry_lower_pos(&shapes[i], extent,
						       &pos));
			CHECK(pos == walk(&shapes[i], extent));
		}
	}
}

static void extents(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		u64 bytes = shapes[i].extent_bytes;

		for (u64 n = 0; n < 10; n++) {
			CHECK(efmt_geometry_extent(&shapes[i], n * bytes) == n);
			CHECK(efmt_geometry_extent(&shapes[i], n * bytes +
						   bytes - 1) == n);
		}
	}
	CHECK(efmt_geometry_extent(&shapes[0], UINT64_MAX) ==
	      0xfffffffffffffULL);
}

/* A run goes on as long as the next extent follows the one before. */
static void runs(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct efmt_geometry *geo = &shapes[i];

		for (u64 from = 0; from < 30; from++) {
			for (u64 max = 0; max < 12; max++) {
				u64 n = efmt_geometry_run(geo, from, max);

				CHECK(n <= max && (n || !max));
				for (u64 k = 1; k < n; k++)
					CHECK(walk(geo, from + k) ==
					      walk(geo, from) +
					      k * geo->extent_bytes);
				if (n && n < max && geo->tag_bytes)
					CHECK(walk(geo, from + n) !=
					      walk(geo, from) +
					      n * geo->extent_bytes);
			}
		}
	}
	CHECK(efmt_geometry_run(&shapes[0], 5, UINT64_MAX) == UINT64_MAX);
}

static void sizes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct efmt_geometry *geo = &shapes[i];
		u64 whole = geo->extent_bytes;

		for (u64 size = 0; size < 20 * whole; size++) {
			u64 lower = 0;
			u64 last = size ? (size - 1) / whole : 0;
			u64 tail = size - last * whole;
			u64 want = geo->data_start;

			if (whole == 4096 && size % 64 > 1 && size % 64 < 63)
				continue;
			if (size)
				want = walk(geo, last) +
				       (geo->exact_tail ? tail : whole);
			CHECK(!efmt_geometry_lower_size(geo, size, &lower));
			CHECK(lower == want);
			if (geo->exact_tail)
				tail = size;
			else
				tail = size ? (last + 1) * whole : 0;
			CHECK(efmt_geometry_plain_size(geo, lower) == tail);
		}
	}
}

/* What a lower file of any size holds: never more than fits, and monotone. */
static void plain_sizes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		const struct efmt_geometry *geo = &shapes[i];
		u64 before = 0;

		for (u64 lower = 0; lower < geo->data_start + 600; lower++) {
			u64 size = efmt_geometry_plain_size(geo, lower);
			u64 back = 0;

			CHECK(size >= before && size <= lower);
			before = size;
			CHECK(!efmt_geometry_lower_size(geo, size, &back));
			CHECK(!size || back <= lower);
		}
	}
	CHECK(efmt_geometry_plain_size(&shapes[0], 8192 + 4095) == 0);
	CHECK(efmt_geometry_plain_size(&shapes[0], 8192 + 4096) == 4096);
	CHECK(efmt_geometry_plain_size(&shapes[0], UINT64_MAX) ==
	      UINT64_MAX - 8192 - 4095);
}

static void limits(void)
{
	const struct efmt_geometry *geo = &shapes[0];
	const struct efmt_geometry wide = { MAX63, UINT32_MAX, UINT32_MAX,
					    UINT32_MAX, UINT32_MAX, true };
	const u64 top = MAX63 / 4096 - 2; /* its offset is 2^63 - 4096 */
	const struct efmt_geometry beyond = { MAX63 + 1, 4096, 0, 0, 0, false };
	u64 out = 42;

	CHECK(efmt_geometry_lower_pos(geo, 1ULL << 52, &out) == -EFBIG);
	CHECK(efmt_geometry_lower_pos(geo, (1ULL << 52) + 1, &out) == -EFBIG);
	CHECK(efmt_geometry_lower_size(&beyond, 0, &out) == -EFBIG);
	CHECK(efmt_geometry_lower_size(&beyond, 1, &out) == -EFBIG);
	CHECK(!efmt_geometry_lower_pos(geo, top, &out));
	CHECK(out == MAX63 - 4095);
	out = 42;
	CHECK(efmt_geometry_lower_pos(geo, top + 1, &out) == -EFBIG);
	CHECK(efmt_geometry_lower_pos(geo, UINT64_MAX, &out) == -EFBIG);
	CHECK(efmt_geometry_lower_size(geo, UINT64_MAX, &out) == -EFBIG);
	CHECK(efmt_geometry_lower_size(geo, MAX63, &out) == -EFBIG);
	CHECK(efmt_geometry_lower_size(geo, top * 4096 + 1, &out) == -EFBIG);
	CHECK(out == 42);
	CHECK(!efmt_geometry_lower_size(geo, top * 4096, &out));
	CHECK(out == MAX63 - 4095);
	CHECK(!efmt_geometry_lower_size(&wide, 0, &out) && out == MAX63);
	CHECK(efmt_geometry_lower_size(&wide, 1, &out) == -EFBIG);
	for (u64 extent = 1; extent; extent <<= 1) {
		CHECK(efmt_geometry_lower_pos(&wide, extent, &out) == -EFBIG);
		CHECK(efmt_geometry_run(&wide, extent, 1) == 1);
	}
	CHECK(efmt_geometry_plain_size(&wide, UINT64_MAX) <= UINT64_MAX);
}

static void format_1(void)
{
	struct efmt_geometry geo;
	u64 pos;

	efmt_geometry_v1(8192, &geo);
	CHECK(geo.data_start == 8192 && geo.extent_bytes == 4096);
	CHECK(!geo.first_group && !geo.tag_bytes && !geo.exact_tail);
	CHECK(!efmt_geometry_lower_pos(&geo, 3, &pos) && pos == 20480);
	efmt_geometry_v1(0, &geo);
	CHECK(!efmt_geometry_lower_pos(&geo, 3, &pos) && pos == 12288);
}

const struct check_case geometry_cases[] = {
	{ "geometry: lower offsets", positions },
	{ "geometry: extent numbers", extents },
	{ "geometry: runs", runs },
	{ "geometry: lower sizes and back", sizes },
	{ "geometry: plain size of any lower size", plain_sizes },
	{ "geometry: limits", limits },
	{ "geometry: format 1", format_1 },
	{ NULL, NULL }
};
