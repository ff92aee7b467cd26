// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tests of span.h: every take and put at every distance from the end.
 */
#include <string.h>

#include "check.h"
#include "format/efmt.h"
#include "tables.h"

static const u8 bytes[8] = { 0x81, 0x22, 0x43, 0x64, 0x85, 0xa6, 0xc7, 0xe8 };

/* Takes an integer of @width bytes. */
static int take(struct efmt_span *span, size_t width, u64 *ret)
{
	u8 v8 = 0;
	u16 v16 = 0;
	u32 v32 = 0;
	int err;

	switch (width) {
	case 1:
		err = efmt_span_take_u8(span, &v8);
		*ret = v8;
		return err;
	case 2:
		err = efmt_span_take_be16(span, &v16);
		*ret = v16;
		return err;
	case 4:
		err = efmt_span_take_be32(span, &v32);
		*ret = v32;
		return err;
	default:
		return efmt_span_take_be64(span, ret);
	}
}

static int put(struct efmt_sink *sink, size_t width, u64 value)
{
	switch (width) {
	case 1:
		return efmt_sink_put_u8(sink, (u8)value);
	case 2:
		return efmt_sink_put_be16(sink, (u16)value);
	case 4:
		return efmt_sink_put_be32(sink, (u32)value);
	default:
		return efmt_sink_put_be64(sink, value);
	}
}

static const struct {
	size_t width;
	u64 value;
} integers[] = {
	{ 1, 0x81 },
	{ 2, 0x8122 },
	{ 4, 0x81224364 },
	{ 8, 0x8122436485a6c7e8 },
};

static void take_integers(void)
{
	for (size_t i = 0; i < 4; i++) {
		for (size_t len = 0; len <= 8; len++) {
			u8 *buf = guard_create(bytes, len);
			struct efmt_span span = { buf, len };
			u64 value = 0;
			int err = take(&span, integers[i].width, &value);

			if (len < integers[i].width) {
				CHECK(err == -EUCLEAN);
				CHECK(value == 0);
				CHECK(span.at == buf && span.left == len);
			} else {
				CHECK(!err && value == integers[i].value);
				CHECK(span.at == buf + integers[i].width);
				CHECK(span.left == len - integers[i].width);
			}
			guard_destroy(buf, len);
		}
	}
}

static void put_integers(void)
{
	for (size_t i = 0; i < 4; i++) {
		for (size_t len = 0; len <= 8; len++) {
			u8 *buf = guard_create(NULL, len);
			struct efmt_sink sink = { buf, len };
			size_t width = integers[i].width;
			int err = put(&sink, width, integers[i].value);

			if (len < width) {
				CHECK(err == -ENOSPC && sink.left == len);
				CHECK(sink.at == buf && all_bytes(buf, len, 0));
			} else {
				CHECK(!err && sink.left == len - width);
				CHECK(!memcmp(buf, bytes, width));
				CHECK(all_bytes(buf + width, len - width, 0));
			}
			guard_destroy(buf, len);
		}
	}
}

static void take_spans(void)
{
	struct efmt_span span = { bytes, 8 };
	struct efmt_span part = { NULL, 0 };
	u8 out[8] = { 0 };

	CHECK(efmt_span_take_span(&span, 9, &part) == -EUCLEAN);
	CHECK(efmt_span_take_span(&span, SIZE_MAX, &part) == -EUCLEAN);
	CHECK(!part.at && span.left == 8);
	CHECK(!efmt_span_take_span(&span, 3, &part));
	CHECK(part.at == bytes && part.left == 3 && span.left == 5);
	CHECK(efmt_span_skip(&span, 6) == -EUCLEAN && span.left == 5);
	CHECK(!efmt_span_skip(&span, 0) && span.left == 5);
	CHECK(efmt_span_take_bytes(&span, out, 6) == -EUCLEAN);
	CHECK(all_bytes(out, 8, 0));
	CHECK(!efmt_span_take_bytes(&span, out, 5) && !span.left);
	CHECK(!memcmp(out, bytes + 3, 5));
	CHECK(!efmt_span_take_bytes(&span, out, 0));
	CHECK(efmt_span_take_u8(&span, out) == -EUCLEAN);
}

static void empty_null(void)
{
	struct efmt_span span = { NULL, 0 };
	struct efmt_sink sink = { NULL, 0 };
	u8 byte;

	CHECK(efmt_span_take_u8(&span, &byte) == -EUCLEAN);
	CHECK(efmt_sink_put_u8(&sink, 1) == -ENOSPC);
	CHECK(efmt_sink_put_bytes(&sink, bytes, 8) == -ENOSPC);
}

const struct check_case span_cases[] = {
	{ "span: integers are taken, or nothing is", take_integers },
	{ "span: integers are put, or nothing is", put_integers },
	{ "span: parts and bytes", take_spans },
	{ "span: empty", empty_null },
	{ NULL, NULL }
};
