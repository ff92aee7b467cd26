// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Sets up a private directory: ~/.ecryptfs, ~/.Private and ~/Private, or an
 * encrypted home below /home/.ecryptfs.  No existing file is lost.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "explain.h"
#include "mounts.h"
#include "setup.h"

#define HOMES "/home/.ecryptfs"

static const char try_text[] = "a test of the private directory\n";

static bool path_make(char path[PATH_MAX], const char *dir, const char *below)
{
	int n = snprintf(path, PATH_MAX, "%s/%s", dir, below);

	return n > 0 && n < PATH_MAX;
}

/*
 * Makes a directory with this mode, owned by this user, or changes an existing
 * one.
 */
static bool directory(const struct setup *setup, const char *path, mode_t mode)
{
	if (mkdir(path, mode) && errno != EEXIST)
		return setup_fail(setup, path, -errno);
	if (chmod(path, mode))
		return setup_fail(setup, path, -errno);
	return true;
}

static bool is_empty(const char *path)
{
	DIR *list = opendir(path);
	struct dirent *entry;
	unsigned int others = 0;

	while (list && (entry = readdir(list)))
		others += entry->d_name[0] != '.' ||
			  (strcmp(entry->d_name, ".") != 0 &&
			   strcmp(entry->d_name, "..") != 0);
	if (list)
		closedir(list);
	return !others;
}

/* Renames a file that is in the way. */
static bool put_aside(const struct setup *setup, const char *path)
{
	char aside[PATH_MAX];
	time_t now = time(NULL);
	struct tm when;
	size_t len;

	len = (size_t)snprintf(aside, sizeof(aside) - 16, "%s.", path);
	if (len >= sizeof(aside) - 16)
		return setup_fail(setup, path, -ENAMETOOLONG);
	strftime(aside + len, 16, "%Y%m%d%H%M%S", gmtime_r(&now, &when));
	if (rename(path, aside) && errno != ENOENT)
		return setup_fail(setup, path, -errno);
	return true;
}

/* Writes a new file @name in ~/.ecryptfs. */
static bool file_put(const struct setup *setup, const char *name,
		     const char *text)
{
	char path[PATH_MAX], below[64];
	ssize_t len = (ssize_t)strlen(text);
	bool good;
	int fd;

	snprintf(below, sizeof(below), ".ecryptfs/%s", name);
	if (!path_make(path, setup->user->pw_dir, below))
		return setup_fail(setup, name, -ENAMETOOLONG);
	if (len && !put_aside(setup, path))
		return false;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		  0600);
	good = fd >= 0 && write(fd, text, (size_t)len) == len && !fsync(fd);
	if (!good)
		setup_fail(setup, path, -errno);
	if (fd >= 0)
		close(fd);
	return good;
}

/*
 * Root makes a directory for the user.  The user may have created it before, or
 * may own the directory above it.  So only the object that was checked is
 * changed, which must be neither a link nor belong to another user.
 */
static bool root_directory(const struct setup *setup, const char *path)
{
	struct stat attr;
	int fd, err = 0;

	if (mkdir(path, 0700) && errno != EEXIST)
		return setup_fail(setup, path, -errno);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return setup_fail(setup, path, -errno);
	if (fstat(fd, &attr))
		err = -errno;
	else if (attr.st_uid && attr.st_uid != setup->user->pw_uid)
		err = -EPERM;
	else if (fchown(fd, setup->user->pw_uid, setup->user->pw_gid))
		err = -errno;
	close(fd);
	return err ? setup_fail(setup, path, err) : true;
}

/* Keeps the passphrase until the user has a password that can wrap it. */
static bool park(const struct setup *setup)
{
	char path[128];
	bool good;
	int fd;

	snprintf(path, sizeof(path), "/dev/shm/.ecryptfs-%.64s",
		 setup->user->pw_name);
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		  0600);
	good = fd >= 0 &&
	       write(fd, setup->mount.mem.sm_bytes, setup->mount.len) ==
		       (ssize_t)setup->mount.len &&
	       write(fd, "\n", 1) == 1 &&
	       !fchown(fd, setup->user->pw_uid, setup->user->pw_gid);
	if (!good)
		setup_fail(setup, path, -errno);
	if (fd >= 0)
		close(fd);
	return good;
}

bool setup_bootstrap(struct setup *setup)
{
	char base[PATH_MAX], path[PATH_MAX];

	if (mkdir(HOMES, 0755) && errno != EEXIST)
		return setup_fail(setup, HOMES, -errno);
	if (!path_make(base, HOMES, setup->user->pw_name))
		return setup_fail(setup, HOMES, -ENAMETOOLONG);
	if (mkdir(base, 0755) && errno != EEXIST)
		return setup_fail(setup, base, -errno);
	if (!path_make(path, base, ".ecryptfs") ||
	    !root_directory(setup, path) || !path_make(path, base, ".Private") ||
	    !root_directory(setup, path) || !root_directory(setup, base))
		return false;
	return setup->login.len || park(setup);
}

static bool is_mounted(const struct setup *setup)
{
	struct mount there;
	char path[PATH_MAX];

	return realpath(setup->target, path) && mounts_find(path, 0, &there) &&
	       !strcmp(path, there.upper);
}

