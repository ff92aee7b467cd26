/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Copies of metadata, kept before they are changed, in a new directory with an index
 * of whose they are.
 */
#ifndef ECRYPTFS_KEEP_H
#define ECRYPTFS_KEEP_H

#include "offline.h"

struct keep {
	const struct command *cmd;
	char *dir; /* that copies go to; NULL: nothing is to be changed */
	int dir_fd, index_fd; /* -1: not yet made */
	unsigned int kept;
};

/*
 * What --backup says, or a name of the present second: @prefix, the time and @suffix.
 * The caller frees it.  NULL: no memory.
 */
char *keep_name(const struct offline *offline, const char *prefix,
		const char *suffix);
/*
 * With --yes, in the directory that --backup says, or in one of the present second
 * whose name begins with @prefix.  It is made with the first copy.
 */
void keep_init(struct keep *keep, const struct offline *offline,
	       const char *prefix);
void keep_exit(struct keep *keep);
/* @len bytes at @buf of the file @lower, to the disk before it returns.  -errno */
int keep_copy(struct keep *keep, const char *lower, ino_t inode,
	      const void *buf, size_t len);

#endif /* ECRYPTFS_KEEP_H */
