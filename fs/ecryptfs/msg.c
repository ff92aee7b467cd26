// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The one way to the kernel log.
 */
#include <linux/fs.h>
#include <linux/printk.h>

#include "msg.h"

void ecryptfs_msg_init(struct ecryptfs_msg_limits *limits)
{
	ratelimit_default_init(&limits->ml_errors);
	ratelimit_default_init(&limits->ml_notes);
}

/*
 * Logs a line with the device and the inode number.  Each mount may log ten
 * errors and ten other lines in five seconds.  @inode may be NULL; all lines
 * without an inode share one limit.  @level is one of KERN_*.
 */
void ecryptfs_msg(const struct inode *inode, const char *level,
		  const char *fmt, ...)
{
	static DEFINE_RATELIMIT_STATE(nobodys, DEFAULT_RATELIMIT_INTERVAL,
				      DEFAULT_RATELIMIT_BURST);
	struct ratelimit_state *limit = &nobodys;
	struct ecryptfs_msg_limits *limits;
	struct va_format vaf;
	va_list args;

	if (inode) {
		limits = inode->i_sb->s_fs_info;
		limit = printk_get_level(level) <= *(KERN_ERR + 1) ?
				&limits->ml_errors :
				&limits->ml_notes;
	}
	if (!__ratelimit(limit))
		return;
	va_start(args, fmt);
	vaf.fmt = fmt;
	vaf.va = &args;
	if (inode)
		printk("%secryptfs (%s, inode %llu): %pV\n", level,
		       inode->i_sb->s_id, (u64)inode->i_ino, &vaf);
	else
		printk("%secryptfs: %pV\n", level, &vaf);
	va_end(args);
}
