/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * L3, messages: the one way to the kernel log.  Knows inodes by their number and
 * their superblock's name only.
 */
#ifndef ECRYPTFS_MSG_H
#define ECRYPTFS_MSG_H

#include <linux/ratelimit.h>

struct inode;

/*
 * How many lines one mount may log: of errors, and of the rest, which anybody can
 * cause who opens files without their keys.  s_fs_info points to it: the
 * superblock's struct begins with it, so that this layer need not know the rest.
 */
struct ecryptfs_msg_limits {
	struct ratelimit_state ml_errors;
	struct ratelimit_state ml_notes;
};

void ecryptfs_msg_init(struct ecryptfs_msg_limits *limits);
__printf(3, 4) void ecryptfs_msg(const struct inode *inode, const char *level,
				 const char *fmt, ...);

#endif /* ECRYPTFS_MSG_H */
