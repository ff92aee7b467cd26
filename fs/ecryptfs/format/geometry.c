// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Converts between plaintext offsets and sizes, extents, and lower offsets and
 * sizes.
 *
 * The functions work on the numbers of a struct efmt_geometry and know nothing
 * about versions.  The layout of a lower file is:
 *
 *	data_start | group 0 | tags | group 1 | tags | group 2 ...
 *
 * Group 0 has first_group extents, and every further group next_group extents.
 * Each further group has tag_bytes of tags in front of it; the tags of group 0
 * are in front of data_start.  If first_group is 0, group 0 has no end.  If it
 * is not 0, next_group isn't either.  extent_bytes is never 0.
 */
#include "efmt.h"
#include "ondisk_v1.h"

static int add_checked(u64 a, u64 b, u64 *sum_ret)
{
	if (a > EFMT_OFFSET_MAX || b > EFMT_OFFSET_MAX - a)
		return -EFBIG;
	*sum_ret = a + b;
	return 0;
}

static int mul_checked(u64 a, u32 b, u64 *product_ret)
{
	u64 rest;

	if (b && a > efmt_div_u64(EFMT_OFFSET_MAX, b, &rest))
		return -EFBIG;
	*product_ret = a * b;
	return 0;
}

/*
 * Format 1 has extents of 4096 bytes from @header_bytes on, with nothing
 * between them, and the last one is stored whole.
 */
void efmt_geometry_v1(u64 header_bytes, struct efmt_geometry *ret)
{
	const struct efmt_geometry geo = {
		.data_start = header_bytes,
		.extent_bytes = EFMT_V1_EXTENT_BYTES,
	};

	*ret = geo;
}

u64 efmt_geometry_extent(const struct efmt_geometry *geo, u64 plain_off)
{
	u64 rest;

	return efmt_div_u64(plain_off, geo->extent_bytes, &rest);
}

/*
 * Finds the group that holds @extent, and how many extents of the group are in
 * front of it.
 */
static u64 find_group(const struct efmt_geometry *geo, u64 extent,
		      u64 *before_ret)
{
	if (!geo->first_group || extent < geo->first_group) {
		*before_ret = extent;
		return 0;
	}
	return 1 + efmt_div_u64(extent - geo->first_group, geo->next_group,
				before_ret);
}

/* data_start + extent * extent_bytes + group * tag_bytes */
int efmt_geometry_lower_pos(const struct efmt_geometry *geo, u64 extent,
			    u64 *lower_pos_ret)
{
	u64 before, data, tags, pos;
	int err;

	err = mul_checked(extent, geo->extent_bytes, &data);
	if (err)
		return err;
	err = mul_checked(find_group(geo, extent, &before), geo->tag_bytes,
			  &tags);
	if (err)
		return err;
	err = add_checked(geo->data_start, data, &pos);
	if (err)
		return err;
	return add_checked(pos, tags, lower_pos_ret);
}

u64 efmt_geometry_run(const struct efmt_geometry *geo, u64 extent, u64 max)
{
	u64 before, in_group, group;

	if (!geo->first_group)
		return max;
	group = find_group(geo, extent, &before);
	in_group = (group ? geo->next_group : geo->first_group) - before;
	return in_group < max ? in_group : max;
}

/*
 * The lower size is the end of the last extent, which is stored whole unless
 * exact_tail is set.  It is data_start for an empty file.
 */
int efmt_geometry_lower_size(const struct efmt_geometry *geo, u64 plain_size,
			     u64 *lower_size_ret)
{
	u64 last, tail, start;
	int err;

	if (!plain_size)
		return add_checked(geo->data_start, 0, lower_size_ret);
	last = efmt_div_u64(plain_size - 1, geo->extent_bytes, &tail);
	err = efmt_geometry_lower_pos(geo, last, &start);
	if (err)
		return err;
	return add_checked(start, geo->exact_tail ? tail + 1 :
			   geo->extent_bytes, lower_size_ret);
}

/*
 * Returns how many bytes of data a group has in the @lower bytes that begin
 * with its first extent.
 */
static u64 group_plain(const struct efmt_geometry *geo, u64 lower)
{
	u64 tail;
	u64 extents = efmt_div_u64(lower, geo->extent_bytes, &tail);

	return extents * geo->extent_bytes + (geo->exact_tail ? tail : 0);
}

/*
 * This can't overflow, because the result is never more than @lower_size.  A
 * lower file that ends inside a tag block holds the groups in front of that
 * block.
 */
u64 efmt_geometry_plain_size(const struct efmt_geometry *geo, u64 lower_size)
{
	const u64 first = (u64)geo->first_group * geo->extent_bytes;
	const u64 next = (u64)geo->next_group * geo->extent_bytes;
	u64 groups, rest;

	if (lower_size <= geo->data_start)
		return 0;
	lower_size -= geo->data_start;
	if (!geo->first_group || lower_size <= first)
		return group_plain(geo, lower_size);
	groups = efmt_div_u64(lower_size - first, next + geo->tag_bytes, &rest);
	rest = rest > geo->tag_bytes ? rest - geo->tag_bytes : 0;
	return first + groups * next + group_plain(geo, rest);
}
