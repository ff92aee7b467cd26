// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records the mounts that this program has made for a user: an empty file for
 * each in /run/ecryptfs/UID, named by the numbers that the kernel gives to a
 * mount and to the namespace in which it was made.  So mounts that root has
 * made, also of the same directory in another place, are distinguished from
 * those that the user may unmount, whatever they are called.  The directory
 * belongs to root and is closed to all others.  Its lock serialises runs of
 * this program for one user.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "private.h"

#define RECORDS "/run/ecryptfs"
#define COUNTER "count-" /* names of mounts are numbers */
/*
 * Each mount takes kernel memory, and a key from the user's quota of 200 keys.
 * This limit gives a message before the quota is used up.
 */
#define MOUNTS_MAX 100

/* This is newer than the headers of some distributions. */
#ifndef STATX_MNT_ID_UNIQUE
#define STATX_MNT_ID_UNIQUE 0x4000U
#endif
#ifndef NS_GET_MNTNS_ID
#define NS_GET_MNTNS_ID _IOR(0xb7, 0x5, uint64_t)
#endif
#ifndef SYS_statmount
#define SYS_statmount 457
#endif

/*
 * Opens a directory of root that no other user can write to, and creates it if
 * necessary; returns -1 on failure.
 */
static int directory_open(int at, const char *path, mode_t mode)
{
	struct stat attr;
	int fd;

	if (mkdirat(at, path, mode) && errno != EEXIST)
		return -1;
	fd = openat(at, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || (!fstat(fd, &attr) && !attr.st_uid &&
		       !(attr.st_mode & (0022))))
		return fd;
	close(fd);
	errno = EPERM;
	return -1;
}

bool records_open(struct place *place)
{
	int all, own = -1;
	char name[16];

	if (!rights_root())
		return false;
	snprintf(name, sizeof(name), "%u", (unsigned int)place->uid);
	all = directory_open(AT_FDCWD, RECORDS, 0755);
	if (all >= 0) {
		own = directory_open(all, name, 0700);
		close(all);
	}
	rights_give();
	place->records = own;
	if (own < 0)
		return refuse("%s/%s: %s", RECORDS, name, strerror(errno));
	while (flock(own, LOCK_EX))
		if (errno != EINTR)
			return refuse("%s/%s: %s", RECORDS, name,
				      strerror(errno));
	return true;
}

static bool number_load(int at, const char *path, unsigned int which,
			unsigned int *mask_ret, unsigned long long *ret)
{
	struct statx attr;

	if (statx(at, path,
		  AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT | (*path ? 0 : AT_EMPTY_PATH),
		  which, &attr))
		return false;
	*mask_ret = attr.stx_mask;
	*ret = attr.stx_mnt_id;
	return true;
}

static unsigned long long namespace_load(void)
{
	int fd = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	uint64_t id = 0;

	if (fd >= 0 && ioctl(fd, NS_GET_MNTNS_ID, &id))
		id = 0;
	if (fd >= 0)
		close(fd);
	return id;
}

bool mount_id_load(int at, const char *path, struct mount_id *ret)
{
	unsigned int mask;

	if (!number_load(at, path, STATX_MNT_ID, &mask, &ret->id) ||
	    !(mask & STATX_MNT_ID))
		return refuse("the kernel does not report the number of the mount");
	/*
	 * Before Linux 6.8, numbers are reused, but a reused one would need the
	 * same key and places.
	 */
	if (!number_load(at, path, STATX_MNT_ID_UNIQUE, &mask, &ret->unique) ||
	    !(mask & STATX_MNT_ID_UNIQUE))
		ret->unique = ret->id;
	ret->ns = namespace_load();
	return true;
}

#define NAME_CHARS 72

static void record_name(const struct mount_id *mount, char name[NAME_CHARS])
{
	snprintf(name, NAME_CHARS, "%llu.%llu.%llu", mount->unique, mount->id,
		 mount->ns);
}

/*
 * Returns whether the mount of the record @name is gone.  The kernel is asked
 * about the namespace in which it was made, because this program's own list of
 * mounts has nothing of another session's namespace.
 */
static bool is_gone(const char *name)
{
	struct {
		uint32_t size, fd;
		uint64_t mnt_id, param, mnt_ns_id;
	} request = { .size = sizeof(request) };
	uint64_t answer[64]; /* struct statmount */
	unsigned long long unique, ns;

	if (sscanf(name, "%llu.%*u.%llu", &unique, &ns) != 2)
		return true;
	request.mnt_id = unique;
	request.mnt_ns_id = ns;
	return syscall(SYS_statmount, &request, answer, sizeof(answer), 0) &&
	       errno == ENOENT;
}

/*
 * Returns the number of files whose names begin with one of @first.  Records of
 * mounts that are gone are removed first.
 */
static unsigned int records_count(int records, const char *first)
{
	int fd = openat(records, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *list = fd < 0 ? NULL : fdopendir(fd);
	unsigned int count = 0;
	struct dirent *entry;

	if (!list)
		return MOUNTS_MAX;
	while ((entry = readdir(list))) {
		if (!strchr(first, entry->d_name[0]))
			continue;
		if (entry->d_name[0] == COUNTER[0] || !is_gone(entry->d_name))
			count++;
		else
			unlinkat(records, entry->d_name, 0);
	}
	closedir(list);
	return count;
}

int records_counter(const struct place *place)
{
	char name[80];
	int fd;

	if (!rights_root())
		return -1;
	snprintf(name, sizeof(name), COUNTER "%s", place->alias);
	fd = openat(place->records, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	/* This limit keeps users from filling /run with names. */
	if (fd < 0 && records_count(place->records, "c") < MOUNTS_MAX)
		fd = openat(place->records, name,
			    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	rights_give();
	return fd;
}

bool record_put(const struct place *place, const struct mount_id *mount)
{
	char name[NAME_CHARS];
	bool many;
	int fd = -1;

	record_name(mount, name);
	if (!rights_root())
		return false;
	many = records_count(place->records, "0123456789") >= MOUNTS_MAX;
	if (!many)
		fd = openat(place->records, name,
			    O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	rights_give();
	if (many)
		return refuse("you have %d such mounts, which is the limit\n  try: ecryptfs umount, for those that are not needed",
			      MOUNTS_MAX);
	if (fd < 0)
		return refuse("%s: %s", RECORDS, strerror(errno));
	close(fd);
	return true;
}

bool record_find(const struct place *place, const struct mount_id *mount)
{
	struct stat attr;
	char name[NAME_CHARS];
	bool found;

	record_name(mount, name);
	if (!rights_root())
		return false;
	found = !fstatat(place->records, name, &attr, AT_SYMLINK_NOFOLLOW);
	rights_give();
	return found;
}

void record_remove(const struct place *place, const struct mount_id *mount)
{
	char name[NAME_CHARS];

	record_name(mount, name);
	if (!rights_root())
		return;
	unlinkat(place->records, name, 0);
	rights_give();
}
