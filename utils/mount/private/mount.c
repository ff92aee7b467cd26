// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The part that needs a privilege: CAP_SYS_ADMIN, for the system calls that
 * mount and unmount, and for the records.  The user's paths are looked up with
 * the user's rights, because the filesystem uid stays the user's.  No other
 * capability is kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../../ecryptfs/mounts.h"
#include "private.h"

#define ONLY (1u << CAP_SYS_ADMIN)

bool rights_init(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct caps[2];

	if (geteuid())
		return refuse("this program must be set-uid root\n  try: chmod u+s, as root");
	/*
	 * Effective capabilities are dropped with the effective uid and return
	 * with it, limited to those that are permitted here.
	 */
	if (syscall(SYS_capget, &head, caps))
		return refuse("capget: %s", strerror(errno));
	caps[0].permitted &= ONLY;
	caps[0].effective &= ONLY;
	caps[0].inheritable = 0;
	memset(&caps[1], 0, sizeof(caps[1]));
	if (syscall(SYS_capset, &head, caps) || seteuid(getuid()))
		return refuse("cannot give up rights: %s", strerror(errno));
	return true;
}

bool rights_root(void)
{
	return !seteuid(0) || refuse("seteuid: %s", strerror(errno));
}

bool rights_take(void)
{
	uid_t uid = getuid();

	if (!rights_root())
		return false;
	setfsuid(uid);
	if ((uid_t)setfsuid(uid) == uid)
		return true;
	return refuse("setfsuid did nothing");
}

void rights_give(void)
{
	if (seteuid(getuid()))
		_exit(EXIT_FAILURE);
}

/* Prints what the kernel reports about a failed call, besides its errno. */
static void kernel_says(int fs)
{
	char text[512];
	ssize_t len;

	while ((len = read(fs, text, sizeof(text) - 1)) > 0) {
		text[len] = '\0';
		refuse("%s", len > 2 ? text + 2 : text);
	}
}

static bool config(int fs, const char *name, const char *value)
{
	return !fsconfig(fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG,
			 name, value, 0);
}

/*
 * Sets all options.  The order of the signatures is the order in which they are
 * shown.
 */
