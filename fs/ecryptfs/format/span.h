/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bounded cursors: the only code of the core that indexes input or output.
 *
 * A span is the input that is left to read, and a sink the space that is left
 * to write to.  Every take and put first checks how many bytes are left, so a
 * parser that is built from them can't overrun, whatever lengths it reads.
 * Integers on disk are big-endian and unaligned.  They are assembled byte by
 * byte, which is correct on every machine, and which compilers turn into a load
 * and a swap.
 *
 * A take or put that fails neither moves the cursor nor writes anything.
 */
#ifndef EFMT_SPAN_H
#define EFMT_SPAN_H

#include "efmt_types.h"

/* Bytes to read. */
struct efmt_span {
	const u8 *at;
	size_t left;
};

/* Room to write to. */
struct efmt_sink {
	u8 *at;
	size_t left;
};

/* take returns 0, or -EUCLEAN if the span is too short. */

/* Splits the first @len bytes off @span into a span of their own. */
static inline int efmt_span_take_span(struct efmt_span *span, size_t len,
				      struct efmt_span *ret)
{
	if (span->left < len)
		return -EUCLEAN;
	ret->at = span->at;
	ret->left = len;
	span->at += len;
	span->left -= len;
	return 0;
}

static inline int efmt_span_take_bytes(struct efmt_span *span, void *ret,
				       size_t len)
{
	struct efmt_span part;
	int err = efmt_span_take_span(span, len, &part);

	if (err)
		return err;
	if (len)
		memcpy(ret, part.at, len);
	return 0;
}

static inline int efmt_span_skip(struct efmt_span *span, size_t len)
{
	struct efmt_span part;

	return efmt_span_take_span(span, len, &part);
}

static inline int efmt_span_take_u8(struct efmt_span *span, u8 *ret)
{
	return efmt_span_take_bytes(span, ret, 1);
}

static inline int efmt_span_take_be16(struct efmt_span *span, u16 *ret)
{
	u8 b[2];
	int err = efmt_span_take_bytes(span, b, sizeof(b));

	if (err)
		return err;
	*ret = (u16)(b[0] << 8 | b[1]);
	return 0;
}

static inline int efmt_span_take_be32(struct efmt_span *span, u32 *ret)
{
	u8 b[4];
	int err = efmt_span_take_bytes(span, b, sizeof(b));

	if (err)
		return err;
	*ret = (u32)b[0] << 24 | (u32)b[1] << 16 | (u32)b[2] << 8 | b[3];
	return 0;
}

static inline int efmt_span_take_be64(struct efmt_span *span, u64 *ret)
{
	struct efmt_span part;
	u32 high = 0;
	u32 low = 0;
	int err = efmt_span_take_span(span, 8, &part);

	if (err)
		return err;
	/* Can't fail: the part has 8 bytes. */
	efmt_span_take_be32(&part, &high);
	efmt_span_take_be32(&part, &low);
	*ret = (u64)high << 32 | low;
	return 0;
}

/* Returns whether the span has only zeros; true for an empty span. */
static inline bool efmt_span_zero(const struct efmt_span *span)
{
	size_t i;

	for (i = 0; i < span->left; i++)
		if (span->at[i])
			return false;
	return true;
}

/* put returns 0, or -ENOSPC if the sink is too short. */

static inline int efmt_sink_put_bytes(struct efmt_sink *sink, const void *bytes,
				      size_t len)
{
	if (sink->left < len)
		return -ENOSPC;
	if (len)
		memcpy(sink->at, bytes, len);
	sink->at += len;
	sink->left -= len;
	return 0;
}

static inline int efmt_sink_put_u8(struct efmt_sink *sink, u8 value)
{
	return efmt_sink_put_bytes(sink, &value, 1);
}

static inline int efmt_sink_put_be16(struct efmt_sink *sink, u16 value)
{
	const u8 b[2] = { (u8)(value >> 8), (u8)value };

	return efmt_sink_put_bytes(sink, b, sizeof(b));
}

static inline int efmt_sink_put_be32(struct efmt_sink *sink, u32 value)
{
	const u8 b[4] = { (u8)(value >> 24), (u8)(value >> 16),
			  (u8)(value >> 8), (u8)value };

	return efmt_sink_put_bytes(sink, b, sizeof(b));
}

static inline int efmt_sink_put_be64(struct efmt_sink *sink, u64 value)
{
	const u8 b[8] = { (u8)(value >> 56), (u8)(value >> 48),
			  (u8)(value >> 40), (u8)(value >> 32),
			  (u8)(value >> 24), (u8)(value >> 16),
			  (u8)(value >> 8), (u8)value };

	return efmt_sink_put_bytes(sink, b, sizeof(b));
}

#endif /* EFMT_SPAN_H */
