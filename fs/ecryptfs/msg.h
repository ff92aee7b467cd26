/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * L3, messages: the one way to the kernel log.  Of an inode it knows only the
 * number and the superblock's name.
 */
#ifndef ECRYPTFS_MSG_H
#define ECRYPTFS_MSG_H

#include <linux/ratelimit.h>

struct inode;

/*
 * How many lines a mount may log: errors, and other lines, which any user can
 * cause by opening files without their keys.  The struct that s_fs_info points
 * to begins with these limits, so that this layer need not know the rest of it.
 */
struct ecryptfs_msg_limits {
	struct ratelimit_state ml_errors;
	struct ratelimit_state ml_notes;
};

void ecryptfs_msg_init(struct ecryptfs_msg_limits *limits);
__printf(3, 4) void ecryptfs_msg(const struct inode *inode, const char *level,
				 const char *fmt, ...);

#endif /* ECRYPTFS_MSG_H */