static bool configure(int fs, const struct place *place)
{
	char bytes[8];

	snprintf(bytes, sizeof(bytes), "%u", place->key_bytes);
	return config(fs, "source", place->source) &&
	       config(fs, "ecryptfs_check_dev_ruid", NULL) &&
	       config(fs, "ecryptfs_cipher", "aes") &&
	       config(fs, "ecryptfs_key_bytes", bytes) &&
	       config(fs, "ecryptfs_unlink_sigs", NULL) &&
	       config(fs, "ecryptfs_sig", place->sig) &&
	       (!*place->fnek_sig ||
		config(fs, "ecryptfs_fnek_sig", place->fnek_sig)) &&
	       !fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

/*
 * Returns whether @mnt is a mount of the directory that was checked.  Its root
 * has the inode number and the owner of the lower directory, but not its
 * filesystem, so the path that the kernel used must still lead there.
 */
static bool is_of_source(const struct place *place, int mnt)
{
	struct stat upper, seen, now;
	int fd = open(place->source,
		      O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	bool same = fd >= 0 && !fstat(fd, &now) &&
		    !fstat(place->source_fd, &seen) && !fstat(mnt, &upper) &&
		    now.st_dev == seen.st_dev && now.st_ino == seen.st_ino &&
		    upper.st_ino == seen.st_ino && upper.st_uid == place->uid;

	if (fd >= 0)
		close(fd);
	return same;
}

/*
 * Makes a mount, not attached yet, of the directory that was checked.  Returns
 * -1 on failure.
 */
static int mount_make(const struct place *place)
{
	int fs, mnt = -1;

	fs = fsopen("ecryptfs", FSOPEN_CLOEXEC);
	if (fs < 0) {
		refuse("the kernel has no eCryptfs: %s\n  try: modprobe ecryptfs, as root",
		       strerror(errno));
		return -1;
	}
	if (configure(fs, place))
		mnt = fsmount(fs, FSMOUNT_CLOEXEC,
			      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
	if (mnt < 0) {
		refuse("%s: %s", place->source, strerror(errno));
		kernel_says(fs);
	}
	close(fs);
	if (mnt < 0 || is_of_source(place, mnt))
		return mnt;
	refuse("%s: it was replaced meanwhile", place->source);
	close(mnt);
	return -1;
}

static bool mount_attach(const struct place *place, int mnt, int target)
{
	bool done;

	if (!rights_take())
		return false;
	done = !move_mount(mnt, "", target, "",
			   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
	if (!done)
		refuse("%s: %s", place->target, strerror(errno));
	rights_give();
	return done;
}

bool mount_private(const struct place *place, int target)
{
	struct mount_id id;
	bool done = false;
	int mnt;

	if (!rights_take())
		return false;
	mnt = mount_make(place);
	rights_give();
	if (mnt < 0)
		return false;
	/*
	 * The mount is recorded first, so that the user can unmount it,
	 * whatever ends this program.
	 */
	if (mount_id_load(mnt, "", &id) && record_put(place, &id)) {
		done = mount_attach(place, mnt, target);
		if (!done)
			record_remove(place, &id);
	}
	close(mnt);
	return done;
}

bool mounted_private(const struct place *place)
{
	struct mount there;

	return mounts_find(place->source, 0, &there) ||
	       mounts_find(place->target, 0, &there);
}

/* Finds the mount with this source, target and key. */
static bool mount_find(const struct place *place, struct mount *ret)
{
	unsigned int skip;

	for (skip = 0; mounts_find(place->target, skip, ret); skip++)
		if (!strcmp(ret->upper, place->target) &&
		    !strcmp(ret->lower, place->source) &&
		    !strcmp(ret->sig, place->sig))
			return true;
	return false;
}

/*
 * Makes the directory above the mount point the working directory, so that no
 * part of the path can be exchanged.  The mount point itself can't be renamed.
 * *name_ret points into @path, which is cut.  The mount at that name is the one
 * that was found, and is identified by *id_ret.
 */
static bool parent_enter(const struct mount *mount, char path[PATH_MAX],
			 const char **name_ret, struct mount_id *id_ret)
{
	char *slash;
	int fd;

	snprintf(path, PATH_MAX, "%s", mount->upper);
	slash = strrchr(path, '/');
	if (!slash || !slash[1])
		return refuse("%s: not a mount point that belongs to you", path);
	*slash = '\0';
	*name_ret = slash + 1;
	fd = open(*path ? path : "/",
		  O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || !mount_id_load(fd, *name_ret, id_ret) ||
	    id_ret->id != mount->id || fchdir(fd)) {
		if (fd >= 0)
			close(fd);
		return refuse("%s: it was replaced meanwhile", mount->upper);
	}
	close(fd);
	return true;
}

/* Detaching it would also detach whatever is mounted below it, by any user. */
static int detach_busy(const struct mount *mount, const char *name)
{
	char below[PATH_MAX];
	int err = 0;

	if (mounts_child(mount->id, below)) {
		refuse("something else is mounted on %s", below);
		err = EBUSY;
	} else if (umount2(name, UMOUNT_NOFOLLOW | MNT_DETACH)) {
		err = errno;
	}
	return err;
}

bool unmount_private(const struct place *place, bool detach, bool *busy_ret)
{
	char path[PATH_MAX];
	struct mount there;
	const char *name = NULL;
	struct mount_id id;
	int err;

	*busy_ret = false;
	if (!mount_find(place, &there))
		return refuse("%s is not mounted on %s", place->source,
			      place->target);
	if (!parent_enter(&there, path, &name, &id))
		return false;
	if (!record_find(place, &id))
		return refuse("%s was not mounted by this program for you\n  try: umount %s, as root",
			      place->target, place->target);
	if (!rights_take())
		return false;
	err = umount2(name, UMOUNT_NOFOLLOW) ? errno : 0;
	/*
	 * Like ecryptfs-utils, this at least keeps other processes from
	 * reaching it.
	 */
	if (err == EBUSY) {
		*busy_ret = true;
		err = detach ? detach_busy(&there, name) : 0;
	}
	rights_give();
	if (!err && (detach || !*busy_ret))
		record_remove(place, &id);
	return !err || refuse("%s: %s", place->target, strerror(err));
}