bool setup_check(struct setup *setup)
{
	const char *home = setup->user->pw_dir;
	const char *why = NULL;

	if (!path_make(setup->source, home, ".Private") ||
	    !path_make(setup->target, home, setup->bootstrap ? "." : "Private"))
		return setup_fail(setup, home, -ENAMETOOLONG);
	if (setup->bootstrap)
		snprintf(setup->target, sizeof(setup->target), "%s", home);
	if (is_mounted(setup))
		why = "it is mounted; unmount it first";
	else if (private_has("wrapped-passphrase") && !setup->force)
		why = "there is a wrapped passphrase already; --force puts it aside";
	else if (!is_empty(setup->source))
		why = "there are encrypted files in ~/.Private already";
	else if (!is_empty(setup->target))
		why = "the mount point is not empty";
	if (why)
		fprintf(stderr, "%s: %s: %s\n", setup->cmd->program,
			explain_shown(setup->target), why);
	return !why;
}

/* Makes links from the home directory to what is outside of it. */
static bool links_put(const struct setup *setup)
{
	static const char *const names[] = { ".ecryptfs", ".Private" };
	char from[PATH_MAX], to[PATH_MAX], below[128];
	size_t i;

	for (i = 0; i < 2; i++) {
		snprintf(below, sizeof(below), "%.64s/%s", setup->user->pw_name,
			 names[i]);
		if (!path_make(to, HOMES, below) ||
		    !path_make(from, setup->user->pw_dir, names[i]) ||
		    (symlink(to, from) && errno != EEXIST))
			return setup_fail(setup, names[i], -errno);
	}
	return true;
}

static bool directories(const struct setup *setup)
{
	char path[PATH_MAX];

	if (setup->bootstrap)
		return links_put(setup) &&
		       directory(setup, setup->target, 0500);
	return path_make(path, setup->user->pw_dir, ".ecryptfs") &&
	       directory(setup, path, 0700) &&
	       directory(setup, setup->source, 0700) &&
	       directory(setup, setup->target, 0500);
}

static bool wrap(const struct setup *setup)
{
	struct libecryptfs_text passphrase = { setup->mount.mem.sm_bytes,
					       setup->mount.len };
	struct libecryptfs_text wrapping = { setup->login.mem.sm_bytes,
					     setup->login.len };
	char path[PATH_MAX];
	int err;

	if (!wrapping.len)
		return true;
	if (!path_make(path, setup->user->pw_dir, PRIVATE_WRAPPED) ||
	    !put_aside(setup, path))
		return false;
	err = libecryptfs_wrapped_commit(path, &passphrase, &wrapping);
	if (err)
		explain_print(setup->cmd->program, path, explain_wrapped(err));
	return !err;
}

static bool keys_add(struct setup *setup)
{
	int err = private_keys_add(setup->mount.mem.sm_bytes, setup->mount.len,
				   !setup->plain_names, &setup->sigs);

	if (err)
		explain_print(setup->cmd->program, "cannot add the keys",
			      explain_keyring_put(err));
	return !err;
}

bool setup_files(struct setup *setup)
{
	char sigs[2 * LIBECRYPTFS_SIG_CHARS + 1], target[PATH_MAX + 1];
	char path[PATH_MAX];

	if (!directories(setup) || !wrap(setup) || !keys_add(setup))
		return false;
	/* This was left by an earlier set-up. */
	if (path_make(path, setup->user->pw_dir,
		      ".ecryptfs/wrapping-independent"))
		unlink(path);
	snprintf(sigs, sizeof(sigs), "%s\n%s%s", setup->sigs.sig[0],
		 setup->plain_names ? "" : setup->sigs.sig[1],
		 setup->plain_names ? "" : "\n");
	snprintf(target, sizeof(target), "%s\n", setup->target);
	return file_put(setup, "Private.sig", sigs) &&
	       file_put(setup, "Private.mnt", target) &&
	       (setup->no_auto_mount || file_put(setup, "auto-mount", "")) &&
	       (setup->no_auto_umount || file_put(setup, "auto-umount", "")) &&
	       (!setup->wrapping ||
		file_put(setup, "wrapping-independent", ""));
}

static bool helper(const struct setup *setup, bool unmount)
{
	if (!private_helper(unmount, unmount ? "-f" : NULL, NULL))
		return true;
	fprintf(stderr, "%s: the test of the private directory failed\n",
		setup->cmd->program);
	return false;
}

static bool try_file(const struct setup *setup, bool writing)
{
	char path[PATH_MAX], text[sizeof(try_text)] = "";
	bool good;
	FILE *file;

	if (!path_make(path, setup->target, ".ecryptfs-setup-private-test"))
		return false;
	file = fopen(path, writing ? "wxe" : "re");
	if (!file)
		return setup_fail(setup, path, -errno);
	if (writing)
		good = fputs(try_text, file) >= 0;
	else
		good = fread(text, 1, sizeof(text) - 1, file) ==
			       sizeof(text) - 1 &&
		       !strcmp(text, try_text);
	good = !fclose(file) && good;
	if (!writing && unlink(path))
		good = false;
	return good || setup_fail(setup, path, -EIO);
}

bool setup_try(struct setup *setup)
{
	bool good;

	puts("Testing mount, write, unmount and read ...");
	if (!helper(setup, false))
		return false;
	/* An encrypted home has its own ~/.ecryptfs, mounted or not. */
	good = (!setup->bootstrap || links_put(setup)) &&
	       try_file(setup, true);
	/* This also removes the keys. */
	if (!helper(setup, true) || !good || !keys_add(setup) ||
	    !helper(setup, false))
		return false;
	good = try_file(setup, false);
	return helper(setup, true) && good;
}

bool setup_leave_mounted(struct setup *setup)
{
	return keys_add(setup) && helper(setup, false);
}
