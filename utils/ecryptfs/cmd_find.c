// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs-find: finds the lower file of an upper file, or the reverse.  Both
 * have the same inode number, so all eCryptfs mounts are searched for it.  This
 * needs no key.
 */
#include <errno.h>
#include <ftw.h>
#include <mntent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#include "explain.h"

#define ENCRYPTED "ECRYPTFS_FNEK_ENCRYPTED."
#define OPEN_DIRS 32

/* nftw() has no argument for its callback. */
static struct {
	ino_t inode;
	unsigned long found;
} search;

static int visit(const char *path, const struct stat *st, int type,
		 struct FTW *at)
{
	(void)type;
	(void)at;
	if (st->st_ino == search.inode) {
		/* It is printed unchanged for programs. */
		puts(isatty(STDOUT_FILENO) ? explain_shown(path) : path);
		search.found++;
	}
	return 0;
}

/* Returns whether @st belongs to the filesystem at @path. */
static bool same_device(const struct stat *st, const char *path)
{
	struct stat there;

	return !stat(path, &there) && there.st_dev == st->st_dev;
}

/*
 * Searches the mounts that contain @name; in others, the inode number has
 * another meaning.
 */
static int mounts_search(const struct stat *st, bool encrypted)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	const char *from, *to;
	struct mntent *mount;

	if (!mounts)
		return -errno;
	while ((mount = getmntent(mounts))) {
		if (strcmp(mount->mnt_type, "ecryptfs"))
			continue;
		from = encrypted ? mount->mnt_fsname : mount->mnt_dir;
		to = encrypted ? mount->mnt_dir : mount->mnt_fsname;
		if (same_device(st, from))
			nftw(to, visit, OPEN_DIRS, FTW_PHYS | FTW_MOUNT);
	}
	endmntent(mounts);
	return 0;
}

int cmd_find(const struct command *cmd, int argc, char **argv)
{
	const char *name = argv[argc - 1];
	struct stat st;
	int err;

	if (argc == 2 && (!strcmp(name, "--help") || !strcmp(name, "-h"))) {
		command_help(cmd);
		return CMD_OK;
	}
	if (argc != 2) {
		command_usage_error(cmd, "one NAME is needed");
		return CMD_FAILED;
	}
	if (lstat(name, &st)) {
		fprintf(stderr, "%s: %s: %s\n", cmd->program, explain_shown(name),
			strerror(errno));
		return CMD_FAILED;
	}
	search.inode = st.st_ino;
	err = mounts_search(&st, strstr(name, ENCRYPTED) != NULL);
	if (err) {
		fprintf(stderr, "%s: /proc/self/mounts: %s\n", cmd->program,
			strerror(-err));
		return CMD_FAILED;
	}
	return search.found ? CMD_OK : CMD_FAILED;
}
