/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that the files of mount.ecryptfs_private share.  The program is
 * set-uid root; Documentation/private-mounts.rst describes what it trusts.
 *
 * Everything except the functions of mount.c runs with the user's rights.
 * Functions that fail explain why on standard error and return false.
 */
#ifndef ECRYPTFS_MOUNT_PRIVATE_H
#define ECRYPTFS_MOUNT_PRIVATE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "libecryptfs.h"

#define DEFAULT_ALIAS "Private"

/* The directories, and their user. */
struct place {
	uid_t uid;
	char user[64];
	char home[PATH_MAX];
	char alias[64];
	char source[PATH_MAX]; /* canonical after place_open() */
	char target[PATH_MAX];
	int source_fd; /* opened by place_open() with O_PATH: the one that was checked */
	char sig[LIBECRYPTFS_SIG_CHARS]; /* empty if not known */
	char fnek_sig[LIBECRYPTFS_SIG_CHARS]; /* empty if names are plain */
	unsigned int key_bytes; /* key size of AES */
	int records; /* set by records_open(); closed at exit */
};

/* A mount as identified by statx(2), and this program's mount namespace. */
struct mount_id {
	unsigned long long unique; /* no other mount has it until the next boot */
	unsigned long long id; /* the one in mountinfo */
	unsigned long long ns; /* no other namespace has it; 0 if unknown */
};

__attribute__((format(printf, 1, 2))) bool refuse(const char *format, ...);

/* place.c */

/*
 * Finds the directories in the user database and the user's own files.  NULL
 * means DEFAULT_ALIAS.
 */
bool place_find(const char *alias, struct place *ret);
/* Reads the signatures.  Fails if there is none. */
bool place_sigs(struct place *place);
/*
 * Opens both directories and makes their names canonical.  The caller owns the
 * O_PATH descriptors *target_ret and place->source_fd.
 */
bool place_open(struct place *place, int *target_ret);

/* counter.c */

/*
 * Returns a descriptor that is locked until it is closed, or -1.  To be called
 * after records_open().
 */
int counter_open(const struct place *place);
/* Returns the count, or 0 if the file has no number. */
unsigned int counter_load(int fd);
bool counter_commit(int fd, unsigned int count);

/*
 * record.c: the mounts that this program has made for the user, in a directory
 * of root that no other user can write to, read or lock.
 */

/* Opens and locks the directory in @place for as long as the program runs. */
bool records_open(struct place *place);
/*
 * Opens a file for the counter in a place that other users cannot occupy;
 * returns -1 on failure.
 */
int records_counter(const struct place *place);
/*
 * Identifies the mount of @path relative to @at, or of @at itself if @path is
 * empty.
 */
bool mount_id_load(int at, const char *path, struct mount_id *ret);
/* Records a mount.  Refuses more mounts than a user may have. */
bool record_put(const struct place *place, const struct mount_id *mount);
bool record_find(const struct place *place, const struct mount_id *mount);
void record_remove(const struct place *place, const struct mount_id *mount);

/* mount.c */

/*
 * Gives up every capability except the one to mount, for good, and turns that
 * one off.
 */
bool rights_init(void);
/*
 * Make the effective uid root's, with the user's filesystem uid (to mount) or
 * root's (for record.c).  Both end with rights_give().
 */
bool rights_take(void);
bool rights_root(void);
void rights_give(void);
bool mount_private(const struct place *place, int target);
/*
 * Unmounts @place, which must be mounted, and by mount_private() for this user.
 * *busy_ret says that processes still have its files open: it was then detached
 * if @detach is set, and is otherwise still mounted.  It stays mounted if
 * something is mounted below it.
 */
bool unmount_private(const struct place *place, bool detach, bool *busy_ret);
/*
 * Returns whether the lower directory of @place is mounted, or something on its
 * target.
 */
bool mounted_private(const struct place *place);

#endif /* ECRYPTFS_MOUNT_PRIVATE_H */
