// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of v1_header.c and detect.c beyond the vectors: truncation at every
 * length, flips of every bit, and writing.
 */
#include <string.h>

#include "check.h"
#include "format/efmt.h"
#include "tables.h"

static const u8 example[26] = {
	0, 0, 0, 0, 0, 0, 0, 6, 0x12, 0x34, 0x56, 0x78, 0x2e, 0xb5, 0xe1, 0x8d,
	3, 0, 0, 2, 0, 0, 0x10, 0, 0, 2,
};

static const struct efmt_v1_header example_header = {
	.plain_size = 6,
	.marker = 0x12345678,
	.flags = EFMT_V1_FLAG_ENCRYPTED,
	.extent_bytes = 4096,
	.extents = 2,
	.version = 3,
	.packets_off = 26,
};

static bool same(const struct efmt_v1_header *a, const struct efmt_v1_header *b)
{
	return a->plain_size == b->plain_size && a->marker == b->marker &&
	       a->flags == b->flags && a->extent_bytes == b->extent_bytes &&
	       a->extents == b->extents && a->version == b->version &&
	       a->packets_off == b->packets_off;
}

static void read_example(void)
{
	struct efmt_v1_header header;
	u64 size = 0;

	CHECK(efmt_detect(example, sizeof(example)) == EFMT_V1);
	CHECK(!efmt_v1_probe(example, sizeof(example), &size) && size == 6);
	CHECK(!efmt_v1_header_from(example, sizeof(example), &header));
	CHECK(same(&header, &example_header));
	CHECK(efmt_v1_header_region(&header) == 8192);
}

static void truncation(void)
{
	for (size_t len = 0; len <= sizeof(example); len++) {
		u8 *buf = guard_create(example, len);
		struct efmt_v1_header header;
		u64 size = 42;
		int want = len < 16 ? -ENODATA : len < 26 ? -EUCLEAN : 0;

		memset(&header, 0x5a, sizeof(header));
		CHECK(efmt_detect(buf, len) ==
		      (len < 16 ? EFMT_NONE : EFMT_V1));
		CHECK(efmt_v1_probe(buf, len, &size) ==
		      (len < 16 ? -ENODATA : 0));
		CHECK(size == (len < 16 ? 42 : 6));
		CHECK(efmt_v1_header_from(buf, len, &header) == want);
		CHECK(!want || all_bytes(&header, sizeof(header), 0x5a));
		guard_destroy(buf, len);
	}
	CHECK(efmt_detect(NULL, 0) == EFMT_NONE);
}

/* Every bit: either a header or one of the documented errors. */
static void flips(void)
{
	for (size_t bit = 0; bit < 8 * sizeof(example); bit++) {
		u8 *buf = guard_create(example, sizeof(example));
		struct efmt_v1_header header;
		int err;

		buf[bit / 8] ^= (u8)(1 << bit % 8);
		err = efmt_v1_header_from(buf, sizeof(example), &header);
		if (bit / 8 >= 8 && bit / 8 < 16)
			CHECK(err == -ENODATA);
		else
			CHECK(!err || err == -EUCLEAN || err == -EOPNOTSUPP);
		CHECK(err || efmt_v1_header_region(&header) >= 8192);
		guard_destroy(buf, sizeof(example));
	}
}

static void write_example(void)
{
	struct efmt_v1_header odd = example_header;
	struct efmt_v1_header back;
	u8 buf[27];

	for (size_t len = 0; len <= sizeof(buf); len++) {
		u8 *guard = guard_create(NULL, len);
		int err = efmt_v1_header_to(&example_header, guard, len);

		CHECK(err == (len < 26 ? -ENOSPC : 0));
		if (err)
			CHECK(all_bytes(guard, len, 0));
		else
			CHECK(!memcmp(guard, example, 26) &&
			      all_bytes(guard + 26, len - 26, 0));
		guard_destroy(guard, len);
	}
	/* Versions, offset and reserved flags of the struct don't count. */
	odd.version = 0;
	odd.packets_off = 20;
	odd.flags = ~0u;
	CHECK(!efmt_v1_header_to(&odd, buf, sizeof(buf)));
	CHECK(buf[16] == 3 && !buf[17] && !buf[18] && buf[19] == 15);
	CHECK(!efmt_v1_header_from(buf, 26, &back));
	CHECK(back.flags == 15 && back.packets_off == 26);
}

static void write_refusals(void)
{
	static const struct {
		u64 size;
		u32 extent_bytes;
		u16 extents;
	} rows[] = {
		{ 1ULL << 63, 4096, 2 }, { UINT64_MAX, 4096, 2 },
		{ 0, 4096, 1 },		 { 0, 4096, 0 },
		{ 0, 0, 2 },		 { 0, 4097, 2 },
		{ 0, 4096, 4097 },	 { 0, UINT32_MAX, UINT16_MAX },
	};
	u8 buf[26] = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct efmt_v1_header header = example_header;

		header.plain_size = rows[i].size;
		header.extent_bytes = rows[i].extent_bytes;
		header.extents = rows[i].extents;
		CHECK(efmt_v1_header_to(&header, buf, 26) == -EINVAL);
		CHECK(all_bytes(buf, 26, 0));
	}
}

static void round_trips(void)
{
	static const u64 sizes[] = { 0, 1, 255, 4096, 0x0123456789abcdef,
				     0x7fffffffffffffff };
	static const u16 counts[] = { 2, 3, 16, 4096 };

	for (size_t i = 0; i < 6; i++) {
		for (size_t k = 0; k < 4; k++) {
			struct efmt_v1_header header = example_header;
			struct efmt_v1_header back;
			u8 buf[26];
			u8 size[8];

			header.plain_size = sizes[i];
			header.extents = counts[k];
			header.marker = (u32)(sizes[i] * 2654435761u);
			header.flags = (u32)(i + k);
			CHECK(!efmt_v1_header_to(&header, buf, 26));
			CHECK(!efmt_v1_header_from(buf, 26, &back));
			CHECK(same(&header, &back));
			efmt_v1_size_to(sizes[i], size);
			CHECK(!memcmp(size, buf, 8));
		}
	}
}

static void probe_size(void)
{
	u8 buf[16];
	u64 size;

	memcpy(buf, example, 16);
	memset(buf, 0xff, 8);
	CHECK(!efmt_v1_probe(buf, 16, &size) && size == UINT64_MAX);
}

const struct check_case header_cases[] = {
	{ "header: example", read_example },
	{ "header: cut at every length", truncation },
	{ "header: every bit flipped", flips },
	{ "header: written", write_example },
	{ "header: refused to write", write_refusals },
	{ "header: there and back", round_trips },
	{ "header: probe takes any size", probe_size },
	{ NULL, NULL }
};
