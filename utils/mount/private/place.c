// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Finds the directories to mount in the user database and the files in
 * ~/.ecryptfs.  Everything is read with the user's rights, and nothing in it is
 * trusted: what matters is checked on the opened directories.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <mntent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "private.h"

/*
 * Filesystems on which a directory may be.  proc and the like are left out,
 * because a user owns directories there that other programs look into, with
 * this user's rights or more.
 */
static const unsigned long filesystems[] = {
	0x61756673, /* aufs */
	0x9123683e, /* btrfs */
	0x00c36400, /* ceph */
	0xff534d42, 0xfe534d42, /* cifs, smb2 */
	0xf15f, /* ecryptfs */
	0xef53, /* ext2, ext3, ext4 */
	0xf2f52010, /* f2fs */
	0x65735546, /* fuse */
	0x01161970, /* gfs2 */
	0x3153464a, /* jfs */
	0x72b6, /* jffs2 */
	0x564c, /* ncp */
	0x6969, /* nfs */
	0x3434, /* nilfs */
	0x5346544e, 0x7366746e, /* ntfs, ntfs3 */
	0x794c7630, /* overlayfs */
	0x52654973, /* reiserfs */
	0x73717368, /* squashfs */
	0x01021994, /* tmpfs */
	0x24051905, /* ubifs */
	0x58465342, /* xfs */
	0x2fc12fc1, /* zfs */
	0xca451a4e, /* bcachefs */
};
#define FILESYSTEMS (sizeof(filesystems) / sizeof(filesystems[0]))

/* The name becomes part of a path. */
static bool user_valid(const char *name)
{
	size_t len = strlen(name), i;

	if (!len || len >= sizeof(((struct place *)NULL)->user) ||
	    *name == '-' || *name == '.')
		return false;
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_.@-", name[i]) &&
		    !(name[i] == '$' && i == len - 1))
			return false;
	return true;
}

static bool alias_valid(const char *alias)
{
	return *alias && *alias != '.' && !strstr(alias, "..") &&
	       !strchr(alias, '/') &&
	       strlen(alias) < sizeof(((struct place *)NULL)->alias);
}

static bool path_make(char path[PATH_MAX], const char *home, const char *below)
{
	int n = snprintf(path, PATH_MAX, "%s/%s", home, below);

	return n > 0 && n < PATH_MAX;
}

/* Opens a regular file of the user in ~/.ecryptfs; returns NULL on failure. */
static FILE *file_open(const struct place *place, const char *extension)
{
	char path[PATH_MAX], below[128];
	struct stat attr;
	int fd;

	snprintf(below, sizeof(below), ".ecryptfs/%s.%s", place->alias,
		 extension);
	if (!path_make(path, place->home, below))
		return NULL;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return NULL;
	if (!fstat(fd, &attr) && S_ISREG(attr.st_mode) &&
	    attr.st_uid == place->uid)
		return fdopen(fd, "r");
	close(fd);
	return NULL;
}

static bool line_take(FILE *file, char *line, size_t size)
{
	if (!fgets(line, (int)size, file))
		return false;
	line[strcspn(line, "\n")] = '\0';
	return *line;
}

/* Takes only the key size from the user's options. */
static bool options_take(struct place *place, const char *options)
{
	static const unsigned int sizes[] = { 16, 24, 32 };
	char text[40];
	size_t i;

	if (!*options || !strcmp(options, "none"))
		return true;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		snprintf(text, sizeof(text), "ecryptfs_key_bytes=%u", sizes[i]);
		if (!strcmp(options, text)) {
			place->key_bytes = sizes[i];
			return true;
		}
	}
	return refuse("%s.conf: the options must be `none' or ecryptfs_key_bytes=16, 24 or 32",
		      place->alias);
}

