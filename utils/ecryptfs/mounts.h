/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The eCryptfs mounts that this process sees, and the processes that use them.
 */
#ifndef ECRYPTFS_MOUNTS_H
#define ECRYPTFS_MOUNTS_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "libecryptfs.h"

struct mount {
	char lower[PATH_MAX];
	char upper[PATH_MAX];
	dev_t device;
	unsigned int id; /* as in mountinfo; it can be reused later */
	char sig[LIBECRYPTFS_SIG_CHARS]; /* empty if not shown */
	char fnek_sig[LIBECRYPTFS_SIG_CHARS];
};

/*
 * Finds the last and therefore topmost mount whose lower or upper directory is
 * @dir (NULL for any), after skipping @skip of them.  Returns false if there is
 * none.
 */
bool mounts_find(const char *dir, unsigned int skip, struct mount *ret);

/*
 * Returns whether any filesystem is mounted on the mount @id or below its root;
 * @path is then such a place.
 */
bool mounts_child(unsigned int id, char path[PATH_MAX]);

/*
 * holders.c: prints a line for each other process that uses the filesystem, and
 * returns their number.
 */
unsigned int mounts_print_holders(const struct mount *mount, FILE *to);

/* Does the same for each mount, of any kind, below it. */
unsigned int mounts_print_below(const struct mount *mount, FILE *to);

/* Returns 0 or a negative errno. */
int mounts_unmount(const struct mount *mount);

#endif /* ECRYPTFS_MOUNTS_H */
