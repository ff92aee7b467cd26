// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The fixed part of a format 1 header: size, marker, version and flags, and
 * header region.  The packet set that follows it is in v1_packet.c.
 *
 * This is for format 1 only; add nothing here.
 */
#include "efmt.h"
#include "ondisk_v1.h"

/*
 * Reads the size field and the marker.  The marker consists of 32 random bits,
 * followed by the same bits XOR a constant, so random bytes are taken for a
 * marker with a probability of 2^-32.
 */
static int take_start(struct efmt_span *span, u64 *plain_size_ret,
		      u32 *marker_ret)
{
	u64 plain_size = 0;
	u32 word[2] = { 0, 0 };

	if (efmt_span_take_be64(span, &plain_size) ||
	    efmt_span_take_be32(span, &word[0]) ||
	    efmt_span_take_be32(span, &word[1]))
		return -ENODATA;
	if ((word[0] ^ EFMT_V1_MARKER_MAGIC) != word[1])
		return -ENODATA;
	*plain_size_ret = plain_size;
	*marker_ret = word[0];
	return 0;
}

int efmt_v1_probe(const u8 *buf, size_t len, u64 *plain_size_ret)
{
	struct efmt_span span = { buf, len };
	u32 marker;

	return take_start(&span, plain_size_ret, &marker);
}

u64 efmt_v1_header_region(const struct efmt_v1_header *header)
{
	return (u64)header->extent_bytes * header->extents;
}

/*
 * Returns whether this code reads and writes headers with these sizes.  Stock
 * checks neither: it uses a region under 8192 after a warning, and treats a
 * size of 2^63 or more as negative.  No implementation writes such headers.  If
 * the region were not a whole number of extents, the data would be at offsets
 * that no writer uses.
 */
static bool header_valid(const struct efmt_v1_header *header)
{
	const u64 region = efmt_v1_header_region(header);

	return header->plain_size <= EFMT_OFFSET_MAX &&
	       region >= EFMT_V1_HEADER_BYTES && region <= EFMT_V1_REGION_MAX &&
	       !(region & (EFMT_V1_EXTENT_BYTES - 1));
}

/*
 * Version and flag bits share a word on disk: the version is in the highest
 * byte, followed by 20 reserved bits, which readers ignore.  Version 0 ends
 * here, and has the default region.
 */
int efmt_v1_header_from(const u8 *buf, size_t len, struct efmt_v1_header *ret)
{
	struct efmt_v1_header header = {
		.extent_bytes = EFMT_V1_EXTENT_BYTES,
		.extents = EFMT_V1_HEADER_BYTES / EFMT_V1_EXTENT_BYTES,
		.packets_off = sizeof(struct efmt_v1_disk_start),
	};
	struct efmt_span span = { buf, len };
	u32 word;
	int err;

	err = take_start(&span, &header.plain_size, &header.marker);
	if (err)
		return err;
	err = efmt_span_take_be32(&span, &word);
	if (err)
		return err;
	header.version = (u8)(word >> 24);
	header.flags = word & EFMT_V1_FLAGS_KNOWN;
	if (header.version > EFMT_V1_VERSION)
		return -EOPNOTSUPP;
	if (header.version > EFMT_V1_VERSION_SHORT) {
		if (efmt_span_take_be32(&span, &header.extent_bytes) ||
		    efmt_span_take_be16(&span, &header.extents))
			return -EUCLEAN;
		header.packets_off = sizeof(struct efmt_v1_disk_header);
	}
	if (!header_valid(&header))
		return -EUCLEAN;
	*ret = header;
	return 0;
}

int efmt_v1_header_to(const struct efmt_v1_header *header, u8 *buf, size_t len)
{
	struct efmt_sink sink = { buf, len };
	const u32 word = (u32)EFMT_V1_VERSION << 24 |
			 (header->flags & EFMT_V1_FLAGS_KNOWN);

	if (!header_valid(header))
		return -EINVAL;
	if (len < sizeof(struct efmt_v1_disk_header))
		return -ENOSPC;
	if (efmt_sink_put_be64(&sink, header->plain_size) ||
	    efmt_sink_put_be32(&sink, header->marker) ||
	    efmt_sink_put_be32(&sink, header->marker ^ EFMT_V1_MARKER_MAGIC) ||
	    efmt_sink_put_be32(&sink, word) ||
	    efmt_sink_put_be32(&sink, header->extent_bytes) ||
	    efmt_sink_put_be16(&sink, header->extents))
		return -ENOSPC;
	return 0;
}

void efmt_v1_size_to(u64 plain_size, u8 buf[EFMT_V1_SIZE_BYTES])
{
	struct efmt_sink sink = { buf, EFMT_V1_SIZE_BYTES };

	efmt_sink_put_be64(&sink, plain_size);
}
