// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Where the data of a file are on the disk: the lower file's map, shifted by
 * the header before the data, with flags that say that the blocks do not have
 * what read() returns.
 */
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/uaccess.h>

#include "glue.h"

/* For every extent: its blocks do not have what read() returns. */
#define OUR_FLAGS (FIEMAP_EXTENT_ENCODED | FIEMAP_EXTENT_DATA_ENCRYPTED)

/*
 * Shifts an extent of the lower file, whose first @shift bytes are not shown.
 */
static void move_extent(struct fiemap_extent *extent, u64 shift)
{
	u64 hidden = 0;

	if (extent->fe_logical < shift)
		hidden = min(shift - extent->fe_logical, extent->fe_length);
	extent->fe_logical += hidden;
	extent->fe_length -= hidden;
	if (!(extent->fe_flags & FIEMAP_EXTENT_UNKNOWN))
		extent->fe_physical += hidden;
	extent->fe_logical -= min(shift, extent->fe_logical);
	extent->fe_flags |= OUR_FLAGS;
}

/*
 * Shifts the extents that the lower filesystem has written to the caller's
 * memory.
 */
static int move_extents(const struct fiemap_extent_info *map, u64 shift)
{
	struct fiemap_extent __user *at = map->fi_extents_start;
	struct fiemap_extent extent;
	unsigned int i;

	if (!map->fi_extents_max)
		return 0;
	for (i = 0; i < map->fi_extents_mapped; i++, at++) {
		if (copy_from_user(&extent, at, sizeof(extent)))
			return -EFAULT;
		move_extent(&extent, shift);
		if (copy_to_user(at, &extent, sizeof(extent)))
			return -EFAULT;
	}
	return 0;
}

/*
 * FS_IOC_FIEMAP of an open file; @start and @len are in upper bytes.  Dirty
 * data are always written first, because the lower filesystem can map only what
 * it has.  Space that is reserved beyond the end is shown like any other
 * preallocation.  A plaintext file has the lower file's map.
 *
 * -EOPNOTSUPP: the lower filesystem has no maps, or this is the encrypted view,
 * where the lower file may begin at another offset.
 */
int ecryptfs_fiemap(struct inode *inode, struct fiemap_extent_info *map,
		    u64 start, u64 len)
{
	struct ecryptfs_inode *ei = ecryptfs_inode(inode);
	struct inode *lower = ecryptfs_inode_lower(inode);
	u64 shift;
	int err;

	err = fiemap_prep(inode, map, start, &len, 0);
	if (err)
		return err;
	/* Pairs with the release in load_locked(), inode.c. */
	if (!smp_load_acquire(&ei->ei_loaded)) {
		if (READ_ONCE(ei->ei_plain))
			return ecryptfs_lower_fiemap(lower, map, start, len);
		/* An empty file without a header has no extents. */
		return ecryptfs_sb(inode->i_sb)->es_config.co_encrypted_view ||
				       i_size_read(inode) ?
			       -EOPNOTSUPP :
			       0;
	}
	err = ecryptfs_commit(inode);
	if (err)
		return err;
	shift = ecryptfs_meta_lower_size(&ei->ei_meta, 0);
	err = ecryptfs_lower_fiemap(lower, map, start + shift, len);
	return err ?: move_extents(map, shift);
}
