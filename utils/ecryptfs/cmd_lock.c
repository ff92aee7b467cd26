// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ecryptfs umount and ecryptfs lock: unmount, and with lock also remove the
 * keys.  Processes that keep a mount busy are listed.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explain.h"
#include "mount_user.h"
#include "trust.h"
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
		fputs("  it is not used by a process of yours; run as root to list all\n", stderr);
	return CMD_BUSY;
}

static int key_remove(const struct command *cmd, const char *sig,
		      unsigned int *count)
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
	if (!absent) {
		printf("Removed key %s\n", sig);
		++*count;
	}
	return CMD_OK;
}

/*
 * Unmounts all mounts of the directory, the topmost first, and removes their
 * keys.
 */
static int mounts_end(const struct command *cmd, const char *dir, bool keys,
		      unsigned int *count_ret)
{
	struct mount mount;
	unsigned int left = 0, removed = 0;
	int status = CMD_OK, one, err;

	*count_ret = 0;
	while (mounts_find(dir, left, &mount)) {
		++*count_ret;
		if (keys) {
			status |= key_remove(cmd, mount.sig, &removed);
			status |= key_remove(cmd, mount.fnek_sig,
					     &removed);
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

/*
 * Reports that the vault may not belong to the directory; it is not opened
 * here.
 */
static int changed_tell(const struct vault_use *use, const char *known)
{
	fprintf(stderr, "%s: %s: ", use->cmd->program, explain_shown(use->path));
	if (*known && strcmp(known, use->settings.sig) != 0)
		fprintf(stderr, "it gave the key %s before and gives %s now: it was replaced\n",
			known, use->settings.sig);
	else
		fputs("it was changed without its secret\n",
		      stderr);
	fputs("  a key for names may still be in the keyring: keyctl show @u\n",
	      stderr);
	return CMD_DAMAGED;
}

/*
 * Without a mount, the vault names the keys.  An attacker who has changed it
 * could make it name others.  So the key that is remembered is removed as well,
 * and while the key of contents is in the keyring, the vault is verified with
 * it.
 */
static int keys_end(struct vault_use *use, bool loaded)
{
	const struct libecryptfs_vault_settings *settings = &use->settings;
	const struct command *cmd = use->cmd;
	char known[LIBECRYPTFS_SIG_CHARS] = "";
	unsigned int count = 0;
	bool changed = false;
	int status = CMD_OK;

	trust_known(use->dir, use->opts->operand[0], known);
	if (loaded) {
		changed = vault_use_forged(use) ||
			  (*known && strcmp(known, settings->sig) != 0);
		status = key_remove(cmd, settings->sig, &count);
		if (settings->names)
			status |= key_remove(cmd, settings->fnek_sig, &count);
	}
	status |= key_remove(cmd, known, &count);
	if (changed)
		return changed_tell(use, known);
	if (!status && !count && loaded)
		printf("No key of %s was in the keyring\n",
		       explain_shown(use->dir));
	return status;
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
	/* A mount point alone leads to no vault, and none is needed. */
	if (count)
		return ended;
	status = vault_use_load(&use, cmd, &opts);
	ended = keys_end(&use, !status);
	vault_use_end(&use);
	return status ? status : ended;
}
