// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs umount and ecryptfs lock: the mount goes, and with lock the keys, too.
 * Who keeps a mount busy is listed.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "explain.h"
#include "mount_user.h"
#include "vault_use.h"

static int unmount_failed(const struct command *cmd, const struct mount *mount,
			  int err)
{
	if (err != -ECANCELED)
		explain_print(cmd->program, mount->upper, explain_umount(err));
	if (err != -EBUSY)
		return CMD_FAILED;
	if (mounts_print_below(mount, stderr))
		return CMD_BUSY;
	if (!mounts_print_holders(mount, stderr))
		fputs("  no process of yours: as root all are listed\n", stderr);
	return CMD_BUSY;
}

static int key_remove(const struct command *cmd, const char *sig)
{
	bool absent;
	int err;

	if (!*sig)
		return CMD_OK;
	err = libecryptfs_keyring_remove(sig, &absent);
	if (err) {
		explain_print(cmd->program, sig, explain_keyring_put(err));
		return CMD_FAILED;
	}
	if (!absent)
		printf("Removed key %s\n", sig);
	return CMD_OK;
}

/* All mounts of the directory, the uppermost first, with their keys. */
static int mounts_end(const struct command *cmd, const char *dir, bool keys,
		      unsigned int *count_ret)
{
	struct mount mount;
	unsigned int left = 0;
	int status = CMD_OK, one, err;

	*count_ret = 0;
	while (mounts_find(dir, left, &mount)) {
		++*count_ret;
		if (keys) {
			status |= key_remove(cmd, mount.sig);
			status |= key_remove(cmd, mount.fnek_sig);
		}
		err = mounts_unmount(&mount);
		if (err == -EPERM && geteuid())
			err = mount_user_end(&mount);
		if (!err) {
			printf("Unmounted %s\n", explain_shown(mount.upper));
			continue;
		}
		one = unmount_failed(cmd, &mount, err);
		status = one == CMD_BUSY || status == CMD_BUSY ? CMD_BUSY : one;
		left++;
	}
	return status;
}

int cmd_umount(const struct command *cmd, int argc, char **argv)
{
	char dir[PATH_MAX];
	struct options opts;
	unsigned int count;
	int status;

	if (!options_parse(cmd, argc, argv, "", 1, 1, &opts, &status))
		return status;
	if (!realpath(opts.operand[0], dir)) {
		explain_print(cmd->program, opts.operand[0],
			      explain_other(-errno));
		return CMD_FAILED;
	}
	status = mounts_end(cmd, dir, false, &count);
	if (count)
		return status;
	explain_print(cmd->program, dir, explain_umount(-EINVAL));
	return CMD_FAILED;
}

int cmd_lock(const struct command *cmd, int argc, char **argv)
{
	struct vault_use use = { 0 };
	char dir[PATH_MAX];
	struct options opts;
	unsigned int count;
	int status, ended;

	if (!options_parse(cmd, argc, argv, "V", 1, 1, &opts, &status))
		return status;
	if (!realpath(opts.operand[0], dir)) {
		explain_print(cmd->program, opts.operand[0],
			      explain_other(-errno));
		return CMD_FAILED;
	}
	ended = mounts_end(cmd, dir, true, &count);
	/* By a mount point alone no vault is found, and none is needed. */
	if (count)
		return ended;
	status = vault_use_load(&use, cmd, &opts);
	if (!status) {
		status = key_remove(cmd, use.settings.sig);
		if (use.settings.names)
			status |= key_remove(cmd, use.settings.fnek_sig);
	}
	vault_use_end(&use);
	return status;
}
