/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the files of mount.ecryptfs_private know of each other.  The program is
 * set-uid root: Documentation/private-mounts.rst says what it trusts.
 *
 * All but the functions of mount.c runs with the user's rights, and everything
 * returns false after it has said on standard error what is wrong.
 */
#ifndef ECRYPTFS_MOUNT_PRIVATE_H
#define ECRYPTFS_MOUNT_PRIVATE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "libecryptfs.h"

#define DEFAULT_ALIAS "Private"

/* Whose and which directories. */
struct place {
	uid_t uid;
	char user[64];
	char home[PATH_MAX];
	char alias[64];
	char source[PATH_MAX]; /* canonical once place_open() was there */
	char target[PATH_MAX];
	ino_t source_ino;
	char sig[LIBECRYPTFS_SIG_CHARS]; /* empty: not known */
	char fnek_sig[LIBECRYPTFS_SIG_CHARS]; /* empty: plain names */
	unsigned int key_bytes; /* of AES */
};

__attribute__((format(printf, 1, 2))) bool refuse(const char *format, ...);

/* place.c */

/* From the user database and the user's own files; NULL: DEFAULT_ALIAS. */
bool place_find(const char *alias, struct place *ret);
/* @needed: without a signature it is an error. */
bool place_sigs(struct place *place, bool needed);
/*
 * Both directories are opened and made canonical.  *target_ret is an O_PATH
 * descriptor of the caller's.
 */
bool place_open(struct place *place, int *target_ret);

/* counter.c */

/* A descriptor that is locked until it is closed, or -1. */
int counter_open(const struct place *place);
/* 0 for what is no number. */
unsigned int counter_load(int fd);
bool counter_commit(int fd, unsigned int count);

/* mount.c */

/* For good: no other capability than that to mount, and that is off. */
bool rights_init(void);
bool mount_private(const struct place *place, int target);
/*
 * The mount of @place must be there.  *busy_ret: processes still have files of it;
 * it is out of sight then if @detach, else still mounted.
 */
bool unmount_private(const struct place *place, bool detach, bool *busy_ret);
/* Whether something of @place is mounted, or on it. */
bool mounted_private(const struct place *place);

#endif /* ECRYPTFS_MOUNT_PRIVATE_H */
