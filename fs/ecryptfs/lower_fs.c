// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What may be relied on in a lower filesystem.  This is the only place that
 * knows filesystems by name, since the VFS can't be asked about any of it.
 */
#include <linux/fs.h>
#include <linux/string.h>

#include "lower.h"

/*
 * What a filesystem is known to do, in this and later versions.  Without a bit
 * the answer is the one that is always safe, except for the last two bits: see
 * ecryptfs_lower_fs_detect().
 */
enum {
	/*
	 * Overwriting bytes that were written before needs no new space.  This
	 * is not so on a filesystem that copies on write, or whose blocks may
	 * be shared with another file.
	 */
	OVERWRITES = BIT(0),
	/* FMODE_NOCMTIME is honoured. */
	KEEPS_TIMES = BIT(1),
	/*
	 * i_version counts changes of content and attributes and nothing else
	 * (on XFS it also counts accesses), with its lowest bit as the VFS uses
	 * it (on NFS it is the server's number).
	 */
	COUNTS = BIT(2),
	/* A buffered read does not take the inode's lock, or a server's. */
	UNLOCKED_READS = BIT(3),
	/* The page cache of a file can be filled without opening the file. */
	FILLS_PAGES = BIT(4),
	/*
	 * Others see our requests and change files: a server, a host, another
	 * node of a cluster, a process, or whatever such a filesystem is
	 * stacked on.  FS_REQUIRES_DEV does not tell.
	 */
	REMOTE = BIT(5),
	/* The opposite, for filesystems that have no device of their own. */
	LOCAL = BIT(6),
};

/*
 * ext2 and ext3 may be mounted by ext4's driver, and ext2 by its own, so the
 * bits listed hold for both.  Overlayfs does not tell whether one of its layers
 * is remote.
 */
static const struct {
	const char *name;
	unsigned int has;
} known[] = {
	{ "ext4", OVERWRITES | KEEPS_TIMES | COUNTS | UNLOCKED_READS |
			  FILLS_PAGES },
	{ "ext3", OVERWRITES | COUNTS | UNLOCKED_READS | FILLS_PAGES },
	{ "ext2", OVERWRITES | COUNTS | UNLOCKED_READS | FILLS_PAGES },
	{ "xfs", KEEPS_TIMES | FILLS_PAGES },
	{ "btrfs", COUNTS | UNLOCKED_READS | FILLS_PAGES },
	{ "f2fs", UNLOCKED_READS },
	{ "tmpfs", LOCAL | OVERWRITES | COUNTS | UNLOCKED_READS },
	{ "ramfs", LOCAL | OVERWRITES | UNLOCKED_READS },
	{ "bcachefs", LOCAL },
	{ "zfs", LOCAL },
	{ "ubifs", LOCAL },
	{ "jffs2", LOCAL },
	{ "9p", REMOTE },
	{ "afs", REMOTE },
	{ "ceph", REMOTE },
	{ "cifs", REMOTE },
	{ "coda", REMOTE },
	{ "fuse", REMOTE },
	{ "fuseblk", REMOTE },
	{ "gfs2", REMOTE },
	{ "nfs", REMOTE },
	{ "nfs4", REMOTE },
	{ "ocfs2", REMOTE },
	{ "orangefs", REMOTE },
	{ "overlay", REMOTE },
	{ "smb3", REMOTE },
	{ "vboxsf", REMOTE },
	{ "virtiofs", REMOTE },
};

/*
 * The bits of @type.  A type that is not known gets the safe bits: it counts as
 * remote unless it lives on a block device.
 */
static unsigned int traits_of(const struct file_system_type *type,
			      bool *known_ret)
{
	size_t i;

	*known_ret = true;
	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(type->name, known[i].name))
			return known[i].has;
	*known_ret = false;
	return type->fs_flags & FS_REQUIRES_DEV ? LOCAL : REMOTE;
}

/*
 * Fills in what is known of the filesystem at lf_path, which is const from then
 * on.  Returns false if that filesystem is not known and was given the safe
 * answers.
 */
bool ecryptfs_lower_fs_detect(struct ecryptfs_lower_fs *fs)
{
	const struct file_system_type *type =
		fs->lf_path.dentry->d_sb->s_type;
	bool is_known;
	unsigned int has = traits_of(type, &is_known);

	fs->lf_overwrites = has & OVERWRITES;
	fs->lf_remote = has & REMOTE;
	fs->lf_keeps_times = has & KEEPS_TIMES;
	fs->lf_locks_reads = !(has & UNLOCKED_READS);
	fs->lf_counts = has & COUNTS;
	fs->lf_fills_pages = has & FILLS_PAGES;
	return is_known;
}
