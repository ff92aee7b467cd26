// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the set-uid helper mounts and unmounts for `ecryptfs mount', umount and
 * lock.  The helper knows mounts by the names of files in ~/.ecryptfs.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explain.h"
#include "mount_user.h"
#include "private.h"

#define NAMES 100 /* mounts of one user at a time */
#define HELPER_BUSY 4 /* exit status of umount.ecryptfs_private -k */

struct wanted {
	const char *source, *target;
	bool login; /* ignore names by hand, which a crash may have left */
	char name[PRIVATE_NAME_MAX + 1]; /* result of the search */
};

static bool is_same(const char *path, const char *canonical)
{
	char real[PATH_MAX];

	return !strcmp(path, canonical) ||
	       (realpath(path, real) && !strcmp(real, canonical));
}

static bool name_matches(const char *name, void *data)
{
	char source[PATH_MAX], target[PATH_MAX];
	struct wanted *wanted = data;

	if ((wanted->login && *name == PRIVATE_BY_HAND) ||
	    !private_conf_load(name, source, target) ||
	    !is_same(source, wanted->source) ||
	    !is_same(target, wanted->target))
		return false;
	snprintf(wanted->name, sizeof(wanted->name), "%s", name);
	return true;
}

static bool is_mounted(const char *name)
{
	char source[PATH_MAX], target[PATH_MAX];
	struct mount there;
	unsigned int skip;

	if (!private_conf_load(name, source, target))
		return false;
	for (skip = 0; mounts_find(target, skip, &there); skip++)
		if (!strcmp(there.upper, target) &&
		    !strcmp(there.lower, source))
			return true;
	return false;
}

/*
 * Allocates a name by which nothing is mounted, and replaces one that a crash
 * has left.
 */
static int name_make(const struct vault_use *use, const char *target,
		     char name[PRIVATE_NAME_MAX + 1])
{
	int err = -EMFILE;
	int i;

	for (i = 0; i < NAMES; i++) {
		snprintf(name, PRIVATE_NAME_MAX + 1, "%c%d", PRIVATE_BY_HAND, i);
		if (is_mounted(name))
			continue;
		private_conf_remove(name);
		err = private_conf_put(name, &use->settings, use->dir, target);
		if (err != -EEXIST)
			break;
	}
	return err;
}

static struct explanation name_explain(int err)
{
	struct explanation explanation = explain_mount(err);

	if (err == -EOPNOTSUPP) {
		explanation.why = "only root may mount with another cipher than AES";
		explanation.next = "repeat the command with sudo";
	} else if (err == -EMFILE) {
		explanation.why = "you have too many mounts";
		explanation.next = "ecryptfs status";
	}
	return explanation;
}

/*
 * Checks that the helper mounted what it was told to, and not what the name
 * meant before.
 */
static int check(const struct vault_use *use, const char *target)
{
	const struct libecryptfs_vault_settings *settings = &use->settings;
	struct mount there;

	if (mounts_find(target, 0, &there) && !strcmp(there.upper, target) &&
	    !strcmp(there.lower, use->dir) &&
	    !strcmp(there.sig, settings->sig) &&
	    !strcmp(there.fnek_sig, settings->names ? settings->fnek_sig : ""))
		return CMD_OK;
	fprintf(stderr, "%s: %s: something else was mounted meanwhile\n  try: findmnt -t ecryptfs\n",
		use->cmd->program, target);
	return CMD_FAILED;
}

static int mount_locked(const struct vault_use *use, const char *target)
{
	struct wanted wanted = { use->dir, target, true, "" };
	struct mount there;
	bool made = false;
	int err;

	/*
	 * The helper would count another session of what is mounted in either
	 * place.
	 */
	if (mounts_find(use->dir, 0, &there) || mounts_find(target, 0, &there)) {
		explain_print(use->cmd->program, target, explain_mount(-EBUSY));
		return CMD_FAILED;
	}
	if (use->opts->mount_options) {
		explain_print(use->cmd->program, "--options",
			      explain_mount(-EPERM));
		return CMD_FAILED;
	}
	if (!private_conf_each(name_matches, &wanted)) {
		err = name_make(use, target, wanted.name);
		if (err) {
			explain_print(use->cmd->program, target,
				      name_explain(err));
			return CMD_FAILED;
		}
		made = true;
	}
	if (!private_helper(false, NULL, wanted.name))
		return check(use, target);
	if (made)
		private_conf_remove(wanted.name);
	return CMD_FAILED;
}

int mount_user(const struct vault_use *use, const char *target)
{
	int lock = private_lock(true);
	int status;

	if (lock < 0) {
		explain_print(use->cmd->program, "~/.ecryptfs",
			      explain_private_lock(lock));
		return CMD_FAILED;
	}
	status = mount_locked(use, target);
	close(lock);
	return status;
}

static bool is_default(const struct mount *mount)
{
	char source[PATH_MAX];

	return !libecryptfs_home_path(".Private", source, sizeof(source)) &&
	       is_same(source, mount->lower);
}

static int end_locked(const struct mount *mount)
{
	struct wanted wanted = { mount->lower, mount->upper, false, "" };
	bool named = private_conf_each(name_matches, &wanted);
	int status;

	if (!named && !is_default(mount))
		return -EPERM;
	status = private_helper(true, "-fk", named ? wanted.name : NULL);
	if (status)
		return status == HELPER_BUSY ? -EBUSY : -ECANCELED;
	if (*wanted.name == PRIVATE_BY_HAND)
		private_conf_remove(wanted.name);
	return 0;
}

/*
 * The lock keeps the name from being allocated to another mount while it is
 * removed.
 */
int mount_user_end(const struct mount *mount)
{
	int lock, err;

	lock = private_lock(false);
	/* A mount of a login can be unmounted even if the disk is full. */
	if (lock == -ENOENT)
		return end_locked(mount);
	if (lock < 0)
		return lock;
	err = end_locked(mount);
	close(lock);
	return err;
}
