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
	int source_fd; /* of place_open(), O_PATH: what was looked at */
	char sig[LIBECRYPTFS_SIG_CHARS]; /* empty: not known */
	char fnek_sig[LIBECRYPTFS_SIG_CHARS]; /* empty: plain names */
	unsigned int key_bytes; /* of AES */
	int records; /* of records_open(); closed by the exit */
};

/* A mount, as statx(2) names it, and this program's namespace of mounts. */
struct mount_id {
	unsigned long long unique; /* no other mount until the next boot has it */
	unsigned long long id; /* that of mountinfo */
	unsigned long long ns; /* nor has another namespace this; 0: not told */
};

__attribute__((format(printf, 1, 2))) bool refuse(const char *format, ...);

/* place.c */

/* From the user database and the user's own files; NULL: DEFAULT_ALIAS. */
bool place_find(const char *alias, struct place *ret);
/* Without a signature it is an error. */
bool place_sigs(struct place *place);
/*
 * Both directories are opened and made canonical.  *target_ret is an O_PATH
 * descriptor of the caller's, and so is place->source_fd.
 */
bool place_open(struct place *place, int *target_ret);

/* counter.c */

/* A descriptor that is locked until it is closed, or -1.  After records_open(). */
int counter_open(const struct place *place);
/* 0 for what is no number. */
unsigned int counter_load(int fd);
bool counter_commit(int fd, unsigned int count);

/*
 * record.c: which mounts this program has made for the user, in a directory of
 * root's, that nobody else can write to, read or lock.
 */

/* Opens and locks it, for as long as the program runs, into @place. */
bool records_open(struct place *place);
/* A file for the counter, where no other user can be in its way, or -1. */
int records_counter(const struct place *place);
/* @path below the directory @at, or @at itself if that is "". */
bool mount_id_load(int at, const char *path, struct mount_id *ret);
/* Refuses more mounts than a user may have. */
bool record_put(const struct place *place, const struct mount_id *mount);
bool record_find(const struct place *place, const struct mount_id *mount);
void record_remove(const struct place *place, const struct mount_id *mount);

/* mount.c */

/* For good: no other capability than that to mount, and that is off. */
bool rights_init(void);
/*
 * The effective id is root's: with the user's filesystem uid, to mount; with root's,
 * for record.c.  Both end by rights_give().
 */
bool rights_take(void);
bool rights_root(void);
void rights_give(void);
bool mount_private(const struct place *place, int target);
/*
 * The mount of @place must be there, and one that mount_private() made for this user.
 * *busy_ret: processes still have files of it; it is out of sight then if @detach,
 * else still mounted.  It stays if something is mounted below it.
 */
bool unmount_private(const struct place *place, bool detach, bool *busy_ret);
/* Whether something of @place is mounted, or on it. */
bool mounted_private(const struct place *place);

#endif /* ECRYPTFS_MOUNT_PRIVATE_H */
