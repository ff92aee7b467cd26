/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The eCryptfs mounts that this process sees, and who holds one.
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
	unsigned int id; /* as in mountinfo: another mount has it later */
	char sig[LIBECRYPTFS_SIG_CHARS]; /* empty: not told */
	char fnek_sig[LIBECRYPTFS_SIG_CHARS];
};

/*
 * The last mount, so the uppermost, whose lower or upper directory is @dir
 * (NULL: any); @skip of them are passed over.  False: there is none.
 */
bool mounts_find(const char *dir, unsigned int skip, struct mount *ret);

/*
 * Whether something of any filesystem is mounted on the mount @id or below its
 * root; if so, @path is one such place.
 */
bool mounts_child(unsigned int id, char path[PATH_MAX]);

/*
 * holders.c: prints a line for each process but this one that uses the filesystem;
 * their number.
 */
unsigned int mounts_print_holders(const struct mount *mount, FILE *to);

/* The same for each mount of whatever kind below it; their number. */
unsigned int mounts_print_below(const struct mount *mount, FILE *to);

/* -errno. */
int mounts_unmount(const struct mount *mount);

#endif /* ECRYPTFS_MOUNTS_H */