/* Reads ALIAS.conf, which has a line as in fstab(5). */
static bool conf_take(struct place *place)
{
	FILE *file = file_open(place, "conf");
	struct mntent *line = file ? getmntent(file) : NULL;
	bool good = line && !strcmp(line->mnt_type, "ecryptfs") &&
		    strlen(line->mnt_fsname) < PATH_MAX &&
		    strlen(line->mnt_dir) < PATH_MAX;

	if (good) {
		snprintf(place->source, PATH_MAX, "%s", line->mnt_fsname);
		snprintf(place->target, PATH_MAX, "%s", line->mnt_dir);
		good = options_take(place, line->mnt_opts);
	} else {
		refuse("~/.ecryptfs/%s.conf must be a file that belongs to you, with a line `LOWER MOUNTPOINT ecryptfs none'",
		       place->alias);
	}
	if (file)
		fclose(file);
	return good;
}

/* Uses ~/.Private and the directory in Private.mnt. */
static bool default_take(struct place *place)
{
	FILE *file = file_open(place, "mnt");
	bool have = file &&
		    line_take(file, place->target, sizeof(place->target));

	if (file)
		fclose(file);
	return path_make(place->source, place->home, ".Private") &&
	       (have || path_make(place->target, place->home, "Private"));
}

bool place_find(const char *alias, struct place *ret)
{
	const struct passwd *user = getpwuid(getuid());

	memset(ret, 0, sizeof(*ret));
	ret->uid = getuid();
	ret->key_bytes = 16;
	if (!user || !user_valid(user->pw_name))
		return refuse("the user database has no usable name for you");
	if (!alias)
		alias = DEFAULT_ALIAS;
	if (!alias_valid(alias))
		return refuse("%s: not a valid name of a private directory", alias);
	if (strlen(user->pw_dir) >= sizeof(ret->home))
		return refuse("%s: too long", user->pw_dir);
	snprintf(ret->user, sizeof(ret->user), "%s", user->pw_name);
	snprintf(ret->home, sizeof(ret->home), "%s", user->pw_dir);
	snprintf(ret->alias, sizeof(ret->alias), "%s", alias);
	return strcmp(alias, DEFAULT_ALIAS) ? conf_take(ret) :
					      default_take(ret);
}

static bool sig_take(FILE *file, char ret[LIBECRYPTFS_SIG_CHARS])
{
	char line[64];
	size_t i;

	if (!file || !line_take(file, line, sizeof(line)))
		return false;
	if (strlen(line) != LIBECRYPTFS_SIG_CHARS - 1 ||
	    strspn(line, "0123456789abcdefABCDEF") != LIBECRYPTFS_SIG_CHARS - 1)
		return false;
	for (i = 0; i < LIBECRYPTFS_SIG_CHARS; i++)
		ret[i] = (char)tolower((unsigned char)line[i]);
	return true;
}

bool place_sigs(struct place *place)
{
	FILE *file = file_open(place, "sig");
	bool found = sig_take(file, place->sig);

	if (found)
		sig_take(file, place->fnek_sig);
	if (file)
		fclose(file);
	return found ||
	       refuse("~/.ecryptfs/%s.sig has no signature of a key\n  try: ecryptfs-setup-private",
		      place->alias);
}

/*
 * Opens a directory of the user, and puts its canonical name into @path.
 * Returns -1 if it is refused.
 */
static int directory_open(const struct place *place, char path[PATH_MAX],
			  struct stat *attr_ret)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char link[32];
	struct statfs fs;
	ssize_t len;
	size_t i = 0;

	if (fd < 0 || fstat(fd, attr_ret) || fstatfs(fd, &fs)) {
		refuse("%s: %s", path, strerror(errno));
		goto out;
	}
	if (attr_ret->st_uid != place->uid) {
		refuse("%s does not belong to you", path);
		goto out;
	}
	while (i < FILESYSTEMS &&
	       filesystems[i] != ((unsigned long)fs.f_type & 0xffffffff))
		i++;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, PATH_MAX - 1);
	if (i < FILESYSTEMS && len > 0 && len < PATH_MAX - 1 && *path == '/') {
		path[len] = '\0';
		return fd;
	}
	refuse("its filesystem is not suitable for a private directory");
out:
	if (fd >= 0)
		close(fd);
	return -1;
}

bool place_open(struct place *place, int *target_ret)
{
	struct stat attr;

	place->source_fd = directory_open(place, place->source, &attr);
	if (place->source_fd < 0)
		return false;
	*target_ret = directory_open(place, place->target, &attr);
	if (*target_ret >= 0)
		return true;
	close(place->source_fd);
	return false;
}
